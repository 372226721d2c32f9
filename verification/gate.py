"""The gate: every document that comes in, from any source, is decided here, stored, and counted or not.

Whoever brings sales in calls `admit` within a transaction. The gate recognises documents that are here already
(rules.md 9), runs the checks, lets the programme's policy speak, and hands what counts to `app.services.awards`.
"""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import any_, bindparam, literal, null, select, text, true, union_all, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, Text

from app.db.bulk import Nullable, ask_new_ids, copy_into, stored_together
from app.db.prepared import Prepared
from app.domain.calendar import local_date
from app.domain.exact import Ints, order_of
from app.domain.money import decimal_text
from app.domain.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Flags, Sales
from app.domain.states import DocumentStatus, ReviewState, Unit
from app.domain.verification_settings import Severity, SourceName, Verdict
from app.models.reviews import Review
from app.models.sales import Decision, ReturnMatch, SalesDocument, SalesLine
from app.services import figures
from app.services.accounts import Wallets, ask_for_wallets
from app.services.awards import Counted, count_documents
from app.services.rulebooks import ProgramRules
from app.services.timing import stage
from app.services.voiding import void_documents
from verification.checks.facts import Proofs
from verification.examining import examine

_NEW, _SAME, _CHANGED = 0, 1, 2


@dataclass(frozen=True)
class Incoming:
    """Documents at the gate, in counting order.

    Columns beside the sales, one value a document: the normalised number, the seller's key, and the total that the
    document states (``NO_AMOUNT``: none); where the source says it, the tax id of who bought, and what reading an
    e-invoice found. ``proofs`` are those that come with them.
    """

    sales: Sales
    number_key: np.ndarray
    seller_key: np.ndarray
    total_minor: Ints
    buyer_tax_id: np.ndarray | None = None
    proofs: Proofs = field(default_factory=Proofs.none)
    noted: np.ndarray | None = None

    def reordered(self, documents: Ints, lines: Ints, place: Ints) -> "Incoming":
        """Put documents and lines in another order; ``place`` says where each document goes."""
        return Incoming(
            self.sales.reordered(documents, lines, place),
            self.number_key[documents],
            self.seller_key[documents],
            self.total_minor[documents],
            None if self.buyer_tax_id is None else self.buyer_tax_id[documents],
            self.proofs.moved(place),
            None if self.noted is None else self.noted[documents],
        )

    def slice(self, first: int, last: int, first_line: int, last_line: int) -> "Incoming":
        """Give neighbouring documents with their lines, without copying."""
        part = slice(first, last)
        return Incoming(
            self.sales.slice(first, last, first_line, last_line),
            self.number_key[part],
            self.seller_key[part],
            self.total_minor[part],
            None if self.buyer_tax_id is None else self.buyer_tax_id[part],
            self.proofs.within(first, last),
            None if self.noted is None else self.noted[part],
        )


@dataclass(frozen=True)
class Source:
    """Where documents come from, and what that source may do."""

    name: SourceName
    policy: Verdict
    may_correct: bool
    batch_id: int | None = None
    actor: str | None = None


@dataclass
class Admission:
    """What the gate decided: one value a document, and one a returned line that met no sale.

    ``status`` holds a ``DocumentStatus``, or 0 where nothing was stored because the document is here already
    (``duplicate``) or contradicts what is here (``conflict``); ``ids`` has 0 there as well. ``risk`` is what the checks
    found, in thousandths. ``correcting`` are those that replaced what was here.
    """

    status: Ints
    risk: Ints
    ids: Ints
    duplicate: Flags
    conflict: Flags
    reasons: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    unmatched_lines: list[tuple[int, int]] = field(default_factory=list)
    correcting: list[int] = field(default_factory=list)
    awarded: dict[Unit, int] = field(default_factory=lambda: dict.fromkeys(Unit, 0))
    reversed: dict[Unit, int] = field(default_factory=lambda: dict.fromkeys(Unit, 0))

    @property
    def corrected(self) -> int:
        """Count the documents that replaced others."""
        return len(self.correcting)


def admit(
    session: Session,
    rules: ProgramRules,
    incoming: Incoming,
    source: Source,
    *,
    now: dt.datetime,
) -> Admission:
    """Decide, store and count documents.

    Safe to call twice with the same documents: the second time they are duplicates. The caller commits.

    Raises:
        sqlalchemy.exc.IntegrityError: Another transaction stored one of the documents at the same moment, as another
            distributor's of the same seller; roll back and try again.
    """
    with stored_together(session, len(incoming.sales.lines)):
        return _admit(session, rules, incoming, source, now)


def _admit(session: Session, rules: ProgramRules, incoming: Incoming, source: Source, now: dt.datetime) -> Admission:
    sales = incoming.sales
    who = sales.documents.distributor_id
    with stage("recognise"):
        keys, hashes = document_keys(incoming), content_hashes(sales)
        # before anything is looked at or stored: whoever brings the same documents waits here, and finds them
        locking = ask_for_wallets(session, who)
        finding = _KNOWN.ask(session, program=rules.program_id, keys=keys)
        examining = examine(session, rules, incoming, source.name, keys, now)
        drawing = ask_new_ids(session, SalesDocument, len(keys))  # of what is not stored they stay unused
        wallets, known = locking(), _known(finding(), keys, hashes, who)
    with stage("check"):
        examined = examining()
    decided = Admission(
        status=examined.status,
        risk=examined.risk,
        ids=np.zeros(len(keys), dtype=np.int64),
        duplicate=known.state == _SAME,
        conflict=np.zeros(len(sales.documents), dtype=bool),
    )
    reasons = examined.reasons
    _apply_policy(source, decided, reasons)
    refused = decided.status == DocumentStatus.REFUSED
    decided.duplicate |= known.refused_before(keys, hashes, refused)
    corrects = _judge_changes(session, incoming, source, known, decided, reasons)
    decided.status[decided.duplicate | decided.conflict] = 0
    decided.reasons = {at: found for at, found in reasons.items() if not decided.duplicate[at]}
    _store_and_count(session, rules, incoming, source, keys, hashes, drawing(), corrects, decided, wallets, now)
    return decided


def content_hashes(sales: Sales) -> list[bytes]:
    """Hash what each document says, its lines in any order: their product, quantity, price, amounts and discount.

    Of the document itself the date, what it corrects, and where and by whom was sold. The time of day is left out: a
    column whose times are all midnight tells none, so a part of a file may say less than the whole.
    """
    lines, documents = sales.lines, sales.documents
    said = (
        lines.product_id,
        lines.quantity_milli,
        lines.unit_price_micro,
        lines.net_minor,
        lines.gross_minor,
        lines.discounted,
    )
    order = order_of(lines.document, *said)
    block = np.stack([column[order] for column in said], axis=1).astype("<i8")
    data = memoryview(block.tobytes())
    bounds = (
        np.searchsorted(lines.document[order], np.arange(len(sales.documents) + 1)) * block.itemsize * block.shape[1]
    )
    days = documents.issued_on.astype("datetime64[D]").astype("<i8").tolist()
    edges = bounds.tolist()
    keyed = {day: day.to_bytes(8, "little", signed=True) for day in set(days)}
    hashes = [
        hashlib.blake2b(data[first:last], digest_size=16, key=keyed[day])
        for first, last, day in zip(edges[:-1], edges[1:], days, strict=True)
    ]
    for name in ("corrects", "outlet", "channel", "person"):
        texts = getattr(documents, name)
        for at in np.flatnonzero(texts != None).tolist():  # noqa: E711  # each of the texts is looked at
            hashes[at].update(f"{name}={texts[at]}\0".encode())
    return [one.digest() for one in hashes]


@dataclass(frozen=True)
class _Known:
    """What is here already, document by document: nothing, the same, or something else under the same key.

    ``others`` marks documents that are here as another distributor's. ``refused`` has what was refused before and is
    refused still, by key and content: whether a person refused it.
    """

    state: Ints
    document_id: Ints
    others: Flags
    refused: dict[tuple[str, bytes], bool]

    def refused_before(self, keys: list[str], hashes: list[bytes], refused: Flags) -> Flags:
        """Mark the documents that were refused before with the same content, and are refused again.

        What a check refused may pass it today (the programme's dates were extended); what a person refused stays
        refused, however often its file is imported.
        """
        again = np.zeros(len(keys), dtype=bool)
        if self.refused:
            by_person = [self.refused.get(one) for one in zip(keys, hashes, strict=True)]
            again[:] = [one is not None and (one or now) for one, now in zip(by_person, refused.tolist(), strict=True)]
        return again


def document_keys(incoming: Incoming) -> list[str]:
    """Give the key of each document: what two documents must share to be one (rules.md 9)."""
    kinds = incoming.sales.documents.kind.tolist()
    parts = zip(kinds, incoming.seller_key.tolist(), incoming.number_key.tolist(), strict=True)
    return [f"{kind}|{seller}|{number}" for kind, seller, number in parts]


_found = select(
    SalesDocument.document_key, SalesDocument.id, SalesDocument.content_hash, SalesDocument.distributor_id
).where(
    SalesDocument.program_id == bindparam("program"),
    SalesDocument.document_key == any_(bindparam("keys", type_=ARRAY(Text))),
)
_by_person = (
    select(Decision.id)
    .where(Decision.document_id == SalesDocument.id, Decision.becomes == DocumentStatus.REFUSED)
    .exists()
)
_in_part = (
    select(Decision.id)
    .where(Decision.document_id == SalesDocument.id, Decision.becomes == DocumentStatus.SUPERSEDED)
    .exists()
)
_KNOWN = Prepared(
    union_all(
        # the states as the partial indexes say them, for the indexes to be used
        _found.add_columns(null().label("by_person")).where(text("status in (1, 2)")),
        _found.add_columns(_by_person.label("by_person")).where(text("status = 3")),
        # of which a person accepted a part: the rest of it was refused
        _found.add_columns(true().label("by_person")).where(text("status = 4"), _in_part),
    )
)


def _known(found: Sequence[Sequence[Any]], keys: list[str], hashes: list[bytes], distributor_id: Ints) -> _Known:
    position = {key: at for at, key in enumerate(keys)}
    known = _Known(
        state=np.zeros(len(keys), dtype=np.int64),
        document_id=np.zeros(len(keys), dtype=np.int64),
        others=np.zeros(len(keys), dtype=bool),
        refused={},
    )
    for key, id_, content, owner, decided in found:
        if decided is not None:
            known.refused[key, content] = known.refused.get((key, content), False) or decided
            continue
        at = position[key]
        known.others[at] = owner != distributor_id[at]
        known.state[at] = _SAME if content == hashes[at] and not known.others[at] else _CHANGED
        known.document_id[at] = id_
    return known


def _apply_policy(source: Source, decided: Admission, reasons: defaultdict[int, list[dict[str, Any]]]) -> None:
    """Let the programme's policy for the source speak: whatever no check refuses may have to be looked at."""
    if source.policy == "review":
        for at in np.flatnonzero(decided.status != DocumentStatus.REFUSED).tolist():
            reasons[at].append({"code": "review_by_policy", "severity": Severity.REVIEW})
            decided.status[at] = DocumentStatus.REVIEW


def _judge_changes(
    session: Session,
    incoming: Incoming,
    source: Source,
    known: _Known,
    decided: Admission,
    reasons: dict[int, list[dict[str, Any]]],
) -> dict[int, int]:
    """Tell corrections from conflicts. Returns, for each correcting document, the one it corrects."""
    changed = np.flatnonzero((known.state == _CHANGED) & ~decided.duplicate).tolist()
    if not changed:
        return {}
    ids = [int(known.document_id[at]) for at in changed]
    returned = set(
        session.scalars(
            select(ReturnMatch.sale_document_id)
            .join(SalesDocument, SalesDocument.id == ReturnMatch.return_document_id)
            .where(
                ReturnMatch.sale_document_id == any_(literal(ids, ARRAY(BigInteger))),
                # what a document returned of its own goods is undone with it
                ReturnMatch.return_document_id != ReturnMatch.sale_document_id,
                SalesDocument.status.in_((DocumentStatus.ACCEPTED, DocumentStatus.REVIEW)),
            )
        )
    )
    corrects: dict[int, int] = {}
    for at, document_id in zip(changed, ids, strict=True):
        # nobody's file takes another distributor's document over
        may_correct = source.may_correct and not known.others[at]
        if may_correct and document_id not in returned and decided.status[at] != DocumentStatus.REFUSED:
            corrects[at] = document_id
            continue
        code = "changed_with_returns" if may_correct and document_id in returned else "changed_document"
        reasons[at] = [{"code": code, "number": incoming.sales.documents.number[at]}]
        decided.conflict[at] = True
    return corrects


def _store_and_count(
    session: Session,
    rules: ProgramRules,
    incoming: Incoming,
    source: Source,
    keys: list[str],
    hashes: list[bytes],
    drawn: Ints,
    corrects: dict[int, int],
    decided: Admission,
    wallets: dict[Unit, Wallets],
    now: dt.datetime,
) -> None:
    stored = np.flatnonzero(decided.status != 0)
    if not stored.size:
        return
    if corrects:
        void_documents(
            session, rules, sorted(corrects.values()), becomes=DocumentStatus.SUPERSEDED, now=now, actor=source.actor
        )
        decided.correcting = sorted(corrects)
    keep = np.zeros(len(decided.status), dtype=bool)
    keep[stored] = True
    sales = incoming.sales if keep.all() else incoming.sales.select(keep)
    ids = decided.ids[stored] = drawn[: len(stored)]
    release_on = _release_on(rules, decided.status[stored], now)
    with stage("store documents"):
        columns = _document_columns(
            rules, incoming, source, keys, hashes, corrects, decided, stored, sales, ids, release_on, now
        )
        copy_into(session, SalesDocument, columns)
    with stage("store lines"):
        _store_lines(session, sales, ids)
        figures.touch(session, rules.program_id, sales.documents.issued_on)
    counted = count_documents(
        session,
        rules,
        sales,
        ids,
        decided.status[stored],
        now=now,
        actor=source.actor,
        wallets=None if corrects else wallets,  # what was corrected took points back meanwhile
    )
    decided.awarded, decided.reversed = counted.awarded, counted.reversed
    _note_returns(session, rules, decided, stored, ids, sales, counted)
    _put_into_the_queue(session, rules, decided, stored, ids, now)


def _release_on(rules: ProgramRules, status: Ints, now: dt.datetime) -> Nullable:
    """Give the day on which accepted points stop cooling off; none without cooling-off."""
    days = rules.settings.verification.cooling_off_days
    first = np.datetime64(local_date(now, rules.time_zone) + dt.timedelta(days=days), "D")
    return Nullable(np.full(len(status), first), (status == DocumentStatus.ACCEPTED) & (days > 0))


def _document_columns(
    rules: ProgramRules,
    incoming: Incoming,
    source: Source,
    keys: list[str],
    hashes: list[bytes],
    corrects: dict[int, int],
    decided: Admission,
    stored: Ints,
    sales: Sales,
    ids: Ints,
    release_on: Nullable,
    now: dt.datetime,
) -> dict[str, Any]:
    documents, count = sales.documents, len(stored)
    supersedes = np.full(len(keys), UNKNOWN)
    supersedes[list(corrects)] = list(corrects.values())
    reasons: list[str | None] = [None] * len(keys)
    for at, found in decided.reasons.items():
        reasons[at] = json.dumps(found) if found else None
    positions = stored.tolist()
    batch = np.full(count, UNKNOWN if source.batch_id is None else source.batch_id, dtype=np.int64)
    return {
        "id": ids,
        "program_id": np.full(count, rules.program_id, dtype=np.int64),
        "distributor_id": documents.distributor_id,
        "kind": documents.kind.astype(np.int64),
        "number": documents.number,
        "number_key": incoming.number_key[stored],
        "document_key": [keys[at] for at in positions],
        "issued_on": documents.issued_on.astype("datetime64[D]"),
        "issued_minute": Nullable(documents.minute, documents.minute != UNKNOWN),
        "net_minor": sales.net_of_documents(),
        "line_count": np.bincount(sales.lines.document, minlength=count),
        "content_hash": [hashes[at] for at in positions],
        "source": [source.name] * count,
        "batch_id": Nullable(batch, batch != UNKNOWN),
        "status": decided.status[stored],
        "reasons": [reasons[at] for at in positions],
        "corrects_number": documents.corrects,
        "person": documents.person,
        "outlet": documents.outlet,
        "channel": documents.channel,
        "supersedes_id": Nullable(supersedes[stored], supersedes[stored] != UNKNOWN),
        "counted_at": np.full(count, _moment_of(now)),
        "release_on": release_on,
    }


def _moment_of(now: dt.datetime) -> np.datetime64:
    """Give an instant as columns hold it."""
    return np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "us")


def _store_lines(session: Session, sales: Sales, ids: Ints) -> None:
    lines = sales.lines
    copy_into(
        session,
        SalesLine,
        {
            "document_id": ids[lines.document],
            "line_number": lines.line_number,
            "product_id": lines.product_id,
            "quantity_milli": lines.quantity_milli,
            "unit_price_micro": Nullable(lines.unit_price_micro, lines.unit_price_micro != NO_PRICE),
            "net_minor": lines.net_minor,
            "gross_minor": Nullable(lines.gross_minor, lines.gross_minor != NO_AMOUNT),
            "discounted": Nullable(lines.discounted, lines.discounted != UNKNOWN),
            "source_row": Nullable(lines.source_row, lines.source_row != UNKNOWN),
        },
    )


def _note_returns(
    session: Session,
    rules: ProgramRules,
    decided: Admission,
    stored: Ints,
    ids: Ints,
    sales: Sales,
    counted: Counted,
) -> None:
    """Send documents to review whose returns met no sale, and note what could not be taken back (rules.md 6)."""
    if not (counted.matches.unmatched or counted.forgiven):
        return
    position = dict(zip(ids.tolist(), stored.tolist(), strict=True))
    touched: set[int] = set()
    for line, left_milli in counted.matches.unmatched:
        at = position[line.document]
        found = decimal_text(left_milli, 3).rstrip("0").rstrip(".")
        decided.reasons.setdefault(at, []).append(
            {
                "code": "return_without_sale",
                "severity": Severity.REVIEW,
                "line": line.line_number,
                "found": found,
            }
        )
        decided.unmatched_lines.append((at, line.line_number))
        if decided.status[at] == DocumentStatus.ACCEPTED:
            decided.status[at] = DocumentStatus.REVIEW
        touched.add(line.document)
    for (document_id, unit), lost in counted.forgiven.items():
        reason = {
            "code": "return_forgiven",
            "severity": Severity.NOTE,
            "found": rules.in_words(unit, lost),
            "amount": lost,
        }
        decided.reasons.setdefault(position[document_id], []).append(reason)
        touched.add(document_id)
    if touched:
        session.execute(
            update(SalesDocument),
            [
                {"id": one, "status": DocumentStatus(int(decided.status[at])), "reasons": decided.reasons[at]}
                for one, at in sorted((one, position[one]) for one in touched)
            ],
        )


def _put_into_the_queue(
    session: Session, rules: ProgramRules, decided: Admission, stored: Ints, ids: Ints, now: dt.datetime
) -> None:
    """Give the documents that wait for a person their places in the queue."""
    waiting = decided.status[stored] == DocumentStatus.REVIEW
    count = int(waiting.sum())
    if not count:
        return
    columns = {
        "document_id": ids[waiting],
        "program_id": np.full(count, rules.program_id, dtype=np.int64),
        "state": [str(ReviewState.WAITING)] * count,
        "risk": decided.risk[stored][waiting],
        "opened_at": np.full(count, _moment_of(now)),
    }
    copy_into(session, Review, columns)

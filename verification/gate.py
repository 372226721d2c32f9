"""The gate: every document that comes in, from any source, is decided here, stored, and counted or not.

Whoever brings sales in calls `admit` within a transaction. The gate recognises documents that are here already
(rules.md 9), runs the checks, lets the programme's policy speak, and hands what counts to
`app.services.counting.awards`.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.bulk import Nullable, ask_new_ids, copy_into, stored_together
from app.db.many import any_of
from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Flags, Sales
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.measures.money import decimal_text
from app.domain.program_file.verification_settings import Severity
from app.domain.rules.program_rules import ProgramRules
from app.domain.saying.movement_notes import CORRECTED
from app.domain.states import COUNTING, DocumentStatus, ReviewState, Unit
from app.models.programs import Program
from app.models.reviews import Review
from app.models.sales import ReturnMatch, SalesDocument, SalesLine
from app.services.counting.awards import Counted, Gave, count_documents
from app.services.counting.voiding import void_documents
from app.services.ledger import figures
from app.services.ledger.accounts import Wallets, ask_for_wallets
from app.services.owners import pools
from app.services.persons.rosters import roster_of
from app.services.telling import notices
from app.services.timing import stage
from verification import origins, recognising, sale_claims, sold_units
from verification.examining import examine
from verification.incoming import Incoming, Source, document_keys
from verification.recognising import CHANGED, SAME, Here, Known, content_hashes


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
    by_rule: dict[tuple[str, Unit], Gave] = field(default_factory=dict)

    @property
    def corrected(self) -> int:
        """Count the documents that replaced others."""
        return len(self.correcting)


@dataclass(frozen=True)
class _Arrival:
    """What comes at one moment, and by what each document is known again: its key, and a hash of what it says."""

    rules: ProgramRules
    incoming: Incoming
    source: Source
    keys: list[str]
    hashes: list[bytes]
    now: dt.datetime


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
    who = incoming.sales.documents.distributor_id
    with stage("recognise"):
        # a file is known again by what it says; what counts is what that means
        keys, hashes = document_keys(incoming), content_hashes(incoming.sales)
        said, incoming = incoming.sales, incoming.with_credits_below_zero()
        # before anything is looked at or stored: whoever brings the same documents waits here, and finds them
        people = roster_of(session, who).ids if rules.has_people else who
        # what is corrected is taken from wherever it was given
        pooled = pools.left_by(session, who) if source.may_correct else who
        locking = ask_for_wallets(session, np.concatenate([who, people, pooled]))
        recognise = recognising.ask(session, rules.program_id, keys)
        examining = examine(session, rules, incoming, source.name, keys, now)
        drawing = ask_new_ids(session, SalesDocument, len(keys))  # of what is not stored they stay unused
        wallets, here = locking(), recognise()
        incoming, hashes = _named(session, rules, source, here, incoming, said, hashes)
        known, sales = here.known(hashes, who), incoming.sales
    with stage("check"):
        examined = examining()
    decided = Admission(
        status=examined.status,
        risk=examined.risk,
        ids=np.zeros(len(keys), dtype=np.int64),
        duplicate=known.state == SAME,
        conflict=np.zeros(len(sales.documents), dtype=bool),
    )
    reasons = examined.reasons
    _apply_policy(source, decided, reasons)
    refused = decided.status == DocumentStatus.REFUSED
    waits = sale_claims.waiting(rules, source.name, sales) & ~refused & ~here.registered()
    for at in np.flatnonzero(waits).tolist():
        reasons[at].append(dict(sale_claims.WAITING))
    if not source.again:
        decided.duplicate |= known.refused_before(keys, hashes, refused)
    arrival = _Arrival(rules, incoming, source, keys, hashes, now)
    corrects = _judge_changes(session, arrival, known, decided, reasons)
    decided.status[decided.duplicate | decided.conflict] = 0
    decided.reasons = {at: found for at, found in reasons.items() if not decided.duplicate[at]}
    _store_and_count(session, arrival, decided, corrects, drawing(), wallets, waits)
    return decided


def _named(
    session: Session,
    rules: ProgramRules,
    source: Source,
    here: Here,
    incoming: Incoming,
    said: Sales,
    hashes: list[bytes],
) -> tuple[Incoming, list[bytes]]:
    """Let documents of which their file names nobody bear the names that people gave them; ``said`` is what it says.

    Whoever registered an invoice said whose sale it was, and no report that brings it too takes that away: it says the
    same. What people said of sales of the report is none of the file's content.
    """
    sales = incoming.sales
    registered = {} if source.name == "portal" else here.registered_for()
    if registered:
        said = sale_claims.bearing(said, here.keys, registered)
        sales, hashes = replace(sales, documents=said.documents), content_hashes(said)
    if source.name == "import" and rules.settings.verification.people_per_sale is not None:
        sales = sale_claims.named(session, rules.program_id, here.keys, sales)
    return replace(incoming, sales=sales), hashes


def _apply_policy(source: Source, decided: Admission, reasons: defaultdict[int, list[dict[str, Any]]]) -> None:
    """Let the programme's policy for the source speak: whatever no check refuses may have to be looked at.

    So has what a person refused before, whatever the policy is.
    """
    why = "refused_before" if source.again else "review_by_policy" if source.policy == "review" else None
    if why is not None:
        for at in np.flatnonzero(decided.status != DocumentStatus.REFUSED).tolist():
            reasons[at].append({"code": why, "severity": Severity.REVIEW})
            decided.status[at] = DocumentStatus.REVIEW


def _judge_changes(
    session: Session,
    arrival: _Arrival,
    known: Known,
    decided: Admission,
    reasons: dict[int, list[dict[str, Any]]],
) -> dict[int, int]:
    """Tell corrections from conflicts. Returns, for each correcting document, the one it corrects."""
    changed = np.flatnonzero((known.state == CHANGED) & ~decided.duplicate).tolist()
    if not changed:
        return {}
    ids = [int(known.document_id[at]) for at in changed]
    returned = set(
        session.scalars(
            select(ReturnMatch.sale_document_id)
            .join(SalesDocument, SalesDocument.id == ReturnMatch.return_document_id)
            .where(
                ReturnMatch.sale_document_id == any_of(ids),
                # what a document returned of its own goods is undone with it
                ReturnMatch.return_document_id != ReturnMatch.sale_document_id,
                SalesDocument.status.in_(COUNTING),
            )
        )
    )
    corrects: dict[int, int] = {}
    for at, document_id in zip(changed, ids, strict=True):
        # nobody's file takes another distributor's document over
        may_correct = arrival.source.may_correct and not known.others[at]
        if may_correct and document_id not in returned and decided.status[at] != DocumentStatus.REFUSED:
            corrects[at] = document_id
            continue
        code = "changed_with_returns" if may_correct and document_id in returned else "changed_document"
        reasons[at] = [{"code": code, "number": arrival.incoming.sales.documents.number[at]}]
        decided.conflict[at] = True
    return corrects


def _store_and_count(
    session: Session,
    arrival: _Arrival,
    decided: Admission,
    corrects: dict[int, int],
    drawn: Ints,
    wallets: dict[Unit, Wallets],
    waits: Flags,
) -> None:
    rules, source, now = arrival.rules, arrival.source, arrival.now
    stored = np.flatnonzero(decided.status != 0)  # all of them count; in a trial fewer are written
    if not stored.size:
        return
    if corrects:
        void_documents(
            session,
            rules,
            sorted(corrects.values()),
            becomes=DocumentStatus.SUPERSEDED,
            now=now,
            actor=source.actor,
            reason=None if source.batch_id is None else CORRECTED.format(number=source.batch_id),
        )
        decided.correcting = sorted(corrects)
    keep = np.zeros(len(decided.status), dtype=bool)
    keep[stored] = True
    sales = arrival.incoming.sales if keep.all() else arrival.incoming.sales.select(keep)
    ids = decided.ids[stored] = drawn[: len(stored)]
    written = _written(rules, source, sales, wallets) | np.isin(stored, list(corrects))
    if written.any():
        there, of_them = (stored, sales) if written.all() else (stored[written], sales.select(written))
        with stage("store documents"):
            copy_into(
                session, SalesDocument, _document_columns(arrival, decided, corrects, there, of_them, ids[written])
            )
        with stage("store lines"):
            _store_lines(session, of_them, ids[written])
            figures.touch(session, rules.program_id, of_them.documents.issued_on)
    counted = count_documents(
        session,
        rules,
        sales,
        ids,
        decided.status[stored],
        now=now,
        actor=source.actor,
        wallets=None if corrects else wallets,  # what was corrected took points back meanwhile
        waits=waits[stored],
        written=written,
    )
    decided.awarded, decided.reversed, decided.by_rule = counted.awarded, counted.reversed, counted.by_rule
    _note_returns(session, rules, decided, stored, ids, counted)
    _carry_over(session, arrival, decided, corrects)
    _put_into_the_queue(session, rules, decided, stored[written], ids[written], now)


def _carry_over(session: Session, arrival: _Arrival, decided: Admission, corrects: Mapping[int, int]) -> None:
    """Let what is known of corrected documents by claims alone be known of what corrects them.

    Whoever registered one is told that it says something else now.
    """
    if not corrects:
        return
    new_of = {old: int(decided.ids[at]) for at, old in corrects.items()}
    registered = origins.bring_along(session, new_of)
    sold_units.carry_over(session, new_of)
    program = session.get_one(Program, arrival.rules.program_id)
    documents, told, addresses = arrival.incoming.sales.documents, [], []
    for at in sorted(corrects):
        if (document_id := int(decided.ids[at])) in registered:
            person = registered[document_id]
            named = {"number": documents.number[at]} | ({"person": person} if person else {})
            told.append((int(documents.distributor_id[at]), named))
            addresses.append(f"/programs/{program.code}/documents/{document_id}")
    notices.tell_many(session, program.id, "document_corrected", told, addresses=addresses, now=arrival.now)


def _written(rules: ProgramRules, source: Source, sales: Sales, wallets: dict[Unit, Wallets]) -> Flags:
    """Mark the documents that are written: all, and in a trial those of accounts that give something back.

    A return looks for the sale, its awards and the points among what its account has, which is that of a pool for all
    its members; of other accounts nobody asks. Where people have accounts of their own a return may look at what
    several companies brought them. What corrects another is looked up once more, and written by the caller's word.
    """
    everything = np.ones(len(sales.documents), dtype=bool)
    if not source.trial or rules.has_people:
        return everything
    account = wallets[Unit.POINTS].of(sales.documents.distributor_id)
    giving_back: Flags = np.isin(account, account[sales.lines.document[sales.is_return()]])
    return giving_back


def _release_on(rules: ProgramRules, status: Ints, now: dt.datetime) -> Nullable:
    """Give the day on which accepted points stop cooling off; none without cooling-off."""
    days = rules.settings.verification.cooling_off_days
    first = np.datetime64(local_date(now, rules.time_zone) + dt.timedelta(days=days), "D")
    return Nullable(np.full(len(status), first), (status == DocumentStatus.ACCEPTED) & (days > 0))


def _document_columns(
    arrival: _Arrival, decided: Admission, corrects: dict[int, int], stored: Ints, sales: Sales, ids: Ints
) -> dict[str, Any]:
    rules, source, keys, hashes = arrival.rules, arrival.source, arrival.keys, arrival.hashes
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
        "number_key": arrival.incoming.number_key[stored],
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
        "counted_at": np.full(count, _moment_of(arrival.now)),
        "release_on": _release_on(rules, decided.status[stored], arrival.now),
    }


def _moment_of(now: dt.datetime) -> np.datetime64:
    """Give an instant as columns hold it."""
    return np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "us")


def _store_lines(session: Session, sales: Sales, ids: Ints) -> None:
    lines = sales.lines
    own = {"corrects_number": lines.corrects, "outlet": lines.outlet, "channel": lines.channel}
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
            **{name: column for name, column in own.items() if column is not None},
        },
    )


def _note_returns(
    session: Session,
    rules: ProgramRules,
    decided: Admission,
    stored: Ints,
    ids: Ints,
    counted: Counted,
) -> None:
    """Send documents to review whose returns met no sale, and note what could not be taken back (rules.md 6)."""
    position = dict(zip(ids.tolist(), stored.tolist(), strict=True))
    met = what_returns_met(rules, counted)
    for document_id, found in met.items():
        decided.reasons.setdefault(position[document_id], []).extend(found)
    for line, _ in counted.matches.unmatched:
        at = position[line.document]
        decided.unmatched_lines.append((at, line.line_number))
        if decided.status[at] == DocumentStatus.ACCEPTED:
            decided.status[at] = DocumentStatus.REVIEW
    touched = set(met)
    if touched:
        session.execute(
            update(SalesDocument),
            [
                {"id": one, "status": DocumentStatus(int(decided.status[at])), "reasons": decided.reasons[at]}
                for one, at in sorted((one, position[one]) for one in touched)
            ],
        )


OF_RETURNS = ("return_without_sale", "return_forgiven")
"""The reasons that `what_returns_met` gives: they hold for the time at which a document was counted."""


def what_returns_met(rules: ProgramRules, counted: Counted) -> dict[int, list[dict[str, Any]]]:
    """Give the reasons of documents whose returns met no sale, or were forgiven something, by the document's id."""
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for line, left_milli in counted.matches.unmatched:
        reason = {"code": "return_without_sale", "severity": Severity.REVIEW, "line": line.line_number}
        found[line.document].append({**reason, "found": decimal_text(left_milli, 3).rstrip("0").rstrip(".")})
    for (document_id, unit), lost in counted.forgiven.items():
        reason = {"code": "return_forgiven", "severity": Severity.NOTE, "found": rules.in_words(unit, lost)}
        found[document_id].append({**reason, "amount": lost})
    return found


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

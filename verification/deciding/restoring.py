"""Documents whose place another one had taken stand again as they stood, once what took it is taken back.

Nobody sends them in and nobody decides them: no check looks at them a second time, what waited for a person waits
again, and what was accepted is accepted. They are stored and counted as wordings of their own, like all that takes a
document's place (decision 24); what they gave ends on the day on which it would have ended.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import ColumnElement, FromClause, cast, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from app.db.bulk import new_ids, rows_of, table_of
from app.db.many import any_of
from app.domain.documents.sales import Flags, Sales
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.rules.program_rules import ProgramRules
from app.domain.saying.reasons import WAITS
from app.domain.states import COUNTING, DocumentStatus, ReviewState, TransactionKind
from app.models.base import Base
from app.models.claims import SoldSerial
from app.models.ledger import Account, LedgerTransaction, Lot
from app.models.programs import Program
from app.models.reviews import Review
from app.models.sales import Decision, SalesDocument, SalesLine
from app.services.counting.awards import count_documents
from app.services.ledger import figures, ledger
from verification import origins, sale_claims
from verification.gate import OF_RETURNS, what_returns_met
from verification.stored import in_order, incoming_of

_SAID_ANEW = (WAITS, *OF_RETURNS)
"""Reasons that counting gives: they are those of today."""


def stand_again(session: Session, rules: ProgramRules, documents: Sequence[SalesDocument], *, now: dt.datetime) -> None:
    """Let documents count again in whose place nothing counts any more. The caller locked their wallets, and commits.

    They count by the rules of today, as all that counts anew does; what a return of them meets no more goes to review.
    """
    if not documents:
        return
    documents = in_order(documents)
    keys, said = [one.document_key for one in documents], [one.content_hash for one in documents]
    sales = incoming_of(session, documents).sales
    sales = sale_claims.named_anew(session, rules.program_id, keys, sales, said)
    waits = _wait_for_a_name(rules, documents, sales)
    old = np.asarray([one.id for one in documents], dtype=np.int64)
    new = new_ids(session, SalesDocument, len(documents))
    looked_at = _looked_at(session, old) | _sold_elsewhere(session, old)
    status = np.where(np.isin(old, list(looked_at)), DocumentStatus.REVIEW, DocumentStatus.ACCEPTED).astype(np.int64)
    today = local_date(now, rules.time_zone)
    release_on = _release_on(rules, documents, status, today)
    reasons = [_reasons(one, waits=bool(at)) for one, at in zip(documents, waits, strict=True)]
    _copy(session, old, new, status, release_on, reasons, sales, now)
    counted = count_documents(session, rules, sales, new, status, now=now, waits=waits)
    met = what_returns_met(rules, counted)
    unsold = {line.document for line, _ in counted.matches.unmatched}
    status[np.isin(new, list(unsold))] = DocumentStatus.REVIEW
    if met:
        place = {id_: at for at, id_ in enumerate(new.tolist())}
        changes = [
            {"id": one, "status": DocumentStatus(int(status[place[one]])), "reasons": [*reasons[place[one]], *found]}
            for one, found in sorted(met.items())
        ]
        session.execute(update(SalesDocument), changes)
    _bring_along(session, old, new, status)
    _end_as_before(session, dict(zip(old.tolist(), new.tolist(), strict=True)))
    cooled = new[(status == DocumentStatus.ACCEPTED) & (release_on <= np.datetime64(today, "D"))]
    ledger.release(session, session.get_one(Program, rules.program_id), cooled.tolist(), now=now, actor=None)
    figures.touch(session, rules.program_id, sales.documents.issued_on)


def _wait_for_a_name(rules: ProgramRules, documents: Sequence[SalesDocument], sales: Sales) -> Flags:
    """Mark what waits to be claimed: what did so before, or was claimed by somebody who took that back."""
    did = [one.source == "import" and (sale_claims.waits(one) or one.person is not None) for one in documents]
    return np.asarray(did, dtype=bool) & sale_claims.waiting(rules, "import", sales)


def _looked_at(session: Session, ids: Ints) -> set[int]:
    """Give which of these a person was to look at when something else took their place: that closed their review."""
    taker = aliased(SalesDocument)
    accepted = select(Decision.id).where(
        Decision.document_id == Review.document_id, Decision.becomes == DocumentStatus.ACCEPTED
    )
    # what a merge put aside has no taker; a number has an index whatever its document's state
    taken = select(taker.id).where(
        taker.program_id == SalesDocument.program_id,
        taker.number_key == SalesDocument.number_key,
        taker.supersedes_id == SalesDocument.id,
    )
    by_taker = taken.where(taker.counted_at == Review.closed_at)
    rows = (
        select(Review.document_id)
        .join(SalesDocument, SalesDocument.id == Review.document_id)
        .where(Review.document_id == any_of(ids.tolist()), ~accepted.exists(), or_(by_taker.exists(), ~taken.exists()))
    )
    return set(session.scalars(rows))


def _sold_elsewhere(session: Session, ids: Ints) -> set[int]:
    """Give which of these have a unit that counts by another document meanwhile: a person has to look at it."""
    other = aliased(SoldSerial)
    rows = (
        select(SoldSerial.document_id)
        .join(other, (other.product_id == SoldSerial.product_id) & (other.serial_key == SoldSerial.serial_key))
        .join(SalesDocument, SalesDocument.id == other.document_id)
        .where(SoldSerial.document_id == any_of(ids.tolist()), SalesDocument.status.in_(COUNTING))
    )
    return set(session.scalars(rows))


def _release_on(rules: ProgramRules, documents: Sequence[SalesDocument], status: Ints, today: dt.date) -> np.ndarray:
    """Give the day on which accepted points stop cooling off: the one that they had, for they have cooled since."""
    days = np.asarray([one.release_on for one in documents], dtype="datetime64[D]")
    if rules.settings.verification.cooling_off_days:
        days[np.isnat(days)] = np.datetime64(today, "D")
    days[status != DocumentStatus.ACCEPTED] = np.datetime64("NaT", "D")
    return days


def _reasons(document: SalesDocument, *, waits: bool) -> list[dict[str, Any]]:
    kept = [one for one in document.reasons or () if one["code"] not in _SAID_ANEW]
    return [*kept, dict(sale_claims.WAITING)] if waits else kept


def _copy(
    session: Session,
    old: Ints,
    new: Ints,
    status: Ints,
    release_on: np.ndarray,
    reasons: Sequence[list[dict[str, Any]]],
    sales: Sales,
    now: dt.datetime,
) -> None:
    """Store documents once more, with their lines and units."""
    copies = rows_of(
        old_id=old,
        new_id=new,
        status=status,
        release_on=release_on,
        reasons=[json.dumps(one) if one else None for one in reasons],
        person=sales.documents.person.tolist(),
    )
    _insert(
        session,
        SalesDocument,
        copies,
        SalesDocument.id,
        {
            "id": copies.c.new_id,
            "status": copies.c.status,
            "release_on": copies.c.release_on,
            "reasons": cast(copies.c.reasons, JSONB),
            "person": copies.c.person,
            "supersedes_id": copies.c.old_id,
            "counted_at": literal(now, SalesDocument.counted_at.type),
        },
    )
    for model in (SalesLine, SoldSerial):
        _insert(session, model, copies, model.document_id, {"document_id": copies.c.new_id})


def _insert(
    session: Session,
    model: type[Base],
    copies: FromClause,
    of: Any,
    changed: Mapping[str, ColumnElement[Any]],
) -> None:
    """Store the rows of documents once more, as those of their copies."""
    columns = table_of(model).c
    given = [changed.get(one.name, one) for one in columns]
    rows = select(*given).select_from(copies).join(table_of(model), of == copies.c.old_id)
    session.execute(insert(table_of(model)).from_select([one.name for one in columns], rows))


def _bring_along(session: Session, old: Ints, new: Ints, status: Ints) -> None:
    """Let claims and proofs belong to what counts, and give it the place in the queue that it had."""
    new_of = dict(zip(old.tolist(), new.tolist(), strict=True))
    # what is taken back had them last
    origins.bring_along(session, {one: new_of[of] for one, of in _with_takers(session, old)})
    copies = rows_of(old_id=old, new_id=new, waits=(status == DocumentStatus.REVIEW).astype(np.int64))
    columns = ["document_id", "program_id", "risk", "opened_at", "state", "closed_at"]
    for waits in (True, False):
        open_again = (ReviewState.WAITING, None) if waits else (ReviewState.CLOSED, Review.closed_at)
        state, closed_at = literal(open_again[0], Review.state.type), open_again[1]
        rows = (
            select(copies.c.new_id, Review.program_id, Review.risk, Review.opened_at, state)
            .add_columns(literal(None, Review.closed_at.type) if closed_at is None else closed_at)
            .select_from(copies)
            .join(Review, Review.document_id == copies.c.old_id)
            .where(copies.c.waits == int(waits))
        )
        session.execute(insert(table_of(Review)).from_select(columns, rows))


def _with_takers(session: Session, ids: Ints) -> list[tuple[int, int]]:
    """Give documents and all wordings that ever took their places, each with the one of ``ids`` that it comes from."""
    older, newer = aliased(SalesDocument), aliased(SalesDocument)
    first = select(SalesDocument.id, SalesDocument.id.label("of")).where(SalesDocument.id == any_of(ids.tolist()))
    walk = first.cte("walk", recursive=True)
    walk = walk.union_all(
        select(newer.id, walk.c.of)
        .join(older, older.id == walk.c.id)
        # a number has an index whatever its document's state
        .join(newer, (newer.program_id == older.program_id) & (newer.number_key == older.number_key))
        .where(newer.supersedes_id == older.id)
    )
    return [(one, of) for one, of in session.execute(select(walk.c.id, walk.c.of))]


_Lots: TypeAlias = dict[tuple[int, int, int], Lot]


def _end_as_before(session: Session, new_of: Mapping[int, int]) -> None:
    """Let what documents give now end as what they gave before would have ended."""
    before, since = _lots_of(session, list(new_of)), _lots_of(session, list(new_of.values()))
    for (document, unit, terms), was in before.items():
        lot = since.get((new_of[document], unit, terms))
        if lot is not None:
            lot.expires_on, lot.idle_months = was.expires_on, was.idle_months
    session.flush()


def _lots_of(session: Session, document_ids: Sequence[int]) -> _Lots:
    """Give the lots of what documents gave, by document, unit and terms; of one that moved, the newest."""
    rows = session.execute(
        select(LedgerTransaction.document_id, Account.unit, Lot)
        .join(LedgerTransaction, LedgerTransaction.id == Lot.id)
        .join(Account, Account.id == Lot.account_id)
        .where(
            LedgerTransaction.document_id == any_of(document_ids),
            LedgerTransaction.kind.in_((TransactionKind.AWARD, TransactionKind.TRANSFER)),
        )
        .order_by(Lot.id)
        .execution_options(populate_existing=True)
    )
    return {(document or 0, int(unit), lot.terms_id or 0): lot for document, unit, lot in rows}

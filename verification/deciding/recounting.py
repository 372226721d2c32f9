"""A sale is counted once more because it turns out whose it was: its points go where they belong since.

It is the same sale by the same file. Another wording takes its place, as it does whenever something is looked at again
(decision 24), and stands at once where the old one stood: what it gave ends when it would have ended, and cools off as
long as it would have.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.domain.measures.calendar import local_date
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import COUNTING, DocumentStatus, ReviewState, TransactionKind, Unit
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.programs import Program
from app.models.reviews import Review
from app.models.sales import ReturnMatch, SalesDocument
from app.services.counting.voiding import void_documents
from app.services.imported.undo_blocks import spent_of
from app.services.ledger import ledger
from verification.deciding import queue, replacing
from verification.deciding.errors import PaidOut


class Expired(Exception):
    """What a document gave has expired: counting it once more would bring it back to life."""


def count_once_more(
    session: Session,
    program: Program,
    rules: ProgramRules,
    document: SalesDocument,
    *,
    now: dt.datetime,
    actor: str,
    reason: str,
    with_returns: bool = False,
    though_spent: bool = False,
) -> int:
    """Count a document anew, and give its id. The caller has locked the wallets and the document, and commits.

    ``with_returns``: what goods of it went back with is counted anew as well, after it: a sale that earns now what it
    did not earn before gives that back for them. ``though_spent``: what it gives goes where it went before, and is no
    less, so what was spent of it is covered at once.

    Raises:
        PaidOut: What it gave, or a return that is counted with it, is reserved, or spent, and may not be.
        Expired: What one of them gave has expired.
        replacing.GoodsReturned: Goods of it went back.
    """
    returns = _returns_of(session, document) if with_returns else []
    if not though_spent:
        _must_be_there(session, rules, [document, *returns])
    stood = [_as_it_stands(session, program, one, now) for one in (document, *returns)]
    if returns:
        superseded = DocumentStatus.SUPERSEDED
        ids = [one.id for one in returns]
        void_documents(session, rules, ids, becomes=superseded, now=now, actor=actor, reason=reason)
        for one in returns:
            session.refresh(one)
    new_ids = []
    for one, status, release_on, looked_at, place, ends in stood:
        new_id = replacing.replace(session, rules, one, now=now, actor=actor, reason=reason)
        _end_as_before(session, new_id, ends)
        if status is DocumentStatus.ACCEPTED:
            _accepted_as_before(session, program, new_id, release_on, looked_at, now=now, actor=actor)
        elif place is not None and place.closed_at is None:
            _waits_as_before(session, new_id, place)
        new_ids.append(new_id)
    return new_ids[0]


class _Stood(NamedTuple):
    """A document as it stood before it is counted once more. A return may sell something of its own, too."""

    document: SalesDocument
    status: DocumentStatus
    release_on: dt.date | None
    looked_at: "_LookedAt"
    place: queue.Place | None
    ends: "_Ends"


def _must_be_there(session: Session, rules: ProgramRules, documents: Sequence[SalesDocument]) -> None:
    gone = [one for document in documents for one in spent_of(session, rules, document.id, with_gifts=True)]
    if gone:
        raise PaidOut([one.said for one in gone])


def _as_it_stands(session: Session, program: Program, document: SalesDocument, now: dt.datetime) -> _Stood:
    ends = _ends_of(session, document.id, local_date(now, program.time_zone))
    place = queue.place_of(session, document.id)
    return _Stood(document, document.status, document.release_on, _looked_at(session, document.id), place, ends)


def _returns_of(session: Session, document: SalesDocument) -> list[SalesDocument]:
    """Give the documents that goods of one went back with and that count, as they were counted."""
    back = select(ReturnMatch.return_document_id).where(
        ReturnMatch.sale_document_id == document.id, ReturnMatch.return_document_id != document.id
    )
    return list(
        session.scalars(
            select(SalesDocument)
            .where(SalesDocument.id.in_(back), SalesDocument.status.in_(COUNTING))
            .order_by(SalesDocument.issued_on, SalesDocument.number, SalesDocument.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


_LookedAt: TypeAlias = tuple[dt.datetime, dt.datetime] | None
"""From when until when a document waited for a person; None: nobody had to look at it."""


def _looked_at(session: Session, document_id: int) -> _LookedAt:
    row = session.execute(
        select(Review.opened_at, Review.closed_at).where(
            Review.document_id == document_id, Review.closed_at.is_not(None)
        )
    ).one_or_none()
    if row is None or row.closed_at is None:
        return None
    return row.opened_at, row.closed_at


def _accepted_as_before(
    session: Session,
    program: Program,
    document_id: int,
    release_on: dt.date | None,
    looked_at: _LookedAt,
    *,
    now: dt.datetime,
    actor: str,
) -> None:
    """Let a wording stand at once where the one before it stood, and cool off as long as that would have.

    Nobody has decided anything now: how the queue goes is told by when somebody did, if ever.
    """
    session.execute(
        update(SalesDocument)
        .where(SalesDocument.id == document_id)
        .values(status=DocumentStatus.ACCEPTED, release_on=release_on)
        .execution_options(synchronize_session=False)
    )
    if release_on is None or release_on <= local_date(now, program.time_zone):
        ledger.release(session, program, [document_id], now=now, actor=actor)
    if looked_at is None:
        session.execute(delete(Review).where(Review.document_id == document_id))
        return
    opened_at, closed_at = looked_at
    session.execute(
        update(Review)
        .where(Review.document_id == document_id)
        .values(state=ReviewState.CLOSED, opened_at=opened_at, closed_at=closed_at)
        .execution_options(synchronize_session=False)
    )


def _waits_as_before(session: Session, document_id: int, place: queue.Place) -> None:
    """Let a wording wait where the one before it did: what was asked, set aside or accepted by one of two stays so."""
    session.execute(
        update(Review)
        .where(Review.document_id == document_id)
        .values(
            state=place.state,
            risk=place.risk,
            opened_at=place.opened_at,
            handed_to=place.handed_to,
            first_by=place.first_by,
            first_reason=place.first_reason,
        )
        .execution_options(synchronize_session=False)
    )


_Ends = dict[tuple[Unit, int | None], tuple[dt.date | None, int | None]]
"""When what a document gave ends, by unit and terms: the last day, or the months without activity."""


def _lots_of(session: Session, document_id: int) -> list[tuple[Unit, Lot]]:
    """Give the lots of what a document gave; of one that moved, the newest stands last."""
    rows = session.execute(
        select(Account.unit, Lot)
        .join(LedgerTransaction, LedgerTransaction.id == Lot.id)
        .join(Account, Account.id == Lot.account_id)
        .where(
            LedgerTransaction.document_id == document_id,
            LedgerTransaction.kind.in_((TransactionKind.AWARD, TransactionKind.TRANSFER)),
        )
        .order_by(Lot.id)
        .execution_options(populate_existing=True)
    )
    return [(unit, lot) for unit, lot in rows]


def _ends_of(session: Session, document_id: int, today: dt.date) -> _Ends:
    of, expiry = aliased(LedgerTransaction), aliased(LedgerTransaction)
    expired = (
        select(Lot.id)
        .join(of, of.id == Lot.id)
        .outerjoin(LedgerEntry, LedgerEntry.lot_id == Lot.id)
        .outerjoin(expiry, expiry.id == LedgerEntry.transaction_id)
        .where(of.document_id == document_id, or_(expiry.kind == TransactionKind.EXPIRE, Lot.expires_on < today))
    )
    if session.scalars(select(expired.exists())).one():
        raise Expired
    return {(unit, lot.terms_id): (lot.expires_on, lot.idle_months) for unit, lot in _lots_of(session, document_id)}


def _end_as_before(session: Session, document_id: int, ends: _Ends) -> None:
    for unit, lot in _lots_of(session, document_id):
        lot.expires_on, lot.idle_months = ends.get((unit, lot.terms_id), (lot.expires_on, lot.idle_months))
    session.flush()

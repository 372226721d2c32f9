"""Disputes: a distributor says that an award is wrong or missing; somebody grants it with an adjustment, or declines.

What is disputed is disputed once while it is open; afterwards it may be disputed again, and every answer stays.
"""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.states import COUNTING, DisputeState, TransactionKind, Unit
from app.models.disputes import Dispute
from app.models.programs import Program
from app.models.sales import Award, SalesDocument, SalesLine
from app.services import audit
from app.services.by_hand import adjustments, granted_disputes
from app.services.counting import wordings
from app.services.telling import notices
from app.services.tracing import chain

MOST_WORDS = 1_000
MOST_SHOWN = 50


class DisputeError(Exception):
    """Something cannot be done with a dispute; nothing was changed."""


class Already(DisputeError):
    """It is disputed, and nobody has answered yet, or it was granted and the points wait for a second person."""


class NotOpen(DisputeError):
    """It was answered or withdrawn before."""


class NothingThere(DisputeError):
    """The document has no such line or award, or nothing was said."""


def ask(
    session: Session,
    program: Program,
    document_id: int,
    words: str,
    *,
    line_number: int | None = None,
    rule_version_id: int | None = None,
    actor: str,
    now: dt.datetime,
) -> int:
    """Dispute an award, what a line does not have, or a whole document. Returns its id. The caller commits.

    Raises:
        NothingThere: The document has no such line or award, or nothing was said.
        Already: It is disputed already, and nobody has answered.
    """
    owner = session.scalars(
        select(SalesDocument.distributor_id).where(
            SalesDocument.id == document_id, SalesDocument.program_id == program.id
        )
    ).one_or_none()
    if owner is None or not words.strip() or not _there(session, document_id, line_number, rule_version_id):
        raise NothingThere
    made = Dispute(
        program_id=program.id,
        distributor_id=owner,
        document_id=document_id,
        line_number=line_number,
        rule_version_id=rule_version_id,
        amount=_given(session, document_id, line_number, rule_version_id),
        words=words.strip()[:MOST_WORDS],
        state=DisputeState.OPEN,
        asked_by=actor,
        asked_at=now,
    )
    return _stored(session, made)


MOVEMENTS = (TransactionKind.PROMOTION, TransactionKind.EVENT, TransactionKind.ADJUST)
"""Movements of no document that may be disputed: what promotions, events and hands gave, or took."""


def ask_of_movement(
    session: Session,
    program: Program,
    distributor_id: int,
    transaction_id: int,
    words: str,
    *,
    actor: str,
    now: dt.datetime,
) -> int:
    """Dispute what a promotion, an event or a hand gave or took. Returns its id. The caller commits.

    Raises:
        NothingThere: It moved nothing of this distributor's, or is none of those, or nothing was said.
        Already: It is disputed already, and nobody has answered.
    """
    try:
        movement, _, parts = chain.movement(session, distributor_id, transaction_id)
    except chain.NotTheirs:
        raise NothingThere from None
    if movement.kind not in MOVEMENTS or not words.strip():
        raise NothingThere
    made = Dispute(
        program_id=program.id,
        distributor_id=distributor_id,
        transaction_id=transaction_id,
        amount=sum(part.changed for part in parts),
        words=words.strip()[:MOST_WORDS],
        state=DisputeState.OPEN,
        asked_by=actor,
        asked_at=now,
    )
    return _stored(session, made)


def _stored(session: Session, made: Dispute) -> int:
    if granted_disputes.is_on_its_way(session, made) or granted_disputes.is_open(session, made):
        raise Already
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as refused:
        if "uq_dispute_open" not in str(refused.orig):
            raise
        raise Already from None
    return made.id


def _there(session: Session, document_id: int, line_number: int | None, rule_version_id: int | None) -> bool:
    if line_number is None:
        return rule_version_id is None
    line = (SalesLine.document_id == document_id, SalesLine.line_number == line_number)
    if rule_version_id is None:
        return session.scalar(select(func.count()).select_from(SalesLine).where(*line)) == 1
    return (
        session.scalar(
            select(func.count())
            .select_from(Award)
            .where(
                Award.document_id == document_id,
                Award.line_number == line_number,
                Award.rule_version_id == rule_version_id,
            )
        )
        == 1
    )


def _given(session: Session, document_id: int, line_number: int | None, rule_version_id: int | None) -> int:
    """Sum the points that stand: what a document gave that does not count any more was taken back."""
    query = (
        select(cast(func.coalesce(func.sum(Award.amount), 0), BigInteger))
        .join(SalesDocument, SalesDocument.id == Award.document_id)
        .where(Award.document_id == document_id, Award.unit == Unit.POINTS, SalesDocument.status.in_(COUNTING))
    )
    if line_number is not None:
        query = query.where(Award.line_number == line_number)
    if rule_version_id is not None:
        query = query.where(Award.rule_version_id == rule_version_id)
    return int(session.execute(query).scalar_one())


def grant(
    session: Session, program: Program, dispute_id: int, points: int, answer: str, *, actor: str, now: dt.datetime
) -> int:
    """Grant a dispute: an adjustment of so many points is asked for, which a second person decides.

    The distributor is told once that person has approved it (`granted_disputes.tell`). Returns the adjustment's id. The
    caller commits.

    Raises:
        NotOpen: It was answered before.
        NothingThere: Nothing was said.
        app.services.by_hand.adjustments.AdjustmentError: The points make no adjustment.
    """
    found = _held(session, program, dispute_id, answer)
    made = adjustments.request(
        session, program, found.distributor_id, points, reason_code="complaint", note=answer, actor=actor, now=now
    )
    found.adjustment_id = made
    _answered(session, program, found, DisputeState.GRANTED, answer, actor, now)
    return made


def decline(session: Session, program: Program, dispute_id: int, answer: str, *, actor: str, now: dt.datetime) -> None:
    """Decline a dispute with a reason. The caller commits.

    Raises:
        NotOpen: It was answered before.
        NothingThere: Nothing was said.
    """
    _answered(session, program, _held(session, program, dispute_id, answer), DisputeState.DECLINED, answer, actor, now)


def withdraw(session: Session, program: Program, dispute_id: int, *, actor: str, now: dt.datetime) -> None:
    """Take one's dispute back. The caller commits.

    Raises:
        NotOpen: It was answered before.
    """
    found = _held(session, program, dispute_id, "-")
    found.state, found.answered_by, found.answered_at = DisputeState.WITHDRAWN, actor, now
    session.flush()


def _held(session: Session, program: Program, dispute_id: int, answer: str) -> Dispute:
    found = session.scalars(
        select(Dispute)
        .where(Dispute.id == dispute_id, Dispute.program_id == program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if found.state is not DisputeState.OPEN:
        raise NotOpen
    if not answer.strip():
        raise NothingThere
    return found


def _answered(
    session: Session,
    program: Program,
    found: Dispute,
    state: DisputeState,
    answer: str,
    actor: str,
    now: dt.datetime,
) -> None:
    found.state, found.answer, found.answered_by, found.answered_at = state, answer.strip(), actor, now
    session.flush()
    if state is DisputeState.DECLINED:
        parts: dict[str, Any] = {**granted_disputes.about(session, found), "answer": answer.strip()}
        notices.tell(session, program.id, "dispute_declined", parts, distributor_id=found.distributor_id, now=now)
    audit.note(
        session,
        actor,
        f"dispute.{state.value}",
        str(found.id),
        now=now,
        program_id=program.id,
        before={"state": "open"},
        after={"state": state.value, "adjustment": found.adjustment_id},
        reason=answer.strip(),
    )


def of_movement(session: Session, transaction_id: int) -> First[Dispute]:
    """Give what was said against a movement, newest first."""
    return _newest(session, Dispute.transaction_id == transaction_id)


def of_document(session: Session, document_id: int) -> First[Dispute]:
    """Give what was said against a document's awards, and against those of the wordings before it, newest first."""
    return _newest(session, Dispute.document_id.in_(wordings.chain(session, document_id)))


def _newest(session: Session, of_it: ColumnElement[bool]) -> First[Dispute]:
    return first(session, select(Dispute).where(of_it).order_by(Dispute.id.desc()), MOST_SHOWN, lambda one: one)

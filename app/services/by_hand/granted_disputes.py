"""Disputes that were granted: what they wait for, and opening them again when it will not happen."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, literal, select
from sqlalchemy.orm import Session

from app.db.first import First
from app.domain.states import DisputeState
from app.models.desk import AdjustmentRequest
from app.models.disputes import Dispute
from app.models.messages import Notice
from app.models.people import AuditEvent
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services import audit
from app.services.counting import wordings
from app.services.telling import notices
from app.services.tracing import chain

REOPENED = "dispute.reopen"
"""What the audit log calls it, with the adjustment that will not happen."""
_SUBJECT = (Dispute.line_number, Dispute.rule_version_id, Dispute.transaction_id)


def about(session: Session, found: Dispute) -> dict[str, Any]:
    """Tell what a dispute is about: the number of the document and whom it names, or what the movement was for."""
    if found.document_id is not None:
        document = session.get_one(SalesDocument, found.document_id)
        return {"number": document.number, "person": document.person}
    assert found.transaction_id is not None, "a dispute is about one of the two"
    movement = chain.movements(session, [found.transaction_id])[found.transaction_id]
    return {"number": movement.name or movement.reason or f"#{movement.id}", "person": None}


def is_on_its_way(session: Session, asked: Dispute) -> bool:
    """Tell whether the same was granted before, and nobody has decided yet about the points."""
    waiting = (
        select(Dispute.id)
        .join(AdjustmentRequest, AdjustmentRequest.id == Dispute.adjustment_id)
        .where(Dispute.state == DisputeState.GRANTED, AdjustmentRequest.state == "waiting", *_same(session, asked))
    )
    return bool(session.scalar(select(waiting.exists())))


@dataclass(frozen=True)
class Seen:
    """A dispute as somebody sees it; ``state`` and ``answer`` are what they are told by now."""

    id: int
    words: str
    line_number: int | None
    asked_at: dt.datetime
    state: DisputeState
    answer: str | None
    is_open: bool


def as_seen(session: Session, found: First[Dispute], *, by_distributor: bool) -> First[Seen]:
    """Give disputes as whoever runs the programme sees them, or as the distributor is told of them.

    Whom nobody has approved the points of yet is not told that it is right: they may be refused.
    """
    waiting = select(AdjustmentRequest.id).where(
        AdjustmentRequest.id.in_([one.adjustment_id for one in found if one.adjustment_id is not None]),
        AdjustmentRequest.state == "waiting",
    )
    untold = set(session.scalars(waiting)) if by_distributor and found else set()
    seen = (
        Seen(
            one.id,
            one.words,
            one.line_number,
            one.asked_at,
            DisputeState.OPEN if one.adjustment_id in untold else one.state,
            None if one.adjustment_id in untold else one.answer,
            one.state is DisputeState.OPEN,
        )
        for one in found
    )
    return First(seen, found.more)


def told_state() -> ColumnElement[DisputeState]:
    """Give the state that a distributor is told of, of disputes beside their adjustments."""
    open_still = literal(DisputeState.OPEN, Dispute.state.type)
    return case((AdjustmentRequest.state == "waiting", open_still), else_=Dispute.state)


def told_answer() -> ColumnElement[str | None]:
    """Give the answer that a distributor is told, likewise."""
    return case((AdjustmentRequest.state == "waiting", None), else_=Dispute.answer)


def tell(session: Session, program: Program, adjustment_id: int, *, now: dt.datetime) -> None:
    """Tell a distributor that it was right, now that its points stand on its account. The caller commits."""
    found = session.scalars(
        select(Dispute).where(Dispute.adjustment_id == adjustment_id, Dispute.program_id == program.id)
    ).one_or_none()
    if found is None:
        return
    parts = {**about(session, found), "answer": found.answer}
    notices.tell(session, program.id, "dispute_granted", parts, distributor_id=found.distributor_id, now=now)


def is_open(session: Session, asked: Dispute) -> bool:
    """Tell whether the same is disputed, be it of a wording before this one, and waits for an answer."""
    waiting = select(Dispute.id).where(Dispute.state == DisputeState.OPEN, *_same(session, asked))
    return bool(session.scalar(select(waiting.exists())))


def _same(session: Session, asked: Dispute) -> list[ColumnElement[bool]]:
    """Give what holds of disputes about the same: all wordings of a document are one."""
    same = [column.is_not_distinct_from(getattr(asked, column.key)) for column in _SUBJECT]
    if asked.document_id is not None:
        same.append(Dispute.document_id.in_(wordings.whole(session, asked.document_id)))
    return same


def reopen_due(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Open those again that say that they are granted though their adjustment will not happen. The caller commits.

    Since `reopen` there are none any more; what was refused before stood so for ever. Returns how many.
    """
    stuck = session.scalars(
        select(AdjustmentRequest.id)
        .join(Dispute, Dispute.adjustment_id == AdjustmentRequest.id)
        .where(
            Dispute.program_id == program.id,
            Dispute.state == DisputeState.GRANTED,
            AdjustmentRequest.state.in_(("refused", "withdrawn")),
        )
        .order_by(Dispute.id)
        .with_for_update(of=Dispute, skip_locked=True)
    ).all()
    for adjustment_id in stuck:
        reopen(session, program, adjustment_id, actor="kontor", now=now)
    return len(stuck)


def reopen(session: Session, program: Program, adjustment_id: int, *, actor: str, now: dt.datetime) -> None:
    """Open the dispute again that an adjustment was to settle, now that it will not happen. The caller commits.

    Its distributor was told nothing yet, or, by an earlier Kontor, that it is right: then it is told that the points do
    not come yet. Where the same was disputed anew meanwhile, that one is what waits for an answer, and the older one is
    declined.
    """
    found = session.scalars(
        select(Dispute).where(Dispute.adjustment_id == adjustment_id, Dispute.program_id == program.id)
    ).one_or_none()
    if found is None:
        return
    is_asked_anew, was_told = is_open(session, found), _was_told(session, found)
    found.adjustment_id = None
    if is_asked_anew:
        found.state = DisputeState.DECLINED
    else:
        found.state, found.answer, found.answered_by, found.answered_at = DisputeState.OPEN, None, None, None
    session.flush()
    parts = about(session, found)
    if was_told and not is_asked_anew:
        notices.tell(session, program.id, "dispute_reopened", parts, distributor_id=found.distributor_id, now=now)
    audit.note(
        session,
        actor,
        REOPENED,
        str(found.id),
        now=now,
        program_id=program.id,
        before={"state": DisputeState.GRANTED.value, "adjustment": adjustment_id},
        after={"state": found.state.value},
    )


def _was_told(session: Session, found: Dispute) -> bool:
    """Tell whether its distributor was told that it is right in the moment in which it was granted."""
    told = select(Notice.id).where(
        Notice.distributor_id == found.distributor_id,
        Notice.kind == "dispute_granted",
        Notice.created_at == found.answered_at,
    )
    return session.scalars(told.limit(1)).one_or_none() is not None


def not_given(session: Session, found: Dispute) -> list[AdjustmentRequest]:
    """Give the adjustments that were to settle a dispute and were not approved, the newest first: why it is open again.

    Which those were is in the audit log, where nobody looks for what has none.
    """
    refused = (
        AdjustmentRequest.program_id == found.program_id,
        AdjustmentRequest.distributor_id == found.distributor_id,
        AdjustmentRequest.state.in_(("refused", "withdrawn")),
        AdjustmentRequest.requested_at >= found.asked_at,
    )
    rows = session.scalars(select(AdjustmentRequest).where(*refused).order_by(AdjustmentRequest.id.desc())).all()
    if not rows:
        return []
    of_it = session.scalars(
        select(AuditEvent.before["adjustment"].as_integer()).where(
            AuditEvent.program_id == found.program_id,
            AuditEvent.action == REOPENED,
            AuditEvent.subject == str(found.id),
            AuditEvent.at >= found.asked_at,
        )
    ).all()
    return [one for one in rows if one.id in of_it]

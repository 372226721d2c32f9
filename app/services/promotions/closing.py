"""A promotion is closed once: it is brought up to date, what is due at the end is paid, and nothing moves after."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.states import PromotionState
from app.models.programs import Program
from app.models.promotions import Promotion
from app.services import audit
from app.services.promotions.bringing_up import BroughtUp, bring_up, let_others_finish
from app.services.promotions.reading import locked


class CannotClose(Exception):
    """The promotion is not running, or its last day is not over."""


def due(session: Session, now: dt.datetime, program_ids: Collection[int] | None = None) -> list[int]:
    """Name the promotions that close by themselves, and whose day has come in their programme's time zone."""
    query = (
        select(Promotion.id, Promotion.closes_on, Program.time_zone)
        .join(Program, Program.id == Promotion.program_id)
        .where(Promotion.state == PromotionState.PUBLISHED, Promotion.closes_on.is_not(None))
        .order_by(Promotion.id)
    )
    if program_ids is not None:
        query = query.where(Promotion.program_id.in_(program_ids))
    return [id_ for id_, day, zone in session.execute(query) if day is not None and day <= local_date(now, zone)]


def close(session: Session, promotion_id: int, *, actor: str | None, now: dt.datetime) -> BroughtUp:
    """Close a promotion whose last day is over. The caller commits.

    Raises:
        CannotClose: It is a draft, it is closed already, or sales of its days may still come.
    """
    promotion = locked(session, promotion_id)
    zone = session.execute(select(Program.time_zone).where(Program.id == promotion.program_id)).scalar_one()
    if promotion.state is not PromotionState.PUBLISHED or promotion.last_on is None:
        raise CannotClose(f"The promotion {promotion.code} is not running.")
    if local_date(now, zone) <= promotion.last_on:
        raise CannotClose(f"The promotion {promotion.code} runs until {promotion.last_on}.")
    if not promotion.measured:  # it was just published
        let_others_finish(session, promotion_id)
    brought_up = bring_up(session, promotion_id, now=now, closing=True, actor=actor)
    promotion.state, promotion.closed_at, promotion.closed_by, promotion.draft = PromotionState.CLOSED, now, actor, None
    promotion.changed_at = now
    session.flush()
    after = {"given": brought_up.given, "taken": brought_up.taken}
    audit.note(
        *(session, actor or "kontor", "promotion.close", promotion.code),
        now=now,
        program_id=promotion.program_id,
        after=after,
    )
    return brought_up

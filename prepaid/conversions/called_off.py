"""Redemptions that were called off before a provider was asked: who did, why, and that their distributors are told."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.many import among
from app.models.ledger import Account
from app.models.prepaid import Redemption
from app.services.telling import notices


def end_with_run(session: Session, run_id: int, *, actor: str, now: dt.datetime, reason: str | None) -> None:
    """Write down that the redemptions of a run were called off with it, whose points went back; and tell of it."""
    ended = session.scalars(
        update(Redemption)
        .where(Redemption.run_id == run_id, Redemption.key.is_not(None))
        .values(ended_by=actor, ended_at=now, ended_why=reason)
        .returning(Redemption.id)
        .execution_options(synchronize_session=False)
    ).all()
    tell_called_off(session, ended, now=now)


def tell_called_off(session: Session, ids: Sequence[int], *, now: dt.datetime) -> None:
    """Tell distributors that their redemptions were called off, and why."""
    rows = session.execute(
        select(Redemption.program_id, Account.distributor_id, Redemption.points, Redemption.ended_why)
        .join(Account, Account.id == Redemption.account_id)
        .where(among(Redemption.id, ids))
        .order_by(Redemption.id)
    ).all()
    told = [(row.distributor_id or 0, {"points": row.points, "why": row.ended_why}) for row in rows]
    if rows:
        notices.tell_many(session, rows[0].program_id, "redemption_refused", told, now=now)

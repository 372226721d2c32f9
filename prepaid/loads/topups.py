"""Top-ups moved on many at a time, along the table of `prepaid.loads.moves`."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.orm import Session, aliased

from app.db.bulk import rows_of
from app.domain.states import TopUpKind, TopUpStatus, Unit
from app.models.ledger import Account
from app.models.prepaid import Redemption, TopUp
from prepaid.loads.moves import sources_of

_CLOSED = (TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.CANCELLED)


class MoveRefused(AssertionError):
    """Top-ups were not where they were believed to be: the transaction must not go on."""


def move_top_ups(
    session: Session, ids: Sequence[int], to: TopUpStatus, *, now: dt.datetime, failures: Sequence[str] | None = None
) -> None:
    """Move top-ups to a state; ``failures`` says why, one text a top-up.

    Raises:
        MoveRefused: Not all of them were in a state from which this is allowed.
    """
    if not ids:
        return
    given = rows_of(id=np.asarray(ids, dtype=np.int64), failure=list(failures or [""] * len(ids)))
    moved = session.execute(
        update(TopUp)
        .where(TopUp.id == given.c.id, TopUp.status.in_(sources_of(to)))
        .values(
            status=to,
            settled_at=now if to in _CLOSED else None,
            unknown_at=now if to is TopUpStatus.UNKNOWN else TopUp.unknown_at,
            failure=func.nullif(given.c.failure, "") if to is not TopUpStatus.LOADED else None,
        )
        .returning(TopUp.id)
        .execution_options(synchronize_session=False)
    ).all()
    if len(moved) != len(set(ids)):
        raise MoveRefused(f"{len(set(ids)) - len(moved)} top-ups cannot become {to.value}")


def was_ordered_again(*, by_any_run: bool = False) -> ColumnElement[bool]:
    """Say that there is a newer load in place of this one: of its own run, or of any."""
    newer = aliased(TopUp)
    asked = select(newer.id).where(
        newer.redemption_id == TopUp.redemption_id, newer.kind == TopUp.kind, newer.attempt > TopUp.attempt
    )
    return (asked if by_any_run else asked.where(newer.run_id == TopUp.run_id)).exists()


def points_of_top_up() -> ColumnElement[int | None]:
    """Give the points that a top-up was made from: those of the redemption for its reward.

    None of a compensation, nor where money that rules gave was redeemed: neither was made from points. The query joins
    the account of the redemption.
    """
    return case((and_(TopUp.kind == TopUpKind.REWARD, Account.unit == Unit.POINTS), Redemption.points))


def redeemed_with_top_up() -> ColumnElement[int]:
    """Give what was redeemed for a top-up, in the unit of its run: for its reward, and nothing for a compensation."""
    return case((TopUp.kind == TopUpKind.REWARD, Redemption.points), else_=0)

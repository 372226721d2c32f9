"""Loads that failed and that nobody has tried again, for whoever prepares the next run."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import aliased

from app.domain.states import LotState, RunKind, RunStatus, TopUpStatus
from app.models.ledger import Lot
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.services.loads.arrivals import is_there
from prepaid.conversions.segments import NARROWING
from prepaid.loads.topups import was_ordered_again

_TOOK_NOTHING = (RunStatus.EMPTY, RunStatus.CANCELLED)


def failed_and_not_tried_again(program_id: Any) -> ColumnElement[bool]:
    """Ask for top-ups that failed, but for those that a run ordered again.

    What is on its card after all (`app.services.loads.arrivals`) has not failed. The newest run of each kind tells of
    all that failed of it. One before it tells of what waits still: points of its days that are back and not spent,
    until a newer run over those days has taken them, or says why not.
    """
    newest = (
        select(func.max(ConversionRun.id))
        .where(ConversionRun.program_id == program_id, ConversionRun.status.not_in(_TOOK_NOTHING))
        .group_by(ConversionRun.kind)
    )
    return and_(
        TopUp.run_id.in_(select(ConversionRun.id).where(ConversionRun.program_id == program_id)),
        TopUp.status == TopUpStatus.FAILED,
        or_(TopUp.run_id.in_(newest), _left_behind()),
        ~was_ordered_again(by_any_run=True),
        ~is_there(TopUp),
    )


def _left_behind() -> ColumnElement[bool]:
    """Say that points of a load wait, and that no newer run looked at the days in which they were earned."""
    run, newer = aliased(ConversionRun), aliased(ConversionRun)
    looked = select(newer.id).where(
        newer.program_id == run.program_id,
        newer.kind == run.kind,
        newer.unit == run.unit,
        newer.id > run.id,
        newer.status.not_in(_TOOK_NOTHING),
        newer.from_on <= run.from_on,
        newer.to_on >= run.to_on,
        ~newer.terms.has_any(array(NARROWING)),
    )
    return (
        select(run.id)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Lot, Lot.account_id == Redemption.account_id)
        .where(
            run.id == TopUp.run_id,
            run.kind == RunKind.PERIOD,
            Lot.state == LotState.OPEN,
            Lot.remaining > 0,
            Lot.earned_on.between(run.from_on, run.to_on),
            ~looked.exists(),
        )
        .correlate(TopUp)
        .exists()
    )

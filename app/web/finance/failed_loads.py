"""Loads that failed and that nobody has tried again: those of the newest runs, for whoever prepares the next one."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import aliased

from app.domain.states import RunStatus, TopUpStatus
from app.models.prepaid import ConversionRun, TopUp

_TOOK_NOTHING = (RunStatus.EMPTY, RunStatus.CANCELLED)


def failed_of_newest_runs(program_id: Any) -> ColumnElement[bool]:
    """Ask for top-ups of the newest run of each kind that failed, but for those that it ordered again.

    A newer run has taken what came back by then, or says why not: it stands for those before it.
    """
    newest = (
        select(func.max(ConversionRun.id))
        .where(ConversionRun.program_id == program_id, ConversionRun.status.not_in(_TOOK_NOTHING))
        .group_by(ConversionRun.kind)
    )
    again = aliased(TopUp)
    ordered_again = select(again.id).where(
        again.redemption_id == TopUp.redemption_id,
        again.run_id == TopUp.run_id,
        again.kind == TopUp.kind,
        again.attempt > TopUp.attempt,
    )
    return and_(TopUp.run_id.in_(newest), TopUp.status == TopUpStatus.FAILED, ~ordered_again.exists())

"""Loads that failed and that nobody has tried again: those of the newest runs, for whoever prepares the next one."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from app.domain.states import RunStatus, TopUpStatus
from app.models.prepaid import ConversionRun, TopUp
from app.services.loads.arrivals import is_there
from prepaid.loads.topups import was_ordered_again

_TOOK_NOTHING = (RunStatus.EMPTY, RunStatus.CANCELLED)


def failed_of_newest_runs(program_id: Any) -> ColumnElement[bool]:
    """Ask for top-ups of the newest run of each kind that failed, but for those that a run ordered again.

    What is on its card after all (`app.services.loads.arrivals`) has not failed. A newer run has taken what came back
    by then, or says why not: it stands for those before it.
    """
    newest = (
        select(func.max(ConversionRun.id))
        .where(ConversionRun.program_id == program_id, ConversionRun.status.not_in(_TOOK_NOTHING))
        .group_by(ConversionRun.kind)
    )
    return and_(
        TopUp.run_id.in_(newest),
        TopUp.status == TopUpStatus.FAILED,
        ~was_ordered_again(by_any_run=True),
        ~is_there(TopUp),
    )

"""The states of runs and top-ups: every allowed move stands in these two tables, and nowhere else."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import RunStatus, TopUpStatus
from app.models.prepaid import ConversionRun
from prepaid.errors import NoSuchRun, NotAllowedNow

RUN_MOVES: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.PREPARING: frozenset({RunStatus.PREVIEW, RunStatus.EMPTY, RunStatus.CANCELLED}),
    RunStatus.PREVIEW: frozenset({RunStatus.APPROVED, RunStatus.CANCELLED}),
    RunStatus.EMPTY: frozenset({RunStatus.CANCELLED}),  # goods that it judged are judged anew
    RunStatus.APPROVED: frozenset({RunStatus.ORDERED, RunStatus.CANCELLED}),
    # a response file may come for an order file that was handed over by hand
    RunStatus.ORDERED: frozenset({RunStatus.SENDING, RunStatus.SENT, RunStatus.SETTLED, RunStatus.CANCELLED}),
    # back to ordered: the provider refused the file as a whole
    RunStatus.SENDING: frozenset({RunStatus.SENT, RunStatus.SETTLED, RunStatus.ORDERED}),
    RunStatus.SENT: frozenset({RunStatus.SENDING, RunStatus.SETTLED, RunStatus.ORDERED}),
    RunStatus.SETTLED: frozenset({RunStatus.ORDERED}),  # compensations that failed are ordered again
    RunStatus.CANCELLED: frozenset(),
}

OPEN = (TopUpStatus.ORDERED, TopUpStatus.SENDING, TopUpStatus.UNKNOWN)
"""Ordered, and not known to be loaded or failed."""

TOP_UP_MOVES: Mapping[TopUpStatus, frozenset[TopUpStatus]] = {
    TopUpStatus.RESERVED: frozenset({TopUpStatus.ORDERED, TopUpStatus.CANCELLED}),
    TopUpStatus.ORDERED: frozenset(
        {TopUpStatus.SENDING, TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.UNKNOWN, TopUpStatus.CANCELLED}
    ),
    TopUpStatus.SENDING: frozenset(
        {TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.UNKNOWN, TopUpStatus.CANCELLED, TopUpStatus.ORDERED}
    ),
    TopUpStatus.UNKNOWN: frozenset(
        {TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.CANCELLED, TopUpStatus.SENDING, TopUpStatus.ORDERED}
    ),
    TopUpStatus.LOADED: frozenset(),
    TopUpStatus.FAILED: frozenset({TopUpStatus.CANCELLED}),  # a compensation whose reward failed later
    TopUpStatus.CANCELLED: frozenset(),
}


def locked_run(session: Session, run_id: int) -> ConversionRun:
    """Find a run and hold it until the transaction ends: whoever changes it or its top-ups does this first.

    Raises:
        NoSuchRun: No run has this number.
    """
    run = session.scalars(
        select(ConversionRun)
        .where(ConversionRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if run is None:
        raise NoSuchRun(run_id)
    return run


def run_of(session: Session, run_id: int) -> ConversionRun:
    """Find a run to look at.

    Raises:
        NoSuchRun: No run has this number.
    """
    run = session.get(ConversionRun, run_id)
    if run is None:
        raise NoSuchRun(run_id)
    return run


def require(run: ConversionRun, what: str, *expected: RunStatus) -> None:
    """Make sure that a run is where something can be done to it.

    Raises:
        NotAllowedNow: It is not.
    """
    if run.status not in expected:
        raise NotAllowedNow(run.id, what, run.status, expected)


def move(run: ConversionRun, to: RunStatus) -> None:
    """Move a run on. That the move is allowed was made sure of with `require`."""
    assert to in RUN_MOVES[run.status], f"a run does not go from {run.status.value} to {to.value}"
    run.status = to


def sources_of(to: TopUpStatus) -> list[TopUpStatus]:
    """Name the states from which a top-up may come to this one."""
    return [status for status, targets in TOP_UP_MOVES.items() if to in targets]

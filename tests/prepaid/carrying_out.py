"""Carries a run out to its end, in a process that may be killed at any time."""

import datetime as dt
from multiprocessing.synchronize import Event
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import RunStatus
from prepaid.conversions import ordering, sending
from prepaid.issuers.sandbox import SandboxProvider
from prepaid.loads.moves import run_of

_STEPS = 10
"""A run has three: approved, ordered, sent."""

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def carry_out(url: str, home: Path, run_id: int, begun: Event | None = None) -> None:
    """Approve, order and send until the run is settled, wherever an earlier process was stopped."""
    engine = create_engine(url)
    if begun is not None:
        begun.set()
    registry, settings, provider = scoped_session(sessionmaker(engine)), Settings(home=home), SandboxProvider(engine)
    for _ in range(_STEPS):
        with transaction(registry) as session:
            status = run_of(session, run_id).status
        if status is RunStatus.SETTLED:
            return
        step = ordering.approve_and_order if status in (RunStatus.PREVIEW, RunStatus.APPROVED) else sending.send
        step(registry, settings, provider, run_id, actor="ben", now=NOW)
    raise AssertionError(f"run {run_id} is {status} after {_STEPS} steps")

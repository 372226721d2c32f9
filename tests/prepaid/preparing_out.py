"""Prepares a run to its end as a worker does, in a process that may be killed at any time."""

import datetime as dt
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import RunStatus
from app.jobs.worker import Bench, do_one
from prepaid import jobs
from prepaid.loads.moves import run_of

LEASE_SECONDS = 1.0
NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def prepare_out(url: str, home: Path, run_id: int) -> None:
    """Freeze pieces until none is left; what a killed process held is claimed again when its lease is over."""
    engine = create_engine(url)
    registry = scoped_session(sessionmaker(engine))
    jobs.register(Settings(home=home), lambda: NOW)
    bench = Bench(registry, engine, LEASE_SECONDS)
    while True:
        do_one(bench)
        with transaction(registry) as session:
            if run_of(session, run_id).status is not RunStatus.PREPARING:
                return
        registry.remove()

"""Workers that are told to stop, or are killed above their work: the job in hand is finished, the others are left."""

import os
import signal
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from app.db.transaction import transaction
from app.domain.states import JobState
from app.jobs import messenger
from app.models.jobs import Job
from importers.batches import batches
from tests.app.local.support import eventually, kill
from tests.faults.books import prove
from tests.faults.conftest import Calm
from tests.faults.house import Site
from tests.faults.workforce import Workforce


def test_workers_that_are_stopped_finish_the_job_in_hand_and_leave_the_others(calm: Calm, tmp_path: Path) -> None:
    with calm.site(tmp_path / "home", shard_lines=1) as site:
        batch = site.take_in("tried", "sales", calm.report.sales)
        with Workforce(site, workers=2, sweeper=False) as workforce:
            messenger.wake(site.addresses.redis_url, 2)
            eventually(lambda: len(workforce.horses()) == 2 and _states(site, batch)[JobState.DONE], seconds=240)
            told, killed = workforce.horses().values()
            os.kill(told, signal.SIGTERM)
            kill(killed)
            workforce.wait_until_idle()
            states = _states(site, batch)
        assert states[JobState.RUNNING] == 0
        assert states[JobState.QUEUED] > 5
        site.work_here()
        prove(site, "tried", batch, calm.whole)


def _states(site: Site, batch: int) -> Counter[JobState]:
    """Count the shards of an import by what became of them."""
    of_shards = (Job.kind == batches.SHARD) & (Job.payload["batch"].as_integer() == batch)
    with transaction(site.registry) as session:
        rows = session.execute(select(Job.state, func.count()).where(of_shards).group_by(Job.state))
        return Counter(dict(rows.all()))

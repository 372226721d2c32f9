"""Workers that are told to stop, or whose parent was killed: they finish the job in hand, and leave the rest."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.db.transaction import transaction
from app.domain.states import JobState
from app.models.jobs import Job
from importers import batches
from tests.app.local.support import eventually, kill
from tests.faults.books import prove
from tests.faults.conftest import Calm
from tests.faults.house import Site
from tests.faults.workforce import Workforce


@pytest.mark.parametrize("how", ["told", "killed"])
def test_a_worker_that_is_stopped_finishes_the_job_in_hand_and_leaves_the_others(
    calm: Calm, tmp_path: Path, how: str
) -> None:
    with calm.site(tmp_path / "home", shard_lines=5, sweep_seconds=0.2) as site:
        batch = site.take_in("tried", "sales", calm.report.sales)
        with Workforce(site, workers=1) as workforce:
            eventually(lambda: _states(site, batch)[JobState.DONE], seconds=60)
            worker = next(iter(workforce.horses().values()))
            if how == "told":
                workforce.tell_to_stop()
            else:
                kill(worker)
            workforce.wait_until_idle()
            states = _states(site, batch)
            assert states[JobState.RUNNING] == 0
            assert states[JobState.QUEUED] > 5
        site.work_here()
        prove(site, "tried", batch, calm.whole)


def _states(site: Site, batch: int) -> Counter[JobState]:
    with transaction(site.registry) as session:
        rows = session.execute(
            select(Job.state, func.count())
            .where(Job.kind == batches.SHARD, Job.payload["batch"].as_integer() == batch)
            .group_by(Job.state)
        )
        return Counter(dict(rows.all()))

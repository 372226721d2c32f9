"""PostgreSQL dies while a conversion run is carried out; in the end each card was loaded once.

Killed processes are tried in tests/prepaid/test_kills.py; here the books themselves go away, ours and the provider's.
``KONTOR_FAULTS=long`` ends PostgreSQL eight times.
"""

import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.domain.states import TaxStatus
from app.services.ledger import ledger_check
from tests.faults.house import House, Site
from tests.prepaid.carrying_out import carry_out
from tests.prepaid.conftest import World
from tests.prepaid.proving import prove_loaded_once

DEATHS, PEOPLE = (8, 120) if os.environ.get("KONTOR_FAULTS") == "long" else (1, 40)

_MOST = 5
"""Processes for each death: one dies with the database, and the next may find it gone still."""


@pytest.mark.slow
def test_where_the_database_dies_in_a_run_each_card_is_loaded_once(
    house: House, processes: ForkServerContext, tmp_path: Path
) -> None:
    seed = int(os.environ.get("KONTOR_SEED") or random.Random().randrange(10**6))
    print(f"seed {seed}")
    drawn = random.Random(seed)
    with house.site(tmp_path / "home") as site:
        calm, world = (_world(site, drawn) for _ in range(2))
        seconds, _ = _carry_out(processes, site, calm.preview().id, 60)
        run = world.preview()
        deaths = 0
        for _ in range(_MOST * DEATHS):
            _, child = _carry_out(processes, site, run.id, drawn.uniform(0, seconds / 2) if deaths < DEATHS else 60)
            if child.exitcode is None:
                house.end_postgres(drawn.choice([signal.SIGQUIT, signal.SIGKILL]))
                deaths += 1
                child.join(60)
            if child.exitcode == 0:
                break
        assert child.exitcode == 0, f"run {run.id} was not carried out by {_MOST * DEATHS} processes"
        print(f"PostgreSQL ended {deaths} times in {seconds:.1f} s of work")
        prove_loaded_once(world, run)
        for one in (calm, world):
            one.registry.remove()
        with Session(site.engine) as session:
            assert ledger_check.check(session).problems == []
        assert deaths


def _carry_out(processes: ForkServerContext, site: Site, run_id: int, patience: float) -> tuple[float, BaseProcess]:
    """Carry a run out in another process, and look at it for so many seconds. Returns how long that was."""
    begun = processes.Event()
    child = processes.Process(target=carry_out, args=(site.addresses.database_url, site.settings.home, run_id, begun))
    child.start()
    assert begun.wait(60)
    began = time.monotonic()
    child.join(patience)
    return time.monotonic() - began, child


def _world(site: Site, drawn: random.Random) -> World:
    world = World(site.settings, site.engine)
    world.load()
    for number in range(PEOPLE):
        status = TaxStatus.PRIVATE_PERSON if number % 3 == 0 else TaxStatus.COMPANY
        world.add(f"D{number}", drawn.randrange(1, 20_000), status)
    return world

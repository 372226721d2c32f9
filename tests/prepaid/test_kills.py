"""A run is carried out by processes that are killed again and again; in the end each card was loaded once."""

import multiprocessing
import random
import signal

import pytest

from app.config import Settings
from app.domain.states import TaxStatus
from app.local.servers import Addresses
from tests.prepaid.carrying_out import carry_out
from tests.prepaid.conftest import World
from tests.prepaid.proving import prove_loaded_once


@pytest.mark.slow
def test_killed_again_and_again_each_card_is_loaded_once(world: World, house: tuple[Settings, Addresses]) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    world.load()
    for number in range(120):
        status = TaxStatus.PRIVATE_PERSON if number % 3 == 0 else TaxStatus.COMPANY
        world.add(f"D{number}", drawn.randrange(1, 20_000), status)
    run = world.preview()
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.prepaid.carrying_out"])
    kills = 0
    while True:
        child = processes.Process(target=carry_out, args=(house[1].database_url, house[0].home, run.id))
        child.start()
        child.join(drawn.uniform(0.0, 0.02 * (kills + 1)))
        if child.exitcode is None:
            child.kill()
            child.join()
            kills += 1
        ended = child.exitcode
        child.close()
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
    print(f"{kills} kills")
    prove_loaded_once(world, run)

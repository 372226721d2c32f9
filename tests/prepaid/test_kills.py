"""A run is carried out by processes that are killed again and again; in the end each card was loaded once."""

import multiprocessing
import random
import signal

import pytest
from sqlalchemy import select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import RunStatus, TaxStatus, TopUpStatus
from app.local.servers import Addresses
from app.models.prepaid import Card, SandboxCard, SandboxLoad
from prepaid import runs
from tests.prepaid.carrying_out import carry_out
from tests.prepaid.conftest import World


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
    with transaction(world.registry) as session:
        ours = {one.reference: one for one in runs.lines(session, run.id)}
        loads = session.scalars(select(SandboxLoad).where(SandboxLoad.reference.in_(ours))).all()
        assert len(loads) == len(ours)
        for load in loads:
            assert (load.result == "loaded") == (ours[load.reference].status is TopUpStatus.LOADED)
        on_cards = session.scalars(
            select(SandboxCard.balance_minor)
            .join(Card, Card.token == SandboxCard.token)
            .where(Card.program_id == world.program_id)
        ).all()
    assert sum(on_cards) == sum(one.amount_minor for one in ours.values() if one.status is TopUpStatus.LOADED)
    assert sum(one.amount_minor for one in ours.values()) == run.amount_minor + run.compensation_minor
    assert world.status(run) is RunStatus.SETTLED
    for (code, kind), state in world.top_ups(run).items():
        assert state in (TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.CANCELLED)
        if kind == "reward":
            available, reserved, spent = world.wallet(code)
            assert (reserved, available == 0, spent > 0) == (
                0,
                state is TopUpStatus.LOADED,
                state is TopUpStatus.LOADED,
            )

"""A run is carried out by processes that are killed again and again; in the end each card was loaded once.

``KONTOR_FAULTS=long`` kills fifty and more over a run.
"""

import os
import random
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import TaxStatus, TopUpKind, TopUpStatus
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, Redemption, TopUp
from app.models.programs import Program
from prepaid import gathering
from prepaid.conversions import sending
from prepaid.redeeming import quoting, redemptions
from tests.prepaid.carrying_out import carry_out
from tests.prepaid.conftest import NOW, World
from tests.prepaid.proving import prove_compensated_once, prove_loaded_once
from tests.prepaid.storms import until_done

Storm = Callable[[int], int]
LONGEST = 300.0
LONG = os.environ.get("KONTOR_FAULTS") == "long"
MANY, STEP = (2_000, 0.01) if LONG else (120, 0.02)
"""People of a run, and by how many seconds the next process may live longer than the one before."""


@pytest.fixture
def storm(house: tuple[Settings, Addresses]) -> Storm:
    """Carry a run out by processes that are killed, each a little later than the one before."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    drawn = random.Random(seed)

    def carried_out(run_id: int) -> int:
        arguments = (house[1].database_url, house[0].home, run_id)
        kills = until_done(carry_out, arguments, lambda kills: drawn.uniform(0.0, STEP * (kills + 1)), longest=LONGEST)
        print(f"{kills} kills")
        return kills

    return carried_out


def people(world: World, count: int) -> None:
    """Give points to many: a third are private persons, whose tax is compensated."""
    drawn = random.Random(count)
    for number in range(count):
        status = TaxStatus.PRIVATE_PERSON if number % 3 == 0 else TaxStatus.COMPANY
        world.add(f"D{number}", drawn.randrange(1, 20_000), status)


@pytest.mark.slow
def test_killed_again_and_again_each_card_is_loaded_once(world: World, storm: Storm) -> None:
    people(world.load(), MANY)
    run = world.preview()
    kills = storm(run.id)
    assert kills >= 50 or not LONG
    prove_loaded_once(world, run)


@pytest.mark.slow
def test_killed_again_and_again_each_redemption_is_loaded_once_or_its_points_are_back(
    world: World, storm: Storm
) -> None:
    people(world.load(), 6)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        for owner in session.scalars(select(Distributor.id).where(Distributor.program_id == program.id)).all():
            for half in range(2):
                most = quoting.means(session, program, owner, now=NOW).most
                points = max(1, most // 2) if half == 0 else most
                made = redemptions.ask(session, program, owner, points, key=str(half), actor="dora", now=NOW)
                redemptions.approve(session, made, actor="ben", now=NOW)
        run_id = gathering.gather(session, program, actor="ben", now=NOW)
        assert run_id is not None
    storm(run_id)
    with transaction(world.registry) as session:
        loads = session.execute(
            select(TopUp.status, TopUp.kind, TopUp.amount_minor, Redemption.points, Card.token)
            .join(Redemption, Redemption.id == TopUp.redemption_id)
            .join(Card, Card.id == TopUp.card_id)
            .where(TopUp.run_id == run_id)
        ).all()
        spent, reserved = session.execute(
            select(func.sum(Account.spent), func.sum(Account.reserved)).where(Account.program_id == world.program_id)
        ).one()
    assert {one.status for one in loads} <= {TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.CANCELLED}
    loaded = [one for one in loads if one.status is TopUpStatus.LOADED]
    assert (spent, reserved) == (sum(one.points for one in loaded if one.kind is TopUpKind.REWARD), 0)
    for token in {one.token for one in loads}:
        assert world.provider.balance_minor(token) == sum(one.amount_minor for one in loaded if one.token == token)


@pytest.mark.slow
def test_killed_again_and_again_each_load_is_compensated_once(world: World, storm: Storm) -> None:
    people(world.load(prepaid="{compensation: {paid: by_run}}"), 40)
    run = world.preview()
    world.approve(run)
    sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)
    paying = world.compensate()
    assert 0 < paying.compensation_minor == run.deferred_minor
    storm(paying.id)
    prove_compensated_once(world, run, paying)

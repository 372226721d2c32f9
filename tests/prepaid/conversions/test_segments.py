"""Runs for some distributors alone, and what a tier lets its members redeem."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, update

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import RunStatus, TaxStatus
from app.local.servers import Addresses
from app.models.distributors import Distributor, DistributorGroup
from app.models.programs import Program
from app.services.persons import opening
from prepaid.conversions.segments import Segment
from prepaid.redeeming import quoting
from tests.prepaid.conftest import NOW, World

POINT = """{value: "0.50"}
  tiers:
    levels:
      - {code: member, name: Member, from: 0, redeemable_bp: 5000}
      - {code: gold, name: Gold, from: 1000}"""
GROUPS = """{pack: PL}
distributor_groups:
  - {code: shops, name: Shops}
  - {code: big, name: Big shops, parent: shops}
  - {code: others, name: Others}"""


@pytest.fixture(scope="module")
def world(house: tuple[Settings, Addresses], engine: Engine) -> Iterator[World]:
    """Four distributors of 100 points: two shops, one of them big and golden; one of another group, one of none."""
    made = World(house[0], engine).load(point=POINT, tax=GROUPS)
    for code in ("SHOP", "BIG", "OTHER", "NONE"):
        made.add(code, 100)
    with transaction(made.registry) as session:
        groups = dict(
            session.execute(
                select(DistributorGroup.code, DistributorGroup.id).where(DistributorGroup.program_id == made.program_id)
            ).all()
        )
        for code, group, tier in (("SHOP", "shops", None), ("BIG", "big", "Gold"), ("OTHER", "others", "member")):
            session.execute(
                update(Distributor)
                .where(Distributor.program_id == made.program_id, Distributor.code == code)
                .values(group_id=groups[group], tier=tier)
            )
    yield made
    made.registry.remove()


def _taken(world: World, segment: Segment, minimum_points: int = 0) -> dict[str, int]:
    """Preview a run, and call it off again."""
    from prepaid.conversions import runs

    run = world.preview(segment=segment, minimum_points=minimum_points)
    with transaction(world.registry) as session:
        found = {one.distributor_code: one.points for one in runs.lines(session, run.id)}
        if run.status is RunStatus.PREVIEW:
            runs.cancel(session, run.id, actor="ann", now=NOW)
    return found


def test_a_run_takes_groups_with_those_below_and_tiers_however_they_are_written(world: World) -> None:
    assert _taken(world, Segment(groups=("SHOPS",))) == {"SHOP": 50, "BIG": 100}
    assert _taken(world, Segment(groups=("big", "others"))) == {"BIG": 100, "OTHER": 50}
    assert _taken(world, Segment(tiers=("GOLD",))) == {"BIG": 100}
    assert _taken(world, Segment(groups=("shops",), tiers=("member",))) == {}
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        company = select(Distributor.id).where(Distributor.program_id == program.id, Distributor.code == "BIG")
        ann = opening.open_account(session, program, session.scalars(company).one(), "Ann", actor="test", now=NOW)
        person = session.get_one(Distributor, ann)
        person.tax_status, code = TaxStatus.COMPANY, person.code
    world.give(code, 10)
    assert _taken(world, Segment(tiers=("gold",))) == {"BIG": 100, code: 10}
    assert _taken(world, Segment(groups=("big",))) == {"BIG": 100, code: 10}
    world.give(code, -10)


def test_a_run_takes_a_list_and_leaves_out_who_has_too_little(world: World) -> None:
    with transaction(world.registry) as session:
        ids = session.scalars(
            select(Distributor.id).where(
                Distributor.program_id == world.program_id, Distributor.code.in_(["NONE", "BIG"])
            )
        ).all()
    some = Segment(distributors=tuple(ids), list_name="Two")
    assert _taken(world, some) == {"BIG": 100, "NONE": 50}
    assert _taken(world, some, minimum_points=51) == {"BIG": 100}
    run = world.preview(segment=Segment(distributors=(), list_name="Nobody"))
    assert (run.status, run.terms["list"], run.exceptions) == (RunStatus.EMPTY, "Nobody", [])


def test_a_tier_leaves_its_members_a_share_and_says_so_once_it_is_redeemed(world: World) -> None:
    first = world.preview()
    assert first.points == 250
    assert world.wallet("OTHER") == (50, 50, 0)
    again = world.preview()
    assert again.status is RunStatus.EMPTY
    assert {(one["distributor"], one["code"], one["points"]) for one in again.exceptions} == {
        (code, "tier_share", 50) for code in ("SHOP", "OTHER", "NONE")
    }


def test_points_that_have_ended_are_no_part_of_a_share_before_the_chores_write_them_off(world: World) -> None:
    world.add("LATE", 100).give("LATE", 60, at=NOW - dt.timedelta(days=900))
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        asked = select(Distributor.id).where(Distributor.program_id == program.id, Distributor.code == "LATE")
        owner = session.scalars(asked).one()
        means = quoting.means(session, program, owner, now=NOW)
        assert (means.available, means.most) == (100, 50)
    assert world.preview(segment=Segment.one(owner)).points == 50
    assert world.wallet("LATE") == (50, 50, 0)  # sixty were written off

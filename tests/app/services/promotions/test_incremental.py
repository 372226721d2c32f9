"""Brought up to date bit by bit, everybody stands as they do when all is measured anew, and nothing more is posted."""

import datetime as dt
import random

import pytest

from app.models.promotions import PromotionStanding
from app.services.goods import catalogue
from app.services.participants import distributors
from app.services.placing import placements
from tests.app.services.promotions.running import Running
from tests.support.desk import CORRECTING, IN_REVIEW, TODAY, Desk
from tests.support.programs import NOW

DAYS = ("2026-02-20", "2026-03-05", "2026-04-30", "2026-05-01", "2026-11-30")
GATE = {"name": "Some Q", "metric": "quantity", "least": 2, "scope": {"products": ["Q"]}}
TARGET = {"default": 900, "growth": {"from": "2026-01-01", "until": "2026-02-28", "growth_bp": 1_000}}
STEPS = [{"reach": reach, "reward": {"percent_bp": reach}} for reach in (2_000, 6_000, 10_000)]


def one_thing_happens(desk: Desk, dice: random.Random, number: int, sold: dict[str, tuple[int, str]]) -> None:
    """Sell, take back, accept, refuse or correct."""
    what, who, on = dice.choice("PQ"), dice.choice(list(desk.people)), dice.choice(DAYS)
    act = dice.choice(["sell", "sell", "sell", "return", "review", "refuse", "correct"])
    name, points = f"{number}", dice.randint(5, 60)
    if act == "return" and sold:
        back = dice.choice(list(sold))
        most, owner = sold[back]
        desk.credit(name, dice.randint(1, most), who=owner, corrects=back, issued_on="2026-11-30")
        del sold[back]  # what goods were returned of is neither corrected nor refused here
    elif act == "refuse" and sold:
        back = dice.choice(list(sold))
        del sold[back]
        desk.refuse(back)
    elif act == "correct" and sold:
        back = dice.choice(list(sold))
        desk.invoice(back, points, who=sold[back][1], source=CORRECTING, issued_on="2026-03-09")
        sold[back] = points, sold[back][1]
    elif act == "review":
        desk.invoice(name, points, who=who, what=what, issued_on=on, source=IN_REVIEW)
        desk.accept(name)
    else:
        desk.invoice(name, points, who=who, what=what, issued_on=on)
        if what == "P":
            sold[name] = points, who


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("metric", ["points", "products"])
def test_bit_by_bit_is_as_all_at_once(desk: Desk, seed: int, metric: str) -> None:
    dice = random.Random(f"{metric}{seed}")  # the same one each time
    target = TARGET if metric == "points" else {"default": 2}
    autumn = Running(desk, metric=metric, target=target, steps=STEPS, gates=[GATE], pays="each")
    sold: dict[str, tuple[int, str]] = {}
    for number in range(14):
        one_thing_happens(desk, dice, number, sold)
        if dice.random() < 0.6:
            autumn.bring_up()
    autumn.bring_up()
    bit_by_bit = stands(desk, autumn)
    autumn.row.measured = False
    desk.session.flush()
    anew = autumn.bring_up()
    assert (anew.given, anew.taken) == (0, 0)
    assert stands(desk, autumn) == bit_by_bit
    assert any(value for _, value, *_ in bit_by_bit)


def stands(desk: Desk, autumn: Running) -> list[tuple[object, ...]]:
    desk.session.expire_all()
    names = ("distributor_id", "value", "target", "base", "step", "is_open", "gates", "earned", "paid")
    rows = desk.rows(PromotionStanding, promotion_id=autumn.row.id)
    return [tuple(getattr(row, name) for name in names) for row in rows]


def test_whoever_moves_to_another_group_has_its_target_and_its_scope_from_that_day(desk: Desk) -> None:
    running = Running(desk, target={"default": 1_000, "groups": {"gold": 4_000}})
    gold = distributors.group_ids(desk.session, desk.program.id)["gold"]
    desk.invoice("1", 120)
    assert running.paid() == 1_500
    moved = {desk.people["D1"]: gold}
    placements.move(desk.session, placements.DISTRIBUTORS, desk.program, moved, TODAY, now=NOW)
    catalogue.mark_changed(desk.session, desk.program.id)
    assert running.paid() == 0, "1,200 is 30 % of the group's target"
    only = {"scope": {"distributor_groups": ["gold"]}, "target": {"default": 1_000}}
    running.publish(**only)
    assert running.paid() == 0, "the sale was made before it moved"
    placements.move(desk.session, placements.DISTRIBUTORS, desk.program, moved, dt.date(2026, 2, 1), now=NOW)
    catalogue.mark_changed(desk.session, desk.program.id)
    assert running.paid() == 1_500

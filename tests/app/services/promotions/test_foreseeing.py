"""What closing would pay is told before: the same as closing pays then, and what is left out of it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from app.services.promotions import foreseeing
from app.services.promotions.foreseeing import Foreseen, Held
from app.services.rewarding.rewards import RewardRow, put_rewards
from tests.app.services.promotions.running import OVER, Running
from tests.support.desk import IN_REVIEW, Desk
from tests.support.programs import NOW

STEP = {"reach": 8_000, "reward": {"points": 400}}
PRIZES = {"prizes": [{"from": 1, "to": 1, "points": 50}]}


def foreseen(promotion: Running) -> Foreseen | None:
    return foreseeing.foresee(promotion.desk.session, promotion.desk.rules, promotion.row, OVER)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"when": "at_end"}, (1_400, 2, 0)),
        ({"when": "at_end", "budget": 1_200}, (1_200, 2, 200)),
        ({"when": "at_end", "ranking": PRIZES}, (1_450, 2, 0)),
        ({"ranking": PRIZES}, (50, 1, 0)),
        ({}, (0, 0, 0)),
    ],
)
def test_closing_pays_what_was_told(desk: Desk, changes: Mapping[str, Any], told: tuple[int, int, int]) -> None:
    autumn = Running(desk, **changes)
    desk.invoice("1", 5_000)
    desk.invoice("2", 4_000, who="D2")
    autumn.bring_up()
    found = foreseen(autumn)
    assert found is not None
    assert (found.points, found.distributors, found.cut) == told
    assert found.receivers == found.distributors
    assert found.on == dt.date(2026, 12, 5)
    assert foreseen(autumn) == found, "to be told changes nothing"
    closed = autumn.close()
    assert (closed.given, closed.taken) == (found.points, found.taken)
    assert foreseen(autumn) is None, "it is closed"


def test_nothing_is_told_before_all_that_was_sold_is_reckoned(desk: Desk) -> None:
    autumn = Running(desk, when="at_end")
    assert foreseen(autumn) is None
    autumn.bring_up()
    assert foreseen(autumn) is not None
    desk.invoice("1", 5_000)
    assert foreseen(autumn) is None
    autumn.bring_up()
    assert foreseen(autumn) is not None


def test_what_is_left_out_is_told(desk: Desk) -> None:
    gate = {"name": "Q as well", "least": 10, "scope": {"products": ["Q"]}}
    autumn = Running(desk, when="at_end", gates=[gate])
    desk.invoice("1", 5_000)
    desk.invoice("2", 300, who="D2", source=IN_REVIEW)
    autumn.bring_up()
    found = foreseen(autumn)
    assert found is not None
    assert (found.points, found.behind_gates) == (0, 1)
    assert found.held == Held(1, 3_000_00)


def test_rewards_to_hand_over_are_told(desk: Desk) -> None:
    put_rewards(desk.session, desk.program, [RewardRow("mug", "Mug", 100)], actor="ann", now=NOW)
    autumn = Running(desk, when="at_end", steps=[STEP | {"reward": {"reward": "mug"}}])
    desk.invoice("1", 5_000)
    autumn.bring_up()
    found = foreseen(autumn)
    assert found is not None
    assert found.gifts == {"mug": 1}
    assert found.points == 0

"""A newer version of a promotion takes the place of the older one: what that ranked and gave is no more."""

from typing import Any

from app.models.promotions import PromotionGift
from app.services.promotions import foreseeing, ranking
from app.services.rewarding.rewards import RewardRow, put_rewards
from tests.app.services.promotions.running import EXAMPLE, OVER, Running
from tests.support.desk import Desk
from tests.support.programs import NOW

PRIZES = [{"from": 1, "to": 1, "points": 500}, {"from": 2, "to": 3, "points": 100}]
STEP: dict[str, Any] = {"reach": 10_000, "reward": {"points": 7}}


def test_a_ranking_that_was_taken_out_pays_no_prizes(desk: Desk) -> None:
    autumn = Running(desk, ranking={"prizes": PRIZES})
    desk.invoice("1", 5_000)
    desk.invoice("2", 10, who="D2")
    autumn.bring_up()
    autumn.publish(steps=[STEP])
    autumn.bring_up()
    assert [row for row in ranking.of_all(desk.session, autumn.row.id) if row.place] == []
    found = foreseeing.foresee(desk.session, desk.rules, autumn.row, OVER)
    assert found is not None
    assert (found.points, found.receivers) == (0, 0)
    autumn.close()
    assert (autumn.was_paid("D1"), autumn.was_paid("D2")) == (7, 0)


def test_a_ranking_that_was_taken_out_before_it_was_told_so_pays_no_prizes(desk: Desk) -> None:
    """Places of an older version may stand there since before."""
    autumn = Running(desk, ranking={"prizes": PRIZES})
    desk.invoice("1", 10)
    autumn.bring_up()
    autumn.publish()
    autumn.row.measured = True
    desk.session.flush()
    autumn.close()
    assert autumn.was_paid("D1") == 0


def test_a_reward_that_no_step_gives_any_more_is_not_handed_over(desk: Desk) -> None:
    put_rewards(desk.session, desk.program, [RewardRow("mug", "Mug", 100)], actor="ann", now=NOW)
    autumn = Running(desk, steps=[STEP | {"reward": {"reward": "mug"}}])
    desk.invoice("1", 5_000)
    autumn.bring_up()
    assert [one.reward_code for one in desk.rows(PromotionGift, standing_id=autumn.standing().id)] == ["mug"]
    autumn.publish(steps=EXAMPLE["steps"])
    autumn.bring_up()
    assert desk.rows(PromotionGift, standing_id=autumn.standing().id) == []

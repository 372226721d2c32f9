"""What is reached is paid, what comes back is taken back, and nothing is given twice. The desk proves its ledger."""

import datetime as dt
from typing import Any

import pytest

from app.domain.states import PromotionState
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.promotions import PromotionGift, PromotionTouched
from app.services.promotions import publishing, showing
from app.services.promotions.closing import CannotClose
from app.services.promotions.publishing import PromotionInvalid
from app.services.promotions.reading import definition_of, scale_of
from app.services.rewarding.rewards import RewardRow, put_rewards
from tests.app.services.promotions.running import Running
from tests.support import programs
from tests.support.desk import CORRECTING, CREDIT, IN_REVIEW, Desk, Opening
from tests.support.programs import NOW


def test_the_worked_example(desk: Desk) -> None:
    autumn = Running(desk)
    desk.invoice("1", 4_000)
    assert autumn.paid() == 400
    desk.invoice("2", 2_100)
    assert autumn.paid() == 1_500
    desk.credit("3", 200, corrects="2")
    assert autumn.paid() == 1_000
    assert (autumn.standing().value, autumn.standing().share_bp) == (59_000_00, 11_800)
    assert desk.points().available == 4_000 + 2_100 - 200 + 1_000


def test_only_who_was_touched_is_looked_at(desk: Desk) -> None:
    autumn = Running(desk)
    for who in desk.people:
        desk.invoice(f"1/{who}", 4_000, who=who)
    assert autumn.bring_up().participants == len(desk.people)
    assert autumn.bring_up().participants == 0
    desk.invoice("2", 1_000, who="D2")
    brought = autumn.bring_up()
    assert (brought.months, brought.participants, brought.given) == (1, 1, 600)
    assert desk.rows(PromotionTouched, promotion_id=autumn.row.id) == []


def test_what_is_in_review_counts_once_it_is_accepted_and_ceases_when_it_is_refused(desk: Desk) -> None:
    autumn = Running(desk)
    desk.invoice("1", 4_000, source=IN_REVIEW)
    assert autumn.paid() == 0
    desk.accept("1")
    assert autumn.paid() == 400
    desk.refuse("1")
    assert autumn.paid() == 0


def test_a_correction_moves_what_it_corrects(desk: Desk) -> None:
    autumn = Running(desk)
    desk.invoice("1", 5_000)
    assert autumn.paid() == 1_000
    desk.invoice("1", 4_100, source=CORRECTING)
    assert autumn.paid() == 400


def test_a_return_lowers_what_it_brings_back_and_nothing_else(desk: Desk) -> None:
    autumn = Running(desk)
    desk.invoice("0", 1_000, issued_on="2026-02-01", what="Q")
    desk.invoice("1", 5_000)
    desk.credit("2", 1_000, corrects="0", what="Q")
    assert autumn.paid() == 1_000
    desk.credit("3", 1_000, corrects="1", issued_on="2026-12-02")
    assert autumn.paid() == 400


@pytest.mark.parametrize("metric", ["net_amount", "points"])
def test_a_return_that_is_refused_gives_its_step_back_and_money_is_no_points(open_desk: Opening, metric: str) -> None:
    money = {"code": "cash", "name": "Cash", "kind": "per_amount", "points": 3, "step": "10.00", "unit": "money"}
    desk = open_desk(earning_rules=[dict(programs.BASE_RULE), money])
    autumn = Running(desk, metric=metric, target={"default": 50_000 if metric == "net_amount" else 5_000})
    desk.invoice("1", 5_000)
    assert autumn.paid() == 1_000
    desk.credit("2", 1_000, corrects="1")
    assert (autumn.paid(), autumn.standing().share_bp) == (400, 8_000)
    desk.refuse("2", CREDIT)
    assert (autumn.paid(), autumn.standing().share_bp) == (1_000, 10_000)


def test_goods_that_come_back_lower_what_was_sold_though_their_discount_stands_after_them(desk: Desk) -> None:
    autumn = Running(desk)
    desk.sell(desk.line("1", quantity=10, net_minor=50_000_00), desk.line("1", quantity=10, net_minor=-5_000_00))
    assert (autumn.paid(), autumn.standing().value) == (400, 45_000_00)
    desk.sell(desk.line("2", quantity=-10, net_minor=-45_000_00, kind=CREDIT, issued_on="2026-03-02", corrects="1"))
    assert (autumn.paid(), autumn.standing().value) == (0, 0)


def test_each_step_adds_where_the_promotion_says_so(desk: Desk) -> None:
    autumn = Running(desk, pays="each")
    desk.invoice("1", 5_000)
    assert autumn.paid() == 1_400


def test_rewards_look_back_over_the_promotion(desk: Desk) -> None:
    autumn = Running(
        desk,
        pays="each",
        steps=[
            {"reach": 5_000, "reward": {"percent_bp": 1_000}},
            {"reach": 10_000, "reward": {"per_unit": "0.5"}},
        ],
    )
    desk.invoice("1", 3_000)
    assert autumn.paid() == 300
    desk.invoice("2", 3_001)
    assert autumn.paid() == 600 + 3_000


def test_targets_are_ones_own_then_growth_then_the_groups_then_all_s(desk: Desk) -> None:
    growth = {"from": "2026-01-01", "until": "2026-02-28", "growth_bp": 2_000}
    target = {"default": 70_000, "groups": {"gold": 60_000}, "distributors": {"D2": 20_000}, "growth": growth}
    autumn = Running(desk, target=target)
    desk.invoice("0", 1_000, issued_on="2026-02-01")
    autumn.bring_up()
    assert autumn.standing("D1").target == 12_000_00
    assert autumn.standing("D2").target == 20_000_00
    assert autumn.standing("D3").target == 70_000_00
    autumn.targets(D1=10_000, D2=30_000)
    desk.invoice("1", 1_000)
    assert autumn.paid("D1") == 1_000
    assert autumn.standing("D2").target == 30_000_00
    autumn.targets(D2=0)
    autumn.bring_up()
    assert autumn.standing("D2").target == 20_000_00


def test_a_gate_keeps_everything_shut_until_it_opens(desk: Desk) -> None:
    gate = {"name": "Some Q as well", "metric": "quantity", "least": 10, "scope": {"products": ["Q"]}}
    autumn = Running(desk, gates=[gate], scope={"products": ["P"]})
    desk.invoice("1", 5_000)
    assert autumn.paid() == 0
    desk.invoice("2", 10, what="Q")
    assert autumn.paid() == 1_000
    assert autumn.standing().gates == [10_000]
    desk.credit("3", 1, corrects="2", what="Q")
    assert autumn.paid() == 0


@pytest.mark.parametrize(
    ("metric", "target", "sold"), [("quantity", 6, 6_000), ("points", 6, 6), ("documents", 2, 2), ("products", 2, 2)]
)
def test_every_metric_counts_what_it_says(desk: Desk, metric: str, target: int, sold: int) -> None:
    autumn = Running(desk, metric=metric, target={"default": target})
    desk.invoice("1", 4)
    desk.invoice("2", 2, what="Q")
    assert autumn.paid() == 1_000
    assert autumn.standing().value == sold
    desk.credit("3", 2, corrects="2", what="Q")
    assert autumn.paid() < 1_000


def test_a_budget_stops_and_gives_on_when_something_comes_back(desk: Desk) -> None:
    autumn = Running(desk, budget=1_500)
    for who in ("D1", "D2"):
        desk.invoice(f"1/{who}", 5_000, who=who)
    autumn.bring_up()
    assert (autumn.was_paid("D1"), autumn.was_paid("D2")) == (1_000, 500)
    desk.credit("2", 1_000, who="D1", corrects="1/D1")
    autumn.bring_up()
    assert (autumn.was_paid("D1"), autumn.was_paid("D2")) == (400, 1_000)
    with pytest.raises(PromotionInvalid, match=r"budget: 1000 is below the 1400 points that are spent already"):
        autumn.publish(budget=1_000)


def test_a_budget_that_does_not_suffice_pays_those_who_came_furthest_first(desk: Desk) -> None:
    autumn = Running(desk, when="at_end", budget=1_100, ranking={"prizes": [{"from": 1, "to": 1, "points": 50}]})
    for who, amount in (("D1", 4_000), ("D2", 5_000), ("D3", 5_100)):
        desk.invoice(f"1/{who}", amount, who=who)
    autumn.bring_up()
    summary = summed_up(autumn)
    assert (summary.due, summary.short, summary.left) == (400 + 1_000 + 1_000 + 50, 3, 1_100)
    autumn.close()
    assert [autumn.was_paid(who) for who in ("D1", "D2", "D3")] == [0, 50, 1_050]
    summary = summed_up(autumn)
    assert (summary.paid, summary.due, summary.short, summary.left) == (1_100, 1_350, 2, 0)


def test_who_is_blocked_is_given_nothing_until_they_are_not_and_what_comes_back_is_taken(desk: Desk) -> None:
    autumn = Running(desk, budget=1_500)

    def block(who: str, *, blocked: bool = True) -> None:
        desk.session.get_one(Distributor, desk.people[who]).blocked = blocked
        desk.session.flush()

    desk.invoice("1/D3", 5_000, who="D3")
    assert autumn.paid("D3") == 1_000
    for who in ("D1", "D2"):
        desk.invoice(f"1/{who}", 5_000, who=who)
    block("D1")
    block("D3")
    desk.credit("2", 1_000, who="D3", corrects="1/D3")
    autumn.bring_up()
    assert [autumn.was_paid(who) for who in ("D1", "D2", "D3")] == [0, 1_000, 400], "others have the budget"
    block("D1", blocked=False)
    autumn.close()
    assert [autumn.was_paid(who) for who in ("D1", "D2", "D3")] == [100, 1_000, 400]


def summed_up(autumn: Running) -> showing.Summary:
    session = autumn.desk.session
    return showing.summary_of(session, autumn.row, definition_of(session, autumn.row), scale_of(autumn.desk.rules))


def test_what_was_spent_meanwhile_is_owed(desk: Desk) -> None:
    autumn = Running(desk)
    desk.invoice("1", 5_000)
    autumn.bring_up()
    desk.settle(desk.reserve(6_000))
    desk.credit("2", 1_001, corrects="1")
    assert autumn.paid() == 0
    assert desk.points().available == -1_001 - 1_000
    desk.invoice("3", 1_001)
    assert autumn.paid() == 1_000
    assert desk.points().available == 0


def test_what_a_wallet_that_may_not_owe_does_not_have_is_forgiven_once(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    autumn = Running(desk)
    desk.invoice("1", 5_000)
    autumn.bring_up()
    desk.settle(desk.reserve(5_800))
    desk.credit("2", 1_001, corrects="1")
    assert autumn.paid() == 1_000
    assert autumn.standing().forgiven == 1_000
    desk.invoice("3", 10)
    assert autumn.paid() == 1_000  # 80 % once more, and what it gives was had already
    assert autumn.standing().forgiven == 600
    desk.invoice("4", 2_100)
    assert autumn.paid() == 1_500


def test_a_budget_does_not_give_on_what_could_not_be_taken_back(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    autumn = Running(desk, budget=1_500)
    for who in ("D1", "D2"):
        desk.invoice(f"1/{who}", 5_000, who=who)
    autumn.bring_up()
    desk.settle(desk.reserve(5_900))
    desk.credit("2", 4_000, who="D1", corrects="1/D1")
    autumn.bring_up()
    assert (autumn.was_paid("D1"), autumn.was_paid("D2")) == (1_000, 500)
    desk.invoice("3", 300, who="D2")
    autumn.bring_up()
    assert autumn.was_paid("D2") == 500


def test_points_that_ended_idle_stay_ended_when_a_promotion_pays(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_without_activity": 1}})
    desk.invoice("1", 4_900, now=NOW - dt.timedelta(days=90), issued_on="2026-03-02")
    autumn = Running(desk, target={"default": 40_000})
    autumn.bring_up()
    assert autumn.was_paid() == 1_500
    assert desk.points().available == 1_500


def test_what_a_promotion_takes_back_is_no_activity(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_without_activity": 1}})
    desk.invoice("1", 5_000)
    autumn = Running(desk)
    autumn.bring_up()
    later = NOW + dt.timedelta(days=20)
    desk.credit("R", 200, corrects="1", now=later)
    autumn.bring_up(later)
    assert autumn.was_paid() == 400, "48,000 of 50,000 is 96 %"
    assert desk.session.get_one(Account, desk.account(), populate_existing=True).active_on == NOW.date()


def test_a_newer_version_is_reckoned_for_all(desk: Desk) -> None:
    autumn = Running(desk)
    desk.invoice("1", 5_000)
    assert autumn.paid() == 1_000
    autumn.publish(target={"default": 40_000})
    assert autumn.paid() == 1_500
    assert (autumn.row.version, autumn.standing().version) == (2, 2)
    autumn.publish(target={"default": 40_000})
    assert autumn.row.version == 2


def test_what_is_paid_at_the_end_is_paid_when_it_closes_and_stays(desk: Desk) -> None:
    autumn = Running(desk, when="at_end")
    desk.invoice("1", 5_000)
    assert autumn.paid() == 0
    assert autumn.standing().earned == 1_000
    for moment in (NOW, dt.datetime(2026, 11, 30, 22, 59, 59, tzinfo=dt.UTC)):  # a second before midnight in Warsaw
        with pytest.raises(CannotClose, match="runs until 2026-11-30"):
            autumn.close(moment)
    autumn.close(dt.datetime(2026, 11, 30, 23, 0, tzinfo=dt.UTC))
    assert autumn.was_paid() == 1_000
    assert autumn.row.state is PromotionState.CLOSED
    desk.credit("2", 4_000, corrects="1")
    autumn.bring_up()
    assert autumn.was_paid() == 1_000
    with pytest.raises(CannotClose, match="is not running"):
        autumn.close()
    with pytest.raises(PromotionInvalid, match="closed"):
        autumn.publish(budget=5_000)


def test_those_who_did_as_well_share_the_better_place(desk: Desk) -> None:
    prizes = [{"from": 1, "to": 1, "points": 500}, {"from": 2, "to": 3, "points": 100}]
    autumn = Running(desk, steps=[], target=None, ranking={"prizes": prizes})
    for who, points in (("D1", 200), ("D2", 200), ("D3", 100)):
        desk.invoice(f"1/{who}", points, who=who)
    autumn.bring_up()
    assert [autumn.standing(who).place for who in ("D1", "D2", "D3")] == [1, 1, 3]
    assert [autumn.was_paid(who) for who in ("D1", "D2", "D3")] == [0, 0, 0]
    autumn.close()
    assert [autumn.was_paid(who) for who in ("D1", "D2", "D3")] == [500, 500, 100]


def test_people_are_counted_by_themselves(desk: Desk) -> None:
    autumn = Running(desk, participants="persons", target={"default": 1_000}, steps=[_step(10_000, 50)])
    desk.invoice("1", 100, person=" Ewa ")
    desk.invoice("2", 60, person="Jan")
    desk.invoice("3", 40, person="ewa")
    desk.invoice("4", 500)
    autumn.bring_up()
    assert (autumn.was_paid(person="ewa"), autumn.was_paid(person="jan")) == (50, 0)
    assert autumn.standing(person="jan").value == 600_00


def test_a_reward_of_the_catalogue_waits_to_be_handed_over(desk: Desk) -> None:
    with pytest.raises(PromotionInvalid, match="no reward is called 'bike'"):
        Running(desk, steps=[{"reach": 10_000, "reward": {"reward": "bike"}}])
    _reward(desk, "bike")
    autumn = Running(desk, steps=[{"reach": 10_000, "reward": {"reward": "bike"}}])
    desk.invoice("1", 5_000)
    autumn.bring_up()
    assert [one.reward_code for one in desk.rows(PromotionGift)] == ["bike"]
    desk.credit("2", 1, corrects="1")
    autumn.bring_up()
    assert desk.rows(PromotionGift) == []


def test_what_the_programme_does_not_have_is_refused(desk: Desk) -> None:
    with pytest.raises(PromotionInvalid) as refused:
        Running(
            desk,
            scope={"distributor_groups": ["bronze"]},
            target={"default": "50000.005", "groups": {"iron": 1}, "distributors": {"D9": 1}},
        )
    assert refused.value.problems == [
        "scope.distributor_groups: no distributor group is called 'bronze'",
        "target.groups: no distributor group is called 'iron'",
        "target.distributors: no distributor is called 'D9'",
        "50000.005 has more decimals than the 2 of this programme's money",
    ]
    with pytest.raises(PromotionInvalid, match="above 0"):
        publishing.put_targets(desk.session, Running(desk).row, {desk.people["D1"]: -1}, actor="ann", now=NOW)


def _step(reach: int, points: int) -> dict[str, Any]:
    return {"reach": reach, "reward": {"points": points}}


def _reward(desk: Desk, code: str) -> None:
    put_rewards(desk.session, desk.program, [RewardRow(code, code.title(), 10)], actor="ann", now=NOW)

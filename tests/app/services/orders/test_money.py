"""Rewards for points and money: the points are reserved, the money comes in, and goes back for what is cancelled."""

from typing import Any

import pytest

from app.domain.rewards.reward_orders import PointsOf
from app.domain.rewards.reward_prices import Season
from app.domain.states import OrderState
from app.models.distributors import Distributor
from app.models.orders import RewardOrder
from app.services.ledger.ledger_check import proved
from app.services.orders import money, owing, placing
from app.services.orders.holding import NotNow, NotPaid, TakesNoPart
from app.services.orders.money import NoteWrong
from app.services.orders.owing import MoneyOf
from app.services.orders.placing import OrderRefused
from app.services.rewarding.rewards import RewardWrong
from tests.support.desk import Desk
from tests.support.programs import NOW
from tests.support.shop import ADDRESS, ANN, BEN, KEYS, Shop


@pytest.fixture
def shop(desk: Desk) -> Shop:
    desk.invoice("1", 600)
    made = Shop(desk.session, desk.program, desk.people["D1"])
    made.reward("tent", 500, cash_points=200, cash_minor=49_90, stock=5)
    return made


def order(shop: Shop, quantity: int = 2, **more: Any) -> int:
    tent = shop.row("tent").id
    said: dict[str, Any] = {"quantities": {tent: quantity}, "points": 200 * quantity, "cash_minor": 49_90 * quantity}
    said |= {"with_cash": frozenset({tent})} | more
    wanted = placing.Wanted("a key", address=ADDRESS, **said)
    return placing.place(
        *(shop.session, KEYS, shop.program, shop.distributor_id, wanted), user_id=0, actor=ANN, now=NOW
    )


def of(shop: Shop, order_id: int) -> MoneyOf:
    return owing.money_of(shop.session.get_one(RewardOrder, order_id), shop.lines(order_id))


def test_an_order_goes_on_once_its_money_came_in(shop: Shop) -> None:
    placed = order(shop)
    assert (shop.state(placed), shop.points_of(placed)) == (OrderState.WAITING, PointsOf(400, 0, 0))
    assert of(shop, placed).to_pay == 99_80
    by: dict[str, Any] = {"actor": BEN, "now": NOW}
    with pytest.raises(NotPaid):
        shop.approve(placed)
    with pytest.raises(NoteWrong):
        money.paid(shop.session, KEYS, shop.program, placed, note="4111 1111 1111 1111", **by)
    assert money.paid(shop.session, KEYS, shop.program, placed, note="transfer 7", **by) == 99_80
    with pytest.raises(NotNow):
        money.paid(shop.session, KEYS, shop.program, placed, note="", **by)
    assert shop.state(placed) is OrderState.APPROVED
    with pytest.raises(NotNow):
        money.repaid(shop.session, shop.program, placed, note="", **by)
    (line,) = shop.lines(placed)
    assert shop.cancel(placed, {line.id: 1}) == 200
    assert of(shop, placed) == MoneyOf(49_90, 99_80, 0)
    assert money.repaid(shop.session, shop.program, placed, note="back", **by) == 49_90
    shop.cancel(placed)
    assert money.repaid(shop.session, shop.program, placed, note="", **by) == 49_90
    assert (of(shop, placed).to_repay, shop.ledger_says(placed)) == (0, PointsOf(0, 0, 400))
    assert proved(shop.session) == []


def test_an_order_goes_on_when_all_that_costs_money_was_cancelled(shop: Shop) -> None:
    shop.reward("mug", 50, stock=5)
    tent, mug = shop.row("tent").id, shop.row("mug").id
    placed = order(shop, quantities={tent: 1, mug: 1}, points=250, cash_minor=49_90)
    money.go_on(shop.session, KEYS, shop.program, placed, now=NOW)
    assert shop.state(placed) is OrderState.WAITING, "its money is still to come"
    line = next(one for one in shop.lines(placed) if one.reward_id == tent)
    shop.cancel(placed, {line.id: 1})
    money.go_on(shop.session, KEYS, shop.program, placed, now=NOW)
    assert shop.state(placed) is OrderState.APPROVED
    assert of(shop, placed) == MoneyOf(0, None, 0)
    money.go_on(shop.session, KEYS, shop.program, placed, now=NOW)
    assert proved(shop.session) == []


def test_what_was_cancelled_before_it_was_paid_is_not_paid(shop: Shop) -> None:
    placed = order(shop)
    (line,) = shop.lines(placed)
    shop.cancel(placed, {line.id: 1})
    assert of(shop, placed).to_pay == 49_90
    shop.cancel(placed)
    with pytest.raises(NotNow):
        money.paid(shop.session, KEYS, shop.program, placed, note="", actor=BEN, now=NOW)


def test_the_price_is_the_one_that_was_seen(shop: Shop) -> None:
    for wrong in ({"cash_minor": 0}, {"points": 399}, {"with_cash": frozenset()}):
        with pytest.raises(OrderRefused) as refused, shop.session.begin_nested():
            order(shop, **wrong)
        assert [one.code for one in refused.value.problems] == ["price"]
    season = Season(150, NOW.date(), NOW.date(), NOW.date())
    shop.reward("tent", 500, seasons=[season])
    assert shop.offers()["tent"].mixed is None, "in its season it takes fewer points without any money"
    with pytest.raises(RewardWrong, match="half_in_cash"):
        shop.reward("half", 500, cash_points=200)


def test_above_the_limit_somebody_approves_what_is_paid(shop: Shop) -> None:
    shop.program.rewards = {"approve_above": "10.00"}
    placed = order(shop)
    money.paid(shop.session, KEYS, shop.program, placed, note="", actor=BEN, now=NOW)
    assert shop.state(placed) is OrderState.WAITING
    shop.approve(placed)
    assert shop.state(placed) is OrderState.APPROVED


def test_an_order_whose_money_is_cancelled_is_approved_without(shop: Shop) -> None:
    shop.reward("mug", 50)
    tent, mug = shop.row("tent").id, shop.row("mug").id
    placed = order(shop, 1, quantities={tent: 1, mug: 1}, points=250)
    with_money = next(line for line in shop.lines(placed) if line.reward_id == tent)
    shop.cancel(placed, {with_money.id: 1})
    shop.approve(placed)
    assert shop.state(placed) is OrderState.APPROVED
    assert (of(shop, placed), shop.session.get_one(RewardOrder, placed).cash_minor) == (MoneyOf(0, None, 0), 0)


def test_what_a_blocked_distributor_pays_waits(shop: Shop) -> None:
    placed = order(shop)
    who = shop.session.get_one(Distributor, shop.distributor_id)
    who.blocked = True
    shop.session.flush()
    money.paid(shop.session, KEYS, shop.program, placed, note="", actor=BEN, now=NOW)
    assert shop.state(placed) is OrderState.WAITING
    with pytest.raises(TakesNoPart):
        shop.approve(placed)
    who.blocked = False
    shop.session.flush()
    shop.approve(placed)
    assert shop.state(placed) is OrderState.APPROVED


def test_money_of_a_piece_that_came_back_is_given_back(shop: Shop) -> None:
    placed = order(shop)
    by: dict[str, Any] = {"actor": BEN, "now": NOW}
    money.paid(shop.session, KEYS, shop.program, placed, note="", **by)
    shop.ordered(placed)
    shop.deliver(placed)
    (line,) = shop.lines(placed)
    shop.come_back(placed, {line.id: 1})
    assert (of(shop, placed).to_repay, shop.points_of(placed)) == (49_90, PointsOf(0, 200, 200))
    assert money.repaid(shop.session, shop.program, placed, note="", **by) == 49_90

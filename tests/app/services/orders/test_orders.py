"""Orders: placed once, approved by value, moved on, called off in part, and always clean in the ledger (rules.md 8)."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.rewards.draws import keeps, winners
from app.domain.rewards.reward_orders import PointsOf
from app.domain.rewards.reward_prices import Season
from app.domain.states import OrderState, TransactionKind
from app.models.distributors import Distributor
from app.services.ledger import ledger_check
from app.services.orders.holding import NoCodes, NotNow, OrderError, SamePerson, TakesNoPart
from app.services.orders.placing import OrderRefused
from app.services.participants import distributors
from app.services.rewarding import draws, rewards, vouchers
from app.services.tracing import chain
from tests.support.desk import Desk, Opening, Standing
from tests.support.programs import NOW
from tests.support.shop import ANN, BEN, DISCOUNT, DONATION, DRAW, KEYS, VOUCHER, Shop

RESERVE, CANCEL, SETTLE = TransactionKind.RESERVE, TransactionKind.CANCEL, TransactionKind.SETTLE


@pytest.fixture
def shop(desk: Desk) -> Shop:
    desk.invoice("1", 600)
    desk.invoice("2", 400)
    return Shop(desk.session, desk.program, desk.people["D1"])


def refusals(error: pytest.ExceptionInfo[OrderRefused]) -> list[tuple[str, int | None]]:
    return [(one.code, one.left) for one in error.value.problems]


def test_an_order_goes_from_the_basket_to_the_door(desk: Desk, shop: Shop) -> None:
    shop.reward("mug", 100, stock=5)
    order = shop.order({"mug": 2})
    assert (shop.state(order), shop.row("mug").stock) == (OrderState.APPROVED, 3)
    assert desk.points() == Standing(0, available=800, reserved=200)
    shop.ordered(order)
    shop.ship(order)
    assert shop.state(order) is OrderState.SHIPPED
    shop.deliver(order)
    assert shop.state(order) is OrderState.DELIVERED
    assert desk.points() == Standing(0, available=800, reserved=0)
    assert (desk.balance().spent, shop.points_of(order)) == (200, PointsOf(0, 200, 0))
    with pytest.raises(NotNow):
        shop.cancel(order)


def test_a_part_is_called_off_and_its_points_are_back_in_their_lots(desk: Desk, shop: Shop) -> None:
    shop.reward("tent", 350, stock=2)
    order = shop.order({"tent": 2})
    assert desk.left() == [0, 300]
    (line,) = shop.lines(order)
    assert shop.cancel(order, {line.id: 1}) == 350
    assert desk.left() == [250, 400], "what can be spent longest comes back first"
    assert (shop.row("tent").stock, shop.points_of(order)) == (1, PointsOf(350, 0, 350))
    shop.ordered(order)
    shop.ship(order)
    shop.deliver(order)
    assert shop.ledger_says(order) == PointsOf(0, 350, 350)
    moved = [one for kind in (RESERVE, CANCEL, SETTLE) for one in desk.transactions(kind)]
    told = chain.movements(desk.session, [one.id for one in moved])
    assert {one.kind: one.name for one in told.values()} == dict.fromkeys((RESERVE, CANCEL, SETTLE), "Reward tent")


def test_who_presses_twice_orders_once(desk: Desk, shop: Shop) -> None:
    shop.reward("mug", 100)
    assert shop.order({"mug": 1}, key="once") == shop.order({"mug": 1}, key="once")
    assert desk.points().reserved == 100


def test_what_is_in_the_way_is_told_together(shop: Shop) -> None:
    shop.reward("mug", 100, stock=1)
    shop.reward("cap", 100, per_person=2)
    shop.order({"cap": 1})
    with pytest.raises(OrderRefused) as error:
        shop.order({"mug": 2, "cap": 2})
    assert sorted(refusals(error)) == [("limit", 1), ("stock", 1)]
    shop.reward("car", 5_000)
    with pytest.raises(OrderRefused) as error:
        shop.order({"car": 1})
    assert refusals(error) == [("points", 4_100)]
    with pytest.raises(OrderRefused) as error:
        shop.order({"mug": 1}, points=99)
    assert refusals(error) == [("price", 100)], "the price moved since it was looked at"
    with pytest.raises(OrderRefused) as error:
        shop.order({"mug": 1}, address={"name": "Ann"})
    assert refusals(error) == [("address", None)]
    with pytest.raises(OrderRefused) as error:
        shop.order({"mug": 1}, address={**shop_address(), "phone": "4242 4242 4242 4242"})
    assert refusals(error) == [("card_number", None)]


def shop_address() -> dict[str, str]:
    return {"name": "Ann", "street": "Long 1", "postal_code": "1", "city": "Warszawa"}


def test_a_family_is_limited_together_and_each_of_it_has_its_stock(shop: Shop) -> None:
    for code, stock in (("jacket-m", 1), ("jacket-l", 9)):
        shop.reward(code, 100, stock=stock, family="Jacket", variant=code[-1], per_person=3)
    with pytest.raises(OrderRefused) as error:
        shop.order({"jacket-m": 2, "jacket-l": 2})
    assert refusals(error) == [("limit", 3)], "said once of the family"
    assert [one.reward for one in error.value.problems] == ["Jacket"]
    with pytest.raises(OrderRefused) as error:
        shop.order({"jacket-m": 2, "jacket-l": 1})
    assert refusals(error) == [("stock", 1)]
    order = shop.order({"jacket-m": 1, "jacket-l": 1})
    assert [shop.row(code).stock for code in ("jacket-m", "jacket-l")] == [0, 8]
    assert {code: one.left for code, one in shop.offers().items()} == {"jacket-m": 0, "jacket-l": 1}
    shop.cancel(order)
    assert [shop.row(code).stock for code in ("jacket-m", "jacket-l")] == [1, 9]
    assert {code: one.left for code, one in shop.offers().items()} == {"jacket-m": 1, "jacket-l": 3}


def test_above_the_limit_another_person_approves(open_desk: Opening) -> None:
    desk = open_desk(rewards={"approve_above": "20.00"})
    desk.invoice("1", 1_000)
    shop = Shop(desk.session, desk.program, desk.people["D1"])
    shop.reward("mug", 100)
    assert shop.state(shop.order({"mug": 2})) is OrderState.APPROVED, "20.00 is not above it"
    order = shop.order({"mug": 3})
    assert shop.state(order) is OrderState.WAITING
    with pytest.raises(NotNow):
        shop.ordered(order, [shop.lines(order)[0].id])
    with pytest.raises(SamePerson):
        shop.approve(order, actor=ANN.upper())
    shop.approve(order)
    assert shop.state(order) is OrderState.APPROVED
    with pytest.raises(NotNow):
        shop.approve(order)


def test_what_was_ordered_stays_what_it_was_whatever_the_reward_becomes(open_desk: Opening) -> None:
    desk = open_desk(rewards={"approve_above": "1.00"})
    desk.invoice("1", 1_000)
    shop = Shop(desk.session, desk.program, desk.people["D1"])
    shop.reward("mug", 100)
    order = shop.order({"mug": 2})
    shop.row("mug").kind = DONATION
    desk.session.flush()
    shop.approve(order)
    assert shop.state(order) is OrderState.APPROVED, "goods are sent; only what nobody sends is handed out at once"
    shop.ordered(order)
    shop.ship(order)
    shop.deliver(order)
    assert shop.state(order) is OrderState.DELIVERED


def test_an_order_of_somebody_blocked_since_is_not_approved_and_can_be_cancelled(open_desk: Opening) -> None:
    desk = open_desk(rewards={"approve_above": "1.00"})
    desk.invoice("1", 1_000)
    shop = Shop(desk.session, desk.program, desk.people["D1"])
    shop.reward("mug", 100)
    order = shop.order({"mug": 2})
    desk.session.get_one(Distributor, desk.people["D1"]).blocked = True
    with pytest.raises(TakesNoPart):
        shop.approve(order)
    assert shop.state(order) is OrderState.WAITING
    assert shop.cancel(order) == 200


def test_whoever_ordered_calls_off_until_it_is_ordered_at_the_supplier(desk: Desk, shop: Shop) -> None:
    shop.reward("mug", 100)
    first, second = shop.order({"mug": 1}), shop.order({"mug": 1})
    assert shop.cancel(first, by_owner=True) == 100
    shop.ordered(second)
    with pytest.raises(NotNow):
        shop.cancel(second, by_owner=True)
    assert shop.cancel(second) == 100
    assert desk.points() == Standing(0, available=1_000, reserved=0)


def test_codes_are_given_once_and_shown_with_their_order_alone(shop: Shop) -> None:
    reward = shop.row("gift") if shop.reward("gift", 50, kind=VOUCHER) else None
    assert reward is not None
    with pytest.raises(OrderRefused) as error:
        shop.order({"gift": 1})
    assert refusals(error) == [("stock", 0)]
    new = [vouchers.NewCode("AAA-1"), vouchers.NewCode("AAA-2", dt.date(2027, 12, 31)), vouchers.NewCode(" AAA-1 ")]
    assert vouchers.take_in(shop.session, KEYS, reward, new, actor=ANN, now=NOW) == 2
    assert vouchers.take_in(shop.session, KEYS, reward, new, actor=ANN, now=NOW) == 0
    order = shop.order({"gift": 2}, address=None)
    assert shop.state(order) is OrderState.DELIVERED, "nobody sends anything"
    (given,) = vouchers.of_order(shop.session, KEYS, order).values()
    assert [(one.code, one.usable_until) for one in given] == [("AAA-1", None), ("AAA-2", "2027-12-31")]
    assert shop.offers()["gift"].left == 0
    assert shop.ledger_says(order) == PointsOf(0, 100, 0)


def test_a_code_whose_last_day_is_over_is_given_to_nobody(shop: Shop) -> None:
    shop.reward("gift", 50, kind=VOUCHER)
    gift, today = shop.row("gift"), NOW.date()
    brought = [vouchers.NewCode("OVER", today - dt.timedelta(days=1)), vouchers.NewCode("LAST", today)]
    assert vouchers.take_in(shop.session, KEYS, gift, brought, actor=ANN, now=NOW) == 2
    assert vouchers.supply(shop.session, gift.id, today) == vouchers.Supply(given=0, left=1)
    assert shop.offers()["gift"].left == 1
    with pytest.raises(OrderRefused) as error:
        shop.order({"gift": 2})
    assert refusals(error) == [("stock", 1)]
    ((code,),) = vouchers.of_order(shop.session, KEYS, shop.order({"gift": 1}, address=None)).values()
    assert code.code == "LAST"


def test_an_order_whose_codes_have_ended_waits_for_others(open_desk: Opening) -> None:
    desk = open_desk(rewards={"approve_above": "1.00"})
    desk.invoice("1", 1_000)
    shop = Shop(desk.session, desk.program, desk.people["D1"])
    shop.reward("gift", 50, kind=VOUCHER)
    said = {"actor": ANN, "now": NOW}
    vouchers.take_in(shop.session, KEYS, shop.row("gift"), [vouchers.NewCode("OVER", NOW.date())], **said)
    order, tomorrow = shop.order({"gift": 1}, address=None), NOW + dt.timedelta(days=1)
    with pytest.raises(NoCodes):
        shop.approve(order, now=tomorrow)
    vouchers.take_in(shop.session, KEYS, shop.row("gift"), [vouchers.NewCode("NEW")], **said)
    shop.approve(order, now=tomorrow)
    ((code,),) = vouchers.of_order(shop.session, KEYS, order).values()
    assert code.code == "NEW"


def test_a_discount_comes_with_a_code_that_is_used_for_a_purchase_once(shop: Shop) -> None:
    shop.reward("ten", 50, kind=DISCOUNT, discount_bp=1_000)
    order = shop.order({"ten": 1}, address=None)
    ((code,),) = vouchers.of_order(shop.session, KEYS, order).values()
    found = vouchers.discount_of(shop.session, KEYS, shop.program.id, code.code.lower())
    assert found is not None
    assert (found.name, found.order.id, found.used_for) == ("Reward ten", order, None)
    shop.reward("ten", 50, name="Now less", kind=DISCOUNT, discount_bp=500)
    found = vouchers.discount_of(shop.session, KEYS, shop.program.id, code.code)
    assert found is not None
    assert (found.name, found.share_bp, found.goods) == ("Reward ten", 1_000, None), "what was bought stays"
    assert vouchers.discount_of(shop.session, KEYS, shop.program.id, "NOT-A-CODE") is None

    def use(text: str) -> Any:
        said: dict[str, Any] = {"document": "FV/9", "actor": BEN, "now": NOW}
        return vouchers.use(shop.session, KEYS, shop.program.id, text, **said)

    use(code.code)
    for none in (code.code, "NOT-A-CODE"):
        with pytest.raises(vouchers.NoSuchDiscount):
            use(none)
    ((used,),) = vouchers.of_order(shop.session, KEYS, order).values()
    assert used.used_for == "FV/9"


def test_a_donation_is_ordered_and_done_without_an_address(shop: Shop) -> None:
    shop.reward("school", 250, kind=DONATION)
    order = shop.order({"school": 1}, address=None)
    shop.ordered(order)
    with pytest.raises(NotNow):
        shop.ship(order)
    shop.deliver(order)
    assert shop.ledger_says(order) == PointsOf(0, 250, 0)


def test_a_draw_keeps_its_promise_and_anybody_can_check_it(shop: Shop) -> None:
    shop.reward("ticket", 10, kind=DRAW)
    assert "ticket" not in shop.offers(), "no seed is promised yet"
    reward = shop.row("ticket")
    draw = draws.prepare(shop.session, KEYS, reward, 2, actor=ANN, now=NOW)
    promised = draw.promised_hash
    order = shop.order({"ticket": 5}, address=None)
    with pytest.raises(draws.DrawError, match="still_offered"):
        draws.draw(shop.session, KEYS, shop.program, reward, actor=ANN, now=NOW)
    rewards.offer(shop.session, reward.id, offered=False, actor=ANN, now=NOW)
    won = draws.draw(shop.session, KEYS, shop.program, reward, actor=ANN, now=NOW)
    assert draw.seed is not None
    assert keeps(draw.seed, promised.hex())
    assert [str(one.number) for one in won] == winners(draw.seed, ["1", "2", "3", "4", "5"], 2)
    assert {place for _, place in draws.of_order(shop.session, order)[shop.lines(order)[0].id] if place} == {1, 2}
    with pytest.raises(draws.DrawError, match="drawn_before"):
        draws.draw(shop.session, KEYS, shop.program, reward, actor=ANN, now=NOW)


def test_a_season_has_its_own_price_and_is_announced(shop: Shop) -> None:
    today = NOW.date()
    week = dt.timedelta(days=7)
    shop.reward("mug", 100, seasons=[Season(80, today + week, today + 2 * week)])
    price = shop.offers()["mug"].price
    assert (price.points, price.saved) == (100, 0)
    assert price.coming is not None
    assert price.coming.points == 80
    in_season = NOW + week
    price = shop.offers(now=in_season)["mug"].price
    assert (price.points, price.regular, price.saved) == (80, 100, 20)
    order = shop.order({"mug": 1}, now=in_season)
    assert shop.lines(order)[0].priced["regular"] == 100
    assert shop.lines(order)[0].unit_points == 80


def test_a_season_begins_and_ends_at_midnight_where_the_programme_is(desk: Desk, shop: Shop) -> None:
    day = NOW.date() + dt.timedelta(days=7)
    shop.reward("mug", 100, seasons=[Season(80, day, day)])
    begins = dt.datetime.combine(day, dt.time(), dt.UTC) - dt.timedelta(hours=1)  # midnight in Warsaw
    second, found = dt.timedelta(seconds=1), []
    for moment in (begins - second, begins, begins + dt.timedelta(days=1) - second, begins + dt.timedelta(days=1)):
        order = shop.order({"mug": 1}, now=moment)
        found.append(shop.lines(order)[0].unit_points)
    assert found == [100, 80, 80, 100]


def test_a_reward_is_seen_by_those_it_is_for(desk: Desk, shop: Shop) -> None:
    groups = distributors.group_ids(desk.session, desk.program.id)
    shop.reward("mug", 100, group_ids=[groups["gold"]])
    assert "mug" not in shop.offers()
    desk.session.get_one(Distributor, desk.people["D1"]).group_id = groups["gold"]
    desk.session.flush()
    assert "mug" in shop.offers()
    with pytest.raises(OrderRefused):
        shop.order({"mug": 1}, distributor_id=desk.people["D2"])


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["place", "approve", "ordered", "ship", "deliver", "cancel", "part", "back"]),
        st.integers(0, 3),
        st.integers(1, 3),
    ),
    max_size=12,
)


@pytest.fixture
def busy(open_desk: Opening) -> Desk:
    """A desk where orders above 25.00 are approved, and points are in two lots that expire."""
    desk = open_desk(rewards={"approve_above": "25.00"}, program={"expiry": {"months_after_award": 24}})
    desk.invoice("1", 500)
    desk.invoice("2", 300)
    return desk


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_whatever_is_done_to_orders_the_ledger_stays_clean(busy: Desk, moves: list[tuple[str, int, int]]) -> None:
    before = busy.session.begin_nested()
    shop = Shop(busy.session, busy.program, busy.people["D1"])
    shop.reward("mug", 90, stock=6)
    shop.reward("school", 70, kind=DONATION)
    placed: list[int] = []
    for move, which, count in moves:
        try:
            with busy.session.begin_nested():
                _do(shop, placed, move, which, count)
        except (OrderError, OrderRefused):
            continue
    mugs = sum(line.quantity - line.cancelled for one in placed for line in shop.lines(one) if line.unit_points == 90)
    assert shop.row("mug").stock == 6 - mugs
    for one in placed:
        said = shop.points_of(one)
        assert said == shop.ledger_says(one)
        assert said.all == sum(line.quantity * line.unit_points for line in shop.lines(one))
    assert busy.points().reserved == sum(shop.points_of(one).reserved for one in placed)
    assert ledger_check.proved(busy.session) == []
    before.rollback()


def _do(shop: Shop, placed: list[int], move: str, which: int, count: int) -> Any:
    if move == "place":
        placed.append(shop.order({"mug": count, **({"school": which} if which else {})}))
    elif placed:
        order = placed[which % len(placed)]
        if move in ("part", "back"):
            line = shop.lines(order)[count % len(shop.lines(order))]
            less = shop.cancel if move == "part" else shop.come_back
            return less(order, {line.id: min(count, line.quantity)})
        return getattr(shop, move)(order)
    return None

"""What was delivered comes back: the points to their lots, wherever those are, the pieces to the stock, once."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.domain.rewards.reward_orders import PointsOf
from app.domain.states import OrderState, OrderWord, TransactionKind
from app.models.ledger import Lot
from app.models.messages import Notice
from app.models.orders import OrderEvent, OrderLine, VoucherCode
from app.services.ledger import ledger_check
from app.services.orders.holding import NotNow
from app.services.rewarding import vouchers
from app.services.tracing import chain
from tests.support.desk import Desk, Opening, Standing
from tests.support.programs import NOW
from tests.support.shop import DONATION, KEYS, VOUCHER, Shop


@pytest.fixture
def shop(desk: Desk) -> Shop:
    desk.invoice("1", 600)
    desk.invoice("2", 400)
    return Shop(desk.session, desk.program, desk.people["D1"])


def delivered(shop: Shop, baskets: dict[str, int]) -> tuple[int, list[OrderLine]]:
    order = shop.order(baskets)
    shop.ordered(order)
    shop.deliver(order)
    return order, shop.lines(order)


def test_pieces_come_back_one_by_one_and_their_points_to_the_lots_they_came_from(desk: Desk, shop: Shop) -> None:
    shop.reward("tent", 350, stock=2)
    order, (line,) = delivered(shop, {"tent": 2})
    assert (desk.left(), desk.balance().spent) == ([0, 300], 700)
    assert shop.come_back(order, {line.id: 1}) == 350
    assert desk.left() == [250, 400], "what can be spent longest comes back first"
    assert shop.state(order) is OrderState.DELIVERED
    assert (shop.row("tent").stock, shop.points_of(order)) == (1, PointsOf(0, 350, 350))
    assert shop.come_back(order, {line.id: 1}, into_stock=False) == 350
    assert (desk.left(), desk.balance().spent) == ([600, 400], 0)
    assert (shop.state(order), shop.row("tent").stock) == (OrderState.CANCELLED, 1)
    assert shop.ledger_says(order) == shop.points_of(order) == PointsOf(0, 0, 700)
    (again,) = shop.lines(order)
    assert (again.cancelled, again.returned) == (2, 2)
    words = desk.session.scalars(select(OrderEvent.word).where(OrderEvent.order_id == order, OrderEvent.line_id > 0))
    assert list(words)[-2:] == [OrderWord.RETURNED, OrderWord.RETURNED]
    with pytest.raises(NotNow):
        shop.come_back(order, {line.id: 1})
    assert ledger_check.proved(desk.session) == []


def test_each_movement_is_told_by_the_reward_that_came_back(desk: Desk, shop: Shop) -> None:
    shop.reward("tent", 350)
    order, (line,) = delivered(shop, {"tent": 2})
    shop.come_back(order, {line.id: 2})
    (refund,) = desk.transactions(TransactionKind.REFUND)
    assert chain.movements(desk.session, [refund.id])[refund.id].name == "Reward tent"
    kind, parts = desk.session.execute(select(Notice.kind, Notice.parts).order_by(Notice.id.desc()).limit(1)).one()
    assert (kind, parts["points"], parts["reason"]) == ("order_returned", 700, "too small")


def test_only_what_was_delivered_and_can_be_sent_back_comes_back_and_no_more_than_came(shop: Shop) -> None:
    shop.reward("mug", 100)
    shop.reward("school", 50, kind=DONATION)
    order = shop.order({"mug": 2, "school": 1})
    mug, school = sorted(shop.lines(order), key=lambda line: line.name != "Reward mug")
    shop.ordered(order, [school.id])
    shop.deliver(order, [school.id])
    for pieces in ({mug.id: 1}, {school.id: 1}, {}, {mug.id: 0}):
        with pytest.raises(NotNow):
            shop.come_back(order, pieces)
    shop.cancel(order, {mug.id: 1})
    shop.ordered(order, [mug.id])
    shop.deliver(order, [mug.id])
    for count in (2, -1):
        with pytest.raises(NotNow):
            shop.come_back(order, {mug.id: count})
    with pytest.raises(LookupError):
        shop.come_back(order, {0: 1})
    assert shop.come_back(order, {mug.id: 1}) == 100
    assert shop.lines(order)[0].returned + shop.lines(order)[1].returned == 1


def test_a_voucher_whose_code_was_refused_comes_back_and_its_code_is_given_to_nobody(desk: Desk, shop: Shop) -> None:
    """Whoever had bought a code that no shop took had lost its points."""
    card = shop.reward("card", 100, kind=VOUCHER, stock=5)
    codes = [vouchers.NewCode(one) for one in ("AAA", "BBB", "CCC")]
    vouchers.take_in(desk.session, KEYS, shop.row("card"), codes, actor="ben", now=NOW)
    order = shop.order({"card": 2})
    (line,) = shop.lines(order)
    before = desk.balance().spent
    assert shop.come_back(order, {line.id: 1}) == 100
    assert (desk.balance().spent, shop.row("card").stock) == (before - 100, 3), "the code is no piece of a stock"
    given = select(VoucherCode.line_id).where(VoucherCode.reward_id == card).order_by(VoucherCode.id)
    assert list(desk.session.scalars(given)) == [line.id, line.id, None]
    assert shop.come_back(order, {line.id: 1}) == 100
    assert (shop.state(order), desk.balance().spent) == (OrderState.CANCELLED, before - 200)
    assert ledger_check.proved(desk.session) == []


def test_what_comes_back_to_a_lot_that_has_ended_has_the_programmes_grace(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1, "grace_days": 10}})
    desk.invoice("1", 500)
    shop = Shop(desk.session, desk.program, desk.people["D1"])
    shop.reward("mug", 100)
    order, (line,) = delivered(shop, {"mug": 2})
    later = NOW + dt.timedelta(days=90)
    shop.come_back(order, {line.id: 2}, now=later)
    (lot,) = desk.session.scalars(select(Lot).execution_options(populate_existing=True)).all()
    assert (lot.remaining, lot.expires_on) == (200, later.date() + dt.timedelta(days=10)), "the rest expired"
    assert desk.points() == Standing(0, available=200, reserved=0)
    assert ledger_check.proved(desk.session) == []


def test_what_somebody_owes_is_paid_off_first(desk: Desk, shop: Shop) -> None:
    shop.reward("tent", 350)
    order, (line,) = delivered(shop, {"tent": 2})
    desk.adjust(-400)
    assert desk.points().available == -100
    shop.come_back(order, {line.id: 1})
    assert (desk.points().available, desk.left()) == (250, [250, 0])
    assert ledger_check.proved(desk.session) == []

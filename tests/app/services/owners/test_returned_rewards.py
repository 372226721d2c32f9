"""A delivered reward comes back after its points' wallet moved: they go where they would be, had nobody spent them."""

import pytest
from sqlalchemy import select

from app.domain.states import OrderState, Unit
from app.models.ledger import Account
from app.models.orders import OrderLine
from app.services.ledger import ledger_check
from app.services.owners import pools
from app.services.placing import tiers
from tests.app.services.owners.conftest import Meeting
from tests.support.desk import Desk
from tests.support.shop import Shop


def delivered(desk: Desk, who: str) -> tuple[Shop, int, OrderLine]:
    shop = Shop(desk.session, desk.program, desk.people[who])
    shop.reward("tent", 300)
    order = shop.order({"tent": 2})
    shop.ordered(order)
    shop.deliver(order)
    return shop, order, shop.lines(order)[0]


def test_points_of_who_was_merged_come_back_to_the_survivor(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 1_000)
    shop, order, line = delivered(desk, "D1")
    owners.merge("D1", "D2")
    shop.come_back(order, {line.id: 1})
    assert (desk.points("D1").available, desk.points("D2").available) == (0, 700)
    shop.come_back(order, {line.id: 1})
    assert (desk.points("D2").available, shop.state(order)) == (1_000, OrderState.CANCELLED)
    assert ledger_check.proved(desk.session) == []


def test_points_spent_before_a_pool_come_back_into_it_and_stay_whose_they_are(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 1_000)
    desk.invoice("2", 50, who="D2")
    shop, order, line = delivered(desk, "D1")
    pool = owners.pool("D2", "D1")
    shop.come_back(order, {line.id: 2})
    assert desk.points("D2").available == 1_050
    assert ledger_check.proved(desk.session) == []
    owners.leave(pool, "D1")
    assert (desk.points("D1").available, desk.points("D2").available) == (1_000, 50)
    assert ledger_check.proved(desk.session) == []


def test_what_a_member_of_a_pool_spent_and_gave_back_is_no_spending_of_it(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 1_000)
    desk.invoice("2", 500, who="D2")
    pool = owners.pool("D2", "D1", spending="members")
    shop, order, line = delivered(desk, "D1")
    shop.come_back(order, {line.id: 1})
    spent = {one.code: (one.earned, one.spent) for one in pools.contributions(desk.session, pool)}
    assert spent == {"D1": (1_000, 300), "D2": (500, 0)}
    assert desk.points("D2").available == 1_200
    assert ledger_check.proved(desk.session) == []


@pytest.mark.parametrize("end", ["cancelled", "returned"])
def test_what_comes_back_takes_no_room_of_points_that_moved_before(open_owners: Meeting, end: str) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 1_000)
    shop, first, line = delivered(desk, "D1")
    pool = owners.pool("D2", "D1", spending="members")
    shop.reward("boat", 400)
    second = shop.order({"boat": 1})
    assert desk.points("D2").available == 0
    if end == "returned":
        shop.ordered(second)
        shop.deliver(second)
    shop.come_back(first, {line.id: 1})
    if end == "returned":
        shop.come_back(second, {shop.lines(second)[0].id: 1})
    else:
        shop.cancel(second)
    assert desk.points("D2").available == 700
    assert ledger_check.proved(desk.session) == []
    owners.leave(pool, "D1")
    assert (desk.points("D1").available, desk.points("D2").available) == (700, 0)
    assert ledger_check.proved(desk.session) == []


def test_what_came_back_counts_as_spent_with_nobody(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 1_000)
    shop, order, line = delivered(desk, "D1")
    owners.merge("D1", "D2")
    assert gone(desk) == {"D1": 0, "D2": 600}
    shop.come_back(order, {line.id: 1})
    assert gone(desk) == {"D1": 0, "D2": 300}
    shop.come_back(order, {line.id: 1})
    assert gone(desk) == {"D1": 0, "D2": 0}


def gone(desk: Desk) -> dict[str, int]:
    """Give what of everybody's points counts as spent, for the share of a tier."""
    of = {desk.people[who]: who for who in ("D1", "D2")}
    found = select(Account.distributor_id, tiers.GONE).where(
        Account.distributor_id.in_(of), Account.unit == Unit.POINTS
    )
    return {of[owner]: left for owner, left in desk.session.execute(found) if owner is not None}

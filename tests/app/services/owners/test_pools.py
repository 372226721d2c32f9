"""Distributors that share one balance, and what is theirs when they join and leave."""

import datetime as dt
from typing import Any

import pytest

from app.domain.states import TransactionKind, Unit
from app.models.ledger import Lot
from app.services.access.keys import Keys
from app.services.occasions import events
from app.services.orders import placing
from app.services.owners import pools
from app.services.owners.errors import OwnersError
from app.services.tracing import balances
from tests.app.services.owners.conftest import Meeting, Owners
from tests.app.services.promotions.running import Running
from tests.support.desk import CREDIT, IN_REVIEW, TODAY, Opening, Standing
from tests.support.programs import BASE_RULE, NOW
from tests.support.shop import ADDRESS, Shop
from verification.deciding import decisions


def test_members_share_one_balance_and_each_movement_says_whose_it_is(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    desk.invoice("2", 4, who="D2")
    pool = owners.pool("D1", "D2")
    assert desk.points("D1") == desk.points("D2") == Standing(0, 9)
    desk.invoice("3", 3, who="D2")
    desk.adjust(-2, who="D2")
    assert desk.points("D1") == Standing(0, 10)
    lines = balances.statement(desk.session, desk.people["D2"], Unit.POINTS)
    assert [(one.available, one.whose) for one in lines] == [
        (-2, None),
        (3, "Distributor D2"),
        (4, "Distributor D2"),
        (5, None),
    ]
    told = {one.code: one.earned for one in pools.contributions(desk.session, pool)}
    assert told == {"D1": 3, "D2": 7}


def test_whoever_leaves_takes_what_is_left_of_what_it_earned_or_leaves_it(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    pool = owners.pool("D1", "D2", "D3")
    desk.invoice("2", 4, who="D2")
    desk.invoice("3", 3, who="D2", source=IN_REVIEW)
    desk.invoice("4", 2, who="D3")
    desk.settle(desk.reserve(6))  # all of D1's, and one of D2's
    look = pools.look_at_leaving(desk.session, desk.program, pool, desk.people["D2"])
    assert (look.available, look.pending) == (3, 3)
    assert owners.leave(pool, "D2") == 6
    assert owners.leave(pool, "D3", takes_own=False) == 0
    assert [desk.points(one) for one in ("D1", "D2", "D3")] == [Standing(0, 2), Standing(3, 3), Standing(0, 0)]
    desk.accept("3")
    assert desk.points("D2") == Standing(0, 6)
    desk.invoice("5", 1, who="D3")
    assert desk.points("D3") == Standing(0, 1)
    pools.close(desk.session, desk.program, pool, actor="ann", now=NOW)


def test_whoever_joined_by_a_clock_that_was_ahead_leaves_once_it_is_set_right(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5, who="D2")
    pool = owners.pool("D1")
    given: dict[str, Any] = {"actor": "ann"}
    pools.join(desk.session, desk.program, pool, desk.people["D2"], now=NOW + dt.timedelta(days=1), **given)
    pools.leave(desk.session, desk.program, pool, desk.people["D2"], takes_own=True, now=NOW, **given)
    assert (desk.points("D1"), desk.points("D2")) == (Standing(0, 0), Standing(0, 5))


def test_what_a_member_earned_before_is_released_refused_and_returned_where_its_points_are(
    open_owners: Meeting,
) -> None:
    desk, owners = open_owners()
    for number, points in (("1", 3), ("2", 4), ("3", 5)):
        desk.invoice(number, points, who="D2", source=IN_REVIEW if number != "3" else None)
    pool = owners.pool("D1", "D2")
    assert desk.points() == Standing(7, 5)
    desk.accept("1")
    desk.refuse("2")
    desk.credit("R", 2, who="D2", corrects="3")
    assert desk.points() == Standing(0, 6)
    desk.refuse("3")
    desk.refuse("R", CREDIT)
    assert desk.points() == Standing(0, 3)
    assert owners.leave(pool, "D2") == 3


def test_a_debt_is_the_pools_from_then_on(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5)
    desk.adjust(-7, who="D2")
    owners.pool("D1", "D2")
    assert desk.points() == Standing(0, -2)
    desk.invoice("2", 3, who="D2")
    assert (desk.points(), desk.left()) == (Standing(0, 1), [0, 1])


def test_an_account_that_leads_elsewhere_stays_empty(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    owners.pool("D1", "D2")
    desk.adjust(4, who="D2")
    assert desk.points("D1") == Standing(0, 4)
    assert desk.newest().kind is TransactionKind.ADJUST


def test_who_cannot_join_and_why(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 5, who="D2")
    desk.reserve(2, who="D2")
    pool = owners.pool("D1")
    for who, code in (("D2", "reserved"), ("D1", "in_a_pool")):
        with pytest.raises(OwnersError) as refused:
            owners.join(pool, who)
        assert refused.value.code == code
    owners.join(pool, "D3")
    with pytest.raises(OwnersError) as refused:
        pools.close(desk.session, desk.program, pool, actor="ann", now=NOW)
    assert refused.value.code == "has_members"


def test_what_an_event_gives_a_member_is_told_apart(open_desk: Opening) -> None:
    trained = {"code": "trained", "name": "Training", "kind": "event", "event": "training", "points": 5}
    desk = open_desk(earning_rules=[dict(BASE_RULE), trained])
    owners = Owners(desk)
    pool = owners.pool("D1", "D2")
    for who in ("D1", "D2"):
        events.happened(desk.session, desk.program.id, desk.people[who], "training", "a", TODAY, now=NOW)
    assert desk.points("D2") == Standing(0, 10)
    assert {one.code: one.earned for one in pools.contributions(desk.session, pool)} == {"D1": 5, "D2": 5}
    assert owners.leave(pool, "D2") == 5


def test_what_a_member_orders_is_its_own_doing(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.invoice("1", 9)
    pool = owners.pool("D1", "D2", spending="members")
    closed = owners.pool("D3")
    shop = Shop(desk.session, desk.program, desk.people["D2"])
    mug = shop.reward("mug", 4)
    wanted = placing.Wanted("a", {mug: 1}, 4, ADDRESS, "")
    given = (desk.session, Keys("a secret key of a test"), desk.program, desk.people["D2"], wanted)
    placing.place(*given, user_id=0, actor="eve", now=NOW)
    assert {one.code: one.spent for one in pools.contributions(desk.session, pool)} == {"D1": 0, "D2": 4}
    newest = balances.statement(desk.session, desk.people["D1"], Unit.POINTS)[0]
    assert (newest.available, newest.whose) == (-4, "Distributor D2")
    assert owners.leave(pool, "D2") == 0
    owners.join(closed, "D2")
    with pytest.raises(placing.OrderRefused) as refused:
        placing.place(*given[:4], placing.Wanted("b", {mug: 1}, 4, ADDRESS, ""), user_id=0, actor="eve", now=NOW)
    assert [one.code for one in refused.value.problems] == ["pool"]


def test_only_the_holder_spends_unless_the_pool_lets_members(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    owners.pool("D1", "D2")
    spends = {who: pools.may_spend(desk.session, desk.people[who]) for who in ("D1", "D2", "D3")}
    assert spends == {"D1": True, "D2": False, "D3": True}
    desk.invoice("1", 5)
    with pytest.raises(OwnersError) as refused:
        owners.ask("D2", "D3", 3)
    assert refused.value.code == "not_spending"


def test_a_promotion_takes_back_from_what_it_gave_wherever_that_is(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    desk.adjust(1_200, who="D2")
    autumn = Running(desk)
    desk.invoice("1", 5_000)
    assert autumn.paid() == 1_000
    owners.pool("D2", "D1")
    desk.credit("2", 1_001, corrects="1")
    assert autumn.paid() == 0
    assert desk.points("D2") == Standing(0, 1_200 + 3_999)
    left = sorted(one.remaining for one in desk.rows(Lot, account_id=desk.account("D2")))
    assert left == [0, 1_200, 3_999]


def test_what_a_pool_spent_of_a_sale_is_not_given_once_more_to_who_left(open_owners: Meeting) -> None:
    desk, owners = open_owners(returns="clamp")
    pool = owners.pool("D1", "D2")
    desk.invoice("1", 10, who="D2")
    desk.settle(desk.reserve(8))
    owners.leave(pool, "D2")
    assert (desk.points("D1").available, desk.points("D2").available) == (0, 2)
    desk.refuse("1")
    decisions.reopen(desk.session, desk.program, desk.document("1").id, reason="letter", actor="ben", now=NOW)
    desk.accept("1")
    assert (desk.points("D1").available, desk.points("D2").available) == (0, 2)


def test_what_had_expired_and_came_back_is_of_whoever_earned_it(open_owners: Meeting) -> None:
    desk, owners = open_owners(expiry={"months_after_award": 1})
    desk.adjust(4, who="D2")
    pool = owners.pool("D1", "D2")
    desk.invoice("1", 10, who="D2")
    desk.invoice("2", 3)
    later = NOW + dt.timedelta(days=60)
    desk.expire(later)
    for lot in desk.rows(Lot, account_id=desk.account("D1")):
        desk.reinstate(lot.id, dt.date(2027, 12, 31), now=later)
    assert desk.points("D1") == Standing(0, 17)
    assert owners.leave(pool, "D2", takes_own=True) == 14


@pytest.mark.parametrize("takes_own", [False, True])
def test_what_had_expired_in_a_pool_comes_back_to_it_though_whoever_earned_it_left(
    open_owners: Meeting, takes_own: bool
) -> None:
    desk, owners = open_owners(expiry={"months_after_award": 1})
    pool = owners.pool("D1", "D2")
    desk.invoice("1", 10, who="D2")
    (lot,) = desk.rows(Lot, account_id=desk.account("D1"))
    later = NOW + dt.timedelta(days=60)
    desk.expire(later)
    assert owners.leave(pool, "D2", takes_own=takes_own) == 0
    desk.reinstate(lot.id, dt.date(2027, 12, 31), now=later)
    assert (desk.points("D1").available, desk.points("D2").available) == (10, 0)
    owners.join(pool, "D2")
    assert owners.leave(pool, "D2", takes_own=True) == 10

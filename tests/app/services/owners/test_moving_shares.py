"""What was spent of points goes with them: a share that was redeemed is not redeemed again where they are now."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from app.models.ledger import Account
from app.services.ledger import ledger_check
from app.services.persons import opening
from app.services.placing import tiers
from app.services.rewarding.offers import Purse
from app.services.tiering import tier_judging
from tests.app.services.owners.conftest import Meeting, Owners
from tests.support.desk import Desk
from tests.support.programs import NOW

HALF = {"levels": [{"code": "all", "name": "All", "from": 1, "redeemable_bp": 5000}]}


@pytest.fixture
def half(open_owners: Meeting) -> Iterator[tuple[Desk, Owners]]:
    """A desk where everybody may redeem half of their points; D1 has 200, and redeemed all that it may of them."""
    desk, owners = open_owners(tiers=HALF)
    desk.invoice("1", 200)
    desk.invoice("2", 100, who="D2")
    desk.settle(desk.reserve(100))
    yield desk, owners
    assert ledger_check.proved(desk.session) == []


def left(desk: Desk, *who: str) -> list[int]:
    """Give what each may still redeem."""
    return [Purse(desk.session, desk.program, desk.people[one], NOW.date()).redeemable for one in who]


def test_all_that_was_spent_goes_with_whoever_is_merged(half: tuple[Desk, Owners]) -> None:
    desk, owners = half
    assert left(desk, "D1", "D2") == [0, 50]
    owners.merge("D1", "D2")
    assert left(desk, "D2") == [50], "of 300 half, less the 100 that were redeemed"


def test_who_has_spent_everything_is_merged_with_what_it_spent(open_owners: Meeting) -> None:
    desk, owners = open_owners(tiers=HALF)
    desk.invoice("2", 100, who="D2")
    desk.settle(desk.reserve(40, who="D2"))
    desk.adjust(-60, who="D2")
    desk.invoice("1", 100)
    owners.merge("D2", "D1")
    assert left(desk, "D1") == [30], "of 140 half, less the 40"
    assert ledger_check.proved(desk.session) == []


@pytest.mark.parametrize("points", [100, 60, 1])
def test_what_was_redeemed_of_points_is_redeemed_wherever_they_are_given(
    half: tuple[Desk, Owners], points: int
) -> None:
    desk, owners = half
    owners.give("D1", "D2", points)
    assert left(desk, "D1", "D2") == [0, 50]
    owners.give("D2", "D3", 100)
    assert sum(left(desk, "D1", "D2", "D3")) in (49, 50), "what is rounded down is no gain"


def test_what_may_still_be_redeemed_goes_in_proportion(open_owners: Meeting) -> None:
    desk, owners = open_owners(tiers=HALF)
    desk.invoice("1", 200)
    desk.settle(desk.reserve(50))
    assert left(desk, "D1") == [50]
    owners.give("D1", "D2", 90)
    assert left(desk, "D1", "D2") == [20, 30]


def test_points_of_who_redeemed_beyond_its_share_cost_the_receiver_nothing(open_owners: Meeting) -> None:
    desk, owners = open_owners(tiers=HALF)
    desk.invoice("1", 100)
    desk.invoice("2", 100, who="D2")
    desk.settle(desk.reserve(80))  # as somebody whose tier fell since
    owners.give("D1", "D2", 20)
    assert left(desk, "D1", "D2") == [0, 50]


def test_into_a_pool_all_goes_and_out_of_it_the_part_of_what_is_taken(half: tuple[Desk, Owners]) -> None:
    desk, owners = half
    pool = owners.pool("D2", "D1")
    assert left(desk, "D2") == [50]
    owners.leave(pool, "D1")
    assert desk.points("D1").available == 100
    assert left(desk, "D1", "D2") == [25, 25]


def test_what_a_wallet_carries_of_others_is_proved(half: tuple[Desk, Owners]) -> None:
    desk, owners = half
    owners.give("D1", "D2", 50)

    at = desk.session.begin_nested()
    desk.session.execute(update(Account).where(Account.id == desk.account("D2")).values(carried=0))
    problems = ledger_check.proved(desk.session)
    at.rollback()
    assert [one for one in problems if "carried" in one] == [
        f"programme {desk.program.id}: what wallets carried of what others spent sums to -50 in unit 1, not to zero"
    ]


STEPS = {
    "metric": "points",
    "levels": [
        {"code": "low", "name": "Low", "from": 0, "redeemable_bp": 2000},
        {"code": "high", "name": "High", "from": 100, "redeemable_bp": 10000},
    ],
}


def test_whoever_stays_beside_a_merged_company_is_in_the_tier_of_the_survivor(open_owners: Meeting) -> None:
    desk, owners = open_owners(tiers=STEPS, accounts={"shares": {"to": "shares", "person_bp": 5_000}})
    for company in ("D1", "D2"):
        given = (desk.session, desk.program, desk.people[company], "Ewa Kos")
        desk.people[f"{company}:P1"] = opening.open_account(*given, actor="ann", now=NOW)
    desk.invoice("1", 40, who="D2", person="Ewa Kos")
    tier_judging.judge(desk.session, desk.program, now=NOW)
    assert left(desk, "D2:P1") == [4], "a fifth of 20"
    desk.invoice("2", 200)
    owners.merge("D2", "D1")
    tier_judging.judge(desk.session, desk.program, now=NOW)
    assert left(desk, "D1", "D2:P1") == [220, 20]
    of = (desk.session, desk.people["D2:P1"], NOW.date())
    assert tiers.tier_of(*of) == "high"
    assert tiers.share_of_account(desk.session, desk.program, desk.account("D2:P1")) == 10_000

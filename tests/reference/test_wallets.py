"""What an account has, owes, spends and loses: worked out by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

import pytest

from tests.reference.by_hand import DAY
from tests.reference.ledger import CLAMP, NEGATIVE, RefusedError, Wallet, last_day

# ------------------------------------------------------------------------------------------------ 5, 6, 8. the wallet


def state(wallet: Wallet) -> dict[str, int]:
    """Show what is not zero."""
    wallet.check()
    names = ("earned", "spent", "expired", "adjusted", "pending", "available", "reserved", "debt")
    return {name: getattr(wallet, name) for name in names if getattr(wallet, name)}


def test_wallet_pending_is_released_or_voided() -> None:
    wallet = Wallet()
    first = wallet.award(10, pending=True)
    second = wallet.award(7, pending=True)
    assert state(wallet) == {"earned": 17, "pending": 17}
    assert wallet.release(first) == 10
    assert wallet.void(second) == 7
    assert state(wallet) == {"earned": 10, "available": 10}
    for again in (wallet.release, wallet.void):
        with pytest.raises(RefusedError):
            again(first)
    with pytest.raises(RefusedError):
        wallet.reverse(second, 1, DAY)


def test_wallet_spends_what_expires_first_then_the_oldest() -> None:
    wallet = Wallet()
    never = wallet.award(5)
    late = wallet.award(5, date(2025, 12, 31))
    soon = wallet.award(5, date(2025, 6, 30))
    soon_too = wallet.award(5, date(2025, 6, 30))
    wallet.spend(12, DAY)
    assert [wallet.lots[lot].free for lot in (soon, soon_too, late, never)] == [0, 0, 3, 5]
    assert state(wallet) == {"earned": 20, "spent": 12, "available": 8}
    with pytest.raises(RefusedError):
        wallet.spend(9, DAY)


def test_wallet_a_lot_can_be_spent_on_its_last_day_and_not_after() -> None:
    wallet = Wallet()
    wallet.award(5, date(2025, 3, 12))
    assert wallet.expire(date(2025, 3, 12)) == 0
    assert wallet.spendable(date(2025, 3, 12)) == 5
    assert wallet.spendable(date(2025, 3, 13)) == 0
    assert wallet.expire(date(2025, 3, 13)) == 5
    assert state(wallet) == {"earned": 5, "expired": 5}


def test_wallet_reserved_points_do_not_expire_and_a_cancelled_order_gives_them_back() -> None:
    wallet = Wallet()
    lot = wallet.award(5, date(2025, 6, 30))
    other = wallet.award(5)
    order = wallet.reserve(7, DAY)
    assert state(wallet) == {"earned": 10, "available": 3, "reserved": 7}
    wallet.cancel(order, date(2025, 6, 30))
    assert (wallet.lots[lot].free, wallet.lots[other].free) == (5, 5)
    assert wallet.lots[lot].expires_on == date(2025, 6, 30)
    with pytest.raises(RefusedError):
        wallet.settle(order)


def test_wallet_an_order_cancelled_after_the_last_day_has_the_programmes_grace() -> None:
    wallet = Wallet(grace_days=10)
    lot = wallet.award(5, date(2025, 6, 30))
    order = wallet.reserve(3, DAY)
    # The two free points were over on 1 July and get no grace; the three that come back last until 11 July.
    wallet.cancel(order, date(2025, 7, 1))
    assert state(wallet) == {"earned": 5, "expired": 2, "available": 3}
    assert wallet.lots[lot].expires_on == date(2025, 7, 11)
    assert wallet.expire(date(2025, 7, 12)) == 3
    assert (wallet.lots[lot].expired, wallet.expired) == (5, 5)
    wallet.reinstate(lot, 5, None)
    assert state(wallet) == {"earned": 5, "available": 5}


def test_wallet_a_return_takes_its_own_award_then_others_then_owes() -> None:
    wallet = Wallet(NEGATIVE)
    soon = wallet.award(4, date(2025, 6, 30))
    late = wallet.award(10, date(2025, 12, 31))
    assert wallet.reverse(late, 3, DAY) == 3
    assert (wallet.lots[soon].free, wallet.lots[late].free) == (4, 7)
    wallet.spend(9, DAY)  # 4 of the one, 5 of the other
    assert wallet.reverse(late, 6, DAY) == 6
    assert state(wallet) == {"earned": 5, "spent": 9, "available": -4, "debt": 4}
    with pytest.raises(RefusedError):
        wallet.reverse(late, 2, DAY)  # 9 of 10 have been reversed
    with pytest.raises(RefusedError):
        wallet.reserve(1, DAY)


def test_wallet_new_awards_pay_the_debt_first() -> None:
    wallet = Wallet(NEGATIVE)
    lot = wallet.award(10)
    wallet.spend(10, DAY)
    wallet.reverse(lot, 10, DAY)
    assert state(wallet) == {"spent": 10, "available": -10, "debt": 10}
    held = wallet.award(6, pending=True)
    assert state(wallet) == {"earned": 6, "spent": 10, "pending": 6, "available": -10, "debt": 10}
    wallet.release(held)
    assert wallet.available == -4
    new = wallet.award(9)
    assert state(wallet) == {"earned": 15, "spent": 10, "available": 5}
    assert wallet.lots[new].free == 5


def test_wallet_clamp_takes_what_there_is_and_lets_the_rest_go() -> None:
    wallet = Wallet(CLAMP)
    lot = wallet.award(10)
    wallet.spend(8, DAY)
    assert wallet.reverse(lot, 5, DAY) == 2
    assert state(wallet) == {"earned": 8, "spent": 8}
    assert wallet.reverse(lot, 5, DAY) == 0
    with pytest.raises(RefusedError):
        wallet.reverse(lot, 1, DAY)


def test_wallet_a_pending_award_is_reversed_where_it_is() -> None:
    wallet = Wallet()
    lot = wallet.award(10, pending=True)
    wallet.award(5)
    assert wallet.reverse(lot, 4, DAY) == 4
    assert state(wallet) == {"earned": 11, "pending": 6, "available": 5}
    assert wallet.void(lot) == 6
    assert state(wallet) == {"earned": 5, "available": 5}


def test_wallet_a_return_leaves_reserved_points_alone_and_a_cancelled_order_pays_the_debt() -> None:
    wallet = Wallet(NEGATIVE)
    lot = wallet.award(10)
    order = wallet.reserve(8, DAY)
    wallet.reverse(lot, 5, DAY)
    assert state(wallet) == {"earned": 5, "reserved": 8, "available": -3, "debt": 3}
    wallet.cancel(order, DAY)
    assert state(wallet) == {"earned": 5, "available": 5}


def test_wallet_expired_points_may_be_reinstated() -> None:
    wallet = Wallet()
    lot = wallet.award(10, date(2025, 3, 1))
    wallet.expire(DAY)
    with pytest.raises(RefusedError):
        wallet.reinstate(lot, 11, None)
    new = wallet.reinstate(lot, 6, date(2025, 4, 1))
    assert state(wallet) == {"earned": 10, "expired": 4, "available": 6}
    wallet.extend(new, date(2025, 5, 1))
    assert wallet.expire(date(2025, 4, 2)) == 0


def test_wallet_refuses_zero_and_what_does_not_exist() -> None:
    wallet = Wallet()
    lot = wallet.award(10, date(2025, 6, 30))
    refused: list[Callable[[], object]] = [
        lambda: wallet.award(0),
        lambda: wallet.reverse(lot, 0, DAY),
        lambda: wallet.reserve(0, DAY),
        lambda: wallet.reinstate(lot, 0, None),
        lambda: wallet.adjust(0, DAY),
        lambda: wallet.extend(lot, date(2025, 6, 29)),
        lambda: wallet.release(99),
        lambda: wallet.settle(99),
        lambda: wallet.cancel(99, DAY),
    ]
    for operation in refused:
        with pytest.raises(RefusedError):
            operation()
    assert state(wallet) == {"earned": 10, "available": 10}


def test_wallet_adjustments_follow_the_policy() -> None:
    owing, clamped = Wallet(NEGATIVE), Wallet(CLAMP)
    for wallet in (owing, clamped):
        assert wallet.adjust(5, DAY) == 5
    assert owing.adjust(-8, DAY) == -8
    assert clamped.adjust(-8, DAY) == -5
    assert state(owing) == {"adjusted": -3, "available": -3, "debt": 3}
    assert state(clamped) == {}


@pytest.mark.parametrize(
    ("awarded", "months", "last"),
    [
        (date(2025, 3, 12), 24, date(2027, 3, 12)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 12, 31), 36, date(2028, 12, 31)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
    ],
)
def test_the_last_day_is_the_same_day_months_later_or_the_months_end(awarded: date, months: int, last: date) -> None:
    assert last_day(awarded, {"months_after_award": months}) == last


def test_without_an_expiry_points_never_expire() -> None:
    assert last_day(DAY, None) is None


def a_step(wallet: Wallet, dice: random.Random, day: date) -> None:
    """Do one operation with random arguments, many of which are refused."""
    lot = dice.randint(1, max(1, len(wallet.lots)))
    order = dice.randint(1, max(1, len(wallet.orders)))
    some = dice.randint(1, 40)
    later = dice.choice([None, date(2025, dice.randint(1, 12), dice.randint(1, 28))])
    operations: list[Callable[[], object]] = [
        lambda: wallet.award(some, later),
        lambda: wallet.award(some, later, pending=True),
        lambda: wallet.release(lot),
        lambda: wallet.void(lot),
        lambda: wallet.reverse(lot, some, day),
        lambda: wallet.reserve(some, day),
        lambda: wallet.spend(some, day),
        lambda: wallet.settle(order),
        lambda: wallet.cancel(order, day),
        lambda: wallet.expire(day),
        lambda: wallet.reinstate(lot, some, later),
        lambda: wallet.extend(lot, later),
        lambda: wallet.adjust(some, day, later),
        lambda: wallet.adjust(-some, day),
    ]
    dice.choice(operations)()


@pytest.mark.parametrize("policy", [NEGATIVE, CLAMP])
def test_wallet_the_identity_holds_whatever_happens_and_a_refusal_changes_nothing(policy: str) -> None:
    dice = random.Random(2025)
    done = 0
    for _ in range(100):
        wallet = Wallet(policy, grace_days=dice.choice([0, 14]))
        for step in range(60):
            before = state(wallet)
            try:
                a_step(wallet, dice, date(2025, 1 + step // 5, 15))
                done += 1
            except RefusedError:
                assert state(wallet) == before
            wallet.check()
    assert done > 2000

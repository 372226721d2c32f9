"""Prices of rewards: computed of a cost without losing to the sponsor, another one in each season."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.measures.money import decimal_text, smallest_units
from app.domain.rewards.reward_orders import LineStanding, going_along, points_of, redeemable, redeemable_of, state_of
from app.domain.rewards.reward_prices import Formula, Price, Season, overlapping, price_on, read_seasons, seasons_text
from app.domain.states import OrderState

DAY = dt.date(2026, 12, 1)
days = st.integers(0, 60).map(lambda count: DAY + dt.timedelta(days=count))


@st.composite
def season_lists(draw: st.DrawFn) -> list[Season]:
    found = []
    for first, length in draw(st.lists(st.tuples(days, st.integers(0, 9)), max_size=4)):
        told = draw(st.none() | st.integers(0, 20).map(lambda count, first=first: first - dt.timedelta(days=count)))
        found.append(Season(draw(st.integers(1, 10**9)), first, first + dt.timedelta(days=length), told))
    return found


@given(
    cost=st.integers(0, 10**9),
    value=st.integers(1, 10**9),
    margin=st.integers(0, 100_000),
    tax=st.integers(0, 100_000),
    step=st.sampled_from([1, 5, 10, 100]),
)
def test_a_computed_price_is_the_least_multiple_that_covers_cost_margin_and_tax(
    cost: int, value: int, margin: int, tax: int, step: int
) -> None:
    points = Formula(value, margin, tax, step).points(cost)
    wanted = Fraction(cost) * Fraction(10_000 + margin, 10_000) * Fraction(10_000 + tax, 10_000)
    worth = Fraction(value, 1_000_000)
    assert points >= 1
    assert points % step == 0
    assert points * worth >= wanted
    assert points == step or (points - step) * worth < wanted


def test_the_worked_example_of_a_price() -> None:
    # 10.00 x 1.2 x 1.23 = 14.76; at 0.10 a point that is 147.6: 148, and to whole tens 150
    assert Formula(10 * 1_000_000, 2_000, 2_300).points(1_000) == 148
    assert Formula(10 * 1_000_000, 2_000, 2_300, 10).points(1_000) == 150


@given(seasons=season_lists(), day=days)
def test_the_price_of_a_day_is_that_of_its_season_and_only_what_is_told_is_told(
    seasons: list[Season], day: dt.date
) -> None:
    assume(overlapping(seasons) is None)
    price = price_on(7, seasons, day)
    now = [one for one in seasons if one.from_on <= day <= one.until_on]
    assert price.points == (now[0].points if now else 7)
    assert price.regular == 7
    told = [one for one in seasons if one.from_on > day and one.announced_on is not None and one.announced_on <= day]
    assert price.coming == (min(told, key=lambda one: one.from_on) if told else None)
    assert price.saved == max(0, 7 - price.points)


@given(seasons=season_lists())
def test_seasons_overlap_where_two_have_a_day_in_common(seasons: list[Season]) -> None:
    shared = [
        day for day in (DAY + dt.timedelta(days=at) for at in range(80)) if sum(one.holds(day) for one in seasons) > 1
    ]
    assert (overlapping(seasons) is not None) == bool(shared)


@given(seasons=season_lists(), decimals=st.integers(0, 3))
def test_seasons_come_back_from_a_cell_as_they_were(seasons: list[Season], decimals: int) -> None:
    written = seasons_text(seasons, lambda points: decimal_text(points, decimals))
    assert read_seasons(written, lambda text: smallest_units(Decimal(text), decimals)) == seasons


@pytest.mark.parametrize(
    "text",
    ["December", "2026-12-02..2026-12-01 = 5", "2026-12-01..2026-12-02 = 0", "2026-12-01..2026-12-02=5 (2026-12-02)"],
)
def test_what_is_no_season_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"2026|December"):
        read_seasons(text, int)


def test_a_price_without_a_season_saves_nothing() -> None:
    assert Price(5, 5).saved == 0
    assert Price(9, 5).saved == 0, "a season may cost more"


@given(
    available=st.integers(-(10**9), 10**9),
    gone=st.integers(0, 10**9),
    share=st.integers(0, 10_000),
    spent=st.integers(1, 10**6),
)
def test_it_makes_no_difference_whether_one_orders_once_or_often(
    available: int, gone: int, share: int, spent: int
) -> None:
    whole = redeemable(available, gone, share)
    assert 0 <= whole <= max(0, available)
    if spent <= whole:
        assert redeemable(available - spent, gone + spent, share) == whole - spent
    assert redeemable(available, gone, 10_000) == max(0, available)
    columns = (np.asarray([one], dtype=np.int64) for one in (available, gone - spent, share))
    assert redeemable_of(*columns).tolist() == [redeemable(available, gone - spent, share)]


@given(
    points=st.integers(1, 10**6),
    more=st.integers(0, 10**6),
    gone=st.integers(0, 10**6),
    share=st.integers(0, 10_000),
    theirs=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
)
def test_points_that_are_given_away_bring_no_new_share_and_cost_the_receiver_none(
    points: int, more: int, gone: int, share: int, theirs: tuple[int, int]
) -> None:
    """Whoever gives has so many points and some more; the receiver has its own, and spent some of them."""
    available = points + more
    goes = going_along(points, available, gone, share)
    assert 0 <= goes <= gone
    before = redeemable(available, gone, share) + redeemable(theirs[0], theirs[1], share)
    giver = redeemable(available - points, gone - goes, share)
    receiver = redeemable(theirs[0] + points, theirs[1] + goes, share)
    assert receiver >= redeemable(theirs[0], theirs[1], share)
    if redeemable(available, gone, share) > 0:
        assert giver + receiver <= before + 2, "what is rounded down is a point of each"
    assert going_along(available, available, gone, 10_000) == gone, "all of it goes with all points"


@given(
    st.lists(
        st.tuples(st.sampled_from(OrderState), st.integers(1, 9), st.integers(0, 9), st.integers(1, 99)), min_size=1
    )
)
def test_points_of_an_order_are_reserved_settled_and_returned(lines: list[tuple[OrderState, int, int, int]]) -> None:
    standing = [
        LineStanding(state, quantity, quantity if state is OrderState.CANCELLED else min(cancelled, quantity), points)
        for state, quantity, cancelled, points in lines
    ]
    assert points_of(standing).all == sum(one.quantity * one.unit_points for one in standing)
    order = list(OrderState)
    going = [one.state for one in standing if one.state is not OrderState.CANCELLED]
    expected = min(going, key=order.index) if going else OrderState.CANCELLED
    assert state_of(one.state for one in standing) is expected

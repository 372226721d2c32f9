"""The forecast: the same history gives the same range, what is steady is foretold as it is, and seasons come back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rules.forecast import HORIZON, PPM, Forecast, History, forecast

JUNE_2026 = (2026 - 1970) * 12 + 5


def of(
    net: list[int], *, rate: list[int] | None = None, spent: list[int] | None = None, owed: int = 0
) -> Forecast | None:
    return forecast(
        History(
            JUNE_2026,
            np.asarray(net, dtype=np.int64),
            np.asarray([PPM // 10] if rate is None else rate, dtype=np.int64),
            np.asarray(spent or [], dtype=np.int64),
            owed,
        )
    )


def test_what_never_changed_goes_on() -> None:
    found = of([1_000] * 30, spent=[PPM // 2], owed=500)
    assert found is not None
    assert found.first_month == JUNE_2026 + 1
    assert found.seasonal
    assert {(one.low, one.middle, one.high) for one in found.issued} == {(100, 100, 100)}
    assert found.owed[-1].middle == 500 + HORIZON * 50
    assert (found.total.low, found.total.high) == (1_200, 1_200)


def test_a_season_comes_back_once_there_are_two_years() -> None:
    year = [100, 100, 100, 100, 100, 900, 100, 100, 100, 100, 100, 100]
    two, one = of(year * 2), of(year)
    assert two is not None
    assert one is not None
    # each step rounds down, so a point may be missing
    assert [range_.middle for range_ in two.issued] == [net // 10 - 1 for net in year]
    assert not one.seasonal
    assert len({range_.middle for range_ in one.issued}) == 1


def test_whoever_spent_everything_in_one_month_owes_nobody_and_is_owed_what_comes_after() -> None:
    found = of([1_000] * 30, spent=[0] * 11 + [12 * PPM], owed=500)
    assert found is not None
    # a month in twelve takes all that is there by then; half the time the last one was more than seven months ago
    assert 600 <= found.owed[-1].middle <= 900
    assert found.owed[-1].low < 300


def test_without_sales_nothing_is_foretold() -> None:
    assert of([]) is None
    assert of([0, 0]) is None
    assert of([100], rate=[]) is None


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=40),
    st.lists(st.integers(0, 10**7), min_size=1, max_size=12),
    st.lists(st.integers(0, 2 * PPM), max_size=12),
    st.integers(0, 10**12),
)
def test_a_range_is_a_range_and_the_same_each_time(
    net: list[int], rate: list[int], spent: list[int], owed: int
) -> None:
    found = of(net, rate=rate, spent=spent, owed=owed)
    assert found == of(net, rate=rate, spent=spent, owed=owed)
    if found is None:
        assert sum(net) == 0
        return
    for one in (*found.issued, *found.owed, found.total):
        assert 0 <= one.low <= one.middle <= one.high

"""What will never be claimed is told from months that have run off, and lies between the least and the most of them."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.points.breakage import LEAST_COHORTS, Breakage, Cohort, breakage_of, expected
from tests.app.domain.profiles import searching

COHORTS = st.lists(st.builds(Cohort, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9)), max_size=40)


def test_two_months_tell_nothing() -> None:
    assert breakage_of([Cohort(100, 90, 10)] * (LEAST_COHORTS - 1)) is None


def test_a_month_of_which_much_is_left_is_not_asked() -> None:
    over, open_still = Cohort(100, 90, 10), Cohort(100, 0, 40)
    assert breakage_of([over, over, over, open_still]) == Breakage(1_000, 1_000, 1_000, 3)
    assert breakage_of([over, Cohort(1_000, 600, 400), Cohort(100, 95, 0)]) == Breakage(3_430, 0, 4_000, 3)


def test_nothing_of_what_accounts_owe_expires() -> None:
    assert [expected(points, 2_500) for points in (-8, 0, 7, 8)] == [0, 0, 1, 2]


@given(COHORTS)
@searching(200)
def test_the_estimate_lies_within_its_range(cohorts: list[Cohort]) -> None:
    found = breakage_of(cohorts)
    over = [one for one in cohorts if one.has_run_off]
    assert (found is None) == (len(over) < LEAST_COHORTS)
    if found is not None:
        assert 0 <= found.low_bp <= found.rate_bp <= found.high_bp <= 10_000
        assert found.cohorts == len(over)

"""A file that proves another way of writing than its profile says: what allows both would be read otherwise."""

import pytest

from importers.errors import QuestionOpen
from tests.importers.layout.reports import HEADER, Typed, laid, line, profile, typed


def read(dates: str, decimal: str, *cells: dict[str, str]) -> Typed:
    said = profile(dates=dates, decimal=decimal)
    return typed(laid([HEADER, *(line(f"FV/{at}", **one) for at, one in enumerate(cells))], said), said)


def test_dates_in_another_order_than_the_profile_says_stop_the_import_where_some_allow_both() -> None:
    days = [{"date": day} for day in ("01/02/2026", "01/15/2026", "01/28/2026")]
    with pytest.raises(QuestionOpen, match=r"dates are in the order mdy, and the profile says dmy .*'01/15/2026'"):
        read("dmy", ",", *days)
    assert len(read("mdy", ",", *days).good) == 3
    one_slip = read("dmy", ",", *days[:2], {"date": "20/01/2026"})
    assert one_slip.outcomes == {3: ("refused", "not_a_date")}, "no order allows all"
    with pytest.raises(QuestionOpen, match=r"order mdy, .* \(it holds '01/15/2026', '01/28/2026'"):
        read("dmy", ",", *days, {"date": "20/01/2026"})
    assert len(read("dmy", ",", *days[1:], {"date": "2026-01-05"}).outcomes) == 2, "none would be another day"


def test_numbers_with_another_sign_than_the_profile_says_stop_the_import_where_some_allow_both() -> None:
    nets = [{"net": net} for net in ("1,234.50", "1,500")]
    with pytest.raises(QuestionOpen, match=r"'\.' parts its decimals, and the profile says ',' \(it holds '1,500'\)"):
        read("dmy", ",", *nets)
    with pytest.raises(QuestionOpen, match=r"',' parts its decimals, and the profile says '\.' \(it holds '1\.500'\)"):
        read("dmy", ".", {"net": "1.234,50"}, {"net": "1.500"})
    assert read("dmy", ",", {"net": "12.50"}, {"net": "7"}).outcomes == {2: ("refused", "not_a_number")}, "a slip"
    mixed = read("dmy", ",", *nets, {"net": "12,50"})
    assert set(mixed.outcomes) == {2}, "both signs part decimals: what the profile says holds"

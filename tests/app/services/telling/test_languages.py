"""Numbers and dates as four languages write and type them."""

import datetime as dt
import zoneinfo

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from app.domain.measures.money import decimal_text
from app.services.telling.languages import LANGUAGES, MINUS, NotADay, NotANumber, TooLarge, TooManyDecimals, writing

languages = st.sampled_from(sorted(LANGUAGES))


def plain(text: str) -> str:
    """Give a text with ordinary spaces and hyphens."""
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("\u2212", "-")


@pytest.mark.parametrize(
    ("language", "figure", "cash", "day", "instant", "share"),
    [
        ("en", "-12,345.67", "PLN 12,480.50", "19 Nov 2026", "19 Nov 2026, 15:05", "8.4%"),
        ("pl", "-12 345,67", "12 480,50 zł", "19 lis 2026", "19 lis 2026, 15:05", "8,4 %"),
        ("es", "-12.345,67", "12.480,50 PLN", "19 nov 2026", "19 nov 2026, 15:05", "8,4 %"),
        ("ru", "-12 345,67", "12 480,50 PLN", "19 нояб. 2026 г.", "19 нояб. 2026 г., 15:05", "8,4 %"),
        ("tlh", "-12,345.67", "PLN 12,480.50", "19 Nov 2026", "19 Nov 2026, 15:05", "8.4%"),
    ],
)
def test_each_language_writes_its_own_way(
    language: str, figure: str, cash: str, day: str, instant: str, share: str
) -> None:
    write = writing(language)
    at = dt.datetime(2026, 11, 19, 14, 5, tzinfo=dt.UTC)
    assert plain(write.figure(-1_234_567, 2)) == figure
    assert plain(write.cash(1_248_050, 2, "PLN")) == cash
    assert plain(write.day(at.date())) == day
    assert plain(write.instant(at, "Europe/Warsaw")) == instant
    assert plain(write.share(840)) == share


@given(languages, st.integers(-(10**15), 10**15), st.integers(0, 4), st.booleans())
def test_what_is_written_can_be_typed(language: str, value: int, decimals: int, signed: bool) -> None:
    write = writing(language)
    value = min(max(value, -(10**14)), 10**14)
    assert write.read(write.figure(value, decimals), decimals) == value
    assert write.read(plain(write.figure(value, decimals)), decimals) == value


@given(languages, st.integers(-(10**18), 10**18), st.integers(0, 6))
def test_a_figure_is_its_decimal_number_in_groups_of_three(language: str, value: int, decimals: int) -> None:
    write = writing(language)
    whole, _, part = decimal_text(abs(value), decimals).partition(".")
    written = write.figure(value, decimals)
    assert written.startswith(MINUS) == (value < 0)
    before, _, after = written.removeprefix(MINUS).partition(write.decimal if decimals else "\0")
    assert (before.replace(write.group, ""), after) == (whole, part)
    first, *groups = before.split(write.group)
    assert 1 <= len(first) <= 3
    assert all(len(group) == 3 for group in groups)


@given(languages, st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)))  # noqa: DTZ001  # hypothesis wants naive bounds
def test_instants_are_written_as_babel_writes_their_day(language: str, at: dt.datetime) -> None:
    write, there = writing(language), at.astimezone(zoneinfo.ZoneInfo("Europe/Warsaw"))
    day = format_date(there.date(), "medium", write.locale)
    assert write.day(there.date()) == day
    assert write.instant(at, "Europe/Warsaw") == f"{day}, {there:%H:%M}"


@given(languages, st.dates(dt.date(1900, 1, 1), dt.date(2999, 12, 31)))
def test_dates_that_are_written_as_typed_can_be_typed(language: str, day: dt.date) -> None:
    write = writing(language)
    assert write.read_day(write.day_typed(day)) == day
    assert write.read_day(day.isoformat()) == day


@pytest.mark.parametrize(
    ("language", "typed", "found"),
    [
        ("pl", "12 480,50", 1_248_050),
        ("pl", "12\u00a0480,50", 1_248_050),
        ("pl", "12480,5", 1_248_050),
        ("es", "12.480,50", 1_248_050),
        ("es", "12 480,50", 1_248_050),
        ("es", "12.480", 1_248_000),
        ("en", "12,480.50", 1_248_050),
        ("ru", " −12 480,50 ", -1_248_050),
        ("en", "1.500", 150),
        ("pl", "1051.98", 105_198),  # phones often have a point alone
        ("pl", "1 051.98", 105_198),
        ("pl", "-7.5", -750),
        ("ru", "0.05", 5),
        ("es", "1.5", 150),
        ("es", "1051.98", 105_198),
        ("en", "1051,98", 105_198),
        ("en", "1,5", 150),
        ("es", "1.051", 105_100),  # three digits are thousands where the language has them so
        ("en", "1,051", 105_100),
    ],
)
def test_a_number_is_read_as_its_language_means_it(language: str, typed: str, found: int) -> None:
    assert writing(language).read(typed, 2) == found


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("pl", "12.480,50"),
        ("pl", "12.480"),
        ("pl", "12,480.50"),
        ("es", "12,480.50"),
        ("pl", "1.051"),  # it may be thousands
        ("pl", "1051.980"),
        ("pl", "12.480.50"),
        ("es", "12.480.50"),
        ("es", "1.051.98"),
        ("en", "12.480,50"),
        ("en", "1,051,98"),
        ("en", "1.051,9"),
        ("pl", ".5"),
        ("pl", "5."),
        ("en", "12 48,00"),
        *((language, text) for language in LANGUAGES for text in ("", "1e5", "Infinity", "NaN", "١٢", "=1+1", "--1")),
        ("en", "1" * 40),
    ],
)
def test_what_another_language_means_by_it_is_refused_with_an_example(language: str, typed: str) -> None:
    write = writing(language)
    with pytest.raises(NotANumber) as refused:
        write.read(typed, 2)
    assert write.read(refused.value.example, 2) == 1_248_050


def test_decimals_that_no_smallest_unit_has_are_refused_unless_they_are_zeros() -> None:
    with pytest.raises(TooManyDecimals):
        writing("pl").read("1,005", 2)
    assert writing("pl").read("1,500", 1) == 15
    with pytest.raises(TooManyDecimals):
        writing("pl").read("1,5", 0)
    with pytest.raises(TooManyDecimals):
        writing("pl").read("1.5", 0)


@pytest.mark.parametrize("typed", ["", "31.02.2026", "2026-13-01", "11/19/2026", "1.2.26", "yesterday", "2026-1-1-1"])
def test_what_is_no_date_is_refused_with_an_example(typed: str) -> None:
    for language in LANGUAGES:
        write = writing(language)
        with pytest.raises(NotADay) as refused:
            write.read_day(typed)
        assert write.read_day(refused.value.example) == dt.date(2026, 3, 31)


@pytest.mark.parametrize(
    "typed", ["9" * 16, "-" + "9" * 40, "1 000 000 000 000 000", "9" * 20 + ",55", "9" * 20 + ".5"]
)
def test_a_number_that_is_too_long_is_told_from_one_that_is_none(typed: str) -> None:
    with pytest.raises(TooLarge):
        writing("pl").read(typed, 2)
    with pytest.raises(NotANumber) as refused:
        writing("pl").read("9" * 20 + "x", 2)
    assert not isinstance(refused.value, TooLarge)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0, 6, "0"), (1, 6, "0.000001"), (1_250_000, 6, "1.25"), (10**17, 6, "100,000,000,000"), (120, 0, "120")],
)
def test_a_number_is_written_with_the_decimals_that_it_has(value: int, decimals: int, text: str) -> None:
    assert writing("en").plain(value, decimals) == text

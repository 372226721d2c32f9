"""Text becomes whole numbers and dates: compared with decimal.Decimal and datetime, which know nothing of columns."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.documents.sales import UNKNOWN
from importers.problems.problems import Problems
from importers.typed import parsing
from importers.typed.parsing import Column

MISSING = -(1 << 63)
SPACES = " \u00a0\u202f\t'"
READERS: list[tuple[Callable[..., Any], tuple[int, ...]]] = [
    (parsing.quantity, ()),
    (parsing.money, (2, MISSING)),
    (parsing.price, (2, MISSING)),
]


def column(texts: Sequence[str | None], name: str = "Kwota") -> Column:
    return Column.of(name, pa.array(texts, type=pa.large_string()))


def test_what_pivot_tables_write_of_an_empty_cell_is_nothing() -> None:
    written = ["(blank)", " (puste) ", "(Leer)", "(en blanco)", "(ПУСТО)", "(vide)", "", None]
    assert column(written).empty.all()
    assert not column(["blank", "(FV/1)", "Klej (puste opakowanie)", "(blank) Total"]).empty.any()


def codes_of(problems: Problems) -> dict[int, str]:
    return {row: " ".join(one["code"] for one in reasons) for row, reasons in problems.reasons.items()}


def rows_for(texts: Sequence[Any]) -> np.ndarray:
    return np.arange(len(texts), dtype=np.int32) + 2


def expected(text: str, signs: str, places: int, whole_digits: int = 12) -> Decimal | str:
    """Read a number as the rules say, by other means: its value in units of 10 to the power of -places, or a code."""
    bare = re.sub(f"[{SPACES}]", "", text)
    first, *thousands = re.split(f"[{SPACES}]", re.split("[.,]", text.lstrip(f"+-{SPACES}"))[0])
    if thousands and (len(first) > 3 or any(len(one) != 3 for one in thousands)):
        return "not_a_number"
    if "." not in signs and "." in bare:
        return "not_a_number"
    if "," in signs:
        bare = bare.replace(",", ".")
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?", bare):
        return "not_a_number"
    value = Decimal(bare)
    if abs(value) >= 10**whole_digits:
        return "number_too_large"
    digits = value.normalize().as_tuple()
    assert isinstance(digits.exponent, int)
    if -digits.exponent > 12 or (len(digits.digits) > 15 and -digits.exponent > 6):
        value = value.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return value


def scaled(value: Decimal, places: int) -> int:
    return int(value.scaleb(places).quantize(Decimal(1), ROUND_HALF_UP))


DIGITS = st.text(st.sampled_from("0123456789"), max_size=16)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Write a number as sources write them, rightly and nearly rightly."""
    whole = draw(st.text(st.sampled_from("0123456789"), min_size=1, max_size=14))
    if draw(st.booleans()):
        space = draw(st.sampled_from(SPACES))
        whole = space.join([whole[: len(whole) % 3], *re.findall("...", whole[len(whole) % 3 :])]).strip()
        if draw(st.integers(0, 3)) == 0:
            whole = space.join(whole)
    sign = draw(st.sampled_from(["", "", "-", "+", "- "]))
    point = draw(st.sampled_from(["", ".", ",", ".", ","]))
    fraction = draw(DIGITS) if point else ""
    return f"{sign}{whole}{point}{fraction}"


@st.composite
def near_halves(draw: st.DrawFn) -> str:
    """Write a number that lies on, just above or just below the half of a unit."""
    whole = draw(st.integers(0, 10**9))
    head = draw(st.text(st.sampled_from("0123456789"), max_size=5))
    tail = draw(st.sampled_from(["5", "50", "49", "499", "4999", "51", "500000001", "4999999", "499999"]))
    return f"{draw(st.sampled_from(['', '-']))}{whole}{draw(st.sampled_from('.,'))}{head}{tail}"


NOISE = ["2.5500000000000003", "0.30000000000000004", "12345.300000000001", "-1.0049999999999999", "99999999999.99"]
SIGNS = st.sampled_from([".", ",", ",.", ".,"])


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.one_of(numbers(), near_halves(), st.sampled_from(NOISE)), max_size=20), signs=SIGNS)
@example(texts=["1.0049999996", "1.005", "-1.005", "0.005", "-0.005", "0.004999"], signs=".")
def test_money_is_rounded_half_up_away_from_zero(texts: list[str], signs: str) -> None:
    for decimals in (0, 2, 3):
        problems = Problems()
        found = parsing.money(column(texts), rows_for(texts), problems, signs, decimals, MISSING)
        for at, text in enumerate(texts):
            value = expected(text, signs, decimals)
            if isinstance(value, str):
                assert codes_of(problems)[at + 2] == value, text
                assert found[at] == MISSING
            else:
                assert found[at] == scaled(value, decimals), text
                assert at + 2 not in problems.outcome


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.one_of(numbers(), near_halves(), st.sampled_from(NOISE)), max_size=20), signs=SIGNS)
@example(texts=["1 234", "12 34", "1 2", "1234 567", "1'234'567", "-1 000"], signs=".")
@example(texts=["0.001", "-0.001", "0.0010000", "0.0001", "1.9999999999999998", "7"], signs=".")
def test_quantities_have_at_most_three_decimals(texts: list[str], signs: str) -> None:
    problems = Problems()
    found = parsing.quantity(column(texts), rows_for(texts), problems, signs)
    for at, text in enumerate(texts):
        value = expected(text, signs, 3)
        if not isinstance(value, str) and value != value.quantize(Decimal("0.001"), ROUND_HALF_UP):
            value = "too_many_decimals"
        if isinstance(value, str):
            assert codes_of(problems)[at + 2] == value, text
        else:
            assert found[at] == scaled(value, 3), text
            assert at + 2 not in problems.outcome


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.one_of(numbers(), near_halves()), max_size=20), signs=SIGNS, decimals=st.integers(0, 4))
@example(texts=["0.00000049", "0.000000005", "9999999999.99", "10000000000"], signs=".", decimals=2)
def test_prices_keep_millionths_of_a_minor_unit(texts: list[str], signs: str, decimals: int) -> None:
    problems = Problems()
    found = parsing.price(column(texts), rows_for(texts), problems, signs, decimals, MISSING)
    for at, text in enumerate(texts):
        value = expected(text, signs, 6 + decimals, whole_digits=12 - decimals)
        if isinstance(value, str):
            assert codes_of(problems)[at + 2] == value, text
            assert found[at] == MISSING
        else:
            assert found[at] == scaled(value, 6 + decimals), text


@pytest.mark.parametrize(
    "text",
    [
        *("1e5", "1E5", "1e-3", "nan", "inf", "-inf", "NaN", "0x10", "1_000", "½", "٣", "१२", "１２"),
        *("", " ", "-", "+", "--1", "+-1", "1-", "(5)", ".5", ",5", ".", "1..2", "1.2.3", "1,2,3", "1.2,3", "1,2.3"),
        *("12%", "5 szt.", "zł 5", "5 zł", "dwa", "1O", "#N/A", "=1", "−5", "1/2", "1\u200b2", "1;2"),
    ],
)
@pytest.mark.parametrize("signs", [".", ",", ",."])
def test_what_is_no_number_is_a_problem_and_never_an_error(text: str, signs: str) -> None:
    for read, rest in READERS:
        problems = Problems()
        read(column([text]), np.asarray([7]), problems, signs, *rest)
        if text.strip():
            assert codes_of(problems) == {7: "not_a_number"}
            [reason] = problems.reasons[7]
            assert reason["field"] == "Kwota"
            assert reason["found"] == repr(text.strip())
            assert reason["example"] == ("1234.56" if signs == "." else "1234,56")
        else:
            assert codes_of(problems) == {}, "an empty cell is not a wrong number"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("999999999999.99", True),
        ("-999999999999.99", True),
        ("000000000000000001.5", True),
        ("1000000000000", False),
        ("-1000000000000", False),
        ("9" * 19, False),
        ("9" * 40, False),
    ],
)
def test_there_is_a_largest_number(text: str, fits: bool) -> None:
    problems = Problems()
    [found] = parsing.money(column([text]), np.asarray([2]), problems, ".", 2, MISSING).tolist()
    if fits:
        assert found == scaled(Decimal(text), 2)
        assert not problems.outcome
    else:
        assert codes_of(problems) == {2: "number_too_large"}
        assert found == MISSING


def test_a_thousands_point_is_not_taken_for_a_decimal_one() -> None:
    """Where text has a decimal comma, 1.234 may be one thousand: nobody guesses."""
    problems = Problems()
    parsing.quantity(column(["1.234", "1.234,5", "1 234,5"]), rows_for("abc"), problems, ",")
    assert codes_of(problems) == {2: "not_a_number", 3: "not_a_number"}
    problems = Problems()
    found = parsing.quantity(column(["1.234", "1,234"]), rows_for("ab"), problems, ",.")
    assert found.tolist() == [1234, 1234]
    assert not problems.outcome


def test_a_long_text_is_quoted_in_part() -> None:
    problems = Problems()
    parsing.quantity(column(["x" * 5000]), np.asarray([2]), problems, ".")
    assert len(problems.reasons[2][0]["found"]) < 70


def test_distinct_texts_are_read_once_and_spread_over_their_rows() -> None:
    texts = ["5", " 5", None, "5\u00a0", "x", "", "7", "  ", "x"]
    problems = Problems()
    found = parsing.quantity(column(texts), rows_for(texts), problems, ".")
    assert found.tolist() == [5000, 5000, 0, 5000, 0, 0, 7000, 0, 0]
    assert codes_of(problems) == {6: "not_a_number", 10: "not_a_number"}
    one = column(texts)
    assert one.values.to_pylist() == ["5", "x", "", "7"]
    assert one.empty.tolist() == [False, False, True, False, False, True, False, True, False]
    assert one.texts().tolist() == ["5", "5", None, "5", "x", None, "7", None, "x"]
    parsing.require(one, rows_for(texts), problems)
    assert {row for row, code in codes_of(problems).items() if "missing" in code} == {4, 7, 9}


def test_a_column_of_nothing_and_one_in_chunks_are_columns() -> None:
    for empty in ([], [None], [None, "", " "]):
        one = column(empty)
        assert one.empty.all()
        assert parsing.money(one, rows_for(empty), Problems(), ".", 2, MISSING).tolist() == [MISSING] * len(empty)
        days, minutes = parsing.dates(one, rows_for(empty), Problems(), None, "UTC")
        assert np.isnat(days).all()
        assert (minutes == UNKNOWN).all()
    chunks = pa.chunked_array([["a", "b"], [], ["b", None]], type=pa.large_string())
    assert Column.of("x", chunks).texts().tolist() == ["a", "b", "b", None]


def test_texts_too_long_to_name_anything_are_a_problem() -> None:
    problems = Problems()
    texts = ["x" * 256, "ż" * 257, None, "x"]
    parsing.require_short(column(texts), rows_for(texts), problems)
    assert codes_of(problems) == {3: "no_such_value"}
    assert problems.reasons[3][0]["expected"] == "texts of at most 256 characters"


# --- dates --------------------------------------------------------------------------------------------------------

FORMS = [
    None,
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y%m%d",
    "%d-%m-%Y",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%Y-%m-%dT%H:%M:%S",
    "%d.%m.%y",
]
MOMENTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2068, 12, 31)).map(  # noqa: DTZ001 - as files write them
    lambda one: one.replace(second=0, microsecond=0)
)


@settings(max_examples=100, deadline=None)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=12), form=st.sampled_from(FORMS))
def test_dates_are_those_of_datetime(moments: list[dt.datetime], form: str | None) -> None:
    written = form or "%Y-%m-%d %H:%M:%S"
    texts = [one.strftime(written) for one in moments]
    problems = Problems()
    days, minutes = parsing.dates(column(texts), rows_for(texts), problems, form, "Europe/Warsaw")
    assert not problems.outcome
    assert days.tolist() == [one.date() for one in moments]
    told = any(sign in written for sign in ("%H", "%I"))
    times = [one.hour * 60 + one.minute for one in moments]
    assert minutes.tolist() == (times if told and any(times) else [UNKNOWN] * len(times))


@settings(max_examples=100, deadline=None)
@given(
    moments=st.lists(MOMENTS, min_size=1, max_size=5), zone=st.sampled_from(["Europe/Warsaw", "America/Lima", "UTC"])
)
def test_a_time_with_its_distance_from_utc_is_told_in_the_programmes_zone(
    moments: list[dt.datetime], zone: str
) -> None:
    instants = [one.replace(tzinfo=dt.UTC) for one in moments]
    local = [one.astimezone(ZoneInfo(zone)) for one in instants]
    for texts, form in (
        ([f"{one:%Y-%m-%dT%H:%M:%S}Z" for one in instants], None),
        ([one.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30))).isoformat() for one in instants], None),
        ([f"{one:%d.%m.%Y %H:%M} +0000" for one in instants], "%d.%m.%Y %H:%M %z"),
    ):
        days, minutes = parsing.dates(column(texts), rows_for(texts), Problems(), form, zone)
        assert days.tolist() == [one.date() for one in local]
        times = [one.hour * 60 + one.minute for one in local]
        assert minutes.tolist() == (times if any(times) else [UNKNOWN] * len(times))


@pytest.mark.parametrize(
    ("text", "day", "minute"),
    [
        ("15.03.2024 23:30Z", "2024-03-16", 30),
        ("15.03.2024 23:30 UTC", "2024-03-16", 30),
        ("15.03.2024 23:30:00 +0100", "2024-03-15", 1410),
        ("15.03.2024 23:30 -02:30", "2024-03-16", 180),
        ("16.03.2024 00:30+03:00", "2024-03-15", 1350),
        ("2024-03-15 23:30 GMT", "2024-03-16", 30),
        ("15.03.2024 23:30", "2024-03-15", 1410),
    ],
)
def test_so_is_one_behind_a_day_in_the_profiles_order(text: str, day: str, minute: int) -> None:
    problems = Problems()
    days, minutes = parsing.dates(column([text]), rows_for([text]), problems, "dmy", "Europe/Warsaw")
    assert (str(days[0]), int(minutes[0]), codes_of(problems)) == (day, minute, {})


def test_what_a_spreadsheet_program_shows_of_a_formula_without_a_result_names_nothing() -> None:
    shown = ["#N/A", "#N/D", "#N/D!", "#ARG!", "#DZIEL/0!", "#NV", "#NAME?", "#¡VALOR!", "#Н/Д", "#ССЫЛКА!", "Err:502"]
    named = ["#1", "A#N/A", "#AB-1!", "N/A", "#", "Err:A"]
    problems = Problems()
    parsing.refuse_errors(column([*shown, *named]), rows_for([*shown, *named]), problems)
    assert codes_of(problems) == dict.fromkeys(range(2, len(shown) + 2), "no_result")


def test_iso_dates_are_read_beside_the_profiles_own() -> None:
    texts = ["05.01.2026", "2026-01-05", "2026-01-05 08:30:00", "2026-01-05T08:30", "2026-01-05 08:30:15.500"]
    problems = Problems()
    days, minutes = parsing.dates(column(texts), rows_for(texts), problems, "%d.%m.%Y", "UTC")
    assert not problems.outcome
    assert set(days.tolist()) == {dt.date(2026, 1, 5)}
    assert minutes.tolist() == [UNKNOWN, UNKNOWN, 510, 510, 510]


@pytest.mark.parametrize(
    "text",
    [
        *("31.02.2026", "29.02.2025", "00.01.2026", "2026-13-01", "2026-02-30", "2026-1-5", "2026-W01-1", "2026/01/05"),
        *("46027", "46027.5", "5.1.26", "tomorrow", "#N/A", "2026-01-05 25:00:00", "2026-01-05x08:30:00", "20260105"),
        *("05.01.2026 08:30", "2026-01-05 ", "0000-01-01", "9" * 300, "2026-01-05 08:30:00+99:00"),
    ],
)
def test_what_is_no_date_is_a_problem_and_never_an_error(text: str) -> None:
    problems = Problems()
    days, minutes = parsing.dates(column([text]), np.asarray([2]), problems, "%d.%m.%Y", "UTC")
    if text == "2026-01-05 ":
        assert days.tolist() == [dt.date(2026, 1, 5)]
        return
    assert codes_of(problems) == {2: "not_a_date"}
    assert problems.reasons[2][0]["example"] == "31.12.2025"
    assert np.isnat(days).all()
    assert minutes.tolist() == [UNKNOWN]


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "9999-12-31T23:59:00Z", "0001-01-01T00:00:00+05:00"])
def test_the_ends_of_the_calendar_are_no_error(text: str) -> None:
    for zone in ("Pacific/Auckland", "America/Lima"):
        days, _ = parsing.dates(column([text]), np.asarray([2]), Problems(), None, zone)
        assert len(days) == 1


def test_a_column_of_midnights_tells_no_time_and_one_real_time_tells_all() -> None:
    dates = ["2026-01-05 00:00:00", "2026-01-06 00:00:00", None]
    _, minutes = parsing.dates(column(dates), rows_for(dates), Problems(), None, "UTC")
    assert minutes.tolist() == [UNKNOWN] * 3
    times = [*dates, "2026-01-06 10:00:00"]
    _, minutes = parsing.dates(column(times), rows_for(times), Problems(), None, "UTC")
    assert minutes.tolist() == [0, 0, UNKNOWN, 600]


def test_yes_and_no_are_read_in_our_languages() -> None:
    yes = ["1", "y", "YES", "true", "T", "tak", "Prawda", "si", "sí", "да", "X"]
    no = ["0", "n", "No", "FALSE", "f", "nie", "Fałsz", "нет"]
    texts = [*yes, *no, None, "  ", "maybe", "2", "#N/A"]
    problems = Problems()
    found = parsing.flags(column(texts), rows_for(texts), problems)
    assert found.tolist()[: len(yes) + len(no)] == [1] * len(yes) + [0] * len(no)
    assert found.tolist()[len(yes) + len(no) :][:2] == [UNKNOWN, UNKNOWN]
    assert list(codes_of(problems).values()) == ["no_such_value"] * 3


def test_problems_keep_the_gravest_outcome_and_every_reason() -> None:
    from app.domain.states import Outcome

    problems = Problems()
    problems.add(5, Outcome.HELD, "unknown_product", found="'x'")
    problems.add(5, Outcome.REFUSED, "missing", field="a")
    problems.add(5, Outcome.HELD, "unknown_distributor", found="'y'")
    problems.add_all([3, 4], Outcome.HELD, "document_incomplete", because=5)
    other = Problems()
    other.add(9, Outcome.REFUSED, "missing", field="b")
    problems.merge(other)
    assert problems.rows().tolist() == [3, 4, 5, 9]
    assert len(problems) == 4
    assert codes_of(problems)[5] == "unknown_product missing unknown_distributor"
    assert problems.outcome[5] is Outcome.REFUSED
    assert (problems.count(Outcome.HELD), problems.count(Outcome.REFUSED)) == (2, 2)

"""Dates as people write them: the orders that a text allows, and what a column proves."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.errors import QuestionOpen
from importers.layout.written.dates import agreed, proof, read_moment, with_zeros
from tests.importers.layout.reports import HEADER, laid, line, profile, typed


def days(*values: str, **said: Any) -> list[str]:
    """Read dates by a profile: the day, or why not."""
    form = profile(**{"decimal": ","} | said)
    found = typed(laid([HEADER, *(line(f"FV/{at}", date=one) for at, one in enumerate(values))], form), form)
    return [
        found.outcomes[row][1] if row in found.outcomes else str(found.rows.issued_on[row - 2])
        for row in range(2, len(values) + 2)
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("5 maja 2019 r.", "5.05.2019", "05/05/2019", "5 мая 2019 г.", "May 5, 2019", "5-May-19", "2019-05-05"),
        *("5 de mayo de 2019", "5. Mai 2019", "5 mai 2019", "2019.5.5", "20190505", "43590", "43590.75"),
        *("5.V.2019", "5 V 2019 r.", "5-v-19", "2019 V 5"),
        *("5 May 2019 13:45", "5th May 2019", "2019-05-05 00:00:00", "05.05.19"),
        *("05MAY2019", "5mayo2019", "5maja19", "'05.05.2019", "05052019", "5052019"),
        *("20190505134500", "20190505T134500", "20190505T134500Z", "05052019134500"),
    ],
)
def test_the_same_day_is_read_however_it_is_written(text: str) -> None:
    assert days(text, dates="dmy") == ["2019-05-05"]


def test_the_order_is_the_profiles() -> None:
    assert days("02/01/2019", "2/1/19", dates="dmy") == ["2019-01-02"] * 2
    assert days("02/01/2019", "2/1/19", dates="mdy") == ["2019-02-01"] * 2
    assert days("02.01.19", dates="ymd") == ["2002-01-19"]


@pytest.mark.parametrize(
    "text", ["31.02.2019", "2019-13-01", "13/13/2019", "Feb-16", "12", "0.5.2019", "5.5.219", "x", "31.VI.2019"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    assert days(text, dates="dmy") == ["not_a_date"]


def test_months_are_known_by_their_short_names_with_a_point_and_without_marks_above_letters() -> None:
    said = ("7 февр. 2019", "7-нояб.-2019", "7. Maerz 2019", "7 pazdziernika 2019", "7 aout 2019", "7 decembre 2019")
    months = ["2019-02", "2019-11", "2019-03", "2019-10", "2019-08", "2019-12"]
    assert days(*said, dates="dmy") == [f"{month}-07" for month in months]


def test_digits_without_their_zero_keep_the_order_of_their_column() -> None:
    assert days("1072019", "27042019", dates="dmy") == ["2019-07-01", "2019-04-27"]
    assert proof(["1072019", "27042019"]).order == "dmy"
    assert proof(["1072019"]).orders == ("dmy", "mdy")


def test_six_digits_are_read_in_the_order_of_their_column() -> None:
    assert days("270419", "050719", dates="dmy") == ["2019-04-27", "2019-07-05"]
    assert days("042719", "070519", dates="mdy") == ["2019-04-27", "2019-07-05"]
    assert days("190427", "190705", dates="ymd") == ["2019-04-27", "2019-07-05"]
    assert days("270419 13:45", "311299", dates="dmy") == ["2019-04-27", "1999-12-31"]
    assert days("320419", "271319", "300219", "201904", dates="dmy") == ["not_a_date"] * 4
    assert days("270419", "270419", dates="mdy") == ["not_a_date"] * 2


def test_six_digits_prove_their_order_or_are_asked_and_never_guessed() -> None:
    assert proof(["043019", "070519"]).order == "mdy"
    assert proof(["270499", "050719"]).order == "dmy", "no month has 99 days"
    assert proof(["990427", "190705"]).order == "ymd"
    assert proof(["270419", "311219"]).orders == ("dmy", "ymd"), "of two digits each may be the year"
    assert proof(["050719"]).orders == ("dmy", "mdy", "ymd")
    assert proof(["270419", "27.04.2019"]).order == "dmy"
    assert days("270499", "050719", dates="found") == ["1999-04-27", "2019-07-05"]
    with pytest.raises(QuestionOpen, match=r"Column 'Data': .* order dmy or ymd \(it holds '270419', '311219'\)"):
        days("270419", "311219", dates="found")


def test_five_digits_beside_six_lost_their_zero() -> None:
    assert days("270419", "50719", dates="dmy") == ["2019-04-27", "2019-07-05"]
    assert proof(["270499", "50719"]).order == "dmy"
    assert days("43590", "50719", dates="dmy")[0] == "2019-05-05"


def test_a_text_of_pages_is_no_date_and_is_not_tried_for_minutes() -> None:
    assert read_moment("x" * 1_000_000).days == {}
    assert read_moment("1 " * 100_000).days == {}
    assert read_moment(" " * 100_000 + "05.05.2019").days["dmy"] == dt.date(2019, 5, 5)


def test_a_time_of_day_is_told() -> None:
    assert read_moment("20190502T130500").minute == 13 * 60 + 5
    assert read_moment("20190502T240500").days == {}
    assert read_moment("1/2/2019 3:05 PM").minute == 15 * 60 + 5
    assert read_moment("01.02.2019 24:00").days == {}
    form = profile(decimal=",", dates="dmy")
    found = typed(laid([HEADER, line(date="05.01.2026 14:30"), line("B", date="06.01.2026")], form), form)
    assert found.rows.minute.tolist() == [870, -1]


def test_a_column_proves_its_order_or_is_asked() -> None:
    assert proof(["01.02.2019", "13.02.2019"]).order == "dmy"
    assert proof(["02/01/2019", "02/13/2019"]).order == "mdy"
    assert proof(["17.08.18", "03.08.18"]).order == "dmy", "a year of two digits comes last where anything else will do"
    assert proof(["01.02.2019", "05.05.2019"]).orders == ("dmy", "mdy")
    assert proof(["01.02.2019"]).examples == ("01.02.2019",)
    assert proof(["13.02.2019", "02.13.2019"]).order is None, "two orders in one column"
    assert not proof(["1er janvier 2026", "2019-02-01", "5 maja 2019", "45000", "x"]).needed
    assert proof(["18-08-17"]).order is None


def test_a_year_of_two_digits_in_front_is_asked_where_the_days_would_else_be_of_many_years() -> None:
    month = [f"26.01.{day:02}" for day in (15, 16, 19, 31)]
    assert proof(month).orders == ("dmy", "ymd")
    assert proof([one.replace(".", "/") for one in month]).orders == ("dmy", "ymd")
    assert proof(["15.01.26", "31.01.26", "03.02.26"]).order == "dmy"
    assert agreed({"Issued": proof(month), "Paid": proof(["26.02.05"])}).proof.orders == ("dmy", "ymd")
    assert agreed({"Issued": proof(month), "Paid": proof(["28.02.2026"])}).proof.order == "dmy"


@pytest.mark.parametrize("days", [["26.01.15"], ["15.01.26", "15.01.26"], ["26.01.15", "26.02.15"]])
def test_where_the_year_stands_is_asked_of_days_that_are_no_further_apart_either_way(days: list[str]) -> None:
    assert proof(days).orders == ("dmy", "ymd")


def test_the_days_around_new_year_tell_where_their_year_stands() -> None:
    assert proof(["31.12.25", "02.01.26"]).order == "dmy"
    assert proof(["25.12.31", "26.01.02"]).orders == ("dmy", "ymd")


def test_a_profile_that_has_the_year_behind_does_not_read_months_as_years() -> None:
    with pytest.raises(QuestionOpen, match=r"Column 'Data': its dates are in the order ymd, and the profile says dmy"):
        days("26.01.15", "26.01.16", "26.01.19", dates="dmy")
    assert days("26.01.15", "26.01.16", "26.01.19", dates="ymd") == ["2026-01-15", "2026-01-16", "2026-01-19"]
    assert days("31.12.25", "31.01.26", dates="dmy") == ["2025-12-31", "2026-01-31"]
    assert days("15.01.24", "16.01.25", "19.01.26", dates="dmy") == ["2024-01-15", "2025-01-16", "2026-01-19"]


def test_what_is_left_to_be_found_is_found_or_asked_and_never_guessed() -> None:
    assert days("01.02.2019", "13.02.2019", dates="found") == ["2019-02-01", "2019-02-13"]
    with pytest.raises(QuestionOpen, match=r"Column 'Data': .* order dmy or mdy \(it holds '01.02.2019'\); say dates"):
        days("01.02.2019", dates="found")


def test_an_invoice_far_ahead_or_behind_is_a_slip() -> None:
    assert days("2026-12-31", "2099-01-01") == ["2026-12-31", "issued_later"]
    assert days("1990-01-01", "1899-12-31 10:00:00") == ["1990-01-01", "not_a_date"], "a time of day without its day"


def naive(text: str, order: str) -> dt.date | None:
    """Read a day of three numbers, part by part."""
    parts = text.replace("/", ".").replace("-", ".").split(".")
    year_first = len(parts[0]) == 4
    named = dict(zip("ymd" if year_first else order, parts, strict=True))
    year = int(named["y"]) if len(named["y"]) == 4 else int(named["y"]) + (1900 if int(named["y"]) >= 69 else 2000)
    try:
        return dt.date(year, int(named["m"]), int(named["d"]))
    except ValueError:
        return None


@settings(max_examples=200, deadline=None)
@given(
    day=st.dates(dt.date(1970, 1, 1), dt.date(2068, 12, 31)),
    form=st.sampled_from(["%d.%m.%Y", "%m/%d/%Y", "%d-%m-%y", "%m.%d.%y", "%y/%m/%d", "%Y-%m-%d", "%Y/%m/%d"]),
    order=st.sampled_from(["dmy", "mdy", "ymd"]),
)
def test_three_numbers_are_read_as_part_by_part(day: dt.date, form: str, order: str) -> None:
    text = day.strftime(form)
    if order == "ymd" and text[-4:].isdecimal():
        assert order not in read_moment(text).days, "a year in full cannot be the day"
    else:
        assert read_moment(text).days.get(order) == naive(text, order)


@settings(max_examples=150, deadline=None)
@given(st.text("0123456789./- :majmayfeb,тя", max_size=20))
def test_whatever_stands_there_is_a_day_or_none(text: str) -> None:
    assert all(isinstance(day, dt.date) for day in read_moment(text).days.values())


def test_days_and_months_that_a_spreadsheet_program_perhaps_swapped_are_told() -> None:
    form = profile(decimal=",", dates="mdy")
    written = ["07/26/2019", "03/26/2019", "01/17/2019"]
    cells = ["2019-10-03 00:00:00", "2019-02-01 00:00:00", "2019-04-05"]

    def told(*texts: str) -> list[str]:
        table = laid([HEADER, *(line(f"FV/{at}", date=one) for at, one in enumerate(texts))], form)
        return [f"{one['code']} {one['field']}" for one in typed(table, form).table.warnings]

    assert told(*written, *cells) == ["dates_perhaps_swapped Data"]
    assert told(*written, *cells, "2019-02-13") == []
    assert told(*written, *cells, "02/03/2019") == []
    assert told(*written[:2], *cells) == []
    assert told(*cells) == []


def test_the_day_of_a_week_is_one_and_a_week_is_none() -> None:
    assert set(read_moment("2024-W11-5").days.values()) == {dt.date(2024, 3, 15)}
    assert set(read_moment("2024W115").days.values()) == {dt.date(2024, 3, 15)}
    assert not any(read_moment(text).days for text in ("2024-W11", "2024-W54-1", "2024-W11-8", "1024-W11-5"))


def test_five_digits_whose_zero_was_lost_are_days_where_they_count_none() -> None:
    assert with_zeros(["10226", "90226"]) == ["010226", "090226"]
    assert proof(["10226", "90226"]).orders == ("dmy", "mdy", "ymd")
    assert with_zeros(["45658", "45659"]) == ["45658", "45659"], "days as spreadsheets count them"
    assert with_zeros(["40513"]) == ["40513"], "of 2010, and no 4th of May"
    assert with_zeros(["10226", "90299", "50201"]) == ["10226", "90299", "50201"], "of three years: codes, perhaps"
    assert with_zeros(["10226", "2026-02-05"]) == ["10226", "2026-02-05"]


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["pon. 06.04.2026", "śr. 08.04.2026"], "dmy"),
        (["Mon 04/06/2026", "Wednesday, 04/08/2026"], "mdy"),
        (["пн 06.04.2026", "07.04.2026"], "dmy"),
        (["Di, 07.04.26"], "dmy"),
        (["Sunday 06.04.2026 10:15"], None),
    ],
)
def test_a_weekday_tells_the_order_where_the_day_falls_on_it(texts: list[str], order: str | None) -> None:
    """6 April 2026 is a Monday, and 4 June a Thursday; what falls on neither tells nothing."""
    assert proof(texts).order == order


def test_a_weekday_that_no_order_falls_on_takes_no_day_away() -> None:
    assert read_moment("Sunday 06.04.2026").days == read_moment("06.04.2026").days

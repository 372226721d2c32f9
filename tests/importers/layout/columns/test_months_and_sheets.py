"""Several sheets one beneath the other, and months side by side, as rows of one table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from importers.errors import FileRefused
from importers.files.grid import Merge
from importers.layout.columns.columns import mapped
from importers.layout.columns.months import month_columns
from importers.layout.laying import lay
from importers.layout.looks.looking import look
from importers.layout.looks.proposing import Unanswered, propose
from importers.layout.looks.sheets import sheet_below
from importers.layout.stacking import aligned, stack
from importers.layout.tables.header import Header
from importers.layout.tables.table import Stretch, TextTable, place_of
from importers.layout.written.settling import settle
from tests.importers.layout.reports import HEADER, grid, laid, line, numbers, profile, recognised, typed

TITLE: list[str | None] = ["Hurtownia Żółw", None, None, None, None, None]
BLANK: list[str | None] = [None, " ", None, None, None, None]


def test_sheets_lie_one_beneath_the_other_and_rows_know_where_they_are() -> None:
    first, second = (
        grid(rows, name=name) for rows, name in (([HEADER, line("A")], "May"), ([TITLE, HEADER, line("B")], "June"))
    )
    form = profile(sheets="visible", fixed={"person": "Ann"})
    table = stack([(one.name, found) for one in (first, second) if (found := lay(one, form, "x"))])
    assert numbers(table) == [2, 5]
    assert table.stretches == (Stretch("May", 0), Stretch("June", 2))
    assert [place_of(row, table.stretches)[1] for row in (2, 5)] == [2, 3]
    assert recognised(table) == {"heading": [3]}
    assert table.given["person"].to_pylist() == ["Ann", "Ann"]
    assert lay(grid([["proszę o rozliczenie"]], name="Notatki"), form, "x") is None


def test_months_become_lines_and_each_a_document_of_its_own() -> None:
    rows = [
        ["Kod", "sty 2026", None, "luty 2026", None, "Razem", None],
        [None, "szt.", "zł", "szt.", "zł", "szt.", "zł"],
        ["P1", "2", "20,00", None, None, "2", "20,00"],
        ["P2", None, None, None, None, "0", "0"],
        ["P3", "1", "5,00", "3", "15,00", "4", "20,00"],
        ["P4", "0", "0,00", "-", " – ", "0", "0"],
    ]
    form = profile(
        columns={"product": "Kod"},
        fixed={"distributor": "D1"},
        months={"series": "R", "quantity": "szt.", "net_amount": "zł"},
        header_rows=2,
        decimal=",",
    )
    table = laid(rows, form, name="Zestawienie")
    assert [(one[0], one[1], one[3], one[5], one[7]) for one in typed(table, form).good] == [
        ("R-2026-01", "2026-01-31", "P1", 2000, 2000),
        ("R-2026-01", "2026-01-31", "P3", 1000, 500),
        ("R-2026-02", "2026-02-28", "P3", 3000, 1500),
    ]
    assert numbers(table) == [3, 5, 11]
    assert [place_of(row, table.stretches)[1] for row in (3, 5, 11)] == [3, 5, 5]
    assert recognised(table) == {"blank": [4, 6]}
    with pytest.raises(FileRefused, match="a month has no 'pcs' and 'zł'"):
        laid(rows, form.model_copy(update={"months": form.months.model_copy(update={"quantity": "pcs"})}))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["P", "XI 2018", "XII 2018", "I 2019"], ["2018-11", "2018-12", "2019-01"]),
        (["P", "2019M01", "2019M02", "2019-M03"], ["2019-01", "2019-02", "2019-03"]),
        (["P", "M01", "M02", "M03"], ["2026-01", "2026-02", "2026-03"]),
        (["P", "IV", "V", "VI"], ["2026-04", "2026-05", "2026-06"]),
        (["P", "M01", "M02", "maj 2019"], ["2019-05"]),  # a name is surer than numbers
        (["P", "I", "II", "III", "IV"], []),  # quarters, for all that one knows
        (["I", "V", "X"], []),
        (["M6", "M8", "M10"], []),  # sizes of screws
        (["P", "M1", "M2"], []),
        (["P", "M13", "M14", "M15"], []),
    ],
)
def test_months_are_numbered_as_offices_do_where_nothing_else_is(names: list[str], found: list[str]) -> None:
    assert [one.text(2026) for one in month_columns(names)] == found


BELOW_YEARS = [
    ["01", "02", "03"],
    ["I", "II", "III"],
    ["sty", "lut", "mar"],
]


@pytest.mark.parametrize("months", BELOW_YEARS)
@pytest.mark.parametrize("merged", [(), (Merge(2, 3, 2, 5), Merge(2, 6, 2, 8))])
@pytest.mark.parametrize("above", [True, False])
def test_months_stand_in_a_row_below_their_years(months: list[str], merged: tuple[Merge, ...], above: bool) -> None:
    names, none = ["Kod", "Odbiorca", "Cena netto"], ["", "", ""]
    rows = [
        ["Suma z Ilość", "", "", "Rok", "Miesiąc"],
        [*(none if above else names), "2025", "", "", "2026", "", ""],
        [*(names if above else none), *months, *months],
        ["P1", "D1", "2", "1", "2", "3", "4", "5", "6"],
        ["P2", "D2", "3", "10", "20", "30", "40", "50", "60"],
    ]
    said = propose(look([grid(rows, merged=merged)], [], "sales"))
    found = typed(laid(rows, said, merged=merged), said)
    assert [(one[0][-7:], one[5] // 1000) for one in found.good if one[3] == "P1"] == [
        (f"{year}-0{month}", month + more) for year, more in ((2025, 0), (2026, 3)) for month in (1, 2, 3)
    ]


def test_each_year_may_be_added_up_behind_its_months() -> None:
    rows = [
        ["Suma z Ilość", "", "", "Rok", "Miesiąc"],
        ["Kod", "Odbiorca", "Cena netto", "2025", "", "", "2026", ""],
        ["", "", "", "11", "12", "Result", "01", "Result"],
        ["P1", "D1", "2", "1", "2", "3", "4", "4"],
    ]
    said = propose(look([grid(rows)], [], "sales"))
    found = typed(laid(rows, said), said)
    assert [(one[0][-7:], one[5]) for one in found.good] == [("2025-11", 1000), ("2025-12", 2000), ("2026-01", 4000)]


@pytest.mark.parametrize(
    ("numbers_of", "found"),
    [(range(1, 13), 12), (range(1, 4), 0), (range(1, 32), 0), (range(1, 53), 0), (range(13), 0)],
)
def test_bare_numbers_are_months_where_they_are_all_twelve(numbers_of: range, found: int) -> None:
    assert len(month_columns(["Kod", *(f"2025 / {one:02}" for one in numbers_of)])) == found
    assert month_columns(["Kod", *map(str, numbers_of)]) == [], "days of a month are numbered so as well"


@pytest.mark.parametrize(
    ("above", "found"),
    [
        (["Sprzedaż wg miesięcy"], 12),
        (["Suma z Ilość", "Miesiące"], 12),
        (["Miesiąc:", "12.2025"], 0),
        (["Miesiąc:", "grudzień 2025"], 0),
        (["Sprzedaż dzienna"], 0),
    ],
)
def test_somebody_must_say_that_bare_numbers_without_a_year_are_months(above: list[str], found: int) -> None:
    header = ["Kod", "Nazwa", "Odbiorca", "Cena netto", *map(str, range(1, 13))]
    sheet = sheet_below(grid([above, header, ["P1", "Farba", "D1", "2"]]), Header(1, [header], header), 10_000)
    assert len(sheet.months) == found


def test_days_of_a_month_are_not_read_by_a_profile_of_months() -> None:
    said = profile(columns={"product": "Kod", "distributor": "Klient"}, months={"series": "R", "year": 2025})
    days = ["Kod", "Klient", *map(str, range(1, 13))]
    with pytest.raises(FileRefused, match="no column is named like a month"):
        laid([["Grudzień 2025"], days, ["P1", "D1", *["2"] * 12]], said)


def test_months_without_a_year_need_one() -> None:
    rows = [["Kod", "January", "February"], ["P1", "2", "3"]]
    form = profile(columns={"product": "Kod", "unit_price": "Kod"}, fixed={"distributor": "D1"}, months={"series": "R"})
    with pytest.raises(FileRefused, match="the month 'January' has no year; say year in the profile's months"):
        laid(rows, form)
    dated = form.model_copy(update={"months": form.months.model_copy(update={"year": 2026})})  # type: ignore[union-attr]
    assert laid(rows, dated).given["document_number"].to_pylist() == ["R-2026-01", "R-2026-02"]


def matrix(*names: str, **months: Any) -> tuple[list[list[str | None]], Any]:
    """Give a matrix of one product, with a number in each of these columns, and the profile that reads it."""
    form = profile(columns={"product": "Kod"}, fixed={"distributor": "D1"}, months={"series": "R"} | months)
    return [["Kod", *names], ["P1", *(str(at) for at in range(1, len(names) + 1))]], form


def test_the_same_month_does_not_come_twice() -> None:
    rows, form = matrix("sty 2026", "styczeń 2026")
    with pytest.raises(FileRefused, match="the columns 'sty 2026' and 'styczeń 2026' are of the same month"):
        laid(rows, form)
    rows, form = matrix("sty", "lut", "sty", "lut", year=2026)
    with pytest.raises(
        FileRefused, match=r"are of the same month; leave one .*, or write .* into a row with its date\."
    ):
        laid(rows, form)


def test_months_that_go_over_a_new_year_say_their_years() -> None:
    rows, form = matrix("listopad", "grudzień", "styczeń", year=2026)
    with pytest.raises(FileRefused, match="January follows December, and neither has a year; write the year to the"):
        laid(rows, form)
    rows, form = matrix("grudzień", "listopad", "styczeń", year=2026)
    assert len(laid(rows, form).row_number) == 3


def test_a_month_that_is_written_wrongly_is_told() -> None:
    rows, form = matrix("sierpień 2026", "wrzesień 2026", "pażdziernik 2026", "Razem")
    warned = [one for one in laid(rows, form).warnings if one["code"] == "column_beside_months"]
    assert warned == [{"code": "column_beside_months", "field": "pażdziernik 2026", "found": "3"}]
    rows[1][3] = "zob. faktura"
    assert laid(rows, form).warnings == [], "words are no amounts"


@pytest.mark.parametrize("days", [("2026-01-01", "2026-02-01"), ("2026-01-31", "2026-02-28")])
def test_cells_that_are_days_name_months(days: tuple[str, str]) -> None:
    rows, form = matrix(*(f"{day} 00:00:00" for day in days))
    assert laid(rows, form).given["document_number"].to_pylist() == ["R-2026-01", "R-2026-02"]


def test_a_text_that_may_be_a_thousand_is_one_in_a_month_as_well() -> None:
    rows: list[list[str | None]] = [["Kod", "sty 2026", "lut 2026"], ["P1", "1.234", "5"], ["P2", "7.125", "1.234"]]
    _, form = matrix()
    said = form.model_copy(update={"decimal": ",", "thousands": "."})
    texts = {1: np.array([False, True, False]), 2: np.array([False, False, False])}
    table = laid(rows, said, texts=texts, typed=True)
    settle(table, mapped(table, said), said)
    assert table.column("Quantity").to_pylist() == ["1.234", "7,125", "5", "1,234"]


def test_an_amount_that_is_merged_over_rows_counts_once() -> None:
    rows = [HEADER, line(), line(product="P2", quantity=None, net=None, date=None)]
    merged = tuple(Merge(2, column, 3, column) for column in (1, 4, 5))
    table = laid(rows, merged=merged)
    assert table.frame.iloc[1].isna().tolist() == [False, False, False, False, True, True]


LOWER = ["Nr faktury", "Data", "Odbiorca", "Kod", "Nazwa", "Ilość", "Netto"]
Sheet = tuple[list[list[str | None]], tuple[Merge, ...]]


def sheet(groups: dict[int, tuple[int, str]], *lines: str, lower: Sequence[str] = LOWER) -> Sheet:
    """Give a sheet whose header has groups over some columns (first: (last, name)); the others are merged downwards."""
    grouped = {at for first, (last, _) in groups.items() for at in range(first, last + 1)}
    upper: list[str | None] = [None if at in grouped else name for at, name in enumerate(lower)]
    for first, (_, name) in groups.items():
        upper[first] = name
    below: list[str | None] = [name if at in grouped else None for at, name in enumerate(lower)]
    merged = [Merge(1, first, 1, last) for first, (last, _) in groups.items()]
    merged += [Merge(1, at, 2, at) for at in range(len(lower)) if at not in grouped]
    rows = [[number, "2026-01-05", "D1", "P1", "Klej", "2", "20.00"] for number in lines]
    return [upper, below, *rows], tuple(merged)


def read_sheets(sheets: dict[str, Sheet], answers: dict[str, str] | None = None) -> TextTable:
    """Read a workbook of some sheets as a look at it proposes."""
    grids = [grid(rows, name=name, merged=merged, typed=True) for name, (rows, merged) in sheets.items()]
    form = propose(look(grids, [], "sales"), answers)
    read = grids if form.sheets == "visible" else grids[:1]
    table = stack(aligned([(one.name, found) for one in read if (found := lay(one, form, "x")) is not None]))
    assert set(mapped(table, form)) == set(form.columns)
    return table


SALES = sheet({3: (4, "Towar"), 5: (6, "Sprzedaż")}, "F/1", "F/2")


@pytest.mark.parametrize(
    "other",
    [
        sheet({0: (1, "Dokument"), 5: (6, "Sprzedaż")}, "F/3"),
        sheet({0: (2, "Faktura"), 3: (4, "Produkt"), 5: (6, "Wartości")}, "F/3"),
        ([LOWER, ["F/3", "2026-01-05", "D1", "P1", "Klej", "2", "20.00"]], ()),  # one row, and nothing above it
        sheet({3: (4, "Towar"), 5: (6, "SPRZEDAŻ")}, "F/3", lower=[one.upper() for one in LOWER]),
    ],
)
def test_sheets_whose_columns_are_grouped_otherwise_are_read_all(other: Sheet) -> None:
    for sheets, numbers_ in (((SALES, other), ["F/1", "F/2", "F/3"]), ((other, SALES), ["F/3", "F/1", "F/2"])):
        table = read_sheets(dict(zip(("Styczeń", "Luty"), sheets, strict=True)))
        name = next(one for one in table.header if one.casefold().endswith("nr faktury"))
        assert table.column(name).to_pylist() == numbers_


def test_sheets_whose_columns_are_called_otherwise_are_asked_about() -> None:
    names = ["Faktura", "Data wystawienia", "Klient", "Indeks", "Towar", "Szt.", "Wartość netto"]
    sheets = {"Styczeń": SALES, "Luty": sheet({0: (1, "Dokument")}, "F/3", lower=names)}
    with pytest.raises(Unanswered) as stopped:
        read_sheets(sheets)
    assert [(one.key, one.about) for one in stopped.value.questions] == [("other_sheets", "Luty")]
    assert read_sheets(sheets, {"other_sheets": "lines"}).column("Nr faktury").to_pylist() == ["F/1", "F/2", "F/3"]
    assert len(read_sheets(sheets, {"other_sheets": "left_out"}).row_number) == 2


def test_what_is_doubtful_in_further_sheets_is_asked_once_for_those_that_are_alike() -> None:
    names = ["Nr faktury", "Data", "Odbiorca", "Kod", "Ilość", "Netto"]
    first: Sheet = ([names, ["F/1", "2026-01-05", "D1", "P1", "2", "10.00"]], ())
    names = ["Numer dokumentu", "Data wystawienia", "Data sprzedaży", "Kontrahent", "Symbol", "Ilość", "Netto"]
    others: list[Sheet] = [
        ([names, [f"F/{at}", f"2026-0{at}-09", f"2026-0{at}-05", "D1", "P1", "2", "10.00"]], ()) for at in (2, 3)
    ]
    sheets = {"Styczeń": first, "Luty": others[0], "Marzec": others[1]}
    with pytest.raises(Unanswered, match="Which column holds issued_on in the sheets 'Luty', 'Marzec'") as stopped:
        read_sheets(sheets)
    [asked] = stopped.value.questions
    assert (asked.key, asked.options) == ("sheet:Luty:issued_on", ("Data wystawienia", "Data sprzedaży", "left_out"))
    found = read_sheets(sheets, {asked.key: "Data sprzedaży"})
    assert found.column("Data").to_pylist() == ["2026-01-05", "2026-02-05", "2026-03-05"]
    assert len(read_sheets(sheets, {asked.key: "left_out"}).row_number) == 1


def test_what_is_doubtful_in_a_further_sheet_is_not_where_it_is_called_as_in_the_first() -> None:
    names = ["Nr faktury", "Data", "Klient", "Kod", "Ilość", "Cena"]
    first: Sheet = ([names, ["F/1", "2026-01-05", "D1", "P1", "2", "10.00"]], ())
    names = ["Dokument", "Data wystawienia", "Data", "Klient", "Nabywca", "Indeks", "Ilość", "Cena"]
    other: Sheet = ([names, ["F/2", "2026-02-09", "2026-02-05", "D1", "D9", "P1", "2", "10.00"]], ())
    table = read_sheets({"Styczeń": first, "Luty": other}, {"other_sheets": "lines"})
    assert [table.column(name).to_pylist()[1] for name in ("Nr faktury", "Data", "Klient")] == [
        "F/2",
        "2026-02-05",
        "D1",
    ]


def test_what_stands_over_a_name_may_say_that_it_is_something_else() -> None:
    planned = sheet({3: (4, "Towar"), 5: (6, "Plan")}, "F/3")
    assert len(read_sheets({"Styczeń": SALES, "Plan": planned}).row_number) == 2
    for over, asked in (("Plan", "column:quantity"), ("Zwroty", "headed_returns")):
        with pytest.raises(Unanswered, match=asked):
            read_sheets({"Luty": sheet({5: (6, over)}, "F/3")})
    with pytest.raises(Unanswered, match="column:net_amount"):
        read_sheets({"Luty": sheet({6: (6, "Brutto")}, "F/3", lower=[*LOWER[:6], "Wartość"])})


def test_two_languages_may_stand_in_either_order_in_each_sheet() -> None:
    names = (["Nr faktury", "Data", "Odbiorca", "Kod", "Ilość", "Netto"],)
    names += (["Invoice No", "Date", "Customer", "Item Code", "Qty", "Net Amount"],)
    line: list[str | None] = ["F/1", "2026-01-05", "D1", "P1", "2", "20.00"]
    first: Sheet = ([*names, line], ())
    other: Sheet = ([["Raport"], [], *reversed(names), ["F/2", *line[1:]]], ())
    assert read_sheets({"Styczeń": first, "Luty": other}).column("Nr faktury / Invoice No").to_pylist() == [
        "F/1",
        "F/2",
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [("Miara", ("Ilość", "Wartość netto")), ("Dane", ("szt", "Wartość PLN")), ("Measure", ("Qty", "Sales"))],
)
def test_months_whose_rows_are_of_several_measures_are_refused(name: str, values: tuple[str, str]) -> None:
    columns = {"distributor": "Klient", "product": "Kod", "unit_price": "Cena"}
    said = profile(columns=columns, decimal=",", months={"series": "R"})
    rows = [["Klient", "Kod", "Cena", name, "styczeń 2026", "luty 2026"]]
    rows += [["A", "P", "40,00", value, "2", "3"] for value in values]
    with pytest.raises(FileRefused, match=f"column '{name}': it says that rows hold '{values[0]}', '{values[1]}'"):
        laid(rows, said)
    for others in (values[:1] * 2, ("Detal", "Hurt"), ("Ilość", "Hurt")):
        assert len(laid([rows[0], *(["A", "P", "40,00", one, "2", "3"] for one in others)], said).row_number) == 4


def test_rows_of_several_measures_are_refused_without_months_as_well() -> None:
    header = [*HEADER, "Measure Names"]
    with pytest.raises(FileRefused, match="column 'Measure Names': it says that rows hold 'Ilość', 'Wartość netto'"):
        laid([header, [*line(), "Ilość"], [*line(quantity="40"), "Wartość netto"]])
    for told in (("Cena", "Wartość netto"), ("Ilość", "Ilość"), ("Ilość", "Hurt")):
        assert numbers(laid([header, *([*line(), one] for one in told)])) == [2, 3]


@pytest.mark.parametrize("title", ["Sprzedaż narastająco 2026", "Sales YTD", "Продажи нарастающим итогом"])
def test_months_that_hold_all_that_was_sold_so_far_are_refused(title: str) -> None:
    said = profile(columns={"product": "Kod", "distributor": "Klient"}, months={"series": "R", "year": 2026})
    header = ["Kod", "Klient", "styczeń", "luty", "marzec"]
    so_far = [["P1", "D1", "2", "5", "5"], ["P2", "D1", "", "1", "1 200,50"]]
    with pytest.raises(FileRefused, match=f"report.csv: '{title}' says that each month holds all that was sold up"):
        laid([[title], header, *so_far], said)
    assert len(laid([["Sprzedaż 2026"], header, *so_far], said).row_number) == 5
    assert len(laid([[title], header, *so_far, ["P3", "D2", "4", "3", "9"]], said).row_number) == 8

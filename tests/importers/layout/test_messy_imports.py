"""Messy workbooks from end to end: every row is accounted for, and what was handed back comes in again."""

from pathlib import Path

import openpyxl
import pytest

from tests.importers.driver import Desk, cells_of

HEADER = ["Nr faktury", "Data", "Odbiorca", "Kod", "Ilość", "Wartość"]
COLUMNS = dict(
    zip(("document_number", "issued_on", "distributor", "product", "quantity", "net_amount"), HEADER, strict=True)
)


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    desk.people("D1")
    desk.goods(P1=None, P2=None)
    return desk


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def test_sheets_of_months_with_titles_and_totals_are_one_import_and_problems_name_their_sheet(stocked: Desk) -> None:
    stocked.document["import_profiles"]["sales"] = {
        "columns": COLUMNS,
        "sheets": "visible",
        "dates": "dmy",
        "decimal": "found",
        "thousands": None,
    }
    stocked.speak("en")
    january = [
        ["Raport za styczeń"],
        [],
        HEADER,
        ["A", "05.01.2026", "D1", "P1", 2, "1 020,00 zł"],
        ["Suma A", None, None, None, 2, 1020],
        ["Razem", None, None, None, 2, 1021],
    ]
    february = [
        HEADER,
        ["B", "02.02.2026", "D1", "P1", "dwa", 10],
        ["B", "02.02.2026", "D1", "P2", 1, 10],
        ["C", "14.02.2026", "D1", "P2", 1, "(5,50)"],
    ]
    path = workbook(stocked.folder / "months.xlsx", styczeń=january, luty=february, Notatki=[["proszę o rozliczenie"]])
    found = stocked.run(path)
    parts = ("rows_read", "lines_accepted", "lines_held", "lines_refused", "rows_recognised")
    assert [found.counts[part] for part in parts] == [8, 2, 1, 1, 4]
    assert [found.counts[f"rows_{kind}"] for kind in ("heading", "blank", "total")] == [1, 1, 2]
    assert [one["code"] for one in found.warnings] == ["sheet_without_table", "total_differs_from_lines"]
    assert found.warnings[1] | {"sheet": "styczeń", "row": 6, "found": "1021", "expected": "1020"} == found.warnings[1]
    header, *rows = cells_of(Path(str(found.problems_file)))
    assert header == [*HEADER, "Sheet", "Row", "Reason [numbers 1234,5]"]
    assert [(row[0], *row[-3:-1]) for row in rows] == [("B", "luty", "2"), ("B", "luty", "3")]
    assert "found 'dwa', expected a number" in rows[0][-1]
    assert rows[1][-1] == "Held: Row luty!2 of document B has a problem; it waits until all is right."
    rows[0][4] = "2"
    again = stocked.run(workbook(stocked.folder / "problems.xlsx", Problems=[header, *rows]))
    assert [again.counts[part] for part in parts] == [2, 2, 0, 0, 0]
    assert stocked.balance("D1")[1] == 104


def test_sheets_that_are_not_read_are_told_and_one_that_lacks_a_column_is_no_summary(stocked: Desk) -> None:
    said = {"columns": COLUMNS, "dates": "dmy", "decimal": "found", "thousands": None}
    stocked.document["import_profiles"]["sales"] = said
    stocked.reload()
    rows = [HEADER, ["A", "05.01.2026", "D1", "P1", 2, "10,00"]]
    path = workbook(stocked.folder / "first.xlsx", styczeń=rows, luty=[HEADER, ["B", "05.02.2026", "D1", "P1", 1, 5]])
    (warned,) = stocked.run(path).warnings
    assert (warned["code"], warned["sheet"], warned["rows"]) == ("sheet_not_read", "luty", 2)
    stocked.document["import_profiles"]["sales"] = {**said, "sheets": "visible"}
    stocked.reload()
    summary = [["Odbiorca", "Wartość"], ["D1", 10]]
    found = stocked.run(workbook(stocked.folder / "summary.xlsx", Podsumowanie=summary, styczeń=rows))
    assert [(one["code"], one["sheet"]) for one in found.warnings] == [("sheet_without_table", "Podsumowanie")]
    lacking = [[*HEADER[:-1], "Kwota"], ["C", "05.02.2026", "D1", "P1", 1, 5]]
    refused = stocked.refused(workbook(stocked.folder / "lacking.xlsx", styczeń=rows, luty=lacking))
    assert "Sheet 'luty', row 1: the header lacks 'Wartość'" in refused


def test_a_matrix_of_months_is_imported_once_and_its_problems_come_back_as_lines(stocked: Desk) -> None:
    stocked.document["import_profiles"]["sales"] = {
        "columns": {"product": "Kod"},
        "fixed": {"distributor": "D1"},
        "months": {"series": "R", "quantity": "szt.", "net_amount": "zł"},
        "header_rows": 2,
    }
    stocked.reload()
    rows = [
        ["Kod", "2026-01", None, "2026-02", None, "Razem", None],
        [None, "szt.", "zł", "szt.", "zł", "szt.", "zł"],
        ["P1", 2, 20, 3, 30, 5, 50],
        ["P2", "x", 10, None, None, 0, 0],
    ]
    path = workbook(stocked.folder / "matrix.xlsx", Zestawienie=rows)
    found = stocked.run(path)
    assert [found.counts[part] for part in ("rows_read", "lines_accepted", "lines_held", "lines_refused")] == [
        3,
        1,
        1,
        1,
    ]
    header, *back = cells_of(Path(str(found.problems_file)))
    assert header == ["Kod", "Month", "szt.", "zł", "Arkusz", "Wiersz", "Powód"]
    assert [row[:4] for row in back] == [["P1", "2026-01", "2", "20"], ["P2", "2026-01", "x", "10"]]
    back[1][2] = "1"
    again = stocked.run(workbook(stocked.folder / "problems.xlsx", Problems=[header, *back]))
    assert (again.counts["rows_read"], again.counts["lines_accepted"]) == (2, 2)
    assert stocked.run(path).counts["lines_accepted"] == 0, "the document of February is here already"
    assert {number for number, _ in stocked.documents()} == {"R-2026-01", "R-2026-02"}


def test_a_workbook_whose_formulas_nobody_computed_is_refused_though_they_say_nothing(stocked: Desk) -> None:
    stocked.document["import_profiles"]["sales"] = {"columns": {**COLUMNS, "unit_price": "Cena"}, "dates": "dmy"}
    stocked.reload()
    header = [*HEADER[:-1], "Cena", HEADER[-1]]
    rows = [[number, "05.01.2026", "D1", "P1", 2, 5, 0] for number in ("A", "B")]
    said = stocked.refused(workbook(stocked.folder / "never.xlsx", styczeń=[header, *rows]))
    assert said.startswith("Column 'Wartość': found 0 in all 2 rows with a quantity and a price, expected amounts")
    free = stocked.run(workbook(stocked.folder / "free.xlsx", styczeń=[header, *rows, [*rows[0][:-1], 10]]))
    assert free.counts["lines_accepted"] == 3


def test_a_sheet_of_all_months_beside_those_of_each_would_count_twice(stocked: Desk) -> None:
    stocked.profile(columns=COLUMNS, sheets="visible", dates="dmy", decimal="found", thousands=None)
    january = [["A", "05.01.2026", "D1", "P1", 2, 20], ["A", "05.01.2026", "D1", "P2", 1, 10]]
    february = [["B", "05.02.2026", "D1", "P1", 2, 20], ["B", "05.02.2026", "D1", "P1", 2, 20]]
    months = {"styczeń": [HEADER, *january], "luty": [HEADER, *february]}
    whole = {"Wszystko": [HEADER, *january, *february, ["Razem", None, None, None, None, 70]]}
    whole["Wszystko"] = [row[::-1] for row in whole["Wszystko"]]
    refused = stocked.refused(workbook(stocked.folder / "all.xlsx", **whole, **months))
    assert "2 of the 4 lines of sheet 'Wszystko' stand in sheet 'styczeń' as well and would count twice" in refused
    assert stocked.run(workbook(stocked.folder / "months.xlsx", **months)).counts["lines_accepted"] == 4


def test_a_cell_with_an_error_names_no_document(stocked: Desk) -> None:
    stocked.profile(columns=COLUMNS, dates="dmy", decimal="found", thousands=None)
    rows = [["#N/A", "05.01.2026", "D1", "P1", 2, 20], ["A", "05.01.2026", "#REF!", "P1", 2, 20]]
    found = stocked.run(workbook(stocked.folder / "errors.xlsx", Sprzedaż=[HEADER, *rows]))
    assert stocked.codes(found) == {2: ("refused", "no_result"), 3: ("refused", "no_result unknown_distributor")}


def test_amounts_under_a_name_that_says_another_currency_wait(stocked: Desk) -> None:
    header = [*HEADER[:-1], "Wartość [EUR]"]
    stocked.profile(columns={**COLUMNS, "net_amount": "Wartość [EUR]"}, dates="dmy", decimal="found", thousands=None)
    row = ["A", "05.01.2026", "D1", "P1", 2, 20]
    found = stocked.run(workbook(stocked.folder / "euros.xlsx", Sprzedaż=[header, row]))
    assert stocked.codes(found) == {2: ("held", "other_currency")}

"""Whose rows they are where no column says it: the name of each sheet, or what stands above the table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest

from importers.errors import FileRefused
from importers.layout.looks.proposing import Unanswered
from importers.layout.rows.named_beside import titled
from tests.importers.layout.reports import Typed, laid, line, profile, read_by_proposal, recognised, typed

HEAD = ["Nr faktury", "Data", "Kod towaru", "Ilość", "Wartość netto"]
SHEETS = {"North": "A", "South": "B", "East": "C"}


def book(folder: Path, *, above: Mapping[str, Sequence[Sequence[str]]] | None = None) -> Path:
    made = openpyxl.Workbook()
    del made[made.sheetnames[0]]
    for name, number in SHEETS.items():
        page = made.create_sheet(name)
        for row in (*(above or {}).get(name, ()), HEAD, [number, "2026-01-05", "P1", 2, 20]):
            page.append(list(row))
    path = folder / "report.xlsx"
    made.save(path)
    return path


def buyers(found: Typed) -> list[str]:
    return [one[2] for one in found.good]


def test_the_name_of_each_sheet_may_say_whose_rows_it_has(tmp_path: Path) -> None:
    path = book(tmp_path)
    with pytest.raises(Unanswered, match=r"or what stands before the colon of '<sheet>: North, South, East'"):
        read_by_proposal(path)
    assert buyers(read_by_proposal(path, {"fixed:distributor": "<sheet>"})) == list(SHEETS)
    assert buyers(read_by_proposal(path, {"fixed:distributor": "D1"})) == ["D1"] * 3


def test_what_stands_above_the_table_may_say_whose_rows_it_has(tmp_path: Path) -> None:
    path = book(tmp_path, above={name: [["Odbiorca:", f"{name} Ltd"], []] for name in SHEETS})
    with pytest.raises(Unanswered, match="'<title>: North Ltd'"):
        read_by_proposal(path)
    said = read_by_proposal(path, {"fixed:distributor": "<title>"})
    assert (buyers(said), said.table.warnings) == ([f"{name} Ltd" for name in SHEETS], [])
    others = read_by_proposal(path, {"fixed:distributor": "South Ltd"}).table.warnings
    assert [(one["code"], one["found"]) for one in others] == [
        ("title_says_otherwise", "North Ltd"),
        ("title_says_otherwise", "East Ltd"),
    ]
    path = book(tmp_path, above={"North": [["Odbiorca: North Ltd"]]})
    with pytest.raises(FileRefused, match=r"sheet 'South': the profile takes distributor from the name of the sheet"):
        read_by_proposal(path, {"fixed:distributor": "<title>"})


def test_rows_that_were_handed_back_say_of_which_sheet_they_were() -> None:
    header = ["Nr faktury", "Kod", "Data", "Ilość", "Wartość", "Arkusz", "Wiersz", "Powód [dates dmy]"]
    of = line("A")
    row = [of[0], of[3], of[1], of[4], of[5], "North", "2", "Held"]
    columns = {name: column for name, column in profile().columns.items() if name != "distributor"}
    said = profile(columns=columns, fixed={"distributor": "<sheet>"}, decimal=",")
    assert buyers(typed(laid([header, row], said), said)) == ["North"]
    with pytest.raises(FileRefused, match="nothing says it there"):
        laid([[*header[:5], header[-1]], [*row[:5], row[-1]]], said)


def test_a_place_that_nobody_knows_is_no_text_for_every_row() -> None:
    said = profile(columns=dict(zip(("document_number", "product"), HEAD[::2], strict=False)))
    with pytest.raises(FileRefused, match="nothing says it there"):
        laid([HEAD, line("A")[:5]], said.model_copy(update={"fixed": {"distributor": "<heading>"}}))


def test_what_a_title_names() -> None:
    assert titled([["Sprzedaż"], ["Kontrahent: North"], ["Okres: 01.2026"]], "distributor") == "North"
    assert titled([["Klient", "North"]], "distributor") == "North"
    assert titled([["Sprzedaż za", "Klient", "North"]], "distributor") is None
    assert titled([["Klient: North"], ["Odbiorca: South"]], "distributor") is None
    assert titled([["Klient:"]], "distributor") is None


CUSTOMERS = ["Klient: D001;;;;", "F/1;2026-01-05;P1;2;20,00", "Klient: D002;;;;", "F/2;2026-01-05;P1;1;10,00"]


def test_rows_among_the_lines_that_say_otherwise_are_told() -> None:
    of_all = profile(
        columns=dict(zip(("document_number", "issued_on", "product", "quantity"), HEAD, strict=False)),
        fixed={"distributor": "D002"},
    )
    for rows in (CUSTOMERS, [*CUSTOMERS[1:], CUSTOMERS[0]]):
        found = laid([HEAD, *(row.split(";") for row in rows)], of_all)
        assert [(one["code"], one["found"]) for one in found.warnings] == [("title_says_otherwise", "D001")]


def test_what_begins_a_name_is_no_word_for_a_customer() -> None:
    rows = [*HEAD[:3], "Ilość", "Wartość", "Odbiorca"], line("A"), ["Hurtownia Północ"], line("B"), ["Sklep", "P1"]
    read = profile(columns=dict(zip(("document_number", "issued_on", "product", "quantity"), HEAD, strict=False)))
    assert recognised(laid(rows, read.model_copy(update={"fixed": {"distributor": "D"}}))) == {}

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


def test_what_a_title_names() -> None:
    assert titled([["Sprzedaż"], ["Kontrahent: North"], ["Okres: 01.2026"]], "distributor") == "North"
    assert titled([["Klient", "North"]], "distributor") == "North"
    assert titled([["Sprzedaż za", "Klient", "North"]], "distributor") is None
    assert titled([["Klient: North"], ["Odbiorca: South"]], "distributor") is None
    assert titled([["Klient:"]], "distributor") is None


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("tail", ["", ";" * 4])
def test_rows_among_the_lines_say_whose_those_below_them_are(tmp_path: Path, again: bool, tail: str) -> None:
    head = "Nr faktury;Data sprzedaży;Kod towaru;Ilość;Wartość netto"
    one, two = "F{};13.02.2019;P;2;10,00", "G{};14.02.2019;Q;1;5,00"
    blocks = {"Hurtownia Północ": [one.format(1), two.format(1)], "Sklep Żółw": [one.format(2), two.format(2)]}
    rows = [] if again else [head]
    for name, lines in blocks.items():
        rows += [f"Klient: {name}{tail}", *([head] if again else ()), *lines, f"Razem;;;3;{15},00"]
    path = tmp_path / "report.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(Unanswered) as stopped:
        read_by_proposal(path)
    (asked,) = stopped.value.questions
    assert asked.key == "fixed:distributor"
    assert asked.examples[-1].startswith("<heading>: ")
    found = read_by_proposal(path, {"fixed:distributor": "<heading>"})
    meant = [(f"{letter}{at}", name) for at, name in enumerate(blocks, 1) for letter in "FG"]
    assert ([(line[0], line[2]) for line in found.good], found.outcomes) == (meant, {})
    told = read_by_proposal(path, {"fixed:distributor": "Sklep Żółw"}).table.warnings
    assert [(one["code"], one["found"]) for one in told] == [("title_says_otherwise", "Hurtownia Północ")]


TEXT = "Nr faktury;Data;Kod towaru;Nazwa;Ilość;Wartość netto\n{}\n"
LINES = [f"F/{at};2026-01-05;P{at};Towar;2;20,00" for at in range(4)]


@pytest.mark.parametrize("behind", ["", ";;;;;"])
def test_a_row_of_a_customer_needs_no_colon(tmp_path: Path, behind: str) -> None:
    path = tmp_path / "report.csv"
    rows = [f"Odbiorca Hurtownia Żółw{behind}", *LINES[:2], f"Odbiorca Kowal{behind}", LINES[2]]
    path.write_text(TEXT.format("\n".join(rows)))
    with pytest.raises(Unanswered, match="'<heading>: Hurtownia Żółw, Kowal'"):
        read_by_proposal(path)
    found = read_by_proposal(path, {"fixed:distributor": "<heading>"})
    assert buyers(found) == ["Hurtownia Żółw", "Hurtownia Żółw", "Kowal"]
    assert (found.outcomes, found.table.wrong_width) == ({}, [])


def test_what_begins_a_name_is_no_word_for_a_customer() -> None:
    rows = [*HEAD[:3], "Ilość", "Wartość", "Odbiorca"], line("A"), ["Hurtownia Północ"], line("B"), ["Sklep", "P1"]
    read = profile(columns=dict(zip(("document_number", "issued_on", "product", "quantity"), HEAD, strict=False)))
    assert recognised(laid(rows, read.model_copy(update={"fixed": {"distributor": "D"}}))) == {}


def test_names_that_stand_below_their_lines_are_not_taken_for_those_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    rows = [*LINES[:2], "Klient: Żółw;;;;;", LINES[2], "Klient: Kowal;;;;;"]
    path.write_text(TEXT.format("\n".join(rows)))
    with pytest.raises(FileRefused, match=r"row 4: found 'Klient: Żółw' below lines of nobody"):
        read_by_proposal(path, {"fixed:distributor": "<heading>"})
    path.write_text(TEXT.format("\n".join([*rows, LINES[3]])))
    found = read_by_proposal(path, {"fixed:distributor": "<heading>"})
    assert (buyers(found), found.outcomes.keys()) == (["Żółw", "Kowal"], {2, 3}), "the first of them stands for nobody"

"""Questions of what no column holds: each says why, offers what may be it, and takes a column as well as a text."""

from pathlib import Path

import openpyxl
import pytest

from importers.errors import FileRefused
from importers.layout.looks.looking import look
from importers.layout.looks.proposing import Unanswered
from tests.importers.layout.reports import grid, read_by_proposal, read_text

HEAD = ["Nr faktury", "Data sprzedaży", "Odbiorca", "Kod towaru", "Nazwa towaru", "Ilość", "Wartość netto"]
LINE = ["F/1", "13.02.2025", "K1", "P1", "Farba", "2", "10,00"]
NEITHER = "No column seems to hold net amounts, or prices without tax, by which lines count"


def text(*rows: list[str]) -> str:
    return "".join(";".join(row) + "\n" for row in rows)


def test_amounts_with_tax_and_pieces_alone_are_said_not_to_be_enough(tmp_path: Path) -> None:
    gross = text([*HEAD[:-1], "Wartość brutto"], LINE)
    with pytest.raises(Unanswered, match=f"{NEITHER}.* Answer column:net_amount='Wartość brutto'"):
        read_text(tmp_path, gross)
    pieces = text(["Kod towaru", "Nazwa", "styczeń 2025", "luty 2025", "Razem"], ["P1", "Farba", "2", "3", "5"])
    with pytest.raises(Unanswered, match=f"{NEITHER}.* Answer column:net_amount=the name of a column"):
        read_text(tmp_path, pieces, {"fixed:distributor": "K1"})


def test_what_is_offered_for_figures_and_days_holds_such() -> None:
    rows = [["Nr faktury", "Odbiorca", "Kod towaru", "Uwagi", "Kiedy", "Ile", "Ilość"]]
    rows += [["F/1", "K1", "P1", "pilne", "x 13.02", "10,00", "2"]] * 2
    offered = {one.about: one.options for one in look([grid(rows)], [], "sales").questions}
    assert offered["net_amount"] == ("Ile",)
    assert "Uwagi" not in offered["issued_on"]


def test_a_customer_that_no_column_is_called_after_may_stand_in_one(tmp_path: Path) -> None:
    content = text([*HEAD[:2], "Rejon", *HEAD[3:]], LINE)
    with pytest.raises(Unanswered, match="fixed:distributor=a text, or column:distributor=the name of a column"):
        read_text(tmp_path, content)
    assert read_text(tmp_path, content, {"column:distributor": "Rejon"}).good[0][2] == "K1"


def test_a_table_that_lies_on_its_side_is_refused_with_what_to_do(tmp_path: Path) -> None:
    turned = list(zip(HEAD, LINE, ["F/2", *LINE[1:]], strict=True))
    with pytest.raises(FileRefused, match="names of columns stand one beneath the other"):
        read_text(tmp_path, text(*map(list, turned)))
    book = openpyxl.Workbook()
    for row in turned:
        book.active.append([None, *row])
    book.save(tmp_path / "turned.xlsx")
    with pytest.raises(FileRefused, match="Paste special, Transpose"):
        read_by_proposal(tmp_path / "turned.xlsx")
    above = text(["Odbiorca", "Wszyscy"], ["Data", "13.02.2025"], ["Numer", "7"], ["Kod", "wszystkie"], HEAD, LINE)
    assert read_text(tmp_path, above).good, "what stands above a table names no columns"

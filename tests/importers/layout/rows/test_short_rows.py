"""Rows of a text that leave out what is empty at their end, and those that lost a separator."""

from pathlib import Path

import pytest

from importers.problems.problems import Problems
from importers.stages.tables import refuse_wrong_widths
from tests.importers.layout.reports import read_by_proposal

HEAD = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Nazwa;Ilość;Wartość netto"
WHOLE = "F/1;13.02.2019;K;P;Farba biała;2;10,00"


def read(folder: Path, *rows: str) -> tuple[list[tuple[str, int, int]], dict[int, dict[str, object]]]:
    """Give the lines that were read, with their pieces and amounts, and why the other rows were not."""
    path = folder / "report.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    found, problems = read_by_proposal(path), Problems()
    refuse_wrong_widths(found.table, problems)
    assert found.table.row_number.tolist() == sorted(found.table.row_number.tolist())
    return [(one[0], one[5], one[7]) for one in found.good], {row: one[0] for row, one in problems.reasons.items()}


@pytest.mark.parametrize("more", [";Uwagi", ";Handlowiec;Uwagi"])
def test_what_is_left_out_at_the_end_is_empty(tmp_path: Path, more: str) -> None:
    rest = ";Jan;pilne" if "Handlowiec" in more else ";pilne"
    found, wrong = read(tmp_path, HEAD + more, WHOLE + rest, "F/2;14.02.2019;L;P;Klej;13;5,00", WHOLE + rest)
    assert (found, wrong) == ([("F/1", 2000, 1000), ("F/2", 13000, 500), ("F/1", 2000, 1000)], {})


@pytest.mark.parametrize(
    ("row", "missing"),
    [
        ("F/2;14.02.2019;L;P;3;15,00;23", "'VAT'"),  # no name of goods: the others moved to the left
        ("F/2;14.02.2019;L;P;Klej;15,00;23", "'VAT'"),
        ("F/2;14.02.2019;L;P;Klej;3", "'Wartość netto', 'VAT'"),
        ("F/2;14.02.2019;L;P;Klej 3;15,00", "'Wartość netto', 'VAT'"),
    ],
)
def test_a_row_that_lost_a_separator_is_refused_with_what_it_lacks(tmp_path: Path, row: str, missing: str) -> None:
    found, wrong = read(tmp_path, f"{HEAD};VAT", *[f"{WHOLE};23"] * 3, row)
    assert [one[0] for one in found] == ["F/1"] * 3
    expected = {"code": "cells_missing", "found": row.count(";") + 1, "expected": 8, "columns": missing}
    assert wrong[5] == expected


def test_most_rows_may_leave_out_what_is_empty(tmp_path: Path) -> None:
    short = "F/2;14.02.2019;L;P;Klej;13;5,00"
    found, wrong = read(tmp_path, "Raport sprzedaży", "", f"{HEAD};Uwagi", f"{WHOLE};pilne", *[short] * 9)
    assert (found, wrong) == ([("F/1", 2000, 1000), *[("F/2", 13000, 500)] * 9], {})

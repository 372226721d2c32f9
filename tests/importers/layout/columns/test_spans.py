"""Days and weeks side by side are told from months, and from numbers that stand in a row by chance."""

from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.layout.columns.spans import side_by_side
from tests.importers.layout.reports import read_text

DAYS = ";".join(map(str, range(1, 32)))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"Klient;Kod towaru;{DAYS}", "'1', '2', '3'"),
        ("Klient;Kod towaru;W01;W02;W03;W04", "'W01', 'W02', 'W03'"),
        ("Kunde;Artikelnr;KW 5;KW 6;KW 7", "'KW 5', 'KW 6', 'KW 7'"),
    ],
)
def test_a_matrix_of_days_or_weeks_is_refused_as_such(tmp_path: Path, header: str, found: str) -> None:
    cells = header.count(";") - 1
    rows = "".join(f"K{at};P{at};{';'.join(['2'] * cells)}\n" for at in range(5))
    with pytest.raises(FileRefused, match=f"days or weeks stand side by side, such as {found}.* expected months"):
        read_text(tmp_path, f"{header}\n{rows}")


def test_figures_that_follow_each_other_by_chance_are_none() -> None:
    assert side_by_side([["1", "2", "3"], ["W01", "W03", "W05"], ["5", "4", "3", "2", "1", "0", "9"]]) == ()

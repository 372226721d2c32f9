"""Days and weeks side by side are told from months, and from numbers that stand in a row by chance."""

from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.layout.columns.spans import has_quarters, side_by_side
from tests.importers.layout.reports import read_text

DAYS = ";".join(map(str, range(1, 32)))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"Klient;Kod towaru;{DAYS}", "'1', '2', '3'"),
        ("Klient;Kod towaru;W01;W02;W03;W04", "'W01', 'W02', 'W03'"),
        ("Kunde;Artikelnr;KW 5;KW 6;KW 7", "'KW 5', 'KW 6', 'KW 7'"),
        ("Klient;Kod towaru;Q1 2026;Q2 2026;Q3 2026;Q4 2026", "'Q1 2026', 'Q2 2026', 'Q3 2026'"),
        ("Klient;Kod towaru;I kw. 2026;II kw. 2026", "'I kw. 2026', 'II kw. 2026'"),
        ("Klient;Kod towaru;I kwartał;II kwartał;III kwartał;Razem", "'I kwartał', 'II kwartał', 'III kwartał'"),
        ("Kunde;Artikelnr;1. Quartal 2026;2. Quartal 2026", "'1. Quartal 2026', '2. Quartal 2026'"),
        ("Cliente;Código;1er trimestre;2º trimestre", "'1er trimestre', '2º trimestre'"),
        ("Клиент;Код товара;1 кв.;2 кв.;3 кв.", "'1 кв.', '2 кв.', '3 кв.'"),
        ("Klient;Kod towaru;2026/Q1;2026/Q2", "'2026/Q1', '2026/Q2'"),
        ("Klient;Kod towaru;I;II;III;IV", "'I', 'II', 'III'"),
    ],
)
def test_a_matrix_of_days_or_weeks_is_refused_as_such(tmp_path: Path, header: str, found: str) -> None:
    cells = header.count(";") - 1
    rows = "".join(f"K{at};P{at};{';'.join(['2'] * cells)}\n" for at in range(5))
    with pytest.raises(
        FileRefused, match=f"days, weeks or quarters stand side by side, such as {found}.* expected months"
    ):
        read_text(tmp_path, f"{header}\n{rows}")


def test_figures_that_follow_each_other_by_chance_are_none() -> None:
    assert side_by_side([["1", "2", "3"], ["W01", "W03", "W05"], ["5", "4", "3", "2", "1", "0", "9"]]) == ()
    assert side_by_side([["I", "II", "III"], ["Q1", "Q3"], ["T", "Q"], ["kw", "kwota", "1"]]) == ()
    assert not has_quarters(
        [["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"], ["KW 5", "KW 6", "KW 7"]]
    ), "of months"

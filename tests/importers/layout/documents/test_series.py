"""A series, or a year, in a column beside a number that begins anew in each."""

from pathlib import Path

import pytest

from importers.errors import FileRefused
from tests.importers.layout.reports import read_text

HEAD = "Numer;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Wartość netto"


def content(name: str, *rows: str) -> str:
    return "\n".join([f"{name};{HEAD}", *rows, ""])


@pytest.mark.parametrize(("name", "first", "second"), [("Serie", "A", "B"), ("Rok", "2024", "2025")])
@pytest.mark.parametrize("other", ["14.01.2025;K", "13.01.2025;L"])
def test_numbers_of_two_series_are_refused_where_their_documents_would_be_one(
    tmp_path: Path, name: str, first: str, second: str, other: str
) -> None:
    rows = (f"{first};1;13.01.2025;K;P;2;10,00", f"{first};2;13.01.2025;K;P;2;10,00", f"{second};1;{other};P;1;5,00")
    with pytest.raises(FileRefused, match=f"column '{name}': the number '1' stands with '{first}', '{second}'"):
        read_text(tmp_path, content(name, *rows))


@pytest.mark.parametrize(
    "rows",
    [
        ("A;1;13.01.2025;K;P;2;10,00", "B;2;14.01.2025;K;P;1;5,00"),  # no number stands twice
        ("A;1;13.01.2025;K;P;2;10,00", "B;1;13.01.2025;K;P;1;5,00"),  # goods of two lots, in one document
        ("A;1;13.01.2025;K;P;2;10,00", "A;1;14.01.2025;K;P;2;10,00", "B;1;15.01.2025;K;P;1;5,00"),  # a report's lines
    ],
)
def test_a_series_that_is_no_part_of_the_number_is_no_reason_to_refuse(tmp_path: Path, rows: tuple[str, ...]) -> None:
    assert len(read_text(tmp_path, content("Seria", *rows)).good) == len(rows)

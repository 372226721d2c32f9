"""Lines in UTF-8 that somebody pasted into a file in another encoding are read as they are written, and told."""

from pathlib import Path

import pytest

from importers.errors import FileRefused
from tests.importers.files.made import cells, read
from tests.importers.layout.reports import read_by_proposal

HEAD = "Nr faktury;Data;Odbiorca;Kod;Nazwa;Ilość;Wartość netto\n"
OTHERS = "".join(f"FV/{at};2026-01-{at:02};Główny Żółty;P{at};Śruba {at};1;10,00\n" for at in range(1, 9))
PASTED = "FV/9;2026-01-09;Spółka Łączność;P9;Żarówka ósma;1;10,00\n"


@pytest.mark.parametrize("encoding", ["cp1250", "iso8859-2", "cp852"])
def test_pasted_lines_are_read_as_they_are_written_and_told(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "report.csv"
    others = OTHERS.encode(encoding)
    path.write_bytes(
        HEAD.encode(encoding) + others + PASTED.encode() + others.replace(b"FV/", b"FW/") + PASTED.encode()
    )
    found = read_by_proposal(path)
    assert {line[2] for line in found.good} == {"Główny Żółty", "Spółka Łączność"}
    assert {line[4] for line in found.good} == {f"Śruba {at}" for at in range(1, 9)} | {"Żarówka ósma"}
    (told,) = (one for one in found.table.warnings if one["code"] == "lines_in_utf8")
    assert (told["rows"], told["found"]) == (2, "10")


def test_they_are_so_where_somebody_says_the_encoding_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes((HEAD + OTHERS).encode("cp1250") + PASTED.encode())
    (grid,) = read(path, encoding="cp1250")
    assert cells(grid)[-1][2] == "Spółka Łączność"
    assert grid.pasted == (1, 10)


def test_a_line_that_is_of_neither_is_refused_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes((HEAD + OTHERS).encode("cp1250") + PASTED.encode() + b"FV/10;2026-01-10;\x81;P1;x;1;1,00\n")
    with pytest.raises(FileRefused, match="row 11 is not Windows-1250"):
        read(path, encoding="cp1250")


@pytest.mark.parametrize("name", ["Łódź", "SpĂłĹ‚ka", "Ăł"])
def test_letters_that_only_look_so_are_left_alone(tmp_path: Path, name: str) -> None:
    """One letter may be chance, and a line that has others besides is not in UTF-8."""
    path = tmp_path / "report.csv"
    path.write_bytes((HEAD + OTHERS + f"FV/9;2026-01-09;{name};P9;Żarówka;1;10,00\n").encode("cp1250"))
    (grid,) = read(path, encoding="cp1250")
    assert cells(grid)[-1][2] == name
    assert grid.pasted is None

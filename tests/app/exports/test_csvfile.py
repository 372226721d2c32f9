"""CSV files: standard, safe, exact and streamed."""

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exports import cells
from app.exports.csvfile import Dialect, write_csv
from app.exports.tables import Column, Kind, Layout, TableError
from tests.app.exports.hostile import PAYLOADS

SALES = Layout(
    (
        Column("name", "Name"),
        Column("pieces", "Pieces", Kind.INTEGER),
        Column("net", "Net", Kind.MONEY, 2),
        Column("points", "Points", Kind.POINTS, 3),
        Column("day", "Day", Kind.DATE),
        Column("at", "At", Kind.INSTANT, zone="Europe/Warsaw"),
        Column("rate", "Rate", Kind.PERCENT_BP),
    ),
    totals=("pieces", "net"),
)
ROWS: dict[str, list[Any]] = {
    "name": ['Łódź, "centre"', None, "=1+1"],
    "pieces": [3, None, -1],
    "net": [123_456_789, -5, None],
    "points": [1, -1000, 0],
    "day": [dt.date(2026, 1, 5), None, dt.date(1899, 12, 31)],
    "at": [dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC), None],
    "rate": [1250, 0, -5],
}


def read(path: Path, **dialect: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True, **dialect))


def test_rows_are_written_as_the_standard_says(tmp_path: Path) -> None:
    written = write_csv(tmp_path / "sales.csv", SALES, ROWS)
    assert (tmp_path / "sales.csv").read_bytes().decode() == (
        "Name,Pieces,Net,Points,Day,At (Europe/Warsaw),Rate\r\n"
        '"Łódź, ""centre""",3,1234567.89,0.001,2026-01-05,2026-10-25T02:30:00+02:00,12.50%\r\n'
        ",,-0.05,-1.000,,2026-10-25T02:30:00+01:00,0.00%\r\n"
        "'=1+1,-1,,0.000,1899-12-31,,-0.05%\r\n"
    )
    content = written.path.read_bytes()
    assert (written.sha256, written.size, written.rows) == (hashlib.sha256(content).digest(), len(content), 3)


def test_a_dialect_for_excel_in_a_country_with_decimal_commas(tmp_path: Path) -> None:
    dialect = Dialect(delimiter=";", bom=True, decimal_comma=True)
    write_csv(tmp_path / "sales.csv", SALES, ROWS, dialect=dialect, totals=True)
    assert (tmp_path / "sales.csv").read_bytes().startswith(b"\xef\xbb\xbfName;Pieces;")
    rows = read(tmp_path / "sales.csv", delimiter=";")
    assert rows[1][1:4] == ["3", "1234567,89", "0,001"]
    assert rows[-1] == ["Total", "2", "1234567,84", "", "", "", ""]


def test_no_header_and_another_line_end_for_a_machine(tmp_path: Path) -> None:
    layout = Layout((Column("a", "A"), Column("b", "B", Kind.MONEY, 2)))
    write_csv(tmp_path / "x.txt", layout, {"a": ["x"], "b": [100]}, dialect=Dialect("|", header=False, line_end="\n"))
    assert (tmp_path / "x.txt").read_bytes() == b"x|1.00\n"


def test_pieces_are_written_as_they_come(tmp_path: Path) -> None:
    layout = Layout((Column("n", "N", Kind.INTEGER),), totals=("n",))
    taken: list[int] = []

    def pieces() -> Iterator[pd.DataFrame]:
        for number in range(5):
            taken.append(number)
            yield pd.DataFrame({"n": range(number * 60_000, (number + 1) * 60_000)})

    written = write_csv(tmp_path / "n.csv", layout, pieces(), totals=True)
    lines = (tmp_path / "n.csv").read_text().split()
    assert (written.rows, taken, lines[1], lines[-2], lines[-1]) == (
        300_000,
        [0, 1, 2, 3, 4],
        "0",
        "299999",
        str(sum(range(300_000))),
    )


def test_hostile_texts_come_back_and_start_no_formula(tmp_path: Path) -> None:
    layout = Layout((Column("a", "=A"), Column("b", "B")))
    write_csv(tmp_path / "h.csv", layout, {"a": PAYLOADS, "b": PAYLOADS[::-1]})
    header, *rows = read(tmp_path / "h.csv")
    assert header == ["'=A", "B"]
    assert [[cells.unescape(one) for one in row] for row in rows] == [
        [left.replace("\0", ""), right.replace("\0", "")] for left, right in zip(PAYLOADS, PAYLOADS[::-1], strict=True)
    ]


@given(texts=st.lists(st.text(st.characters(codec="utf-8")), max_size=10), delimiter=st.sampled_from(",;\t|"))
def test_every_text_comes_back(texts: list[str], delimiter: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    layout = Layout((Column("a", "A"), Column("n", "N", Kind.INTEGER)))
    write_csv(path, layout, {"a": texts, "n": range(len(texts))}, dialect=Dialect(delimiter))
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline=""), delimiter=delimiter, strict=True))[1:]
    assert [cells.unescape(row[0]) for row in rows] == [text.replace("\0", "") for text in texts]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    layout = Layout((Column("n", "N", Kind.INTEGER),))
    write_csv(tmp_path / "n.csv", layout, {"n": [1]})
    with pytest.raises(TableError, match="column 'n'"):
        write_csv(tmp_path / "n.csv", layout, [{"n": [2]}, {"n": [0.5]}])
    assert (tmp_path / "n.csv").read_text().split() == ["N", "1"]
    assert [one.name for one in tmp_path.iterdir()] == ["n.csv"]

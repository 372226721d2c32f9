"""Reports as old systems print them: in frames, or with columns that stand below each other."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.files.grid import Grid
from importers.files.texts.delimited import read_delimited
from importers.files.texts.encodings import Encoding
from tests.importers.files.made import LIMITS
from tests.importers.layout.reports import Typed, read_by_proposal, recognised

HEAD = ("Nr faktury", "Data", "Kontrahent", "Kod", "Nazwa", "Ilość", "Wartość netto")
ROWS = [
    ("FV 1/2026", "15.01.2026", "D001", "00123", "Młotek ślusarski", "2", "100,00"),
    ("FV 1/2026", "15.01.2026", "D001", "00124", "Żarówka", "1", "250,00"),
    ("FV 2/2026", "16.01.2026", "D002", "00123", "Młotek ślusarski", "4", "1 200,00"),
    ("FV 3/2026", "17.01.2026", "D003", "00125", "Gwóźdź 5x100", "10", "35,50"),
]
WIDTHS = (12, 12, 12, 8, 20, 8, 15)


def printed(cells: Sequence[str], sign: str = " ") -> str:
    """Print a row: texts begin where their column does, figures end where it does."""
    return sign.join(
        cell.rjust(width) if at > 4 else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )


def line(left: str, between: str, right: str, drawn: str = "─") -> str:
    return left + between.join(drawn * width for width in WIDTHS) + right


def framed() -> str:
    rows = [f"│{printed(row, '│')}│" for row in ROWS]
    head = [line("┌", "┬", "┐"), f"│{printed(HEAD, '│')}│", line("├", "┼", "┤")]
    return "\r\n".join(["RAPORT SPRZEDAŻY", "", *head, *rows, line("└", "┴", "┘"), ""])


def doubled() -> str:
    rows = [f"║{printed(row, '║')}║" for row in (HEAD, *ROWS)]
    return "\r\n".join([line("╔", "╦", "╗", "═"), *rows, line("╚", "╩", "╝", "═"), ""])


def exclaimed() -> str:
    rule = "!" + "-" * (sum(WIDTHS) + len(WIDTHS) - 1) + "!"
    return "\r\n".join([rule, *(f"!{printed(row, '!')}!" for row in (HEAD, *ROWS)), rule, ""])


def pages() -> str:
    """Print two pages, each with its title and the names of the columns, and a total below."""
    top = [f"{'RAPORT SPRZEDAŻY za styczeń':40}Strona 1", "", printed(HEAD), "-" * sum(WIDTHS)]
    again = ["\f" + f"{'RAPORT SPRZEDAŻY za styczeń':40}Strona 2", *top[1:]]
    total = printed(("", "", "", "", "Razem", "17", "1 585,50"))
    return "\r\n".join([*top, *map(printed, ROWS[:2]), *again, *map(printed, ROWS[2:]), "=" * sum(WIDTHS), total, ""])


def ruled() -> str:
    """Print columns that one blank parts, with a line below each name."""
    widths = [max(map(len, column)) for column in zip(HEAD, *ROWS, strict=True)]
    rows = [" ".join(map(str.ljust, row, widths)) for row in (HEAD, ["-" * one for one in widths], *ROWS)]
    return "\r\n".join([*rows, ""])


def sold(found: Typed) -> list[tuple[str, ...]]:
    return [(*one[:5], str(one[5] // 1000), f"{one[7]:,}") for one in found.good]


MEANT = [
    (number, f"2026-01-{day[:2]}", who, code, name, pieces, f"{int(net.replace(',', '').replace(' ', '')):,}")
    for number, day, who, code, name, pieces, net in ROWS
]


@pytest.mark.parametrize("encoding", ["cp852", "utf-8"])
@pytest.mark.parametrize("text", [framed, doubled, exclaimed, pages, ruled])
def test_what_a_printer_drew_is_read(tmp_path: Path, text: object, encoding: str) -> None:
    assert callable(text)
    path = tmp_path / "report.txt"
    path.write_bytes(text().encode(encoding))
    found = read_by_proposal(path)
    assert (sold(found), found.outcomes, found.table.wrong_width) == (MEANT, {}, [])
    assert len(recognised(found.table).get("total", ())) == (text is pages)


def test_rows_have_the_numbers_that_they_have_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(pages().encode("cp852"))
    found = read_by_proposal(path)
    assert found.rows.row_number.tolist() == [5, 6, 11, 12]
    assert recognised(found.table) == {
        "heading": [1, 7, 13],
        "blank": [2, 4, 8, 10],
        "repeated_header": [9],
        "total": [14],
    }


@pytest.mark.parametrize("frame", ["", "│"])
def test_documents_may_be_named_above_their_lines(tmp_path: Path, frame: str) -> None:
    lines = ["RAPORT", *([] if frame else [""])]
    for number in dict.fromkeys(row[:3] for row in ROWS):
        lines.append("Faktura: {}   Data: {}   Kontrahent: {}".format(*number))
        wide = [(*("",) * 3, *one[3:]) for one in (HEAD, *(row for row in ROWS if row[:3] == number))]
        lines += [frame + printed(row, frame or " ")[sum(WIDTHS[:3]) + 3 :] + frame for row in wide]
    path = tmp_path / "report.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = read_by_proposal(path)
    assert (sold(found), found.outcomes) == (MEANT, {})


def _read(path: Path) -> Grid:
    return read_delimited(path, path.name, Encoding("utf-8"), LIMITS)


@pytest.mark.parametrize(
    "text",
    [
        "a;b;c\n1  x;2  y;3  z\n4  x;5  y;6  z\n",
        "a,b,c\n1,   2,   3\n4,   5,   6\n",
        "a\tb\tc\nx  y  z\t1\t2\nx  y  z\t1\t2\n",
        "Szanowni Państwo!\nPrzesyłamy raport.\nZ poważaniem\n",
        "a|b|c\nx  y  z|1|2\nx  y  z|3|4\n",
        "aa\tbb\tcc\n--\t--\t--\n11\t22\t33\n44\t55\t66\n",
    ],
)
def test_other_texts_are_read_as_they_are(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.csv"
    path.write_text(text, encoding="utf-8")
    assert _read(path).delimiter is not None


def test_what_stands_across_the_columns_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    title = "Zestawienie wszystkich sprzedanych towarów w pierwszym miesiącu roku 2026"
    path.write_text("\n".join([title, *map(printed, (HEAD, *ROWS))]) + "\n", encoding="utf-8")
    grid = _read(path)
    assert [one.as_py() for one in (grid.cells.column(0)[0], grid.cells.column(1)[0])] == [title, None]
    assert (grid.cells.num_columns, grid.delimiter) == (7, None)


def test_a_quote_is_a_letter_of_a_printed_report(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    rows = [(*row[:4], 'Rura 3/4" "czarna', *row[5:]) for row in ROWS]
    path.write_text("\n".join(map(printed, (HEAD, *rows))) + "\n", encoding="utf-8")
    assert _read(path).cells.column(4).to_pylist()[1:] == ['Rura 3/4" "czarna'] * 4


_WORDS = st.text("abcdeżółć123/-.", min_size=1, max_size=9)


@given(
    rows=st.lists(st.tuples(_WORDS, _WORDS, _WORDS, _WORDS), min_size=4, max_size=12),
    right=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    gap=st.integers(2, 4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_columns_that_two_blanks_part_are_read_as_they_were_printed(
    tmp_path: Path, rows: list[tuple[str, ...]], right: tuple[bool, ...], gap: int
) -> None:
    rows = [("nazwa", "kod", "sztuk", "kwota"), *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    path = tmp_path / "report.txt"
    lines = [
        (" " * gap).join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        for row in rows
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    read = [column.to_pylist() for column in _read(path).cells.columns]
    assert list(zip(*read, strict=True)) == rows

"""A file becomes a table of text: every cell as it was, every row with the number that a spreadsheet gives it."""

import csv
import datetime as dt
import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from importers.errors import FileRefused
from importers.files.guard import judge
from importers.layout.tables.table import TextTable
from importers.reading.reading import read
from tests.importers.files.made import LIMITS

Rows = list[list[str | None]]


def table_of(path: Path, sheet: str | None = None, name: str = "Marzec") -> TextTable:
    return read(judge(path, name, LIMITS), name, sheet)


def cells(table: TextTable) -> Rows:
    columns = [table.column(name).to_pylist() for name in table.header]
    return [list(row) for row in zip(*columns, strict=True)]


def numbered(table: TextTable) -> dict[int, list[str | None]]:
    return dict(zip(table.row_number.tolist(), cells(table), strict=True))


@pytest.fixture
def text(tmp_path: Path) -> Callable[[str | bytes], TextTable]:
    def read_text(content: str | bytes) -> TextTable:
        path = tmp_path / "original"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return table_of(path)

    return read_text


def refusal(read_it: Callable[[Any], TextTable], content: str | bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read_it(content)
    message = str(refused.value)
    assert message.startswith("Marzec: ")
    assert "original" not in message, "the name a person knows, not that of our copy"
    return message


Text = Callable[[str | bytes], TextTable]

# --- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "bom"])
def test_every_delimiter_and_line_end_is_understood(text: Text, delimiter: str, end: str, bom: str) -> None:
    rows = [["numer", "kwota", "opis"], ["FV/1", "1 000,50", "łódź"], ["FV/2", "", "x"]]
    written = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in rows]
    table = text(bom + end.join(delimiter.join(row) for row in written) + end)
    assert table.header == rows[0]
    assert numbered(table) == {2: ["FV/1", "1 000,50", "łódź"], 3: ["FV/2", None, "x"]}
    assert not table.typed


@pytest.mark.parametrize(
    ("header", "delimiter", "expected"),
    [
        ('"a,x,z";b', ";", ["a,x,z", "b"]),
        ('"a;x","b;y",c', ",", ["a;x", "b;y", "c"]),
        ('"a\nq";b;c', ";", ["a\nq", "b", "c"]),
        ('"say ""a""";b', ";", ['say "a"', "b"]),
        (" a ; b", ";", ["a", "b"]),
        ("a,b;c,d,e", ",", ["a", "b;c", "d", "e"]),
        ("only", ",", ["only"]),
    ],
)
def test_the_delimiter_is_the_one_that_parts_the_header_into_most_cells(
    text: Text, header: str, delimiter: str, expected: list[str]
) -> None:
    row = [str(at) for at in range(len(expected))]
    table = text(f"{header}\n{delimiter.join(row)}\n")
    assert table.header == expected
    assert numbered(table) == {2: row}


def test_quotes_hold_line_breaks_delimiters_and_quotes(text: Text) -> None:
    table = text('a;b\n"1;\n2";"say ""hi"""\n"x\r\ny";z\n3" pipe;4\n')
    assert numbered(table) == {2: ["1;\n2", 'say "hi"'], 3: ["x\r\ny", "z"], 4: ['3" pipe', "4"]}


def test_what_an_export_put_before_a_text_that_would_be_a_formula_is_taken_away(text: Text) -> None:
    table = text("number,name\n'=1+1,'-Anna\n''=1,'t Hooft\n'-5,-5\n")
    assert cells(table) == [["=1+1", "-Anna"], ["'=1", "'t Hooft"], ["'-5", "-5"]]


def test_words_that_other_readers_take_for_nothing_stay(text: Text) -> None:
    assert cells(text("a,b\nNA,NULL\nnan,None\n#N/A,-\n0,false\n")) == [
        ["NA", "NULL"],
        ["nan", "None"],
        ["#N/A", "-"],
        ["0", "false"],
    ]


def test_rows_in_which_nothing_stands_are_left_out_but_counted(text: Text) -> None:
    table = text('a,b,c\n\n1,2,3\n,,\n   \n" ",, \n"","",""\n\n4,,\n;\n')
    assert numbered(table) == {3: ["1", "2", "3"], 9: ["4", None, None]}
    assert table.wrong_width == [(10, 1)]  # a semicolon is a text where commas part


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_of_another_width_are_named_wherever_they_stand(text: Text, end: str) -> None:
    lines = ["a,b", '"1\n1\n1",2', "", "3,4,5", "7,8", "Total", '"x\ny","z",,', "9,10", "11,12,13"]
    table = text(end.join(lines) + end)
    assert numbered(table) == {2: ["1\n1\n1", "2"], 5: ["7", "8"], 8: ["9", "10"]}
    assert table.wrong_width == [(4, 3), (6, 1), (7, 4), (9, 3)]
    assert table.broken == {4: ["3", "4", "5"], 6: ["Total"], 7: ["x\ny", "z", "", ""], 9: ["11", "12", "13"]}


def test_rows_of_another_width_are_named_far_down_a_file_of_several_blocks(text: Text) -> None:
    filler = [f"{at},{'y' * 40}" for at in range(60_000)]
    lines = ["a,b", *filler[:30_000], "lonely", '"quoted\nline",2', "1,2,3", *filler[30_000:], "4", ""]
    table = text("\n".join(lines))
    assert table.wrong_width == [(30_002, 1), (30_004, 3), (60_005, 1)]
    found = numbered(table)
    assert len(found) == 60_001
    assert found[30_003] == ["quoted\nline", "2"]
    assert found[30_005] == ["30000", "y" * 40]


def test_nothing_below_the_header_is_a_table_of_no_rows(text: Text) -> None:
    for content in ("a,b", "a,b\n", "a,b\r\n\r\n", "a", '"a\nx";b'):
        table = text(content)
        assert len(table.header) == 1 + ("b" in content)
        assert cells(table) == []
        assert table.row_number.tolist() == []
        assert table.wrong_width == []


def test_the_last_line_needs_no_line_end(text: Text) -> None:
    assert numbered(text("a,b\n1,2")) == {2: ["1", "2"]}


def test_one_column_is_a_table(text: Text) -> None:
    assert numbered(text('a\n1\n\n2\n""\n3\n')) == {2: ["1"], 4: ["2"], 6: ["3"]}


@pytest.mark.parametrize("size", [1_000_000, 5_000_000])
@pytest.mark.parametrize("place", ["first", "middle", "last", "alone"])
def test_a_cell_may_be_very_long(text: Text, size: int, place: str) -> None:
    long, short = ["ż" * size, "1"], ["x", "2"]
    rows = {
        "first": [long, *[short] * 30_000],
        "middle": [*[short] * 300_000, long, short],
        "last": [short, long],
        "alone": [long],
    }[place]
    table = text("a,b\n" + "\n".join(",".join(row) for row in rows) + "\n")
    assert cells(table) == rows
    assert table.row_number[-1] == len(rows) + 1


def test_wrong_rows_are_named_once_beside_a_very_long_cell(text: Text) -> None:
    table = text("a,b\n1\n" + "1,2\n" * 10 + "x," + "y" * 4_000_000 + "\n1,2,3\n")
    assert table.wrong_width == [(2, 1), (14, 3)]
    assert table.row_number.tolist() == list(range(3, 14))


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ('a,b,c\n1,2,"3\n4,5,6\n7,8,9\n', 2),
        ('a,b,c\n1,2,3\n1,"2,3\n4,5,6\n', 3),
        ('a,b,c\n"x\ny",2,3\n\n1,2,"3\n' + "4,5,6\n" * 400_000, 4),
        ('a,b,"c\n1,2,3\n', 1),
        ('a,b\n1,""2"\n"3,4\n5,6\n', 3),
    ],
    ids=["last column", "another column", "swallows blocks", "header", "after odd quotes"],
)
def test_a_quote_that_is_never_closed_swallows_no_rows(text: Text, content: str, row: int) -> None:
    message = refusal(text, content)
    assert f"a quote in row {row} is never closed" in message
    assert "close or remove it" in message


def test_a_quote_that_closes_at_the_very_end_is_no_problem(text: Text) -> None:
    assert numbered(text('a,b\n1,"2\n3\n"')) == {2: ["1", "2\n3\n"]}
    assert numbered(text('a,b\n1,"2\n3\n"\n')) == {2: ["1", "2\n3\n"]}


@pytest.mark.parametrize(
    "content", ["\na,b\n1,2\n", ",,\na,b,c\n", "\n", "\ufeff", "\r\n\r\n", '"",""\n1,2\n', " \n1\n"]
)
def test_an_empty_first_row_is_no_header(text: Text, content: str) -> None:
    message = refusal(text, content)
    assert "row 1 is empty, expected the header" in message


@pytest.mark.parametrize(
    ("header", "named"),
    [("a,b,a", "'a'"), ("a,b, A ", "'A', 'a'"), ("Łódź,ŁÓDŹ", "'ŁÓDŹ', 'Łódź'"), ("a,,column 2", "'column 2'")],
)
def test_a_header_that_names_two_columns_alike_is_refused(text: Text, header: str, named: str) -> None:
    message = refusal(text, f"{header}\n" + "," * header.count(",") + "\n")
    assert f"row 1 names {named} more than once; give each column a name of its own" in message


def test_columns_without_a_header_are_named_by_their_place(text: Text) -> None:
    table = text("a,,c,\n1,2,3,4\n")
    assert table.header == ["a", "column 2", "c", "column 4"]
    assert cells(table) == [["1", "2", "3", "4"]]


CELL = st.text(st.sampled_from('ab1,;" \nż'), max_size=5)
LINES = st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, end=st.sampled_from(["\n", "\r\n"]), last=st.booleans(), width=st.integers(2, 3))
def test_rows_and_their_numbers_are_those_of_the_csv_module(
    lines: list[list[str]], end: str, last: bool, width: int
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_MINIMAL).writerows(lines)
    body = out.getvalue() if last else out.getvalue().removesuffix(end)
    content = ",".join("abc"[:width]) + end + body
    expected = list(csv.reader(io.StringIO(content, newline="")))
    good = {at: row for at, row in enumerate(expected, 1) if at > 1 and len(row) == width and any(map(str.strip, row))}
    wrong = [
        (at, len(row))
        for at, row in enumerate(expected, 1)
        if at > 1 and len(row) != width and "".join(row).strip(', "\t\r\n')
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_text(content, encoding="utf-8", newline="")
        table = table_of(path)
    assert numbered(table) == {at: [cell or None for cell in row] for at, row in good.items()}
    assert table.wrong_width == wrong


# --- workbooks ------------------------------------------------------------------------------------------------------

Change = Callable[[openpyxl.Workbook], None]


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., TextTable]:
    def read_book(
        rows: Sequence[Sequence[Any]],
        *,
        sheet: str | None = None,
        at: tuple[int, int] = (1, 1),
        change: Change | None = None,
        swap: tuple[bytes, bytes] | None = None,
    ) -> TextTable:
        made = openpyxl.Workbook()
        page = made.worksheets[0]
        for down, row in enumerate(rows):
            for along, value in enumerate(row):
                if value is not None:
                    cell = page.cell(at[0] + down, at[1] + along)
                    cell.value = value[0] if isinstance(value, tuple) else value
                    cell.number_format = value[1] if isinstance(value, tuple) else cell.number_format
        if change is not None:
            change(made)
        path = tmp_path / "original"
        made.save(path)
        if swap is not None:
            exchange(path, *swap)
        return table_of(path, sheet)

    return read_book


def exchange(path: Path, old: bytes, new: bytes) -> None:
    """Put other bytes into the sheets of a workbook: what a writer in Python would not write."""
    with zipfile.ZipFile(path) as before:
        members = {name: before.read(name) for name in before.namelist()}
    assert any(old in content for name, content in members.items() if "worksheets" in name)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for name, content in members.items():
            after.writestr(name, content.replace(old, new) if "worksheets" in name else content)


Book = Callable[..., TextTable]
ABC = ["a", "b", "c"]


def test_numbers_are_written_as_people_write_them(book: Book) -> None:
    table = book([ABC, [5, 5.0, -0.5], [1234567, 1e12, 0.001], [123456789012345, 1e15, 0]])
    assert cells(table) == [
        ["5", "5", "-0.5"],
        ["1234567", "1000000000000", "0.001"],
        ["123456789012345", "1E+15", "0"],
    ]
    assert table.typed


@pytest.mark.parametrize(
    ("stored", "read_as"),
    [
        (b"0.30000000000000004", "0.3"),
        (b"2.5500000000000003", "2.55"),
        (b"5.551115123125783E-17", "0"),
        (b"1E-7", "0.0000001"),
        (b"1.1E2", "110"),
        (b"1234567.89", "1234567.89"),
    ],
)
def test_what_a_spreadsheets_arithmetic_leaves_is_noise(book: Book, stored: bytes, read_as: str) -> None:
    table = book([ABC, [1, 0.5, 7]], swap=(b"<v>0.5</v>", b"<v>" + stored + b"</v>"))
    assert cells(table) == [["1", read_as, "7"]]


def test_codes_that_are_text_stay_as_they_are(book: Book) -> None:
    table = book([ABC, ["007", "123456789012345678", ("00012", "@")], [" x ", "1.0", "1e5"]])
    assert cells(table) == [["007", "123456789012345678", "00012"], [" x ", "1.0", "1e5"]]


def test_dates_come_as_iso_with_their_time(book: Book) -> None:
    noon = dt.datetime(2026, 1, 5, 12, 30, 15)  # noqa: DTZ001 - a workbook knows no time zone
    table = book([ABC, [dt.date(2026, 1, 5), noon, "05.01.2026"], [dt.date(1999, 12, 31), dt.date(2024, 2, 29), "x"]])
    assert cells(table) == [
        ["2026-01-05 00:00:00", "2026-01-05 12:30:15", "05.01.2026"],
        ["1999-12-31 00:00:00", "2024-02-29 00:00:00", "x"],
    ]


def test_no_minute_of_the_day_is_lost_to_a_double(book: Book) -> None:
    midnight = dt.datetime(2026, 3, 29)  # noqa: DTZ001 - a workbook knows no time zone
    moments = [midnight + dt.timedelta(minutes=at) for at in range(1440)]
    found = cells(book([["at"], *([one] for one in moments)]))
    assert [row[0][:16] for row in found if row[0]] == [f"{one:%Y-%m-%d %H:%M}" for one in moments]


def test_a_workbook_that_counts_days_from_1904_means_the_same_days(book: Book) -> None:
    def epoch(made: openpyxl.Workbook) -> None:
        made.epoch = CALENDAR_MAC_1904

    assert cells(book([["d"], [dt.date(2026, 1, 5)]], change=epoch)) == [["2026-01-05 00:00:00"]]


def test_truth_percent_and_formats_are_values_not_looks_but_for_codes(book: Book) -> None:
    table = book([ABC, [True, False, (0.235, "0.0%")], [(1234.5, "#,##0.00 zł"), (0.5, "# ?/?"), (7, "000")]])
    assert cells(table) == [["true", "false", "0.235"], ["1234.5", "0.5", "007"]]


@pytest.mark.parametrize("shown", ["#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"])
def test_an_error_is_no_empty_cell(book: Book, shown: str) -> None:
    def spoil(made: openpyxl.Workbook) -> None:
        cell = made.worksheets[0]["B4"]
        cell.value, cell.data_type = shown, "e"

    table = book([ABC, [1, 2, 3], [], [4, None, 6], [7, 8, None]], change=spoil)
    assert numbered(table) == {2: ["1", "2", "3"], 4: ["4", shown, "6"], 5: ["7", "8", None]}


def test_an_error_in_a_row_of_its_own_and_in_the_header_is_seen(book: Book) -> None:
    def spoil(made: openpyxl.Workbook) -> None:
        for place in ("C1", "A3", "C3"):
            cell = made.worksheets[0][place]
            cell.value, cell.data_type = "#REF!", "e"

    table = book([["a", "b"], [1, 2], [], [3, 4]], change=spoil)
    assert table.header == ["a", "b", "#REF!"]
    assert numbered(table) == {2: ["1", "2", None], 3: ["#REF!", None, "#REF!"], 4: ["3", "4", None]}


def test_formulas_give_the_values_that_were_computed(book: Book) -> None:
    table = book([ABC, ["=1+1", 5, "x"]], swap=(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>"))
    assert cells(table) == [["2", "5", "x"]]


def test_empty_rows_between_are_counted(book: Book) -> None:
    table = book([ABC, [1, 2, 3], [], [], [4, 5, 6], [None, None, 7], [" ", None, "  "], [8, 9, 10]])
    assert numbered(table) == {2: ["1", "2", "3"], 5: ["4", "5", "6"], 6: [None, None, "7"], 8: ["8", "9", "10"]}


@pytest.mark.parametrize("at", [(3, 1), (1, 3), (7, 5)])
def test_a_table_may_stand_anywhere_on_its_sheet(book: Book, at: tuple[int, int]) -> None:
    table = book([ABC, [1, 2, 3], [], [4, 5, 6]], at=at)
    assert table.header == ABC
    assert numbered(table) == {at[0] + 1: ["1", "2", "3"], at[0] + 3: ["4", "5", "6"]}


def test_formatted_blank_cells_are_neither_rows_nor_columns(book: Book) -> None:
    def look(made: openpyxl.Workbook) -> None:
        for row in range(1, 40):
            for column in range(1, 9):
                made.worksheets[0].cell(row, column).number_format = "0.00"

    table = book([ABC, [1, 2, 3]], change=look)
    assert table.header == ABC
    assert numbered(table) == {2: ["1", "2", "3"]}


def test_columns_without_a_header_have_a_name_where_something_stands_in_them(book: Book) -> None:
    table = book([["a", None, "c"], [1, None, 3], [4, None, 6, 7]])
    assert table.header == ["a", "c", "column 3"]
    assert cells(table) == [["1", "3", None], ["4", "6", "7"]]


def test_headers_are_trimmed_and_may_be_numbers(book: Book) -> None:
    assert book([[" a ", "b\n", 2026], [1, 2, 3]]).header == ["a", "b", "2026"]


@pytest.mark.parametrize("header", [["a", "b", "a"], ["a", "b", " A"]])
def test_a_workbook_that_names_two_columns_alike_is_refused(book: Book, header: list[str]) -> None:
    with pytest.raises(FileRefused, match=r"Marzec: row 3 names .* more than once"):
        book([header, [1, 2, 3]], at=(3, 1))


def two_sheets(made: openpyxl.Workbook) -> None:
    second = made.create_sheet("Sprzedaż")
    second.append(["x", "y"])
    second.append(["Łódź", 2])


def test_the_first_sheet_is_read_unless_another_is_named(book: Book) -> None:
    assert cells(book([ABC, [1, 2, 3]], change=two_sheets)) == [["1", "2", "3"]]
    named = book([ABC, [1, 2, 3]], change=two_sheets, sheet="Sprzedaż")
    assert (named.header, cells(named)) == (["x", "y"], [["Łódź", "2"]])


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(book: Book) -> None:
    with pytest.raises(FileRefused, match="no sheet is called 'Marzec'; it has Sheet, Sprzedaż"):
        book([ABC], change=two_sheets, sheet="Marzec")


def test_an_empty_sheet_is_a_table_of_nothing(book: Book) -> None:
    table = book([])
    assert (table.header, len(table.row_number)) == ([], 0)
    table = book([ABC])
    assert (table.header, cells(table)) == (ABC, [])


def test_a_nul_in_a_cell_is_dropped(book: Book) -> None:
    assert cells(book([["a"], ["x_x0000_y"], ["plain"]])) == [["xy"], ["plain"]]


def test_a_spoilt_part_is_refused_with_what_to_do(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.worksheets[0].append(["a"])
    path = tmp_path / "original"
    made.save(path)
    exchange(path, b"<sheetData>", b"<sheetData><row><c></row>")
    with pytest.raises(FileRefused, match=r"Marzec: the workbook cannot be read .* save it again as .xlsx"):
        table_of(path)


def test_text_and_workbook_of_one_table_read_alike(book: Book, text: Text) -> None:
    rows = [["FV/1", "D1", "5", "10.5"], ["FV/2", "łódź", "-3", "0.25"], ["0012", "x y", "1", "7"]]
    header = ["number", "who", "quantity", "net"]
    as_text = text("\n".join(",".join(row) for row in [header, *rows]))
    as_book = book([header, *([row[0], row[1], float(row[2]), float(row[3])] for row in rows)])
    assert cells(as_text) == cells(as_book) == rows
    assert as_text.row_number.tolist() == as_book.row_number.tolist()

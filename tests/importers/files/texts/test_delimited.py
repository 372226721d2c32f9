"""Rows of text files: what parts them is found over all of them, and every row is there with its number."""

import csv
import io
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.errors import FileRefused
from importers.files.grid import Grid
from tests.importers.files.made import LIMITS, cells, read, refusal

Text = Callable[..., Grid]


@pytest.fixture
def text(tmp_path: Path) -> Text:
    def grid_of(content: str, written_in: str = "utf-8", **how: object) -> Grid:
        (tmp_path / "kept").write_bytes(content.encode(written_in))
        (grid,) = read(tmp_path / "kept", **how)
        return grid

    return grid_of


def rows_of(grid: Grid) -> dict[int, list[str | None]]:
    return dict(zip(grid.row_number.tolist(), cells(grid), strict=True))


@pytest.mark.parametrize(
    ("content", "delimiter", "width"),
    [
        ("a;b;c\n1,5;2,5;3,5\n4,5;5,5;6,5\n", ";", 3),
        ("a,b\n1;x,2\n3;y,4\n", ",", 2),
        ("Report, of all sales, in March\n\nnr;date;net\n1;2;3,5\n2;3;4,5\n", ";", 3),
        ("name\tnet\nNuts; bolts, etc.\t1 234,50\nScrews; long, thin\t2,50\n", "\t", 2),
        ("a|b|c\n1|2|3\n", "|", 3),
        ("a,b,c\n", ",", 3),
        ('"a;b","c;d"\n"1;2","3;4"\n', ",", 2),
        ("total\n5\n6\n", ",", 1),
        ("a;b;\n1;2;\n3;4;\n", ";", 3),
        ("Firma;ABC\nMiesiąc;Marzec\n\nnr;kod;ilość;netto\n1;A;2;3,50\n2;B;2;3,50\n3;C;2;3,50\n", ";", 4),
    ],
)
def test_what_parts_the_rows_alike_is_the_delimiter(text: Text, content: str, delimiter: str, width: int) -> None:
    grid = text(content)
    assert (grid.delimiter, grid.cells.num_columns) == (delimiter, width)
    assert grid.wrong_width == ()


def test_titles_stand_in_the_grid_as_they_do_in_a_workbook(text: Text) -> None:
    grid = text("Sprzedaż\n\nOkres;marzec\nnr;kod;ilość\n1;A;2\n2;B;3\n\nRazem;5\n4;D;5\n;;;;\n")
    assert rows_of(grid) == {
        1: ["Sprzedaż", None, None],
        2: [None, None, None],
        3: ["Okres", "marzec", None],
        4: ["nr", "kod", "ilość"],
        5: ["1", "A", "2"],
        6: ["2", "B", "3"],
        7: [None, None, None],
        9: ["4", "D", "5"],
    }
    assert (grid.wrong_width, dict(grid.broken), grid.blank.tolist()) == (((8, 2),), {8: ["Razem", "5"]}, [10])


def test_a_header_that_names_more_cells_than_the_rows_have_makes_them_wrong(text: Text) -> None:
    grid = text("a;b;c;d;\n1;2;3\n4;5;6\n")
    assert rows_of(grid) == {1: ["a", "b", "c", "d"]}
    assert grid.wrong_width == ((2, 3), (3, 3))


def test_a_separator_too_many_in_every_row_moves_no_value_into_another_column(text: Text) -> None:
    grid = text("nr,name,net\n1,x,3,50\n2,y,4,50\n3,z,5,00\n")
    assert rows_of(grid) == {1: ["nr", "name", "net"]}
    assert grid.wrong_width == ((2, 4), (3, 4), (4, 4))


def test_a_separator_at_the_end_of_every_row_but_the_header_is_no_cell(text: Text) -> None:
    grid = text("nr,name,net\n1,x,3,\n2,y,4,\n")
    assert rows_of(grid) == {1: ["nr", "name", "net", None], 2: ["1", "x", "3", None], 3: ["2", "y", "4", None]}


def test_a_title_with_more_separators_than_the_table_makes_it_no_wider(text: Text) -> None:
    grid = text("Report, of all sales, in, March\nnr,name\n1,x\n2,y\n")
    assert grid.wrong_width == ()
    assert rows_of(grid)[2] == ["nr", "name", None, None]


def test_a_known_table_is_as_wide_as_its_first_row(text: Text) -> None:
    grid = text("a,b\nx,y,z\nx,y,z\nx\n1,2\n", header_first=True)
    assert rows_of(grid) == {1: ["a", "b"], 5: ["1", "2"]}
    assert grid.wrong_width == ((2, 3), (3, 3), (4, 1))


@pytest.mark.parametrize("said", ["sep=;", "SEP=;", '"sep=;"', "sep=;\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_first_row_that_names_the_delimiter_is_no_row_of_the_table(text: Text, said: str, end: str) -> None:
    grid = text("\ufeff" + end.join([said, "a,x;b", "1,5;2", "2,5;3"]) + end)
    assert rows_of(grid) == {2: ["a,x", "b"], 3: ["1,5", "2"], 4: ["2,5", "3"]}
    assert (grid.delimiter, grid.encoding) == (";", "utf-8-sig")


@pytest.mark.parametrize("sign", ["ł", "§", "ı", '"'])
def test_what_cannot_part_cells_is_not_taken_for_their_delimiter(text: Text, sign: str) -> None:
    grid = text(f"sep={sign}\na;b\n1;2\n3;4\n")
    assert (rows_of(grid)[2], grid.delimiter) == (["a", "b"], ";")


@pytest.mark.parametrize("sign", ["ł", '"', "\n"])
def test_a_profile_that_parts_cells_by_what_cannot_is_told(text: Text, sign: str) -> None:
    with pytest.raises(FileRefused, match="parts the cells, expected one sign such as ; or a tab; change the profile"):
        text("a;b\n1;2\n", delimiter=sign)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "cp1250", "iso8859-2", "cp852"])
def test_text_in_any_encoding_reads_as_in_utf_8(text: Text, encoding: str) -> None:
    content = 'Nr;Nazwa;Ilość\n1;"Śruba\n""długa""";5\n2;Gwoździe żelazne;7\n3;Wiertło;9\n'
    grid = text(content, encoding)
    assert rows_of(grid) == rows_of(text(content))
    assert grid.encoding == encoding


def test_a_profile_may_say_the_encoding_and_the_delimiter(text: Text) -> None:
    grid = text("a;b|c\n1;ń|2\n", "cp852", encoding="cp852", delimiter="|")
    assert rows_of(grid) == {1: ["a;b", "c"], 2: ["1;ń", "2"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_that_is_unicode_by_now_is_read_so_whatever_a_profile_says(text: Text, encoding: str) -> None:
    grid = text("kod;nazwa\n1;Żółw\n", encoding, encoding="cp1250")
    assert rows_of(grid) == {1: ["kod", "nazwa"], 2: ["1", "Żółw"]}
    assert grid.encoding == encoding


def test_a_profile_that_says_another_encoding_is_told_where_the_text_is_none(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes("a;b\n1;ż\n2".encode("cp1250"))
    with pytest.raises(FileRefused, match=r"Report: row 2 is not UTF-8 \(byte 0xbf\), in which the file is written"):
        read(tmp_path / "kept", encoding="UTF8")
    with pytest.raises(FileRefused, match=r"Report: row 1 is not UTF-16, in which the file is written"):
        read(tmp_path / "kept", encoding="utf-16")
    with pytest.raises(FileRefused, match=r"Report: there is no encoding called 'latin-99'; correct the profile"):
        read(tmp_path / "kept", encoding="latin-99")


def test_where_two_encodings_read_alike_well_both_are_told(text: Text) -> None:
    grid = text("nr;name\n1;Dzi\u00eak\n", "cp1252")
    assert {grid.encoding, *grid.encodings} >= {"cp1250", "cp1252"}
    assert text("nr;name\n1;café\n", "cp1252").encodings == ()


def test_a_quote_that_is_never_closed_is_named(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text('a;b\n1;"2\n3;4\n5;6\n')
    assert "a quote in row 2 is never closed" in refusal(tmp_path / "kept")


def test_a_text_of_little_but_separators_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("x," * 20_000 + "x\na,b\n1,2\n1,2\n")
    assert "20,001 cells in a row, expected at most 16,384" in refusal(tmp_path / "kept")
    (tmp_path / "kept").write_text(",,,\n" * 1_000)
    message = refusal(tmp_path / "kept", replace(LIMITS, max_cells=3_500))
    assert "4,000 cells, more than are taken in (setting KONTOR_MAX_CELLS, now 3,500)" in message


CELL = st.text(st.sampled_from('ab1,;" \nż'), max_size=5)
LINES = st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, end=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
def test_every_row_is_there_as_the_csv_module_reads_it(lines: list[list[str]], end: str, last: bool) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_MINIMAL).writerows(lines)
    content = out.getvalue() if last else out.getvalue().removesuffix(end)
    if not content or (content.endswith('"') and content.count('"') % 2):
        return
    if sum(len(line) == 1 and line[0].count(",") > 1 for line in lines) > 1:
        return  # rows that are quoted as a whole are read as the rows they were
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_text(content, encoding="utf-8", newline="")
        (grid,) = read(path, delimiter=",")
    found = {row: [cell or "" for cell in kept] for row, kept in rows_of(grid).items()} | dict(grid.broken)
    for row, expected in enumerate(csv.reader(io.StringIO(content, newline="")), 1):
        if any(cell.strip(', "\t\r\n') for cell in expected):
            width = max(len(expected), len(found[row]))
            assert found[row] + [""] * (width - len(found[row])) == expected + [""] * (width - len(expected))
        else:
            assert row in grid.blank or not "".join(found.get(row, [])).strip(', "\t\r\n')


def test_marks_that_nobody_sees_around_a_text_are_no_part_of_it(text: Text) -> None:
    grid = text("\ufeffnr;net\n\ufeffA1;\u200b1,50\u00ad\n\ufeffB\u200b2;\u20602\u200e\nCafé – 5\u00a0€;3\n")
    assert list(rows_of(grid).values()) == [["nr", "net"], ["A1", "1,50"], ["B\u200b2", "2"], ["Café – 5\u00a0€", "3"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b"])
def test_rows_may_be_parted_as_no_other_program_parts_them(tmp_path: Path, encoding: str, end: str) -> None:
    """All of it was a header of one row, below which no line stood."""
    path = tmp_path / "report.csv"
    for last in ("", "\n"):
        path.write_bytes((end.join(["nr;net", "Ż;1", "B;2"]) + last).encode(encoding))
        assert cells(read(path)[0]) == [["nr", "net"], ["Ż", "1"], ["B", "2"]]
    path.write_bytes(f"nr;net\nA{end}B;1\n".encode(encoding))
    assert cells(read(path)[0]) == [["nr", "net"], [f"A{end}B", "1"]], "where rows end as all do, it parts none"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quote_behind_such_a_mark_is_one(tmp_path: Path, encoding: str, end: str) -> None:
    """Files that were put together have marks in the middle, and the quote behind it was a letter of a number."""
    path = tmp_path / "report.csv"
    path.write_bytes(end.join(['"nr";"net"', '"A";"1"', '\ufeff"B";"2;3"', '"C\ufeff";"4"', ""]).encode(encoding))
    assert cells(read(path)[0]) == [["nr", "net"], ["A", "1"], ["B", "2;3"], ["C", "4"]]


def test_what_a_spreadsheet_program_is_told_to_leave_as_text_is_that_text(text: Text) -> None:
    grid = text('nr;kod;net\n="00123";"=""00045""";="1";\nB;=1+1;2;\n')
    assert [row[:3] for row in rows_of(grid).values()] == [
        ["nr", "kod", "net"],
        ["00123", "00045", "1"],
        ["B", "=1+1", "2"],
    ]


def test_a_first_row_that_names_what_parts_nothing_is_not_believed(text: Text) -> None:
    grid = text("sep=,\nnr;net\nA;1\nB;2\n")
    assert (grid.delimiter, rows_of(grid)[2]) == (";", ["nr", "net"])


def test_a_stray_nul_is_told_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"nr;net\nA;1\nB;2\0\n" + b"C;3\n" * 20)
    assert "row 3 holds a NUL" in refusal(tmp_path / "kept")
    (tmp_path / "kept").write_bytes(bytes(range(256)) * 20)
    assert "neither a workbook nor text" in refusal(tmp_path / "kept")


@pytest.mark.parametrize("row", ['1;"Super cable;red;2;9', '"1;a;red;2;9', '1;a;red;2;"9'])
def test_a_quote_that_is_closed_rows_below_swallows_none(tmp_path: Path, row: str) -> None:
    closing = ["9", "b", "blue", "3", "7"]
    closing[row.split('"')[0].count(";")] += '"'
    rows = ["no;goods;colour;pieces;net", row, "2;x;red;4;8", "3;y;red;5;8", ";".join(closing), "4;z;red;6;8"]
    path = tmp_path / "report"
    path.write_text("\r\n".join([*rows, ""]), encoding="utf-8")
    assert "a cell of row 2 goes over several rows of the table" in refusal(path)


def test_a_cell_of_several_lines_is_one(text: Text) -> None:
    grid = text('no;goods;colour;pieces;net\n1;"cable\nblack; long";red;2;9\n2;"x;y;z\nv";red;3;9\n')
    assert rows_of(grid)[2] == ["1", "cable\nblack; long", "red", "2", "9"]


def test_an_address_of_several_lines_with_commas_is_one_cell(text: Text) -> None:
    grid = text('no,buyer,address,pieces,net\n1,B,"Unit 2, Block C,\nHigh St\nN1 2AB, London, UK",2,9\n2,B,x,3,9\n')
    assert rows_of(grid)[2] == ["1", "B", "Unit 2, Block C,\nHigh St\nN1 2AB, London, UK", "2", "9"]


@pytest.mark.parametrize("sign", [";", ",", "\t"])
@pytest.mark.parametrize("behind", ["", ";;;", "\r"])
def test_rows_that_are_quoted_as_a_whole_are_read(text: Text, sign: str, behind: str) -> None:
    rows = [
        ["№ nr", "day", "goods", "note"],
        ["F/1", "1.2.2026", f'Cable{sign} 3" {sign}', '"'],
        ["F/2", "", "Tube", ""],
    ]
    out = io.StringIO()
    csv.writer(out, delimiter=sign, lineterminator="\n").writerows(rows)
    quoted = ['"' + line.replace('"', '""') + '"' + behind for line in out.getvalue().splitlines()]
    grid = text("\n".join(quoted) + "\n")
    assert rows_of(grid) == {at: [cell or None for cell in row] for at, row in enumerate(rows, start=1)}
    quoted[0] = sign.join(rows[0])
    assert rows_of(text("\n".join(quoted) + "\n")) == rows_of(grid), "a row without a quote may stand as it is"


def test_a_stray_sign_that_nobody_sees_parts_no_row_that_is_quoted_as_a_whole(text: Text) -> None:
    grid = text('"no;goods;note"\n"1;Ca\x01ble;""a;\x02b"""\n')
    assert rows_of(grid)[2] == ["1", "Ca\x01ble", "a;\x02b"]


def test_texts_with_commas_are_no_rows_that_were_quoted(text: Text) -> None:
    assert text('"name"\n"Nowak, Jan"\n"Smith, Ann"\n').cells.num_columns == 1
    assert text('"a, b, c","d"\n"e, f, g","h"\n').cells.num_columns == 2


@pytest.mark.parametrize("piece", range(1, 12))
def test_a_mark_at_a_rows_beginning_hides_no_quote_wherever_the_file_is_cut(
    text: Text, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr("importers.files.texts.text._CHUNK", piece)
    assert rows_of(text('nr;net\n\ufeff"A;1";2\n')) == {1: ["nr", "net"], 2: ["A;1", "2"]}

"""Rows of a text file: what parts its cells, how wide its table is, and its rows as a grid."""

import csv
import io
import mmap
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

from app.domain.saying.wording import marked
from app.exports.cells import unescape_column
from importers.errors import FileRefused
from importers.files.cells import holds, without_unseen
from importers.files.grid import Grid
from importers.files.limits import Limits
from importers.files.texts.encodings import Encoding
from importers.files.texts.escaped import quotes_doubled
from importers.files.texts.printed import parted
from importers.files.texts.requoted import rows_bare
from importers.files.texts.text import in_utf8, row_at

DELIMITERS = ",;\t|~^"

_SAID = re.compile(r"\ufeff?\"?[sS][eE][pP]=([\x01-\x09\x0b\x0c\x0e-!#-\x7f])\"?[^\S\n\r]*(?:\r\n?|\n|\Z)")
_NUMBER = re.compile(r"\s*[-+]?[0-9][0-9 .,:/'\u00a0-]*\s*")
_AS_TEXT = r"""^="([^"]*)"$"""
_SAMPLE = 1 << 18
_LOOKED_AT = 200
_BLOCK = 1 << 20
_NEW_LINE = ord("\n")
_ = marked
_WIDEST = 16_384
_LEAST_WIDTH = 5
"""Columns of a table from which a cell that holds as many separators as a row, in the same places, is no chance."""
_NOTHING = ["", r"\N"]
"""What stands in a cell that holds nothing; databases write the second."""
_LARGEST_BLOCK = (1 << 31) - 1


@dataclass(frozen=True)
class Shape:
    """How the rows of a text file are written.

    Attributes:
        delimiter: what parts the cells.
        width: how many cells its rows have; titles above the table may have fewer.
        head: the rows above the first of that width.
        said: whether the first row does nothing but name the delimiter.
    """

    delimiter: str
    width: int
    head: tuple[tuple[str, ...], ...]
    said: bool


def read_delimited(
    path: Path,
    name: str,
    encoding: Encoding,
    limits: Limits,
    delimiter: str | None = None,
    *,
    header_first: bool = False,
) -> Grid:
    """Read the rows of a text file, parted by ``delimiter`` or by what is found.

    With ``header_first`` the table is as wide as the first row, otherwise as what is found.

    Raises:
        FileRefused: It cannot be read as rows; the message says why and what to do.
    """
    if delimiter is not None and (not delimiter.isascii() or delimiter in '"\r\n\0'):
        words = _(
            "%(file)s: its profile says that %(sign)s parts the cells, expected one sign such as ; or a tab; change "
            "the profile."
        )
        raise FileRefused(words, file=name, sign=repr(delimiter))
    with (
        in_utf8(path, encoding, name) as whole,
        parted(whole) as (cells, sign),
        quotes_doubled(cells) as plain,
        rows_bare(plain, delimiter or DELIMITERS) as text,
    ):
        shape = shape_of(text, sign or delimiter, header_first=header_first)
        _refuse_too_many_cells(text, name, shape, limits)
        table, wrong = _parse(text, name, shape, threads=True)
        if wrong:
            table, wrong = _parse(text, name, shape, threads=False)
        first = len(shape.head) + 1
        rows = np.arange(len(table) + len(wrong), dtype=np.int32) + first
        last = wrong[-1].text if wrong and wrong[-1].row == rows[-1] else _last_cell(table)
        _refuse_open_quote(text, name, shape.delimiter, last + "".join(cell for row in shape.head for cell in row))
    rows = np.delete(rows, [one.row - first for one in wrong])
    _refuse_rows_within(table, rows, name, shape.delimiter)
    said = [one for one in wrong if one.text.strip(f'{shape.delimiter}" \t\r\n')]
    broken = {one.row: _cells_of(one.text, shape.delimiter) for one in said}
    head, head_rows = _head(shape, table.num_columns)
    with ThreadPoolExecutor(max_workers=2) as pool:  # Arrow works outside Python's lock
        columns = list(pool.map(_plain, table.columns))
    return Grid(
        "",
        _joined(head, pa.table(columns, names=table.column_names)),
        np.concatenate([head_rows, rows]),
        wrong_width=tuple((one.row, one.cells) for one in said),
        broken=broken,
        blank=np.array([one.row for one in wrong if one.row not in broken], dtype=np.int32),
        encoding=encoding.name,
        encodings=encoding.others,
        pasted=encoding.pasted,
        delimiter=None if sign else shape.delimiter,
    )


def _cells_of(text: str, delimiter: str) -> list[str]:
    cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return [cell or "" for cell in _plain(pa.chunked_array([pa.array(cells, pa.large_string())])).to_pylist()]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Take away what is written around a text so that a spreadsheet program leaves it alone, such as ="00123"."""
    column = without_unseen(column)
    if holds(column, ord("=")) and pc.any(pc.starts_with(column, '="')).as_py():
        column = pc.replace_substring_regex(column, _AS_TEXT, r"\1")
    return unescape_column(column)


def shape_of(path: Path, delimiter: str | None = None, *, header_first: bool = False) -> Shape:
    """Tell how the rows of a text in UTF-8 are written: what parts them alike over the first rows parts their cells."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        sample = file.read(_SAMPLE)
        whole = not file.read(1)
    said = _SAID.match(sample)
    named = said[1] if said is not None and delimiter is None else None
    delimiter = delimiter or named
    candidates = [delimiter] if delimiter else list(DELIMITERS)
    found = {one: _rows(sample, one, whole=whole) for one in candidates}
    skipped = 1 if said is not None else 0
    if named and not any(len(row) > 1 for row in found[named][1:]):
        candidates = list(DELIMITERS)  # what the row names parts nothing
        found = {one: _rows(sample, one, whole=whole) for one in candidates}
    widths = {
        one: [len(row) for row in rows[skipped:] if any(cell.strip() for cell in row)] for one, rows in found.items()
    }
    if header_first:
        best = max(candidates, key=lambda one: len(found[one][skipped]) if len(found[one]) > skipped else 0)
        rows = found[best]
        width, first = max(1, len(rows[skipped]) if len(rows) > skipped else 1), min(len(rows), skipped + 1)
    else:
        best = max(candidates, key=lambda one: _evenness(widths[one]))
        rows = found[best]
        width, first = _width(rows, skipped, _below(rows, skipped) or _usual(widths[best]))
    return Shape(best, width, tuple(tuple(row) for row in rows[:first]), said is not None)


def _rows(sample: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    """Part the first rows; the last of a sample that breaks off says nothing, where there are others."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > _LOOKED_AT:
                break
    except csv.Error:
        return rows
    return rows[:-1] if len(rows) > 1 and (not whole or len(rows) > _LOOKED_AT) else rows


def _usual(widths: Sequence[int]) -> int:
    """Give the width that most rows have; of two the larger."""
    times = Counter(widths)
    return max(times, key=lambda width: (times[width], width), default=1)


def _below(rows: Sequence[Sequence[str]], skipped: int) -> int | None:
    """Give the width of a table below more rows of less width, such as ``Period:;May``; none where there is none.

    It goes on to the last row, begins with names alone, and nothing above it is as wide.
    """
    said = [row for row in rows[skipped:] if any(row)]
    if not said:
        return None
    width = len(said[-1])
    begins = next((at for at in reversed(range(len(said))) if len(said[at]) != width), -1) + 1
    above, header = [len(row) for row in said[:begins]], said[begins]
    named = width > 2 and len(said) - begins > 1 and all(header) and not any(map(_NUMBER.fullmatch, header))
    return width if named and above and max(above) < width else None


def _width(rows: Sequence[Sequence[str]], skipped: int, usual: int) -> tuple[int, int]:
    """Give the width of the table, and its first row below what stands above it.

    That is the width of most rows, unless the header above them names more cells or fewer: a separator too many or too
    few in every row would else move what stands behind it into another column.
    """
    first = next((at for at, row in enumerate(rows) if at >= skipped and len(row) == usual), len(rows))
    for at in range(skipped, first - 1):
        names = rows[at]
        if usual < len(names) == len(rows[at + 1]) and all(names) and not any(map(_NUMBER.fullmatch, names)):
            return len(names), at  # most rows leave out what is empty at their end
    header = _trimmed(rows[first - 1]) if skipped < first < len(rows) else ()
    if len(header) < 2 or not all(header) or any(map(_NUMBER.fullmatch, header)):
        return usual, first
    if not any(map(_NUMBER.fullmatch, rows[first])):
        return usual, first  # which may well be the header, and what stands above it a title
    beyond = any(any(row[len(header) :]) for row in rows[first:] if len(row) == usual)
    return len(header) if len(header) > usual or beyond else usual, first


def _evenness(widths: Sequence[int]) -> float:
    """Score a delimiter: how many of the rows it parts alike, and then into how many cells."""
    usual = _usual(widths)
    if usual < 2:
        return 0.0
    alike = widths.count(usual) / len(widths)
    return alike**2 * (1 - 1 / usual)


def _head(shape: Shape, columns: int) -> tuple[pa.Table, np.ndarray]:
    """Lay out the rows above the table; one that is wider makes the grid wider."""
    rows = shape.head[1:] if shape.said else shape.head
    width = max([columns, *(len(_trimmed(row)) for row in rows)])
    cells = [
        pa.chunked_array([[(row[at] or None) if at < len(row) else None for row in rows]], type=pa.large_string())
        for at in range(width)
    ]
    numbers = np.arange(len(rows), dtype=np.int32) + 1 + shape.said
    return pa.table([_plain(one) for one in cells], names=[str(at) for at in range(width)]), numbers


def _trimmed(row: Sequence[str]) -> Sequence[str]:
    last = max((at for at, cell in enumerate(row) if cell), default=-1)
    return row[: last + 1]


def _joined(head: pa.Table, below: pa.Table) -> pa.Table:
    for at in range(below.num_columns, head.num_columns):
        below = below.append_column(str(at), pa.nulls(len(below), pa.large_string()))
    return pa.concat_tables([head, below]) if len(head) else below


def _refuse_too_many_cells(path: Path, name: str, shape: Shape, limits: Limits) -> None:
    """Refuse a text of little but separators: each cell takes more memory than the separator behind it."""
    widest = max([shape.width, *(len(_trimmed(row)) for row in shape.head)])
    if widest > _WIDEST:
        words = _("%(file)s: %(cells)s cells in a row, expected at most %(most)s; export it again.")
        raise FileRefused(words, file=name, cells=widest, most=_WIDEST)
    if path.stat().st_size <= limits.max_cells:
        return
    cells, parting = 0, ord(shape.delimiter)
    with path.open("rb") as file:
        while chunk := file.read(_BLOCK):
            found = np.frombuffer(chunk, dtype=np.uint8)
            cells += int(np.count_nonzero(found == parting) + np.count_nonzero(found == _NEW_LINE))
    if cells > limits.max_cells:
        words = _("%(file)s: %(cells)s cells, more than are taken in (%(limit)s); split the file.")
        raise FileRefused(words, file=name, cells=cells, limit=limits.said("max_cells"))


@dataclass
class _Wrong:
    """A row whose number of cells is not the table's. Its number is known only where one thread reads."""

    row: int
    cells: int
    text: str


def _parse(path: Path, name: str, shape: Shape, *, threads: bool) -> tuple[pa.Table, list[_Wrong]]:
    """Parse below the head; where a single row is larger than a block, all of the file in one."""
    wrong: list[_Wrong] = []

    def note(row: pa_csv.InvalidRow) -> str:
        wrong.append(_Wrong(row.number or 0, row.actual_columns, row.text))
        return "skip"

    columns = [str(at) for at in range(shape.width)]
    quotes, size = _has_quotes(path), path.stat().st_size
    for block in (_BLOCK, min(size + _BLOCK, _LARGEST_BLOCK)):
        wrong.clear()
        try:
            table = pa_csv.read_csv(
                path,
                read_options=pa_csv.ReadOptions(
                    column_names=columns,
                    skip_rows_after_names=len(shape.head),
                    use_threads=threads,
                    block_size=block,
                ),
                parse_options=pa_csv.ParseOptions(
                    delimiter=shape.delimiter,
                    newlines_in_values=quotes,
                    ignore_empty_lines=False,
                    invalid_row_handler=note,
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.large_string()),
                    strings_can_be_null=True,
                    null_values=_NOTHING,
                ),
            )
        except pa.ArrowInvalid as problem:
            if "Empty CSV" in str(problem):
                break
            if "straddling" not in str(problem):
                words = _("%(file)s: not a table in text (%(found)s); save it again as CSV UTF-8.")
                raise FileRefused(words, file=name, found=str(problem)) from None
        else:
            return table, wrong
    return pa.table({one: pa.array([], type=pa.large_string()) for one in columns}), []


def _last_cell(table: pa.Table) -> str:
    return str(table.column(table.num_columns - 1)[-1].as_py() or "") if len(table) else ""


def _refuse_open_quote(path: Path, name: str, delimiter: str, last: str) -> None:
    """Refuse a file whose last quote is never closed: the rows below it would vanish into one cell.

    Only a last row (or one above the table) that goes over several lines can hide that, and few do; so the file is
    seldom looked through.
    """
    if "\n" not in last and "\r" not in last:
        return
    cut = re.escape(delimiter.encode())
    quoted = re.compile(b'(?<![^%s\\r\\n])"[^"]*(?:""[^"]*)*("|\\Z)' % cut)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        open_at = next((found.start() for found in quoted.finditer(content) if not found.group(1)), None)
        if open_at is not None:
            words = _(
                "%(file)s: a quote in row %(row)s is never closed, so all rows below it read as one cell; close or "
                "remove it."
            )
            raise FileRefused(words, file=name, row=str(row_at(content, open_at)))


def _refuse_rows_within(table: pa.Table, rows: np.ndarray, name: str, delimiter: str) -> None:
    """Refuse a file one of whose cells holds the rest of its row, rows below, and the beginning of another.

    A quote that is never closed goes on to the next one, somewhere below. Where that stands in the same column the row
    has as many cells as any other: all between the two would vanish, and this row would have what the last has. Behind
    commas of a text, such as an address of two lines, there are spaces; behind those between cells not all have one.
    """
    between = re.compile(rf"{re.escape(delimiter)}(?!\s|$)")
    for at, column in enumerate(table.columns if table.num_columns >= _LEAST_WIDTH else ()):
        if not holds(column, _NEW_LINE):
            continue
        broken = pc.fill_null(pc.match_substring(column, "\n"), False)  # noqa: FBT003
        for row, text in zip(rows[np.asarray(broken)].tolist(), column.filter(broken).to_pylist(), strict=True):
            lines = text.split("\n")
            as_rows = lines[0].count(delimiter), lines[-1].count(delimiter)
            if as_rows == (table.num_columns - 1 - at, at) and any(map(between.search, (lines[0], lines[-1]))):
                words = _(
                    "%(file)s: a cell of row %(row)s goes over several rows of the table, so a quote in it is perhaps "
                    "never closed; close or remove it."
                )
                raise FileRefused(words, file=name, row=str(row))


def _has_quotes(path: Path) -> bool:
    """Tell whether a cell may hold a line break: without a quote none does, and the file can be cut at its lines."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'"') >= 0

"""Tables as CSV (RFC 4180, UTF-8), written piece by piece: a file may be larger than the memory."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.measures.money import decimal_text
from app.exports.cells import escape, escape_column, text_column
from app.exports.files import Written
from app.exports.tables import Column, Kind, Layout, Rows, decimal_texts, local_seconds
from app.files import replacing

_PIECE_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the file is written.

    Attributes:
        delimiter: between the fields of a row: ``,``, ``;``, a tab.
        bom: begin with a byte order mark, by which Excel knows UTF-8.
        decimal_comma: write 1,50 rather than 1.50.
        header: begin with the columns' headers.
        line_end: what ends a row.
        encoding: of the file.
        quoted: put every field in quotes, not only where it must be.
    """

    delimiter: str = ","
    bom: bool = False
    decimal_comma: bool = False
    header: bool = True
    line_end: str = "\r\n"
    encoding: str = "utf-8"
    quoted: bool = False

    @property
    def codec(self) -> str:
        """Name the codec that writes the file."""
        return "utf-8-sig" if self.bom else self.encoding

    def writer(self, file: TextIO) -> Any:
        """Give what writes rows to a file."""
        return csv.writer(
            file,
            delimiter=self.delimiter,
            lineterminator=self.line_end,
            quoting=csv.QUOTE_ALL if self.quoted else csv.QUOTE_MINIMAL,
        )


def write_records(path: Path, parts: Iterable[Sequence[Any]], dialect: Dialect) -> Written:
    """Write parts whose records differ in width, such as one that counts the others; the file appears at once.

    Each part is a sequence of columns of text. Text that would start a formula is prefixed as in `write_csv`.

    Raises:
        UnicodeEncodeError: A text has a character that the encoding does not have.
    """
    count = 0
    with replacing(path) as part:
        with part.open("x", encoding=dialect.codec, newline="") as file:
            count = dump_records(file, parts, dialect)
        return Written.measured(part, path, rows=count)


def dump_records(file: TextIO, parts: Iterable[Sequence[Any]], dialect: Dialect) -> int:
    """Write the records of `write_records` to an open file; give how many there were."""
    out, count = dialect.writer(file), 0
    for columns in parts:
        fields = [escape_column(text_column(column)).to_pylist() for column in columns]
        out.writerows(zip(*fields, strict=True))
        count += len(fields[0]) if fields else 0
    return count


def write_csv(
    path: Path, layout: Layout, rows: Rows | Iterable[Rows], *, dialect: Dialect = Dialect(), totals: bool = False
) -> Written:
    """Write rows, or a stream of pieces of them, and put the finished file in place at once.

    Text that would start a formula is prefixed (`app.exports.cells`); numbers stay numbers, without thousands
    separators. Instants carry their offset. A missing value is an empty field.

    Args:
        path: where to write.
        layout: what the columns are.
        rows: a frame or a mapping of columns, or an iterable of such.
        dialect: how the file is written.
        totals: end with the row of totals; a machine that reads the file must know of it.

    Raises:
        TableError: The rows do not fit the layout.
    """
    pieces = [rows] if isinstance(rows, pd.DataFrame | Mapping) else rows
    sums = dict.fromkeys(layout.totals, 0)
    count = 0
    with replacing(path) as part:
        with part.open("x", encoding=dialect.codec, newline="") as file:
            out = dialect.writer(file)
            if dialect.header:
                out.writerow(escape(column.title) for column in layout.columns)
            for table in _tables(layout, pieces):
                fields = [_fields(column, table.column(column.key), dialect) for column in layout.columns]
                out.writerows(zip(*fields, strict=True))
                count += table.num_rows
                sums = {key: sum_ + sums[key] for key, sum_ in layout.sums(table).items()}
            if totals and layout.totals:
                out.writerow(_total_row(layout, sums, dialect))
        return Written.measured(part, path, rows=count)


def _tables(layout: Layout, pieces: Iterable[Rows]) -> Iterable[Any]:
    for piece in pieces:
        table = layout.typed(piece)
        for start in range(0, table.num_rows, _PIECE_ROWS):
            yield table.slice(start, _PIECE_ROWS)


def _fields(column: Column, values: Any, dialect: Dialect) -> list[str | None]:
    texts: list[str | None] = _texts(column, values, dialect).to_pylist()
    return texts


def _texts(column: Column, values: Any, dialect: Dialect) -> Any:
    if column.kind is Kind.TEXT:
        return escape_column(values)
    if column.kind is Kind.DATE:
        return pc.cast(values, pa.large_string())
    if column.kind is Kind.INSTANT:
        shown = pc.strftime(local_seconds(values, column.zone), format="%Y-%m-%dT%H:%M:%S%z")
        return pc.replace_substring_regex(shown, "([0-9]{2})$", r":\1")
    percent = column.kind is Kind.PERCENT_BP
    texts = decimal_texts(values, 2 if percent else column.decimals)
    if percent:
        texts = pc.replace_substring_regex(texts, "$", "%")
    return pc.replace_substring(texts, ".", ",") if dialect.decimal_comma else texts


def _total_row(layout: Layout, sums: Mapping[str, int], dialect: Dialect) -> list[str]:
    row = [decimal_text(sums[one.key], one.decimals) if one.key in sums else "" for one in layout.columns]
    if dialect.decimal_comma:
        row = [text.replace(".", ",") for text in row]
    return [row[0] or escape(layout.total_label), *row[1:]]

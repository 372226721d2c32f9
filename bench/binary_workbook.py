"""Columns of sales written as a binary workbook, the way [MS-XLSB] has it: nothing free writes one.

A text stands in the table of texts, a number as eight bytes, a date as a number with the look of dates; each row and
each cell is a record. The parts are those that a reader asks for: a spreadsheet program would have more looks.
"""

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.writing import HEADER, NUMERIC, Sales, Text, coded, entry, joined, texts_in

_ROW = np.dtype([("head", "S2"), ("row", "<u4"), ("look", "<u4"), ("rest", "V9"), ("first", "<u4"), ("last", "<u4")])
_ROW_HEAD, _TEXT_HEAD, _NUMBER_HEAD = b"\x00\x19", b"\x07\x0c", b"\x05\x10"
_ROW_REST = struct.pack("<HHBI", 300, 0, 0, 1)
"""Of a row: its height, no marks, and that its cells lie in one range of columns."""
_DATES = 1
"""The second look."""


def write_xlsb(path: Path, sales: Sales) -> None:
    """Write the workbook: the same rows are the same bytes."""
    shared, columns = coded(sales)
    lines = len(sales.date_serial)
    cells = [_cells(at, name, codes, sales) for at, (name, codes) in enumerate(zip(HEADER, columns, strict=True))]
    with zipfile.ZipFile(path, "w") as book:
        for name, part in _FIXED_PARTS.items():
            book.writestr(entry(name), part)
        with book.open(entry("xl/worksheets/sheet1.bin"), "w", force_zip64=True) as sheet:
            sheet.write(_record(129) + _record(148, struct.pack("<IIII", 0, lines, 0, len(HEADER) - 1)) + _record(145))
            sheet.write(joined(_row_heads(0, 1)))
            for at in range(len(HEADER)):
                sheet.write(_TEXT_HEAD + struct.pack("<III", at, 0, at))
            for part in _rows(cells, lines):
                sheet.write(part)
            sheet.write(_record(146) + _record(130))
        with book.open(entry("xl/sharedStrings.bin"), "w") as strings:
            strings.write(_record(159, struct.pack("<II", texts_in(sales), len(shared))))
            for text in shared.to_pylist():
                strings.write(_record(19, b"\0" + _wide(text)))
            strings.write(_record(160))


def _cells(at: int, name: str, codes: Text | None, sales: Sales) -> Text:
    """Write a column's cells, each with its record."""
    if codes is not None and name not in NUMERIC:
        return _cell_records(at, codes)
    if name == "invoice_date":
        numbers, text, look = sales.date_serial.astype(np.float64), sales.date_is_text, _DATES
    else:
        text = sales.qty_is_text if name == "qty" else np.zeros(len(sales.date_serial), np.bool_)
        column = pc.if_else(pa.array(text), "0", sales.columns[name])
        numbers, look = column.cast(pa.float64()).to_numpy(zero_copy_only=False), 0
    written = _cell_records(at, pa.array(numbers), look)
    return written if codes is None else pc.replace_with_mask(written, pa.array(text), _cell_records(at, codes))


def _cell_records(column: int, values: Text, look: int = 0) -> Text:
    """Write cells of one column as bytes: whole numbers are places in the table of texts."""
    of_text = pa.types.is_integer(values.type)
    made = np.empty(
        len(values), [("head", "S2"), ("column", "<u4"), ("look", "<u4"), ("value", "<u4" if of_text else "<f8")]
    )
    made["head"] = _TEXT_HEAD if of_text else _NUMBER_HEAD
    made["column"], made["look"] = column, look
    made["value"] = values.to_numpy(zero_copy_only=False)
    return _as_bytes(made)


def _row_heads(first: int, count: int) -> Text:
    """Write the records of rows, counted from 0."""
    made = np.zeros(count, _ROW)
    made["head"], made["rest"], made["last"] = _ROW_HEAD, np.void(_ROW_REST), len(HEADER) - 1
    made["row"] = np.arange(first, first + count)
    return _as_bytes(made)


def _as_bytes(made: np.ndarray) -> Text:
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(made.dtype.itemsize), len(made), [None, pa.py_buffer(made.tobytes())]
    ).cast(pa.binary())


def _rows(cells: list[Text], lines: int, step: int = 50_000) -> Iterator[memoryview]:
    """Join cells to rows, some thousands at a time."""
    for start in range(0, lines, step):
        rows = min(step, lines - start)
        parts = [_row_heads(start + 1, rows), *(column.slice(start, step) for column in cells)]
        yield joined(pc.binary_join_element_wise(*parts, b""))


def _record(kind: int, content: bytes = b"") -> bytes:
    """Write a record: its kind and length in as few bytes as will do ([MS-XLSB] 2.1.4)."""
    written = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = len(content)
    while length > 127:
        written += bytes([length & 0x7F | 0x80])
        length >>= 7
    return written + bytes([length]) + content


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _look(number_format: int) -> bytes:
    return _record(47, struct.pack("<HH", 0, number_format) + bytes(12))


_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_EXCEL = "application/vnd.ms-excel"
_FIXED_PARTS: dict[str, str | bytes] = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="bin" ContentType="{_EXCEL}.sheet.binary.macroEnabled.main"/>'
    f'<Override PartName="/xl/worksheets/sheet1.bin" ContentType="{_EXCEL}.worksheet"/>'
    f'<Override PartName="/xl/styles.bin" ContentType="{_EXCEL}.styles"/>'
    f'<Override PartName="/xl/sharedStrings.bin" ContentType="{_EXCEL}.sharedStrings"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.bin"/></Relationships>',
    "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.bin"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.bin"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.bin"/></Relationships>',
    "xl/workbook.bin": _record(131)
    + _record(143)
    + _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Sales"))
    + _record(144)
    + _record(132),
    "xl/styles.bin": _record(278)
    + _record(617, struct.pack("<I", 2))
    + _look(0)
    + _look(14)
    + _record(618)
    + _record(279),
}

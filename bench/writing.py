"""Columns of sales written as csv, and as a workbook the way Excel writes one."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

HEADER = (
    "invoice_no",
    "invoice_date",
    "distributor_code",
    "distributor_name",
    "sku",
    "ean",
    "product_name",
    "qty",
    "unit_price",
    "net_amount",
    "currency",
)
NUMERIC = ("invoice_date", "qty", "unit_price", "net_amount")
_TEXT_COLUMNS = len(HEADER) - len(NUMERIC)

Ints = npt.NDArray[np.int64]
Text = Any  # a pyarrow string array; pyarrow ships no types


@dataclass(frozen=True)
class Sales:
    """The sales as columns: text, and what a spreadsheet needs to write dates and numbers as such."""

    columns: dict[str, Text]
    date_serial: Ints
    date_is_text: npt.NDArray[np.bool_]
    qty_is_text: npt.NDArray[np.bool_]


def write_csv(path: Path, columns: dict[str, Text], step: int = 50_000) -> None:
    """Write text columns, with quotes only where they are needed; pyarrow's own writer quotes every text."""
    quoted = [_quoted(texts) for texts in columns.values()]
    with path.open("wb") as file:
        file.write((",".join(columns) + "\n").encode())
        for start in range(0, len(quoted[0]), step):
            parts: list[Text] = []
            for texts in quoted:
                parts += [",", texts.slice(start, step)]
            file.write(joined(join(*parts[1:], "\n")))


def _quoted(texts: Text) -> Text:
    needed = pc.match_substring_regex(texts, '[",\n]')
    return pc.if_else(needed, join('"', pc.replace_substring(texts, '"', '""'), '"'), texts)


def write_xlsx(path: Path, sales: Sales) -> None:
    """Write a workbook as Excel does: shared strings, a reference in every cell, dates as styled numbers."""
    shared, places = coded(sales)
    cells = _ends_of_cells(sales, places)
    lines = len(sales.date_serial)
    with zipfile.ZipFile(path, "w") as book:
        for name, text in _FIXED_PARTS.items():
            book.writestr(entry(name), text)
        with book.open(entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            sheet.write((_SHEET_START % (lines + 1)).encode())
            sheet.write(_header_row().encode())
            for part in _sheet_rows(cells, lines):
                sheet.write(part)
            sheet.write(_SHEET_END.encode())
        with book.open(entry("xl/sharedStrings.xml"), "w") as strings:
            strings.write((_STRINGS_START % (texts_in(sales), len(shared))).encode())
            strings.write(joined(join("<si><t>", _escaped(shared), "</t></si>")))
            strings.write(b"</sst>")


def entry(name: str) -> zipfile.ZipInfo:
    """Name a part of the workbook without the time of its making, so that the same rows are the same bytes."""
    part = zipfile.ZipInfo(name)
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


def texts_in(sales: Sales) -> int:
    """Count the cells of a workbook that have a text, its header too."""
    of_columns = len(sales.date_serial) * _TEXT_COLUMNS
    return len(HEADER) + of_columns + int(sales.date_is_text.sum() + sales.qty_is_text.sum())


def coded(sales: Sales) -> tuple[Text, list[Text | None]]:
    """Give the table of strings of a workbook, the header's first, and of every column the places of its texts in it.

    A column of numbers has none; one in which some are written as text has those of these alone.
    """
    tables: list[Text] = [pa.array(HEADER)]
    known = len(HEADER)
    places: list[Text | None] = []
    for name in HEADER:
        text = sales.columns[name]
        marks = {"invoice_date": sales.date_is_text, "qty": sales.qty_is_text}.get(name)
        if name in NUMERIC and marks is None:
            places.append(None)
            continue
        strings = (text if marks is None else text.filter(pa.array(marks))).dictionary_encode()
        tables.append(strings.dictionary)
        places.append(pa.array(strings.indices.to_numpy(zero_copy_only=False) + known))
        known += len(strings.dictionary)
    return pa.concat_arrays(tables), places


def _ends_of_cells(sales: Sales, places: list[Text | None]) -> list[Text]:
    """Give every column as the end of its cells, after the reference."""
    cells = []
    for name, of_texts in zip(HEADER, places, strict=True):
        texts = None if of_texts is None else join('" t="s"><v>', of_texts.cast(pa.string()), "</v></c>")
        if name not in NUMERIC:
            cells.append(texts)
            continue
        shown = digits(sales.date_serial) if name == "invoice_date" else sales.columns[name]
        numbers = join('" s="1"><v>' if name == "invoice_date" else '"><v>', shown, "</v></c>")
        marks = sales.date_is_text if name == "invoice_date" else sales.qty_is_text
        cells.append(numbers if texts is None else pc.replace_with_mask(numbers, pa.array(marks), texts))
    return cells


def _sheet_rows(cells: list[Text], lines: int, step: int = 50_000) -> Iterator[memoryview]:
    """Join cells to rows, some thousands at a time."""
    for start in range(0, lines, step):
        number = digits(np.arange(start + 2, min(start + step, lines) + 2))
        parts: list[Text] = ['<row r="', number, '" spans="1:11">']
        for letter, ends in zip("ABCDEFGHIJK", cells, strict=True):
            parts += [f'<c r="{letter}', number, ends.slice(start, step)]
        yield joined(join(*parts, "</row>"))


def joined(texts: Text) -> memoryview:
    """Give the bytes of a string array without a copy: they stand one after the other."""
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(content)[ends[texts.offset] : ends[texts.offset + len(texts)]]


def _escaped(texts: Text) -> Text:
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        texts = pc.replace_substring(texts, sign, entity)
    return texts


def _header_row() -> str:
    cells = "".join(f'<c r="{letter}1" t="s"><v>{at}</v></c>' for at, letter in enumerate("ABCDEFGHIJK"))
    return f'<row r="1" spans="1:11">{cells}</row>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEETML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FIXED_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEETML}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEETML}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_SHEETML}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_SHEETML}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Sales" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    "xl/styles.xml": f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
_SHEET_START = (
    f'{_XML}<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><dimension ref="A1:K%d"/>'
    '<sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15"/><sheetData>'
)
_SHEET_END = (
    '</sheetData><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>'
)
_STRINGS_START = f'{_XML}<sst xmlns="{_MAIN}" count="%d" uniqueCount="%d">'


def digits(numbers: Ints) -> Text:
    """Write whole numbers as text."""
    return pa.array(numbers).cast(pa.string())


def join(*parts: Text) -> Text:
    """Write texts, and columns of them, one behind the other."""
    return pc.binary_join_element_wise(*parts, "")

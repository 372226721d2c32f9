"""Workbooks in a zip container: which kind it is, which sheets it has, and whether they may be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.domain.saying.wording import Said, marked
from importers.errors import FileRefused
from importers.files.containers.contents import listed, listed_binary
from importers.files.containers.opendocument import scan_document
from importers.files.containers.parts import Parts
from importers.files.containers.scan import Marks, TooManyMerged, TooWild, filled, root_of, scan_sheet
from importers.files.limits import Limits, too_many_cells
from importers.files.texts.encodings import encoding_marked

WorkbookForm = Literal["xlsx", "xlsb", "ods"]

_ = marked
_HEAD = 1 << 16
_SMALL = 1 << 24
_KINDS = (
    (b"spreadsheetml.sheet.main+xml", "xlsx"),
    (b"ms-excel.sheet.macroenabled.main+xml", "xlsx"),
    (b"spreadsheetml.template.main+xml", "xlsx"),
    (b"ms-excel.template.macroenabled.main+xml", "xlsx"),
    (b"ms-excel.sheet.binary.macroenabled.main", "xlsb"),
)
_OTHERS = {
    "word/document.xml": _("a Word document"),
    "ppt/presentation.xml": _("a presentation"),
    "index/document.iwa": "Apple Numbers",
}


@dataclass(frozen=True)
class ScannedSheet:
    """A sheet of a workbook as the scan saw it: its name, its part of the container, what was noted in it.

    Attributes:
        name: as people see it.
        visible: whether they do.
        part: where it lies in the container.
        marks: what the scan noted; nothing of an .xlsb, whose cells it does not go through.
        sparse: whether its cells are so far apart that its empty rows and columns have to be left out to read it.
    """

    name: str
    visible: bool
    part: str
    marks: Marks | None
    sparse: bool = False


def judge_workbook(
    parts: Parts, name: str, limits: Limits, *, scan: bool
) -> tuple[WorkbookForm, tuple[ScannedSheet, ...]]:
    """Tell what kind of workbook a container holds, and with ``scan`` look through its parts.

    Raises:
        FileRefused: It holds no workbook, or one that nobody should open; the message says why and what to do.
    """
    form = _form(parts, name)
    if not scan:
        return form, ()
    sheets = tuple(_sheets(parts, form, name, limits))
    scanned = {sheet.part for sheet in sheets}
    for part in parts.names:
        if part not in scanned:
            _look_through(parts, part, name, limits)
    return form, sheets


def _form(parts: Parts, name: str) -> WorkbookForm:
    mimetype, types = parts.find("mimetype"), parts.find("[Content_Types].xml")
    content = parts.find("content.xml")
    if content is not None and (mimetype is None or b"spreadsheet" in parts.read(mimetype, 200)):
        manifest = parts.find("META-INF/manifest.xml")
        if manifest is not None and b"encryption-data" in parts.read(manifest, _SMALL):
            raise FileRefused(_("%(file)s: the workbook is protected by a password; save it without one."), file=name)
        return "ods"
    if types is not None:
        said = parts.read(types, _SMALL).lower()
        for kind, form in _KINDS:
            if kind in said:
                return form  # type: ignore[return-value]
    if parts.find("xl/workbook.xml") is not None:
        return "xlsx"
    if parts.find("xl/workbook.bin") is not None:
        return "xlsb"
    other = next((what for part, what in _OTHERS.items() if parts.find(part) is not None), None)
    inside = ", ".join(parts.names[:3]) + (", …" if len(parts.names) > 3 else "")
    archive = Said(_("a zip archive of %(parts)s"), {"parts": inside}) if inside else Said(_("an empty zip archive"))
    found = Said(other) if other else archive
    words = _("%(file)s: %(what)s, but no workbook; save the table as .xlsx or CSV, and send it unpacked.")
    raise FileRefused(words, file=name, what=found)


def _sheets(parts: Parts, form: WorkbookForm, name: str, limits: Limits) -> Iterator[ScannedSheet]:
    try:
        if form == "xlsx":
            for sheet, visible, part in listed(parts):
                yield _scan(parts, part, sheet, visible=visible, name=name, limits=limits)
        elif form == "ods":
            content = parts.find("content.xml")
            assert content is not None, "that is what makes it an .ods"
            for sheet, visible, marks in scan_document(parts.stream(content), limits.max_merges):
                _refuse_rectangle(marks.rows, marks.columns, sheet, name, limits)
                yield ScannedSheet(sheet, visible, content, marks)
        else:
            for sheet, visible, part in listed_binary(parts):
                yield ScannedSheet(sheet, visible, part, None)
    except TooWild as wild:
        raise _why(wild, name, limits) from None


def _scan(parts: Parts, part: str, sheet: str, *, visible: bool, name: str, limits: Limits) -> ScannedSheet:
    root_of(parts.read(part, _HEAD))
    marks = scan_sheet(parts.stream(part), limits.max_merges)
    sparse = False
    if marks.rows * marks.columns > limits.max_cells:
        rows: set[int] = set()
        columns: set[int] = set()
        for cell in filled(parts.stream(part)):
            rows.add(cell.row)
            columns.add(cell.column)
        marks.rows, marks.columns = max(rows, default=0), max(columns, default=0)
        sparse = marks.rows * marks.columns > limits.max_cells
        if sparse:
            _refuse_rectangle(len(rows), len(columns), sheet, name, limits)
    if not sparse:
        marks.clip_merges()
    return ScannedSheet(sheet, visible, part, marks, sparse)


def _look_through(parts: Parts, part: str, name: str, limits: Limits) -> None:
    """Unpack a part, which tells its size and whether it is whole, and refuse a document type in it."""
    size, texts = 0, part.replace("\\", "/").lower().endswith("/sharedstrings.xml")
    for piece in parts.stream(part):
        if not size:
            _refuse_document_type(piece[:_HEAD], part, name)
        size += len(piece)
        if texts and size > limits.max_texts_mb << 20:
            words = _("%(file)s: its texts unpack to more MiB than are taken in (%(limit)s).")
            raise FileRefused(words, file=name, limit=limits.said("max_texts_mb"))


def _refuse_document_type(head: bytes, part: str, name: str) -> None:
    text = head.decode(encoding_marked(head) or "latin-1", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<") and ("<!DOCTYPE" in text or "<!ENTITY" in text):
        words = _(
            "%(file)s: the part %(part)s of the workbook declares a document type, as no spreadsheet program does; "
            "open and save it again as .xlsx."
        )
        raise FileRefused(words, file=name, part=part)


def _refuse_rectangle(rows: int, columns: int, sheet: str, name: str, limits: Limits) -> None:
    if rows * columns > limits.max_cells:
        raise FileRefused("%(file)s: %(why)s", file=name, why=too_many_cells(sheet, rows, columns, limits))


def _why(wild: TooWild, name: str, limits: Limits) -> FileRefused:
    if isinstance(wild, TooManyMerged):
        words = _("%(file)s: a sheet has more merged cells than are taken in (%(limit)s).")
        return FileRefused(words, file=name, limit=limits.said("max_merges"))
    words = _(
        "%(file)s: the workbook is not what a spreadsheet program writes: %(why)s; open and save it again as .xlsx."
    )
    return FileRefused(words, file=name, why=wild.said)

"""Opening: a judged file becomes grids. The one entry for whoever wants what lies in a file."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from importers.errors import FileRefused
from importers.files.cells import Unreadable
from importers.files.containers.workbooks import ScannedSheet
from importers.files.elsewhere.process import read_elsewhere
from importers.files.grid import Grid, SheetSeen
from importers.files.guard import Judged
from importers.files.texts.delimited import read_delimited
from importers.files.texts.text import stated


def grids(
    judged: Judged,
    name: str,
    *,
    sheets: Sequence[str] | None = None,
    most: int | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_first: bool = False,
    tell_texts: bool = True,
    signs: Collection[str] = (),
) -> Iterator[Grid]:
    """Read sheets of a file, all that people see where none is named.

    Args:
        judged: the file.
        name: what the person calls it; for messages.
        sheets: the names of the sheets; a text and a page have one without a name.
        most: how many are read, of those that people see.
        encoding: of a text or a page, where it is not what was found; that a text is UTF-8 proves itself.
        delimiter: of a text, where it is not what was found.
        header_first: whether a text is a table whose first row is the header, and nothing else.
        tell_texts: whether text cells are told from number cells (``Grid.texts``), which may take a second reading.
        signs: what is told where the format of a number cell writes it beside the number (``Grid.signs``), in small
            letters. Cells are looked for only where a workbook has such a format.

    Raises:
        FileRefused: The file cannot be read; the message says why and what to do.
    """
    if judged.form == "text":
        assert judged.encoding is not None, "that of a text was found when it was judged"
        found = stated(judged.path, encoding, name, judged.encoding) if encoding else judged.encoding
        yield read_delimited(judged.path, name, found, judged.limits, delimiter, header_first=header_first)
        return
    assert judged.scanned, "a workbook is looked through before it is read"
    scanned = {sheet.name: sheet for sheet in judged.sheets}
    wanted = sheets if sheets is not None else [one.name for one in judged.sheets if one.visible][:most] or None
    task = {
        "sheets": wanted,
        "most": most,
        "sparse": {one: scanned[one].part for one in wanted or () if one in scanned and scanned[one].sparse},
        "parts": {one.name: one.part for one in judged.sheets} if judged.form in ("xlsx", "xlsb") else {},
        "tell_texts": tell_texts,
        "signs": sorted(signs),
        "encoding": encoding or (judged.encoding.name if judged.encoding else None),
    }
    for grid in _read(judged, name, task):
        yield _marked(grid, scanned.get(grid.name), judged)


def sheet_names(judged: Judged, name: str) -> list[SheetSeen]:
    """Name the sheets of a file, those that people do not see as well. A text and a page have one without a name."""
    if judged.form in ("text", "html"):
        return [SheetSeen("", visible=True, rows=None)]
    assert judged.scanned, "a workbook is looked through before its sheets are named"
    if judged.sheets:
        return [SheetSeen(one.name, one.visible, one.marks.rows if one.marks else None) for one in judged.sheets]
    return list(map(_seen, _read(judged, name, {"hidden": True})))


def whole(judged: Judged, name: str) -> tuple[list[Grid], list[SheetSeen]]:
    """Read all sheets that people see, and name the others as well: of a file that its scan did not name in one go.

    Raises:
        FileRefused: The file cannot be read; the message says why and what to do.
    """
    if judged.form in ("text", "html") or judged.sheets:
        return list(grids(judged, name)), sheet_names(judged, name)
    encoding = judged.encoding.name if judged.encoding else None
    task = {"hidden": True, "tell_texts": True, "encoding": encoding}
    found = [_marked(one, None, judged) for one in _read(judged, name, task)]
    return [one for one in found if one.visible], list(map(_seen, found))


def _seen(grid: Grid) -> SheetSeen:
    return SheetSeen(grid.name, grid.visible, int(grid.row_number[-1]) if len(grid.row_number) else 0)


def _read(judged: Judged, name: str, task: dict[str, Any]) -> Iterator[Grid]:
    task = {
        "sheets": None,
        "most": None,
        "hidden": False,
        "sparse": {},
        "parts": {},
        "tell_texts": False,
        "signs": [],
        "encoding": None,
        **task,
    }
    try:
        yield from read_elsewhere({**task, "path": str(judged.path.absolute()), "form": judged.form}, judged.limits)
    except Unreadable as problem:
        raise FileRefused("%(file)s: %(why)s", file=name, why=problem.said) from None


def _marked(grid: Grid, sheet: ScannedSheet | None, judged: Judged) -> Grid:
    """Add to a grid what the scan saw of its sheet, and to that of a page what it may be written in as well."""
    if judged.encoding is not None and judged.encoding.name == grid.encoding:
        grid = replace(grid, encodings=judged.encoding.others)
    if sheet is None:
        return grid
    return replace(grid if sheet.marks is None else sheet.marks.on(grid), visible=sheet.visible)

"""What an .xlsx shows beyond its values: 00123, where 123 is kept, the euro beside a number, a row that is crossed out.

Runs in the process that may end. calamine tells no number formats. A workbook whose formats are none of zeros and write
no sign that is asked for, as nearly all are, is known by its styles alone; of another the cells with such a format are
looked for in the XML of its sheets, which the scan went through before: by patterns over its bytes, piece by piece, so
that nothing is resolved or fetched and little is held.
"""

import html
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from importers.files.containers.parts import Parts
from importers.files.containers.scan import column_of, filled, place_in, whole_rows
from importers.files.grid import Grid
from importers.files.limits import Limits
from importers.files.shown.shown import Shown
from importers.files.shown.signs import Looks
from importers.files.shown.struck import struck_looks, struck_rows
from importers.files.shown.styles import NAMED, STYLE, of_looks, styles_of, within
from importers.files.shown.zeros import whole_number

_MANY = 100
"""Looks of cells above which each cell is asked for its own, instead of looking for those with one of them."""

_FORMAT = re.compile(rb"%bnumFmt(?=[\s/>])([^<>]*)" % NAMED)
_ID = re.compile(rb"""\snumFmtId\s*=\s*["']([0-9]{1,9})["']""")
_CODE = re.compile(rb"""\sformatCode\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_KIND = re.compile(rb"""\st=["'](?!n["'])""")
_VALUE = re.compile(
    rb"\s*(?:%bf\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?%bv(?:\s[^<>]*)?>\s*([-+.0-9eE]{1,40})\s*<" % (NAMED, NAMED)
)
_OPENED = re.compile(rb"%bc(\s[^<>]*)(?<!/)>" % NAMED)
_LONGEST_TAG = 1 << 9


def with_shown(
    grids: Iterable[Grid], path: Path, sheets: Mapping[str, str], limits: Limits, signs: Collection[str] = ()
) -> Iterator[Grid]:
    """Add to the grids of an .xlsx what it shows in number cells that are codes, which of these signs, rows struck out.

    ``sheets`` are the parts by name.
    """
    parts = Parts(path, path.name, limits)
    styles = styles_of(parts)
    looks, struck = looks_in(styles, signs), struck_looks(styles)
    for grid in grids:
        if looks and grid.name in sheets:
            grid = _shown(parts, sheets[grid.name], looks).on(grid)
        if struck and grid.name in sheets:
            grid = replace(grid, struck_rows=struck_rows(parts.stream(sheets[grid.name]), struck))
        yield grid


def looks_in(styles: bytes, signs: Collection[str] = ()) -> Looks:
    """Give the looks of cells (places in ``cellXfs``, ECMA-376 part 1, 18.8.10) of which more is told than a number.

    Styles that are broken have none: a spreadsheet program drops them, and shows what stands in the cells.
    """
    formats: dict[int, str] = {}
    for written in _FORMAT.findall(within(styles, b"numFmts")):
        named, code = _ID.search(written), _CODE.search(written)
        if named and code:
            formats[int(named[1])] = html.unescape((code[1] or code[2] or b"").decode("utf-8", "replace"))
    return Looks.of(formats, of_looks(styles, b"numFmtId"), signs)


class _NoPlace(Exception):
    """A cell does not say where it stands: it follows the one before."""


def _shown(parts: Parts, part: str, looks: Looks) -> Shown:
    """Gather the number cells of a sheet that have one of these looks."""
    if 0 not in looks and len(looks.all) <= _MANY:  # a cell that names no look has the first
        try:
            return _sought(parts.stream(part), looks)
        except _NoPlace:
            pass
    shown = Shown(looks)
    for cell in filled(parts.stream(part)):
        if value := _VALUE.match(cell.content or b""):
            _take(shown, looks, (cell.row, cell.column), cell.attributes, value[1])
    return shown


def _sought(pieces: Iterable[bytes], looks: Looks) -> Shown:
    """Look for the cells by their look, which passes over all others.

    Nearly all are written in one manner, of which one pattern takes all that is needed.

    Raises:
        _NoPlace: One of them does not say where it stands.
    """
    shown = Shown(looks)
    any_look = b"|".join(b"%d" % look for look in sorted(looks.all))
    styled = re.compile(rb"""s=["'](?:%b)["']""" % any_look)
    usual = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})" s="(%b)"(?: t="n")?><v>([-+.0-9eE]{1,40})</v>' % any_look)
    for xml in whole_rows(pieces, b"row"):
        cells = usual.findall(xml)
        if len(cells) == len(styled.findall(xml)):
            for letters, row, look, number in cells:
                shown.take(int(row), column_of(letters) - 1, whole_number(number), int(look))
            continue
        for at in styled.finditer(xml):
            tag = _OPENED.match(xml, xml.rfind(b"<", max(0, at.start() - _LONGEST_TAG), at.start()))
            value = _VALUE.match(xml, tag.end()) if tag else None
            if tag and value:
                _take(shown, looks, place_in(tag[1]), tag[1], value[1])
    return shown


def _take(shown: Shown, looks: Looks, place: tuple[int, int] | None, attributes: bytes, value: bytes) -> None:
    style = STYLE.search(attributes)
    look = int(style[1]) if style else 0
    if look not in looks or _KIND.search(attributes):
        return
    if place is None:
        raise _NoPlace
    shown.take(place[0], place[1] - 1, whole_number(value), look)

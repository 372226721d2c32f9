"""What an .ods shows beyond its values: 00123, where 123 is kept, the euro beside a number, a row that is crossed out.

Runs in the process that may end. The names of elements and attributes are those of OpenDocument 1.3, part 3: 9
(tables) and 16 (styles). A cell has the look that it names, or else its row's, or else its column's. It may say itself
that it is of a currency, or per cent.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from lxml import etree

from importers.files.containers.opendocument import CELLS_ACROSS, ROWS_DOWN, name_of, repeated
from importers.files.containers.parts import Parts
from importers.files.containers.scan import TooWild, whole_rows
from importers.files.containers.xml import parse
from importers.files.grid import Grid
from importers.files.shown.shown import Shown
from importers.files.shown.signs import PERCENT, Looks, sign_in
from importers.files.shown.struck import Balance
from importers.files.shown.zeros import Zeros, whole_number

_MOST = 1 << 26
"""Bytes of styles that are read; no workbook that people can open has as many."""

_NUMBER = "{urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_BODY, _END = b"<office:body", b"</office:document-content>"
_LINE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}text-line-through-style"
_NOT_NEGATIVE = re.compile(r"value\(\)>(=?)0(?:\.0+)?")

_TAG = re.compile(rb"<(/?)table:(table|table-column|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*?)(/?)>")
_LOOK = re.compile(rb"""\stable:(?:default-cell-)?style-name=["']([^"']*)["']""")
_DEFAULT = re.compile(rb"""\stable:default-cell-style-name=["']([^"']*)["']""")
_VALUE = re.compile(rb"""\soffice:value=["']([-+.0-9eE]{1,40})["']""")
_KIND = re.compile(rb"""\soffice:value-type=["'](float|currency|percentage)["']""")
_FILLED = re.compile(rb"""\soffice:value-type=["']""")
_CURRENCY = re.compile(rb"""\soffice:currency=["']([^"']{1,20})["']""")
_LONGEST_ATTRIBUTE = 64


@dataclass(frozen=True)
class _Looks:
    """The looks of cells of which more is told, by name: each has a number.

    ``own`` are the signs that cells have of themselves: ``percentage``, or what they name as their currency; ``struck``
    are those that strike through.
    """

    numbers: Mapping[bytes, int]
    of: Looks
    own: Mapping[bytes, int]
    struck: frozenset[int]


def with_shown_of_document(grids: Iterable[Grid], parts: Parts, signs: Collection[str] = ()) -> Iterator[Grid]:
    """Add to the grids of an .ods what it shows in number cells that are codes, these signs, rows struck through."""
    content = parts.find("content.xml")
    looks = _looks(parts, content, signs) if content is not None else None
    if content is None or not looks:
        yield from grids
        return
    found = {name: (shown, struck) for name, shown, struck in _sheets(parts.stream(content), looks)}
    for grid in grids:
        if grid.name not in found:
            yield grid
            continue
        shown, struck = found[grid.name]
        yield replace(shown.on(grid), struck_rows=struck)


def _looks(parts: Parts, content: str, signs: Collection[str]) -> _Looks | None:
    """Gather the looks by name, and what cells say of themselves; None where nothing is told of any."""
    zeros: dict[int, Zeros] = {}
    written: dict[int, str] = {}
    numbers: dict[bytes, int] = {}
    struck: set[int] = set()
    for name, (found, sign, crossed) in _named(parts, content, signs).items():
        numbers[name.encode()] = at = len(numbers)
        if crossed:
            struck.add(at)
        if found is not None:
            zeros[at] = found
        if sign is not None:
            written[at] = sign
    own: dict[bytes, int] = {}
    for said, sign in _own(parts.stream(content), signs).items():
        own[said] = len(numbers) + len(own)
        written[own[said]] = sign
    return _Looks(numbers, Looks(zeros, written), own, frozenset(struck)) if numbers or own else None


def _own(pieces: Iterable[bytes], signs: Collection[str]) -> dict[bytes, str]:
    """Find which of these signs cells have of themselves."""
    if not signs:
        return {}
    named: set[bytes] = set()
    before = b""
    for piece in pieces:
        named |= set(_CURRENCY.findall(before + piece))
        before = piece[-_LONGEST_ATTRIBUTE:]
    said = {one: one.decode("utf-8", "replace") for one in named}
    found = {one: sign for one, sign in said.items() if sign.casefold() in signs}
    return found | ({b"percentage": PERCENT} if PERCENT in signs else {})


def _named(parts: Parts, content: str, signs: Collection[str]) -> dict[str, "_Said"]:
    """Read the looks of both places that have some; none where they are broken."""
    head = parts.read(content, _MOST)
    begins = head.find(_BODY)
    named = parts.find("styles.xml")
    try:
        roots = [parse(parts.read(named, _MOST))] if named is not None else []
        roots += [parse(head[:begins] + _END)] if begins >= 0 else []
    except TooWild:
        return {}
    formats = _formats(roots, signs)
    said: dict[str, str] = {}
    parents: dict[str, str] = {}
    lines: dict[str, str] = {}
    for root in roots:
        for style in root.iter(f"{_STYLE}style"):
            name = style.get(f"{_STYLE}name", "")
            if style.get(f"{_STYLE}family") == "table-cell":
                said[name] = style.get(f"{_STYLE}data-style-name", "")
                parents[name] = style.get(f"{_STYLE}parent-style-name", "")
                lines[name] = next((one.get(_LINE, "") for one in style.iter(f"{_STYLE}text-properties")), "")
    found: dict[str, _Said] = {}
    for name in said:
        format_, line = _inherited(name, said, parents), _inherited(name, lines, parents)
        struck = line not in ("", "none")
        if struck or format_ in formats:
            found[name] = (*formats.get(format_, (None, None)), struck)
    return found


def _inherited(name: str, said: Mapping[str, str], parents: Mapping[str, str]) -> str:
    """Give what a style says, or else the first of those above it that says something; empty where none does."""
    seen = {name}
    while not said.get(name) and (name := parents.get(name, "")) and name not in seen:
        seen.add(name)
    return said.get(name, "")


_Format = tuple[Zeros | None, str | None]
"""What a number format says: that it is of zeros, and the sign that it writes."""
_Said = tuple[Zeros | None, str | None, bool]
"""What a style says: the same, and whether it strikes through."""


def _formats(roots: Sequence[etree._Element], signs: Collection[str]) -> dict[str, _Format]:
    """Read number formats by name; one for negative numbers alone refers to that of the others."""
    kinds = (f"{_NUMBER}number-style", f"{_NUMBER}currency-style", f"{_NUMBER}percentage-style")
    styles = {style.get(f"{_STYLE}name", ""): style for root in roots for style in root.iter(*kinds)}
    zeros = _zeros_of(style for style in styles.values() if style.tag == kinds[0])
    found: dict[str, _Format] = {}
    for name, style in styles.items():
        applied = (styles.get(one.get(f"{_STYLE}apply-style-name", "")) for one in style.findall(f"{_STYLE}map"))
        written = (_sign(one, signs) for one in (style, *applied) if one is not None)
        sign = next((one for one in written if one is not None), None)
        if name in zeros or sign is not None:
            found[name] = zeros.get(name), sign
    return found


def _sign(style: etree._Element, signs: Collection[str]) -> str | None:
    """Give which of these signs a number format writes."""
    if style.tag == f"{_NUMBER}percentage-style":
        return PERCENT if PERCENT in signs else None
    texts = (part.text or "" for part in style.iter(f"{_NUMBER}currency-symbol", f"{_NUMBER}text"))
    return sign_in(" ".join(texts), signs)


def _zeros_of(written: Iterable[etree._Element]) -> dict[str, Zeros]:
    styles = list(written)
    plain = {style.get(f"{_STYLE}name", ""): _zeros(style) for style in styles}
    formats: dict[str, Zeros] = {}
    for style in styles:
        name = style.get(f"{_STYLE}name", "")
        maps = style.findall(f"{_STYLE}map")
        found = plain[name] if not maps else None
        if len(maps) == 1 and (condition := _NOT_NEGATIVE.fullmatch(maps[0].get(f"{_STYLE}condition", ""))):
            applied = plain.get(maps[0].get(f"{_STYLE}apply-style-name", ""))
            found = applied and Zeros(applied.runs, applied.around, shows_zero=bool(condition[1]))
        if found is not None:
            formats[name] = found
    return formats


def _zeros(style: etree._Element) -> Zeros | None:
    """Read a number format; None where it is none of zeros, or shows a number as it would stand anyway."""
    before, behind, number = "", "", None
    for part in style:
        if part.tag == f"{_NUMBER}text":
            if number is None:
                before += part.text or ""
            else:
                behind += part.text or ""
        elif part.tag == f"{_NUMBER}number" and number is None:
            number = part
        elif part.tag != f"{_STYLE}text-properties":
            return None  # a fraction, an exponent, a condition
    if number is None or number.get(f"{_NUMBER}grouping") == "true" or number.get(f"{_NUMBER}display-factor"):
        return None
    if any(number.get(f"{_NUMBER}{of}", "0") != "0" for of in ("decimal-places", "min-decimal-places")):
        return None
    digits = _count(number.get(f"{_NUMBER}min-integer-digits"))
    if digits == 0 or (digits == 1 and not before and not behind and not len(number)):
        return None
    # a text within stands behind so many digits, counted from the right
    within = sorted(
        ((_count(one.get(f"{_NUMBER}position")), one.text or "") for one in number.iter(f"{_NUMBER}embedded-text")),
        reverse=True,
    )
    places = [at for at, _ in within]
    if any(not 0 < at < digits for at in places) or len(set(places)) < len(places):
        return None
    bounds = [digits, *places, 0]
    runs = tuple(high - low for high, low in pairwise(bounds))
    return Zeros(runs, (before, *(text for _, text in within), behind))


def _count(written: str | None) -> int:
    return int(written) if written is not None and written.isdecimal() and len(written) < 3 else 0


@dataclass
class _Walk:
    """Where somebody who goes through a sheet is: rows and columns from 0, and the looks of columns and of the row."""

    columns: list[tuple[int, int | None]] = field(default_factory=list)
    wide: int = 0
    row: int = 0
    rows: int = 1
    column: int = 0
    look: int | None = None

    def look_of_column(self) -> int | None:
        return next((look for until, look in self.columns if self.column < until), None)


def _sheets(pieces: Iterable[bytes], looks: _Looks) -> Iterator[tuple[str, Shown, frozenset[int]]]:
    """Gather the number cells of each sheet that have one of these looks, and its rows that are struck through."""
    name, walk, shown, balance = "", _Walk(), Shown(looks.of), Balance()
    for xml in whole_rows(pieces, b"table:table-row"):
        for closing, element, attributes, alone in _TAG.findall(xml):
            if element == b"table":
                if closing:
                    yield name, shown, balance.rows()
                else:
                    name, walk, shown, balance = name_of(attributes), _Walk(), Shown(looks.of), Balance()
            elif element == b"table-column":
                walk.wide += repeated(CELLS_ACROSS, attributes)
                walk.columns.append((walk.wide, _look(_DEFAULT, attributes, looks)))
            elif element == b"table-row":
                if not closing:
                    walk.rows, walk.column = repeated(ROWS_DOWN, attributes), 0
                    walk.look = _look(_DEFAULT, attributes, looks)
                if closing or alone:
                    walk.row += walk.rows
            elif not closing:
                if looks.struck and element == b"table-cell" and _FILLED.search(attributes):
                    _weigh(attributes, walk, balance, looks)
                _cell(attributes, walk, shown, looks)


def _weigh(attributes: bytes, walk: _Walk, balance: Balance, looks: _Looks) -> None:
    struck = _look_of(attributes, walk, looks) in looks.struck
    for row in range(walk.row, walk.row + walk.rows):
        balance.take(row + 1, struck=struck, times=repeated(CELLS_ACROSS, attributes))


def _look_of(attributes: bytes, walk: _Walk, looks: _Looks) -> int | None:
    """Give the look that a cell names, or else that of its row or column."""
    if named := _LOOK.search(attributes):
        return looks.numbers.get(named[1])
    return walk.look if walk.look is not None else walk.look_of_column()


def _cell(attributes: bytes, walk: _Walk, shown: Shown, looks: _Looks) -> None:
    across = repeated(CELLS_ACROSS, attributes)
    if value := _VALUE.search(attributes):
        look = _look_of(attributes, walk, looks)
        kind = _KIND.search(attributes)
        own = _own_look(attributes, kind[1], looks) if kind else None
        look = look if own is None else own
        if look is not None and kind is not None:
            number = whole_number(value[1]) if kind[1] == b"float" else None
            for row in range(walk.row, walk.row + walk.rows):
                for column in range(walk.column, walk.column + across):
                    shown.take(row + 1, column, number, look)
    walk.column += across


def _own_look(attributes: bytes, kind: bytes, looks: _Looks) -> int | None:
    """Give the look that a cell has because it says itself of what it is."""
    if kind == b"currency" and (named := _CURRENCY.search(attributes)):
        return looks.own.get(named[1])
    return looks.own.get(kind)


def _look(pattern: re.Pattern[bytes], attributes: bytes, looks: _Looks) -> int | None:
    named = pattern.search(attributes)
    return looks.numbers.get(named[1]) if named else None

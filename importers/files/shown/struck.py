"""Rows of an .xlsx that are struck through: so whoever keeps a list by hand crosses out what was cancelled.

Runs in the process that may end. Nearly no workbook has a font that strikes through: it is known by its styles alone,
and its sheets are not looked at.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from importers.files.containers.scan import filled, whole_rows

_NAMED = rb"<(?:\w+:)?"
_FONTS, _LOOKS = (
    re.compile(rb"%b%b[\s>](.*?)</(?:\w+:)?%b>" % (_NAMED, name, name), re.DOTALL) for name in (b"fonts", b"cellXfs")
)
_FONT = re.compile(rb"%bfont(?:\s[^<>]*)?(?:/>|>(.*?)</(?:\w+:)?font>)" % _NAMED, re.DOTALL)
_STRIKE = re.compile(rb"""%bstrike(?:\s*/?>|\s+val=["'](?:1|true|on)["'])""" % _NAMED)
_LOOK = re.compile(rb"%bxf(?=[\s/>])([^<>]*)" % _NAMED)
_FONT_ID = re.compile(rb"""\sfontId\s*=\s*["']([0-9]{1,9})["']""")
_NUMBERED = re.compile(rb"""%brow\s[^<>]*?r=["'][0-9]""" % _NAMED)
_STYLE = re.compile(rb"""\ss=["']([0-9]{1,9})["']""")


def struck_looks(styles: bytes) -> frozenset[int]:
    """Give the looks of cells (places in ``cellXfs``) whose font strikes through (ECMA-376 part 1, 18.4.10)."""
    fonts = _FONTS.search(styles)
    struck = {at for at, one in enumerate(_FONT.finditer(fonts[1] if fonts else b"")) if _STRIKE.search(one[1] or b"")}
    if not struck:
        return frozenset()
    looks = _LOOKS.search(styles)
    named = (_FONT_ID.search(one) for one in _LOOK.findall(looks[1] if looks else b""))
    return frozenset(at for at, one in enumerate(named) if (int(one[1]) if one else 0) in struck)


def struck_rows(pieces: Iterable[bytes], looks: Collection[int]) -> frozenset[int]:
    """Give the numbers of the rows of a sheet of whose cells with something in them most have one of these looks."""
    any_look = b"|".join(b"%d" % look for look in sorted(looks))
    styled = re.compile(rb"""\ss=["'](?:%b)["']""" % any_look)
    unnamed = 0 in looks  # a cell that names no look has the first
    balance: dict[int, int] = {}
    for cell in filled(_looked_through(pieces, None if unnamed else styled)):
        named = _STYLE.search(cell.attributes)
        struck = styled.search(cell.attributes) if named else unnamed
        balance[cell.row] = balance.get(cell.row, 0) + (1 if struck else -1)
    return frozenset(row for row, more in balance.items() if more > 0)


def _looked_through(pieces: Iterable[bytes], styled: re.Pattern[bytes] | None) -> Iterator[bytes]:
    """Pass over rows without such a cell, where those behind them say which they are."""
    for xml in whole_rows(pieces, b"row"):
        if styled is None or styled.search(xml) or not _NUMBERED.search(xml):
            yield xml

"""The table of styles of an .xlsx, by patterns over its bytes: nothing in it is resolved or fetched.

A cell names its look by its place in ``cellXfs``, and a look its font and its number format (ECMA-376 part 1, 18.8.10).
"""

import re

from importers.files.containers.parts import Parts

NAMED = rb"<(?:\w+:)?"
STYLE = re.compile(rb"""\ss=["']([0-9]{1,9})["']""")
"""The look that the attributes of a cell name; one that names none has the first."""
_LOOK = re.compile(rb"%bxf(?=[\s/>])([^<>]*)" % NAMED)
_MOST = 1 << 26
"""Bytes of the table that are read; no workbook that people can open has as many."""


def styles_of(parts: Parts) -> bytes:
    """Read the table of styles; nothing, where there is none."""
    part = parts.find("xl/styles.xml")  # where calamine looks for it as well
    return b"" if part is None else parts.read(part, _MOST)


def within(styles: bytes, name: bytes) -> bytes:
    """Give what stands in the first element of this name; nothing, where there is none, or it is broken."""
    found = re.search(rb"%b%b[\s>](.*?)</(?:\w+:)?%b>" % (NAMED, name, name), styles, re.DOTALL)
    return found[1] if found else b""


def of_looks(styles: bytes, attribute: bytes) -> list[int]:
    """Give the number that each look of cells has for its ``fontId`` or ``numFmtId``; 0 where it names none."""
    said = re.compile(rb"""\s%b\s*=\s*["']([0-9]{1,9})["']""" % attribute)
    named = (said.search(one) for one in _LOOK.findall(within(styles, b"cellXfs")))
    return [int(one[1]) if one else 0 for one in named]

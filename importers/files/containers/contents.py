"""What an Excel workbook says of itself: its sheets, whether people see them, and in which parts they lie."""

import posixpath
import struct
from collections.abc import Iterator

from lxml import etree

from app.domain.saying.wording import marked
from importers.files.containers.biff12 import records
from importers.files.containers.parts import Parts
from importers.files.containers.scan import TooWild
from importers.files.containers.xml import parse

MOST_SMALL = 1 << 24
"""Bytes of a part that only lists other things."""

_ = marked
_BUNDLED_SHEET, _BOOK_PROPERTIES = 156, 153

Listed = tuple[str, bool, str]
"""A sheet: its name, whether people see it, its part."""


def listed(parts: Parts) -> Iterator[Listed]:
    """Give the sheets of an .xlsx, but for what is no sheet of cells.

    Raises:
        TooWild: It does not say which sheets it has.
    """
    book, ways = _book(parts, "xl/workbook.xml")
    for sheet in parse(parts.read(book, MOST_SMALL)).iterfind("{*}sheets/{*}sheet"):
        reference = next((str(value) for key, value in sheet.items() if etree.QName(key).localname == "id"), "")
        if (part := _sheet_part(parts, ways, reference)) is not None:
            yield sheet.get("name", ""), sheet.get("state", "visible") == "visible", part


def listed_binary(parts: Parts) -> Iterator[Listed]:
    """Give the sheets of an .xlsb likewise.

    Raises:
        TooWild: It does not say which sheets it has.
    """
    book, ways = _book(parts, "xl/workbook.bin")
    try:
        for kind, content in records([parts.read(book, MOST_SMALL)]):
            if kind == _BUNDLED_SHEET:
                state, _, length = struct.unpack_from("<III", content)
                reference = content[12 : 12 + 2 * length].decode("utf-16-le")
                (named,) = struct.unpack_from("<I", content, 12 + 2 * length)
                name = content[16 + 2 * length : 16 + 2 * (length + named)].decode("utf-16-le")
                if (part := _sheet_part(parts, ways, reference)) is not None:
                    yield name, state == 0, part
    except (struct.error, UnicodeDecodeError):
        raise TooWild(_("the list of its sheets is broken")) from None


def counts_from_1904(parts: Parts) -> bool:
    """Say whether an .xlsx counts days from 1904 (``date1904``, ECMA-376 part 1, 18.2.28).

    Raises:
        TooWild: It does not say which sheets it has.
    """
    book, _ = _book(parts, "xl/workbook.xml")
    said = parse(parts.read(book, MOST_SMALL)).find("{*}workbookPr")
    return said is not None and said.get("date1904") in ("1", "true", "on")


def counts_from_1904_binary(parts: Parts) -> bool:
    """Say the same of an .xlsb (``f1904``, [MS-XLSB] 2.4.828).

    Raises:
        TooWild: It does not say which sheets it has.
    """
    book, _ = _book(parts, "xl/workbook.bin")
    said = records([parts.read(book, MOST_SMALL)])
    return any(kind == _BOOK_PROPERTIES and bool(content) and bool(content[0] & 1) for kind, content in said)


def _book(parts: Parts, usual: str) -> tuple[str, dict[str, tuple[str, str]]]:
    roots = _relations(parts, "_rels/.rels", "").values()
    said = next((way for kind, way in roots if kind.endswith("/officeDocument")), "")
    book = parts.find(said) or parts.find(usual)
    if book is None:
        raise TooWild(_("it has no list of its sheets"))
    folder, name = posixpath.split(book.replace("\\", "/"))
    return book, _relations(parts, f"{folder}/_rels/{name}.rels", folder)


def _relations(parts: Parts, part: str, folder: str) -> dict[str, tuple[str, str]]:
    """Give what a part refers to, by the names it uses for it: of what kind it is, and where it lies."""
    found = parts.find(part)
    if found is None:
        return {}
    root = posixpath.join("/", folder)
    return {
        one.get("Id", ""): (
            one.get("Type", ""),
            posixpath.normpath(posixpath.join(root, one.get("Target", ""))).lstrip("/"),
        )
        for one in parse(parts.read(found, MOST_SMALL)).iterfind("{*}Relationship")
    }


def _sheet_part(parts: Parts, ways: dict[str, tuple[str, str]], reference: str) -> str | None:
    kind, part = ways.get(reference, ("", ""))
    return parts.find(part) if kind.endswith("/worksheet") else None

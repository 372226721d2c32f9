"""The records of which the parts of an .xlsb are made ([MS-XLSB] 2.1.4), as the bytes come.

Runs in the process that may end.
"""

import re
from collections.abc import Iterable, Iterator

from app.domain.saying.wording import marked
from importers.files.containers.scan import TooWild

_ = marked
_LENGTH_BYTES = 4
_MORE = 0x80
"""Marks a byte of a kind or a length that another one follows."""
_SHORT = 2 + 0x7F
"""The most bytes of a record whose kind and length have one each."""


def records(pieces: Iterable[bytes], passing: re.Pattern[bytes] | None = None) -> Iterator[tuple[int, bytes]]:
    """Take a part apart: each record has a kind and a length, both written in as few bytes as will do.

    Args:
        pieces: the bytes of the part, cut anywhere.
        passing: matches whole records, from where one begins, that nobody wants; it may match none. Sheets have twelve
            cells a row of which nothing is told: to look at each of these would take most of the time.

    Raises:
        TooWild: It breaks off within the kind or the length of a record. The last one may be cut, as it always could.
    """
    held = bytearray()
    for piece in pieces:
        held += piece
        at, size = 0, len(held)
        while True:
            if passing is not None and (passed := passing.match(held, at)):
                at = passed.end()
            if size - at > _SHORT and (kind := held[at]) < _MORE and (length := held[at + 1]) < _MORE:
                begin = at + 2  # nearly all are short, of a kind with a low number
                end = begin + length
            elif (head := _head(held, at)) is not None and head[2] <= size:
                kind, begin, end = head
            else:
                break
            yield kind, bytes(held[begin:end])
            at = end
        del held[:at]
    if held:
        head = _head(held, 0)
        if head is None:
            raise TooWild(_("one of its parts breaks off"))
        yield head[0], bytes(held[head[1] :])


def _head(held: bytearray, at: int) -> tuple[int, int, int] | None:
    """Read the kind of a record, and where its content begins and ends; None where the bytes do not say that yet."""
    try:
        kind, at = held[at], at + 1
        if kind & _MORE:
            kind, at = kind & 0x7F | (held[at] & 0x7F) << 7, at + 1
        length = held[at]
        if length & _MORE:
            length &= 0x7F
            for more in range(1, _LENGTH_BYTES):
                at += 1
                length |= (held[at] & 0x7F) << 7 * more
                if not held[at] & _MORE:
                    break
    except IndexError:
        return None
    return kind, at + 1, at + 1 + length

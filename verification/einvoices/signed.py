"""Signed envelopes (CMS, files called ``.p7m``), as Italy sends its FatturaPA: what is inside.

No signature is verified. An envelope is nested elements, each a tag, a length and a content (ASN.1 in BER). Those of
real senders use all that BER allows: lengths that are told by an end mark alone, and contents in pieces.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from verification.einvoices.invoice import BadEInvoice, reason
from verification.einvoices.limits import LARGEST_XML_MIB

_SEQUENCE, _OBJECT, _OCTETS, _OCTETS_IN_PIECES, _EXPLICIT = 0x30, 0x06, 0x04, 0x24, 0xA0
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_BEGINS_WITHIN = 32
_DEEPEST = 16
_MOST_ELEMENTS = 100_000
_LARGEST = (LARGEST_XML_MIB + 1) << 20
_CONSTRUCTED, _UNTIL_THE_MARK = 0x20, 0x80
_LONGEST_LENGTH = 4
_PEM = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]+-----")


class _Broken(Exception):
    """It is not what it begins like."""


@dataclass(frozen=True)
class _Element:
    """An element: its tag, where its content begins and ends, and where the next one begins."""

    tag: int
    start: int
    end: int
    next: int


def is_signed(data: bytes) -> bool:
    """Tell a signed envelope, as bytes or written in base64."""
    return _SIGNED_DATA in _bytes_of(data[: 4 * _BEGINS_WITHIN])[:_BEGINS_WITHIN]


def content_of(data: bytes) -> bytes:
    """Give what a signed envelope holds.

    Raises:
        BadEInvoice: It is broken, larger than any invoice, or holds nothing: the signature alone.
    """
    if len(data) > 2 * _LARGEST:
        raise BadEInvoice([reason("envelope_broken", "block")])
    walk = _Walk(_bytes_of(data))
    try:
        found = walk.content()
    except (_Broken, IndexError):
        raise BadEInvoice([reason("envelope_broken", "block")]) from None
    if not found:
        raise BadEInvoice([reason("envelope_empty", "block")])
    return found


def _bytes_of(data: bytes) -> bytes:
    """Give the bytes of what may be written in base64, between lines that say so or without them."""
    if data[:1] == bytes([_SEQUENCE]):
        return data
    letters = b"".join(_PEM.sub(b"", data).split())
    try:
        return base64.b64decode(letters[: len(letters) // 4 * 4], validate=True)
    except binascii.Error:
        return b""


class _Walk:
    """Goes through an envelope, and no further than an invoice could be."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = _MOST_ELEMENTS

    def content(self) -> bytes:
        """Find the content: of the envelope the second, of that the third element, and of it the second."""
        envelope = self._children(self._element(0), _SEQUENCE)
        self._must_be(envelope[0], _OBJECT, _SIGNED_DATA)
        of_signed = self._children(self._children(envelope[1], _EXPLICIT)[0], _SEQUENCE, most=3)
        inner = self._children(of_signed[2], _SEQUENCE)
        self._must_be(inner[0], _OBJECT, _DATA)
        if len(inner) == 1:
            return b""
        return b"".join(piece for one in self._children(inner[1], _EXPLICIT) for piece in self._octets(one, 0))

    def _octets(self, element: _Element, depth: int) -> Iterator[bytes]:
        if element.tag == _OCTETS:
            yield self.data[element.start : element.end]
        elif element.tag == _OCTETS_IN_PIECES and depth < _DEEPEST:
            for one in self._children(element, _OCTETS_IN_PIECES):
                yield from self._octets(one, depth + 1)
        else:
            raise _Broken

    def _must_be(self, element: _Element, tag: int, content: bytes) -> None:
        if element.tag != tag or self.data[element.start : element.end] != content:
            raise _Broken

    def _children(self, element: _Element, tag: int, most: int | None = None) -> list[_Element]:
        """Give what an element of this tag consists of, at least one; only the first of them where no more is asked."""
        if element.tag != tag:
            raise _Broken
        found: list[_Element] = []
        at = element.start
        while at < element.end and (most is None or len(found) < most):
            found.append(self._element(at))
            at = found[-1].next
        if not found or (most is not None and len(found) < most):
            raise _Broken
        return found

    def _element(self, at: int, depth: int = 0) -> _Element:
        self.left -= 1
        if self.left < 0 or depth > _DEEPEST or at + 2 > len(self.data):
            raise _Broken
        tag, length, start = self.data[at], self.data[at + 1], at + 2
        if tag & 0x1F == 0x1F:
            raise _Broken  # no element of an envelope has a tag of several bytes
        if length == _UNTIL_THE_MARK:
            if not tag & _CONSTRUCTED:
                raise _Broken
            end = self._mark(start, depth)
            return _Element(tag, start, end, end + 2)
        if length > _UNTIL_THE_MARK:
            count = length - _UNTIL_THE_MARK
            if count > _LONGEST_LENGTH:
                raise _Broken
            length, start = int.from_bytes(self.data[start : start + count]), start + count
        if start + length > len(self.data):
            raise _Broken
        return _Element(tag, start, start + length, start + length)

    def _mark(self, at: int, depth: int) -> int:
        """Find the mark that ends what begins here: two zeros in the place of an element."""
        while self.data[at : at + 2] != b"\0\0":
            at = self._element(at, depth + 1).next
        return at

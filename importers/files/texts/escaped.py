r"""Texts in which a backslash stands before a quote of a cell, as databases write them: ``"Rura 5\""`` is ``Rura 5"``.

Elsewhere such a quote is written twice (RFC 4180, 2.7), and a backslash is a sign as any other: ``"C:\"`` ends there.
What is read is a copy, row by row the same, in which quotes are written twice.
"""

import mmap
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ESCAPED = re.compile(rb"\\([\"\\])")
_ENDS = rb",;\t|~^\r\n"
"""What may stand behind a cell, whatever parts them."""
_WITHIN = re.compile(rb'\\"(?![%b"]|\Z)|\\""(?:[%b]|\Z)' % (_ENDS, _ENDS))
"""A backslash and a quote that does not end its cell."""
_DOUBLED = re.compile(rb'[^\\"%b]""(?!["%b]|\Z)' % (_ENDS, _ENDS))
"""A quote that is written twice, within a cell."""
_BLOCK = 1 << 22


@contextmanager
def quotes_doubled(path: Path) -> Iterator[Path]:
    """Give a text in UTF-8 as it is, or, where backslashes stand before its quotes, a copy with each written twice."""
    if not _are_escaped(path):
        yield path
        return
    with tempfile.TemporaryFile(prefix="kontor-text-") as copy, path.open("rb") as file:
        pending = b""
        while piece := file.read(_BLOCK):
            piece = pending + piece
            behind = len(piece) - len(piece.rstrip(b"\\"))
            pending = piece[-1:] if behind % 2 else b""  # what it stands before comes with the next piece
            copy.write(_ESCAPED.sub(_bare, piece[: len(piece) - len(pending)]))
        copy.write(pending)
        copy.seek(0)
        yield Path(f"/dev/fd/{copy.fileno()}")


def _bare(found: re.Match[bytes]) -> bytes:
    return b'""' if found[1] == b'"' else b"\\"


def _are_escaped(path: Path) -> bool:
    """Say whether a quote stands behind a backslash within a cell, and none is written twice within one."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'\\"') >= 0 and bool(_WITHIN.search(content)) and not _DOUBLED.search(content)

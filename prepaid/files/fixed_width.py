"""Text files whose fields have fixed widths: every line as long as the other, nothing between the fields."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from app.domain.program_file.batch_file import Shape
from app.domain.saying.wording import Said, marked
from app.exports.files import Written
from app.files import replacing
from prepaid.errors import BatchFileUnfit

_ = marked
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def fit(name: str, shape: Shape, texts: Sequence[str | None], *, fill: bool) -> Sequence[str | None]:
    """Make texts fit their field: one that is too long is cut where its field says so; filled up if wanted.

    Raises:
        BatchFileUnfit: A text is too long for its field.
    """
    width = shape.width
    if width is None:
        return texts
    plain = [_CONTROLS.sub(" ", one or "") for one in texts]
    if shape.cut:
        plain = [one[:width] for one in plain]
    for at, one in enumerate(plain):
        if len(one) > width:
            why = Said(_("is longer than its field of %(count)s characters"), {"count": width})
            raise BatchFileUnfit(name, at + 1, repr(one), why)
    filled = str.rjust if shape.align == "right" else str.ljust
    return [filled(one, width, shape.pad) for one in plain] if fill else plain


def write(path: Path, parts: Iterable[Sequence[Sequence[str | None]]], encoding: str, line_end: str) -> Written:
    """Write parts of fitted columns, and put the finished file in place at once."""
    with replacing(path) as part:
        with part.open("x", encoding=encoding, newline="") as file:
            count = dump(file, parts, line_end)
        return Written.measured(part, path, rows=count)


def dump(file: TextIO, parts: Iterable[Sequence[Sequence[str | None]]], line_end: str) -> int:
    """Write parts of fitted columns to an open file; give how many lines there were."""
    count = 0
    for columns in parts:
        lines = ["".join(one or "" for one in fields) + line_end for fields in zip(*columns, strict=True)]
        file.writelines(lines)
        count += len(lines)
    return count

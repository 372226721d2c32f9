"""Number formats made of zeros: in a cell with ``00000`` the number 123 is shown as 00123, and that is a code."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

MOST_DIGITS = 15
"""Digits that a spreadsheet keeps of a number; of a longer one nobody sees the last."""

_LONGEST = 255
"""Letters of the longest format that Excel takes."""
_LONGEST_NUMBER = 40
_LANGUAGE = r"(?:\[\$-[0-9A-Fa-f]{1,4}\])?"
_FIRST_SECTION = re.compile(rf'{_LANGUAGE}((?:"[^"]*"|\\.|[-0 ])*)(;.*)?', re.DOTALL)
_PIECE = re.compile(r'"[^"]*"|\\.|.', re.DOTALL)


@dataclass(frozen=True)
class Zeros:
    """A number format of zeros.

    Attributes:
        runs: how many digits stand together, from the left; never none.
        around: the texts before the first of these, between them, and behind the last.
        shows_zero: whether 0 is shown by it; a format of three sections has one of its own for that.
    """

    runs: tuple[int, ...]
    around: tuple[str, ...]
    shows_zero: bool = True

    def shows(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Mark the numbers that are shown by it, of such as ``whole_number`` gives."""
        shown: npt.NDArray[np.bool_] = numbers >= (0 if self.shows_zero else 1)
        return shown

    def texts(self, numbers: npt.NDArray[np.int64]) -> pa.Array:
        """Write numbers that it shows: digits fill its places from the right, and more than it has stand in front."""
        text = pa.large_string()
        digits = pc.utf8_lpad(pa.array(numbers).cast(text), sum(self.runs), "0")
        parts, behind = [pa.scalar(self.around[-1], text)], 0
        for at in reversed(range(len(self.runs))):
            begins = -behind - self.runs[at] if at else 0
            parts.append(pc.utf8_slice_codeunits(digits, begins, -behind if behind else None))
            parts.append(pa.scalar(self.around[at], text))
            behind += self.runs[at]
        return pc.binary_join_element_wise(*reversed(parts), pa.scalar("", text))


def zeros_of(code: str) -> Zeros | None:
    r"""Read the code of a number format; None where it is none of zeros, or shows a number as it would stand anyway.

    The codes are those of ECMA-376 part 1, 18.8.30 (``numFmt``) and 18.8.31 (``numFmts``), as other containers write
    them as well. Of the first section, which is for what is not negative, these count: ``0``, a digit that is written
    even where the number has none; text in quotes or behind a backslash; a dash and a blank, which stand for
    themselves; before all of them a language such as ``[$-415]``. Whatever else a section holds (a point, ``#``,
    ``?``, ``%``, an exponent, letters of dates, colours, conditions) makes it the format of a figure or a day, and
    the number is read as a number.
    """
    found = _FIRST_SECTION.fullmatch(code) if len(code) <= _LONGEST else None
    if found is None:
        return None
    runs, text = [0], ""
    around: list[str] = []
    for piece in _PIECE.findall(found[1]):
        if piece != "0":
            text += piece[1:-1] if piece[0] == '"' else piece[-1]
            continue
        if text or not around:
            around.append(text)
            runs.append(0)
            text = ""
        runs[-1] += 1
    if len(runs) == 1 or (runs[1:] == [1] and not around[0] and not text):
        return None
    sections = _PIECE.findall(found[2] or "").count(";") + 1
    return Zeros(tuple(runs[1:]), (*around, text), shows_zero=sections < 3)


def whole_number(written: bytes) -> int | None:
    """Read a whole number without a sign, as XML has it, 5.9E12 as well; None of any other, and of one too long."""
    if len(written) > _LONGEST_NUMBER:
        return None
    if written.isdigit():
        number = int(written)
        return number if number < 10**MOST_DIGITS else None
    try:
        return whole(float(written))
    except ValueError:
        return None


def whole(number: float) -> int | None:
    """Give a number that is whole and has no sign, as above."""
    return int(number) if number.is_integer() and 0 <= number < 10**MOST_DIGITS else None

"""What a number format writes beside a number: a currency, or that the number is of hundred.

A cell in which 100 stands, and which shows ``100.00 EUR``, is no 100 of another currency; one in which 0.05 stands, and
which shows ``5%``, is five of hundred. Which signs matter is said by whoever reads the file: formats of the programme's
own currency, as nearly all amounts have, cost nothing.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from importers.files.shown.zeros import Zeros, zeros_of

PERCENT = "%"
PERCENT_FORMATS = (9, 10)
"""Numbers of the formats ``0%`` and ``0.00%``, which no workbook writes out (ECMA-376 part 1, 18.8.30)."""

_LONGEST = 255
_PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<bare>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[[^\]]*\]|[_*].|(?P<other>.)', re.DOTALL
)
_WORD = re.compile(r"[^\s/\d.,;()\[\]+-]+")


@dataclass(frozen=True)
class Looks:
    """The looks of cells of which more is told than a number: those of zeros, and the signs that others write.

    Both by the numbers of the looks, as a workbook counts them.
    """

    zeros: Mapping[int, Zeros]
    signs: Mapping[int, str]

    @property
    def all(self) -> frozenset[int]:
        """Give every look."""
        return frozenset({*self.zeros, *self.signs})

    def __contains__(self, look: object) -> bool:
        """Say whether more is told of a look."""
        return look in self.zeros or look in self.signs

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self.zeros or self.signs)

    @staticmethod
    def of(formats: Mapping[int, str], said: Iterable[int], wanted: Collection[str]) -> "Looks":
        """Find them.

        Args:
            formats: the codes of number formats, by their numbers.
            said: the number of the format of each look.
            wanted: the signs that matter, in small letters.
        """
        zeros = {number: found for number, code in formats.items() if (found := zeros_of(code)) is not None}
        signs = {number: sign for number, code in formats.items() if (sign := sign_of(code, wanted)) is not None}
        if PERCENT in wanted:
            signs = dict.fromkeys(PERCENT_FORMATS, PERCENT) | signs
        looks = list(enumerate(said))
        return Looks(
            {look: zeros[number] for look, number in looks if number in zeros},
            {look: signs[number] for look, number in looks if number in signs},
        )


def sign_of(code: str, wanted: Collection[str]) -> str | None:
    r"""Give the first of these signs that a number format writes; None where it writes none of them.

    A text is in quotes, behind a backslash, or in brackets before a language, such as ``[$EUR]`` and ``[$€-407]``; the
    signs of currencies may stand alone. ``%`` means per cent where it stands alone, for in quotes it is but a text.
    """
    if not wanted or len(code) > _LONGEST:
        return None
    return next((word for word in _words(code) if word.casefold() in wanted), None)


def sign_in(text: str, wanted: Collection[str]) -> str | None:
    """Give the first of these signs that stands in a text; a ``%`` there is but a text."""
    return next((word for word in _of_text(text) if word.casefold() in wanted), None)


def _words(code: str) -> Iterator[str]:
    text = ""
    for piece in _PIECE.finditer(code):
        if piece["bare"] is not None:
            text += piece["bare"]
            continue
        if piece["other"] is not None and not piece["other"].isalnum() and not piece["other"].isascii():
            text += piece["other"]  # the sign of a currency
            continue
        yield from _of_text(text)
        text = ""
        if piece["other"] in ("$", PERCENT):
            yield piece["other"]
        yield from _of_text(piece["quoted"] or piece["currency"] or "")
    yield from _of_text(text)


def _of_text(text: str) -> Iterator[str]:
    yield from (word for word in _WORD.findall(text) if word != PERCENT)

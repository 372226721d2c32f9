"""Numbers that are written in thousands or millions, as plans are: 12,5 tys., 1,2 mln zł, 150k, 80 TEUR."""

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_POWERS = {
    **dict.fromkeys(("tys", "tysięcy", "tysiąc", "tysiące", "thousand", "k", "тыс", "тысяч", "тысячи", "тысяча"), 3),
    **dict.fromkeys(("tsd", "tausend", "tis", "tisíc", "miles", "milliers", "t"), 3),
    **dict.fromkeys(("mln", "milion", "miliony", "milionów", "million", "millions", "mio", "млн", "миллион"), 6),
    **dict.fromkeys(("миллиона", "миллионов", "millionen", "millones", "millón", "milionů"), 6),
}
"""By how many zeros a word is short for; what two languages mean different things by, as mil, stands for nothing."""
_BEFORE_CURRENCY = frozenset({"t", "k"})
"""Letters that stand for thousands only before a currency, as in 80 TEUR, or k at once behind its number."""
_WORDS = "|".join(sorted(_POWERS, key=len, reverse=True))
_LIKELY = rf"(?i)\d\s*(?:{_WORDS})"
_WRITTEN = re.compile(
    rf"(?P<sign>\s*[-+(]?\s*)(?P<number>\d[\d\s'\u2019.,]*?)(?P<space>\s*)(?P<word>{_WORDS})(?P<stop>\.?)(?P<rest>.*)",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"(?i)(?:eur|€|pln|zł|usd|\$|chf|gbp|£)\)?\s*")
_APART = re.compile(r"[\s'\u2019]")


def without_magnitudes(texts: pa.Array) -> pa.Array:
    """Leave out the words for thousands and millions, to look at how the numbers before them are written."""
    return _rewritten(texts, lambda said: f"{said['sign']}{said['number']} {said['rest'].strip()}".strip())


def written_out(texts: pa.Array, decimal: str, thousands: str | None) -> pa.Array:
    """Write numbers in thousands or millions with all their digits; the currency behind them stays.

    One whose decimals are not parted by ``decimal`` stays as it is: it is no number, and is refused as such.
    """

    def whole(said: re.Match[str]) -> str | None:
        number = _APART.sub("", said["number"])
        number = number if thousands is None else number.replace(thousands, "")
        digits, sign, part = number.partition(decimal)
        power = _POWERS[said["word"].casefold()]
        if not digits.isdecimal() or (sign and not part.isdecimal()):
            return None
        figures, rest = part[:power].ljust(power, "0"), part[power:]
        return f"{said['sign']}{digits}{figures}{sign + rest if rest else ''} {said['rest'].strip()}".strip()

    return _rewritten(texts, whole)


def _rewritten(texts: pa.Array, how: Callable[[re.Match[str]], str | None]) -> pa.Array:
    likely = np.flatnonzero(np.asarray(pc.fill_null(pc.match_substring_regex(texts, _LIKELY), False), dtype=bool))  # noqa: FBT003
    if not len(likely):
        return texts
    values = texts.to_pylist()
    for at in likely.tolist():
        said = _WRITTEN.fullmatch(values[at])
        if said is not None and _is_magnitude(said):
            values[at] = how(said) or values[at]
    return pa.array(values, type=texts.type)


def _is_magnitude(said: re.Match[str]) -> bool:
    """Say whether a word is one of so many, and no unit or the beginning of another word."""
    word, rest = said["word"].casefold(), said["rest"]
    if word in _BEFORE_CURRENCY and _CURRENCY.fullmatch(rest):
        return True
    if word == "k":
        return not said["space"] and not rest.strip(" )")
    return word != "t" and (not rest or not rest[0].isalpha())

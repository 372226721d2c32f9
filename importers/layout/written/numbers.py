"""Numbers as people write them: currencies, brackets, signs behind, thousands; and which decimal sign a column proves.

Everything works on the distinct texts of a column, as columns: a million amounts cost a dozen passes of Arrow.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from babel.numbers import list_currencies

from importers.layout.written.magnitudes import without_magnitudes

CURRENCIES = {
    "zł": "PLN",
    "zl": "PLN",
    "złotych": "PLN",
    "€": "EUR",
    "euro": "EUR",
    "£": "GBP",
    "₽": "RUB",
    "руб": "RUB",
    "р": "RUB",
    "рублей": "RUB",
    "fr": "CHF",
    "sfr": "CHF",
    "kč": "CZK",
    "ft": "HUF",
    "lei": "RON",
    "лв": "BGN",
    "₴": "UAH",
    "грн": "UAH",
    "₺": "TRY",
    "tl": "TRY",
    "₸": "KZT",
    "тг": "KZT",
    "br": "BYN",
    "us$": "USD",
    "¤": "EUR",
}
"""What stands beside an amount instead of the currency's code; ¤ is what € of ISO 8859-15 is in other encodings."""

SHARED = {"$": frozenset({"USD", "CAD", "AUD", "NZD", "MXN", "HKD", "SGD", "ARS", "CLP", "COP"}), "kr": frozenset()}
SHARED = {**SHARED, "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}), "¥": frozenset({"JPY", "CNY"})}
"""Signs that several currencies use."""

PIECES = frozenset(
    {
        "szt",
        "sztuk",
        "pcs",
        "pc",
        "pce",
        "ea",
        "stk",
        "stck",
        "stück",
        "st",
        "шт",
        "ud",
        "uds",
        "un",
        "u",
        "pz",
        "pièces",
    }
)
"""What stands behind a number of pieces."""

_SPACES = r"[\s\x{00a0}\x{202f}\x{2009}\x{2007}]"
_MINUSES = r"[\x{2212}\x{2013}\x{2012}\x{fe63}\x{ff0d}]"
_SIDED = r"(?i)^([^\d\-+()]{0,4}\d[\d.,' ]*?) ?"
"""An amount before the side of the customer's account on which it stands: 50.00 Cr is given back, 50.00 Dr was sold."""
_NOT_WORDS = r"[\d\s\x{00a0}\x{202f}\x{2009}\x{2007}.,'+()\-]"
_SIMPLE = r"^-?\d+(?:[.,]\d{1,2})?$"
_DOUBTFUL = {sign: rf"^-?[1-9]\d{{0,2}}\{sign}\d{{3}}$" for sign in ".,"}
_LAKHS = r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d*)?"
"""As India parts its numbers: 12,34,567.00."""
_GROUPED = {
    ".": r"^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?$",
    ",": rf"^[+-]?(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d*)?|{_LAKHS})$",
}
_SURELY_GROUPED = {
    ".": r"^[+-]?\d{1,3}(?:(?:\.\d{3})+,\d*|(?:\.\d{3}){2,})$",
    ",": rf"^[+-]?(?:\d{{1,3}}(?:(?:,\d{{3}})+\.\d*|(?:,\d{{3}}){{2,}})|{_LAKHS})$",
}
_EXPONENT = re.compile(r"[+-]?\d(?:[.,]\d{1,17})?E(?:\+?[1-9]|[1-9]\d|-[1-9]\d?)")
"""As programs write a number with all its digits: 1E+3, 1.25E7. Spreadsheet programs write 1E+03, and round before."""
_SURELY_DECIMAL = {
    sign: (
        rf"^-?(?:\d*\{sign}(?:\d{{1,2}}|\d{{4,}})|\d{{4,}}\{sign}\d+|0\{sign}\d+"
        rf"|\d{{1,3}}(?:[ ']\d{{3}})+\{sign}\d+)$"
    )
    for sign in ".,"
}
EXAMPLES = 3
_FULL_WIDTH_ZERO = 0xFF10


@dataclass(frozen=True)
class Tidy:
    """Distinct texts without what only accompanies a number.

    ``word`` gives for each what stood beside it, a position in ``words``; -1: nothing did.
    """

    values: pa.Array
    word: np.ndarray
    words: list[str]


def tidy(values: pa.Array, thousands: str | None = None, *, surely: bool = False) -> Tidy:
    """Write numbers plainly: the sign before them, no currency, no brackets, no ``thousands`` between their digits.

    What is no number after all stays as it is. With ``surely`` a single group such as 1.234 stays as well: in a
    number cell its point parts the decimals.
    """
    word = np.full(len(values), -1)
    other = np.flatnonzero(~_mask(values, _SIMPLE))
    if thousands is not None and not surely:
        other = np.union1d(other, np.flatnonzero(_mask(values, _GROUPED[thousands])))
    if not len(other):
        return Tidy(values, word, [])
    texts = pc.replace_substring_regex(values.take(pa.array(other)), _MINUSES, "-")
    texts = pc.replace_substring(pc.replace_substring_regex(texts, _SPACES, " "), "\u2019", "'")
    texts = pc.replace_substring_regex(_half_width(texts), r"^'([+\-(]?\d)", r"\1")  # kept as text in a spreadsheet
    texts = pc.replace_substring_regex(texts, rf"{_SIDED}cr\.?$", r"-\1")
    texts = pc.replace_substring_regex(texts, rf"{_SIDED}dr\.?$", r"\1")
    texts, word[other], words = _without_words(texts)
    texts = pc.replace_substring_regex(texts, r"^\(\s*([^()+\-]*\d[^()+\-]*?)\s*\)$", r"-\1")
    texts = pc.replace_substring_regex(texts, r"^([^()+]*\d)[.,]\s?--?$", r"\1")  # 12,- is twelve and nothing behind
    texts = pc.replace_substring_regex(texts, r"^([^()+\-]*\d)\s*-$", r"-\1")
    texts = pc.replace_substring_regex(texts, r"^([+-])\s+(\d)", r"\1\2")
    texts = pc.replace_substring_regex(texts, r"^\+(\d)", r"\1")
    texts = pc.replace_substring_regex(texts, r"^(-?)([.,]\d)", r"\10\2")
    texts = _without_exponents(texts)
    if thousands is not None:
        grouped = _mask(texts, (_SURELY_GROUPED if surely else _GROUPED)[thousands])
        texts = pc.if_else(pa.array(grouped), pc.replace_substring(texts, thousands, ""), texts)
    changed = np.zeros(len(values), dtype=bool)
    changed[other] = True
    return Tidy(pc.replace_with_mask(values, pa.array(changed), texts.cast(values.type)), word, words)


def _half_width(texts: pa.Array) -> pa.Array:
    """Write digits of full width, as of a keyboard for Chinese, as others are."""
    if pc.any(pc.match_substring_regex(texts, r"[\x{ff10}-\x{ff19}]")).as_py():
        for digit in range(10):
            texts = pc.replace_substring(texts, chr(_FULL_WIDTH_ZERO + digit), str(digit))
    return texts


def _without_exponents(texts: pa.Array) -> pa.Array:
    """Write whole numbers out that have an exponent, where it left out none of their digits: 1E+3 is 1000."""
    doubtful = _mask(texts, r"^[+-]?\d(?:[.,]\d+)?E[+-]?\d{1,2}$")
    if not doubtful.any():
        return texts
    written = [_written_out(text) for text in texts.filter(pa.array(doubtful)).to_pylist()]
    return pc.replace_with_mask(texts, pa.array(doubtful), pa.array(written, type=texts.type))


def _written_out(text: str) -> str:
    if not _EXPONENT.fullmatch(text):
        return text
    number = Decimal(text.replace(",", "."))
    return f"{number:.0f}" if number == number.to_integral_value() else text


def _without_words(texts: pa.Array) -> tuple[pa.Array, np.ndarray, list[str]]:
    """Take away what stands before or behind a number, and say what it is, in small letters."""
    beside = pc.dictionary_encode(pc.replace_substring_regex(texts, _NOT_WORDS, ""))
    named = [(at, one) for at, one in enumerate(beside.dictionary.to_pylist()) if one and _is_word(one)]
    word = np.full(len(texts), -1)
    if not named:
        return texts, word, []
    known = "|".join(sorted({re.escape(one) for _, one in named}, key=len, reverse=True))
    bare = pc.replace_substring_regex(texts, rf"^([-+(]*)\s*(?:{known})\.?\s*", r"\1")
    bare = pc.replace_substring_regex(bare, rf"\s*(?:{known})\.?\s*([-)]*)$", r"\1")
    codes = beside.indices.to_numpy(zero_copy_only=False)
    for place, (at, _) in enumerate(named):
        word[codes == at] = place
    return pc.if_else(pa.array(word >= 0), bare, texts), word, [one.casefold() for _, one in named]


def _is_word(text: str) -> bool:
    return text.casefold() in PIECES or bool(currencies_of(text))


@cache
def currencies_of(word: str) -> frozenset[str]:
    """Say of which currencies something that stands beside an amount may be the sign."""
    key = word.casefold().rstrip(".")
    if key in SHARED:
        return SHARED[key]
    code = CURRENCIES.get(key, key.upper())
    return frozenset({code}) if code in list_currencies() else frozenset()


@cache
def signs_of_others(currency: str) -> frozenset[str]:
    """Give the signs and codes of all currencies but one, in small letters; a sign that it shares is not among them."""
    known = {*CURRENCIES, *SHARED, *(code.casefold() for code in list_currencies())}
    return frozenset(one for one in known if currencies_of(one) and currency not in currencies_of(one))


@dataclass(frozen=True)
class Proof:
    """What numbers say about their signs: the decimal sign, none where nobody can tell; and what parts thousands.

    ``needed`` is false where no sign stands in any number, so that it does not matter; ``mixed`` says that both signs
    part decimals. ``doubtful`` are the signs that stand in numbers such as 1.234, and ``alike`` says that all numbers
    are such: whole ones with three decimals, as stocks are counted, look the same.
    """

    decimal: str | None
    thousands: str | None
    needed: bool
    examples: tuple[str, ...] = ()
    mixed: bool = False
    doubtful: str = ""
    alike: bool = False

    def parted_by(self, decimal: str) -> str | None:
        """Give what parts thousands where this sign parts decimals."""
        return next((sign for sign in self.doubtful if sign != decimal), None)


def proof(values: pa.Array, *, typed: bool, as_text: Sequence[str] = ()) -> Proof:
    """Find the signs of a column's distinct texts.

    Of a sheet with number cells (``typed``) those say nothing: they come with a point whatever the source writes.
    ``as_text`` are texts such as 1.234 that stand in text cells beside them: these may be either.
    """
    texts = tidy(without_magnitudes(values)).values
    points = not typed and bool(_mask(texts, _SURELY_DECIMAL["."]).any())
    grouped = {sign: bool(_mask(texts, _SURELY_GROUPED[sign]).any()) for sign in ".,"}
    found = {
        ",": bool(_mask(texts, _SURELY_DECIMAL[","]).any()) or grouped["."],
        ".": points or grouped[","],
    }
    doubtful = {sign: _mask(texts, _DOUBTFUL[sign]) for sign in ".,"}
    if found[","] and found["."]:
        signs = _mask(texts, r"^-?\d[\d .,']*[.,]\d+$")
        return Proof(None, None, needed=True, examples=_first(values, signs), mixed=True)
    for sign, other in (",.", ".,"):
        if found[sign]:
            parted = grouped[other] or (bool(doubtful[other].any()) and not (typed and other == "."))
            return Proof(sign, other if parted else None, needed=True)
    unclear = doubtful[","] | (np.zeros(len(texts), dtype=bool) if typed else doubtful["."])
    if as_text and not unclear.any():
        return Proof(None, None, needed=True, examples=tuple(dict.fromkeys(as_text))[:EXAMPLES], doubtful=".")
    if unclear.any():
        stand = "".join(sign for sign in ",." if bool((doubtful[sign] & unclear).any()))
        return Proof(
            None, None, needed=True, examples=_first(values, unclear), doubtful=stand, alike=bool(unclear.all())
        )
    return Proof(".", None, needed=False)


def readable_both_ways(values: pa.Array, *, typed: bool) -> tuple[str, ...]:
    """Give some texts, such as 1.234, that are a number whichever sign parts the decimals; never of number cells."""
    texts = tidy(values).values
    unclear = _mask(texts, _DOUBTFUL[","]) | (
        np.zeros(len(texts), dtype=bool) if typed else _mask(texts, _DOUBTFUL["."])
    )
    return _first(values, unclear)


def _first(values: pa.Array, marked: np.ndarray) -> tuple[str, ...]:
    return tuple(values.take(pa.array(np.flatnonzero(marked)[:EXAMPLES])).to_pylist())


def _mask(values: pa.Array, pattern: str) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.match_substring_regex(values, pattern), False), dtype=bool)  # noqa: FBT003

"""Tell when two numbers are the same document's (rules.md 9).

People and systems write one invoice number in many ways. ``number_key`` gives all of them one form. In one point it is
stricter than dropping every separator: between two neighbouring groups of digits a mark stays, because FV/1/12/2025 and
FV/11/2/2025 are two invoices and without the mark both would read 11225. And only the year of issue is taken for a
year, so that invoice 2005 of 2025 is not invoice 5 (docs/decisions/0007).
"""

import functools
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_ZERO_WIDTH = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_LEADING_WORD = re.compile(r"^(?:FAKTURA|INVOICE|FV|RE|NR)(?=\d|$)")
_WORDS = frozenset({"FAKTURA", "INVOICE", "FV", "RE", "NR"})
_TOKEN = re.compile(r"[^\W_]+")
_PLAIN = re.compile(r"[A-Z0-9/\-]+")
_DIGIT_LIKE = re.compile(r"[0-9OIL]*[0-9][0-9OIL]*")
_GROUP = re.compile(r"\d+|\D+")
_LOOK_ALIKE = str.maketrans("OIL", "011")
_LATIN, _CYRILLIC = re.compile("[A-Z]"), re.compile("[\u0400-\u04ff]")
_AS_LATIN = str.maketrans("АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXIJS")  # that is the point


@functools.lru_cache(maxsize=1 << 16)
def number_key(number: str, year: int) -> str:
    """Give the normal form of the number of a document issued in ``year``.

    NFKC, zero-width characters removed, upper case, leading words (FV, FAKTURA, INVOICE, RE, NR) removed, separators
    dropped, look-alikes folded inside groups of digits (O to 0, I and L to 1), leading zeros of each group dropped, and
    the year of issue cut to two digits. A number of nothing but separators and words keeps its trimmed upper-case text.
    """
    if _PLAIN.fullmatch(number):
        tokens = number.replace("-", "/").split("/")
    else:
        number = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", number)).upper()
        tokens = _TOKEN.findall(_in_one_alphabet(number))
    groups = _groups(tokens)
    _shorten_year(groups, str(year))
    key = ""
    after_digits = False
    for group in groups:
        digits = group.isdecimal()
        if digits:
            group = group.lstrip("0") or "0"
            if after_digits:
                key += "."
        key += group
        after_digits = digits
    return key or number.strip()


def _in_one_alphabet(number: str) -> str:
    """Write Cyrillic letters that look like Latin ones as those, in a number that has Latin letters as well.

    Nobody numbers in two alphabets: a number with one letter of the other was typed on another keyboard, or is meant to
    pass for a new one. A number whose Cyrillic letters are not all such is left as it is.
    """
    letters = set(_CYRILLIC.findall(number))
    if not letters or not _LATIN.search(number) or not all(ord(one) in _AS_LATIN for one in letters):
        return number
    return number.translate(_AS_LATIN)


def _groups(tokens: list[str]) -> list[str]:
    """Part tokens into groups of digits and of letters, without the words that lead and with look-alikes folded."""
    groups: list[str] = []
    for token in tokens:
        if not groups:
            if token in _WORDS:
                continue
            token = _LEADING_WORD.sub("", token, count=1) if token[:1] in "FINR" else token
        if token.isdecimal() or token.isalpha():
            groups.append(token)
        elif token:
            groups += _GROUP.findall(token.translate(_LOOK_ALIKE) if _DIGIT_LIKE.fullmatch(token) else token)
    return groups


def _shorten_year(groups: list[str], year: str) -> None:
    """Cut one group that is the year to two digits: the last that reads as the year, unless it is short already."""
    short = year[2:]
    if year not in groups or sum(map(str.isdecimal, groups)) < 2:
        return
    for at in reversed(range(len(groups))):
        if groups[at] in (year, short):
            groups[at] = short
            return


_SERIES = r"^(?:(?P<word>[A-Z]{0,10})[/\- ]{1,3}|(?P<stuck>[A-HJKMNP-Z]{0,10}))(?P<g0>\d{1,12})" + "".join(
    rf"(?:[/\-](?P<g{at}>\d{{1,12}}))?" for at in (1, 2, 3)
)
"""Numbers as most systems write them: a word, then up to four groups of digits.

A word that touches the digits has no look-alikes here: they would be folded.
"""


def number_keys(numbers: Sequence[str], years: Sequence[int]) -> list[str]:
    """Give the normal forms of many numbers: what ``number_key`` gives for each, most of it computed in columns.

    A million lines have 200,000 numbers, nearly all of one plain form.
    """
    written = pa.array(numbers, type=pa.large_string())
    parts = pc.extract_regex(written, f"{_SERIES}$")
    plain = np.asarray(parts.is_valid(), dtype=bool)
    groups = [pc.fill_null(pc.struct_field(parts, f"g{at}"), "") for at in range(4)]
    groups = _with_short_year(groups, pc.cast(pa.array(years, type=pa.int64()), pa.large_string()))
    word = pc.binary_join_element_wise(
        *(pc.fill_null(pc.struct_field(parts, name), "") for name in ("word", "stuck")), _text("")
    )
    word = pc.if_else(pc.is_in(word, value_set=pa.array(sorted(_WORDS), type=pa.large_string())), "", word)
    stripped = [_without_zeros(group) for group in groups]
    stripped[0] = pc.fill_null(stripped[0], "")  # a row of nothing but nulls would be left out of the joined column
    digits = pc.binary_join_element_wise(*stripped, _text("."), null_handling="skip")
    keys: list[str] = pc.binary_join_element_wise(word, digits, _text("")).to_pylist()
    for at in np.flatnonzero(~plain).tolist():
        keys[at] = number_key(numbers[at], int(years[at]))
    return keys


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, type=pa.large_string())


def _with_short_year(groups: list[pa.Array], year: pa.Array) -> list[pa.Array]:
    """Cut to two digits the last group that reads as the year, where there are at least two groups."""
    short = pc.utf8_slice_codeunits(year, 2)
    several = pc.not_equal(groups[1], "")
    found = pa.array(np.zeros(len(year), dtype=bool))
    cut: list[pa.Array] = []
    for group in reversed(groups):
        long = pc.and_(pc.equal(group, year), several)
        now = pc.and_(long, pc.invert(found))
        cut.insert(0, pc.if_else(now, short, group))
        found = pc.or_(found, pc.or_(long, pc.and_(pc.equal(group, short), several)))
    return cut


def _without_zeros(group: pa.Array) -> pa.Array:
    """Drop the leading zeros of each group; a group of zeros alone is 0, and none is null."""
    bare = pc.utf8_ltrim(group, "0")
    return pc.if_else(pc.equal(group, ""), None, pc.if_else(pc.equal(bare, ""), "0", bare))

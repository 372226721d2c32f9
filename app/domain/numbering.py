"""Tell when two numbers are the same document's (rules.md 9).

People and systems write one invoice number in many ways. ``number_key`` gives all of them one form. In one point it is
stricter than dropping every separator: between two neighbouring groups of digits a mark stays, because FV/1/12/2025 and
FV/11/2/2025 are two invoices and without the mark both would read 11225. And only the year of issue is taken for a
year, so that invoice 2005 of 2025 is not invoice 5 (docs/decisions/0007).
"""

import functools
import re
import unicodedata

_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_LEADING_WORD = re.compile(r"^(?:FAKTURA|INVOICE|FV|RE|NR)(?=\d|$)")
_WORDS = frozenset({"FAKTURA", "INVOICE", "FV", "RE", "NR"})
_TOKEN = re.compile(r"[^\W_]+")
_PLAIN = re.compile(r"[A-Z0-9/\-]+")
_DIGIT_LIKE = re.compile(r"[0-9OIL]*[0-9][0-9OIL]*")
_GROUP = re.compile(r"\d+|\D+")
_LOOK_ALIKE = str.maketrans("OIL", "011")


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
        tokens = _TOKEN.findall(number)
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


def _groups(tokens: list[str]) -> list[str]:
    """Part tokens into groups of digits and of letters, without the words that lead and with look-alikes folded."""
    groups: list[str] = []
    for token in tokens:
        if not groups:
            if token in _WORDS:
                continue
            token = _LEADING_WORD.sub("", token, count=1) if token[:1] in "FINR" else token
        if token.isdecimal():
            groups.append(token)
        elif token.isalpha():
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

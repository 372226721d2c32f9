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
_LEADING_WORD = re.compile(r"[\W_]*(?:FAKTURA|INVOICE|FV|RE|NR)(?![^\W\d_])[\W_]*")
_TOKEN = re.compile(r"[^\W_]+")
_DIGIT_LIKE = re.compile(r"[0-9OIL]*[0-9][0-9OIL]*")
_GROUP = re.compile(r"\d+|\D+")
_LOOK_ALIKE = str.maketrans("OIL", "011")
_PLAIN = re.compile(r"[A-Z0-9]+(?:[/\-][A-Z0-9]+)*")


@functools.lru_cache(maxsize=1 << 16)
def number_key(number: str, year: int) -> str:
    """Give the normal form of the number of a document issued in ``year``.

    NFKC, zero-width characters removed, upper case, leading words (FV, FAKTURA, INVOICE, RE, NR) removed, separators
    dropped, look-alikes folded inside groups of digits (O to 0, I and L to 1), leading zeros of each group dropped, and
    the year of issue cut to two digits. A number of nothing but separators and words keeps its trimmed upper-case text.
    """
    if not _PLAIN.fullmatch(number):
        number = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", number)).upper()
    whole = number
    while leading := _LEADING_WORD.match(number):
        number = number[leading.end() :]
    groups: list[str] = []
    for token in _TOKEN.findall(number):
        folded = token.translate(_LOOK_ALIKE) if _DIGIT_LIKE.fullmatch(token) else token
        groups.extend(_GROUP.findall(folded))
    _shorten_year(groups, str(year))
    key = ""
    for group in groups:
        if group.isdecimal():
            group = group.lstrip("0") or "0"
            if key and key[-1].isdecimal():
                key += "."
        key += group
    return key or whole.strip()


def _shorten_year(groups: list[str], year: str) -> None:
    """Cut one group that is the year to two digits: the last that reads as the year, unless it is short already."""
    if sum(group.isdecimal() for group in groups) < 2:
        return
    for at in reversed(range(len(groups))):
        if groups[at] in (year, year[2:]):
            groups[at] = year[2:]
            return

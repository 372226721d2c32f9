"""When are two document numbers the same? rules.md section 9, as docs/decisions/0007 makes it precise."""

from __future__ import annotations

import unicodedata

LEADING_WORDS = ("FAKTURA", "INVOICE", "FV", "RE", "NR")
LOOK_ALIKES = {"O": "0", "I": "1", "L": "1"}
NO_WIDTH = (
    "\u00ad"  # soft hyphen
    "\u061c\u180e"  # the marks of two scripts
    "\u200b\u200c\u200d\u200e\u200f"  # zero-width space, joiners, marks of direction
    "\u202a\u202b\u202c\u202d\u202e"  # embeddings
    "\u2060\u2061\u2062\u2063\u2064"  # word joiner, invisible operators
    "\u2066\u2067\u2068\u2069"  # isolates
    "\ufeff"  # byte order mark
)


def without_zero_width(text: str) -> str:
    """Drop the characters that take no room (rules.md section 9)."""
    return "".join(char for char in text if char not in NO_WIDTH)


TWINS = {
    "\u0410": "A",
    "\u0412": "B",
    "\u0415": "E",
    "\u041a": "K",
    "\u041c": "M",
    "\u041d": "H",
    "\u041e": "O",
    "\u0420": "P",
    "\u0421": "C",
    "\u0422": "T",
    "\u0423": "Y",
    "\u0425": "X",
    "\u0406": "I",
    "\u0408": "J",
    "\u0405": "S",
}


def in_one_alphabet(text: str) -> str:
    """Read Cyrillic letters among Latin ones as those that they look like, if all of them look so (decision 7)."""
    cyrillic = [char for char in text if "\u0400" <= char <= "\u04ff"]
    if not any("A" <= char <= "Z" for char in text) or any(char not in TWINS for char in cyrillic):
        return text
    return "".join(TWINS.get(char, char) for char in text)


def unbroken_runs(text: str) -> list[str]:
    """Split at the separators: everything that is neither a letter nor a digit (rules.md section 9)."""
    runs: list[str] = []
    run = ""
    for char in text:
        if char.isalnum():
            run += char
        elif run:
            runs.append(run)
            run = ""
    if run:
        runs.append(run)
    return runs


def without_leading_words(runs: list[str]) -> list[str]:
    """Remove FV, FAKTURA, INVOICE, RE and NR as long as they lead (rules.md section 9).

    A word leads as a run of its own, or right before digits: FV/12 and FV12 lose it, FVAT12 and REX12 keep their
    letters.
    """
    while runs and runs[0] in LEADING_WORDS:
        runs = runs[1:]
    if not runs:
        return []
    for word in LEADING_WORDS:
        rest = runs[0][len(word) :]
        if runs[0].startswith(word) and rest[0].isdecimal():
            return [rest, *runs[1:]]
    return runs


def without_look_alikes(run: str) -> str:
    """Read O as 0 and I, L as 1 in a run of only digits and these letters, at least one digit (rules.md section 9)."""
    if not any(char in "0123456789" for char in run):
        return run
    if not all(char in "0123456789" or char in LOOK_ALIKES for char in run):
        return run
    return "".join(LOOK_ALIKES.get(char, char) for char in run)


def groups_of(run: str) -> list[str]:
    """Split a run without separators into groups of digits and groups of letters (rules.md section 9)."""
    groups: list[str] = []
    for char in run:
        if groups and groups[-1][-1].isdecimal() == char.isdecimal():
            groups[-1] += char
        else:
            groups.append(char)
    return groups


def without_leading_zeros(digits: str) -> str:
    """Drop the leading zeros of a digit group; nothing but zeros is "0" (rules.md section 9)."""
    return digits.lstrip("0") or "0"


def with_short_year(groups: list[str], year: int) -> list[str]:
    """Make 2025 the same as 25, where a document of 2025 says so (rules.md section 9, years made alike).

    One group at most is the year: the last that reads so, in four digits or in two. A number of a single digit group
    has no year, and a number in which nothing reads as the four digits has nothing to cut.
    """
    long = str(year)
    short = long[2:]
    digit_groups = [group for group in groups if group.isdecimal()]
    if long not in groups or len(digit_groups) < 2:
        return groups
    last = max(place for place, group in enumerate(groups) if group in (long, short))
    return [*groups[:last], short, *groups[last + 1 :]]


def normalised(number: str, year: int) -> str:
    """Give the normalised number of a document issued in a year (rules.md section 9, and the kept ".").

    Between two neighbouring digit groups a "." stays. Where nothing is left, the text itself is the number.
    """
    text = without_zero_width(unicodedata.normalize("NFKC", number)).upper()
    groups: list[str] = []
    for run in without_leading_words(unbroken_runs(in_one_alphabet(text))):
        groups += groups_of(without_look_alikes(run))
    result = ""
    before_was_digits = False
    for group in with_short_year(groups, year):
        if not group.isdecimal():
            result += group
            before_was_digits = False
            continue
        if before_was_digits:
            result += "."
        result += without_leading_zeros(group)
        before_was_digits = True
    return result or text.strip()


def document_key(owner: str, kind: str, number: str, year: int) -> tuple[str, str, str]:
    """Give the key of a document: seller tax id or distributor, kind, normalised number (rules.md section 9)."""
    return (owner.strip().upper(), kind, normalised(number, year))

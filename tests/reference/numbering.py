"""When are two document numbers the same? rules.md section 9, with the agreed "." between digit groups."""

from __future__ import annotations

import unicodedata

LEADING_WORDS = ("FAKTURA", "INVOICE", "FV", "RE", "NR")
LOOK_ALIKES = {"O": "0", "I": "1", "L": "1"}


def without_zero_width(text: str) -> str:
    """Drop the characters that take no room (rules.md section 9): Unicode's format characters."""
    return "".join(char for char in text if unicodedata.category(char) != "Cf")


def without_leading_word(text: str) -> str:
    """Remove one leading FV, FAKTURA, INVOICE, RE or NR and the separators after it (rules.md section 9).

    It must be a whole word: FV12 and FV/12 lose it, FVAT12 and REX12 keep their letters.
    """
    start = 0
    while start < len(text) and not text[start].isalnum():
        start += 1
    text = text[start:]
    for word in LEADING_WORDS:
        rest = text[len(word) :]
        if text.startswith(word) and not rest[:1].isalpha():
            end = 0
            while end < len(rest) and not rest[end].isalnum():
                end += 1
            return rest[end:]
    return text


def unbroken_runs(text: str) -> list[str]:
    """Split at the separators: everything that is neither a letter nor a digit (rules.md section 9)."""
    runs: list[str] = []
    run = ""
    for char in text:
        if char.isalpha() or char.isdecimal():
            run += char
        elif run:
            runs.append(run)
            run = ""
    if run:
        runs.append(run)
    return runs


def without_look_alikes(run: str) -> str:
    """Read O as 0 and I, L as 1 in a run of only digits and these letters, at least one digit (rules.md section 9)."""
    if not any(char.isdecimal() for char in run):
        return run
    if not all(char.isdecimal() or char in LOOK_ALIKES for char in run):
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


def as_ascii_digits(text: str) -> str:
    """Write every Unicode decimal digit as 0 to 9 (rules.md section 9; NFKC leaves some scripts' digits)."""
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def shorter_year(digits: str) -> str:
    """Make 2025 the same as 25 (rules.md section 9, "two- and four-digit years made alike").

    The zeros are dropped once more, so that 2005 and 05 are alike too.
    """
    if len(digits) == 4 and digits.startswith("20"):
        return without_leading_zeros(digits[2:])
    return digits


def normalised(number: str) -> str:
    """Give the normalised document number (rules.md section 9 and the agreed clarification about the kept ".")."""
    text = without_zero_width(unicodedata.normalize("NFKC", number)).upper()
    text = as_ascii_digits(without_leading_word(text))
    # (group, whether a separator stood before it)
    groups: list[tuple[str, bool]] = []
    for run in unbroken_runs(text):
        for position, group in enumerate(groups_of(without_look_alikes(run))):
            groups.append((group, position == 0))
    digit_groups = sum(1 for group, _ in groups if group.isdecimal())

    result = ""
    before_was_digits = False
    for group, parted in groups:
        if not group.isdecimal():
            result += group
            before_was_digits = False
            continue
        digits = without_leading_zeros(group)
        if digit_groups > 1:
            digits = shorter_year(digits)
        if before_was_digits and parted:
            result += "."
        result += digits
        before_was_digits = True
    return result


def document_key(owner: str, kind: str, number: str) -> tuple[str, str, str]:
    """Give the key of a document: seller tax id or distributor, kind, normalised number (rules.md section 9)."""
    return (owner.strip().upper(), kind, normalised(number))

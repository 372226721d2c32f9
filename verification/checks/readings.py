"""Checks of what was sent against what the text of its proofs surely says."""

from collections.abc import Iterator

import numpy as np

from app.domain.documents.sales import Flags
from app.domain.program_file.verification_settings import Tuned
from verification.checks.facts import Facts, Finding


def altered_reading(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find numbers and days that are not those that a PDF's own text says: a program wrote it, and misread nothing."""
    yield from _altered(facts, printed=True)


def altered_scan(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find numbers and days that are not those that were read of a picture: who corrects a digit is honest."""
    yield from _altered(facts, printed=False)


def _altered(facts: Facts, *, printed: bool) -> Iterator[Finding]:
    read, sent = facts.readings, facts.sales.documents
    issued = sent.issued_on[read.document]
    has_number = np.asarray([one is not None for one in read.number.tolist()], dtype=bool)
    has_day = ~np.isnat(read.issued_on)
    # another spelling of a number is the same number; what one of several proofs says need not stand on all of them
    other_number = has_number & ~_said(facts, read.number_key == facts.number_key[read.document])
    other_day = has_day & ~_said(facts, read.issued_on == issued)
    for place in np.flatnonzero((other_number | other_day) & (read.printed == printed)).tolist():
        at = int(read.document[place])
        pairs = [(read.number[place], sent.number[at])] if other_number[place] else []
        pairs += [(str(read.issued_on[place]), str(issued[place]))] if other_day[place] else []
        found, expected = (", ".join(values) for values in zip(*pairs, strict=True))
        yield Finding(at, {"found": found, "expected": expected})


def _said(facts: Facts, agrees: Flags) -> Flags:
    """Tell, proof by proof, whether one of its document's proofs agrees with what was sent."""
    at_all = np.zeros(len(facts.sales.documents.issued_on), dtype=bool)
    at_all[facts.readings.document[agrees]] = True
    return at_all[facts.readings.document]

"""Checks of what a document comes to."""

from collections.abc import Iterator

import numpy as np

from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, Flags
from app.domain.measures.exact import Ints, floor_product, sums_by
from app.domain.measures.money import decimal_text
from app.domain.program_file.verification_settings import Tuned
from app.domain.states import DocumentKind
from verification.checks.facts import Facts, Finding

BASIS = 10_000
"""Basis points of a whole."""
_MILLI_MICRO = 10**9
_FEWEST = 50
"""Of fewer documents nobody tells whether round totals are usual."""
_ROUND = 100
"""Whole units of the currency that make a total round."""


def total_differs(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find documents whose stated total is not the sum of their lines."""
    stated, found = facts.total_minor, facts.sales.net_of_documents()
    for at in np.flatnonzero((stated != NO_AMOUNT) & (stated != found)).tolist():
        yield Finding(at, {"found": _text(facts, found[at]), "expected": _text(facts, stated[at])})


def line_amount_differs(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find lines whose amount is not quantity times price; a unit of the last digit is rounding."""
    lines = facts.sales.lines
    priced = np.flatnonzero(lines.unit_price_micro != NO_PRICE)
    made = floor_product(
        lines.unit_price_micro[priced], lines.quantity_milli[priced], _MILLI_MICRO, add=_MILLI_MICRO // 2
    )
    wrong = np.abs(lines.net_minor[priced] - made) > 1
    for line, expected in zip(priced[wrong].tolist(), made[wrong].tolist(), strict=True):
        at = int(lines.document[line])
        evidence = {"line": int(lines.line_number[line]), "found": _text(facts, lines.net_minor[line])}
        yield Finding(at, {**evidence, "expected": _text(facts, expected)})


def vat_differs(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find documents whose gross amount is below the net one, or above it by more than ``limit`` basis points."""
    lines, count = facts.sales.lines, len(facts.sales.documents)
    has = lines.gross_minor != NO_AMOUNT
    gross = np.abs(sums_by(lines.document[has], lines.gross_minor[has], count))
    net = np.abs(sums_by(lines.document[has], lines.net_minor[has], count))
    most = net + floor_product(net, tuned.limit, BASIS) + np.bincount(lines.document, minlength=count)
    for at in np.flatnonzero((gross < net) | (gross > most)).tolist():
        yield Finding(at, {"found": _text(facts, gross[at]), "expected": _text(facts, net[at])})


def just_below(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find invoices that share a day and a distributor with others, each just below what takes two people.

    Just below is from ``limit`` basis points of that amount on.
    """
    most = facts.allowed.second_person_above_minor
    if most is None:
        return
    documents, recent = facts.sales.documents, facts.history.recent
    least = most * tuned.limit // BASIS
    net = np.concatenate([facts.sales.net_of_documents(), recent.net_minor])
    who = np.concatenate([documents.distributor_id, recent.distributor_id])
    day = np.concatenate([documents.issued_on, recent.issued_on]).astype(np.int64)
    near = np.flatnonzero((net >= least) & (net <= most))
    if len(near) < 2:
        return
    _, group, sizes = np.unique(
        np.stack([who[near], day[near]], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    for at, size in zip(near.tolist(), sizes[group].tolist(), strict=True):
        if size > 1 and at < len(documents):
            yield Finding(at, {"found": _text(facts, net[at]), "most": _text(facts, most), "documents": size})


def round_total(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find round totals, where they are rare: at most ``limit`` basis points of the programme's own of late.

    Honest totals are divisible by a hundred once in a thousand; where prices are round, they are so all the time.
    """
    unit = _ROUND * 10**facts.allowed.decimals
    usual = facts.history.totals_of_late
    if len(usual) < _FEWEST or int(_is_round(usual, unit).sum()) * BASIS > tuned.limit * len(usual):
        return
    net = facts.sales.net_of_documents()
    for at in np.flatnonzero(_is_round(net, unit) & (facts.sales.documents.kind == DocumentKind.INVOICE)).tolist():
        yield Finding(at, {"found": _text(facts, net[at])})


def _is_round(net: Ints, unit: int) -> Flags:
    found: Flags = (net > 0) & (net % unit == 0)
    return found


def _text(facts: Facts, amount: int | np.integer) -> str:
    return decimal_text(int(amount), facts.allowed.decimals)

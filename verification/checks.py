"""Checks of a document: pure functions over columns. Each tells which documents it concerns, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.exact import Ints
from app.domain.money import decimal_text
from app.domain.sales import NO_AMOUNT, Flags, Sales
from app.domain.states import DocumentStatus


@dataclass(frozen=True)
class Finding:
    """One check's result for one document: the verdict it asks for, and the reason."""

    document: int
    verdict: DocumentStatus
    reason: dict[str, Any]


def outside_program(sales: Sales, starts_on: np.datetime64, ends_on: np.datetime64 | None) -> Iterator[Finding]:
    """Refuse documents issued outside the programme's dates (rules.md 2: there nothing earns).

    What comes back after the end still takes back what it had earned.
    """
    issued = sales.documents.issued_on
    outside = issued < starts_on
    if ends_on is not None:
        outside |= (issued > ends_on) & ~sales.gives_back_only()
    for at in np.flatnonzero(outside).tolist():
        yield Finding(
            at,
            DocumentStatus.REFUSED,
            {
                "code": "outside_program",
                "found": str(issued[at]),
                "from_on": str(starts_on),
                "until_on": "no end" if ends_on is None else str(ends_on),
            },
        )


def blocked_distributors(sales: Sales, blocked: Flags) -> Iterator[Finding]:
    """Refuse what blocked distributors sold; ``blocked`` marks their documents. What comes back still counts."""
    for at in np.flatnonzero(blocked & ~sales.gives_back_only()).tolist():
        yield Finding(at, DocumentStatus.REFUSED, {"code": "distributor_blocked"})


def totals(sales: Sales, total_minor: Ints, decimals: int) -> Iterator[Finding]:
    """Send documents to review whose stated total is not the sum of their lines.

    ``total_minor`` is the total that each document states, ``NO_AMOUNT`` where it states none.
    """
    found = sales.net_of_documents()
    for at in np.flatnonzero((total_minor != NO_AMOUNT) & (total_minor != found)).tolist():
        yield Finding(
            at,
            DocumentStatus.REVIEW,
            {
                "code": "total_differs",
                "found": decimal_text(int(found[at]), decimals),
                "expected": decimal_text(int(total_minor[at]), decimals),
            },
        )

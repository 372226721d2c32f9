"""What checks look at, and what they say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from app.domain.exact import Ints
from app.domain.sales import Flags, Sales
from app.domain.verification_settings import Tuned


@dataclass(frozen=True)
class Facts:
    """Documents, and what is known beside them.

    Columns have one value a document.
        total_minor: the total that it states, or ``NO_AMOUNT``.
        blocked: marks those of distributors who may not earn.
    """

    sales: Sales
    total_minor: Ints
    blocked: Flags
    starts_on: np.datetime64
    ends_on: np.datetime64 | None
    today: np.datetime64
    decimals: int
    """Of the programme's currency."""


@dataclass(frozen=True)
class Finding:
    """One check's result for one document, and the evidence: what fills the sentence of its code."""

    document: int
    evidence: dict[str, Any] = field(default_factory=dict)


Run: TypeAlias = Callable[[Facts, Tuned], Iterator[Finding]]
"""A check: what it is told of its setting stands in ``Tuned``."""

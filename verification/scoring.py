"""What the findings of a document come to: its risk, and whether it is accepted, reviewed or refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.states import DocumentStatus
from app.domain.verification_settings import Check, Severity, Tuned, Verification

MOST = 1000
"""The highest risk."""
_BY_ITSELF: Mapping[str, DocumentStatus] = {
    Severity.NOTE: DocumentStatus.ACCEPTED,
    Severity.REVIEW: DocumentStatus.REVIEW,
    Severity.BLOCK: DocumentStatus.REFUSED,
}


def risk_of(reasons: Sequence[Mapping[str, Any]], checks: Mapping[Check, Tuned]) -> int:
    """Add up the weights of a document's findings, in thousandths; what is no check's finding weighs nothing."""
    return min(MOST, sum(checks[Check(one["code"])].weight for one in reasons if one["code"] in checks))


def verdict_of(reasons: Sequence[Mapping[str, Any]], risk: int, settings: Verification) -> DocumentStatus:
    """Decide: the gravest of what the findings do by themselves, and of what their risk does."""
    verdicts = [_BY_ITSELF[one["severity"]] for one in reasons]
    if risk >= settings.review_from:
        verdicts.append(DocumentStatus.REVIEW)
    if settings.refuse_from is not None and risk >= settings.refuse_from:
        verdicts.append(DocumentStatus.REFUSED)
    return max(verdicts, default=DocumentStatus.ACCEPTED)

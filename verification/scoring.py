"""What the findings of a document come to: its risk, and whether it is accepted, reviewed or refused."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.program_file.verification_settings import Check, Severity, Tuned, Verification
from app.domain.states import DocumentStatus

MOST = 1000
"""The highest risk."""
LEAST_THRESHOLD = 50
"""However little a distributor is trusted, what nothing speaks against is accepted."""
_BASIS = 10_000
_BY_ITSELF: Mapping[str, DocumentStatus] = {
    Severity.NOTE: DocumentStatus.ACCEPTED,
    Severity.REVIEW: DocumentStatus.REVIEW,
    Severity.BLOCK: DocumentStatus.REFUSED,
}


def risk_of(reasons: Sequence[Mapping[str, Any]], checks: Mapping[Check, Tuned]) -> int:
    """Add up the weights of a document's findings, in thousandths; what is no check's finding weighs nothing."""
    return min(MOST, sum(checks[Check(one["code"])].weight for one in reasons if one["code"] in checks))


def verdict_of(
    reasons: Sequence[Mapping[str, Any]], risk: int, settings: Verification, moved: int = 0
) -> DocumentStatus:
    """Decide: the gravest of what the findings do by themselves, and of what their risk does.

    ``moved`` is what trust adds to both thresholds. A risk of a thousand is as high as the threshold of refusal can
    come.
    """
    verdicts = [_BY_ITSELF[one["severity"]] for one in reasons]
    if risk >= max(settings.review_from + moved, LEAST_THRESHOLD):
        verdicts.append(DocumentStatus.REVIEW)
    if risk >= min(max(settings.refuse_from + moved, LEAST_THRESHOLD), MOST):
        verdicts.append(DocumentStatus.REFUSED)
    return max(verdicts, default=DocumentStatus.ACCEPTED)


def drawn(document_key: str, sample_key: bytes, share: int) -> bool:
    """Say whether a document is one of the sample that is reviewed anyway; ``share`` in basis points.

    The same document is drawn again or never; without the key nobody can tell beforehand.
    """
    digest = hashlib.blake2b(document_key.encode(), digest_size=8, key=sample_key).digest()
    return int.from_bytes(digest, "big") % _BASIS < share

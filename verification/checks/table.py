"""All checks, and what they come to together."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from app.domain.verification_settings import Check, Tuned
from verification.checks import amounts, dates, parties
from verification.checks.facts import Facts, Run

CHECKS: Mapping[Check, Run] = {
    Check.OUTSIDE_PROGRAM: dates.outside_program,
    Check.DISTRIBUTOR_BLOCKED: parties.distributor_blocked,
    Check.TOTAL_DIFFERS: amounts.total_differs,
}


def look_at(facts: Facts, checks: Mapping[Check, Tuned]) -> defaultdict[int, list[dict[str, Any]]]:
    """Run the checks that are on, and give the reasons by document, in the order of the table."""
    reasons: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for check, run in CHECKS.items():
        tuned = checks.get(check)
        if tuned is None:
            continue
        for found in run(facts, tuned):
            reason = {"code": str(check), "severity": str(tuned.severity), **found.evidence}
            reasons[found.document].append(reason)
    return reasons

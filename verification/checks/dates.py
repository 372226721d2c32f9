"""Checks of when a document was issued."""

from collections.abc import Iterator

import numpy as np

from app.domain.program_file.verification_settings import Tuned
from verification.checks.facts import Facts, Finding


def outside_program(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find documents issued outside the programme's dates (rules.md 2: there nothing earns).

    What comes back after the end still takes back what it had earned.
    """
    issued, allowed = facts.sales.documents.issued_on, facts.allowed
    outside = issued < allowed.starts_on
    if allowed.ends_on is not None:
        outside |= (issued > allowed.ends_on) & ~facts.sales.gives_back_only()
    for at in np.flatnonzero(outside).tolist():
        yield Finding(
            at,
            {
                "found": str(issued[at]),
                "from_on": str(allowed.starts_on),
                "until_on": "no end" if allowed.ends_on is None else str(allowed.ends_on),
            },
        )


def issued_in_future(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find documents of days that have not come."""
    issued = facts.sales.documents.issued_on
    for at in np.flatnonzero(issued > facts.allowed.today).tolist():
        yield Finding(at, {"found": str(issued[at]), "latest": str(facts.allowed.today)})


def claimed_late(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find sales that come after the days within which the programme wants them."""
    days = facts.allowed.claim_within_days
    if days is None:
        return
    issued, span = facts.sales.documents.issued_on, np.timedelta64(days, "D")
    late = (issued + span < facts.allowed.today) & ~facts.sales.gives_back_only()
    for at in np.flatnonzero(late).tolist():
        yield Finding(at, {"found": str(issued[at]), "days": days, "latest": str(issued[at] + span)})


def before_enrolment(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find sales of days on which their distributor did not take part yet."""
    issued = facts.sales.documents.issued_on
    for at in np.flatnonzero(issued < facts.enrolled_on).tolist():
        yield Finding(at, {"found": str(issued[at]), "from_on": str(facts.enrolled_on[at])})

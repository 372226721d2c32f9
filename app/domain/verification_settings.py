"""What a programme says about verification: what the gate does by itself, and what takes people (rules.md 5)."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from app.domain.parts import NotNegative, Part

Verdict: TypeAlias = Literal["accept", "review"]
SourceName: TypeAlias = Literal["import", "portal", "api"]


class Severity(enum.StrEnum):
    """What a finding does by itself; each adds its weight to the document's risk as well."""

    BLOCK = "block"  # the document is refused
    REVIEW = "review"  # a person looks at it
    NOTE = "note"  # nothing: it only weighs


class Check(enum.StrEnum):
    """The checks, each by the code of the reason that it gives (`app.domain.reasons`)."""

    OUTSIDE_PROGRAM = "outside_program"
    DISTRIBUTOR_BLOCKED = "distributor_blocked"
    TOTAL_DIFFERS = "total_differs"


@dataclass(frozen=True)
class Tuned:
    """How a check is set for one source; none of it set: it is off."""

    severity: Severity
    weight: int
    """What a finding adds to the risk, in thousandths."""
    limit: int = 0
    """What the check allows; each says in what."""
    days: int = 0
    """How far the check looks; each says from where."""


BLOCK, REVIEW, NOTE = Severity
_EVERYWHERE: Mapping[Check, Tuned] = {
    Check.OUTSIDE_PROGRAM: Tuned(BLOCK, 1000),
    Check.DISTRIBUTOR_BLOCKED: Tuned(BLOCK, 1000),
    Check.TOTAL_DIFFERS: Tuned(REVIEW, 500),
}
_CLAIMS: Mapping[Check, Tuned] = {**_EVERYWHERE}
DEFAULTS: Mapping[SourceName, Mapping[Check, Tuned]] = {"import": _EVERYWHERE, "portal": _CLAIMS, "api": _CLAIMS}
"""What is on where a programme says nothing.

A sponsor's own report is believed: years of honest sales must not drown those who decide. Whoever earns by what he
sends is asked more.
"""


class Tuning(Part):
    """What a programme sets otherwise of a check; nothing said: as it comes."""

    severity: Literal["block", "review", "note", "off"] | None = None
    weight: int | None = Field(None, ge=0, le=1000, description="added to the risk, in thousandths")
    limit: int | None = Field(None, ge=0, le=10**12, description="what the check allows")
    days: int | None = Field(None, ge=1, le=3650, description="how far the check looks")

    def of(self, tuned: Tuned | None) -> Tuned | None:
        """Give the setting that comes of this and of what comes by default; None: off."""
        if self.severity == "off" or (tuned is None and self.severity is None):
            return None
        tuned = tuned or Tuned(NOTE, 0)
        return Tuned(
            severity=tuned.severity if self.severity is None else Severity(self.severity),
            weight=tuned.weight if self.weight is None else self.weight,
            limit=tuned.limit if self.limit is None else self.limit,
            days=tuned.days if self.days is None else self.days,
        )


class Verification(Part):
    """What the gate does with a document (rules.md 5)."""

    import_: Verdict = Field("accept", alias="import", description="review: a person looks at every document")
    portal: Verdict = "accept"
    api: Verdict = "review"
    cooling_off_days: int = Field(0, ge=0, le=3650, description="accepted points stay pending for so many days")
    claim_within_days: int | None = Field(
        None, ge=1, le=3650, description="a distributor registers an invoice within so many days of its issue"
    )
    second_person_above: NotNegative | None = Field(
        None, description="a document whose net amount is above this is accepted by two people, in the currency"
    )
    review_from: int = Field(300, ge=1, le=1000, description="a document of this risk goes to review")
    refuse_from: int | None = Field(
        None, ge=1, le=1000, description="a document of this risk is refused; nothing said: none is for its risk alone"
    )
    checks: dict[SourceName, dict[Check, Tuning]] = Field({}, description="what is set otherwise, source by source")

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> "Verification":
        if self.refuse_from is not None and self.refuse_from < self.review_from:
            raise ValueError(f"refuse_from {self.refuse_from} is less than review_from {self.review_from}")
        return self

    def tuned(self, source: SourceName) -> dict[Check, Tuned]:
        """Give the checks that are on for a source, with how each is set."""
        said, known = self.checks.get(source, {}), DEFAULTS[source]
        found = {check: said.get(check, Tuning()).of(known.get(check)) for check in Check}
        return {check: one for check, one in found.items() if one is not None}

"""What a programme says about verification: what the gate does by itself, and what takes people (rules.md 5)."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from app.domain.program_file.parts import Code, NotNegative, Part
from app.domain.program_file.point_shares import Each

Verdict: TypeAlias = Literal["accept", "review"]
SourceName: TypeAlias = Literal["import", "portal", "api"]


class Severity(enum.StrEnum):
    """What a finding does by itself; each adds its weight to the document's risk as well."""

    BLOCK = "block"  # the document is refused
    REVIEW = "review"  # a person looks at it
    NOTE = "note"  # nothing: it only weighs


class Check(enum.StrEnum):
    """The checks, each by the code of the reason that it gives (`app.domain.saying.reasons`)."""

    OUTSIDE_PROGRAM = "outside_program"
    DISTRIBUTOR_BLOCKED = "distributor_blocked"
    SELLER_NOT_ALLOWED = "seller_not_allowed"
    ISSUED_IN_FUTURE = "issued_in_future"
    CLAIMED_LATE = "claimed_late"
    BEFORE_ENROLMENT = "before_enrolment"
    OWN_PURCHASE = "own_purchase"
    TOTAL_DIFFERS = "total_differs"
    LINE_AMOUNT_DIFFERS = "line_amount_differs"
    VAT_DIFFERS = "vat_differs"
    NUMBER_ALIKE = "number_alike"
    TWIN_OWN = "twin_own"
    TWIN_OTHER = "twin_other"
    SAME_NUMBER = "same_number"
    NUMBER_OF_TWO_SELLERS = "number_of_two_sellers"
    CLAIMED_ELSEWHERE = "claimed_elsewhere"
    E_INVOICE_CONTRADICTS = "e_invoice_contradicts"
    SAME_FILE = "same_file"
    SAME_PICTURE = "same_picture"
    PICTURE_ALIKE = "picture_alike"
    PDF_CHANGED = "pdf_changed"
    PDF_BEFORE_ISSUE = "pdf_before_issue"
    ALTERED_READING = "altered_reading"
    ALTERED_SCAN = "altered_scan"
    JUST_BELOW = "just_below"
    ROUND_TOTAL = "round_total"
    PRICE_UNUSUAL = "price_unusual"
    QUANTITY_UNUSUAL = "quantity_unusual"
    QUANTITY_UNLIKE_OWN = "quantity_unlike_own"
    MORE_THAN_DELIVERED = "more_than_delivered"
    BURST = "burst"
    NUMBER_BACKWARDS = "number_backwards"
    NUMBER_GAP = "number_gap"
    SHARED_DEVICE = "shared_device"
    VELOCITY = "velocity"


@dataclass(frozen=True)
class Tuned:
    """How a check is set for one source; none of it set: it is off."""

    severity: Severity
    weight: int
    """What a finding adds to the risk, in thousandths."""
    limit: int = 0
    """What the check allows; `docs/verification.md` says in what."""
    days: int = 0
    """How far the check looks, in days."""


BLOCK, REVIEW, NOTE = Severity
_REPORTS: Mapping[Check, Tuned] = {
    Check.OUTSIDE_PROGRAM: Tuned(BLOCK, 1000),
    Check.DISTRIBUTOR_BLOCKED: Tuned(BLOCK, 1000),
    Check.SELLER_NOT_ALLOWED: Tuned(BLOCK, 1000),
    Check.TOTAL_DIFFERS: Tuned(REVIEW, 500),
    Check.SAME_NUMBER: Tuned(REVIEW, 500, days=400),
}
_CLAIMS: Mapping[Check, Tuned] = {
    **_REPORTS,
    Check.ISSUED_IN_FUTURE: Tuned(BLOCK, 1000),
    Check.CLAIMED_LATE: Tuned(BLOCK, 1000),
    Check.BEFORE_ENROLMENT: Tuned(REVIEW, 300),
    Check.OWN_PURCHASE: Tuned(REVIEW, 600),
    Check.LINE_AMOUNT_DIFFERS: Tuned(REVIEW, 400),
    Check.VAT_DIFFERS: Tuned(REVIEW, 400, limit=3_000),
    Check.NUMBER_ALIKE: Tuned(REVIEW, 300, days=62),
    Check.TWIN_OWN: Tuned(REVIEW, 500, days=400),
    Check.TWIN_OTHER: Tuned(REVIEW, 500, limit=1),
    Check.NUMBER_OF_TWO_SELLERS: Tuned(NOTE, 100, days=400),
    Check.CLAIMED_ELSEWHERE: Tuned(REVIEW, 400),
    Check.E_INVOICE_CONTRADICTS: Tuned(REVIEW, 500),
    Check.SAME_FILE: Tuned(REVIEW, 600),
    Check.SAME_PICTURE: Tuned(REVIEW, 500, limit=5),
    Check.PICTURE_ALIKE: Tuned(NOTE, 200, limit=12),
    Check.PDF_CHANGED: Tuned(NOTE, 300, limit=60),
    Check.PDF_BEFORE_ISSUE: Tuned(NOTE, 300, days=1),
    Check.ALTERED_READING: Tuned(REVIEW, 400),
    Check.ALTERED_SCAN: Tuned(NOTE, 100),
    Check.JUST_BELOW: Tuned(REVIEW, 400, limit=8_000),
    Check.ROUND_TOTAL: Tuned(NOTE, 300, limit=200),
    Check.PRICE_UNUSUAL: Tuned(NOTE, 300, limit=40_000, days=400),
    Check.QUANTITY_UNUSUAL: Tuned(NOTE, 300, limit=80_000, days=400),
    Check.QUANTITY_UNLIKE_OWN: Tuned(NOTE, 300, limit=10, days=400),
    Check.MORE_THAN_DELIVERED: Tuned(REVIEW, 400, limit=10_000),
    Check.BURST: Tuned(NOTE, 300, limit=40_000, days=3),
    Check.NUMBER_BACKWARDS: Tuned(NOTE, 300, limit=7, days=200),
    Check.NUMBER_GAP: Tuned(NOTE, 300, limit=60, days=200),
    Check.SHARED_DEVICE: Tuned(NOTE, 300, limit=2, days=90),
    Check.VELOCITY: Tuned(NOTE, 300, limit=30),
}
DEFAULTS: Mapping[SourceName, Mapping[Check, Tuned]] = {"import": _REPORTS, "portal": _CLAIMS, "api": _CLAIMS}
"""What is on where a programme says nothing.

A sponsor's own report is believed: years of honest sales must not drown those who decide. Whoever earns by what they
send is asked more.
"""


class Tuning(Part):
    """What a programme sets otherwise of a check; nothing said: as it comes."""

    severity: Literal["block", "review", "note", "off"] | None = None
    weight: int | None = Field(None, ge=0, le=1000, description="added to the risk, in thousandths")
    limit: int | None = Field(None, ge=0, le=10**9, description="what the check allows")
    days: int | None = Field(None, ge=1, le=3650, description="how far the check looks")

    def of(self, tuned: Tuned | None, usual: Tuned | None) -> Tuned | None:
        """Give the setting that comes of this and of the source's own; None: off.

        What is off for the source begins, where it is switched on, with what is ``usual`` for claims.
        """
        if self.severity == "off" or (tuned is None and self.severity is None):
            return None
        tuned = tuned or usual or Tuned(NOTE, 0)
        return Tuned(
            severity=tuned.severity if self.severity is None else Severity(self.severity),
            weight=tuned.weight if self.weight is None else self.weight,
            limit=tuned.limit if self.limit is None else self.limit,
            days=tuned.days if self.days is None else self.days,
        )


class Trust(Part):
    """How what people decided about a distributor's claims moves the thresholds for the next ones."""

    clean_claims: int = Field(20, ge=1, le=10_000, description="so many accepted and none refused: trusted")
    lifts: int = Field(100, ge=0, le=1000, description="added to both thresholds of who is trusted")
    lowers: int = Field(100, ge=0, le=1000, description="taken from both for each claim that a person refused")
    days: int = Field(365, ge=1, le=3650, description="what was decided longer ago is forgotten")


class Verification(Part):
    """What the gate does with a document (rules.md 5)."""

    import_: Verdict = Field("accept", alias="import", description="review: a person looks at every document")
    portal: Verdict = "accept"
    api: Verdict = "review"
    cooling_off_days: int = Field(0, ge=0, le=3650, description="accepted points stay pending for so many days")
    claim_within_days: int | None = Field(
        None, ge=1, le=3650, description="a distributor registers an invoice within so many days of its issue"
    )
    people_per_sale: int | None = Field(
        None, ge=1, le=20, description="so many people may claim one sale of a sponsor's report; none: nobody does"
    )
    loaded_sales_count: Literal["at_once", "when_claimed"] = Field(
        "at_once", description="when_claimed: a sponsor's sale of which nobody is named earns once somebody claims it"
    )
    each_claimant_gets: Each = Field(
        "equal", description="of several who claim one sale: an equal part of the people's share, or the whole of it"
    )
    second_person_above: NotNegative | None = Field(
        None, description="a document whose net amount is above this is accepted by two people, in the currency"
    )
    sellers: list[Code] = Field(
        default=[], description="tax ids of whoever else may have issued a distributor's invoice; none: anybody"
    )
    review_from: int = Field(300, ge=1, le=1000, description="a document of this risk goes to review")
    refuse_from: int = Field(1000, ge=1, le=1000, description="a document of this risk is refused")
    trust: Trust = Trust()
    sample_share: int = Field(
        100, ge=0, le=10_000, description="basis points of the claims that would be accepted and are reviewed anyway"
    )
    checks: dict[SourceName, dict[Check, Tuning]] = Field(
        default={}, description="what is set otherwise, source by source"
    )

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> "Verification":
        if self.refuse_from < self.review_from:
            raise ValueError(f"refuse_from {self.refuse_from} is less than review_from {self.review_from}")
        return self

    @model_validator(mode="after")
    def _somebody_may_claim(self) -> "Verification":
        if self.loaded_sales_count == "when_claimed" and self.people_per_sale is None:
            raise ValueError("loaded_sales_count is when_claimed, and people_per_sale lets nobody claim")
        return self

    def tuned(self, source: SourceName) -> dict[Check, Tuned]:
        """Give the checks that are on for a source, with how each is set."""
        said, known = self.checks.get(source, {}), DEFAULTS[source]
        found = {check: said.get(check, Tuning()).of(known.get(check), _CLAIMS.get(check)) for check in Check}
        return {check: one for check, one in found.items() if one is not None}

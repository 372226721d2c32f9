"""What a programme says about verification: what the gate does by itself, and what takes people (rules.md 5)."""

from typing import Literal, TypeAlias

from pydantic import Field

from app.domain.parts import NotNegative, Part

Verdict: TypeAlias = Literal["accept", "review"]


class Verification(Part):
    """What the gate does with a document that passes every check (rules.md 5)."""

    import_: Verdict = Field("accept", alias="import")
    portal: Verdict = "review"
    api: Verdict = "review"
    cooling_off_days: int = Field(0, ge=0, le=3650, description="accepted points stay pending for so many days")
    claim_within_days: int | None = Field(
        None, ge=1, le=3650, description="a distributor registers an invoice within so many days of its issue"
    )
    second_person_above: NotNegative | None = Field(
        None, description="a document whose net amount is above this is accepted by two people, in the currency"
    )

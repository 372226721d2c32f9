"""What a programme says about whose points they are: shares of people, transfers, and reasons for adjustments."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from app.domain.program_file.parts import Code, Part, Positive, Words
from app.domain.program_file.point_shares import Shares
from app.domain.typed.codes import code_key

Asking: TypeAlias = Literal["nobody", "administrators", "participants"]
Approving: TypeAlias = Literal["administrator", "approver"]


class Transfers(Part):
    """Whether one participant may give points to another, how many, and who lets it happen."""

    asked_by: Asking = "nobody"
    """Participants ask on the portal; administrators may ask as well then."""
    least: Positive = Decimal(1)
    most_a_month: Positive | None = None
    """Of one giver in a calendar month, waiting and approved together."""
    approved_by: tuple[Approving, ...] = Field(default=("administrator", "approver"), min_length=1)

    @model_validator(mode="after")
    def _most_allows_the_least(self) -> "Transfers":
        if self.most_a_month is not None and self.most_a_month < self.least:
            raise ValueError(f"most_a_month {self.most_a_month} is below the least of a transfer, {self.least}")
        return self


class AdjustmentReason(Part):
    """Why points are given or taken by hand, as it is counted."""

    code: Code
    name: Words


STANDARD_REASONS = ("goodwill", "correction", "event", "opening", "complaint", "other")
"""Codes of the reasons of a programme that names none of its own; pages have words for them."""


class AccountSettings(Part):
    """Whose points they are, and what may be done with them by hand."""

    shares: Shares = Shares()
    transfers: Transfers = Transfers()
    adjustment_reasons: tuple[AdjustmentReason, ...] = ()
    """In the order in which they are offered; none: the standard ones."""

    @field_validator("adjustment_reasons")
    @classmethod
    def _each_once(cls, reasons: tuple[AdjustmentReason, ...]) -> tuple[AdjustmentReason, ...]:
        seen: set[str] = set()
        for reason in reasons:
            if code_key(reason.code) in seen:
                raise ValueError(f"the code {reason.code!r} stands there twice")
            seen.add(code_key(reason.code))
        return reasons

    def reasons(self) -> Sequence[tuple[str, str | None]]:
        """Give the codes of reasons, each with its name; the standard ones have none here."""
        if not self.adjustment_reasons:
            return [(code, None) for code in STANDARD_REASONS]
        return [(one.code, one.name) for one in self.adjustment_reasons]

    def reason_of(self, written: str) -> str | None:
        """Give the code of a reason as the programme writes it, however it was typed; None: there is none."""
        return next((code for code, _ in self.reasons() if code_key(code) == code_key(written)), None)

"""What a programme says about its invoices: what whoever runs it charges for loads, and what sources of funding pay."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from app.domain.program_file.parts import Date, NotNegative, Part, each_once

Item: TypeAlias = Literal["reward", "compensation", "withheld", "fee"]
"""What stands on an invoice: money that was loaded, tax that was kept back for the tax office, and the fees."""


class Charge(Part):
    """What is charged for a load."""

    fee_per_load: NotNegative = Field(0, description="for every load, in the currency", validate_default=True)
    fee: int = Field(0, ge=0, le=10_000, description="basis points of what was loaded, besides")
    vat: int = Field(0, ge=0, le=10_000, description="basis points of tax on the fees")


class DatedCharge(Charge):
    """What is charged for loads of some days, in the place of what is charged otherwise."""

    valid_from: Date = Field(description="the first day of which loads it is charged for")
    valid_until: Date | None = Field(None, description="the last one; none: until another one begins, or for good")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "DatedCharge":
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError("valid_until is before valid_from")
        return self


@dataclass(frozen=True)
class Stretch:
    """Days one after the other with the same charge."""

    from_on: dt.date
    to_on: dt.date
    charge: Charge


class Invoicing(Charge):
    """What is invoiced for loads, and to whom."""

    fees: list[DatedCharge] = Field(
        [], description="charges of some days; a load has the one of its day that began last, else what stands above"
    )
    sources_pay: Annotated[list[Item], AfterValidator(each_once)] = Field(
        ["reward", "compensation", "withheld", "fee"],
        description="what sources of funding pay for their points; the sponsor pays the rest",
    )

    @model_validator(mode="after")
    def _begin_on_days_of_their_own(self) -> "Invoicing":
        days = [one.valid_from for one in self.fees]
        if len(set(days)) < len(days):
            raise ValueError("two fees begin on the same day")
        return self

    def on(self, day: dt.date) -> Charge:
        """Give what is charged for a load of a day."""
        running = [one for one in self.fees if one.valid_from <= day and (one.valid_until or day) >= day]
        return max(running, key=lambda one: one.valid_from, default=self)

    def within(self, from_on: dt.date, to_on: dt.date) -> Iterator[Stretch]:
        """Cut days, both included, where the charge changes."""
        day = dt.timedelta(days=1)
        ends = (one.valid_until for one in self.fees if one.valid_until is not None)
        firsts = {one.valid_from for one in self.fees if from_on < one.valid_from <= to_on}
        firsts |= {end + day for end in ends if from_on <= end < to_on}  # an open end may be the last day there is
        cuts = [from_on, *sorted(firsts)]
        for first, last in zip(cuts, [*(after - day for after in cuts[1:]), to_on], strict=True):
            yield Stretch(first, last, self.on(first))

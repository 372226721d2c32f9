"""Which lines of sales something looks at: the scope of a rule, of a promotion or of a gate (rules.md 2, Scope)."""

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from app.domain.program_file.parts import Code, Date, Number, Part


class Range(Part):
    """A least and a most, both included."""

    least: Number | None = None
    most: Number | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if self.least is None and self.most is None:
            raise ValueError("expected least, most or both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least {self.least} is more than most {self.most}")
        return self


def _clock(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d:\d\d", value):
        value = f"0{value}"
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", value):
        raise ValueError(f'expected a time of day such as "08:30", found {value!r}')
    return value


class Hours(Part):
    """A part of the day: from this minute, until before that one."""

    from_: Annotated[str, BeforeValidator(_clock)] = Field(alias="from")
    until: Annotated[str, BeforeValidator(_clock)]

    @model_validator(mode="after")
    def _in_order(self) -> "Hours":
        if self.from_ >= self.until:
            raise ValueError(f"the hours end at {self.until}, not after they begin at {self.from_}")
        return self


Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Scope(Part):
    """Which lines a rule looks at: AND between kinds, OR within one (rules.md 2, Scope)."""

    products: list[Code] = Field([])
    product_groups: list[Code] = Field([], description="with the groups below them")
    exclude_products: list[Code] = Field([])
    exclude_product_groups: list[Code] = Field([], description="with the groups below them")
    distributors: list[Code] = Field([])
    distributor_groups: list[Code] = Field([], description="with the groups below them")
    tiers: list[Code] = Field([])
    outlets: list[Code] = Field([])
    channels: list[Code] = Field([])
    document_kinds: list[Literal["invoice", "credit_note"]] = Field([])
    from_: Date | None = Field(None, alias="from", description="first issue date, in the programme's time zone")
    until: Date | None = Field(None, description="last issue date")
    weekdays: list[Weekday] = Field([])
    days: list[Code] = Field([], description="names of lists in named_days")
    hours: Hours | None = Field(None, description="lines whose source tells no time do not match")
    line_amount: Range | None = None
    quantity: Range | None = None
    unit_price: Range | None = None
    first_purchase: bool = Field(default=False, description="only the distributor's first invoice in the programme")
    without_discounted: bool = Field(default=False, description="lines marked as discounted do not match")

    @model_validator(mode="after")
    def _in_order(self) -> "Scope":
        if self.from_ is not None and self.until is not None and self.until < self.from_:
            raise ValueError(f"the scope ends on {self.until}, before it starts on {self.from_}")
        return self

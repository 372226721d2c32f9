"""What a programme says about paying for purchases with points or with money that rules gave."""

from pydantic import Field

from app.domain.program_file.parts import Part, Positive


class Purchases(Part):
    """Whether balances pay for purchases, and how much of one."""

    offered: bool = Field(default=False, description="true: participants may pay for purchases from the sponsor")
    point_value: Positive | None = Field(
        None, description="what a point takes off a purchase, in the currency; none: what it is worth as money"
    )
    least: Positive | None = Field(None, description="least amount of a credit, in the currency")
    share: int = Field(10_000, gt=0, le=10_000, description="basis points of a purchase that may be paid like this")
    usable_days: int = Field(
        30, ge=1, le=366, description="a code that nobody took within so many days is over, and its points come back"
    )

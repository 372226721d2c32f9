"""How amounts that a programme's document writes become integers: points, rates per piece and money."""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.states import Unit

POINTS_PER_UNIT_DECIMALS = 6
LARGEST = 1 << 62
"""Beyond this no column of integers holds a rate."""


class AmountUnfit(ValueError):
    """An amount of the document that does not fit the programme's decimals."""

    def __init__(self, written: Decimal, problem: str) -> None:
        """Take the amount as it is written, so that its place in the document can be found, and what is wrong."""
        super().__init__(f"{written:f} {problem}")
        self.written = written


@dataclass(frozen=True)
class Scale:
    """How amounts of the document become integers."""

    point_decimals: int
    currency_decimals: int
    gross: bool = False

    def amount(self, unit: Unit, written: Decimal) -> int:
        """Turn points or money into their smallest unit.

        Raises:
            AmountUnfit: The amount has more decimals than the unit.
        """
        decimals = self.point_decimals if unit is Unit.POINTS else self.currency_decimals
        scaled = written.scaleb(decimals)
        if scaled != scaled.to_integral_value():
            raise AmountUnfit(written, f"has more decimals than the {decimals} of this programme's {unit.name.lower()}")
        return int(scaled)

    def rate_micro(self, unit: Unit, written: Decimal) -> int:
        """Turn a rate per piece into millionths of the smallest unit.

        Raises:
            AmountUnfit: The rate has more decimals than that, or is too large.
        """
        decimals = self.point_decimals if unit is Unit.POINTS else self.currency_decimals
        scaled = written.scaleb(decimals + POINTS_PER_UNIT_DECIMALS)
        if scaled != scaled.to_integral_value():
            raise AmountUnfit(written, f"has more than {POINTS_PER_UNIT_DECIMALS} decimals")
        if scaled > LARGEST:
            raise AmountUnfit(written, "is more for one piece than anybody gives")
        return int(scaled)

    def money(self, written: Decimal) -> int:
        """Turn money into minor units."""
        return self.amount(Unit.MONEY, written)

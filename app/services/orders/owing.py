"""What an order costs in money: what is owed for what is left of it, what came in, and what went back."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.models.orders import OrderLine, RewardOrder


@dataclass(frozen=True)
class MoneyOf:
    """The money of an order: what what is left of it costs, what came in of it, and what went back."""

    due: int
    paid: int | None
    repaid: int

    @property
    def to_pay(self) -> int:
        """Give what has still to come in."""
        return self.due if self.paid is None else 0

    @property
    def to_repay(self) -> int:
        """Give what has to be given back: it was paid for what was cancelled since."""
        return 0 if self.paid is None else max(0, self.paid - self.repaid - self.due)


def money_of(order: RewardOrder, lines: Sequence[OrderLine]) -> MoneyOf:
    """Add up the money of an order."""
    due = sum((line.quantity - line.cancelled) * line.unit_cash_minor for line in lines)
    return MoneyOf(due, order.paid_minor, order.repaid_minor)

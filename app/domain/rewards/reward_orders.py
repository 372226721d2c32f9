"""How an order of rewards goes: what may follow what, what an order is by its lines, and what becomes of its points."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from app.domain.measures.exact import Ints, floor_product
from app.domain.measures.sharing import share
from app.domain.states import OrderState, RewardKind

AT_ONCE = frozenset({RewardKind.VOUCHER, RewardKind.DISCOUNT, RewardKind.DRAW})
"""What is handed out by itself as soon as the order is approved: nobody sends anything."""

SENT = frozenset({RewardKind.GOODS})
"""What goes to an address."""

COME_BACK = SENT | {RewardKind.VOUCHER}
"""What can come back once it was delivered: goods, and vouchers whose code was refused where it was shown."""

ORDERED = frozenset({RewardKind.GOODS, RewardKind.VOUCHER, RewardKind.DISCOUNT, RewardKind.DONATION, RewardKind.DRAW})
"""What can be ordered. A top-up is bought through the programme's cards."""

MOVES: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.WAITING: frozenset({OrderState.APPROVED, OrderState.CANCELLED}),
    OrderState.APPROVED: frozenset({OrderState.ORDERED, OrderState.DELIVERED, OrderState.CANCELLED}),
    OrderState.ORDERED: frozenset({OrderState.SHIPPED, OrderState.DELIVERED, OrderState.CANCELLED}),
    OrderState.SHIPPED: frozenset({OrderState.DELIVERED, OrderState.CANCELLED}),
    OrderState.DELIVERED: frozenset({OrderState.CANCELLED}),
    OrderState.CANCELLED: frozenset(),
}
"""What a line may become. What was shipped and came back can be cancelled; what was delivered is spent until it comes
back itself."""

_ORDER = list(OrderState)


def worths(worth: Ints, orders: Ints, quantity: Ints, unit_points: Ints, left: Ints) -> Ints:
    """Divide what orders are worth over their lines, and give what the pieces that are left of each are worth.

    Args:
        worth: what each order was worth, in minor units.
        orders: the order of each line, rising; lines of an order stand in their own order.
        quantity: how many pieces each line was of.
        unit_points: what a piece cost.
        left: how many of them were not cancelled.

    Returns:
        The worth of the pieces left. Lines of an order add up to it (largest remainder, by points), whatever came when;
        within a line the cancelled pieces have the rest.
    """
    parts = share(worth, orders, quantity * unit_points).tolist()
    return np.asarray(
        [part * some // of for part, some, of in zip(parts, left.tolist(), quantity.tolist(), strict=True)],
        dtype=np.int64,
    )


@dataclass(frozen=True)
class LineStanding:
    """A line of an order: how many pieces, how many of them were cancelled, what one costs, how far it is."""

    state: OrderState
    quantity: int
    cancelled: int
    unit_points: int

    @property
    def left(self) -> int:
        """Give the pieces that were not cancelled."""
        return self.quantity - self.cancelled


@dataclass(frozen=True)
class PointsOf:
    """What became of the points of an order: whatever happens, the three are what it cost."""

    reserved: int
    settled: int
    returned: int

    @property
    def all(self) -> int:
        """Give what the order cost when it was placed."""
        return self.reserved + self.settled + self.returned


def may_become(state: OrderState, next_: OrderState) -> bool:
    """Tell whether a line in one state may become the other."""
    return next_ in MOVES[state]


def state_of(lines: Iterable[OrderState]) -> OrderState:
    """Give the state of an order: that of its line that is least far; cancelled lines count only where all are."""
    going = [state for state in lines if state is not OrderState.CANCELLED]
    return min(going, key=_ORDER.index, default=OrderState.CANCELLED)


def steps_of(lines: Iterable[tuple[RewardKind, OrderState]]) -> list[OrderState]:
    """Give the steps that an order goes through, by what its lines are and how far each is.

    Only goods are ordered at a supplier and on their way; a step to which something came all the same is one.
    """
    going = [(kind, state) for kind, state in lines if state is not OrderState.CANCELLED]
    taken = {OrderState.WAITING, OrderState.APPROVED, OrderState.DELIVERED, *(state for _kind, state in going)}
    if any(kind in SENT for kind, _state in going):
        taken |= {OrderState.ORDERED, OrderState.SHIPPED}
    return [state for state in _ORDER if state in taken]


def points_of(lines: Iterable[LineStanding]) -> PointsOf:
    """Add up what became of the points of an order's lines."""
    reserved = settled = returned = 0
    for line in lines:
        returned += line.cancelled * line.unit_points
        if line.state is OrderState.DELIVERED:
            settled += line.left * line.unit_points
        else:
            reserved += line.left * line.unit_points
    return PointsOf(reserved, settled, returned)


ALL_BP = 10_000


def redeemable(available: int, gone: int, share_bp: int) -> int:
    """Give what may still be spent where a share of the points may be: of all that was not lost, less what was spent.

    So it makes no difference whether one orders once or often. ``gone`` is what was spent of the points, or is
    reserved, here or where they were before (`app.services.placing.tiers.GONE`).
    """
    return max(0, min(available, (available + gone) * share_bp // ALL_BP - gone))


def going_along(points: int, available: int, gone: int, share_bp: int) -> int:
    """Give how much of what was spent goes along with points that leave a wallet, so that they stay what they are.

    In proportion, rounded down: of half of what there is, half of what was spent. No more than makes these points
    themselves not redeemable: whoever gets them loses nothing of what it had. ``share_bp`` is the receiver's share.
    """
    if available <= 0 or gone <= 0:
        return 0
    part = gone * points // available
    return part if share_bp >= ALL_BP else min(part, points * share_bp // (ALL_BP - share_bp))


def redeemable_of(available: Ints, gone: Ints, share_bp: Ints) -> Ints:
    """Give the same as `redeemable` for many accounts at once, in columns."""
    shared = floor_product(np.maximum(available + gone, 0), share_bp, ALL_BP)
    left: Ints = np.maximum(np.minimum(available, shared - gone), 0)
    return left

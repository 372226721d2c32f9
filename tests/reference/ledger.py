"""A plain model of one wallet: lots, pending, available and reserved points, debts (rules.md sections 5, 6 and 8).

It is meant to be the model of a stateful test. At every moment

    pending + available + reserved == earned - spent - expired + adjusted

where `available` is what the lots have free less the debt, so it is below zero while the account owes. There is never
a debt beside free points: whatever becomes free pays the debt first.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

NEGATIVE = "negative"
CLAMP = "clamp"


class RefusedError(Exception):
    """The wallet refuses an operation; nothing has changed (rules.md sections 5, 6 and 8)."""


def last_day(awarded_on: date, expiry: Mapping[str, Any] | None) -> date | None:
    """Give the last day on which an award can be spent (rules.md section 8, expiry); None means never.

    months_after_award N: the same day of the month N months later, or that month's last day where it is shorter.
    calendar_years_after_award N: the last day of the Nth calendar year after the year of the award.
    months_without_activity N: as if awarded on the day of the last activity (`Wallet.active` moves it on).
    """
    if not expiry or expiry.get("never"):
        return None
    if "calendar_years_after_award" in expiry:
        return date(awarded_on.year + int(expiry["calendar_years_after_award"]), 12, 31)
    if "months_after_award" not in expiry and "months_without_activity" not in expiry:
        raise ValueError(f"the reference does not know {', '.join(expiry)}")
    count = expiry.get("months_after_award", expiry.get("months_without_activity"))
    months = awarded_on.year * 12 + awarded_on.month - 1 + int(count)
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(awarded_on.day, calendar.monthrange(year, month)[1]))


@dataclass
class Lot:
    """The points of one award or one adjustment, with one last day (rules.md section 8).

    `points` is what came in. The rest says where these points are now; what is in none of these places was spent,
    returned, or went to pay a debt.
    """

    id: int
    kind: str
    points: int
    expires_on: date | None
    pending: int = 0
    free: int = 0
    reserved: int = 0
    expired: int = 0
    reversed: int = 0
    is_open: bool = True
    expiries: list[int] = field(default_factory=list)
    idle_months: int | None = None
    buys_all: bool = True

    def is_due(self, day: date) -> bool:
        """Whether its last day is over (rules.md section 8: days end at midnight)."""
        return self.expires_on is not None and self.expires_on < day


@dataclass
class Taking:
    """What a return took of an award, and from where: a lot's pending points, free points, or a debt (section 6)."""

    lot_id: int
    points: int
    parts: list[tuple[int, bool, int]] = field(default_factory=list)
    debt: int = 0


@dataclass
class Order:
    """Points that were reserved for a reward, lot by lot (rules.md section 8)."""

    id: int
    parts: list[tuple[int, int]] = field(default_factory=list)
    state: str = "reserved"

    @property
    def points(self) -> int:
        """What the order costs (rules.md section 8)."""
        return sum(points for _, points in self.parts)


class Wallet:
    """One account of one unit (rules.md sections 5, 6 and 8). Lots and orders are named by growing numbers."""

    def __init__(self, policy: str = NEGATIVE, grace_days: int | None = 0) -> None:
        """Open an empty wallet with a policy on returns (section 6) and a grace on cancelling (section 8).

        A grace of None: the programme sets none, and what comes back to a lot that is over expires with it.
        """
        if policy not in (NEGATIVE, CLAMP):
            raise ValueError(f"no such policy: {policy}")
        self.policy = policy
        self.grace_days = grace_days
        self.lots: dict[int, Lot] = {}
        self.orders: dict[int, Order] = {}
        self.takings: list[Taking] = []
        self.debt = 0
        self.earned = 0
        self.spent = 0
        self.expired = 0
        self.adjusted = 0

    # What there is

    @property
    def pending(self) -> int:
        """Points that await verification or cooling-off (rules.md section 5)."""
        return sum(lot.pending for lot in self.lots.values())

    @property
    def available(self) -> int:
        """Free points less the debt (rules.md section 6: the account owes)."""
        return sum(lot.free for lot in self.lots.values()) - self.debt

    @property
    def reserved(self) -> int:
        """Points held for open orders (rules.md section 8)."""
        return sum(lot.reserved for lot in self.lots.values())

    def spendable(self, day: date) -> int:
        """What can be spent on a day: nothing while the account owes, and no lot that is over (sections 6, 8)."""
        if self.debt > 0:
            return 0
        return sum(lot.free for lot in self.lots_to_spend(day))

    def lots_to_spend(self, day: date) -> list[Lot]:
        """Give the lots with free points: the one that expires first, then the oldest (rules.md section 8).

        A day that moves on with every activity is no last day to be spent by: those lots wait behind all others.
        """
        lots = [lot for lot in self.lots.values() if lot.free > 0 and not lot.is_due(day)]
        lots.sort(key=lambda lot: (date.max if lot.idle_months else lot.expires_on or date.max, lot.id))
        return lots

    def active(self, day: date) -> None:
        """Move the last day of what ends by idleness on: the account earned or spent (rules.md section 8)."""
        for lot in self.lots.values():
            if lot.idle_months:
                lot.expires_on = last_day(day, {"months_without_activity": lot.idle_months})

    def check(self) -> None:
        """Insist on the identity and on what follows from it (rules.md sections 5, 6 and 8)."""
        if self.pending + self.available + self.reserved != self.earned - self.spent - self.expired + self.adjusted:
            raise AssertionError("the identity does not hold")
        if self.debt < 0 or (self.debt > 0 and any(lot.free > 0 for lot in self.lots.values())):
            raise AssertionError("a debt beside free points")
        if self.policy == CLAMP and self.debt != 0:
            raise AssertionError("a debt under clamp")
        for lot in self.lots.values():
            if min(lot.pending, lot.free, lot.reserved, lot.expired, lot.reversed) < 0:
                raise AssertionError("a lot below zero")
            if lot.pending + lot.free + lot.reserved + lot.expired > lot.points:
                raise AssertionError("a lot holds more than came in")

    # Points come in

    def award(self, points: int, expires_on: date | None = None, *, pending: bool = False) -> int:
        """Post an award as pending or as available and give its lot (rules.md section 5)."""
        if points <= 0:
            raise RefusedError("an award is above zero")
        lot = self.new_lot("award", points, expires_on)
        self.earned += points
        if pending:
            lot.pending = points
        else:
            self.set_free(lot, points)
        return lot.id

    def release(self, lot_id: int) -> int:
        """Make a pending award available (rules.md section 5); gives the points released."""
        lot = self.pending_lot(lot_id)
        points = lot.pending
        lot.pending = 0
        self.set_free(lot, points)
        return points

    def void(self, lot_id: int) -> int:
        """Take a pending award back whole, because its document was rejected (rules.md section 5)."""
        lot = self.pending_lot(lot_id)
        points = lot.pending
        lot.pending = 0
        lot.is_open = False
        self.earned -= points
        return points

    def reverse(self, lot_id: int, points: int, day: date, *, let_go: int = 0) -> int:
        """Take back points of an award after a return (rules.md section 6); gives what was taken.

        Of those, `let_go` were let go already of an earlier wording of the return.

        First from the award itself (pending, then free), then from other free lots in the order of spending, and
        what is not covered becomes a debt (`negative`) or is let go (`clamp`). Reserved points are not touched.
        """
        lot = self.lot(lot_id)
        if lot.kind != "award" or not lot.is_open:
            raise RefusedError("only an award that stands can be reversed")
        if points <= 0 or lot.reversed + points > lot.points:
            raise RefusedError("no more can be reversed than was awarded")
        lot.reversed += points
        taking = Taking(lot_id, points)
        self.takings.append(taking)
        points -= let_go
        left = points
        taken = min(left, lot.pending)
        lot.pending -= taken
        left -= taken
        if taken:
            taking.parts.append((lot_id, True, taken))
        if not lot.is_due(day):
            taken = min(left, lot.free)
            lot.free -= taken
            left -= taken
            if taken:
                taking.parts.append((lot_id, False, taken))
        left = self.take_free(left, day, taking)
        if self.policy == NEGATIVE:
            self.debt += left
            taking.debt = left
            left = 0
            self.pay_debt()
        self.earned -= points - left
        return points - left

    def void_award(self, lot_id: int, day: date) -> int:
        """Take back what returns have left of an award: its document was refused, or corrected (sections 5 and 6)."""
        lot = self.lot(lot_id)
        left = lot.points - lot.reversed
        taken = self.reverse(lot_id, left, day) if left else 0
        lot.is_open = False
        return taken

    def take_the_rest(self, lot_id: int, points: int) -> int:
        """Take what was let go of a corrected award of the one in its place: both are one change (section 6)."""
        lot = self.lot(lot_id)
        pending = min(points, lot.pending)
        free = min(points - pending, lot.free)
        lot.pending -= pending
        lot.free -= free
        self.earned -= pending + free
        return pending + free

    def give_back(self, taking: Taking, *, awaited: bool, sale_counts: bool, expires_on: date | None) -> int:
        """Give back what a return took, because the return was refused (section 6); gives what stays given.

        Every part goes where it came from: to a lot's pending points while its document is `awaited` or has others
        there, else to its free points. What is still owed of a debt is let go; what was paid off comes in a new lot. Of
        a sale that counts no more nothing stays given: it is taken back again.
        """
        let_go = min(self.debt, taking.debt)
        self.debt -= let_go
        back = let_go
        for lot_id, was_pending, points in taking.parts:
            lot = self.lots[lot_id]
            if was_pending and (lot.pending or awaited):
                lot.pending += points
            else:
                self.set_free(lot, points)
            back += points
        if taking.debt > let_go:
            paid_off = taking.debt - let_go
            self.set_free(self.new_lot("given back", paid_off, expires_on), paid_off)
            back += paid_off
        award = self.lots[taking.lot_id]
        award.reversed -= taking.points
        if not sale_counts:
            back -= self.take_again(award, min(taking.points, back))
        self.earned += back
        return back

    def take_again(self, award: Lot, points: int) -> int:
        """Take points that were given back this moment: from the award's lot, from others, or as a debt (section 6)."""
        taken = min(points, award.pending)
        award.pending -= taken
        left = points - taken
        taken = min(left, award.free)
        award.free -= taken
        left = self.take_free(left - taken, date.min)
        if self.policy == NEGATIVE:
            self.debt += left
            left = 0
        return points - left

    def adjust(self, points: int, day: date, expires_on: date | None = None) -> int:
        """Correct by hand: a new lot, or points taken like a return (rules.md sections 6 and 8); gives the change."""
        if points == 0:
            raise RefusedError("an adjustment changes something")
        if points > 0:
            lot = self.new_lot("adjustment", points, expires_on)
            self.adjusted += points
            self.set_free(lot, points)
            return points
        left = self.take_free(-points, day)
        if self.policy == NEGATIVE:
            self.debt += left
            left = 0
            self.pay_debt()
        self.adjusted -= -points - left
        return points + left

    # Points go out

    def reserve(self, points: int, day: date, *, of_all: bool = True) -> int:
        """Hold points for an order: the lot that expires first, then the oldest (rules.md section 8).

        Some rewards cannot be bought with all points: then only lots are taken that may buy everything.
        """
        if points <= 0:
            raise RefusedError("an order costs more than zero")
        if any(lot.idle_months and lot.free and lot.is_due(day) for lot in self.lots.values()):
            raise RefusedError("what ended by idleness is expired first: spending would bring it to life again")
        lots = [lot for lot in self.lots_to_spend(day) if of_all or lot.buys_all]
        if self.debt > 0 or sum(lot.free for lot in lots) < points:
            raise RefusedError("the balance does not cover it, or the account owes")
        order = Order(len(self.orders) + 1)
        left = points
        for lot in lots:
            taken = min(left, lot.free)
            if taken == 0:
                break
            lot.free -= taken
            lot.reserved += taken
            order.parts.append((lot.id, taken))
            left -= taken
        self.orders[order.id] = order
        self.active(day)
        return order.id

    def settle(self, order_id: int) -> int:
        """Spend what an order holds (rules.md section 8)."""
        order = self.order(order_id, "reserved")
        for lot_id, points in order.parts:
            self.lots[lot_id].reserved -= points
        self.spent += order.points
        order.state = "settled"
        return order.points

    def spend(self, points: int, day: date) -> int:
        """Reserve and settle in one step (rules.md section 8)."""
        order_id = self.reserve(points, day)
        self.settle(order_id)
        return order_id

    def cancel(self, order_id: int, day: date) -> int:
        """Give the points of an open order back to the same lots (rules.md section 8).

        A lot that is over meanwhile first loses what it still had free, then takes the points back with the
        programme's grace: their last day is `grace_days` after the cancelling. Points that come back pay a debt first.
        """
        order = self.order(order_id, "reserved")
        order.state = "cancelled"
        for lot_id, points in order.parts:
            lot = self.lots[lot_id]
            lot.reserved -= points
            if self.grace_days is not None and lot.is_due(day):
                self.expire_lot(lot)
                lot.expires_on = day + timedelta(days=self.grace_days)
                lot.idle_months = None
            lot.free += points
        self.pay_debt()
        return order.points

    # Time passes

    def expire(self, day: date) -> int:
        """Expire what is free in lots whose last day is before this day (rules.md section 8)."""
        return sum(self.expire_lot(lot) for lot in self.lots.values() if lot.is_due(day))

    def reinstate(self, lot_id: int, points: int, expires_on: date | None) -> int:
        """Bring expired points of a lot back, with a new last day (rules.md section 8); gives the new lot.

        They come back as a lot of their own, so that nothing else in the old lot gets the new last day.
        """
        lot = self.lot(lot_id)
        if points <= 0 or points > lot.expired:
            raise RefusedError("no more can be reinstated than has expired")
        lot.expired -= points
        self.expired -= points
        back = self.new_lot("reinstated", points, expires_on)
        self.set_free(back, points)
        return back.id

    def reinstate_next(self, lot_id: int, expires_on: date | None) -> int:
        """Bring back what expired of a lot at one time, the earliest that was not brought back yet (section 8)."""
        lot = self.lot(lot_id)
        if not lot.expiries:
            raise RefusedError("nothing of the lot has expired that was not reinstated already")
        return self.reinstate(lot_id, lot.expiries.pop(0), expires_on)

    def extend(self, lot_id: int, expires_on: date | None) -> None:
        """Give a lot a later last day (rules.md section 8)."""
        lot = self.lot(lot_id)
        if lot.expires_on is None or (expires_on is not None and expires_on <= lot.expires_on):
            raise RefusedError("a last day is only moved to a later one")
        lot.expires_on = expires_on
        lot.idle_months = None

    # Small steps

    def new_lot(self, kind: str, points: int, expires_on: date | None) -> Lot:
        """Add an empty lot for points that come in (rules.md section 8)."""
        lot = Lot(len(self.lots) + 1, kind, points, expires_on)
        self.lots[lot.id] = lot
        return lot

    def lot(self, lot_id: int) -> Lot:
        """Find a lot (rules.md section 8)."""
        if lot_id not in self.lots:
            raise RefusedError("no such lot")
        return self.lots[lot_id]

    def pending_lot(self, lot_id: int) -> Lot:
        """Find a lot that has pending points (rules.md section 5)."""
        lot = self.lot(lot_id)
        if lot.pending == 0:
            raise RefusedError("nothing is pending")
        return lot

    def order(self, order_id: int, state: str) -> Order:
        """Find an order in a state (rules.md section 8)."""
        if order_id not in self.orders or self.orders[order_id].state != state:
            raise RefusedError(f"no order that is {state}")
        return self.orders[order_id]

    def set_free(self, lot: Lot, points: int) -> None:
        """Make points of a lot available; a debt is paid off first (rules.md section 6)."""
        lot.free += points
        self.pay_debt()

    def pay_debt(self) -> None:
        """Pay the debt from free points, in the order of spending but whatever their last day (rules.md section 6)."""
        self.debt = self.take_free(self.debt, date.min)

    def take_free(self, points: int, day: date, taking: Taking | None = None) -> int:
        """Take free points in the order of spending; gives what was not covered (rules.md sections 6 and 8)."""
        for lot in self.lots_to_spend(day):
            taken = min(points, lot.free)
            lot.free -= taken
            points -= taken
            if taken and taking is not None:
                taking.parts.append((lot.id, False, taken))
        return points

    def expire_lot(self, lot: Lot) -> int:
        """Expire what is free in a lot (rules.md section 8)."""
        points = lot.free
        lot.free = 0
        lot.expired += points
        self.expired += points
        if points:
            lot.expiries.append(points)
        return points

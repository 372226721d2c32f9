"""What was delivered comes back: its points are spent no longer, its pieces can be given out again.

A faulty tent is sent back to the supplier, a wrong size to the warehouse, a shop refuses the code of a voucher; whoever
ordered has its points again. They go back to the lots that they came from, wherever those moved since, as if the piece
had been called off.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.points.lots import Leg
from app.domain.rewards.reward_orders import COME_BACK, SENT
from app.domain.states import Bucket, OrderState, OrderWord, TransactionKind
from app.models.orders import OrderLine, RewardOrder
from app.models.prepaid import Redemption
from app.models.programs import Program
from app.services import audit
from app.services.ledger.accounts import program_accounts
from app.services.ledger.grace import Grace
from app.services.ledger.posting import Posting, post, program_bucket, transaction_ids
from app.services.ledger.reservations import held as reserved_by
from app.services.ledger.wallets import OpenWallets, lock_accounts
from app.services.orders import gifts
from app.services.orders.cancelling import restock
from app.services.orders.holding import Held, NotNow, OrderError, hold
from app.services.owners.following import Following, traced
from app.services.owners.moves import carry_back
from app.services.telling import notices

_AS_RUNS = OrderLine.delivered_on, OrderLine.id
"""The order in which a run that reckons tax locks lines as well (`prepaid.taxing.owed`)."""

Pieces = Sequence[tuple[OrderLine, int]]
"""Lines, and how many of each."""


class NotToComeBack(NotNow):
    """A line was not delivered, or is nothing that anybody sends back, or fewer pieces of it are left."""

    def __init__(self, line: str | None = None) -> None:
        """Name the line; without one, nothing of the order can come back."""
        super().__init__(line)
        what = "nothing of the order" if line is None else f"not so much of {line}"
        self.args = (f"{what} can come back: only goods and vouchers can that were delivered and are still out",)


class TaxReckoned(OrderError):
    """The tax on something was reckoned by a run: what came back would stay in its books."""

    def __init__(self, line: str, run_id: int) -> None:
        """Name the line and the run."""
        super().__init__(f"the tax on {line} was reckoned by run {run_id}")
        self.line, self.run_id = line, run_id


def can_come_back(line: OrderLine) -> bool:
    """Tell whether pieces of a line may come back: delivered goods, and vouchers.

    A discount is refused by nobody else, a ticket takes part in its draw, and a donation was given.
    """
    return line.state is OrderState.DELIVERED and line.kind in COME_BACK


def pieces_that_may(session: Session, program_id: int, order_id: int, chosen: Sequence[int] = ()) -> dict[int, int]:
    """Give what is left of lines of an order, which are counted from 1: of those chosen, or of all that may come back.

    Raises:
        LookupError: The programme has no such order, or the order no such line.
    """
    lines = session.scalars(
        select(OrderLine)
        .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
        .where(OrderLine.order_id == order_id, RewardOrder.program_id == program_id)
        .order_by(OrderLine.position)
    ).all()
    if not lines or any(not 0 < number <= len(lines) for number in chosen):
        raise LookupError(order_id)
    named = [lines[number - 1] for number in chosen] or [line for line in lines if can_come_back(line)]
    return {line.id: line.quantity - line.cancelled for line in named}


def take_back(
    session: Session,
    program: Program,
    order_id: int,
    pieces: Mapping[int, int],
    *,
    into_stock: bool,
    reason: str,
    actor: str,
    now: dt.datetime,
) -> int:
    """Note that so many pieces of lines came back. Returns the points that are available again.

    One action: the points, the stock, the states and the notice go together. Of what a sale brought the points go back
    to the sponsor, and nobody is told that they came. ``into_stock``: goods can be given out again; no code ever
    is. The caller commits.

    Raises:
        NotToComeBack: Nothing came back, more than there is of a line, or of a line that was not delivered or that
            nobody can send back.
        TaxReckoned: The tax on a line was reckoned by a run that counts.
        LookupError: The programme has no such order, or the order no such line.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    chosen = [(line, pieces[line.id]) for line in held.chosen(list(pieces)) if pieces[line.id]]
    if not chosen:
        raise NotToComeBack
    for line, count in chosen:
        if not can_come_back(line) or not 0 < count <= line.quantity - line.cancelled:
            raise NotToComeBack(line.name)
    _refuse_taxed(session, [line for line, _ in chosen])
    _refund(program, held, chosen, reason)
    for line, count in chosen:
        line.cancelled += count
        line.returned += count
        if line.cancelled == line.quantity:
            held.move(line, OrderState.CANCELLED)
        held.note(OrderWord.RETURNED, line, quantity=count, words=reason)
    sent = [(line, count) for line, count in chosen if line.kind in SENT]
    if into_stock:
        restock(session, sent)
    points = sum(count * line.unit_points for line, count in chosen)
    after = {"points": points, "pieces": sum(count for _, count in chosen), "into_stock": into_stock and bool(sent)}
    audit.note(
        session, actor, "order.take_back", str(order_id), now=now, program_id=program.id, after=after, reason=reason
    )
    parts = {"order": order_id, "points": points, "reason": reason}
    if not gifts.take_points(program, held, points, reason, actor=actor, now=now):
        notices.tell(session, program.id, "order_returned", parts, distributor_id=held.order.distributor_id, now=now)
    return points


def _refuse_taxed(session: Session, lines: Sequence[OrderLine]) -> None:
    """Refuse lines whose tax a run reckoned. The lines are locked: a run that reckons now waits, or is waited for."""
    ids = [line.id for line in lines]
    session.execute(select(OrderLine.id).where(OrderLine.id.in_(ids)).order_by(*_AS_RUNS).with_for_update()).all()
    judged = session.execute(
        select(OrderLine.name, Redemption.run_id)
        .join(Redemption, Redemption.order_line_id == OrderLine.id)
        .where(OrderLine.id.in_(ids), Redemption.ended_at.is_(None))
        .order_by(OrderLine.position)
        .limit(1)
    ).one_or_none()
    if judged is not None:
        assert judged.run_id is not None, "goods are judged by runs alone"
        raise TaxReckoned(judged.name, judged.run_id)


def _refund(program: Program, held: Held, chosen: Pieces, reason: str) -> None:
    """Post what is spent no longer, to the lots that it was spent of."""
    session, today = held.session, local_date(held.now, program.time_zone)
    of = reserved_by(session, [line.reservation_id for line, _ in chosen])
    spent = [_part([leg for _, leg in of[line.reservation_id][1]], line, count) for line, count in chosen]
    lots = {leg.lot_id for legs in spent for leg in legs if leg.lot_id is not None}
    owners = {account for _, legs in of.values() for account, _ in legs}
    lock_accounts(session, owners)
    trail = traced(session, taken=lots, given=(), locked=owners, today=today)
    grace = Grace(session, program.id, today, trail.accounts)
    opened = OpenWallets(session, owners | trail.accounts, with_lots=trail.lots | lots)
    posting = Posting(program.id, actor=held.actor, reason=f"#{held.order.id}: {reason}")
    following = Following(session, posting, opened, trail, today, into_moved=False)
    ids = transaction_ids(session, len(chosen))
    posting.add_transactions(
        ids,
        TransactionKind.REFUND,
        [f"refund:{line.reservation_id}:{line.returned}" for line, _ in chosen],
        np.full(len(ids), np.datetime64(today, "D")),
        reverses_ids=np.asarray([line.reservation_id for line, _ in chosen], dtype=np.int64),
    )
    accounts, redeemed = program_accounts(session, program.id), program_bucket(TransactionKind.REFUND)
    for number, (line, _), legs in zip(ids.tolist(), chosen, spent, strict=True):
        for taken in legs:
            for account, leg in following.give_back(Leg(Bucket.AVAILABLE, -taken.amount, taken.lot_id)):
                posting.add_legs(number, account, [leg])
        unit = of[line.reservation_id][0]
        posting.add_legs(number, accounts[unit], [Leg(redeemed, -sum(leg.amount for leg in legs), None)])
    following.add_lots()
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    following.note_whose()
    for spender, account, amount in following.followed:
        if account != spender:  # what was spent went along with the points, and is spent no longer
            carry_back(session, spender, account, amount)
    grace.give(lots.union(*(trail.ends(one) for one in lots)))


def _part(legs: Sequence[Leg], line: OrderLine, count: int) -> list[Leg]:
    """Give what so many pieces cost, of what a line spent: first what can be spent longest, after what came back."""
    before, left = line.returned * line.unit_points, count * line.unit_points
    found = []
    for leg in reversed(legs):
        skipped = min(before, leg.amount)
        taken = min(left, leg.amount - skipped)
        before, left = before - skipped, left - taken
        if taken:
            found.append(Leg(leg.bucket, taken, leg.lot_id))
    return found

"""Both sides of a reconciliation, by top-up: what our books have of each, and what its bookings come to."""

from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, Subquery, Text, and_, case, cast, func, select, true

from app.db.days import day_there
from app.domain.states import BookingKind
from app.models.prepaid import Card, LoadBatch, Redemption, TopUp
from app.models.programs import Program
from app.models.reconciling import StatementLine


def books(program: Program) -> Subquery:
    """Give the top-ups of a programme as they are held against statements."""
    zone = program.time_zone
    ordered, settled = day_there(LoadBatch.created_at, zone), day_there(TopUp.settled_at, zone)
    # what was handed in again, and not answered again, may be booked since
    sent, unknown = day_there(LoadBatch.sent_at, zone), day_there(TopUp.unknown_at, zone)
    return (
        select(
            TopUp.id,
            TopUp.status,
            TopUp.amount_minor,
            Redemption.currency,
            Card.token,
            Card.last4,
            LoadBatch.provider,
            ordered.label("ordered_on"),
            func.coalesce(settled, func.greatest(sent, unknown), ordered).label("answered_on"),
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .outerjoin(Card, Card.id == TopUp.card_id)
        .outerjoin(LoadBatch, LoadBatch.id == TopUp.load_batch_id)
        .where(Redemption.program_id == program.id)
        .subquery()
    )


def booked_of(top_ups: Select[Any]) -> Subquery:
    """Add up the bookings of top-ups: those in their own currency, or in none, and those in another.

    ``loads``, ``theirs_minor`` and ``reversed_minor`` are of the own one, and ``whole`` counts its loads of the amount
    that was ordered; ``elsewhere`` is how many loads of another one were not taken back, and ``elsewhere_minor`` what
    they come to there. ``net``, ``all_loads`` and ``reversals`` count both.
    """
    line = StatementLine
    own = func.coalesce(line.currency == Redemption.currency, true())
    load, back = line.kind == BookingKind.LOAD, line.kind == BookingKind.REVERSAL

    def count(*of: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(and_(*of))

    def sum_of(*of: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((and_(*of), line.amount_minor), else_=0))

    return (
        select(
            line.top_up_id,
            (count(load) - count(back)).label("net"),
            func.max(line.id).label("line_id"),
            count(load).label("all_loads"),
            count(back).label("reversals"),
            count(load, own).label("loads"),
            count(load, own, line.amount_minor == TopUp.amount_minor).label("whole"),
            sum_of(load, own).label("theirs_minor"),
            sum_of(back, own).label("reversed_minor"),
            (count(load, ~own) - count(back, ~own)).label("elsewhere"),
            (sum_of(load, ~own) - sum_of(back, ~own)).label("elsewhere_minor"),
            func.bool_or(~own).label("other_currency"),
        )
        .join(TopUp, TopUp.id == line.top_up_id)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .where(line.top_up_id.in_(top_ups))
        .group_by(line.top_up_id)
        .subquery()
    )


def with_currency(program: Program, amount_minor: ColumnElement[int]) -> ColumnElement[str]:
    """Write a booking's amount as its file did, with the currency that it names."""
    decimals = program.currency_decimals
    amount = func.round(cast(amount_minor, Numeric) / 10**decimals, decimals)
    return func.concat(cast(amount, Text), " ", StatementLine.currency)

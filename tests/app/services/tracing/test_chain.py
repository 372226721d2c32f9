"""From a balance down to lines, and from what was spent back to them: every step is there and adds up."""

import pytest
from sqlalchemy import update

from app.domain.points.chain import Cause, brought, took
from app.domain.states import LotState, TransactionKind, Unit
from app.models.distributors import Distributor
from app.services.tracing import chain
from app.services.tracing.chain import NotTheirs
from tests.support.desk import Desk


def test_a_balance_is_the_lots_that_are_left(desk: Desk) -> None:
    desk.sell(desk.line("1", 10, issued_on="2026-03-01"), desk.line("2", 5, issued_on="2026-03-02"))
    desk.adjust(7)
    desk.settle(desk.reserve(12))
    lots = chain.lots_left(desk.session, desk.people["D1"], Unit.POINTS)
    assert [(one.source.document_number, one.source.kind, one.remaining) for one in lots] == [
        ("2", TransactionKind.AWARD, 3),
        (None, TransactionKind.ADJUST, 7),
    ]
    assert sum(one.remaining for one in lots) == desk.points().available
    assert chain.lots_left(desk.session, desk.people["D1"], Unit.POINTS, after=lots[0].id) == lots[1:]


def test_a_lot_tells_what_became_of_it_and_belongs_to_somebody(desk: Desk) -> None:
    desk.invoice("1", 10)
    reservation = desk.reserve(4)
    desk.settle(reservation)
    desk.credit("K", 3)
    (lot,) = desk.lots()
    seen, uses = chain.lot(desk.session, desk.people["D1"], lot)
    assert (seen.amount, seen.remaining, seen.state) == (10, 3, LotState.OPEN)
    assert (uses[0].movement.kind, uses[0].amount) == (TransactionKind.AWARD, 10)
    assert {use.movement.kind for use in uses} >= {TransactionKind.RESERVE, TransactionKind.REVERSAL}
    assert chain.paid_by(desk.session, [reservation]) == [(seen, 4)]
    with pytest.raises(NotTheirs):
        chain.lot(desk.session, desk.people["D2"], lot)


def test_a_movement_tells_which_points_moved(desk: Desk) -> None:
    desk.sell(desk.line("1", 10, issued_on="2026-03-01"), desk.line("2", 5, issued_on="2026-03-02"))
    reservation = desk.reserve(12)
    found, unit, parts = chain.movement(desk.session, desk.people["D1"], reservation)
    assert (found.kind, unit) == (TransactionKind.RESERVE, Unit.POINTS)
    moved = [(part.lot.source.document_number if part.lot else None, part.available) for part in parts]
    assert [one for one in moved if one[1]] == [("1", -10), ("2", -2)]
    assert sum(part.changed for part in parts) == 0
    with pytest.raises(NotTheirs):
        chain.movement(desk.session, desk.people["D2"], reservation)


def test_what_many_lots_paid_is_told_whole(desk: Desk) -> None:
    """A year's points are spent at once, and each document brought a lot of its own."""
    desk.sell(*(desk.line(f"N{number}", 2) for number in range(510)))
    reservation = desk.reserve(1_020)
    _found, _unit, parts = chain.movement(desk.session, desk.people["D1"], reservation)
    assert (len(parts), sum(part.available for part in parts)) == (510, -1_020)
    paid = chain.paid_by(desk.session, [reservation])
    assert (len(paid), sum(amount for _lot, amount in paid)) == (510, 1_020)


def test_a_survivor_has_the_lots_and_movements_of_whom_it_survived(desk: Desk) -> None:
    desk.invoice("1", 10)
    reservation = desk.reserve(4)
    desk.settle(reservation)
    (lot,) = desk.lots()
    merged, survivor = desk.people["D1"], desk.people["D2"]
    desk.session.execute(update(Distributor).values(merged_into_id=survivor).where(Distributor.id == merged))
    seen, _uses = chain.lot(desk.session, survivor, lot)
    found, _unit, parts = chain.movement(desk.session, survivor, reservation)
    assert (seen.id, found.kind, [part.available for part in parts]) == (lot, TransactionKind.RESERVE, [-4])


@pytest.mark.parametrize("kind", TransactionKind)
def test_every_kind_of_movement_has_its_words(kind: TransactionKind) -> None:
    cause = Cause(kind, "12 points", "1 March", number="FV/1", name="card", why="a fair")
    for sentence in (brought(cause), took(cause)):
        assert "12 points" in sentence
        assert "1 March" in sentence
        assert "%(" not in sentence

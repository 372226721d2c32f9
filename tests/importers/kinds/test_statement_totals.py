"""What a provider's statement says of the sum of its lines is held against them; its bookings are taken in anyway."""

from typing import Any

import pytest
from sqlalchemy import func, select

from app.db.transaction import transaction
from app.models.reconciling import ProviderStatement, StatementLine
from tests.importers.driver import Desk

HEADER = ("reference", "day", "amount", "currency", "what")
STATEMENTS = {
    "columns": {"reference": HEADER[0], "booked_on": HEADER[1], "amount": HEADER[2], "currency": HEADER[3]}
    | {"kind": HEADER[4]}
}


def brought(desk: Desk, *rows: tuple[str | None, ...], lines: int | None = None) -> list[dict[str, Any]]:
    """Take a statement in; give what was noticed of it."""
    found = desk.run(desk.csv(*rows, header=HEADER), "statements")
    with transaction(desk.registry) as session:
        kept = (
            select(func.count())
            .select_from(StatementLine)
            .join(ProviderStatement, ProviderStatement.id == StatementLine.statement_id)
            .where(ProviderStatement.program_id == desk.program_id)
        )
        assert session.scalar(kept) == (len(rows) - 1 if lines is None else lines)
    return [dict(one) for one in found.warnings]


def booked(reference: str, amount: str, what: str | None = None, currency: str = "PLN") -> tuple[str | None, ...]:
    return (reference, "2026-11-03", amount, currency, what)


def total(amount: str) -> tuple[str | None, ...]:
    return ("Total", None, amount, None, None)


@pytest.fixture
def statements(desk: Desk) -> Desk:
    desk.load(import_profiles={"statements": STATEMENTS})
    return desk


def test_a_total_that_differs_from_the_lines_is_told_and_the_lines_are_taken_in(statements: Desk) -> None:
    rows = (booked("K-1", "100.00"), booked("K-2", "50.00"), total("160.00"))
    (told,) = brought(statements, *rows)
    assert told == {
        "code": "total_differs_from_lines",
        "row": 4,
        "field": "amount",
        "found": "160.00",
        "expected": "150",
    }
    assert brought(statements, *rows) == [told], "also where all is here already"


@pytest.mark.parametrize(("said", "differs"), [("70.00", 0), ("73.00", 0), ("103.00", 0), ("130.00", 1)])
def test_a_total_may_count_what_was_taken_back_and_what_failed_or_not(
    statements: Desk, said: str, differs: int
) -> None:
    rows = (
        booked("K-1", "100.00"),
        booked("K-1", "-30.00", "reversal"),
        booked("K-2", "30.00", "failed"),
        booked("F-1", "3.00", "fee"),
    )
    assert len(brought(statements, *rows, total(said))) == differs


def test_of_several_currencies_and_of_lines_that_were_not_read_no_total_is_judged(statements: Desk) -> None:
    of_two = (booked("K-1", "100.00"), booked("K-2", "50.00", currency="EUR"), total("1.00"))
    assert brought(statements, *of_two) == []
    assert brought(statements, booked("K-3", "100.00"), booked("K-4", "much"), total("1.00"), lines=3) == []

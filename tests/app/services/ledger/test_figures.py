"""Sums by month are what documents and entries say, whatever happened in between."""

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.states import BatchStatus, DocumentKind, DocumentStatus, TransactionKind, Unit
from app.models.figures import PointsMonth, ProductMonth, SalesMonth, TouchedMonth
from app.models.imports import ImportBatch
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger import figures
from tests.support.programs import NOW, document, goods, load, people
from tests.support.sales import Sold, sell
from verification.deciding import decisions

LATER = NOW + dt.timedelta(hours=1)


class Shop:
    """A programme with two distributors and two products."""

    def __init__(self, session: Session, code: str) -> None:
        self.session = session
        self.program: Program = load(session, document(code))
        self.d = people(session, self.program, ("D1", "D2"))
        self.p = goods(session, self.program, {"P1": "tools", "P2": "drills"})

    def sales(self) -> dict[tuple[str, int], tuple[int, int]]:
        """Give month, distributor -> documents, net."""
        rows = self.session.execute(
            select(SalesMonth.month_on, SalesMonth.distributor_id, SalesMonth.documents, SalesMonth.net_minor).where(
                SalesMonth.program_id == self.program.id
            )
        )
        return {(str(month), distributor): (documents, net) for month, distributor, documents, net in rows}

    def products(self) -> dict[tuple[str, int], tuple[int, int]]:
        """Give month, product -> thousandths, net."""
        rows = self.session.execute(
            select(
                ProductMonth.month_on, ProductMonth.product_id, ProductMonth.quantity_milli, ProductMonth.net_minor
            ).where(ProductMonth.program_id == self.program.id)
        )
        return {(str(month), product): (quantity, net) for month, product, quantity, net in rows}

    def points(self) -> dict[tuple[str, TransactionKind], int]:
        """Give month, kind -> points."""
        rows = self.session.execute(
            select(PointsMonth.month_on, PointsMonth.kind, PointsMonth.amount).where(
                PointsMonth.program_id == self.program.id, PointsMonth.unit == Unit.POINTS
            )
        )
        return {(str(month), kind): amount for month, kind, amount in rows}


@pytest.fixture
def shop(session: Session, code: str) -> Shop:
    return Shop(session, code)


def test_months_are_made_from_accepted_documents_and_from_entries(shop: Shop) -> None:
    d1, d2, p1, p2 = shop.d["D1"], shop.d["D2"], shop.p["P1"], shop.p["P2"]
    sell(
        shop.session,
        shop.program,
        [
            Sold("A", d1, p1, 2, 10_000, "2026-03-31"),
            Sold("A", d1, p2, 0.5, 5_000, "2026-03-31"),
            Sold("B", d1, p1, 1, 3_000, "2026-04-01"),
            Sold("C", d2, p1, 1, 2_000, "2026-04-30"),
        ],
    )
    assert shop.sales() == {}
    assert shop.program.id in figures.waiting(shop.session, LATER)
    assert [str(one) for one in figures.refresh(shop.session, shop.program.id, LATER)] == ["2026-03-01", "2026-04-01"]
    assert shop.sales() == {
        ("2026-03-01", d1): (1, 15_000),
        ("2026-04-01", d1): (1, 3_000),
        ("2026-04-01", d2): (1, 2_000),
    }
    assert shop.products() == {
        ("2026-03-01", p1): (2_000, 10_000),
        ("2026-03-01", p2): (500, 5_000),
        ("2026-04-01", p1): (2_000, 5_000),
    }
    assert shop.points() == {("2026-03-01", TransactionKind.AWARD): 15, ("2026-04-01", TransactionKind.AWARD): 5}


def test_returns_and_refusals_change_their_months_and_no_others(shop: Shop) -> None:
    d1, p1 = shop.d["D1"], shop.p["P1"]
    sell(shop.session, shop.program, [Sold("A", d1, p1, 2, 10_000, "2026-03-31"), Sold("B", d1, p1, 1, 3_000)])
    sell(shop.session, shop.program, [Sold("X", d1, p1, 1, 9_000, "2026-01-05")])
    figures.refresh(shop.session, shop.program.id, LATER)
    back = DocumentKind.CREDIT_NOTE
    sell(shop.session, shop.program, [Sold("K", d1, p1, -1, -5_000, "2026-05-02", back, corrects="A")])
    assert [str(one) for one in figures.refresh(shop.session, shop.program.id, LATER)] == ["2026-05-01"]
    assert shop.sales()[("2026-05-01", d1)] == (1, -5_000)
    assert shop.points()[("2026-05-01", TransactionKind.REVERSAL)] == -5
    refused = shop.session.scalars(
        select(SalesDocument.id).where(SalesDocument.program_id == shop.program.id, SalesDocument.number == "X")
    ).one()
    decisions.decide(shop.session, shop.program, refused, DocumentStatus.REFUSED, reason="twice", actor="v", now=LATER)
    assert "2026-01-01" in [str(one) for one in figures.refresh(shop.session, shop.program.id, LATER)]
    assert ("2026-01-01", d1) not in shop.sales()
    assert figures.refresh(shop.session, shop.program.id, LATER) == []


def test_programmes_wait_until_their_sums_are_old_enough(shop: Shop) -> None:
    sell(shop.session, shop.program, [Sold("A", shop.d["D1"], shop.p["P1"], 1, 10_000)])
    figures.refresh(shop.session, shop.program.id, NOW)
    assert figures.refreshed_at(shop.session, shop.program.id) == NOW
    sell(shop.session, shop.program, [Sold("B", shop.d["D1"], shop.p["P1"], 1, 10_000)])
    assert shop.program.id not in figures.waiting(shop.session, NOW + dt.timedelta(seconds=5))
    assert shop.program.id in figures.waiting(shop.session, NOW + figures.AT_MOST_EVERY)
    assert shop.program.id in figures.waiting(shop.session, NOW - dt.timedelta(hours=1)), "the clock was set right"


def test_while_a_file_is_counted_its_programmes_sums_are_made_seldom(shop: Shop) -> None:
    batch = ImportBatch(
        program_id=shop.program.id,
        kind="sales",
        profile_name="sales",
        profile={},
        file_name="sales.csv",
        file_sha256=b"",
        file_bytes=1,
        status=BatchStatus.LOADING,
        created_by="ann",
        created_at=NOW,
    )
    shop.session.add(batch)
    figures.refresh(shop.session, shop.program.id, NOW)
    sell(shop.session, shop.program, [Sold("A", shop.d["D1"], shop.p["P1"], 1, 1_000)])
    soon, late = NOW + dt.timedelta(minutes=1), NOW + figures.AT_MOST_EVERY_WHILE_COUNTING
    assert shop.program.id not in figures.waiting(shop.session, soon)
    assert shop.program.id in figures.waiting(shop.session, late)
    batch.status = BatchStatus.DONE
    shop.session.flush()
    assert shop.program.id in figures.waiting(shop.session, soon)


def test_what_is_not_committed_when_a_refresh_runs_is_found_by_the_next(registry: Sessions, code: str) -> None:
    with transaction(registry) as session:
        shop = Shop(session, code)
        program, d1, p1 = shop.program.id, shop.d["D1"], shop.p["P1"]
        sell(session, shop.program, [Sold("A", d1, p1, 1, 10_000)])
    factory = registry.session_factory
    slow, quick = factory(), factory()
    try:
        sell(slow, slow.get_one(Program, program), [Sold("B", d1, p1, 1, 7_000)])
        figures.refresh(quick, program, LATER)
        quick.commit()
        slow.commit()
        assert quick.scalars(select(TouchedMonth.month_on).where(TouchedMonth.program_id == program)).all()
        figures.refresh(quick, program, LATER)
        quick.commit()
        assert quick.scalars(select(SalesMonth.net_minor).where(SalesMonth.program_id == program)).all() == [17_000]
    finally:
        slow.close()
        quick.close()

"""A wheel club's year, month by month: rules change, goods come back, promotions pay, tiers rise, points end.

What it comes to is added up once more by hand, from the sales alone.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select

from app.domain.states import DocumentStatus, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerTransaction, Lot
from app.models.sales import SalesDocument
from app.services.books import periods
from app.services.ledger import ledger_check
from app.services.persons import opening
from app.services.tiering import tier_judging
from app.services.tracing import chain, explanations
from tests.app.services.promotions.running import Running
from tests.support import programs
from tests.support.desk import Desk, Opening

BASE = {"code": "base", "name": "1 point for each full 10", "kind": "per_amount", "points": 1, "step": "10.00"}
TWICE = {**BASE, "name": "2 points for each full 10", "points": 2, "valid_from": "2026-07-01"}
SETTINGS = {
    "name": "Wheel club",
    "expiry": {"months_after_award": 6},
    "tiers": {
        "levels": [{"code": "silver", "name": "Silver", "from": 300}, {"code": "gold", "name": "Gold", "from": 900}]
    },
    "accounts": {"shares": {"to": "shares", "person_bp": 5_000}},
    "ends_on": None,
}
SPRING = {"code": "spring", "name": "Spring", "until": "2026-05-31", "target": {"default": 2_000}}
REPS = {"code": "reps", "name": "Reps", "participants": "persons", "until": "2026-12-31", "target": {"default": 3_000}}
SOLD = {"D1": 40, "D2": 60, "D3": 10}
"""Points' worth of wheels that each sells in each month, at 10.00 a piece; Ewa sells for D1."""


@dataclass
class Year:
    """The club in one of its months."""

    desk: Desk
    given: Counter[str] = field(default_factory=Counter)

    def month(self, month: int) -> dt.datetime:
        """Sell on the 10th, and return some of it on the 20th of every third month."""
        at = dt.datetime(2026, month, 21, 12, tzinfo=dt.UTC)
        rate = 2 if month >= 7 else 1
        for who, points in SOLD.items():
            person = "Ewa Kos" if who == "D1" else None
            day = f"2026-{month:02}-10"
            self.desk.invoice(f"{who}/{month}", points, who=who, issued_on=day, now=at, person=person)
            back = points // 4 if month % 3 == 0 else 0
            if back:
                self.desk.credit(
                    f"R{who}/{month}", back, who=who, corrects=f"{who}/{month}", issued_on=f"2026-{month:02}-20", now=at
                )
            self.given[who] += rate * (points - back)
        self.desk.expire(at)
        tier_judging.judge(self.desk.session, self.desk.program, now=at)
        return at


def test_a_year_is_played_through(open_desk: Opening) -> None:
    desk = open_desk(program=SETTINGS, earning_rules=[BASE])
    year = Year(desk)
    ewa = opening.open_account(
        desk.session,
        desk.program,
        desk.people["D1"],
        "Ewa Kos",
        actor="ann",
        now=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    )
    desk.people["D1:P1"] = ewa
    spring, reps = Running(desk, **SPRING), Running(desk, **REPS)
    for month in range(1, 13):
        if month == 7:
            programs.load(desk.session, programs.document(desk.program.code, program=SETTINGS, earning_rules=[TWICE]))
        at = year.month(month)
        for running in (spring, reps):
            running.bring_up(at)
        if month == 6:
            spring.close(at)
    first = periods.close(
        desk.session, desk.program, dt.date(2026, 6, 1), actor="fin", now=dt.datetime(2026, 12, 22, tzinfo=dt.UTC)
    )
    assert first[-1] == dt.date(2026, 6, 1)
    _late(desk)

    # by hand, from the sales alone: half of D1's is Ewa's
    assert year.given == {"D1": 220 + 2 * 220, "D2": 330 + 2 * 330, "D3": 56 + 2 * 56}
    earned = {who: desk.balance(who).earned for who in ("D1", "D2", "D3", "D1:P1")}
    assert (spring.was_paid("D2"), spring.was_paid("D1"), reps.was_paid("D1", "ewa kos")) == (400, 0, 1_500)
    assert earned["D1"] + earned["D1:P1"] == year.given["D1"] - 5 + 1_500
    assert abs(earned["D1"] - (earned["D1:P1"] - 1_500)) <= 1
    assert (earned["D2"], earned["D3"]) == (year.given["D2"] + 400, year.given["D3"])
    tiers = select(Distributor.code, Distributor.tier).where(Distributor.program_id == desk.program.id)
    assert dict(desk.session.execute(tiers.where(Distributor.code.in_(SOLD))).all()) == {
        "D1": "gold",
        "D2": "gold",
        "D3": None,
    }
    assert desk.balance("D3").expired > 0
    assert ledger_check.proved(desk.session) == []
    _explained(desk)


def _late(desk: Desk) -> None:
    """A closed month takes nothing more until it is opened again, and is closed anew as it was."""
    now = dt.datetime(2026, 12, 23, tzinfo=dt.UTC)
    desk.credit("LATE", 5, corrects="D1/6", issued_on="2026-06-25", now=now)
    booked = select(LedgerTransaction.booked_on).join(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
    late = booked.where(SalesDocument.number == "LATE", SalesDocument.program_id == desk.program.id)
    assert set(desk.session.scalars(late)) == {dt.date(2026, 7, 1)}
    june = periods.newest_closing(desk.session, desk.program)
    assert june is not None
    periods.ask_to_reopen(desk.session, desk.program, june.id, why="A late return", actor="fin", now=now)
    periods.reopen(desk.session, desk.program, june.id, actor="boss", now=now)
    assert periods.closed_through(desk.session, desk.program) == dt.date(2026, 5, 1)
    assert periods.close(desk.session, desk.program, dt.date(2026, 6, 1), actor="fin", now=now) == [dt.date(2026, 6, 1)]


def _explained(desk: Desk) -> None:
    """Every lot says what brought it, and every document's lines add up to what the ledger has of it."""
    lots = desk.session.scalars(
        select(Lot.id).join(Account, Account.id == Lot.account_id).where(Account.program_id == desk.program.id)
    ).all()
    brought = chain.movements(desk.session, lots)
    assert {one.kind for one in brought.values()} == {TransactionKind.AWARD, TransactionKind.PROMOTION}
    assert all(one.document_number or one.name for one in brought.values())
    documents = desk.session.scalars(
        select(SalesDocument.id).where(
            SalesDocument.program_id == desk.program.id, SalesDocument.status == DocumentStatus.ACCEPTED
        )
    ).all()
    posted: Counter[int] = Counter()
    for kind in (TransactionKind.AWARD, TransactionKind.REVERSAL):
        for one in desk.transactions(kind):
            posted[one.document_id or 0] += sum(
                amount for owner, _, amount in desk.entries(one.id) if owner != "programme"
            )
    for document in documents:
        explained = explanations.explain_document(desk.session, desk.program, document)
        assert explained.total(Unit.POINTS) == posted[document]
        assert all(award.formula for line in explained.lines for award in line.awards)

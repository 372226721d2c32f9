"""A desk: one programme on a ledger of the tests' own, what happens at it, and what stands on its accounts then."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions
from app.domain.points.expiry import last_day_of
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import Bucket, DocumentKind, DocumentStatus, LotState, TransactionKind, Unit
from app.local.servers import Addresses
from app.models.base import Base
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.by_hand import reinstating
from app.services.ledger import expiring, ledger, ledger_check
from app.services.rulebooks import rules_of
from app.services.tracing import balances
from app.services.tracing.balances import Balance
from tests.support import programs
from tests.support.databases import Database, empty_database, sessions_of
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide
from verification.gate import Admission
from verification.incoming import Source

TODAY = NOW.date()
CORRECTING = Source(name="import", policy="accept", may_correct=True)
IN_REVIEW = Source(name="import", policy="review", may_correct=False, actor="ann")

Row = TypeVar("Row", bound=Base)

INVOICE, CREDIT = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE


class Standing(NamedTuple):
    """What an account has."""

    pending: int
    available: int
    reserved: int = 0


@dataclass(frozen=True)
class LotSeen:
    """What is left of a lot, and where it stands."""

    state: LotState
    remaining: int
    expires_on: dt.date | None = None


class Desk:
    """One programme. Its rule gives a point for each full 10.00, so goods are sold here by the points they earn."""

    def __init__(self, session: Session, code: str, **changes: Any) -> None:
        self.session = session
        self.program: Program = programs.load(session, programs.document(code, **changes))
        self.people = programs.people(session, self.program)
        self.goods = programs.goods(session, self.program, {"P": None, "Q": None})
        self._keys = (f"{code}:{number}" for number in itertools.count())

    @property
    def rules(self) -> ProgramRules:
        return rules_of(self.session, self.program.id)

    # documents come in

    def line(self, number: str, points: int = 10, *, who: str = "D1", what: str = "P", **more: Any) -> Sold:
        """Write a line that earns so many points, by as many pieces; below zero it gives them back."""
        quantity = more.pop("quantity", points)
        net = more.pop("net_minor", points * 10_00)
        return Sold(number, self.people[who], self.goods[what], quantity, net, **more)

    def sell(
        self, *lines: Sold, now: dt.datetime = NOW, source: Source | None = None, totals: dict[str, int] | None = None
    ) -> Admission:
        return sell(self.session, self.program, lines, now=now, source=source, totals=totals)

    def invoice(self, number: str, points: int = 10, *, now: dt.datetime = NOW, **more: Any) -> Admission:
        source = more.pop("source", None)
        return self.sell(self.line(number, points, **more), now=now, source=source)

    def credit(self, number: str, points: int, *, now: dt.datetime = NOW, **more: Any) -> Admission:
        source = more.pop("source", None)
        more.setdefault("issued_on", "2026-03-02")
        return self.sell(self.line(number, -points, kind=CREDIT, **more), now=now, source=source)

    def document(self, number: str, kind: DocumentKind = INVOICE) -> SalesDocument:
        """Give the newest document of a number."""
        return self.session.scalars(
            select(SalesDocument)
            .where(
                SalesDocument.program_id == self.program.id, SalesDocument.number == number, SalesDocument.kind == kind
            )
            .order_by(SalesDocument.id.desc())
            .limit(1)
            .execution_options(populate_existing=True)
        ).one()

    def accept(self, number: str, kind: DocumentKind = INVOICE, *, now: dt.datetime = NOW) -> None:
        self._decide(number, kind, DocumentStatus.ACCEPTED, now)

    def refuse(self, number: str, kind: DocumentKind = INVOICE, *, now: dt.datetime = NOW) -> None:
        self._decide(number, kind, DocumentStatus.REFUSED, now)

    def _decide(self, number: str, kind: DocumentKind, becomes: DocumentStatus, now: dt.datetime) -> None:
        found = self.document(number, kind).id
        decide(self.session, self.program, found, becomes, reason="looked at it", actor="ann", now=now)

    # points move

    def account(self, who: str = "D1", unit: Unit = Unit.POINTS) -> int:
        return ledger.wallet_of(self.session, self.people[who], unit)

    def reserve(self, amount: int, *, who: str = "D1", on: dt.date = TODAY, key: str = "", **more: Any) -> int:
        return ledger.reserve(self.session, self.account(who), amount, key=key or next(self._keys), on=on, **more)

    def settle(self, *reservations: int, on: dt.date = TODAY) -> None:
        ledger.settle(self.session, self.program.id, reservations, on=on)

    def cancel(self, *reservations: int, on: dt.date = TODAY) -> None:
        ledger.cancel(self.session, self.program.id, reservations, on=on)

    def adjust(self, amount: int, *, who: str = "D1", now: dt.datetime = NOW, **more: Any) -> int:
        given = {"key": next(self._keys), "actor": "ann", "reason": "by hand"} | more
        return ledger.adjust(self.session, self.rules, self.account(who), amount, now=now, **given)

    def expire(self, now: dt.datetime) -> int:
        return expiring.expire_due(self.session, self.program, now=now)

    def reinstate(self, lot_id: int, expires_on: dt.date | None = None, *, now: dt.datetime = NOW) -> int:
        given: dict[str, Any] = {"expires_on": expires_on, "actor": "ann", "reason": "asked for it"}
        return reinstating.reinstate(self.session, self.rules, lot_id, now=now, **given)

    def extend(self, lot_id: int, until: dt.date | None, *, now: dt.datetime = NOW) -> None:
        given: dict[str, Any] = {"until": until, "actor": "ann", "reason": "asked for it"}
        reinstating.extend(self.session, self.rules, lot_id, now=now, **given)

    # what stands there then

    def balance(self, who: str = "D1", unit: Unit = Unit.POINTS) -> Balance:
        return balances.balance_of(self.session, self.program.id, who, unit)

    def points(self, who: str = "D1", unit: Unit = Unit.POINTS) -> Standing:
        found = self.balance(who, unit)
        return Standing(found.pending, found.available, found.reserved)

    def lots(self, who: str = "D1", unit: Unit = Unit.POINTS) -> dict[int, LotSeen]:
        """Give the lots of an account, the oldest first."""
        rows = self.session.execute(
            select(Lot.id, Lot.state, Lot.remaining, Lot.expires_on, Lot.idle_months, Account.active_on, Lot.earned_on)
            .join(Account, Account.id == Lot.account_id)
            .where(Lot.account_id == self.account(who, unit))
            .order_by(Lot.id)
        )
        return {id_: LotSeen(state, remaining, last_day_of(*ends)) for id_, state, remaining, *ends in rows}

    def left(self, who: str = "D1") -> list[int]:
        """Give what is left of each lot, the oldest first."""
        return [lot.remaining for lot in self.lots(who).values()]

    def rows(self, model: type[Row], **where: Any) -> list[Row]:
        """Give the rows of a table that have these values, in the order of their keys."""
        return list(self.session.scalars(select(model).filter_by(**where).order_by(*model.__table__.primary_key)))

    def newest(self) -> LedgerTransaction:
        return self.session.scalars(
            select(LedgerTransaction)
            .where(LedgerTransaction.program_id == self.program.id)
            .order_by(LedgerTransaction.id.desc())
            .limit(1)
        ).one()

    def transactions(self, kind: TransactionKind) -> list[LedgerTransaction]:
        query = select(LedgerTransaction).where(
            LedgerTransaction.program_id == self.program.id, LedgerTransaction.kind == kind
        )
        return list(self.session.scalars(query.order_by(LedgerTransaction.id)))

    def entries(self, transaction_id: int) -> list[tuple[str, Bucket, int]]:
        """Give what a transaction moved: whose, where, how much."""
        rows = self.session.execute(
            select(Account.distributor_id, LedgerEntry.bucket, LedgerEntry.amount)
            .join(Account, Account.id == LedgerEntry.account_id)
            .where(LedgerEntry.transaction_id == transaction_id)
            .order_by(LedgerEntry.position)
        )
        names = {id_: code for code, id_ in self.people.items()}
        return [(names.get(owner, "programme"), bucket, amount) for owner, bucket, amount in rows]


@pytest.fixture(scope="session")
def ledger_database(addresses: Addresses) -> Iterator[Database]:
    """A database in which nothing stays: the whole ledger can be proved after every test."""
    with empty_database(addresses) as made:
        made.migrate()
        yield made


@pytest.fixture(scope="session")
def ledger_sessions(ledger_database: Database) -> Iterator[Sessions]:
    with sessions_of(ledger_database.app_url) as (_, registry):
        yield registry


Opening: TypeAlias = Callable[..., Desk]


@pytest.fixture
def open_desk(ledger_sessions: Sessions, code: str) -> Iterator[Opening]:
    """Opens desks. What happened at them is in order when the test is over, and is undone."""
    session: Session = ledger_sessions()
    numbers = itertools.count()
    yield lambda **changes: Desk(session, f"{code}-{next(numbers)}", **changes)
    try:
        assert ledger_check.proved(session) == []
    finally:
        session.rollback()


@pytest.fixture
def desk(open_desk: Opening) -> Desk:
    """A desk whose accounts may owe, whose points never expire and do not cool off."""
    return open_desk()

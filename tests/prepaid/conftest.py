"""Programmes of their own with points on real accounts, and a card provider that refuses what a test says."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import RunStatus, TaxStatus, TopUpKind, TopUpStatus, Unit
from app.local.servers import Addresses
from app.models.ledger import Account, Lot
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.services.ledger import ledger, ledger_check
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.rulebooks import rules_of
from app.services.setup import program_files, programs
from prepaid.conversions import compensating, ordering, preparing, runs
from prepaid.issuers.sandbox import SandboxProvider

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
FROM, TO = dt.date(2026, 11, 1), dt.date(2026, 11, 30)

FILE = """
schema: kontor/1
program:
  code: {code}
  name: Programme {code}
  sponsor: Sponsor
  currency: PLN
  country: PL
  time_zone: Europe/Warsaw
  locale: pl
  starts_on: 2020-01-01
  point: {{value: "{value}"}}
  expiry: {{months_after_award: 24}}
tax: {tax}
prepaid: {prepaid}
earning_rules:
  - {{code: base, name: Base, kind: per_amount, points: 1, step: "1.00"}}
"""


@pytest.fixture(scope="session")
def house(home: Path, addresses: Addresses) -> tuple[Settings, Addresses]:
    """The shared servers, with a home that files go to."""
    return Settings(home=home), addresses


@pytest.fixture(scope="session")
def engine(house: tuple[Settings, Addresses]) -> Iterator[Engine]:
    made = create_engine(house[1].database_url)
    yield made
    made.dispose()


class World:
    """One programme of its own for a test, with distributors, points and a sandbox that refuses what it is told to."""

    count = 0

    def __init__(self, settings: Settings, engine: Engine) -> None:
        World.count += 1
        self.code = f"prog-{World.count}"
        self.settings, self.engine = settings, engine
        self.registry = scoped_session(sessionmaker(engine))
        self.refuse: dict[tuple[str, str], str] = {}
        self.provider = SandboxProvider(engine, refusal=lambda code, kind, _: self.refuse.get((code, kind)))
        self.program_id = 0

    def load(self, *, value: str = "0.50", tax: str = "{pack: PL}", prepaid: str = "{}", **replaced: str) -> "World":
        text = FILE.format(code=self.code, value=value, tax=tax, prepaid=prepaid)
        for old, new in replaced.items():
            text = text.replace(f"{old}: ", f"{old}: {new} #", 1)
        with transaction(self.registry) as session:
            loaded = programs.load(session, program_files.parse(text), actor="test", now=NOW)
            self.program_id = loaded.program_id
        return self

    def add(
        self,
        code: str,
        points: int = 0,
        status: TaxStatus = TaxStatus.COMPANY,
        *,
        name: str | None = None,
        at: dt.datetime = NOW,
        unit: Unit = Unit.POINTS,
    ) -> "World":
        with transaction(self.registry) as session:
            row = DistributorRow(code=code, name=name or f"Distributor {code}", tax_status=status)
            put_distributors(session, self.program_id, "pl", [row], enrolled_on=dt.date(2020, 1, 1), may_owe=True)
        if points:
            self.give(code, points, at=at, unit=unit)
        return self

    def give(self, code: str, points: int, *, at: dt.datetime = NOW, unit: Unit = Unit.POINTS) -> None:
        from uuid import uuid4

        from app.services.tracing.balances import balance_of

        with transaction(self.registry) as session:
            owner = balance_of(session, self.program_id, code, unit).distributor_id
            ledger.adjust(
                session,
                rules_of(session, self.program_id),
                ledger.wallet_of(session, owner, unit),
                points,
                key=str(uuid4()),
                now=at,
                actor="test",
                reason="test",
            )

    def preview(self, actor: str = "ann", **more: Any) -> ConversionRun:
        with transaction(self.registry) as session:
            run = preparing.preview(
                session,
                session.get_one(Program, self.program_id),
                **({"from_on": FROM, "to_on": TO, "actor": actor, "now": NOW} | more),
            )
            session.refresh(run)
            session.expunge(run)
        return run

    def compensate(self, actor: str = "ann", **more: Any) -> ConversionRun:
        with transaction(self.registry) as session:
            run = compensating.preview(
                session,
                session.get_one(Program, self.program_id),
                **({"from_on": FROM, "to_on": TO, "actor": actor, "now": NOW} | more),
            )
            session.refresh(run)
            session.expunge(run)
        return run

    def approve(self, run: ConversionRun | int, actor: str = "ben") -> ordering.Ordered:
        number = run if isinstance(run, int) else run.id
        return ordering.approve_and_order(self.registry, self.settings, self.provider, number, actor=actor, now=NOW)

    def status(self, run: ConversionRun) -> RunStatus:
        with transaction(self.registry) as session:
            return session.scalars(select(ConversionRun.status).where(ConversionRun.id == run.id)).one()

    def top_ups(self, run: ConversionRun) -> dict[tuple[str, str], TopUpStatus]:
        """Give the states of a run's top-ups, the newest attempt, by distributor and kind."""
        with transaction(self.registry) as session:
            return {(one.distributor_code, one.kind.value): one.status for one in runs.lines(session, run.id)}

    def references(self, run: ConversionRun) -> dict[tuple[str, str], str]:
        with transaction(self.registry) as session:
            return {(one.distributor_code, one.kind.value): one.reference for one in runs.lines(session, run.id)}

    def wallet(self, code: str, unit: Unit = Unit.POINTS) -> tuple[int, int, int]:
        """Give what is available, reserved and spent."""
        from app.services.tracing.balances import balance_of

        with transaction(self.registry) as session:
            found = balance_of(session, self.program_id, code, unit)
            return found.available, found.reserved, found.spent

    def lots(self) -> list[tuple[int, int]]:
        """Give every lot with what it has left."""
        with transaction(self.registry) as session:
            rows = session.execute(
                select(Lot.id, Lot.remaining)
                .join(Account, Account.id == Lot.account_id)
                .where(Account.program_id == self.program_id)
                .order_by(Lot.id)
            )
            return [(row.id, row.remaining) for row in rows]

    def card_balance(self, run: ConversionRun, code: str) -> int:
        from app.models.distributors import Distributor
        from app.models.prepaid import Card

        with transaction(self.registry) as session:
            token = session.scalars(
                select(Card.token)
                .join(TopUp, TopUp.card_id == Card.id)
                .join(Redemption, Redemption.id == TopUp.redemption_id)
                .join(Distributor, Distributor.id == Card.distributor_id)
                .where(Redemption.run_id == run.id, Distributor.code == code, TopUp.kind == TopUpKind.REWARD)
            ).one()
        assert token is not None
        return self.provider.balance_minor(token)

    def respond(self, text: str) -> Path:
        """Write a response file as somebody would bring it."""
        folder = self.settings.home / "brought"
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.code}-{len(list(folder.iterdir()))}.csv"
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def world(house: tuple[Settings, Addresses], engine: Engine) -> Iterator[World]:
    """A world whose ledger is proved when the test is over."""
    made = World(house[0], engine)
    yield made
    made.registry.remove()
    with Session(engine) as session:
        assert ledger_check.check(session).problems == []


@pytest.fixture
def worlds(house: tuple[Settings, Addresses], engine: Engine) -> Callable[[], World]:
    """Makes further worlds."""
    return lambda: World(house[0], engine)

"""Imports, corrections, returns, decisions, spending and undoing in any order: nothing is lost, made, or told twice.

Whatever happened before, an import that is undone at once leaves everybody where they were. At every moment what
accounts earned is what the documents that count gave, less what returns that count took; and finance's sums are those
of the ledger.
"""

import datetime as dt
import itertools
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.db.transaction import Sessions, transaction
from app.domain.states import (
    COUNTING,
    BatchStatus,
    Bucket,
    DocumentKind,
    DocumentStatus,
    RunStatus,
    TopUpKind,
    TopUpStatus,
    TransactionKind,
    Unit,
)
from app.extensions import db
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.prepaid import Redemption, TopUp
from app.models.programs import Program
from app.models.promotions import PromotionPayment
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.sales import Award, AwardReversal, SalesDocument
from app.services.books import history, owed, periods
from app.services.books.booking import Basis
from app.services.books.totals import Until, totals_of
from app.services.by_hand import adjustments, merging
from app.services.ledger import expiring, figures, ledger, liability
from app.services.owners.errors import OwnersError
from app.services.participants.distributors import distributor_ids
from app.services.promotions import running as promotions
from importers.undoing import sales as undoing
from prepaid.conversions import ordering, preparing, runs
from prepaid.issuers.sandbox import SandboxProvider
from prepaid.loads import settling
from prepaid.loads.moves import locked_run
from prepaid.providers import Answer, LoadResult
from tests.app.domain.profiles import searching
from tests.conftest import Clock
from tests.importers.driver import HEADER, Desk
from tests.support.programs import BASE_RULE
from verification.deciding import decisions
from verification.deciding.errors import CannotDecide

WHO = ("D1", "D2")
RULES = [
    dict(BASE_RULE),
    {"code": "first", "name": "A welcome", "kind": "per_document", "points": 100, "scope": {"first_purchase": True}},
    {
        "code": "capped",
        "name": "At most 12 a month",
        "kind": "per_unit",
        "points": 3,
        "scope": {"products": ["P2"]},
        "caps": {"per_distributor": {"month": 12}},
    },
]
AUTUMN = {
    "code": "autumn",
    "name": "Autumn",
    "from": "2026-01-01",
    "until": "2026-12-31",
    "target": {"default": 300},
    "steps": [{"reach": 5_000, "reward": {"points": 7}}, {"reach": 10_000, "reward": {"points": 50}}],
}
ROW = st.tuples(
    st.integers(1, 4),
    st.sampled_from(WHO),
    st.sampled_from(["P1", "P2"]),
    st.integers(1, 9),
    st.booleans(),
    st.integers(1, 9),
)
ACTS = st.one_of(
    st.tuples(st.just("bring"), st.lists(ROW, min_size=1, max_size=4), st.booleans()),
    st.tuples(st.just("bring"), st.lists(ROW, min_size=1, max_size=4), st.booleans()),
    st.tuples(st.just("undo"), st.integers(0, 3)),
    st.tuples(st.just("decide"), st.integers(0, 9), st.sampled_from(["accept", "refuse", "reopen", "part"])),
    st.tuples(
        st.just("spend"), st.sampled_from(WHO), st.integers(1, 30), st.sampled_from(["keep", "settle", "cancel"])
    ),
    st.tuples(st.just("adjust"), st.sampled_from(WHO), st.integers(-20, 20).filter(bool)),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 40])),
    st.tuples(st.just("convert"), st.sampled_from(["call off", "loaded", "failed", "one of two", "unknown"])),
    st.tuples(st.just("merge")),
    st.tuples(st.just("close")),
)


class Stands(NamedTuple):
    """What somebody sees of a programme."""

    accounts: dict[str, tuple[int, int, int]]
    documents: Counter[tuple[Any, ...]]


class Played:
    """A programme at which a sequence is played; ``met`` counts what was really done."""

    def __init__(self, desk: Desk, clock: Clock, *, returns: str, policy: str) -> None:
        self.desk, self.clock = desk, clock
        self.returns, self.settled = returns, 0
        self.number = itertools.count(1)
        self.batches: list[int] = []
        self.met: Counter[str] = Counter()
        desk.load(
            earning_rules=RULES,
            promotions=[AUTUMN],
            program={"returns": returns, "expiry": {"months_after_award": 2}, "verification": {"import": policy}},
        )
        desk.people(*WHO)
        desk.goods(P1=None, P2=None)
        desk.profile(changed_documents="correct", credit_note={"number_prefix": "K"}, columns={"corrects": "corrects"})

    def session(self) -> Any:
        return transaction(self.desk.registry)

    def program(self, session: Session) -> Program:
        return session.get_one(Program, self.desk.program_id)

    def play(self, act: tuple[Any, ...]) -> None:
        name, *rest = act
        self.met[name] += getattr(self, name)(*rest) is not False
        self.holds(act)

    def bring(self, rows: list[tuple[Any, ...]], at_once: bool) -> bool:
        """Import a file; ``at_once`` undoes it straight away, and everybody is where they were."""
        before, self.unmet = self.stands(), self.some_met_no_sale()
        path = self.desk.csv(*(self.row(*one) for one in rows), header=(*HEADER, "corrects"))
        batch = self.desk.run(path).batch_id
        if not at_once:
            self.batches.append(batch)
            return True
        then = self.stands()
        assert self.take_back(batch), "nothing happened since"
        if self.unmet:  # it meets now what was not there when it came
            return True
        assert self.stands() == before, rows
        again = self.desk.run(path).batch_id
        if "first" not in str(rows):
            assert self.stands() == then, rows
        self.batches.append(again)
        return True

    def row(self, number: int, who: str, what: str, quantity: int, back: bool, day: int) -> tuple[Any, ...]:
        one = f"2026-0{day}-1{number}"
        if back:
            return (f"K{who}{number}", one, who, what, str(quantity), f"{quantity * 25}.00", f"{who}{number}")
        return (f"{who}{number}", one, who, what, str(quantity), f"{quantity * 25}.00", "")

    def undo(self, at: int) -> bool:
        return bool(self.batches) and self.take_back(self.batches[-1 - at % len(self.batches)])

    def take_back(self, batch: int) -> bool:
        try:
            with self.session() as session:
                undoing.begin(session, batch, reason="wrong", actor="ann", now=self.clock())
        except undoing.CannotUndo:
            self.desk.registry.remove()
            return False
        self.desk.work()
        assert self.desk.progress(batch).status is BatchStatus.UNDONE
        if batch in self.batches:
            self.batches.remove(batch)
        return True

    def decide(self, at: int, how: str) -> bool:
        with self.session() as session:
            rows = session.scalars(
                select(SalesDocument.id)
                .where(SalesDocument.program_id == self.desk.program_id, SalesDocument.status.in_((1, 2, 3)))
                .order_by(SalesDocument.id)
            ).all()
        if not rows:
            return False
        one = rows[at % len(rows)]
        said = {"reason": "looked at it", "actor": "bob", "now": self.clock()}
        try:
            with self.session() as session:
                program = self.program(session)
                if how == "reopen":
                    decisions.reopen(session, program, one, **said)
                elif how == "part":
                    decisions.accept_in_part(session, program, one, {1: 1_000}, **said)
                else:
                    becomes = DocumentStatus.ACCEPTED if how == "accept" else DocumentStatus.REFUSED
                    decisions.decide(session, program, one, becomes, **said)
        except (CannotDecide, ValueError):
            self.desk.registry.remove()
            return False
        return True

    def spend(self, who: str, amount: int, then: str) -> bool:
        on = self.clock().date()
        with self.session() as session:
            account = self.wallet(session, who)
            expiring.expire_due(session, self.program(session), now=self.clock())
        try:
            with self.session() as session:
                made = ledger.reserve(session, account, amount, key=f"{self.desk.code}:{next(self.number)}", on=on)
                if then == "settle":
                    self.settled += amount
                    ledger.settle(session, self.desk.program_id, [made], on=on)
                elif then == "cancel":
                    ledger.cancel(session, self.desk.program_id, [made], on=on)
        except ledger.InsufficientPoints:
            self.desk.registry.remove()
            return False
        return True

    def wallet(self, session: Session, who: str) -> int:
        return ledger.wallet_of(session, distributor_ids(session, self.desk.program_id)[who.casefold()], Unit.POINTS)

    def convert(self, how: str) -> bool:
        """Turn what there is into loads, and let the provider answer; what it does not know is answered afterwards."""
        with self.session() as session:
            expiring.expire_due(session, self.program(session), now=self.clock())
            run = preparing.preview(
                session,
                self.program(session),
                from_on=dt.date(2020, 1, 1),
                to_on=dt.date(2030, 1, 1),
                actor="ann",
                now=self.clock(),
            )
            number, empty = run.id, run.status is RunStatus.EMPTY
        if empty:
            return False
        if how == "call off":
            with self.session() as session:
                runs.cancel(session, number, actor="ann", now=self.clock())
            return True
        registry, kept = self.desk.registry, self.desk.app.extensions["kontor"]["settings"]
        ordering.approve_and_order(registry, kept, SandboxProvider(db.engine), number, actor="ben", now=self.clock())
        for last in (False, True):
            with self.session() as session:
                answers = [
                    (None, Answer(one.reference, self.answer(how, at, last=last)))
                    for at, one in enumerate(runs.lines(session, number))
                ]
                settling.settle(session, locked_run(session, number), answers, actor="cleo", now=self.clock())
        return True

    @staticmethod
    def answer(how: str, at: int, *, last: bool) -> LoadResult:
        if how == "unknown" and not last:
            return LoadResult.UNKNOWN
        return LoadResult.FAILED if how == "failed" or (how == "one of two" and at == 0) else LoadResult.LOADED

    def adjust(self, who: str, amount: int) -> bool:
        try:
            with self.session() as session:
                program = self.program(session)
                owner = distributor_ids(session, program.id)[who.casefold()]
                said = {"reason_code": "correction", "note": "by hand", "actor": "ann", "now": self.clock()}
                asked = adjustments.request(session, program, owner, amount, **said)
                adjustments.approve(session, program, asked, actor="ben", now=self.clock())
        except adjustments.Uncovered:
            self.desk.registry.remove()
            return False
        return True

    def wait(self, days: int) -> None:
        self.clock.forward(days=days)
        with self.session() as session:
            expiring.expire_due(session, self.program(session), now=self.clock())

    def merge(self) -> bool:
        try:
            with self.session() as session:
                program, ids = self.program(session), distributor_ids(session, self.desk.program_id)
                given = {"note": "one firm", "choices": {}, "actor": "ann", "now": self.clock()}
                asked = merging.request(session, program, ids["d2"], ids["d1"], **given)
                merging.approve(session, program, asked, actor="ben", now=self.clock())
        except OwnersError:
            self.desk.registry.remove()
            return False
        return True

    def close(self) -> bool:
        over = self.clock().date().replace(day=1) - dt.timedelta(days=1)
        try:
            with self.session() as session:
                periods.close(session, self.program(session), over, actor="ann", now=self.clock())
        except periods.PeriodError:
            self.desk.registry.remove()
            return False
        return True

    # at every moment

    def stands(self) -> Stands:
        promotions.run_due(self.desk.registry, self.clock(), [self.desk.program_id])
        with self.session() as session:
            accounts = session.execute(
                select(Account.id, Account.pending, Account.available, Account.reserved).where(
                    Account.program_id == self.desk.program_id, Account.unit == Unit.POINTS
                )
            ).all()
            documents = session.execute(
                select(
                    SalesDocument.number,
                    SalesDocument.kind,
                    SalesDocument.status,
                    SalesDocument.net_minor,
                    SalesDocument.content_hash,
                    SalesDocument.distributor_id,
                ).where(SalesDocument.program_id == self.desk.program_id, SalesDocument.status.in_(COUNTING))
            ).all()
        return Stands({str(one.id): tuple(one[1:]) for one in accounts}, Counter(tuple(one) for one in documents))

    def some_met_no_sale(self) -> bool:
        """Tell whether a return is here that came before its sale."""
        with self.session() as session:
            found = session.scalars(
                select(SalesDocument.reasons).where(
                    SalesDocument.program_id == self.desk.program_id, SalesDocument.status.in_(COUNTING)
                )
            ).all()
        return any(one["code"] == "return_without_sale" for reasons in found for one in reasons or ())

    def holds(self, act: tuple[Any, ...]) -> None:
        stands = self.stands()
        self.desk.check()
        with self.session() as session:
            program = self.program(session)
            whole = sum(sum(one) for one in stands.accounts.values())
            self.earned(session, act)
            self.firsts(session, act)
            self.spent(session)
            self.books(session, program, whole)
        assert all(pending >= 0 and reserved >= 0 for pending, _, reserved in stands.accounts.values())

    def earned(self, session: Session, act: tuple[Any, ...]) -> None:
        """What accounts earned by documents is what those that count gave, less what returns that count took."""
        program_id, returning = self.desk.program_id, aliased(SalesDocument)
        points = session.scalar(
            select(func.coalesce(func.sum(LedgerEntry.amount), 0))
            .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
            .where(
                LedgerTransaction.program_id == program_id,
                LedgerTransaction.kind.in_((TransactionKind.AWARD, TransactionKind.REVERSAL, TransactionKind.VOID)),
                LedgerEntry.bucket <= Bucket.RESERVED,
            )
        )
        gave = session.scalar(
            select(func.coalesce(func.sum(Award.amount), 0))
            .join(SalesDocument, SalesDocument.id == Award.document_id)
            .where(SalesDocument.program_id == program_id, SalesDocument.status.in_(COUNTING))
        )
        took = session.scalar(
            select(func.coalesce(func.sum(AwardReversal.amount), 0))
            .join(SalesDocument, SalesDocument.id == AwardReversal.sale_document_id)
            .join(returning, returning.id == AwardReversal.return_document_id)
            .where(
                SalesDocument.program_id == program_id,
                SalesDocument.status.in_(COUNTING),
                returning.status.in_(COUNTING),
            )
        )
        if self.returns == "negative":
            assert points == gave - took, act
        else:
            assert points >= gave - took, act
        promoted = session.scalar(
            select(func.coalesce(func.sum(PromotionPayment.amount), 0))
            .join(LedgerTransaction, LedgerTransaction.id == PromotionPayment.transaction_id)
            .where(LedgerTransaction.program_id == program_id)
        )
        moved = session.scalar(
            select(func.coalesce(func.sum(LedgerEntry.amount), 0))
            .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
            .where(
                LedgerTransaction.program_id == program_id,
                LedgerTransaction.kind == TransactionKind.PROMOTION,
                LedgerEntry.bucket <= Bucket.RESERVED,
            )
        )
        assert moved == promoted, act

    def firsts(self, session: Session, act: tuple[Any, ...]) -> None:
        """Whoever has a sale that counts was welcomed once, unless two were merged, or what a sale gave has expired."""
        welcome = (
            select(Award.document_id)
            .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
            .join(EarningRule, EarningRule.id == EarningRuleVersion.rule_id)
            .where(Award.document_id == SalesDocument.id, EarningRule.code == "first")
        )
        welcomed = session.scalars(
            select(func.count().filter(welcome.exists()))
            .where(
                SalesDocument.program_id == self.desk.program_id,
                SalesDocument.kind == DocumentKind.INVOICE,
                SalesDocument.status.in_(COUNTING),
            )
            .group_by(SalesDocument.distributor_id)
        ).all()
        least, most = 0 if self.met["wait"] else 1, 2 if self.met["merge"] else 1
        assert all(least <= one <= most for one in welcomed), act

    def spent(self, session: Session) -> None:
        """What was spent is what was settled here, and what the loads that arrived were made from."""
        loaded = session.scalar(
            select(func.coalesce(func.sum(Redemption.points), 0))
            .join(TopUp, TopUp.redemption_id == Redemption.id)
            .where(
                Redemption.program_id == self.desk.program_id,
                TopUp.kind == TopUpKind.REWARD,
                TopUp.status == TopUpStatus.LOADED,
            )
        )
        spent = session.scalar(
            select(func.coalesce(func.sum(Account.spent), 0)).where(
                Account.program_id == self.desk.program_id, Account.distributor_id.is_not(None)
            )
        )
        assert spent == loaded + self.settled

    def books(self, session: Session, program: Program, whole: int) -> None:
        """Finance's sums are the ledger's: what is owed, months, groups, figures."""
        far = self.clock().date() + dt.timedelta(days=900)
        for basis in Basis:
            parts = owed.parts_of(totals_of(session, program, Unit.POINTS, Until(far, basis)))
            assert sum(one.points for one in parts) == whole
        months = history.months_of(totals_of(session, program))
        assert (months[-1].closing.points if months else 0) == whole
        assert sum(one.total - one.owed for one in liability.outstanding_by_group(session, program.id)) == whole
        figures.refresh(session, program.id, self.clock())
        by_month = liability.points_by_month(session, program, dt.date(2020, 1, 1))
        assert sum(one.issued - one.redeemed - one.expired + one.adjusted for one in by_month) == whole


def _desk(app: Flask, registry: Sessions, clock: Clock, folder: Path) -> Desk:
    clock.now = Clock().now
    return Desk(app, registry, clock, folder, f"any-{uuid.uuid4().hex[:12]}")


@settings(searching(6), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    returns=st.sampled_from(["negative", "clamp"]),
    policy=st.sampled_from(["accept", "review"]),
    sequence=st.lists(ACTS, min_size=5, max_size=14),
)
def test_any_order_adds_up(
    app: Flask,
    registry: Sessions,
    clock: Clock,
    tmp_path: Path,
    returns: str,
    policy: str,
    sequence: list[tuple[Any, ...]],
) -> None:
    played = Played(_desk(app, registry, clock, tmp_path), clock, returns=returns, policy=policy)
    for act in sequence:
        played.play(act)


def test_a_sequence_that_meets_everything(app: Flask, registry: Sessions, clock: Clock, tmp_path: Path) -> None:
    played = Played(_desk(app, registry, clock, tmp_path), clock, returns="negative", policy="review")
    one, two = (1, "D1", "P1", 8, False, 3), (2, "D2", "P2", 5, False, 9)
    for act in (
        ("bring", [one, two], False),
        ("decide", 0, "accept"),
        ("spend", "D1", 9, "cancel"),
        ("bring", [(1, "D1", "P1", 9, False, 3)], True),
        ("decide", 0, "part"),
        ("decide", 1, "accept"),
        ("bring", [(1, "D1", "P1", 2, True, 4), (3, "D1", "P2", 4, False, 5)], False),
        ("undo", 0),
        ("convert", "call off"),
        ("convert", "one of two"),
        ("adjust", "D2", 15),
        ("convert", "unknown"),
        ("wait", 40),
        ("close",),
        ("decide", 0, "refuse"),
        ("bring", [(4, "D2", "P1", 9, False, 9)], False),
        ("decide", 1, "reopen"),
        ("merge",),
    ):
        played.play(act)
    assert {"bring", "undo", "decide", "spend", "convert", "adjust", "wait", "close", "merge"} <= set(+played.met)

"""Whosever points they become, in whatever order: none is lost, none is made, and the ledger is proved."""

import itertools
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.domain.states import COUNTING, Bucket, DocumentKind, DocumentStatus, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry
from app.models.pools import PoolMember
from app.models.sales import Award, AwardReversal, SalesDocument
from app.services.ledger import ledger_check
from app.services.owners.errors import OwnersError
from tests.app.domain.profiles import searching
from tests.app.services.owners.conftest import Meeting, Owners
from tests.support.desk import CORRECTING, IN_REVIEW, Desk

WHO = ("D1", "D2", "D3")
who = st.sampled_from(WHO)
points = st.integers(1, 9)
acts = st.one_of(
    st.tuples(st.just("award"), who, points, st.booleans()),
    st.tuples(st.just("credit"), who, points),
    st.tuples(st.just("correct"), st.integers(0, 5), points),
    st.tuples(st.just("call_off"), st.integers(0, 5)),
    st.tuples(st.just("refuse"), st.integers(0, 5)),
    st.tuples(st.just("accept"), st.integers(0, 5)),
    st.tuples(st.just("adjust"), who, st.integers(-9, 9).filter(bool)),
    st.tuples(st.just("give"), who, who, points),
    st.tuples(st.just("pool"), who, who),
    st.tuples(st.just("leave"), who, st.booleans()),
    st.tuples(st.just("merge"), who, who),
)


class Played:
    """A desk at which a sequence is played; ``met`` counts what was really done."""

    def __init__(self, desk: Desk, owners: Owners) -> None:
        self.desk, self.owners = desk, owners
        self.number = itertools.count(1)
        self.pools: dict[str, int] = {}
        self.met: Counter[str] = Counter()

    def play(self, act: tuple[Any, ...]) -> None:
        name, *rest = act
        try:
            done = getattr(self, name)(*rest)
        except OwnersError:
            return
        self.met[name] += done is not False

    def award(self, one: str, amount: int, waits: bool) -> None:
        self.desk.invoice(str(next(self.number)), amount, who=self.meant(one), source=IN_REVIEW if waits else None)

    def credit(self, one: str, amount: int) -> None:
        self.desk.credit(f"R{next(self.number)}", amount, who=self.meant(one))

    def correct(self, at: int, amount: int) -> bool:
        """Let a credit note be of so many points instead."""
        found = self.credit_note(at)
        if found is None:
            return False
        who = next(code for code, id_ in self.desk.people.items() if id_ == found.distributor_id)
        self.desk.credit(found.number, amount, who=who, source=CORRECTING)
        return True

    def call_off(self, at: int) -> bool:
        """Refuse a credit note: what it took is given back."""
        found = self.credit_note(at)
        if found is None:
            return False
        self.desk.refuse(found.number, DocumentKind.CREDIT_NOTE)
        return True

    def credit_note(self, at: int) -> SalesDocument | None:
        """Give a credit note that counts, by its place among them."""
        rows = self.desk.session.scalars(
            select(SalesDocument)
            .where(
                SalesDocument.program_id == self.desk.program.id,
                SalesDocument.status.in_(COUNTING),
                SalesDocument.kind == DocumentKind.CREDIT_NOTE,
            )
            .order_by(SalesDocument.id)
        ).all()
        return rows[at % len(rows)] if rows else None

    def refuse(self, at: int) -> bool:
        return self.decide(at, DocumentStatus.REFUSED)

    def accept(self, at: int) -> bool:
        return self.decide(at, DocumentStatus.ACCEPTED)

    def decide(self, at: int, becomes: DocumentStatus) -> bool:
        waiting = (DocumentStatus.REVIEW,) if becomes is DocumentStatus.ACCEPTED else (1, 2)
        rows = self.desk.session.execute(
            select(SalesDocument.number, SalesDocument.kind)
            .where(SalesDocument.program_id == self.desk.program.id, SalesDocument.status.in_(waiting))
            .order_by(SalesDocument.id)
        ).all()
        if at >= len(rows):
            return False
        decide = self.desk.accept if becomes is DocumentStatus.ACCEPTED else self.desk.refuse
        decide(rows[at].number, DocumentKind(rows[at].kind))
        return True

    def adjust(self, one: str, amount: int) -> None:
        self.desk.adjust(amount, who=self.meant(one))

    def give(self, giver: str, receiver: str, amount: int) -> None:
        self.owners.give(self.meant(giver), self.meant(receiver), amount)

    def pool(self, holder: str, member: str) -> None:
        if holder not in self.pools:
            self.pools[holder] = self.owners.pool(holder)
        self.owners.join(self.pools[holder], member)

    def leave(self, one: str, takes_own: bool) -> bool:
        seat = self.desk.session.scalars(
            select(PoolMember.pool_id).where(
                PoolMember.distributor_id == self.desk.people[one], PoolMember.left_on.is_(None)
            )
        ).one_or_none()
        if seat is not None:
            self.owners.leave(seat, one, takes_own=takes_own)
        return seat is not None

    def merge(self, merged: str, survivor: str) -> None:
        self.owners.merge(merged, survivor)

    def meant(self, one: str) -> str:
        """Follow a code to whoever it means by now, as an import does."""
        while True:
            into = self.desk.session.scalars(
                select(Distributor.merged_into_id)
                .where(Distributor.id == self.desk.people[one])
                .execution_options(populate_existing=True)
            ).one()
            if into is None:
                return one
            one = next(code for code, id_ in self.desk.people.items() if id_ == into)


def total(desk: Desk) -> int:
    """Sum what stands on the wallets of everybody."""
    of_program = (Account.program_id == desk.program.id, Account.unit == Unit.POINTS)
    return int(
        desk.session.scalar(
            select(func.coalesce(func.sum(Account.pending + Account.available + Account.reserved), 0)).where(
                *of_program
            )
        )
        or 0
    )


def pending(desk: Desk) -> dict[int, int]:
    """Tell what is pending on each account that has something pending."""
    rows = desk.session.execute(
        select(Account.id, Account.pending).where(
            Account.program_id == desk.program.id, Account.pending > 0, Account.unit == Unit.POINTS
        )
    )
    return dict(rows.all())


def awaited(desk: Desk) -> dict[int, int]:
    """Tell what is to be pending: all that documents which wait were given, less what returns that count took."""
    stands_on = func.coalesce(Account.leads_to_id, Account.id)
    rows = desk.session.execute(
        select(stands_on, SalesDocument.id, SalesDocument.status)
        .join(SalesDocument, SalesDocument.distributor_id == Account.distributor_id)
        .where(SalesDocument.program_id == desk.program.id, Account.unit == Unit.POINTS)
    ).all()
    status = {document: is_ for _, document, is_ in rows}
    left: Counter[int] = Counter()
    for award in desk.session.scalars(select(Award).where(Award.document_id.in_(status))):
        left[award.document_id] += award.amount
    for taken in desk.session.scalars(select(AwardReversal).where(AwardReversal.sale_document_id.in_(status))):
        left[taken.sale_document_id] -= taken.amount if status[taken.return_document_id] in COUNTING else 0
    found: Counter[int] = Counter()
    for account, document, is_ in rows:
        found[account] += left[document] if is_ is DocumentStatus.REVIEW else 0
    return +found


def issued(desk: Desk) -> int:
    """Sum what the programme's side gave: all that anybody can have."""
    rows = (
        select(func.coalesce(func.sum(LedgerEntry.amount), 0))
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(
            Account.program_id == desk.program.id,
            Account.unit == Unit.POINTS,
            LedgerEntry.bucket.in_((Bucket.ISSUED, Bucket.ADJUSTED)),
        )
    )
    return -int(desk.session.scalar(rows) or 0)


MOVES = {"give", "pool", "leave", "merge"}


@settings(searching(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(acts, min_size=3, max_size=20))
def test_points_move_and_are_neither_lost_nor_made(open_owners: Meeting, sequence: list[tuple[Any, ...]]) -> None:
    # each sequence is played at a desk of its own
    played = Played(*open_owners())
    for act in sequence:
        before = total(played.desk)
        played.play(act)
        if act[0] in MOVES:
            assert total(played.desk) == before, act
        assert pending(played.desk) == awaited(played.desk), act
    assert total(played.desk) == issued(played.desk)
    assert ledger_check.proved(played.desk.session) == []


def test_a_sequence_that_meets_everything(open_owners: Meeting) -> None:
    played = Played(*open_owners())
    for act in (
        ("award", "D1", 9, False),
        ("award", "D2", 7, True),
        ("award", "D2", 6, False),
        ("give", "D1", "D3", 2),
        ("pool", "D1", "D2"),
        ("credit", "D2", 3),
        ("accept", 0),
        ("give", "D1", "D3", 5),
        ("refuse", 1),
        ("leave", "D2", True),
        ("adjust", "D2", -9),
        ("merge", "D2", "D1"),
        ("award", "D2", 4, True),
        ("refuse", 2),
    ):
        played.play(act)
    assert set(played.met) == {"award", "give", "pool", "credit", "accept", "refuse", "leave", "adjust", "merge"}
    assert total(played.desk) == issued(played.desk)

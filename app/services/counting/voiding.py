"""Taking a document out of the count: refused after all, or corrected by another.

What it gave is taken back, and what a return took is given back, by new transactions that name what they undo.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TypeAlias

import numpy as np
from sqlalchemy import BigInteger, all_, case, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.points.lots import Leg, LotBalance
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import COUNTING, Bucket, DocumentStatus, LotState, ReviewState, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.reviews import Review
from app.models.rules import EarningRuleVersion
from app.models.sales import AwardReversal, SalesDocument
from app.services.anew.touched import touch
from app.services.counting.cap_usage import free_usage
from app.services.counting.returns import taken_of
from app.services.counting.splitting import gone_of_people, people_of, taken_from_people
from app.services.ledger import expiring, figures
from app.services.ledger.accounts import lock_wallets
from app.services.ledger.posting import NewLots, Posting, post, transaction_ids
from app.services.ledger.wallets import OpenWallets, lock_accounts, standing_on
from app.services.owners.following import Following, Trail, traced
from app.services.persons.rosters import WHO_NOW, with_people


def void_documents(
    session: Session,
    rules: ProgramRules,
    document_ids: Sequence[int],
    *,
    becomes: DocumentStatus,
    now: dt.datetime,
    actor: str | None,
    reason: str | None = None,
) -> None:
    """Undo what documents did to the ledger, give them their new status, and take them out of the queue.

    The caller commits. What undoes a movement belongs to that movement's day: what never counted stands in the books of
    no month, and an undone document that counts anew in one alone. Where the month is closed both stand in the first
    open one (decision 31).

    A return gives back what it took, to the same lots, unless the sale that it took it from counts no more. An award
    loses what returns that still count have not taken back of it already. Points that are gone meanwhile become a debt,
    or are let go, as the programme says: where the same document counts again, in whatever wording, what was let go
    of its awards is a part of what it gives (`earlier_wordings`).
    """
    documents = sorted(set(document_ids))
    # all that follows is read once nobody else can move these points: a return might take some of them meanwhile
    standing = _locked(session, documents)
    accounts = set(standing.values())
    today = local_date(now, rules.time_zone)
    if accounts:
        expiring.write_off(session, rules.program_id, today, accounts)
    given = _given(session, documents)
    moved = _moved(session, documents)
    gone = _gone(session, documents)
    trail = traced(
        session,
        taken={leg.lot_id for _, legs in moved.values() for leg in legs if leg.lot_id is not None},
        given=[*(lot for parts in gone.values() for lot, _ in parts if lot), *(lot for _, lot, _ in given.values())],
        locked=accounts,
        today=today,
    )
    opened = OpenWallets(session, accounts | trail.accounts, with_lots=trail.lots)
    posting = Posting(rules.program_id, actor=actor, reason=reason)
    undoing = _Undoing(session, rules, posting, opened, trail, today)
    # returns first: what they give back may be what the awards of the same documents have to take
    for (document, unit, undoes, person), (account, taken) in moved.items():
        undoing.give_back(document, unit, undoes, standing[account], taken, gone[document, unit, person])
    for (document, unit, undoes), (account, lot, amount) in given.items():
        undoing.post(document, unit, undoes, undoing.take(amount, lot, standing[account]))
    undoing.write()
    undoing.add_lots()
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    undoing.following.note_whose()
    free_usage(session, documents)
    issued = _set_aside(session, documents, becomes, now)
    figures.touch(session, rules.program_id, np.asarray(issued, dtype="datetime64[D]"))
    touch(session, rules.program_id, documents)


def _set_aside(
    session: Session, documents: Sequence[int], becomes: DocumentStatus, now: dt.datetime
) -> Sequence[dt.date]:
    """Give documents their new status and take them out of the queue. Returns the days on which they were issued."""
    of_these = any_of(documents)
    issued = session.scalars(
        update(SalesDocument)
        .where(SalesDocument.id == of_these)
        .values(status=becomes)
        .returning(SalesDocument.issued_on)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        update(Review)
        .where(Review.document_id == of_these, Review.closed_at.is_(None))
        .values(state=ReviewState.CLOSED, closed_at=now, leased_by=None, leased_until=None)
        .execution_options(synchronize_session=False)
    )
    return issued


_Whose: TypeAlias = tuple[int, Leg]
"""A leg, and the account of which it is."""


class _Undoing:
    """Adds to a posting what undoes the transactions of documents, one after the other."""

    def __init__(
        self,
        session: Session,
        rules: ProgramRules,
        posting: Posting,
        opened: OpenWallets,
        trail: Trail,
        today: dt.date,
    ) -> None:
        self.session = session
        self.rules = rules
        self.posting = posting
        self.opened = opened
        self.trail = trail
        self.today = today
        self.programs = rules.accounts
        self.following = Following(session, posting, opened, trail, today)
        self.fresh: list[tuple[int, Unit, int, LotBalance]] = []
        self.planned: list[tuple[int, Unit, int, Sequence[_Whose], int]] = []

    def post(self, document: int, unit: Unit, undoes: int, legs: Sequence[_Whose], number: int = 0) -> None:
        """Plan the transaction that undoes another; ``number`` is its own, where a lot bears it already."""
        if legs:
            self.planned.append((document, unit, undoes, legs, number))

    def write(self) -> None:
        """Write what was planned into the posting, with the numbers of all transactions drawn at once."""
        if not self.planned:
            return
        ids = np.asarray([plan[4] for plan in self.planned], dtype=np.int64)
        ids[ids == 0] = transaction_ids(self.session, int((ids == 0).sum()))
        self.posting.add_transactions(
            ids,
            TransactionKind.VOID,
            [f"void:{plan[2]}" for plan in self.planned],
            _days(self.session, [plan[2] for plan in self.planned]),
            document_ids=np.asarray([plan[0] for plan in self.planned], dtype=np.int64),
            reverses_ids=np.asarray([plan[2] for plan in self.planned], dtype=np.int64),
        )
        for id_, (_document, unit, _undoes, legs, _number) in zip(ids.tolist(), self.planned, strict=True):
            by_account: dict[int, list[Leg]] = defaultdict(list)
            for account, leg in legs:
                by_account[account].append(leg)
            for account, theirs in by_account.items():
                self.posting.add_legs(id_, account, theirs)
            issued = -sum(leg.amount for _, leg in legs)
            self.posting.add_legs(id_, self.programs[unit], [Leg(Bucket.ISSUED, issued, None)])

    def give_back(
        self,
        document: int,
        unit: Unit,
        undoes: int,
        account: int,
        taken: Sequence[Leg],
        gone: Sequence[tuple[int | None, int]],
    ) -> None:
        """Give back what a return took, each part where it came from, less what came from sales that count no more.

        ``account`` has what the return owed, and ``gone`` names what it took of such sales: the lot of their award, and
        the amount.
        """
        wallet = self.opened.of[account]
        lots = [leg for leg in taken if leg.lot_id is not None]
        debt = -sum(leg.amount for leg in taken if leg.lot_id is None)
        # a debt: what is still owed of it is let go; what was paid off meanwhile comes back as a new lot
        owed = min(wallet.owed, debt)
        wallet.owed -= owed
        back: list[_Whose] = [(account, Leg(Bucket.AVAILABLE, owed, None))] if owed else []
        for leg in lots:
            back += self.following.give_back(leg)
        number = 0
        if debt > owed:
            number = int(transaction_ids(self.session, 1)[0])
            back += [(account, leg) for leg in self._new_lot(number, account, debt - owed, unit)]
        for lot_id, amount in gone:
            # of a return of which some was forgiven nobody gets more than it took
            back += self.take(min(amount, sum(leg.amount for _, leg in back)), lot_id, account)
        self.post(document, unit, undoes, back, number)

    def take(self, amount: int, lot_id: int | None, account: int) -> list[_Whose]:
        """Take points back from where those of a lot are today, then from others there; of no lot, from an account."""
        ends = [] if lot_id is None else self.trail.ends(lot_id)
        legs: list[_Whose] = []
        for end in ends:
            account = self.following.holding.get(end, account)
            drawn = self.opened.of[account].draw(amount, end)
            amount += sum(leg.amount for leg in drawn)
            legs += [(account, leg) for leg in drawn]
        if amount:
            rest, _let_go = self.opened.of[account].take_back(amount)
            legs += [(account, leg) for leg in rest]
        return legs

    def _new_lot(self, number: int, account: int, amount: int, unit: Unit) -> list[Leg]:
        """Make a lot of points that had paid off what turns out not to have been owed: they last as if awarded now."""
        lot = LotBalance(number, LotState.OPEN, self.today, self.rules.lasting().last_day(self.today), 0)
        self.fresh.append((account, unit, amount, lot))
        return self.opened.of[account].receive(lot, amount)

    def add_lots(self) -> None:
        """Add the new lots to the posting, as all that was planned leaves them."""
        self.following.add_lots()
        for account, unit, amount, lot in self.fresh:
            value = self.rules.point_value_micro if unit is Unit.POINTS else 1_000_000
            self.posting.new_lots.append(
                NewLots.one(
                    lot,
                    account,
                    amount=amount,
                    unit_value_micro=value,
                    idle_months=self.rules.lasting().idle_months,
                )
            )


def _days(session: Session, transaction_ids: Sequence[int]) -> np.ndarray:
    """Give the day that each transaction belongs to."""
    rows = session.execute(
        select(LedgerTransaction.id, LedgerTransaction.effective_on).where(
            LedgerTransaction.id == any_of(transaction_ids)
        )
    )
    of: dict[int, dt.date] = {id_: day for id_, day in rows}  # noqa: C416  # a row is no pair to the type checker
    return np.asarray([of[one] for one in transaction_ids], dtype="datetime64[D]")


def lock_wallets_of(session: Session, document_ids: Sequence[int], *, besides: Collection[int] = ()) -> None:
    """Lock all wallets that voiding documents may move, before the documents: in one statement, as everybody locks.

    They are those of whoever the documents are of and of their people, and those to which the points were posted: a
    pool's, though its member left. ``besides`` names distributors whose wallets are locked together with them.
    """
    of_these = SalesDocument.id == any_of(document_ids)
    posted_to = (
        select(Account.distributor_id)
        .join(LedgerEntry, LedgerEntry.account_id == Account.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.document_id == any_of(document_ids), Account.distributor_id.is_not(None))
    )
    owners = session.scalars(select(SalesDocument.distributor_id).where(of_these).union(posted_to)).all()
    lock_wallets(session, with_people(session, np.asarray([*owners, *besides], dtype=np.int64)))


def _locked(session: Session, documents: list[int]) -> dict[int, int]:
    """Lock the wallets that have the points of documents today, by the accounts that they were posted to.

    They are where the documents' points went, unless all that stood there moved on since: to a pool, or with a merge.
    """
    while True:
        accounts = _accounts_of(session, documents)
        standing = standing_on(session, accounts)
        lock_accounts(session, standing.values())
        if standing_on(session, _accounts_of(session, documents)) == standing:
            return standing


def _accounts_of(session: Session, documents: list[int]) -> list[int]:
    """Find the wallets that documents' transactions moved."""
    return list(
        session.scalars(
            select(LedgerEntry.account_id)
            .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
            .where(
                LedgerTransaction.document_id == any_of(documents),
                LedgerEntry.bucket <= Bucket.RESERVED,
            )
            .distinct()
        )
    )


def _given(session: Session, documents: list[int]) -> dict[tuple[int, Unit, int], tuple[int, int, int]]:
    """Find what documents' awards still stand for: (document, unit, transaction) -> (account, lot, amount).

    Returns that are among the documents give back what they took, so they have taken nothing.
    """
    people = people_of(session, documents)
    by_people = taken_from_people(session, documents, but=documents) if people else {}
    taken = taken_of(session, documents, but=documents)
    rows = session.execute(
        select(
            LedgerTransaction.document_id,
            Account.unit,
            Lot.terms_id,
            LedgerTransaction.id,
            Account.id,
            WHO_NOW,
            Lot.id,
            Lot.amount,
        )
        .join(Lot, Lot.id == LedgerTransaction.id)
        .join(Account, Account.id == Lot.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(
            LedgerTransaction.document_id == any_of(documents),
            LedgerTransaction.kind == TransactionKind.AWARD,
        )
        .order_by(LedgerTransaction.id)
    )
    found: dict[tuple[int, Unit, int], tuple[int, int, int]] = {}
    lost = dict(by_people)
    for key, amount in taken.items():
        theirs = [by_people.get((*key, person), 0) for person in people.get(key[0], ())]
        lost[*key, 0] = amount - sum(theirs)
    for document, unit, terms, transaction, account, owner, lot, amount in rows:
        person = owner if owner in people.get(document or 0, ()) else 0
        whose = document or 0, int(unit), terms or 0, person
        # whoever is one by now has a lot for each that they were
        part = min(lost.get(whose, 0), amount)
        lost[whose] = lost.get(whose, 0) - part
        found[document or 0, unit, transaction] = account, lot, amount - part
    return found


def _gone(session: Session, documents: list[int]) -> dict[tuple[int, Unit, int], list[tuple[int | None, int]]]:
    """Find what documents' returns took of sales that count no more: the sale's lot, and how much.

    By document, unit, and the person from whom they took it (0: the company). Such a sale lost all it had left when it
    was voided; what a return had taken of it before comes back to nobody.
    """
    found: dict[tuple[int, Unit, int], list[tuple[int | None, int]]] = defaultdict(list)
    terms_of = EarningRuleVersion.terms_id
    sums = session.execute(
        select(
            AwardReversal.return_document_id,
            AwardReversal.sale_document_id,
            AwardReversal.unit,
            terms_of,
            cast(func.sum(AwardReversal.amount), BigInteger),
        )
        .join(SalesDocument, SalesDocument.id == AwardReversal.sale_document_id)
        .join(EarningRuleVersion, EarningRuleVersion.id == AwardReversal.rule_version_id)
        .where(
            AwardReversal.return_document_id == any_of(documents),
            AwardReversal.sale_document_id != all_(literal(documents, ARRAY(BigInteger))),
            SalesDocument.status.not_in(COUNTING),
        )
        .group_by(AwardReversal.return_document_id, AwardReversal.sale_document_id, AwardReversal.unit, terms_of)
        .order_by(AwardReversal.return_document_id, AwardReversal.unit, AwardReversal.sale_document_id, terms_of)
    ).all()
    if not sums:
        return found
    sales = sorted({row[1] for row in sums})
    people, lots = people_of(session, sales), _lots_of(session, sales)
    by_people = gone_of_people(session, documents) if people else {}
    for returning, sale, unit, terms, amount in sums:
        theirs = by_people.get((returning, sale, int(unit), terms or 0), [])
        for person, part in ((0, amount - sum(part for _, part in theirs)), *theirs):
            if part:
                found[returning, unit, person].append((lots.get((sale, int(unit), terms or 0, person)), part))
    return found


def _lots_of(session: Session, sales: Sequence[int]) -> dict[tuple[int, int, int, int], int]:
    """Find the lots of documents' awards, by document, unit, terms and the person who has it (0: the company)."""
    people = people_of(session, sales)
    rows = session.execute(
        select(LedgerTransaction.document_id, Account.unit, Lot.terms_id, WHO_NOW, Lot.id)
        .join(Lot, Lot.id == LedgerTransaction.id)
        .join(Account, Account.id == Lot.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(
            LedgerTransaction.document_id == any_of(sales),
            LedgerTransaction.kind == TransactionKind.AWARD,
        )
    )
    return {
        (document or 0, int(unit), terms or 0, owner if owner and owner in people.get(document or 0, ()) else 0): lot
        for document, unit, terms, owner, lot in rows
    }


def _moved(session: Session, documents: list[int]) -> dict[tuple[int, Unit, int, int], tuple[int, list[Leg]]]:
    """Find what documents' returns took: the account and the legs.

    By document, unit, transaction, and the person from whom it was taken (0: the company).
    """
    found: dict[tuple[int, Unit, int, int], tuple[int, list[Leg]]] = {}
    for document, unit, transaction, account, person, bucket, amount, lot in session.execute(
        select(
            LedgerTransaction.document_id,
            Account.unit,
            LedgerTransaction.id,
            LedgerEntry.account_id,
            case((Distributor.person_of_id.is_not(None), WHO_NOW), else_=0),
            LedgerEntry.bucket,
            LedgerEntry.amount,
            LedgerEntry.lot_id,
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(
            LedgerTransaction.document_id == any_of(documents),
            LedgerTransaction.kind == TransactionKind.REVERSAL,
        )
        .order_by(LedgerTransaction.id, LedgerEntry.position)
    ):
        _, legs = found.setdefault((document or 0, unit, transaction, person), (account, []))
        legs.append(Leg(bucket, amount, lot))
    return found

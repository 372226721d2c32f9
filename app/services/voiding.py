"""Taking a document out of the count: refused after all, or corrected by another.

What it gave is taken back, and what a return took is given back, by new transactions that name what they undo.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from sqlalchemy import BigInteger, all_, any_, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.domain.calendar import local_date, months_after
from app.domain.lots import Leg, LotBalance
from app.domain.states import COUNTING, Bucket, DocumentStatus, LotState, ReviewState, TransactionKind, Unit
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.reviews import Review
from app.models.sales import AwardReversal, SalesDocument
from app.services import figures, ledger
from app.services.cap_usage import free_usage
from app.services.movements import single
from app.services.posting import NewLots, Posting, post, transaction_ids
from app.services.rulebooks import ProgramRules
from app.services.wallets import OpenWallets, lock_accounts


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

    The caller commits.

    A return gives back what it took, to the same lots, unless the sale that it took it from counts no more. An award
    loses what returns that still count have not taken back of it already. Points that are gone meanwhile become a debt,
    or are forgiven, as the programme says.
    """
    documents = sorted(set(document_ids))
    # all that follows is read once nobody else can move these points: a return might take some of them meanwhile
    accounts = [row.id for row in lock_accounts(session, _accounts_of(session, documents))]
    today = local_date(now, rules.time_zone)
    if accounts:
        ledger.write_off(session, rules.program_id, today, accounts)
    given = _given(session, documents)
    moved = _moved(session, documents)
    gone = _gone(session, documents)
    lots = [leg.lot_id for legs in moved.values() for _, leg in legs if leg.lot_id is not None]
    opened = OpenWallets(session, accounts, with_lots=[*lots, *(lot for _, lot, _ in given.values())])
    posting = Posting(rules.program_id, actor=actor, reason=reason)
    undoing = _Undoing(session, rules, posting, opened, today)
    # returns first: what they give back may be what the awards of the same documents have to take
    for (document, unit, undoes), legs_taken in moved.items():
        undoing.give_back(document, unit, undoes, legs_taken, gone[document, unit])
    for (document, unit, undoes), (account, lot, amount) in given.items():
        legs, _forgiven = opened.of[account].take_back(amount, lot)
        undoing.post(document, unit, undoes, account, legs)
    undoing.write()
    undoing.add_lots()
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    free_usage(session, documents)
    issued = session.scalars(
        update(SalesDocument)
        .where(SalesDocument.id == any_(literal(documents, ARRAY(BigInteger))))
        .values(status=becomes)
        .returning(SalesDocument.issued_on)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        update(Review)
        .where(Review.document_id == any_(literal(documents, ARRAY(BigInteger))), Review.closed_at.is_(None))
        .values(state=ReviewState.CLOSED, closed_at=now, leased_by=None, leased_until=None)
        .execution_options(synchronize_session=False)
    )
    figures.touch(session, rules.program_id, np.asarray(issued, dtype="datetime64[D]"))


class _Undoing:
    """Adds to a posting what undoes the transactions of documents, one after the other."""

    def __init__(
        self, session: Session, rules: ProgramRules, posting: Posting, opened: OpenWallets, today: dt.date
    ) -> None:
        self.session = session
        self.rules = rules
        self.posting = posting
        self.opened = opened
        self.today = today
        self.programs = rules.accounts
        self.fresh: list[tuple[int, Unit, int, LotBalance]] = []
        self.planned: list[tuple[int, Unit, int, int, list[Leg], int]] = []

    def post(self, document: int, unit: Unit, undoes: int, account: int, legs: list[Leg], number: int = 0) -> None:
        """Plan the transaction that undoes another; ``number`` is its own, where a lot bears it already."""
        if legs:
            self.planned.append((document, unit, undoes, account, legs, number))

    def write(self) -> None:
        """Write what was planned into the posting, with the numbers of all transactions drawn at once."""
        if not self.planned:
            return
        ids = np.asarray([plan[5] for plan in self.planned], dtype=np.int64)
        ids[ids == 0] = transaction_ids(self.session, int((ids == 0).sum()))
        self.posting.add_transactions(
            ids,
            TransactionKind.VOID,
            [f"void:{plan[2]}" for plan in self.planned],
            np.full(len(ids), np.datetime64(self.today, "D")),
            document_ids=np.asarray([plan[0] for plan in self.planned], dtype=np.int64),
            reverses_ids=np.asarray([plan[2] for plan in self.planned], dtype=np.int64),
        )
        for id_, (_document, unit, _undoes, account, legs, _number) in zip(ids.tolist(), self.planned, strict=True):
            self.posting.add_legs(id_, account, legs)
            issued = -sum(leg.amount for leg in legs)
            self.posting.add_legs(id_, self.programs[unit], [Leg(Bucket.ISSUED, issued, None)])

    def give_back(
        self,
        document: int,
        unit: Unit,
        undoes: int,
        taken: list[tuple[int, Leg]],
        gone: list[tuple[int | None, int]],
    ) -> None:
        """Give back what a return took, each part where it came from, less what came from sales that count no more.

        ``gone`` names what it took of such sales: the lot of their award, and the amount.
        """
        account = taken[0][0]
        wallet = self.opened.of[account]
        back: list[Leg] = []
        # a debt: what is still owed of it is let go; what was paid off meanwhile comes back as a new lot
        debt = -sum(leg.amount for _, leg in taken if leg.lot_id is None)
        owed = min(wallet.owed, debt)
        wallet.owed -= owed
        if owed:
            back.append(Leg(Bucket.AVAILABLE, owed, None))
        for _, leg in taken:
            if leg.lot_id is None:
                continue
            lot = wallet.lots[leg.lot_id]
            if leg.bucket is Bucket.PENDING and lot.state is LotState.CLOSED and self._awaits(lot.id):
                lot.state = LotState.PENDING
            back += wallet.receive(lot, -leg.amount)
        number = 0
        if debt > owed:
            number = int(transaction_ids(self.session, 1)[0])
            back += self._new_lot(number, account, debt - owed, unit)
        for lot_id, amount in gone:
            # of a return of which some was forgiven nobody gets more than it took
            legs, _forgiven = wallet.take_back(min(amount, sum(leg.amount for leg in back)), lot_id)
            back += legs
        self.post(document, unit, undoes, account, back, number)

    def _awaits(self, lot_id: int) -> bool:
        """Tell whether the document that a lot came from still waits for its acceptance, or cools off."""
        found = self.session.execute(
            select(SalesDocument.status, SalesDocument.release_on)
            .join(LedgerTransaction, LedgerTransaction.document_id == SalesDocument.id)
            .where(LedgerTransaction.id == lot_id)
        ).one_or_none()
        if found is None:
            return False
        cools = found.release_on is not None and found.release_on > self.today
        return found.status is DocumentStatus.REVIEW or (found.status is DocumentStatus.ACCEPTED and cools)

    def _new_lot(self, number: int, account: int, amount: int, unit: Unit) -> list[Leg]:
        """Make a lot of points that had paid off what turns out not to have been owed: they last as if awarded now."""
        months = self.rules.settings.expiry.months_after_award
        last_day = None if months is None else months_after(self.today, months)
        lot = LotBalance(number, LotState.OPEN, self.today, last_day, 0)
        self.fresh.append((account, unit, amount, lot))
        return self.opened.of[account].receive(lot, amount)

    def add_lots(self) -> None:
        """Add the new lots to the posting, as all that was planned leaves them."""
        never = np.datetime64("NaT", "D")
        for account, unit, amount, lot in self.fresh:
            value = self.rules.point_value_micro if unit is Unit.POINTS else 1_000_000
            self.posting.new_lots.append(
                NewLots(
                    id=single(lot.id),
                    account_id=single(account),
                    state=single(lot.state),
                    earned_on=np.asarray([lot.earned_on], dtype="datetime64[D]"),
                    expires_on=np.asarray([never if lot.expires_on is None else lot.expires_on], dtype="datetime64[D]"),
                    unit_value_micro=single(value),
                    amount=single(amount),
                    remaining=single(lot.remaining),
                )
            )


def _accounts_of(session: Session, documents: list[int]) -> list[int]:
    """Find the wallets that documents' transactions moved."""
    return list(
        session.scalars(
            select(LedgerEntry.account_id)
            .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
            .where(
                LedgerTransaction.document_id == any_(literal(documents, ARRAY(BigInteger))),
                LedgerEntry.bucket <= Bucket.RESERVED,
            )
            .distinct()
        )
    )


def _given(session: Session, documents: list[int]) -> dict[tuple[int, Unit, int], tuple[int, int, int]]:
    """Find what documents' awards still stand for: (document, unit, transaction) -> (account, lot, amount).

    Returns that are among the documents give back what they took, so they have taken nothing.
    """
    taken = {
        (document, unit): amount
        for document, unit, amount in session.execute(
            select(AwardReversal.sale_document_id, AwardReversal.unit, cast(func.sum(AwardReversal.amount), BigInteger))
            .join(SalesDocument, SalesDocument.id == AwardReversal.return_document_id)
            .where(
                AwardReversal.sale_document_id == any_(literal(documents, ARRAY(BigInteger))),
                AwardReversal.return_document_id != all_(literal(documents, ARRAY(BigInteger))),
                SalesDocument.status.in_(COUNTING),
            )
            .group_by(AwardReversal.sale_document_id, AwardReversal.unit)
        )
    }
    rows = session.execute(
        select(LedgerTransaction.document_id, Account.unit, LedgerTransaction.id, Account.id, Lot.id, Lot.amount)
        .join(Lot, Lot.id == LedgerTransaction.id)
        .join(Account, Account.id == Lot.account_id)
        .where(
            LedgerTransaction.document_id == any_(literal(documents, ARRAY(BigInteger))),
            LedgerTransaction.kind == TransactionKind.AWARD,
        )
    )
    return {
        (document or 0, unit, transaction): (account, lot, amount - taken.get((document or 0, unit), 0))
        for document, unit, transaction, account, lot, amount in rows
    }


def _gone(session: Session, documents: list[int]) -> dict[tuple[int, Unit], list[tuple[int | None, int]]]:
    """Find what documents' returns took of sales that count no more: (document, unit) -> the sale's lot, and how much.

    Such a sale lost all it had left when it was voided; what a return had taken of it before comes back to nobody.
    """
    found: dict[tuple[int, Unit], list[tuple[int | None, int]]] = defaultdict(list)
    lot = (
        select(LedgerTransaction.document_id, Account.unit, Lot.id)
        .join(Lot, Lot.id == LedgerTransaction.id)
        .join(Account, Account.id == Lot.account_id)
        .where(LedgerTransaction.kind == TransactionKind.AWARD)
        .subquery()
    )
    for document, unit, lot_id, amount in session.execute(
        select(
            AwardReversal.return_document_id,
            AwardReversal.unit,
            lot.c.id,
            cast(func.sum(AwardReversal.amount), BigInteger),
        )
        .join(SalesDocument, SalesDocument.id == AwardReversal.sale_document_id)
        .outerjoin(lot, (lot.c.document_id == AwardReversal.sale_document_id) & (lot.c.unit == AwardReversal.unit))
        .where(
            AwardReversal.return_document_id == any_(literal(documents, ARRAY(BigInteger))),
            AwardReversal.sale_document_id != all_(literal(documents, ARRAY(BigInteger))),
            SalesDocument.status.not_in(COUNTING),
        )
        .group_by(AwardReversal.return_document_id, AwardReversal.unit, lot.c.id)
        .order_by(AwardReversal.return_document_id, AwardReversal.unit, lot.c.id)
    ):
        found[document, unit].append((lot_id, amount))
    return found


def _moved(session: Session, documents: list[int]) -> dict[tuple[int, Unit, int], list[tuple[int, Leg]]]:
    """Find what documents' returns took: (document, unit, transaction) -> the account and its legs."""
    found: dict[tuple[int, Unit, int], list[tuple[int, Leg]]] = defaultdict(list)
    for document, unit, transaction, account, bucket, amount, lot in session.execute(
        select(
            LedgerTransaction.document_id,
            Account.unit,
            LedgerTransaction.id,
            LedgerEntry.account_id,
            LedgerEntry.bucket,
            LedgerEntry.amount,
            LedgerEntry.lot_id,
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(
            LedgerTransaction.document_id == any_(literal(documents, ARRAY(BigInteger))),
            LedgerTransaction.kind == TransactionKind.REVERSAL,
            Account.distributor_id.is_not(None),
        )
        .order_by(LedgerTransaction.id, LedgerEntry.position)
    ):
        found[document or 0, unit, transaction].append((account, Leg(bucket, amount, lot)))
    return found

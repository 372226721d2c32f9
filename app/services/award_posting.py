"""From what documents earned and returns took back to transactions, lots and entries.

Most accounts of an import only earn: that is done in columns. An account that gives something back, or owes, needs its
lots one after the other: it is planned over a `Wallet`.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.domain.calendar import local_date, months_after
from app.domain.exact import Ints
from app.domain.lots import Leg, LotBalance, Wallet
from app.domain.sales import Sales
from app.domain.states import Bucket, DocumentStatus, LotState, TransactionKind, Unit
from app.models.ledger import LedgerTransaction, Lot
from app.services.accounts import Wallets
from app.services.posting import NewLots, Posting, transaction_ids
from app.services.returns import Reversals
from app.services.rulebooks import ProgramRules
from app.services.wallets import OpenWallets

_NEVER = np.datetime64("NaT", "D")
_SUFFIX = {Unit.POINTS: "", Unit.MONEY: ":money"}


@dataclass(frozen=True)
class Movements:
    """What one unit's wallets are about to receive and give back, document by document in counting order."""

    sales: Sales
    document_ids: Ints
    status: Ints
    given: Ints
    reversals: Reversals


@dataclass(frozen=True)
class _Awarding:
    """The award transactions of one unit, in columns, one per document that earned."""

    document: Ints
    transaction: Ints
    account: Ints
    amount: Ints
    pending: np.ndarray


def plan_movements(
    session: Session,
    rules: ProgramRules,
    wallets: Wallets,
    movements: Movements,
    posting: Posting,
    now: dt.datetime,
) -> dict[int, int]:
    """Add one unit's awards and reversals to a posting.

    Returns what was forgiven, by returning document: under the policy ``clamp`` an account gives back what it has.
    """
    if not movements.given.any() and not len(movements.reversals.amount):
        return {}
    awarding = _award_transactions(session, rules, wallets, movements, posting)
    returning = wallets.of(_distributors_of(movements, movements.reversals.return_document_id))
    sequential = np.union1d(np.unique(returning), wallets.account_ids[wallets.available < 0])
    stepwise = np.isin(awarding.account, sequential)
    remaining = awarding.amount.copy()
    state = np.where(awarding.pending, LotState.PENDING, LotState.OPEN).astype(np.int64)
    simple = ~stepwise
    bucket = np.where(awarding.pending, Bucket.PENDING, Bucket.AVAILABLE).astype(np.int64)
    posting.add_entries(
        awarding.transaction[simple],
        awarding.account[simple],
        bucket[simple],
        awarding.amount[simple],
        awarding.transaction[simple],
    )
    program = np.full(len(awarding.document), rules.accounts[wallets.unit], dtype=np.int64)
    issued = np.full(len(awarding.document), Bucket.ISSUED, dtype=np.int64)
    posting.add_entries(awarding.transaction, program, issued, -awarding.amount)
    expires_on = _expiry(rules, now)
    forgiven: dict[int, int] = {}
    if sequential.size:
        planner = _Stepwise(session, rules.accounts[wallets.unit], wallets, movements, awarding, posting, expires_on)
        forgiven = planner.run(sequential, returning)
        for at in np.flatnonzero(stepwise).tolist():
            lot = planner.new_lots[int(awarding.transaction[at])]
            remaining[at], state[at] = lot.remaining, lot.state
    count = len(awarding.document)
    posting.new_lots.append(
        NewLots(
            id=awarding.transaction,
            account_id=awarding.account,
            state=state,
            earned_on=movements.sales.documents.issued_on[awarding.document].astype("datetime64[D]"),
            expires_on=np.full(count, _NEVER if expires_on is None else np.datetime64(expires_on, "D")),
            unit_value_micro=np.full(count, _unit_value(rules, wallets.unit), dtype=np.int64),
            amount=awarding.amount,
            remaining=remaining,
        )
    )
    return forgiven


def _unit_value(rules: ProgramRules, unit: Unit) -> int:
    """Give the worth of the smallest unit in millionths of a minor unit: money is worth itself."""
    return rules.point_value_micro if unit is Unit.POINTS else 1_000_000


def _expiry(rules: ProgramRules, now: dt.datetime) -> dt.date | None:
    """Give the last day on which what is awarded now can be spent (rules.md 8: N months after award)."""
    months = rules.settings.expiry.months_after_award
    return None if months is None else months_after(local_date(now, rules.time_zone), months)


def _award_transactions(
    session: Session, rules: ProgramRules, wallets: Wallets, movements: Movements, posting: Posting
) -> _Awarding:
    document = np.flatnonzero(movements.given > 0)
    ids = movements.document_ids[document]
    transaction = transaction_ids(session, len(document)) if len(document) else ids
    documents = movements.sales.documents
    if len(document):
        suffix = _SUFFIX[wallets.unit]
        posting.add_transactions(
            transaction,
            TransactionKind.AWARD,
            [f"award:{one}{suffix}" for one in ids.tolist()],
            documents.issued_on[document],
            document_ids=ids,
        )
    cooling = rules.settings.verification.cooling_off_days > 0
    pending = (movements.status[document] == DocumentStatus.REVIEW) | cooling
    return _Awarding(
        document=document,
        transaction=transaction,
        account=wallets.of(documents.distributor_id[document]),
        amount=movements.given[document],
        pending=pending,
    )


def _distributors_of(movements: Movements, document_ids: Ints) -> Ints:
    by_id = np.argsort(movements.document_ids)
    at = by_id[np.searchsorted(movements.document_ids[by_id], document_ids)]
    return movements.sales.documents.distributor_id[at]


class _Stepwise:
    """Plans the accounts whose lots matter one movement at a time, in counting order."""

    def __init__(
        self,
        session: Session,
        program_account: int,
        wallets: Wallets,
        movements: Movements,
        awarding: _Awarding,
        posting: Posting,
        expires_on: dt.date | None,
    ) -> None:
        self.session = session
        self.program_account = program_account
        self.wallets = wallets
        self.movements = movements
        self.awarding = awarding
        self.posting = posting
        self.expires_on = expires_on
        self.new_lots: dict[int, LotBalance] = {}
        self.lot_of_sale: dict[int, int] = {}

    def run(self, accounts: Ints, returning: Ints) -> dict[int, int]:
        """Plan these accounts; ``returning`` is the account of each reversal. Returns what was forgiven."""
        opened = OpenWallets(self.session, accounts.tolist())
        kept = opened.of
        reversals = self.movements.reversals
        self.lot_of_sale = self._lots_of_sales(np.unique(reversals.sale_document_id))
        back: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for document, account, sale, amount in zip(
            reversals.return_document_id.tolist(),
            returning.tolist(),
            reversals.sale_document_id.tolist(),
            reversals.amount.tolist(),
            strict=True,
        ):
            back[document].append((account, sale, amount))
        gains = {int(one): at for at, one in enumerate(self.awarding.document.tolist())}
        reversing = [one for one in self.movements.document_ids.tolist() if one in back]
        transactions = dict(zip(reversing, transaction_ids(self.session, len(reversing)).tolist(), strict=True))
        forgiven: dict[int, int] = {}
        wanted = {int(one) for one in accounts}
        for position, document in enumerate(self.movements.document_ids.tolist()):
            at = gains.get(position)
            if at is not None and int(self.awarding.account[at]) in wanted:
                self._receive(kept[int(self.awarding.account[at])], at, document)
            if document in back:
                lost = self._give_back(kept, position, document, transactions[document], back[document])
                if lost:
                    forgiven[document] = lost
        self.posting.changed_lots.append(opened.changed())
        return forgiven

    def _lots_of_sales(self, sale_ids: Ints) -> dict[int, int]:
        """Find the lot that each sale's award came in: of an earlier work in the database, of this one in the plan."""
        rows = self.session.execute(
            select(LedgerTransaction.document_id, Lot.id)
            .join(Lot, Lot.id == LedgerTransaction.id)
            .where(
                LedgerTransaction.document_id == any_(literal(sale_ids.tolist(), ARRAY(BigInteger))),
                LedgerTransaction.kind == TransactionKind.AWARD,
                Lot.account_id == any_(literal(self.wallets.account_ids.tolist(), ARRAY(BigInteger))),
            )
        )
        found = {int(document): int(lot) for document, lot in rows if document is not None}
        mine = self.movements.document_ids[self.awarding.document]
        return found | dict(zip(mine.tolist(), self.awarding.transaction.tolist(), strict=True))

    def _receive(self, wallet: Wallet, at: int, document: int) -> None:
        state = LotState.PENDING if self.awarding.pending[at] else LotState.OPEN
        earned_on = self.movements.sales.documents.issued_on[self.awarding.document[at]].astype(object)
        lot = LotBalance(int(self.awarding.transaction[at]), state, earned_on, self.expires_on, 0)
        self.new_lots[lot.id] = lot
        legs = wallet.receive(lot, int(self.awarding.amount[at]))
        self.posting.add_legs(int(self.awarding.transaction[at]), int(self.awarding.account[at]), legs)

    def _give_back(
        self,
        kept: dict[int, Wallet],
        position: int,
        document: int,
        transaction: int,
        amounts: list[tuple[int, int, int]],
    ) -> int:
        """Take back what one document returns. Gives what was forgiven."""
        legs: list[Leg] = []
        lost = 0
        for account, sale, amount in amounts:
            drawn, left = kept[account].take_back(amount, self.lot_of_sale.get(sale))
            legs += drawn
            lost += left
        if legs:
            account = amounts[0][0]
            issued = -sum(leg.amount for leg in legs)
            self.posting.add_transactions(
                np.asarray([transaction], dtype=np.int64),
                TransactionKind.REVERSAL,
                [f"return:{document}{_SUFFIX[self.wallets.unit]}"],
                self.movements.sales.documents.issued_on[position : position + 1],
                document_ids=np.asarray([document], dtype=np.int64),
            )
            self.posting.add_legs(transaction, account, legs)
            self.posting.add_legs(transaction, self.program_account, [Leg(Bucket.ISSUED, issued, None)])
        return lost

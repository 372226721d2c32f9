"""From what documents earned and returns took back to transactions, lots and entries.

Most accounts of an import only earn: that is done in columns. An account that gives something back, or owes, needs its
lots one after the other: it is planned over a `Wallet`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.documents.sales import Flags, Sales
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints, sums_by
from app.domain.points.lots import Leg, LotBalance, Wallet
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import Bucket, DocumentStatus, LotState, TransactionKind, Unit
from app.models.ledger import LedgerTransaction, Lot
from app.services.counting.earlier_wordings import COMPANY, EarlierWordings
from app.services.counting.returns import Reversals
from app.services.ledger.accounts import Wallets
from app.services.ledger.movements import single
from app.services.ledger.posting import NewLots, Posting, transaction_ids
from app.services.ledger.wallets import OpenWallets

_SUFFIX = {Unit.POINTS: "", Unit.MONEY: ":money"}


@dataclass(frozen=True)
class Movements:
    """What one unit's wallets are about to receive and give back, document by document in counting order."""

    sales: Sales
    document_ids: Ints
    status: Ints
    given: "Given"
    reversals: Reversals


@dataclass(frozen=True)
class Given:
    """What documents earned, in columns: a row for each document and the terms of what it earned.

    Columns of equal length, in counting order: the document's position, the terms (0: the programme's own), the amount,
    and the distributor or the person that gets it.
    """

    document: Ints
    terms_id: Ints
    amount: Ints
    owner_id: Ints

    @staticmethod
    def of(document: Ints, terms_id: Ints, amount: Ints, owner_id: Ints) -> "Given":
        """Add awards up by document and terms; ``owner_id`` says of each document whose it is."""
        documents = len(owner_id)
        if not terms_id.any():
            total = sums_by(document, amount, documents)
            some = np.flatnonzero(total > 0)
            return Given(some, np.zeros(len(some), dtype=np.int64), total[some], owner_id[some])
        terms, at = np.unique(terms_id, return_inverse=True)
        total = sums_by(document * len(terms) + at, amount, documents * len(terms))
        some = np.flatnonzero(total > 0)
        which = some // len(terms)
        return Given(which, terms[some % len(terms)], total[some], owner_id[which])

    def only(self, wanted: Flags) -> "Given":
        """Keep some of the rows."""
        if wanted.all():
            return self
        return Given(self.document[wanted], self.terms_id[wanted], self.amount[wanted], self.owner_id[wanted])


@dataclass(frozen=True)
class _Awarding:
    """The award transactions of one unit, in columns: one per document that earned, and terms of what it earned."""

    document: Ints
    terms_id: Ints
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
    earlier: EarlierWordings,
    now: dt.datetime,
) -> dict[int, int]:
    """Add one unit's awards and reversals to a posting, less what ``earlier`` wordings of the documents left.

    Returns what was forgiven, by returning document: under the policy ``clamp`` an account gives back what it has.
    """
    if not len(movements.given.amount) and not len(movements.reversals.amount):
        return {}
    awarding = _award_transactions(session, rules, wallets, movements, posting)
    returning = wallets.of(movements.reversals.owner_id)
    sequential = np.union1d(np.unique(returning), wallets.account_ids[wallets.available < 0])
    again = np.isin(movements.document_ids[awarding.document], earlier.documents)
    sequential = np.union1d(sequential, awarding.account[again])
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
    ends = _Ends.of(rules, awarding.terms_id, now)
    forgiven: dict[int, int] = {}
    if sequential.size:
        program_account = rules.accounts[wallets.unit]
        planner = _Stepwise(session, program_account, wallets, movements, awarding, posting, ends, earlier)
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
            expires_on=ends.expires_on,
            unit_value_micro=np.full(count, _unit_value(rules, wallets.unit), dtype=np.int64),
            amount=awarding.amount,
            remaining=remaining,
            terms_id=awarding.terms_id,
            idle_months=ends.idle_months,
        )
    )
    return forgiven


def _unit_value(rules: ProgramRules, unit: Unit) -> int:
    """Give the worth of the smallest unit in millionths of a minor unit: money is worth itself."""
    return rules.point_value_micro if unit is Unit.POINTS else 1_000_000


@dataclass(frozen=True)
class _Ends:
    """When what is awarded now ends, in columns: its last day, or the months without activity (0: none)."""

    expires_on: np.ndarray
    idle_months: Ints

    @staticmethod
    def of(rules: ProgramRules, terms_id: Ints, now: dt.datetime) -> "_Ends":
        """Look it up by terms: there are few (rules.md 8)."""
        today = local_date(now, rules.time_zone)
        terms, at = np.unique(terms_id, return_inverse=True)
        lasting = [rules.lasting(one) for one in terms.tolist()]
        days = np.asarray([one.last_day(today) or "NaT" for one in lasting], dtype="datetime64[D]")
        idle = np.asarray([one.idle_months or 0 for one in lasting], dtype=np.int64)
        return _Ends(days[at], idle[at])


def _award_transactions(
    session: Session, rules: ProgramRules, wallets: Wallets, movements: Movements, posting: Posting
) -> _Awarding:
    given = movements.given
    document = given.document
    ids = movements.document_ids[document]
    transaction = transaction_ids(session, len(document)) if len(document) else ids
    documents = movements.sales.documents
    if len(document):
        suffix = _SUFFIX[wallets.unit]
        posting.add_transactions(
            transaction,
            TransactionKind.AWARD,
            [
                f"award:{one}{suffix}" + (f":terms:{terms}" if terms else "") + (f":to:{owner}" if apart else "")
                for one, terms, owner, apart in zip(
                    ids.tolist(),
                    given.terms_id.tolist(),
                    given.owner_id.tolist(),
                    (given.owner_id != documents.distributor_id[document]).tolist(),
                    strict=True,
                )
            ],
            documents.issued_on[document],
            document_ids=ids,
        )
    cooling = rules.settings.verification.cooling_off_days > 0
    pending = (movements.status[document] == DocumentStatus.REVIEW) | cooling
    return _Awarding(
        document=document,
        terms_id=given.terms_id,
        transaction=transaction,
        account=wallets.of(given.owner_id),
        amount=given.amount,
        pending=pending,
    )


@dataclass
class _Back:
    """What one document's returns take from one account: the document that sold, the terms, the amount."""

    account: int
    parts: list[tuple[int, int, int]] = field(default_factory=list)


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
        ends: _Ends,
        earlier: EarlierWordings,
    ) -> None:
        self.session = session
        self.program_account = program_account
        self.wallets = wallets
        self.movements = movements
        self.awarding = awarding
        self.posting = posting
        self.ends = ends
        self.earlier = earlier
        self.new_lots: dict[int, LotBalance] = {}
        self.lots_of_sale: dict[tuple[int, int, int], list[int]] = {}

    def run(self, accounts: Ints, returning: Ints) -> dict[int, int]:
        """Plan these accounts; ``returning`` is the account of each reversal. Returns what was forgiven."""
        opened = OpenWallets(self.session, accounts.tolist())
        kept = opened.of
        reversals = self.movements.reversals
        self.lots_of_sale = self._lots_of_sales(np.unique(reversals.sale_document_id))
        back: dict[int, dict[int, _Back]] = defaultdict(dict)
        for document, owner, account, sale, terms, amount in zip(
            reversals.return_document_id.tolist(),
            reversals.owner_id.tolist(),
            returning.tolist(),
            reversals.sale_document_id.tolist(),
            reversals.terms_id.tolist(),
            reversals.amount.tolist(),
            strict=True,
        ):
            back[document].setdefault(owner, _Back(account)).parts.append((sale, terms, amount))
        gains: dict[int, list[int]] = defaultdict(list)
        for at, one in enumerate(self.awarding.document.tolist()):
            gains[one].append(at)
        reversing = [(one, owner) for one in self.movements.document_ids.tolist() for owner in back.get(one, ())]
        transactions = dict(zip(reversing, transaction_ids(self.session, len(reversing)).tolist(), strict=True))
        forgiven: dict[int, int] = {}
        wanted = {int(one) for one in accounts}
        for position, document in enumerate(self.movements.document_ids.tolist()):
            received: dict[int, list[int]] = defaultdict(list)
            for at in gains.get(position, ()):
                account = int(self.awarding.account[at])
                if account in wanted:
                    self._receive(kept[account], at)
                    received[account].append(at)
            for account, of_it in received.items():
                self._take_the_rest(kept[account], position, account, of_it)
            for owner, taken in back.get(document, {}).items():
                lost = self._give_back(kept[taken.account], position, owner, transactions[document, owner], taken)
                if lost:
                    forgiven[document] = forgiven.get(document, 0) + lost
        self.posting.changed_lots.append(opened.changed())
        return forgiven

    def _lots_of_sales(self, sale_ids: Ints) -> dict[tuple[int, int, int], list[int]]:
        """Find the lots of what each sale gave an account: of an earlier work in the database, of this in the plan.

        There are several where it moved with its wallet's points; the newest stand first.
        """
        rows = self.session.execute(
            select(Lot.account_id, LedgerTransaction.document_id, Lot.terms_id, Lot.id)
            .join(Lot, Lot.id == LedgerTransaction.id)
            .where(
                LedgerTransaction.document_id == any_of(sale_ids.tolist()),
                LedgerTransaction.kind.in_((TransactionKind.AWARD, TransactionKind.TRANSFER)),
                Lot.account_id == any_of(self.wallets.account_ids.tolist()),
            )
            .order_by(Lot.id.desc())
        )
        found: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for account, document, terms, lot in rows:
            found[account, document or 0, terms or 0].append(lot)
        mine = zip(
            self.awarding.account.tolist(),
            self.movements.document_ids[self.awarding.document].tolist(),
            self.awarding.terms_id.tolist(),
            strict=True,
        )
        for key, transaction in zip(mine, self.awarding.transaction.tolist(), strict=True):
            found[key].append(transaction)
        return found

    def _receive(self, wallet: Wallet, at: int) -> None:
        state = LotState.PENDING if self.awarding.pending[at] else LotState.OPEN
        earned_on = self.movements.sales.documents.issued_on[self.awarding.document[at]].astype(object)
        expires_on = self.ends.expires_on[at].astype(object)
        lot = LotBalance(int(self.awarding.transaction[at]), state, earned_on, expires_on, 0)
        self.new_lots[lot.id] = lot
        legs = wallet.receive(lot, int(self.awarding.amount[at]))
        self.posting.add_legs(int(self.awarding.transaction[at]), int(self.awarding.account[at]), legs)

    def _take_the_rest(self, wallet: Wallet, position: int, account: int, received: Sequence[int]) -> None:
        """Take what is had of earlier wordings of a document of what that gives: it was given already."""
        document = int(self.movements.document_ids[position])
        person = self._person(position, int(self.movements.given.owner_id[received[0]]))
        before = self.earlier.kept.get((document, self.wallets.unit, person))
        if before is None:
            return
        for left_of, amount in before.divided(before.rest(int(self.awarding.amount[received].sum()))):
            legs: list[Leg] = []
            left = amount
            for at in received:
                lot = self.new_lots[int(self.awarding.transaction[at])]
                # of what came in now some paid off what the account owes: that it owes again
                part = min(left, int(self.awarding.amount[at]) if wallet.may_owe else lot.remaining)
                legs += wallet.take_back(part, lot.id)[0] if part else []
                left -= part
            if not legs:
                continue
            transaction = transaction_ids(self.session, 1)
            self.posting.add_transactions(
                transaction,
                TransactionKind.VOID,
                [f"void:{left_of.award}:rest:{document}"],
                np.asarray([left_of.effective_on], dtype="datetime64[D]"),
                document_ids=single(left_of.document_id),
                reverses_ids=single(left_of.award),
            )
            issued = -sum(leg.amount for leg in legs)
            self.posting.add_legs(int(transaction[0]), account, legs)
            self.posting.add_legs(int(transaction[0]), self.program_account, [Leg(Bucket.ISSUED, issued, None)])

    def _person(self, position: int, owner: int) -> int:
        return COMPANY if owner == self.movements.sales.documents.distributor_id[position] else owner

    def _give_back(self, wallet: Wallet, position: int, owner: int, transaction: int, taken: _Back) -> int:
        """Take back what one document returns from one of those who had it. Gives what was forgiven."""
        legs: list[Leg] = []
        document, person = int(self.movements.document_ids[position]), self._person(position, owner)
        whole = sum(amount for _sale, _terms, amount in taken.parts)
        lost = self.earlier.still_let_go(document, self.wallets.unit, person, whole)
        wanted = whole - lost
        for sale, terms, amount in taken.parts:
            amount = min(amount, wanted)
            wanted -= amount
            drawn, left = wallet.take_back(amount, *self.lots_of_sale.get((taken.account, sale, terms), ()))
            legs += drawn
            lost += left
        if legs:
            documents = self.movements.sales.documents
            apart = "" if person == COMPANY else f":to:{owner}"
            document_ids = self.movements.document_ids[position : position + 1]
            issued = -sum(leg.amount for leg in legs)
            self.posting.add_transactions(
                np.asarray([transaction], dtype=np.int64),
                TransactionKind.REVERSAL,
                [f"return:{document}{_SUFFIX[self.wallets.unit]}{apart}"],
                documents.issued_on[position : position + 1],
                document_ids=document_ids,
            )
            self.posting.add_legs(transaction, taken.account, legs)
            self.posting.add_legs(transaction, self.program_account, [Leg(Bucket.ISSUED, issued, None)])
        return lost

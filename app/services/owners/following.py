"""What comes back to a lot whose points moved since: it goes where they are, and is what they are.

A lot that moved is one of what it had then (`moves`): what a return had taken of it before stayed behind, and the lot
that it became has no room for it. Where that comes back, it comes back to the lot from which it was taken, and follows
in the same posting as one more lot beside the others: of the same document, as old as they are and as long-lived, and
pending as long as the document waits. So whoever accepts the document or takes back what it gave finds all of it. What
belongs to no document, as what was given by hand, follows in the same way, and stays whose it was within a pool.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import ColumnElement, case, func, insert, select
from sqlalchemy.orm import Session, aliased

from app.db.bulk import rows_of
from app.db.many import any_of
from app.domain.points.lots import Leg, LotBalance
from app.domain.states import Bucket, DocumentStatus, LotState, TransactionKind
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerTransaction, Lot
from app.models.pools import OnBehalf
from app.models.sales import SalesDocument
from app.services.ledger.movements import single
from app.services.ledger.posting import ABSENT, NewLots, Posting, transaction_ids
from app.services.ledger.wallets import OpenWallets, lock_accounts
from app.services.owners.moves import ends_of, move_key, moved_to


@dataclass(frozen=True)
class Origin:
    """A lot that points were taken from, and where they belong today."""

    lot: Lot
    document_id: int | None
    waits: bool
    """Whether the document that it came from waits for its acceptance, or cools off."""
    stands_on: int
    """The account that its owner's points stand on."""
    earner: int
    """The account on which whoever earned it has points: what is pending is with them, in whatever pool they were."""
    whose: int
    """The distributor that it was given to, or whoever that is by now: within a pool no account says so."""


class Trail:
    """Which lots have the points of each today, and what those are that something may come back to."""

    def __init__(self, session: Session, lot_ids: Iterable[int], *, coming_back: Iterable[int], today: dt.date) -> None:
        """Read where lots moved; of those ``coming_back`` also whose they are. Whoever moves points is kept out."""
        self.became = moved_to(session, lot_ids)
        back = set(coming_back)
        self.origins = _origins(session, back.union(*(self.ends(one) for one in back)), today)

    def ends(self, lot_id: int) -> list[int]:
        """Give the lots that have the points of a lot today."""
        return ends_of(self.became, lot_id)

    @property
    def lots(self) -> set[int]:
        """Give the lots that have all these points today."""
        return {end for one in self.became for end in self.ends(one)}

    @property
    def accounts(self) -> set[int]:
        """Give the accounts on which points belong that come back."""
        return {account for one in self.origins.values() for account in (one.stands_on, one.earner)}


def traced(
    session: Session, *, taken: Collection[int], given: Collection[int], locked: Collection[int], today: dt.date
) -> Trail:
    """Tell where the points of lots are today, once all accounts are locked to which any of them come back."""
    while True:
        trail = Trail(session, [*taken, *given], coming_back=taken, today=today)
        if trail.accounts <= set(locked):
            return trail
        locked = trail.accounts | set(locked)
        lock_accounts(session, locked)


def _survivor(distributor: type[Distributor]) -> ColumnElement[int]:
    """Give a distributor, or the one that it was merged into."""
    return func.coalesce(distributor.merged_into_id, distributor.id)


def _origins(session: Session, lot_ids: Iterable[int], today: dt.date) -> dict[int, Origin]:
    of_earner, told = aliased(Account), aliased(Distributor)
    # a person's points are on an account of their own; a company's may stand with its pool
    earned_by = case((Distributor.person_of_id.is_not(None), Distributor.id), else_=SalesDocument.distributor_id)
    stands_on = func.coalesce(Account.leads_to_id, Account.id)
    rows = session.execute(
        select(
            Lot,
            LedgerTransaction.document_id,
            SalesDocument.status,
            SalesDocument.release_on,
            stands_on,
            func.coalesce(of_earner.leads_to_id, of_earner.id, stands_on),
            _survivor(told),
        )
        .join(LedgerTransaction, LedgerTransaction.id == Lot.id)
        .join(Account, Account.id == Lot.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
        .outerjoin(of_earner, (of_earner.distributor_id == earned_by) & (of_earner.unit == Account.unit))
        .outerjoin(OnBehalf, (OnBehalf.transaction_id == Lot.id) & (OnBehalf.account_id == Lot.account_id))
        .join(told, told.id == func.coalesce(OnBehalf.distributor_id, Account.distributor_id))
        .where(Lot.id == any_of(sorted(lot_ids)))
        .execution_options(populate_existing=True)
    )
    found: dict[int, Origin] = {}
    for lot, document, status, release_on, stands, earner, whose in rows:
        cools = release_on is not None and release_on > today
        waits = status is DocumentStatus.REVIEW or (status is DocumentStatus.ACCEPTED and cools)
        found[lot.id] = Origin(lot, document, waits, stands, earner, whose)
    return found


class Following:
    """Gives points back to the lots that they were taken from, wherever those moved, within one posting."""

    def __init__(
        self,
        session: Session,
        posting: Posting,
        opened: OpenWallets,
        trail: Trail,
        on: dt.date,
        *,
        into_moved: bool = True,
    ) -> None:
        """Take wallets that are open, those of ``trail.accounts`` among them.

        ``into_moved``: what comes back to a lot that moved since may fill a lot that it became. What had been spent
        before the lot moved was never a part of that: it follows as a lot of its own.
        """
        self.session = session
        self.posting = posting
        self.opened = opened
        self.trail = trail
        self.on = on
        self.holding = {lot: account for account, wallet in opened.of.items() for lot in wallet.lots}
        self.followed: list[tuple[int, int, int]] = []
        """What followed: from which account, to which, how much."""
        self._into_moved = into_moved
        self._came: list[tuple[Lot, LotBalance]] = []
        self._whose: list[tuple[int, int, int]] = []

    def give_back(self, taken: Leg) -> list[tuple[int, Leg]]:
        """Give back what was taken of a lot: the legs, by account."""
        assert taken.lot_id is not None, "it was taken from a lot"
        origin, amount = self.trail.origins[taken.lot_id], -taken.amount
        pending = taken.bucket is Bucket.PENDING and origin.waits
        account, lot = self._place(origin, amount, pending=pending)
        if lot is None:
            return self._follow(origin, account, amount, pending=pending)
        if pending and lot.state is LotState.CLOSED:
            lot.state = LotState.PENDING
        return [(account, leg) for leg in self.opened.of[account].receive(lot, amount)]

    def _place(self, origin: Origin, amount: int, *, pending: bool) -> tuple[int, LotBalance | None]:
        """Give the account on which something belongs, and a lot there that has room for it."""
        ends = self.trail.ends(origin.lot.id)
        account = origin.earner if pending else self.trail.origins[ends[-1]].stands_on
        for end in ends:
            lot = self.opened.of[account].lots.get(end)
            if end != origin.lot.id and not self._into_moved:
                continue
            if lot is not None and lot.remaining + amount <= self.trail.origins[end].lot.amount:
                return account, lot
        return account, None

    def _follow(self, origin: Origin, account: int, amount: int, *, pending: bool) -> list[tuple[int, Leg]]:
        """Let points come back to their lot, and follow what became of it. Gives the leg by which they come back."""
        was, number = origin.lot, transaction_ids(self.session, 1)
        parts = self.trail.became[was.id]
        state = LotState.PENDING if pending else LotState.OPEN
        balance = LotBalance(int(number[0]), state, was.earned_on, was.expires_on, 0)
        self.posting.add_transactions(
            number,
            TransactionKind.TRANSFER,
            [move_key(was.id, len(parts) + 1)],
            np.asarray([self.on], dtype="datetime64[D]"),
            document_ids=single(origin.document_id or ABSENT),
        )
        self.posting.add_legs(balance.id, was.account_id, [Leg(balance.bucket, -amount, was.id)])
        back = [(was.account_id, Leg(balance.bucket, amount, was.id))]
        self.posting.add_legs(balance.id, account, self.opened.of[account].receive(balance, amount))
        lot = Lot(
            id=balance.id,
            account_id=account,
            earned_on=was.earned_on,
            expires_on=was.expires_on,
            unit_value_micro=was.unit_value_micro,
            amount=amount,
            terms_id=was.terms_id,
            idle_months=was.idle_months,
        )
        self._came.append((lot, balance))
        self.followed.append((was.account_id, account, amount))
        if origin.document_id is None:
            self._whose += [(lot.id, one, origin.whose) for one in sorted({was.account_id, account})]
        parts.append(lot.id)
        self.holding[lot.id] = account
        self.trail.became[lot.id] = []
        self.trail.origins[lot.id] = replace(origin, lot=lot, stands_on=account)
        return back

    def note_whose(self) -> None:
        """Write down whose that is which followed on accounts of others: no document says it. It is posted by now."""
        if not self._whose:
            return
        transactions, accounts, whose = zip(*self._whose, strict=True)
        rows = rows_of(
            transaction_id=np.asarray(transactions, dtype=np.int64),
            account_id=np.asarray(accounts, dtype=np.int64),
            distributor_id=np.asarray(whose, dtype=np.int64),
        )
        with_others = (
            select(rows.c.transaction_id, rows.c.account_id, rows.c.distributor_id)
            .join(Account, Account.id == rows.c.account_id)
            .join(Distributor, Distributor.id == Account.distributor_id)
            .where(_survivor(Distributor) != rows.c.distributor_id)
        )
        columns = ["transaction_id", "account_id", "distributor_id"]
        self.session.execute(insert(OnBehalf).from_select(columns, with_others))

    def add_lots(self) -> None:
        """Add the lots that came into being to the posting, as all that was planned leaves them."""
        for lot, balance in self._came:
            self.posting.new_lots.append(
                NewLots.one(
                    balance,
                    lot.account_id,
                    amount=lot.amount,
                    unit_value_micro=lot.unit_value_micro,
                    terms_id=lot.terms_id,
                    idle_months=lot.idle_months,
                )
            )

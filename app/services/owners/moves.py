"""Points move from one wallet to another, lot by lot: what they were, they stay; only whose they are changes.

A lot that moves becomes a lot of the other wallet with the same day of earning, last day, worth and terms, in a
transaction of its own. Of points that end by idleness the last day follows the account's last activity: where whole
lots move, the activity of those who owned them moves along, for the two have one history from then on; points that are
given away keep the last day that they had, for nobody else's points are to last longer by a gift. What was spent of
points goes along with them, so that a tier's share of them that was redeemed is not redeemed again where they are now:
all of it where a wallet moves as a whole, else the part that falls to those that move. The caller commits.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Text, any_, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.bulk import rows_of
from app.db.many import any_of
from app.domain.measures.exact import Ints
from app.domain.points.expiry import last_day_of
from app.domain.points.lots import Leg, LotBalance, spending_order
from app.domain.rewards.reward_orders import going_along
from app.domain.states import Bucket, LotState, TransactionKind
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerTransaction, Lot
from app.models.pools import OnBehalf
from app.models.programs import Program
from app.services.ledger.accounts import Wallets
from app.services.ledger.movements import single
from app.services.ledger.posting import ABSENT, NewLots, Posting, post, program_bucket, transaction_ids
from app.services.ledger.wallets import OpenWallets
from app.services.placing import tiers

GIFT = "transfer:"
"""Begins the key of what somebody gave to somebody else."""
_MOVED = "move:"
"""Begins the key of what moved a whole lot.

A lot moves whole once, and its key finds where it is now. What comes back to it afterwards follows it, under a key that
ends with a number: 2 is the next that came of the lot.
"""


class Move:
    """Points on their way from one wallet to another; both are locked from here on, until `write`."""

    def __init__(
        self, session: Session, program: Program, giver: int, receiver: int, *, on: dt.date, actor: str, reason: str
    ) -> None:
        """Lock both accounts and load their lots."""
        self.session, self.program = session, program
        self.giver_account, self.receiver_account = giver, receiver
        self.opened = OpenWallets(session, [giver, receiver])
        self.giver, self.receiver = self.opened.of[giver], self.opened.of[receiver]
        self.posting = Posting(program.id, actor=actor, reason=reason)
        self.on = on
        self.moved = 0
        self._came: list[tuple[LotBalance, int, Any]] = []
        self._active_on, self._gone = session.execute(
            select(Account.active_on, tiers.GONE).where(Account.id == giver)
        ).one()
        self._given: set[int] = set()
        self._had = self.giver.available()
        self._open = 0
        self._everything = False

    def some(self, amount: int, *, key: str) -> None:
        """Move available points, first to expire first. The caller has made sure that they are there."""
        for leg in self.giver.spend(amount):
            self._given.add(self._receive(leg, f"{key}:{leg.lot_id}", ABSENT))

    def whole(self, lot_ids: Collection[int]) -> None:
        """Move all that these lots have, pending points as pending ones of the same document."""
        lots = sorted((self.giver.lots[one] for one in lot_ids), key=spending_order)
        documents = _documents_of(self.session, [lot.id for lot in lots])
        for lot in lots:
            for leg in self.giver.draw_from([lot.id]):
                self._receive(leg, move_key(lot.id), documents.get(lot.id, ABSENT))

    def everything(self, program_account: int) -> None:
        """Move all that the wallet has, what it owes, and what was spent of its points."""
        self.whole([lot.id for lot in self.giver.lots.values() if lot.remaining])
        self._debt(program_account)
        self._everything = True

    def _debt(self, program_account: int) -> None:
        """Let the other wallet pay what this one owes; where it may not owe, what it does not have is forgiven."""
        owed = self.giver.owed
        if not owed:
            return
        self.giver.owed = 0
        transaction = self._transaction(f"debt:{self.giver_account}:", ABSENT, numbered=True)
        self.posting.add_legs(transaction, self.giver_account, [Leg(Bucket.AVAILABLE, owed, None)])
        legs, forgiven = self.receiver.take_back(owed)
        self.posting.add_legs(transaction, self.receiver_account, legs)
        if forgiven:
            bucket = program_bucket(TransactionKind.TRANSFER)
            self.posting.add_legs(transaction, program_account, [Leg(bucket, -forgiven, None)])
        self.moved -= owed

    def write(self, *, giver_id: int | None = None, receiver_id: int | None = None) -> int:
        """Post what moved. Returns how many points, less the debt that moved with them.

        ``giver_id`` and ``receiver_id`` are the distributors whose doing it is, where their wallet is shared.
        """
        self._carry_what_was_spent()
        if not self.posting.transaction_ids:
            return 0
        self._add_lots()
        self.posting.changed_lots.append(self.opened.changed())
        post(self.session, self.posting)
        ids, documents = (np.concatenate(one) for one in (self.posting.transaction_ids, self.posting.document_ids))
        for account, whose in ((self.giver_account, giver_id), (self.receiver_account, receiver_id)):
            if whose is not None:
                on_behalf(self.session, ids[documents == ABSENT].tolist(), account, whose)
        return self.moved

    def _receive(self, leg: Leg, key: str, document: int) -> int:
        assert leg.lot_id is not None, "what moves comes from a lot"
        was, amount = self.giver.lots[leg.lot_id], -leg.amount
        state = LotState.PENDING if leg.bucket is Bucket.PENDING else LotState.OPEN
        self._open += amount if state is LotState.OPEN else 0
        transaction = self._transaction(key, document)
        lot = LotBalance(transaction, state, was.earned_on, was.expires_on, 0)
        self.posting.add_legs(transaction, self.giver_account, [leg])
        self.posting.add_legs(transaction, self.receiver_account, self.receiver.receive(lot, amount))
        self._came.append((lot, amount, leg.lot_id))
        self.moved += amount
        return transaction

    def _transaction(self, key: str, document: int, *, numbered: bool = False) -> int:
        number = transaction_ids(self.session, 1)
        self.posting.add_transactions(
            number,
            TransactionKind.TRANSFER,
            [f"{key}{int(number[0])}" if numbered else key],
            np.asarray([self.on], dtype="datetime64[D]"),
            document_ids=single(document),
        )
        return int(number[0])

    def _add_lots(self) -> None:
        """Add the lots that came into being, with all that those they come from say."""
        given = literal(sorted({origin for _, _, origin in self._came}), ARRAY(BigInteger))
        said = {row.id: row for row in self.session.scalars(select(Lot).where(Lot.id == any_(given)))}
        for lot, amount, origin in self._came:
            idle_months = said[origin].idle_months
            if idle_months is not None and lot.id in self._given:
                lot.expires_on, idle_months = last_day_of(None, idle_months, self._active_on, lot.earned_on), None
            elif idle_months is not None:
                self._carry_activity()
            self.posting.new_lots.append(
                NewLots.one(
                    lot,
                    self.receiver_account,
                    amount=amount,
                    unit_value_micro=said[origin].unit_value_micro,
                    terms_id=said[origin].terms_id,
                    idle_months=idle_months,
                )
            )

    def _carry_what_was_spent(self) -> None:
        gone = self._gone
        if not self._everything:
            share = tiers.share_of_account(self.session, self.program, self.receiver_account)
            gone = going_along(self._open, self._had, self._gone, share)
        carry(self.session, self.giver_account, self.receiver_account, gone)

    def _carry_activity(self) -> None:
        self.session.execute(
            update(Account)
            .where(Account.id == self.receiver_account)
            .values(active_on=func.greatest(Account.active_on, self._active_on))
            .execution_options(synchronize_session=False)
        )


def carry(session: Session, giver: int, receiver: int, gone: int) -> None:
    """Let so much of what was spent of the points of one account count with the points of another."""
    for account, more in ((giver, -gone), (receiver, gone)) if gone else ():
        session.execute(
            update(Account)
            .where(Account.id == account)
            .values(carried=Account.carried + more)
            .execution_options(synchronize_session=False)
        )


def carry_back(session: Session, giver: int, receiver: int, amount: int) -> None:
    """Take back what was carried of points that are spent no longer, at most what counts with the receiver's."""
    gone = session.scalars(select(tiers.GONE).where(Account.id == receiver)).one()
    carry(session, receiver, giver, max(0, min(amount, gone)))


def _documents_of(session: Session, lot_ids: Sequence[int]) -> dict[int, int]:
    """Find the documents that lots came from."""
    rows = session.execute(
        select(LedgerTransaction.id, LedgerTransaction.document_id).where(LedgerTransaction.id == any_of(lot_ids))
    )
    return {lot: document for lot, document in rows if document is not None}


def move_key(lot_id: int, part: int = 1) -> str:
    """Give the key of what moves a whole lot, or of what follows it as the second, the third part."""
    return f"{_MOVED}{lot_id}" + (f":{part}" if part > 1 else "")


def moved_to(session: Session, lot_ids: Iterable[int]) -> dict[int, list[int]]:
    """Tell which lots each of these became when its wallet's points moved, and each of those: the oldest first."""
    became: dict[int, list[int]] = {one: [] for one in lot_ids}
    asked = [(one, 1) for one in sorted(became)]
    while asked:
        keys = {move_key(lot, part): (lot, part) for lot, part in asked}
        rows = session.execute(
            select(LedgerTransaction.key, LedgerTransaction.id).where(
                LedgerTransaction.key == any_(literal(list(keys), ARRAY(Text)))
            )
        ).all()
        asked = []
        for key, number in rows:
            lot, part = keys[key]
            became[lot].append(number)
            became[number] = []
            asked += [(lot, part + 1), (number, 1)]
    return became


def where_now(session: Session, lot_ids: Iterable[int]) -> dict[int, list[int]]:
    """Tell which lots have the points of each today: itself, or those that it became when its wallet's points moved."""
    wanted = sorted(set(lot_ids))
    became = moved_to(session, wanted)
    return {one: ends_of(became, one) for one in wanted}


def ends_of(became: Mapping[int, Sequence[int]], lot_id: int) -> list[int]:
    """Give the lots that a lot came to be, of all that `moved_to` tells; itself, where it never moved."""
    parts = became.get(lot_id)
    return [end for part in parts for end in ends_of(became, part)] if parts else [lot_id]


def note_earners(session: Session, wallets: Wallets, transactions: Ints, distributors: Ints) -> None:
    """Write down who earned what was posted, where it stands on another account than their own. The caller commits.

    Of the transactions those that were posted are noted; columns of equal length.
    """
    if not wallets.elsewhere.any():
        return
    away = np.isin(distributors, wallets.distributor_ids[wallets.elsewhere])
    who = distributors[away]
    earned = rows_of(transaction_id=transactions[away], account_id=wallets.of(who), distributor_id=who)
    posted = select(earned.c.transaction_id, earned.c.account_id, earned.c.distributor_id).join(
        LedgerTransaction, LedgerTransaction.id == earned.c.transaction_id
    )
    session.execute(insert(OnBehalf).from_select(["transaction_id", "account_id", "distributor_id"], posted))


def on_behalf(session: Session, transaction_ids: Sequence[int], account_id: int, distributor_id: int) -> None:
    """Write down whose doing movements of a shared wallet are; of whoever was merged, the survivor's.

    The caller commits.
    """
    if transaction_ids:
        now = func.coalesce(Distributor.merged_into_id, Distributor.id)
        survivor = session.scalars(select(now).where(Distributor.id == distributor_id)).one()
        who = {"account_id": account_id, "distributor_id": survivor}
        session.execute(insert(OnBehalf), [{"transaction_id": one, **who} for one in transaction_ids])

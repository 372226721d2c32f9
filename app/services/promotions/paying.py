"""What standings give and take goes to the ledger: each posting once, in columns where an account only receives."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.bulk import copy_into
from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.points.lots import LotBalance
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.models.promotions import PromotionPayment
from app.services.ledger.accounts import lock_wallets
from app.services.ledger.expiring import write_off
from app.services.ledger.posting import NewLots, Posting, post, program_bucket, transaction_ids
from app.services.ledger.wallets import OpenWallets
from app.services.owners.moves import note_earners, where_now


@dataclass(frozen=True)
class Due:
    """What is due to standings, or from them (below zero), in columns.

    ``owner_id`` is the distributor, or a person of it with an account of their own. ``number`` counts the postings of
    each: it stands in the key, so that none can be posted twice. ``made`` says what made it, as JSON.
    """

    standing_id: Ints
    owner_id: Ints
    number: Ints
    amount: Ints
    version: int
    made: Sequence[str]

    def __len__(self) -> int:
        """Count them."""
        return len(self.standing_id)


def pay(session: Session, rules: ProgramRules, due: Due, *, now: dt.datetime, actor: str | None, reason: str) -> Ints:
    """Post what is due. Returns what was posted of each: a wallet that may not owe gives back what it has.

    The wallets are locked in the order in which everybody locks them. The caller commits.
    """
    if not len(due):
        return due.amount
    wallets = lock_wallets(session, due.owner_id)[Unit.POINTS]
    account = wallets.of(due.owner_id)
    today = local_date(now, rules.time_zone)
    taking = np.unique(account[due.amount < 0])
    # where points end by idleness, on all: what ended must not come to life again because they are idle no more
    ending = np.unique(account) if rules.may_end_idle else taking
    if ending.size:
        write_off(session, rules.program_id, today, ending.tolist())
    owing = wallets.account_ids[wallets.available < 0]
    paying = _Paying(session, rules, due, account, today, actor, reason)
    posted = paying.run(np.union1d(taking, owing))
    note_earners(session, wallets, paying.transaction, due.owner_id)
    return posted


class _Paying:
    """One posting of what is due."""

    def __init__(
        self,
        session: Session,
        rules: ProgramRules,
        due: Due,
        account: Ints,
        today: dt.date,
        actor: str | None,
        reason: str,
    ) -> None:
        self.session = session
        self.rules = rules
        self.due = due
        self.account = account
        self.today = today
        self.posting = Posting(rules.program_id, actor=actor, reason=reason, today=today)
        self.transaction = transaction_ids(session, len(due))
        self.posted = due.amount.copy()
        self.remaining = np.maximum(due.amount, 0)
        self.lasting = rules.lasting()
        self.expires_on = self.lasting.last_day(today)

    def run(self, stepwise: Ints) -> Ints:
        """Post; these accounts have their lots looked at one after the other."""
        one_by_one = np.isin(self.account, stepwise)
        if one_by_one.any():
            self._one_by_one(np.flatnonzero(one_by_one).tolist())
        simple = ~one_by_one
        self.posting.add_entries(
            self.transaction[simple],
            self.account[simple],
            np.full(int(simple.sum()), Bucket.AVAILABLE, dtype=np.int64),
            self.posted[simple],
            self.transaction[simple],
        )
        self._transactions()
        self._lots()
        post(self.session, self.posting)
        self._note()
        return self.posted

    def _one_by_one(self, places: list[int]) -> None:
        lots = self._lots_of(self.due.standing_id[self.due.amount < 0])
        asked = [lot for of_one in lots.values() for lot in of_one]
        opened = OpenWallets(self.session, self.account[places].tolist(), with_lots=asked)
        for at in places:
            account, amount = int(self.account[at]), int(self.due.amount[at])
            wallet = opened.of[account]
            if amount > 0:
                lot = LotBalance(int(self.transaction[at]), LotState.OPEN, self.today, self.expires_on, 0)
                legs = wallet.receive(lot, amount)
                self.remaining[at] = lot.remaining
            else:
                # what the promotion gave last goes first, then what would be spent first, then a debt
                legs, _forgiven = wallet.take_back(-amount, *lots[int(self.due.standing_id[at])])
            self.posting.add_legs(int(self.transaction[at]), account, legs)
            self.posted[at] = sum(leg.amount for leg in legs)
        self.posting.changed_lots.append(opened.changed())

    def _lots_of(self, standing_ids: Ints) -> dict[int, list[int]]:
        """Name the lots that have what standings were given, the newest first: as their wallets moved, they moved."""
        found: dict[int, list[int]] = defaultdict(list)
        rows = self.session.execute(
            select(PromotionPayment.standing_id, PromotionPayment.transaction_id)
            .where(
                PromotionPayment.standing_id == any_of(standing_ids.tolist()),
                PromotionPayment.amount > 0,
            )
            .order_by(PromotionPayment.transaction_id.desc())
        ).all()
        now_in = where_now(self.session, [transaction for _, transaction in rows])
        for standing, transaction in rows:
            found[standing] += now_in[transaction]
        return found

    def _transactions(self) -> None:
        some = np.flatnonzero(self.posted != 0)
        if not some.size:
            return
        named = zip(self.due.standing_id[some].tolist(), self.due.number[some].tolist(), strict=True)
        self.posting.add_transactions(
            self.transaction[some],
            TransactionKind.PROMOTION,
            [f"promotion:{standing}:{number}" for standing, number in named],
            np.full(len(some), np.datetime64(self.today, "D")),
        )
        self.posting.add_entries(
            self.transaction[some],
            np.full(len(some), self.rules.accounts[Unit.POINTS], dtype=np.int64),
            np.full(len(some), program_bucket(TransactionKind.PROMOTION), dtype=np.int64),
            -self.posted[some],
        )

    def _lots(self) -> None:
        given = np.flatnonzero(self.due.amount > 0)
        remaining = self.remaining[given]
        last = np.datetime64("NaT" if self.expires_on is None else self.expires_on, "D")
        self.posting.new_lots.append(
            NewLots(
                id=self.transaction[given],
                account_id=self.account[given],
                state=np.where(remaining > 0, LotState.OPEN, LotState.CLOSED).astype(np.int64),
                earned_on=np.full(len(given), np.datetime64(self.today, "D")),
                expires_on=np.full(len(given), last),
                unit_value_micro=np.full(len(given), self.rules.point_value_micro, dtype=np.int64),
                amount=self.due.amount[given],
                remaining=remaining,
                idle_months=np.full(len(given), self.lasting.idle_months or 0, dtype=np.int64),
            )
        )

    def _note(self) -> None:
        """Write down which standing caused which transaction, and what made it."""
        some = np.flatnonzero(self.posted != 0)
        made: list[Any] = [self.due.made[at] for at in some.tolist()]
        copy_into(
            self.session,
            PromotionPayment,
            {
                "transaction_id": self.transaction[some],
                "standing_id": self.due.standing_id[some],
                "version": np.full(len(some), self.due.version, dtype=np.int64),
                "amount": self.posted[some],
                "made": made,
            },
        )

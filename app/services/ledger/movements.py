"""A single movement of one account: points that come in as a new lot, or are taken, against the programme's side."""

import datetime as dt
from collections.abc import Iterable

import numpy as np
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.points.lots import Leg, LotBalance, Wallet
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import LotState, TransactionKind, Unit
from app.services.ledger.posting import ABSENT, NewLots, Posting, post, program_bucket, transaction_ids
from app.services.ledger.wallets import OpenWallets, standing_on


class Movement:
    """One movement of one account against the programme's side. The account is locked from here on."""

    def __init__(
        self,
        session: Session,
        rules: ProgramRules,
        account_id: int,
        unit: Unit,
        now: dt.datetime,
        actor: str,
        reason: str,
    ) -> None:
        """Lock the account on which its distributor's points stand today, and load its lots."""
        self.session = session
        account_id = standing_on(session, [account_id])[account_id]
        self.opened = OpenWallets(session, [account_id])
        self.wallet: Wallet = self.opened.of[account_id]
        self.account_id = account_id
        self.program_account = rules.accounts[unit]
        self.posting = Posting(rules.program_id, actor=actor, reason=reason)
        self.today = local_date(now, rules.time_zone)

    def receive(
        self,
        kind: TransactionKind,
        key: str,
        amount: int,
        *,
        earned_on: dt.date,
        expires_on: dt.date | None,
        unit_value_micro: int,
        terms_id: int = 0,
        idle_months: int | None = None,
        reverses: int = ABSENT,
    ) -> int:
        """Put points into a new lot."""
        transaction = self._transaction(kind, key, reverses)
        balance = LotBalance(transaction, LotState.OPEN, earned_on, expires_on, 0)
        legs = self.wallet.receive(balance, amount)
        self._post(transaction, kind, legs, -amount)
        self.posting.new_lots.append(
            NewLots.one(
                balance,
                self.account_id,
                amount=amount,
                unit_value_micro=unit_value_micro,
                terms_id=terms_id,
                idle_months=idle_months,
            )
        )
        post(self.session, self.posting)
        return amount

    def take(self, kind: TransactionKind, key: str, amount: int, *, origins: Iterable[int] = ()) -> int:
        """Take points from the lots that expire first, then as a debt where the programme allows it.

        ``origins`` are lots that are taken from before all others. Returns what was taken, below zero; it may be less
        than was wanted.
        """
        legs, left = self.wallet.take_back(amount, *origins)
        if not legs:
            return 0
        self._post(self._transaction(kind, key, ABSENT), kind, legs, amount - left)
        post(self.session, self.posting)
        return left - amount

    def _transaction(self, kind: TransactionKind, key: str, reverses: int) -> int:
        transaction = transaction_ids(self.session, 1)
        self.posting.add_transactions(
            transaction, kind, [key], np.asarray([self.today], dtype="datetime64[D]"), reverses_ids=single(reverses)
        )
        return int(transaction[0])

    def _post(self, transaction: int, kind: TransactionKind, legs: list[Leg], program_amount: int) -> None:
        self.posting.add_legs(transaction, self.account_id, legs)
        self.posting.add_legs(transaction, self.program_account, [Leg(program_bucket(kind), program_amount, None)])
        self.posting.changed_lots.append(self.opened.changed())


def single(value: int) -> Ints:
    """Give a column of one value."""
    return np.asarray([value], dtype=np.int64)

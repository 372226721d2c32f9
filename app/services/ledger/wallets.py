"""Wallets one at a time: the lots of single accounts, loaded, planned over, and stored by a posting."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.points.lots import LotBalance, Wallet
from app.domain.states import LotState
from app.models.ledger import Account, Lot
from app.services.ledger import standing
from app.services.ledger.posting import ChangedLots


def lock_accounts(session: Session, account_ids: Iterable[int]) -> Sequence[Row[int, int, bool]]:
    """Lock accounts until the transaction ends, in the order in which everybody locks them.

    Gives the id, what is available and whether it may owe, as the last holder of the lock left them.
    """
    ids = sorted(set(account_ids))
    standing.keep_accounts(session, ids)
    return session.execute(
        select(Account.id, Account.available, Account.may_owe)
        .where(Account.id == any_of(ids))
        .order_by(Account.id)
        .with_for_update()
    ).all()


def standing_on(session: Session, account_ids: Collection[int]) -> dict[int, int]:
    """Give the account on which the points of each account's distributor stand, almost always the same.

    They stand there until the transaction ends.
    """
    ids = sorted(set(account_ids))
    standing.keep_accounts(session, ids)
    rows = session.execute(select(Account.id, Account.leads_to_id).where(Account.id == any_of(ids)))
    return {id_: leads_to or id_ for id_, leads_to in rows}


class OpenWallets:
    """Locked wallets with their lots, and the memory of what they were."""

    def __init__(self, session: Session, account_ids: Iterable[int], *, with_lots: Iterable[int] = ()) -> None:
        """Lock accounts in the order of their ids and load their lots; closed lots only where ``with_lots`` asks."""
        ids = sorted(set(account_ids))
        rows = lock_accounts(session, ids)
        self.of = {row.id: Wallet(owed=max(0, -row.available), may_owe=row.may_owe) for row in rows}
        self._was: dict[int, tuple[LotState, int]] = {}
        asked = sorted(set(with_lots))
        for row in session.execute(
            select(Lot.id, Lot.account_id, Lot.state, Lot.earned_on, Lot.expires_on, Lot.remaining).where(
                Lot.account_id == any_of(ids),
                (Lot.state != LotState.CLOSED) | (Lot.id == any_of(asked)),
            )
        ):
            self.of[row.account_id].lots[row.id] = LotBalance(
                row.id, row.state, row.earned_on, row.expires_on, row.remaining
            )
            self._was[row.id] = (row.state, row.remaining)

    def changed(self) -> ChangedLots:
        """Give the lots of the database that a plan changed."""
        return ChangedLots.of(
            lot
            for wallet in self.of.values()
            for lot in wallet.lots.values()
            if lot.id in self._was and self._was[lot.id] != (lot.state, lot.remaining)
        )

"""Accounts: a distributor's wallets, and the programme's side of every transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, SmallInteger, any_, bindparam, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.db.bulk import columns_of
from app.db.prepared import Prepared
from app.domain.exact import Ints, places
from app.domain.states import Unit
from app.models.ledger import Account


def open_accounts(session: Session, program_id: int, distributor_ids: Iterable[int | None], *, may_owe: bool) -> None:
    """Open wallets in both units; whoever has them keeps them. A distributor of None is the programme itself."""
    wanted = [
        {"program_id": program_id, "distributor_id": one, "unit": unit, "may_owe": may_owe}
        for one in distributor_ids
        for unit in Unit
    ]
    if wanted:
        session.execute(insert(Account).on_conflict_do_nothing(), wanted)


def program_accounts(session: Session, program_id: int) -> dict[Unit, int]:
    """Give the programme's own account in each unit: the other side of every transaction."""
    rows = session.execute(
        select(Account.unit, Account.id).where(Account.program_id == program_id, Account.distributor_id.is_(None))
    )
    return dict(rows.all())


_WALLETS = Prepared(
    select(
        type_coerce(Account.unit, SmallInteger), Account.distributor_id, Account.id, Account.available, Account.may_owe
    )
    .where(Account.distributor_id == any_(bindparam("distributors", type_=ARRAY(BigInteger))))
    .order_by(Account.id)
    .with_for_update()
)


@dataclass(frozen=True)
class Wallets:
    """Locked wallets in one unit, in the order of their distributors' ids."""

    unit: Unit
    distributor_ids: Ints
    account_ids: Ints
    available: Ints
    may_owe: np.ndarray

    def of(self, distributor_ids: Ints) -> Ints:
        """Give the account of each distributor.

        Raises:
            LookupError: The wallet of one is not among these.
        """
        return self.account_ids[places(self.distributor_ids, distributor_ids)]


def lock_wallets(session: Session, distributor_ids: Ints) -> dict[Unit, Wallets]:
    """Lock the wallets of distributors until the transaction ends: their documents now count one work at a time."""
    return ask_for_wallets(session, distributor_ids)()


def ask_for_wallets(session: Session, distributor_ids: Ints) -> Callable[[], dict[Unit, Wallets]]:
    """Lock wallets as ``lock_wallets`` does, before whatever is sent next, and give them when they are called for."""
    locked = _WALLETS.ask(session, distributors=np.unique(distributor_ids))
    return lambda: _by_unit(locked())


def _by_unit(locked: Sequence[Sequence[Any]]) -> dict[Unit, Wallets]:
    types = {"unit": "int16", "distributor_id": "int64", "id": "int64", "available": "int64", "may_owe": "bool"}
    rows = columns_of(locked, types)
    found: dict[Unit, Wallets] = {}
    for unit in Unit:
        mine = np.flatnonzero(rows["unit"] == unit)
        mine = mine[np.argsort(rows["distributor_id"][mine])]
        found[unit] = Wallets(
            unit=unit,
            distributor_ids=rows["distributor_id"][mine],
            account_ids=rows["id"][mine],
            available=rows["available"][mine],
            may_owe=rows["may_owe"][mine],
        )
    return found

"""Accounts: a distributor's wallets, and the programme's side of every transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, SmallInteger, any_, bindparam, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.db.bulk import columns_of
from app.db.prepared import Prepared
from app.domain.measures.exact import Ints, places
from app.domain.states import Unit
from app.models.ledger import Account
from app.services.ledger import standing


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


_THEIRS = Account.distributor_id == any_(bindparam("distributors", type_=ARRAY(BigInteger)))
_LEADING = select(Account.leads_to_id).where(_THEIRS, Account.leads_to_id.is_not(None)).scalar_subquery()
# in one statement and in one order, whoever leads to whom, which stays as it is (`standing`): two that lock the same
# wallets never wait for each other
_WALLETS = Prepared(
    select(
        type_coerce(Account.unit, SmallInteger),
        func.coalesce(Account.distributor_id, 0),
        Account.id,
        Account.available,
        Account.may_owe,
        func.coalesce(Account.leads_to_id, 0),
    )
    .where(or_(_THEIRS, Account.id == any_(func.array(_LEADING))))
    .order_by(Account.id)
    .with_for_update()
)


@dataclass(frozen=True)
class Wallets:
    """Locked wallets in one unit, in the order of their distributors' ids; some may be one wallet that they share."""

    unit: Unit
    distributor_ids: Ints
    account_ids: Ints
    available: Ints
    may_owe: np.ndarray
    elsewhere: np.ndarray
    """Whose points stand on another account than their own."""

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
    """Lock wallets as ``lock_wallets`` does, before whatever is sent next, and give them when they are called for.

    The points of a distributor stand on the account that its own leads to, where it leads to one (`owners`).
    """
    wanted = np.unique(distributor_ids)
    standing.keep_distributors(session, wanted)
    locked = _WALLETS.ask(session, distributors=wanted)
    return lambda: _by_unit(wanted, locked())


_TYPES = {
    "unit": "int16",
    "distributor_id": "int64",
    "id": "int64",
    "available": "int64",
    "may_owe": "bool",
    "leads_to_id": "int64",
}


def _by_unit(wanted: Ints, locked: Sequence[Sequence[Any]]) -> dict[Unit, Wallets]:
    rows = columns_of(locked, _TYPES)
    leads = rows["leads_to_id"] > 0
    stands = np.arange(len(leads))
    if leads.any():
        stands[leads] = places(rows["id"], rows["leads_to_id"][leads])
    theirs = np.isin(rows["distributor_id"], wanted)
    found: dict[Unit, Wallets] = {}
    for unit in Unit:
        mine = np.flatnonzero((rows["unit"] == unit) & theirs)
        mine = mine[np.argsort(rows["distributor_id"][mine])]
        found[unit] = Wallets(
            unit=unit,
            distributor_ids=rows["distributor_id"][mine],
            account_ids=rows["id"][stands[mine]],
            available=rows["available"][stands[mine]],
            may_owe=rows["may_owe"][stands[mine]],
            elsewhere=leads[mine],
        )
    return found

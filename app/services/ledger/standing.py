"""Where points stand: whoever moves points leaves it as it is, and whoever changes it does so while nobody moves any.

An account may lead to another one (`owners`). Who waits for an account that begins to lead elsewhere meanwhile would
have to lock the other one as well, while it has the first: two of them could wait for each other. So both hold this
before they lock wallets, and hold it until their transaction ends.
"""

from collections.abc import Iterable

from sqlalchemy import BigInteger, Integer, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.locks import lock_name
from app.db.prepared import Prepared
from app.models.distributors import Distributor
from app.models.ledger import Account

_NAME = "standing:"


def _kept_with(of: InstrumentedAttribute[int], program_id: InstrumentedAttribute[int]) -> Prepared:
    """Put the lock into words: rows that are locked together are of one programme, so the first tells which."""
    first = select(program_id.label("id")).where(of == any_(bindparam("ids", type_=ARRAY(BigInteger)))).order_by(of)
    program = first.limit(1).subquery()
    name = func.hashtext(func.concat(literal(_NAME), program.c.id), type_=Integer)
    return Prepared(select(func.pg_advisory_xact_lock_shared(name)).select_from(program))


_OF_ACCOUNTS = _kept_with(Account.id, Account.program_id)
_OF_DISTRIBUTORS = _kept_with(Distributor.id, Distributor.program_id)


def keep_accounts(session: Session, account_ids: Iterable[int]) -> None:
    """Keep points where they stand, before these accounts are looked at or locked. All are of one programme."""
    _OF_ACCOUNTS.send(session, ids=list(account_ids))


def keep_distributors(session: Session, distributor_ids: Iterable[int]) -> None:
    """Keep points where they stand, before the wallets of these are locked. All are of one programme."""
    _OF_DISTRIBUTORS.send(session, ids=list(distributor_ids))


def change(session: Session, program_id: int) -> None:
    """Wait until nobody moves points of a programme, and let nobody begin: accounts will lead elsewhere."""
    lock_name(session, f"{_NAME}{program_id}")

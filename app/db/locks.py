"""Locks: one work at a time where order matters, taken in one order everywhere so that nobody waits in a circle."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from app.models.ledger import Account


def lock_accounts(session: Session, account_ids: Sequence[int] | npt.NDArray[np.int64]) -> None:
    """Lock account rows until the transaction ends, in the order of their ids."""
    ids = sorted({int(one) for one in account_ids})
    wanted = select(Account.id).where(Account.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
    session.execute(wanted.order_by(Account.id).with_for_update(), {"ids": ids}).all()


def lock_name(session: Session, name: str) -> None:
    """Hold an advisory lock of this name until the transaction ends; whoever asks for the same name waits."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(name, type_=Integer))))

"""Locks with a name: one work at a time where order matters."""

from sqlalchemy import Integer, func, select
from sqlalchemy.orm import Session


def lock_name(session: Session, name: str, *, shared: bool = False) -> None:
    """Hold an advisory lock of this name until the transaction ends; whoever asks for the same name waits.

    Those who hold it ``shared`` hold it side by side.
    """
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    session.execute(select(lock(func.hashtext(name, type_=Integer))))

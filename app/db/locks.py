"""Locks with a name: one work at a time where order matters."""

from sqlalchemy import Integer, func, select
from sqlalchemy.orm import Session


def lock_name(session: Session, name: str) -> None:
    """Hold an advisory lock of this name until the transaction ends; whoever asks for the same name waits."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(name, type_=Integer))))

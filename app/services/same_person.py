"""Whether two sign-in names are one person's: who asks for something and who approves it are two people.

A name is an e-mail address, and can be changed. Who did something is kept by the name of that day, so somebody who has
another one since is asked by all that they had.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.people import AuditEvent, UserAccount


def names_of(session: Session, login: str) -> frozenset[str]:
    """Give the sign-in names that the holder of one has, and had before, as they are compared."""
    names, before = [_key(login)], None
    changes = select(AuditEvent).where(AuditEvent.program_id.is_(None), AuditEvent.action == "user.email")
    while True:
        earlier = changes if before is None else changes.where(AuditEvent.id < before)
        taken = session.scalars(
            earlier.where(AuditEvent.subject == names[-1]).order_by(AuditEvent.id.desc()).limit(1)
        ).one_or_none()
        if taken is None or taken.before is None:
            break
        # somebody else had it, and gave it up before it was theirs
        left = earlier.where(AuditEvent.before["login"].astext == names[-1], AuditEvent.id > taken.id)
        if session.scalars(left.limit(1)).one_or_none() is not None:
            break
        names.append(_key(str(taken.before["login"])))
        before = taken.id
    return frozenset(names)


def own_names(session: Session, user: UserAccount) -> list[str]:
    """Give the sign-in names that somebody has and had, by which they are found on record. Not what others have now."""
    had = names_of(session, user.login) - {user.login}
    if not had:
        return [user.login]
    others = select(UserAccount.login).where(UserAccount.login.in_(had), UserAccount.id != user.id)
    return [user.login, *sorted(had.difference(session.scalars(others)))]


def is_same(session: Session, actor: str, *first: str | None) -> bool:
    """Tell whether who does something is one of those who did something before it."""
    known = {_key(one) for one in first if one}
    return _key(actor) in known or (bool(known) and not known.isdisjoint(names_of(session, actor)))


def _key(login: str) -> str:
    return login.strip().casefold()

"""The demonstration's sample sign-ins: made by its script, and offered on the sign-in page where KONTOR_DEMO is set."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.roles import OF_A_DISTRIBUTOR, Role
from app.models.people import UserAccount
from app.models.programs import Program
from app.services.access import people

PASSWORD = "kontor-demo"  # noqa: S105  # known to everybody: the demonstration's data is made up


@dataclass(frozen=True)
class Sample:
    """Somebody made up. Without a role: the owner of the platform."""

    login: str
    name: str
    role: Role | None


SAMPLES = (
    Sample("owner@demo.example", "Olga Wrona", None),
    Sample("administrator@demo.example", "Adam Lis", Role.ADMINISTRATOR),
    Sample("verifier@demo.example", "Wanda Sowa", Role.VERIFIER),
    Sample("finance@demo.example", "Filip Bąk", Role.FINANCE),
    Sample("viewer@demo.example", "Wiktor Jeż", Role.VIEWER),
    Sample("approver@demo.example", "Alicja Kruk", Role.APPROVER),
    Sample("assistant@demo.example", "Antoni Zięba", Role.ASSISTANT),
    Sample("distributor@demo.example", "Dorota Sikora", Role.OWNER),
    Sample("rep@demo.example", "Robert Szpak", Role.REP),
)

LOGINS = frozenset(one.login for one in SAMPLES)
"""In a demonstration these are let through without the second factor that their roles need elsewhere."""


def create(session: Session, program: Program, distributor_id: int, *, actor: str, now: dt.datetime) -> None:
    """Make the samples of a programme, where they are not there yet. The caller commits."""
    here = _here(session)
    for one in SAMPLES:
        if one.login not in here:
            people.create_user(
                session, one.login, one.name, PASSWORD, platform_owner=one.role is None, actor=actor, now=now
            )
        if one.role is not None:
            theirs = distributor_id if one.role in OF_A_DISTRIBUTOR else None
            people.give_role(session, one.login, program, one.role, theirs, actor=actor, now=now)


def offered(session: Session) -> Sequence[Sample]:
    """Give the samples that were made here."""
    here = _here(session)
    return [one for one in SAMPLES if one.login in here]


def _here(session: Session) -> frozenset[str]:
    """Give the sign-in names of those that somebody may sign in with."""
    return frozenset(
        session.scalars(select(UserAccount.login).where(UserAccount.login.in_(LOGINS), UserAccount.active))
    )

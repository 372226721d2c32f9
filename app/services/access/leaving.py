"""A sales rep leaves the team of a distributor by themselves: somebody who works there no longer waits for nobody."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.domain.roles import Person, Role
from app.models.distributors import Distributor
from app.models.people import Membership
from app.models.programs import Program
from app.services import audit
from app.services.access import erasure_requests
from app.services.telling import notices


class AsksToBeErased(ValueError):
    """Who left would be found by nobody who carries out what they asked for."""


@dataclass(frozen=True)
class Team:
    """A distributor whose sales rep somebody is, and its programme."""

    membership_id: int
    distributor_id: int
    distributor: str
    program_id: int
    program: str


def teams(session: Session, person: Person) -> Sequence[Team]:
    """List the teams that somebody can leave, by name. One query, and none for whoever is no sales rep."""
    if not any(seat.role is Role.REP for seat in person.seats):
        return ()
    found = session.execute(_teams(person).order_by(Distributor.sort_key, Membership.id))
    return [Team(*row) for row in found]


def leave(session: Session, person: Person, membership_id: int, *, now: dt.datetime) -> Team | None:
    """Give the seat of a sales rep back; what they did stays with the team, whose owners are told. The caller commits.

    None where they have no such seat: another role is taken back by somebody else (`memberships.take_role`).

    Raises:
        AsksToBeErased: They asked the programme to erase them, and it has not done so yet.
    """
    row = session.execute(
        _teams(person)
        .where(Membership.id == membership_id)
        .with_for_update(of=Membership)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    left = Team(*row)
    if erasure_requests.asked_at(session, person.id, [left.program_id]) is not None:
        raise AsksToBeErased
    session.delete(session.get_one(Membership, membership_id))
    session.flush()
    before = {"role": Role.REP.value, "distributor_id": left.distributor_id}
    audit.note(
        session, person.login, "user.role_taken", person.login, now=now, program_id=left.program_id, before=before
    )
    parts = {"name": person.name, "user_id": person.id}
    notices.tell(session, left.program_id, "rep_left", parts, distributor_id=left.distributor_id, now=now)
    return left


def _teams(person: Person) -> Select[int, int, str, int, str]:
    return (
        select(Membership.id, Distributor.id, Distributor.name, Program.id, Program.name)
        .join(Distributor, Distributor.id == Membership.distributor_id)
        .join(Program, Program.id == Membership.program_id)
        .where(Membership.user_id == person.id, Membership.role == Role.REP)
    )

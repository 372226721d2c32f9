"""Where somebody can go: the programmes that are theirs, and what waits in the one they are in."""

from dataclasses import dataclass

from flask import url_for

from app.services import people
from app.services.people import Permission, Person, ProgramChoice
from app.web import queries
from app.web.context import person, scope_or_none, session


@dataclass(frozen=True)
class Choice:
    """A programme to go to, and the page where one begins in it."""

    name: str
    sponsor: str
    address: str
    current: bool


def choices() -> list[Choice]:
    """Give the programmes of whoever is signed in; a distributor of several has one for each."""
    who, here = person(), scope_or_none()
    return [
        Choice(program.name, program.sponsor, address, here is not None and here.program.id == program.id)
        for program in people.programs_of(session(), who)
        for address in _beginnings(who, program)
    ]


def _beginnings(who: Person, program: ProgramChoice) -> list[str]:
    if people.may(who, Permission.SEE_PROGRAM, program.id):
        return [url_for("overview.overview", program_code=program.code)]
    return [
        url_for("statements.show", program_code=program.code, distributor_id=seat.distributor_id)
        for seat in who.seats
        if seat.program_id == program.id and seat.distributor_id is not None
    ]


def waiting_for_review() -> int:
    """Count what waits for a decision in the programme of the page; nothing where it is not theirs to see."""
    here = scope_or_none()
    if here is None or not people.may(person(), Permission.SEE_REVIEW, here.program.id):
        return 0
    return queries.in_review(session(), here.program.id)

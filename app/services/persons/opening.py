"""People's accounts are opened: for whoever signs in as a sales rep by themselves, for others by name.

Such an account is a participant of its own, below its company: it has a wallet, cards, orders, a tax status and a
portal like any other. It has no documents: what its company sells is the company's.
"""

import datetime as dt
import logging
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.point_shares import Shares
from app.domain.roles import Role
from app.domain.saying.sorting import sort_key
from app.domain.typed.card_numbers import holds_card_number
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.services import audit
from app.services.goods.catalogue import begin_change, mark_changed
from app.services.ledger.accounts import open_accounts
from app.services.persons.rosters import WHO_NOW, name_key
from app.services.placing.companies import company_of

LONGEST_NAME = 200

_log = logging.getLogger(__name__)


class NoCompany(LookupError):
    """The programme has no such company, or it was merged into another one."""


class NameUnfit(ValueError):
    """Nobody is called that."""


def shares_of(program: Program) -> Shares:
    """Give what a programme says of people's shares."""
    return ProgramSettings.model_validate(program.settings).accounts.shares


def open_account(
    session: Session, program: Program, company_id: int, name: str, *, actor: str, now: dt.datetime
) -> int:
    """Open the account of a person whom a company's documents name; whoever has one keeps it. Returns its id.

    From then on documents that name the person are shared with it as the programme says. The caller commits.

    Raises:
        NoCompany: The programme has no such company.
        NameUnfit: The name is empty, or may hold the number of a card.
    """
    called = _called(name)
    if not called or not called.isprintable() or holds_card_number(called):
        raise NameUnfit(name)
    begin_change(session, program.id)
    company = session.scalars(
        select(Distributor).where(
            Distributor.id == company_id,
            Distributor.program_id == program.id,
            Distributor.person_of_id.is_(None),
            Distributor.merged_into_id.is_(None),
        )
    ).one_or_none()
    if company is None:
        raise NoCompany(company_id)
    here = session.scalars(
        select(WHO_NOW).where(Distributor.person_of_id == company.id, Distributor.person_key == name_key(called))
    ).one_or_none()
    if here is not None:
        return here
    made = _account(session, program, company, called, now)
    open_accounts(session, program.id, [made.id], may_owe=program.settings.get("returns") != "clamp")
    after = {"company": company.code, "account": made.code}
    audit.note(session, actor, "person.open", made.code, now=now, program_id=program.id, after=after)
    mark_changed(session, program.id)
    return made.id


def _called(name: str) -> str:
    """Give a name as it is kept."""
    return name.strip()[:LONGEST_NAME]


def _account(session: Session, program: Program, company: Distributor, name: str, now: dt.datetime) -> Distributor:
    code = _free_code(session, program, company)
    made = Distributor(
        program_id=program.id,
        code=code,
        code_key=code_key(code),
        name=name,
        sort_key=sort_key(name, program.locale),
        tax_status=shares_of(program).tax_status,
        country=company.country,
        enrolled_on=local_date(now, program.time_zone),
        blocked=False,
        person_of_id=company.id,
        person_key=name_key(name),
    )
    session.add(made)
    session.flush()
    return made


def _free_code(session: Session, program: Program, company: Distributor) -> str:
    """Number the people of a company; a code says nothing of who it is."""
    number = 1 + (
        session.scalar(select(func.count()).select_from(Distributor).where(Distributor.person_of_id == company.id)) or 0
    )
    while True:
        code = f"{company.code}:P{number}"
        taken = select(Distributor.id).where(
            Distributor.program_id == program.id, Distributor.code_key == code_key(code)
        )
        if session.scalars(taken).one_or_none() is None:
            return code
        number += 1


def open_missing(
    session: Session, program: Program, *, actor: str, now: dt.datetime, user_id: int | None = None
) -> int:
    """Open the account of every sales rep, or of one user, who has none, where the programme shares. Returns how many.

    An account at which somebody sits is theirs, though another bears the same name: whoever comes second is left out
    until they are called otherwise, and so is whoever cannot be called as they are. Safe to call as often as one likes;
    the caller commits.
    """
    if not shares_of(program).of_person or not _seatless(session, program.id, user_id):
        return 0
    begin_change(session, program.id)
    opened = 0
    # asked once more: whoever did the same at the same moment is done by now
    for rep in _seatless(session, program.id, user_id):
        try:
            person_id = open_account(session, program, rep.company_id, rep.name, actor=actor, now=now)
        except NameUnfit:
            _log.warning("user %s has no account of their own: nobody can be called that", rep.user_id)
            continue
        if _is_taken(session, person_id):
            _log.warning("user %s has no account of their own: account %s is another's", rep.user_id, person_id)
            continue
        session.add(
            Membership(
                user_id=rep.user_id,
                program_id=program.id,
                role=Role.PERSON,
                distributor_id=person_id,
                known_as=rep.name,
            )
        )
        session.flush()
        opened += 1
    return opened


@dataclass(frozen=True)
class _Rep:
    """A sales rep of a company, under the name that its documents give them."""

    user_id: int
    company_id: int
    name: str


def _seatless(session: Session, program_id: int, user_id: int | None) -> list[_Rep]:
    """Find the sales reps, or the one, who do not sit at an account under their name."""
    reps = (
        select(Membership.user_id, Membership.distributor_id, func.coalesce(Membership.known_as, UserAccount.name))
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .join(Distributor, Distributor.id == Membership.distributor_id)
        .where(
            Membership.program_id == program_id,
            Membership.role == Role.REP,
            Distributor.merged_into_id.is_(None),
        )
        .order_by(Membership.id)
    )
    seats = (
        select(Membership.user_id, company_of(Distributor), Distributor.person_key)
        # whose account became another's sits there
        .join(Distributor, Membership.distributor_id == WHO_NOW)
        .where(
            Membership.program_id == program_id,
            Membership.role == Role.PERSON,
            Distributor.person_of_id.is_not(None),
        )
    )
    if user_id is not None:
        reps, seats = reps.where(Membership.user_id == user_id), seats.where(Membership.user_id == user_id)
    sitting = {tuple(row) for row in session.execute(seats)}
    return [
        _Rep(rep, company_id, name)
        for rep, company_id, name in session.execute(reps)
        if company_id is not None and (rep, company_id, name_key(_called(name))) not in sitting
    ]


def _is_taken(session: Session, person_id: int) -> bool:
    seats = select(Membership.id).where(Membership.distributor_id == person_id)
    return session.scalars(select(seats.exists())).one()

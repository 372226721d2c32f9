"""What is here already and looks like an applicant: distributors, other applications, people with an account."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.domain.program_file.registration import Asked, tax_id_key
from app.models.distributors import Distributor
from app.models.joining import Application
from app.models.people import Membership, UserAccount


@dataclass(frozen=True)
class Duplicate:
    """Somebody or something that is here already and looks like the applicant; ``by`` is ``tax_id`` or ``login``.

    It is a distributor, another application, or a person with an account.
    """

    by: str
    distributor_id: int | None = None
    application_id: int | None = None
    name: str = ""
    code: str = ""


def duplicates(session: Session, application: Application) -> list[Duplicate]:
    """Find distributors, applications and people that look like the applicant of an application."""
    found: list[Duplicate] = []
    wanted = tax_id_key(application.tax_id or "")
    if application.kind == Asked.COMPANY:
        found = distributors_with(session, application.program_id, application.tax_id or "")
    same: ColumnElement[bool] = Application.login == application.login
    if wanted and application.kind == Asked.COMPANY:
        same |= (Application.kind == Asked.COMPANY) & same_tax_id(Application.tax_id, wanted)
    others = session.execute(
        select(Application.id, Application.company, Application.login)
        .where(Application.program_id == application.program_id, Application.id != application.id, same)
        .order_by(Application.id.desc())
        .limit(10)
    )
    found += [
        Duplicate("login" if login == application.login else "tax_id", application_id=id_, name=company)
        for id_, company, login in others
    ]
    person = session.execute(
        select(UserAccount.name)
        .join(Membership, Membership.user_id == UserAccount.id)
        .where(UserAccount.login == application.login, Membership.program_id == application.program_id)
        .limit(1)
    ).one_or_none()
    return found if person is None else [*found, Duplicate("login", name=person.name)]


def distributors_with(session: Session, program_id: int, tax_id: str) -> list[Duplicate]:
    """Find the distributors of a programme that have a tax id, however it is written; those with none are no twins."""
    wanted = tax_id_key(tax_id)
    if not wanted:
        return []
    rows = session.execute(
        select(Distributor.id, Distributor.name, Distributor.code).where(
            Distributor.program_id == program_id, same_tax_id(Distributor.tax_id, wanted)
        )
    )
    return [Duplicate("tax_id", distributor_id=id_, name=name, code=code) for id_, name, code in rows]


def same_tax_id(column: Any, wanted: str) -> ColumnElement[bool]:
    """Compare tax ids as `tax_id_key` does, with or without the country before them."""
    plain = func.regexp_replace(func.upper(column), "[^0-9A-Z]", "", "g")
    return (plain == wanted) | (func.regexp_replace(plain, "^[A-Z]{2}(?=[0-9]+$)", "") == wanted)

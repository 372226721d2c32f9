"""The terms of a programme: published in versions, accepted by people, asked for anew when there is a newer one."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app.db.questions import Question
from app.domain.roles import OF_A_DISTRIBUTOR
from app.models.joining import TermsAcceptance, TermsVersion
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.services import audit

LONGEST = 100_000


class TermsEmpty(ValueError):
    """Terms without a text in any language are none."""


class TermsUnchanged(ValueError):
    """They say what the version in force says: nobody is asked to accept the same twice."""


@dataclass(frozen=True)
class Terms:
    """The terms in force, and when a person accepted them; None: not yet."""

    id: int
    number: int
    texts: dict[str, str]
    published_at: dt.datetime
    accepted_at: dt.datetime | None

    def text(self, language: str, otherwise: str) -> str:
        """Give the text in a language, else in the programme's, else in any."""
        return self.texts.get(language) or self.texts.get(otherwise) or next(iter(self.texts.values()))


def publish(session: Session, program: Program, texts: dict[str, str], *, actor: str, now: dt.datetime) -> int:
    """Publish a new version. Returns its number. The caller commits.

    Raises:
        TermsEmpty: There is no text.
        TermsUnchanged: It is the text of the version in force, in all its languages.
    """
    kept = {language: text.strip()[:LONGEST] for language, text in texts.items() if text.strip()}
    if not kept:
        raise TermsEmpty
    newest = session.scalars(
        select(TermsVersion).where(TermsVersion.program_id == program.id).order_by(TermsVersion.number.desc()).limit(1)
    ).one_or_none()
    if newest is not None and newest.texts == kept:
        raise TermsUnchanged
    number = 1 + (newest.number if newest is not None else 0)
    session.add(TermsVersion(program_id=program.id, number=number, texts=kept, published_at=now, published_by=actor))
    session.flush()
    after = {"number": number, "languages": sorted(kept)}
    audit.note(session, actor, "terms.publish", program.code, now=now, program_id=program.id, after=after)
    return number


def in_force(session: Session, program_id: int, user_id: int) -> Terms | None:
    """Give the newest terms of a programme with a person's acceptance; None where there are none. One query."""
    row = _IN_FORCE.first(session, program_id=program_id, user_id=user_id)
    return None if row is None else Terms(*row)


def to_accept(program_id: int, user_id: int) -> Select[int]:
    """Give the query for the newest terms of a programme, where a person has not accepted them."""
    newest = select(func.max(TermsVersion.id)).where(TermsVersion.program_id == program_id).scalar_subquery()
    accepted = (TermsAcceptance.terms_id == TermsVersion.id) & (TermsAcceptance.user_id == user_id)
    return select(TermsVersion.id).where(
        TermsVersion.id == newest, ~select(TermsAcceptance.terms_id).where(accepted).exists()
    )


_IN_FORCE = Question(
    select(
        TermsVersion.id,
        TermsVersion.number,
        TermsVersion.texts,
        TermsVersion.published_at,
        TermsAcceptance.accepted_at,
    )
    .outerjoin(
        TermsAcceptance,
        (TermsAcceptance.terms_id == TermsVersion.id) & (TermsAcceptance.user_id == bindparam("user_id")),
    )
    .where(TermsVersion.program_id == bindparam("program_id"))
    .order_by(TermsVersion.number.desc())
    .limit(1)
)


def accepted_at() -> ScalarSelect[dt.datetime]:
    """Give the SQL expression of when the person of a row of roles accepted the terms that are in force there."""
    newest = (
        select(func.max(TermsVersion.id))
        .where(TermsVersion.program_id == Membership.program_id)
        .correlate(Membership)
        .scalar_subquery()
    )
    return (
        select(TermsAcceptance.accepted_at)
        .where(TermsAcceptance.terms_id == newest, TermsAcceptance.user_id == Membership.user_id)
        .correlate(Membership)
        .scalar_subquery()
    )


def asked() -> ColumnElement[bool]:
    """Match roles of those who are asked to accept terms: people of distributors, who may sign in."""
    person = aliased(UserAccount)  # lists of people have its row already
    may_sign_in = select(person.id).where(person.id == Membership.user_id, person.active).exists()
    return Membership.role.in_([role.value for role in OF_A_DISTRIBUTOR]) & may_sign_in


@dataclass(frozen=True)
class Answered:
    """How many people of distributors are asked to accept the terms in force, and how many of them did."""

    people: int
    accepted: int


def answered(session: Session, program_id: int) -> Answered:
    """Count who accepted the terms in force; somebody of several distributors is one. One query."""
    person = func.count(Membership.user_id.distinct())
    found = session.execute(
        select(person, person.filter(accepted_at().is_not(None))).where(Membership.program_id == program_id, asked())
    ).one()
    return Answered(*found)


def accept(
    session: Session,
    program: Program,
    terms_id: int,
    user_id: int,
    *,
    login: str,
    locale: str,
    address: str | None,
    now: dt.datetime,
) -> None:
    """Note that a person accepted terms; twice is once. The caller commits."""
    made = session.execute(
        insert(TermsAcceptance)
        .values(terms_id=terms_id, user_id=user_id, locale=locale, address=address, accepted_at=now)
        .on_conflict_do_nothing()
        .returning(TermsAcceptance.id)
    ).one_or_none()
    if made is not None:
        audit.note(
            session, login, "terms.accept", program.code, now=now, program_id=program.id, after={"terms": terms_id}
        )

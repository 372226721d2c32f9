"""Terms: published in versions that stay, accepted by each person once, asked for anew when there is a newer one."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.domain.roles import Person, Role
from app.models.joining import TermsAcceptance, TermsVersion
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.joining import terms
from tests.support.programs import NOW

LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def reader(program: Program, person: Callable[..., Person]) -> Person:
    """Somebody who is asked to accept."""
    return person(program, Role.VIEWER)


def publish(session: Session, program: Program, now: dt.datetime = NOW, **texts: str) -> int:
    return terms.publish(session, program, texts, actor="ann", now=now)


def accept(session: Session, program: Program, reader: Person, now: dt.datetime = NOW) -> None:
    found = terms.in_force(session, program.id, reader.id)
    assert found is not None
    terms.accept(session, program, found.id, reader.id, login=reader.login, locale="pl", address="203.0.113.9", now=now)
    session.flush()


def test_there_are_none_until_some_are_published(session: Session, program: Program, reader: Person) -> None:
    assert terms.in_force(session, program.id, reader.id) is None
    with pytest.raises(terms.TermsEmpty):
        publish(session, program, en=" ", pl="")


def test_nobody_is_asked_to_accept_the_same_twice(session: Session, program: Program, reader: Person) -> None:
    assert publish(session, program, en="Be fair.", pl="Grajmy fair.") == 1
    accept(session, program, reader)
    with pytest.raises(terms.TermsUnchanged):
        publish(session, program, LATER, en="Be fair. ", pl="Grajmy fair.", es="")
    found = terms.in_force(session, program.id, reader.id)
    assert found is not None
    assert found.accepted_at == NOW
    assert publish(session, program, LATER, en="Be fair.") == 2, "one language less is another version"


def test_who_accepted_which_version_when_and_from_where_is_kept(
    session: Session, program: Program, reader: Person
) -> None:
    assert publish(session, program, en="Be fair.") == 1
    accept(session, program, reader)
    accept(session, program, reader, LATER)
    kept = session.scalars(select(TermsAcceptance).where(TermsAcceptance.user_id == reader.id)).one()
    assert (kept.accepted_at, kept.locale, kept.address) == (NOW, "pl", "203.0.113.9")
    found = terms.in_force(session, program.id, reader.id)
    assert found is not None
    assert (found.number, found.accepted_at) == (1, NOW)
    noted = select(AuditEvent.actor).where(AuditEvent.program_id == program.id, AuditEvent.action == "terms.accept")
    assert session.scalars(noted).all() == [reader.login]


def test_a_newer_version_is_asked_for_anew_and_the_older_one_stays(
    session: Session, program: Program, reader: Person
) -> None:
    publish(session, program, en="Be fair.")
    accept(session, program, reader)
    assert publish(session, program, LATER, en="Be kind.") == 2
    found = terms.in_force(session, program.id, reader.id)
    assert found is not None
    assert (found.number, found.accepted_at, found.texts) == (2, None, {"en": "Be kind."})
    accept(session, program, reader, LATER)
    kept = session.execute(
        select(TermsVersion.number, TermsVersion.texts, TermsAcceptance.accepted_at)
        .join(TermsAcceptance, TermsAcceptance.terms_id == TermsVersion.id)
        .where(TermsAcceptance.user_id == reader.id)
        .order_by(TermsVersion.number)
    ).all()
    assert kept == [(1, {"en": "Be fair."}, NOW), (2, {"en": "Be kind."}, LATER)]


def test_what_was_published_or_accepted_cannot_be_written_over(
    session: Session, program: Program, reader: Person
) -> None:
    publish(session, program, en="Be fair.")
    accept(session, program, reader)
    for table in ("terms_version", "terms_acceptance"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.connection().exec_driver_sql(f"delete from {table}")


def test_terms_are_read_in_the_reader_s_language_else_the_programme_s_else_any(
    session: Session, program: Program, reader: Person
) -> None:
    publish(session, program, pl="Gramy uczciwie.", ru="Играем честно.")
    found = terms.in_force(session, program.id, reader.id)
    assert found is not None
    assert found.text("ru", "pl") == "Играем честно."
    assert found.text("es", "pl") == "Gramy uczciwie."
    assert found.text("es", "en") in ("Gramy uczciwie.", "Играем честно.")

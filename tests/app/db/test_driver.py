"""Statements that go to the driver itself: in the session's transaction, with the session's errors."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.db.driver import value_of
from app.local.servers import Addresses
from app.models.programs import Program
from tests.support import programs


@pytest.fixture
def engine(addresses: Addresses) -> Iterator[Engine]:
    made = create_engine(addresses.database_url)
    yield made
    made.dispose()


def test_a_value_is_that_of_the_statement(session: Session) -> None:
    assert value_of(session, "select %s::bigint + %s::bigint", (40, 2)) == 42
    assert value_of(session, "select %s::text", (None,)) is None


def test_the_statement_sees_what_the_session_has_not_written_yet_and_goes_with_it(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code))
    program.sponsor = "Another"
    assert value_of(session, "select sponsor from program where code = %s", (code,)) == "Another"
    session.rollback()
    assert value_of(session, "select count(*) from program where code = %s", (code,)) == 0


def test_what_a_statement_did_is_undone_with_the_session(session: Session, code: str) -> None:
    programs.load(session, programs.document(code))
    session.commit()
    value_of(session, "update program set sponsor = 'Other' where code = %s returning id", (code,))
    session.rollback()
    assert session.scalars(select(Program.sponsor).where(Program.code == code)).one() == "Test sponsor"


def test_a_connection_that_commits_by_itself_needs_nobody_to_do_so(engine: Engine, session: Session, code: str) -> None:
    programs.load(session, programs.document(code))
    session.commit()
    with engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        value_of(connection, "update program set sponsor = 'Other' where code = %s returning id", (code,))
        assert session.scalars(select(Program.sponsor).where(Program.code == code)).one() == "Other"


def test_on_any_other_connection_a_transaction_begins(engine: Engine, session: Session, code: str) -> None:
    programs.load(session, programs.document(code))
    session.commit()
    for end, expected in (("rollback", "Test sponsor"), ("commit", "Other")):
        with engine.connect() as connection:
            value_of(connection, "update program set sponsor = 'Other' where code = %s returning id", (code,))
            getattr(connection, end)()
        session.rollback()
        assert session.scalars(select(Program.sponsor).where(Program.code == code)).one() == expected


def test_errors_are_those_of_any_other_statement(session: Session, code: str) -> None:
    programs.load(session, programs.document(code))
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        value_of(session, "update program set sponsor = null where code = %s returning id", (code,))
    assert refused.value.statement is not None
    with pytest.raises(DBAPIError), session.begin_nested():
        value_of(session, "select 1 / %s", (0,))
    assert value_of(session, "select count(*) from program where code = %s", (code,)) == 1


def test_a_connection_that_was_lost_is_let_go(engine: Engine, addresses: Addresses) -> None:
    owner = create_engine(addresses.owner_url.replace("kontor_owner", "kontor_admin"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        backend = value_of(connection, "select pg_backend_pid()", ())
        with owner.connect() as other:
            other.execute(text("select pg_terminate_backend(:backend)"), {"backend": backend})
        with pytest.raises(OperationalError) as lost:
            value_of(connection, "select 1", ())
        assert lost.value.connection_invalidated
        connection.rollback()
        assert value_of(connection, "select pg_backend_pid()", ()) != backend
    owner.dispose()

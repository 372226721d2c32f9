"""Statements that go to the driver itself: in the session's transaction, with the session's errors."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.db.driver import PATIENCE, ask, driver_of, patience_with, send, together, value_of
from app.local.servers import Addresses
from app.models.programs import Program
from tests.support import programs


@pytest.fixture
def engine(addresses: Addresses) -> Iterator[Engine]:
    made = create_engine(addresses.database_url)
    yield made
    made.dispose()


def test_an_address_that_says_how_long_its_server_is_waited_for_is_believed(addresses: Addresses) -> None:
    assert patience_with(addresses.database_url) == PATIENCE
    said = patience_with("postgresql+psycopg://kontor_app@db/kontor?connect_timeout=60")
    assert said == {name: value for name, value in PATIENCE.items() if name != "connect_timeout"}


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


def _pipelined(session: Session) -> bool:
    return driver_of(session.connection()).pgconn.pipeline_status != psycopg.pq.PipelineStatus.OFF


def test_statements_go_together_and_in_their_order(session: Session, code: str) -> None:
    programs.load(session, programs.document(code))
    count = "select sponsor from program where code = %s"
    with together(session):
        assert _pipelined(session)
        before = ask(session, count, (code,))
        send(session, "update program set sponsor = 'Other' where code = %s", (code,))
        after = ask(session, count, (code,))
        assert after() == [("Other",)]
        assert before() == [("Test sponsor",)]
    assert not _pipelined(session)
    assert ask(session, count, (code,))() == [("Other",)]


def test_the_sessions_own_statements_wait_for_their_answers_among_them(session: Session, code: str) -> None:
    programs.load(session, programs.document(code))
    with together(session):
        send(session, "update program set sponsor = 'Other' where code = %s", (code,))
        program = session.scalars(select(Program).where(Program.code == code)).one()
        assert program.sponsor == "Other"
        program.sponsor = "Another"
        assert value_of(session, "select sponsor from program where code = %s", (code,)) == "Another"
        changed = session.execute(text("update program set sponsor = 'Last' where code = :code"), {"code": code})
        assert changed.rowcount == 1  # type: ignore[attr-defined]  # of a statement that changes
        session.execute(text("update program set name = :name where code = :code"), [{"name": "N", "code": code}] * 2)
    assert value_of(session, "select sponsor from program where code = %s", (code,)) == "Last"


def test_together_within_together_is_one(session: Session) -> None:
    with together(session):
        with together(session):
            answer = ask(session, "select 1", ())
        assert _pipelined(session)
        assert answer() == [(1,)]


def test_what_is_refused_is_raised_at_the_end_and_what_follows_was_not_run(session: Session, code: str) -> None:
    programs.load(session, programs.document(code))
    session.commit()

    def refused() -> None:
        with together(session):
            send(session, "update program set sponsor = null where code = %s", (code,))
            send(session, "update program set name = 'Never' where code = %s", (code,))

    with pytest.raises(IntegrityError):
        refused()
    session.rollback()
    assert not _pipelined(session)
    assert value_of(session, "select name from program where code = %s", (code,)) != "Never"


def test_what_the_block_raises_is_what_is_raised(session: Session) -> None:
    def fails() -> None:
        with together(session):
            send(session, "select 1", ())
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        fails()
    assert value_of(session, "select 2", ()) == 2

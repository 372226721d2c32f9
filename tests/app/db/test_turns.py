"""Steps that are each due, whatever became of those before."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db.transaction import Sessions, transaction
from app.db.turns import Turns
from app.local.servers import Addresses
from tests.support.databases import sessions_of


@pytest.fixture
def sessions(addresses: Addresses) -> Iterator[Sessions]:
    with sessions_of(addresses.database_url) as (_, registry):
        yield registry


class Step:
    """Ends as PostgreSQL says so many times, then gives what it is to give."""

    def __init__(self, sessions: Sessions, errcode: str, times: int) -> None:
        self.sessions, self.errcode, self.times, self.tries = sessions, errcode, times, 0

    def __call__(self) -> str:
        self.tries += 1
        with transaction(self.sessions) as session:
            if self.tries <= self.times:
                session.execute(text(f"do $$ begin raise exception using errcode = '{self.errcode}'; end $$"))
            return str(session.scalar(text("select 'done'")))


def _broken() -> Callable[[], None]:
    def step() -> None:
        raise ValueError("this one fails")

    return step


def test_where_nothing_fails_nothing_is_said(sessions: Sessions) -> None:
    turns = Turns()
    assert turns.take(Step(sessions, "", 0)) == "done"
    turns.end("never said")


def test_what_fails_is_told_when_the_others_had_their_turn(sessions: Sessions) -> None:
    turns = Turns()
    assert turns.take(_broken()) is None
    assert turns.take(Step(sessions, "", 0)) == "done"
    with pytest.raises(ExceptionGroup, match="some failed") as failed:
        turns.end("some failed")
    assert [str(one) for one in failed.value.exceptions] == ["this one fails"]


@pytest.mark.parametrize("errcode", ["deadlock_detected", "serialization_failure"])
def test_what_met_another_transaction_is_done_again_at_once(sessions: Sessions, errcode: str) -> None:
    turns, step = Turns(), Step(sessions, errcode, 1)
    assert turns.take(step) == "done"
    assert step.tries == 2
    turns.end("never said")


def test_what_meets_others_again_is_left_for_the_next_time(sessions: Sessions) -> None:
    turns, step = Turns(), Step(sessions, "deadlock_detected", 9)
    assert turns.take(step) is None
    assert step.tries == 2
    assert turns.take(Step(sessions, "", 0)) == "done"
    with pytest.raises(ExceptionGroup) as failed:
        turns.end("some failed")
    assert len(failed.value.exceptions) == 1


def test_a_database_that_went_away_ends_the_turns_of_all(sessions: Sessions) -> None:
    step = Step(sessions, "admin_shutdown", 9)
    with pytest.raises(OperationalError):
        Turns().take(step)
    assert step.tries == 1

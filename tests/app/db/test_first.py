"""The first rows of a query are given with how many follow them, counted only where there are any."""

import pytest
from sqlalchemy import column, event, func, select, values
from sqlalchemy.orm import Session

from app.db.first import First, first

NUMBERS = values(column("number"), name="numbers").data([(number,) for number in range(5)])


@pytest.mark.parametrize(
    ("most", "rows", "more", "asked"), [(2, [4, 3], 3, 2), (5, [4, 3, 2, 1, 0], 0, 1), (6, [4, 3, 2, 1, 0], 0, 1)]
)
def test_what_follows_is_counted(session: Session, most: int, rows: list[int], more: int, asked: int) -> None:
    said: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *given: said.append(given[2]))
    found = first(session, select(NUMBERS.c.number).order_by(NUMBERS.c.number.desc()), most, int)
    assert (found, found.more, len(said)) == (rows, more, asked)


def test_groups_are_counted_and_not_what_is_in_them(session: Session) -> None:
    odd = NUMBERS.c.number % 2
    grouped = select(odd.label("odd"), func.count().label("many")).group_by(odd).order_by(odd)
    found = first(session, grouped, 1)
    assert ([tuple(row) for row in found], found.more) == ([(0, 3)], 1)


def test_none_follow_nothing() -> None:
    assert (First(), First().more) == ([], 0)

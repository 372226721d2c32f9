"""When plans of exports are due, and which days they are of."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.export_wish import Shape, Wish, days_of, next_day
from app.domain.states import ExportRhythm, ExportSpan

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))


@given(st.sampled_from(ExportSpan), DAYS)
def test_days_are_whole_over_and_the_next_ones_leave_no_gap(span: ExportSpan, today: dt.date) -> None:
    first, last = days_of(span, today)
    assert first <= last < today
    if span in (ExportSpan.DAY, ExportSpan.WEEK, ExportSpan.MONTH, ExportSpan.QUARTER):
        # asked for on the day after it is over, and on every day until the next one is: the same days
        assert days_of(span, last + dt.timedelta(days=1)) == (first, last)
        following = next(
            found for days in range(100) if (found := days_of(span, today + dt.timedelta(days=days)))[0] > first
        )
        assert following[0] == last + dt.timedelta(days=1)
    else:
        assert last == today - dt.timedelta(days=1)
        assert first.day == 1
        assert span is ExportSpan.MONTH_SO_FAR or first.month == 1


@given(st.sampled_from(ExportRhythm), st.integers(1, 31), DAYS)
def test_a_plan_is_due_later_and_as_often_as_it_says(rhythm: ExportRhythm, day: int, after: dt.date) -> None:
    day = (day - 1) % 7 + 1 if rhythm is ExportRhythm.WEEKLY else day
    found = next_day(rhythm, day, after)
    if rhythm is ExportRhythm.NEVER:
        assert found is None
        return
    assert found is not None
    turns = [found]
    for _ in range(14):
        turns.append(next_day(rhythm, day, turns[-1]) or after)
    assert turns[0] > after
    steps = {(late - early).days for early, late in pairwise(turns)}
    if rhythm is ExportRhythm.MONTHLY:
        assert steps <= set(range(28, 32))
        assert all(one.day == day or (one + dt.timedelta(days=1)).day == 1 for one in turns)
    else:
        assert steps == ({1} if rhythm is ExportRhythm.DAILY else {7})
        assert rhythm is ExportRhythm.DAILY or {one.isoweekday() for one in turns} == {day}


def test_what_stands_there_twice_or_backwards_is_refused() -> None:
    plain = {"subject": "ledger", "programs": ["club"]}
    for wrong in ({"programs": ["club", "club"]}, {"columns": ["day", "day"]}, {"programs": []}, {"form": "docx"}):
        with pytest.raises(ValidationError):
            Shape.model_validate(plain | wrong)
    shape = Shape.model_validate(plain | {"narrowing": {"runs": [7], "cards": []}})
    assert shape.narrowing.used == {"runs": [7]}
    with pytest.raises(ValidationError, match="before it begins"):
        Wish.of(shape, (dt.date(2026, 2, 1), dt.date(2026, 1, 31)))
    asked = Wish.of(shape, (dt.date(2026, 1, 1), dt.date(2026, 1, 31)))
    assert Wish.model_validate(asked.model_dump(mode="json")) == asked

"""Tiers over columns against a reference that lives through every day of every member (rules.md 8)."""

import datetime as dt
import itertools
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.domain.program_file.tier_settings import Tiers
from app.domain.rules.tiers import Ladder, Span, Standings, judged
from tests.app.domain.profiles import searching
from tests.reference.tiers import Earned, Scheme, play

FIRST, LAST = dt.date(2024, 6, 1), dt.date(2027, 3, 31)
DAYS = st.dates(FIRST, LAST)


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    window = draw(st.sampled_from(["calendar_year", "rolling", "lifetime"]))
    return Scheme(
        thresholds=tuple(sorted(draw(st.sets(st.integers(0, 12), min_size=1, max_size=4)))),
        window=window,
        months=draw(st.integers(1, 18)) if window == "rolling" else 12,
        by_one=draw(st.booleans()),
        grace_days=draw(st.sampled_from([0, 0, 1, 31, 45])),
    )


@st.composite
def earnings(draw: st.DrawFn) -> list[Earned]:
    found = []
    for _ in range(draw(st.integers(0, 8))):
        day = draw(DAYS)
        known = min(LAST, day + dt.timedelta(draw(st.sampled_from([0, 0, 10, 40, 200]))))
        found.append(Earned(day, known, draw(st.integers(-4, 9))))
    return found


def settings_of(scheme: Scheme) -> Tiers:
    return Tiers.model_validate(
        {
            "window": scheme.window,
            "months": scheme.months if scheme.window == "rolling" else None,
            "fall": "by_one" if scheme.by_one else "to_earned",
            "grace_days": scheme.grace_days,
            "levels": [{"code": f"t{at}", "name": "T", "from": one} for at, one in enumerate(scheme.thresholds)],
        }
    )


def counted(members: list[list[Earned]], span: Span, today: dt.date) -> np.ndarray:
    first, last = span[0] or dt.date.min, span[1] or dt.date.max
    return np.asarray(
        [sum(one.amount for one in mine if one.known_on <= today and first <= one.day <= last) for mine in members],
        dtype=np.int64,
    )


def lived(scheme: Scheme, members: list[list[Earned]]) -> list[list[tuple[dt.date, int]]]:
    """Judge all members together, on the days on which something can change."""
    ladder = Ladder.of(settings_of(scheme), 0)
    standings = Standings(np.full(len(members), -1), np.full(len(members), "NaT", dtype="datetime64[D]"))
    history: list[list[tuple[dt.date, int]]] = [[] for _ in members]
    for number in range((LAST - FIRST).days + 1):
        today = FIRST + dt.timedelta(number)
        best = np.maximum.reduce([counted(members, span, today) for span in ladder.spans(today)])
        kept = np.zeros(len(members), dtype=np.int64)
        for at in np.flatnonzero(standings.due(today)).tolist():
            kept[at] = counted([members[at]], ladder.reviewed(standings.review[at].astype(object)), today)[0]
        after = judged(ladder, standings, best, kept, today)
        for at in np.flatnonzero(after.level != standings.level).tolist():
            history[at].append((today, int(after.level[at])))
        standings = after
    return history


def test_everybody_is_in_the_tier_that_the_rules_say_on_every_day() -> None:
    met: Counter[str] = Counter()

    @searching(30)
    @given(schemes(), st.lists(earnings(), min_size=1, max_size=3))
    def compare(scheme: Scheme, members: list[list[Earned]]) -> None:
        found = lived(scheme, members)
        for mine, history in zip(members, found, strict=True):
            assert history == play(scheme, mine, FIRST, LAST).history
            levels = [level for _, level in history]
            met["fell"] += any(b < a for a, b in itertools.pairwise(levels))
            met["rose"] += bool(levels)

    compare()
    assert met["fell"] > 2
    assert met["rose"] > 20


def test_a_review_that_is_held_late_looks_at_its_own_span() -> None:
    ladder = Ladder.of(settings_of(Scheme((5,), "calendar_year", grace_days=10)), 0)
    assert ladder.next_review(dt.date(2025, 1, 5)) == dt.date(2025, 1, 11)
    assert ladder.next_review(dt.date(2025, 1, 11)) == dt.date(2026, 1, 11)
    assert ladder.reviewed(dt.date(2026, 1, 11)) == (dt.date(2025, 1, 1), dt.date(2026, 1, 10))

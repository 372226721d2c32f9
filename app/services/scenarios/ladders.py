"""The tiers of a scenario: where everybody would stand at the end of its period, beside where they do.

What tiers count is taken from the books; the rules and promotions of the scenario change it by what they would give
more or less within the days that count. What a tier does to rules is not followed any further.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.exact import Ints, sums_by
from app.domain.program_file.tier_settings import Metric, Tiers
from app.domain.rules.tiers import Ladder, Span
from app.domain.states import SumOf, Unit
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.scenarios import Scenario, ScenarioSum
from app.services.placing.tiers import decimals_of, settings_of
from app.services.reporting.tier_metrics import Question, counted
from app.services.scenarios.aims import Aim, Paid

_FIRST, _LAST = -(1 << 40), 1 << 40
"""Days before and after all others."""


def stored(program: Program, instead: Tiers | None, to_on: dt.date) -> dict[str, Any]:
    """Write the tiers that would hold and those that do, as a scenario keeps them, with the days that they count."""
    now = settings_of(program)
    would = now if instead is None else instead
    spans = Ladder.of(would, decimals_of(program, would.metric)).spans(to_on) if would.levels else []
    names = {code_key(one.code): one.name for one in (*now.levels, *would.levels)}
    return {
        "would": would.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "now": now.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "spans": [[_day(first, _FIRST), _day(last, _LAST)] for first, last in spans],
        "names": list(names.items()),  # objects lose their order where they are kept
    }


def _day(day: dt.date | None, otherwise: int) -> int:
    return otherwise if day is None else int(np.datetime64(day, "D").astype(np.int64))


def spans_of(scenario: Scenario) -> tuple[tuple[int, int], ...]:
    """Give the days that the tiers of a scenario count, from January 1970; none: it has no tiers."""
    return tuple((first, last) for first, last in scenario.rules.get("tiers", {}).get("spans", []))


def names_of(scenario: Scenario) -> list[str]:
    """Name the tiers that would hold or do, by their place in the sums less 1: place 0 is for none."""
    return [name for _, name in scenario.rules.get("tiers", {}).get("names", ())]


@dataclass(frozen=True)
class Placed:
    """How many would be in each tier, and how many are: by place, the first for none."""

    would: Ints
    now: Ints


def place(session: Session, program: Program, scenario: Scenario, aims: Sequence[Aim], paid: Paid) -> Placed | None:
    """Place everybody at the end of the period; None: there are no tiers, as they are or as they would be."""
    said = scenario.rules.get("tiers", {})
    would, now = (Tiers.model_validate(said.get(name, {})) for name in ("would", "now"))
    if not would.levels and not now.levels:
        return None
    everybody = np.asarray(
        session.scalars(
            select(Distributor.id)
            .where(
                Distributor.program_id == program.id,
                Distributor.merged_into_id.is_(None),
                Distributor.person_of_id.is_(None),
            )
            .order_by(Distributor.id)
        ).all(),
        dtype=np.int64,
    )
    keys = [key for key, _ in said["names"]]

    def sums(tiers: Tiers, more: Sequence[Ints]) -> Ints:
        found = np.zeros(len(keys) + 1, dtype=np.int64)
        if not tiers.levels:
            found[0] = len(everybody)
            return found
        ladder = Ladder.of(tiers, decimals_of(program, tiers.metric))
        best = np.full(len(everybody), np.iinfo(np.int64).min, dtype=np.int64)
        for number, span in enumerate(ladder.spans(scenario.to_on)):
            metric = counted(session, tiers.metric, [Question(one, span) for one in everybody.tolist()])
            best = np.maximum(best, metric + more[number] if more else metric)
        places = np.asarray([0, *(keys.index(code_key(one.code)) + 1 for one in tiers.levels)], dtype=np.int64)
        return np.bincount(places[ladder.level(best) + 1], minlength=len(found)).astype(np.int64)

    def still(tiers: Tiers, amount: Ints) -> list[Ints]:
        """Give what promotions are to give still, or would besides, within each span."""
        if tiers.metric is not Metric.POINTS or not tiers.levels:
            return []
        spans = Ladder.of(tiers, decimals_of(program, tiers.metric)).spans(scenario.to_on)
        return [_promoted(scenario, aims, paid, amount - paid.posted, everybody, span) for span in spans]

    more = still(would, paid.drafted)
    for number, amount in enumerate(more):
        amount += _change(session, scenario, number, everybody)
    return Placed(sums(would, more), sums(now, still(now, paid.given)))


def _change(session: Session, scenario: Scenario, number: int, everybody: Ints) -> Ints:
    """Give what everybody would have been given more by rules, within a span."""
    rows = session.execute(
        select(ScenarioSum.key, ScenarioSum.drafted - ScenarioSum.given).where(
            ScenarioSum.scenario_id == scenario.id,
            ScenarioSum.about == SumOf.SPAN,
            ScenarioSum.other == number,
            ScenarioSum.unit == Unit.POINTS,
        )
    ).all()
    return _beside(everybody, [row[0] for row in rows], [row[1] for row in rows])


def _promoted(scenario: Scenario, aims: Sequence[Aim], paid: Paid, amount: Ints, everybody: Ints, span: Span) -> Ints:
    """Give what everybody is to get of promotions that end within a span, or go on after the period."""
    first, last = _day(span[0], _FIRST), _day(span[1], _LAST)
    ends = [scenario.to_on if one.definition is None else min(one.definition.until, scenario.to_on) for one in aims]
    inside = np.asarray([first <= _day(end, 0) <= last for end in ends] or [False], dtype=bool)
    some = inside[paid.position] if len(paid.position) else np.zeros(0, dtype=bool)
    return _beside(everybody, paid.distributor[some].tolist(), amount[some].tolist())


def _beside(everybody: Ints, ids: Sequence[int], amounts: Sequence[int]) -> Ints:
    at = np.searchsorted(everybody, np.asarray(ids, dtype=np.int64))
    there = np.flatnonzero(at < len(everybody))
    there = there[everybody[at[there]] == np.asarray(ids, dtype=np.int64)[there]]
    return sums_by(at[there], np.asarray(amounts, dtype=np.int64)[there], len(everybody))

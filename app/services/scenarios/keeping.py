"""What a scenario keeps: its stretches, the sums of those that were replayed, and in the end all of them together."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, cast, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.db.bulk import copy_into
from app.domain.measures.exact import Ints, sums_by
from app.domain.rules.caps import CapUsage
from app.domain.rules.comparing import Sums
from app.domain.states import Cut, SumOf, Unit
from app.models.programs import Program
from app.models.scenarios import Scenario, ScenarioPiece, ScenarioSum
from app.services.scenarios import aims, ladders, period
from app.services.scenarios.period import Stretch

WHOLE = -1
"""The piece under which the sums of all pieces together stand."""


@dataclass(frozen=True)
class Piece:
    """A stretch that is still to be replayed."""

    position: int
    stretch: Stretch


def cut(session: Session, scenario: Scenario) -> None:
    """Cut the period of a scenario into pieces, unless that was done before. The caller commits."""
    if session.scalar(select(func.count()).where(ScenarioPiece.scenario_id == scenario.id)):
        return
    of_program = (session, scenario.program_id)
    found = period.stretches(*of_program, scenario.from_on, scenario.to_on)
    for first, last in aims.days_besides(aims.aims_of(scenario), (scenario.from_on, scenario.to_on)):
        found += period.stretches(*of_program, first, last, replayed=False)
    session.add_all(
        ScenarioPiece(scenario_id=scenario.id, position=at, stretch=stretch.stored(), lines=lines)
        for at, (stretch, lines) in enumerate(found)
    )
    session.flush()


def pieces_to_do(session: Session, scenario_id: int) -> list[Piece]:
    """Give the pieces that were not replayed yet, in order."""
    rows = session.execute(
        select(ScenarioPiece.position, ScenarioPiece.stretch)
        .where(ScenarioPiece.scenario_id == scenario_id, ScenarioPiece.cap_usage.is_(None))
        .order_by(ScenarioPiece.position)
    )
    return [Piece(position, Stretch.read(stretch)) for position, stretch in rows]


def add_usage(session: Session, scenario_id: int, usage: CapUsage) -> None:
    """Add to what was used of caps before the period what the pieces that are done used."""
    for stored in session.scalars(
        select(ScenarioPiece.cap_usage).where(
            ScenarioPiece.scenario_id == scenario_id, ScenarioPiece.cap_usage.is_not(None)
        )
    ):
        for *key, used in np.frombuffer(stored or b"", dtype=np.int64).reshape(-1, 5).tolist():
            rule_id, span, distributor_id, number = key
            _add(usage.before, (rule_id, Cut(span), distributor_id, number), used)


def carry(usage: CapUsage) -> CapUsage:
    """Give what the next piece begins with."""
    before = dict(usage.before)
    for key, used in usage.added.items():
        _add(before, key, used)
    return CapUsage(before=before)


def _add(usage: dict[tuple[int, Cut, int, int], int], key: tuple[int, Cut, int, int], used: int) -> None:
    usage[key] = usage.get(key, 0) + used


def keep(session: Session, scenario_id: int, piece: Piece, sums: Sums, usage: CapUsage, measured: bytes = b"") -> None:
    """Keep what one piece came to, and that it is done. The caller commits."""
    columns = dict(vars(sums))
    rows = len(sums)
    copy_into(
        session,
        ScenarioSum,
        {
            "scenario_id": np.full(rows, scenario_id, dtype=np.int64),
            "piece": np.full(rows, piece.position, dtype=np.int64),
            **columns,
        },
    )
    used = np.asarray([[*key, amount] for key, amount in usage.added.items()], dtype=np.int64)
    session.execute(
        update(ScenarioPiece)
        .where(ScenarioPiece.scenario_id == scenario_id, ScenarioPiece.position == piece.position)
        .values(cap_usage=used.tobytes(), measured=measured)
        .execution_options(synchronize_session=False)
    )


_KEYS = (ScenarioSum.about, ScenarioSum.key, ScenarioSum.other, ScenarioSum.unit)
MEASURED = (
    ScenarioSum.drafted,
    ScenarioSum.given,
    ScenarioSum.lines,
    ScenarioSum.net_minor,
    ScenarioSum.unpaid_lines,
    ScenarioSum.unpaid_minor,
)
"""What is measured of everything that a scenario sums."""


def put_together(session: Session, scenario_id: int) -> None:
    """Put the sums of all pieces together, in their place. The caller commits."""
    mine = ScenarioSum.scenario_id == scenario_id
    names = ["scenario_id", "piece", *(column.key for column in (*_KEYS, *MEASURED))]
    session.execute(
        insert(ScenarioSum).from_select(
            names,
            select(
                literal(scenario_id, BigInteger),
                literal(WHOLE),
                *_KEYS,
                *(cast(func.sum(column), BigInteger) for column in MEASURED),
            )
            .where(mine, ScenarioSum.piece != WHOLE)
            .group_by(*_KEYS),
        )
    )
    session.execute(
        delete(ScenarioSum).where(mine, ScenarioSum.piece != WHOLE).execution_options(synchronize_session=False)
    )


def place(session: Session, scenario: Scenario, running: Sequence[aims.Running]) -> None:
    """Place everybody in the promotions and tiers of a scenario whose sums stand together. The caller commits.

    ``running`` are its promotions as its pieces were measured by.
    """
    program, asked = session.get_one(Program, scenario.program_id), aims.aims_of(scenario)
    kept = session.scalars(
        select(ScenarioPiece.measured)
        .where(ScenarioPiece.scenario_id == scenario.id, ScenarioPiece.measured.is_not(None))
        .order_by(ScenarioPiece.position)
    ).all()
    paid = aims.pay(session, program.id, asked, running, (one for one in kept if one))
    for about, sums in _promoted(paid, len(asked)).items():
        _add_sums(session, scenario.id, about, sums)
    placed = ladders.place(session, program, scenario, asked, paid)
    if placed is not None:
        tiers = {"key": np.arange(len(placed.would)), "drafted": placed.would, "given": placed.now}
        _add_sums(session, scenario.id, SumOf.TIER, tiers)
    session.execute(
        update(ScenarioPiece)
        .where(ScenarioPiece.scenario_id == scenario.id)
        .values(measured=None)
        .execution_options(synchronize_session=False)
    )


def _promoted(paid: aims.Paid, count: int) -> dict[SumOf, dict[str, Ints]]:
    """Sum what promotions would pay and paid: of each, and of each with every distributor."""
    gets = (paid.drafted > 0).astype(np.int64)

    def summed(place: Ints, count: int) -> dict[str, Ints]:
        columns = {
            "drafted": paid.drafted,
            "given": paid.given,
            "lines": gets,
            "net_minor": paid.net_minor,
            "unpaid_lines": paid.participant - gets,
        }
        return {name: sums_by(place, values, count) for name, values in columns.items()}

    pairs, place = np.unique(paid.distributor * max(count, 1) + paid.position, return_inverse=True)
    of_each = {"key": pairs // max(count, 1), "other": pairs % max(count, 1)}
    return {
        SumOf.PROMOTION: {"key": np.arange(count)} | summed(paid.position, count),
        SumOf.PROMOTED: of_each | summed(place, len(pairs)),
    }


def _add_sums(session: Session, scenario_id: int, about: SumOf, sums: Mapping[str, Ints]) -> None:
    """Add sums in points to those of all pieces together; columns that are not given are 0."""
    every = np.ones_like(sums["key"])
    same = {"scenario_id": scenario_id, "piece": WHOLE, "about": about, "unit": Unit.POINTS}
    nothing = dict.fromkeys((column.key for column in (*_KEYS, *MEASURED)), 0 * every)
    copy_into(session, ScenarioSum, nothing | {name: value * every for name, value in same.items()} | dict(sums))


def finish(session: Session, scenario_id: int, forecast: Mapping[str, Any] | None, now: dt.datetime) -> None:
    """Mark a scenario as replayed. The caller commits."""
    found = session.get_one(Scenario, scenario_id)
    found.finished_at, found.forecast = now, None if forecast is None else dict(forecast)
    session.flush()

"""The statement of a participant's year: every reward, what was levied on it and who paid that, as it was frozen."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Integer, cast, func, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.states import TaxStatus
from app.models.prepaid import Redemption
from app.models.programs import Program
from prepaid.taxing.register import (
    COMPENSATION,
    DECLARED,
    FORM,
    GROSS,
    LEVIED,
    PARTICIPANT,
    REMITTED,
    STATE,
    VALUE,
    Who,
    of_year,
    standing,
)

AT_ONCE = 100
"""Participants whose rewards are read, and whose papers are drawn, together: some seconds of work."""


@dataclass(frozen=True)
class Line:
    """One reward, in minor units; ``state`` is goods, loaded or open, ``taxed_as`` a tax status, where it was kept."""

    on: dt.date
    state: str
    value_minor: int
    compensation_minor: int
    gross_minor: int
    levied_minor: int
    remitted_minor: int
    declared_minor: int
    rule: str
    form: str | None
    legal: str
    taxed_as: str | None


@dataclass(frozen=True)
class Statement:
    """What a participant had in a year."""

    year: int
    distributor_id: int
    code: str
    name: str
    tax_id: str | None
    lines: Sequence[Line]

    def total(self, name: str) -> int:
        """Sum a figure over the lines."""
        return sum(getattr(line, name) for line in self.lines)

    @property
    def forms(self) -> list[str]:
        """Name the forms on which some of it is reported."""
        return sorted({line.form for line in self.lines if line.form is not None})

    @property
    def participants(self) -> list[TaxStatus]:
        """Say as what the participant was taxed, in the order of the year."""
        return list(dict.fromkeys(TaxStatus(line.taxed_as) for line in self.lines if line.taxed_as is not None))

    @property
    def rules(self) -> list[tuple[str, str]]:
        """Name the rules that were applied, each with the law that it cites."""
        return list(dict.fromkeys((line.rule, line.legal) for line in self.lines))


def recipient_ids(session: Session, program_id: int, year: int) -> list[int]:
    """Give everybody who had a reward in a year, by name."""
    rows = session.execute(
        standing(select(Who.id, Who.sort_key).distinct())
        .where(Redemption.program_id == program_id, of_year(year))
        .order_by(Who.sort_key, Who.id)
    )
    return [row[0] for row in rows]


def years_of(session: Session, program_id: int, distributor_id: int) -> list[tuple[int, int, int]]:
    """Give the years in which a participant had rewards, newest first: (year, value, compensation)."""
    year = cast(func.extract("year", Redemption.redeemed_on), Integer)
    sums = (cast(func.sum(one), BigInteger) for one in (VALUE, COMPENSATION))
    rows = session.execute(
        standing(select(year, *sums))
        .where(Redemption.program_id == program_id, Who.id == distributor_id)
        .group_by(year)
        .order_by(year.desc())
    )
    return [(row[0], row[1], row[2]) for row in rows]


def statements(session: Session, program: Program, year: int, ids: Sequence[int]) -> Iterator[Statement]:
    """Give the statements of some participants, in their order; whoever had nothing has none."""
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        found = _read(session, program.id, year, some)
        yield from (found[one] for one in some if one in found)


def statement(session: Session, program: Program, year: int, distributor_id: int) -> Statement | None:
    """Give the statement of one participant; None where it had nothing in that year."""
    return next(statements(session, program, year, [distributor_id]), None)


def _read(session: Session, program_id: int, year: int, ids: Sequence[int]) -> dict[int, Statement]:
    rows: Any = session.execute(
        standing(
            select(
                Who.id,
                Who.code,
                Who.name,
                Who.tax_id,
                Redemption.redeemed_on,
                STATE,
                VALUE,
                COMPENSATION,
                GROSS,
                LEVIED,
                REMITTED,
                DECLARED,
                Redemption.tax_rule,
                FORM,
                Redemption.tax_trace["legal"].astext,
                PARTICIPANT,
            )
        )
        .where(
            Redemption.program_id == program_id,
            of_year(year),
            Who.id == any_of(ids),
        )
        .order_by(Redemption.redeemed_on, Redemption.id)
    )
    lines: dict[int, list[Line]] = defaultdict(list)
    named: dict[int, tuple[str, str, str | None]] = {}
    for row in rows:
        named[row[0]] = row[1:4]
        lines[row[0]].append(Line(*row[4:]))
    return {id_: Statement(year, id_, *named[id_], lines[id_]) for id_ in named}

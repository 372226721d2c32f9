"""What scenarios came to, as pages, files and commands tell it: read from their sums alone."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, and_, cast, func, select
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.states import SumOf, Unit
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.programs import Program
from app.models.scenarios import Scenario, ScenarioSum
from app.services.ledger.liability import worth_minor
from app.services.scenarios import aims, ladders
from app.services.scenarios.keeping import MEASURED, WHOLE


@dataclass(frozen=True)
class Total:
    """A scenario as a whole: points, money and cost beside what was given; lines that sell, and those without pay."""

    drafted: int
    given: int
    drafted_money: int
    given_money: int
    drafted_cost: int
    given_cost: int
    lines: int
    net_minor: int
    unpaid_lines: int
    unpaid_minor: int
    winners: int
    losers: int

    @property
    def change(self) -> int:
        """Give by how many points it is more."""
        return self.drafted - self.given


@dataclass(frozen=True)
class Row:
    """One rule, group or month; ``name`` is what people call it, or a month's number."""

    name: str
    unit: Unit
    drafted: int
    given: int
    lines: int
    net_minor: int
    unpaid_lines: int
    unpaid_minor: int

    @property
    def change(self) -> int:
        """Give by how much it is more."""
        return self.drafted - self.given


@dataclass(frozen=True)
class PromotionRow:
    """One promotion: what it would pay and paid, what that costs, and how many of its participants get something."""

    name: str
    drafted: int
    given: int
    drafted_cost: int
    given_cost: int
    rewarded: int
    participants: int

    @property
    def change(self) -> int:
        """Give by how many points it is more."""
        return self.drafted - self.given


@dataclass(frozen=True)
class TierRow:
    """One tier: how many would be in it at the end of the period, and how many are by what was really earned."""

    name: str
    drafted: int
    given: int


@dataclass(frozen=True)
class Throughout:
    """A rule that is reckoned as if it had held all the period, and holds from a later day on."""

    code: str
    name: str
    valid_from: dt.date


@dataclass(frozen=True)
class Pair:
    """Two rules that pay the same lines."""

    one: str
    other: str
    unit: Unit
    lines: int
    net_minor: int
    drafted: int


def _of(scenario: Scenario, about: SumOf) -> tuple[Any, ...]:
    return (ScenarioSum.scenario_id == scenario.id, ScenarioSum.piece == WHOLE, ScenarioSum.about == about)


def _sum(column: Any, condition: Any = None) -> Any:
    total = func.sum(column) if condition is None else func.sum(column).filter(condition)
    return cast(func.coalesce(total, 0), BigInteger)


_POINTS, _MONEY = ScenarioSum.unit == Unit.POINTS, ScenarioSum.unit == Unit.MONEY


def total(session: Session, program: Program, scenario: Scenario) -> Total:
    """Give a scenario as a whole. What somebody wins or loses is told by points."""
    row = session.execute(
        select(
            _sum(ScenarioSum.drafted, _POINTS),
            _sum(ScenarioSum.given, _POINTS),
            _sum(ScenarioSum.drafted, _MONEY),
            _sum(ScenarioSum.given, _MONEY),
            _sum(ScenarioSum.lines),
            _sum(ScenarioSum.net_minor),
            _sum(ScenarioSum.unpaid_lines),
            _sum(ScenarioSum.unpaid_minor),
            func.count().filter(and_(_POINTS, ScenarioSum.drafted > ScenarioSum.given)),
            func.count().filter(and_(_POINTS, ScenarioSum.drafted < ScenarioSum.given)),
        ).where(*_of(scenario, SumOf.DISTRIBUTOR))
    ).one()
    drafted, given, drafted_money, given_money, *rest = row
    return Total(
        drafted,
        given,
        drafted_money,
        given_money,
        worth_minor(drafted, program.point_value_micro) + drafted_money,
        worth_minor(given, program.point_value_micro) + given_money,
        *rest,
    )


def rules(session: Session, scenario: Scenario, names: dict[str, str]) -> list[Row]:
    """Give each rule that gives or gave something, the drafted ones first; ``names`` are the rules' by code."""
    rows = session.execute(
        select(ScenarioSum.key, ScenarioSum.unit, *MEASURED)
        .where(*_of(scenario, SumOf.RULE))
        .order_by(ScenarioSum.key, ScenarioSum.unit)
    )
    codes = scenario.codes
    return [
        Row(names.get(codes[key], codes[key]), unit, *measured) for key, unit, *measured in rows if any(measured[:2])
    ]


def names_of(scenario: Scenario, published: dict[str, str]) -> dict[str, str]:
    """Give the names of the rules of a scenario by code; those of rules that only gave come from what is published."""
    return published | {one["definition"]["code"]: one["definition"]["name"] for one in scenario.rules["versions"]}


def throughout(scenario: Scenario) -> list[Throughout]:
    """Give the rules of a draft or a file that begin later than the period: what they would give is as if they did not.

    A replay asks what rules would have given in a period that is past; what holds from a later day on gave nothing in
    it. Rules as they are published judge their own days.
    """
    found = []
    for one in scenario.rules["versions"]:
        said, begins = one["definition"], one["definition"].get("valid_from")
        if one["valid_from"] is None and begins and dt.date.fromisoformat(begins) > scenario.from_on:
            found.append(Throughout(said["code"], said["name"], dt.date.fromisoformat(begins)))
    return found


def promotions(session: Session, program: Program, scenario: Scenario) -> list[PromotionRow]:
    """Give each promotion of the period, those that would be first."""
    asked = aims.aims_of(scenario)
    sums = ScenarioSum
    rows = session.execute(
        select(sums.key, sums.drafted, sums.given, sums.lines, sums.unpaid_lines)
        .where(*_of(scenario, SumOf.PROMOTION))
        .order_by(sums.key)
    )

    def cost(points: int) -> int:
        return worth_minor(points, program.point_value_micro)

    return [
        PromotionRow(asked[key].name, drafted, given, cost(drafted), cost(given), rewarded, rewarded + others)
        for key, drafted, given, rewarded, others in rows
    ]


def tiers(session: Session, scenario: Scenario) -> list[TierRow]:
    """Give each tier, those in none first, under no name; nothing where there are no tiers."""
    names = ["", *ladders.names_of(scenario)]
    rows = session.execute(
        select(ScenarioSum.key, ScenarioSum.drafted, ScenarioSum.given)
        .where(*_of(scenario, SumOf.TIER))
        .order_by(ScenarioSum.key)
    )
    return [TierRow(names[key], drafted, given) for key, drafted, given in rows]


def months(session: Session, scenario: Scenario) -> list[Row]:
    """Give each month, the oldest first."""
    rows = session.execute(
        select(ScenarioSum.key, *MEASURED).where(*_of(scenario, SumOf.MONTH), _POINTS).order_by(ScenarioSum.key)
    )
    return [Row(str(key), Unit.POINTS, *measured) for key, *measured in rows]


def pairs(session: Session, scenario: Scenario, names: dict[str, str], most: int = 20) -> First[Pair]:
    """Give each two rules that pay the same lines, those of the most lines first."""
    query = (
        select(
            ScenarioSum.key,
            ScenarioSum.other,
            ScenarioSum.unit,
            ScenarioSum.lines,
            ScenarioSum.net_minor,
            ScenarioSum.drafted,
        )
        .where(*_of(scenario, SumOf.PAIR))
        .order_by(ScenarioSum.lines.desc(), ScenarioSum.key, ScenarioSum.other)
    )
    codes = scenario.codes

    def name(key: int) -> str:
        return names.get(codes[key], codes[key])

    return first(session, query, most, lambda one, other, *rest: Pair(name(one), name(other), *rest))


def product_groups(session: Session, scenario: Scenario) -> list[Row]:
    """Give each product group as it stands now; products of none come last, under no name."""
    return _groups(
        session,
        select(func.coalesce(ProductGroup.name, ""), *(_sum(column) for column in MEASURED))
        .select_from(ScenarioSum)
        .join(Product, Product.id == ScenarioSum.key)
        .outerjoin(ProductGroup, ProductGroup.id == Product.group_id)
        .where(*_of(scenario, SumOf.PRODUCT), _POINTS)
        .group_by(ProductGroup.name),
    )


def distributor_groups(session: Session, scenario: Scenario) -> list[Row]:
    """Give each distributor group as it stands now; distributors of none come last, under no name."""
    return _groups(
        session,
        select(func.coalesce(DistributorGroup.name, ""), *(_sum(column) for column in MEASURED))
        .select_from(ScenarioSum)
        .join(Distributor, Distributor.id == ScenarioSum.key)
        .outerjoin(DistributorGroup, DistributorGroup.id == Distributor.group_id)
        .where(*_of(scenario, SumOf.DISTRIBUTOR), _POINTS)
        .group_by(DistributorGroup.name),
    )


def _groups(session: Session, query: Select[Any]) -> list[Row]:
    found = [Row(name, Unit.POINTS, *measured) for name, *measured in session.execute(query)]
    return sorted(found, key=lambda row: (not row.name, row.name.casefold()))


def about(scenario_id: Any, what: SumOf) -> Any:
    """Give the condition of the sums of a finished scenario, for lists of them."""
    return and_(ScenarioSum.scenario_id == scenario_id, ScenarioSum.piece == WHOLE, ScenarioSum.about == what, _POINTS)

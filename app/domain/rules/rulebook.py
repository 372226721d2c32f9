"""A programme's rules ready to run: scopes as masks over products and distributors, amounts as integers."""

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from app.domain.documents.catalogue import Catalogue
from app.domain.documents.sales import Flags
from app.domain.measures.exact import Ints
from app.domain.program_file.definition import (
    EarningRule,
    Matrix,
    Policy,
)
from app.domain.states import Cut, Unit


@dataclass(frozen=True)
class RuleVersion:
    """One published wording of a rule, as it is stored."""

    id: int
    rule_id: int
    version: int
    valid_from: dt.date | None
    definition: EarningRule | Matrix
    terms_id: int = 0
    """What its points are for; 0: as all the programme's."""


@dataclass(frozen=True)
class Limits:
    """Least and most, included; none: no limit."""

    least: int | None = None
    most: int | None = None

    def pass_(self, values: Ints) -> Flags:
        """Mark the values within."""
        passed = np.ones(len(values), dtype=bool)
        if self.least is not None:
            passed &= values >= self.least
        if self.most is not None:
            passed &= values <= self.most
        return passed


@dataclass(frozen=True)
class CompiledScope:
    """A scope as masks and limits. A mask of None lets everything pass."""

    products: Flags | None
    distributors: Flags | None
    outlets: frozenset[str] | None
    channels: frozenset[str] | None
    invoices: bool
    from_: np.datetime64 | None
    until: np.datetime64 | None
    weekdays: frozenset[int] | None
    days: npt.NDArray[np.datetime64] | None
    minutes: tuple[int, int] | None
    amount: Limits | None
    quantity_milli: Limits | None
    price_micro: Limits | None
    first_purchase: bool
    without_discounted: bool


@dataclass(frozen=True)
class MatrixCells:
    """A matrix ready to look up: which rate a product of a distributor has.

    ``cell_of[product, group + 1]`` is a position in ``rates`` or -1; column 0 is for distributors without a group.
    """

    cell_of: npt.NDArray[np.int32]
    rates: Ints


@dataclass(frozen=True)
class CompiledCaps:
    """Limits in the smallest unit, in the order in which they apply."""

    limits: tuple[tuple[Cut, int], ...]


@dataclass(frozen=True)
class CompiledRule:
    """One version of a rule, ready to run on columns.

    It judges documents issued from ``judges_from`` to before ``judges_until``. ``points`` are in the smallest unit,
    for per_unit in millionths of it; money in minor units.
    """

    version: RuleVersion
    code: str
    kind: str
    unit: Unit
    stack: str
    priority: int
    scope: CompiledScope
    judges_from: np.datetime64 | None
    judges_until: np.datetime64 | None
    points: int = 0
    step: int = 1
    per_line: bool = False
    least_amount: int = 0
    band_from: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    band_points: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    factor: int = 10_000
    matrix: MatrixCells | None = None
    event: str = ""
    about: frozenset[str] | None = None
    caps: CompiledCaps | None = None

    @property
    def shares(self) -> bool:
        """Whether it gives to lines together, who share it; others give to each line (rules.md 2)."""
        return self.kind not in ("per_unit", "per_line") and not self.per_line


@dataclass(frozen=True)
class RuleBook:
    """All that is needed to award: rules in the order of their codes, stacks, catalogue."""

    rules: tuple[CompiledRule, ...]
    stacks: Mapping[str, Policy]
    catalogue: Catalogue
    gross: bool
    starts_on: np.datetime64
    ends_on: np.datetime64 | None

    @functools.cached_property
    def of_sales(self) -> tuple[CompiledRule, ...]:
        """Give the rules that look at sales."""
        return tuple(rule for rule in self.rules if rule.kind != "event")

    @functools.cached_property
    def of_events(self) -> tuple[CompiledRule, ...]:
        """Give the rules that look at what happens beside sales."""
        return tuple(rule for rule in self.rules if rule.kind == "event")

    @functools.cached_property
    def units(self) -> Ints:
        """Give the unit of each rule."""
        return np.asarray([rule.unit for rule in self.rules], dtype=np.int64)

    @functools.cached_property
    def version_ids(self) -> Ints:
        """Give the id of each rule's version."""
        return np.asarray([rule.version.id for rule in self.rules], dtype=np.int64)

    @functools.cached_property
    def terms_ids(self) -> Ints:
        """Give the terms of each rule's points; 0: the programme's own."""
        return np.asarray([rule.version.terms_id for rule in self.rules], dtype=np.int64)

    @functools.cached_property
    def priorities(self) -> Ints:
        """Give the priority of each rule."""
        return np.asarray([rule.priority for rule in self.rules], dtype=np.int64)

    @functools.cached_property
    def factors(self) -> Ints:
        """Give the factor of each rule, in ten thousandths; 10,000 of one that multiplies nothing."""
        return np.asarray([rule.factor for rule in self.rules], dtype=np.int64)

    @functools.cached_property
    def choices(self) -> tuple[tuple[Policy, Flags], ...]:
        """Give the stacks that choose, unit by unit, and mark the rules in each: points and money do not compete."""
        stacks = sorted({(rule.stack, rule.unit) for rule in self.rules if self.stacks[rule.stack] != "sum"})
        of = [[rule.stack == stack and rule.unit is unit for rule in self.rules] for stack, unit in stacks]
        return tuple(
            (self.stacks[stack], np.asarray(one, dtype=bool)) for (stack, _unit), one in zip(stacks, of, strict=True)
        )

    @property
    def budgeted(self) -> bool:
        """Whether a rule of sales has a budget: then documents of all distributors count in one order (rules.md 4)."""
        return any(
            rule.caps is not None and any(cut is Cut.BUDGET for cut, _ in rule.caps.limits) for rule in self.of_sales
        )

"""A programme's rules made ready to run: scopes as masks over products and distributors, amounts as integers."""

import datetime as dt
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from app.domain.calendar import Days
from app.domain.codes import by_every_name, code_key
from app.domain.definition import (
    AmountBands,
    Band,
    Caps,
    EarningRule,
    EventRule,
    LineCountBands,
    Matrix,
    Multiplier,
    PerAmount,
    PerDocument,
    PerLine,
    PerUnit,
    Policy,
    RuleBase,
)
from app.domain.exact import Ints, places
from app.domain.placements import Stretches
from app.domain.sales import Flags
from app.domain.scope import Range, Scope
from app.domain.states import Cut, Unit

MICRO = 1_000_000
POINTS_PER_UNIT_DECIMALS = 6
LARGEST = 1 << 62
"""Beyond this no column of integers holds a rate."""


@dataclass(frozen=True)
class GroupTree:
    """Groups with their parents: ``code``, ``name``, ``aliases`` and ``parent`` (a position, or -1) by position."""

    code: Sequence[str]
    name: Sequence[str]
    aliases: Sequence[Sequence[str]]
    parent: Sequence[int]

    def find(self, spellings: Iterable[str]) -> list[int]:
        """Give the positions of the groups that are called so, by code, name or alias. What is unknown is left out."""
        return [self._index[code_key(one)] for one in spellings if code_key(one) in self._index]

    @functools.cached_property
    def _index(self) -> Mapping[str, int]:
        """Index the groups once: a matrix asks for two of them a cell."""
        return by_every_name((at, self.code[at], self.name[at], self.aliases[at]) for at in range(len(self.code)))

    def with_descendants(self, positions: Iterable[int]) -> Flags:
        """Mark these groups and all below them."""
        chosen = set(positions)
        marks = np.zeros(len(self.code), dtype=bool)
        for at in range(len(self.code)):
            marks[at] = any(one in chosen for one in self.path(at))
        return marks

    def path(self, at: int) -> list[int]:
        """Give a group and those above it, nearest first."""
        path: list[int] = []
        while at >= 0 and at not in path:
            path.append(at)
            at = self.parent[at]
        return path


@dataclass(frozen=True)
class Catalogue:
    """Products and distributors of a programme, by position in the order of their ids.

    ``*_keys`` are codes as they compare; ``*_group`` are positions in the trees, or -1. What moved from one group or
    tier to another has a position for each stretch of days, under one id; ``*_stretches`` tells them apart.
    """

    product_ids: Ints
    product_keys: Sequence[str]
    product_group: Ints
    product_groups: GroupTree
    distributor_ids: Ints
    distributor_keys: Sequence[str]
    distributor_group: Ints
    distributor_tier: Sequence[str | None]
    distributor_groups: GroupTree
    product_stretches: Stretches | None = None
    distributor_stretches: Stretches | None = None
    beside_ids: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Those of the distributors that are no companies: accounts of people beside one, and what became another one."""

    def products(self, ids: Ints, days: Days, of: Ints | None = None) -> Ints:
        """Give the positions of products by id, as they were on a day: ``of`` says which day belongs to which id.

        Raises:
            LookupError: The catalogue does not have one: it was loaded before that product came.
        """
        first = places(self.product_ids, ids)
        return first if self.product_stretches is None else self.product_stretches.on(first, days, of)

    def distributors(self, ids: Ints, days: Days) -> Ints:
        """Give the positions of distributors by id, as they were on a day each; raises like ``products``."""
        first = places(self.distributor_ids, ids)
        return first if self.distributor_stretches is None else self.distributor_stretches.on(first, days)


class AmountUnfit(ValueError):
    """An amount of the document that does not fit the programme's decimals."""

    def __init__(self, written: Decimal, problem: str) -> None:
        """Take the amount as it is written, so that its place in the document can be found, and what is wrong."""
        super().__init__(f"{written:f} {problem}")
        self.written = written


@dataclass(frozen=True)
class Scale:
    """How amounts of the document become integers."""

    point_decimals: int
    currency_decimals: int
    gross: bool = False

    def amount(self, unit: Unit, written: Decimal) -> int:
        """Turn points or money into their smallest unit.

        Raises:
            AmountUnfit: The amount has more decimals than the unit.
        """
        decimals = self.point_decimals if unit is Unit.POINTS else self.currency_decimals
        scaled = written.scaleb(decimals)
        if scaled != scaled.to_integral_value():
            raise AmountUnfit(written, f"has more decimals than the {decimals} of this programme's {unit.name.lower()}")
        return int(scaled)

    def rate_micro(self, unit: Unit, written: Decimal) -> int:
        """Turn a rate per piece into millionths of the smallest unit.

        Raises:
            AmountUnfit: The rate has more decimals than that, or is too large.
        """
        decimals = self.point_decimals if unit is Unit.POINTS else self.currency_decimals
        scaled = written.scaleb(decimals + POINTS_PER_UNIT_DECIMALS)
        if scaled != scaled.to_integral_value():
            raise AmountUnfit(written, f"has more than {POINTS_PER_UNIT_DECIMALS} decimals")
        if scaled > LARGEST:
            raise AmountUnfit(written, "is more for one piece than anybody gives")
        return int(scaled)

    def money(self, written: Decimal) -> int:
        """Turn money into minor units."""
        return self.amount(Unit.MONEY, written)


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


def compile_rules(
    versions: Sequence[RuleVersion],
    catalogue: Catalogue,
    *,
    scale: Scale,
    stacks: Mapping[str, Policy],
    named_days: Mapping[str, Sequence[dt.date]],
    starts_on: dt.date,
    ends_on: dt.date | None,
) -> RuleBook:
    """Make rule versions ready to run.

    Of several versions of one rule, the newest whose ``valid_from`` an issue date has reached judges that date.
    """
    rules: list[CompiledRule] = []
    by_rule: dict[int, list[RuleVersion]] = {}
    for version in sorted(versions, key=lambda one: one.version):
        by_rule.setdefault(version.rule_id, []).append(version)
    for history in by_rule.values():
        for version, judges_from, judges_until in _spans(history):
            rules.append(_compile(version, catalogue, scale, named_days, judges_from, judges_until))
    rules.sort(key=lambda rule: (rule.code, rule.version.version))
    return RuleBook(
        rules=tuple(rules),
        stacks={"base": "sum", **stacks},
        catalogue=catalogue,
        gross=scale.gross,
        starts_on=np.datetime64(starts_on, "D"),
        ends_on=None if ends_on is None else np.datetime64(ends_on, "D"),
    )


def _spans(
    history: Sequence[RuleVersion],
) -> list[tuple[RuleVersion, np.datetime64 | None, np.datetime64 | None]]:
    """Give each version the issue dates it judges: from its own first day until a newer version's begins."""
    spans: list[tuple[RuleVersion, np.datetime64 | None, np.datetime64 | None]] = []
    until: dt.date | None = dt.date.max
    for version in reversed(history):
        first = version.valid_from
        if until is None or (first is not None and until is not dt.date.max and first >= until):
            continue  # newer versions judge every day that this one could
        spans.append(
            (
                version,
                None if first is None else np.datetime64(first, "D"),
                None if until is dt.date.max else np.datetime64(until, "D"),
            )
        )
        until = first
    return spans


def _compile(
    version: RuleVersion,
    catalogue: Catalogue,
    scale: Scale,
    named_days: Mapping[str, Sequence[dt.date]],
    judges_from: np.datetime64 | None,
    judges_until: np.datetime64 | None,
) -> CompiledRule:
    rule = version.definition
    unit = Unit.POINTS if rule.unit == "points" else Unit.MONEY
    given: dict[str, object] = {}
    if isinstance(rule, Matrix):
        if rule.kind == "per_amount":
            assert rule.step is not None, "the definition demands a step"
            given = {"step": scale.money(rule.step), "per_line": rule.of == "line"}
        given["matrix"] = _matrix(rule, catalogue, scale, unit)
    elif isinstance(rule, PerUnit):
        given = {"points": scale.rate_micro(unit, rule.points)}
    elif isinstance(rule, PerAmount):
        given = {
            "points": scale.amount(unit, rule.points),
            "step": scale.money(rule.step),
            "per_line": rule.of == "line",
        }
    elif isinstance(rule, PerLine):
        given = {"points": scale.amount(unit, rule.points)}
    elif isinstance(rule, PerDocument):
        least = scale.money(rule.least_amount) if rule.least_amount is not None else 0
        given = {"points": scale.amount(unit, rule.points), "least_amount": least}
    elif isinstance(rule, AmountBands):
        given = _bands(rule.bands, unit, scale, [scale.money(band.from_) for band in rule.bands])
    elif isinstance(rule, LineCountBands):
        given = _bands(rule.bands, unit, scale, [_whole(band.from_) for band in rule.bands])
    elif isinstance(rule, Multiplier):
        given = {"factor": rule.factor}
    elif isinstance(rule, EventRule):
        given = {"points": scale.amount(unit, rule.points), "event": str(rule.event), "about": _texts(rule.about)}
    return CompiledRule(
        version=version,
        code=rule.code,
        kind=rule.kind,
        unit=unit,
        stack=rule.stack,
        priority=rule.priority,
        scope=_scope(rule, catalogue, scale, named_days),
        judges_from=judges_from,
        judges_until=judges_until,
        caps=_caps(rule.caps, unit, scale),
        **given,  # type: ignore[arg-type]  # each kind's own parameters, by name
    )


def check_amounts(rule: RuleBase, scale: Scale) -> None:
    """Try whether a rule's amounts fit the programme's decimals.

    Raises:
        AmountUnfit: One does not.
    """
    nobody = GroupTree((), (), (), ())
    none = np.zeros(0, dtype=np.int64)
    empty = Catalogue(none, (), none, nobody, none, (), none, (), nobody)
    version = RuleVersion(0, 0, 1, None, rule)  # type: ignore[arg-type]  # every RuleBase met here is a concrete rule
    _compile(version, empty, scale, {name: [] for name in rule.scope.days}, None, None)


def _whole(written: Decimal) -> int:
    if written != written.to_integral_value():
        raise AmountUnfit(written, "is not a whole number of lines")
    return int(written)


def _bands(bands: Sequence[Band], unit: Unit, scale: Scale, froms: list[int]) -> dict[str, object]:
    return {
        "band_from": np.asarray(froms, dtype=np.int64),
        "band_points": np.asarray([scale.amount(unit, band.points) for band in bands], dtype=np.int64),
    }


def cap_limits(caps: Caps | None) -> dict[Cut, Decimal]:
    """Give the limits that a definition sets, as it writes them, in the order in which they apply."""
    if caps is None:
        return {}
    mine = caps.per_distributor
    written = {
        Cut.PER_DOCUMENT: caps.per_document,
        Cut.DAY: mine.day if mine else None,
        Cut.MONTH: mine.month if mine else None,
        Cut.QUARTER: mine.quarter if mine else None,
        Cut.YEAR: mine.year if mine else None,
        Cut.PROGRAM: mine.program if mine else None,
        Cut.BUDGET: caps.budget,
    }
    return {cut: value for cut, value in written.items() if value is not None}


def _caps(caps: Caps | None, unit: Unit, scale: Scale) -> CompiledCaps | None:
    limits = tuple((cut, scale.amount(unit, value)) for cut, value in cap_limits(caps).items())
    return CompiledCaps(limits) if limits else None


def _scope(
    rule: RuleBase, catalogue: Catalogue, scale: Scale, named_days: Mapping[str, Sequence[dt.date]]
) -> CompiledScope:
    scope = rule.scope
    days = [day for name in scope.days for day in named_days[name]]
    weekdays = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return CompiledScope(
        products=_product_mask(scope, catalogue),
        distributors=_distributor_mask(scope, catalogue),
        outlets=_texts(scope.outlets),
        channels=_texts(scope.channels),
        invoices=not scope.document_kinds or "invoice" in scope.document_kinds,
        from_=None if scope.from_ is None else np.datetime64(scope.from_, "D"),
        until=None if scope.until is None else np.datetime64(scope.until, "D"),
        weekdays=frozenset(weekdays.index(day) for day in scope.weekdays) or None,
        days=np.asarray(days, dtype="datetime64[D]") if scope.days else None,
        minutes=None if scope.hours is None else (_minutes(scope.hours.from_), _minutes(scope.hours.until)),
        amount=_limits(scope.line_amount, scale.currency_decimals),
        quantity_milli=_limits(scope.quantity, 3),
        price_micro=_limits(scope.unit_price, scale.currency_decimals + 6),
        first_purchase=scope.first_purchase,
        without_discounted=scope.without_discounted,
    )


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _texts(codes: Sequence[str]) -> frozenset[str] | None:
    return frozenset(code_key(code) for code in codes) or None


def _limits(written: Range | None, decimals: int) -> Limits | None:
    if written is None:
        return None
    least = None if written.least is None else int(written.least.scaleb(decimals).to_integral_value("ROUND_CEILING"))
    most = None if written.most is None else int(written.most.scaleb(decimals).to_integral_value("ROUND_FLOOR"))
    return Limits(least, most)


def _product_mask(scope: Scope, catalogue: Catalogue) -> Flags | None:
    if not (scope.products or scope.product_groups or scope.exclude_products or scope.exclude_product_groups):
        return None
    mask = np.ones(len(catalogue.product_ids), dtype=bool)
    if scope.products:
        mask &= _by_code(catalogue.product_keys, scope.products)
    if scope.product_groups:
        mask &= _by_group(catalogue.product_groups, scope.product_groups, catalogue.product_group)
    if scope.exclude_products:
        mask &= ~_by_code(catalogue.product_keys, scope.exclude_products)
    if scope.exclude_product_groups:
        mask &= ~_by_group(catalogue.product_groups, scope.exclude_product_groups, catalogue.product_group)
    return mask


def _distributor_mask(scope: Scope, catalogue: Catalogue) -> Flags | None:
    if not (scope.distributors or scope.distributor_groups or scope.tiers):
        return None
    mask = np.ones(len(catalogue.distributor_ids), dtype=bool)
    if scope.distributors:
        mask &= _by_code(catalogue.distributor_keys, scope.distributors)
    if scope.distributor_groups:
        mask &= _by_group(catalogue.distributor_groups, scope.distributor_groups, catalogue.distributor_group)
    if scope.tiers:
        wanted = {code_key(tier) for tier in scope.tiers}
        mask &= np.asarray([tier is not None and code_key(tier) in wanted for tier in catalogue.distributor_tier], bool)
    return mask


def _by_code(keys: Sequence[str], wanted: Sequence[str]) -> Flags:
    chosen = {code_key(code) for code in wanted}
    return np.asarray([key in chosen for key in keys], dtype=bool)


def _by_group(tree: GroupTree, wanted: Sequence[str], group_of: Ints) -> Flags:
    marked = np.append(tree.with_descendants(tree.find(wanted)), False)  # position -1: no group
    return marked[group_of]


def _matrix(rule: Matrix, catalogue: Catalogue, scale: Scale, unit: Unit) -> MatrixCells:
    """Lay the grid out over every product: a missing cell falls back to the parent group, then to the default."""
    convert = scale.rate_micro if rule.kind == "per_unit" else scale.amount
    products, distributors = catalogue.product_groups, catalogue.distributor_groups
    cells: dict[tuple[int, int], int] = {}
    rates: list[int] = []
    for row, by_group in rule.rates.items():
        for column, rate in by_group.items():
            value = convert(unit, rate)
            rates.append(value)
            for product_group in products.find([row]):
                for distributor_group in distributors.find([column]):
                    cells[product_group, distributor_group] = len(rates) - 1
    otherwise = -1
    if rule.default is not None:
        rates.append(convert(unit, rule.default))
        otherwise = len(rates) - 1
    grid = np.full((len(products.code) + 1, len(distributors.code) + 1), otherwise, dtype=np.int32)
    for at in range(len(products.code)):
        for group in range(len(distributors.code)):
            grid[at, group + 1] = next(
                (cells[step, group] for step in products.path(at) if (step, group) in cells), otherwise
            )
    return MatrixCells(cell_of=grid[catalogue.product_group], rates=np.asarray(rates, dtype=np.int64))

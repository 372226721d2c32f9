"""Rules of a programme's document made ready to run: scopes become masks, amounts integers, a matrix a grid."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from app.domain.documents.catalogue import Catalogue, GroupTree
from app.domain.documents.sales import Flags
from app.domain.measures.exact import Ints
from app.domain.measures.scale import AmountUnfit, Scale
from app.domain.program_file.definition import (
    AmountBands,
    Band,
    Caps,
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
from app.domain.program_file.scope import Range, Scope
from app.domain.rules.rulebook import (
    CompiledCaps,
    CompiledRule,
    CompiledScope,
    Limits,
    MatrixCells,
    RuleBook,
    RuleVersion,
)
from app.domain.states import Cut, Unit
from app.domain.typed.codes import code_key


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
    # a promotion that is over may count by days that nobody names any more: on none of them it counts anything now
    days = [day for name in scope.days for day in named_days.get(name, ())]
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

"""A programme as plain objects, read from the dict of its YAML file (rules.md sections 2 to 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from tests.reference.sales import Catalogue, Distributor, Group, Moves, Product, code_key

PER_UNIT = "per_unit"
PER_AMOUNT = "per_amount"
PER_LINE = "per_line"
PER_DOCUMENT = "per_document"
AMOUNT_BANDS = "amount_bands"
LINE_COUNT_BANDS = "line_count_bands"
MULTIPLIER = "multiplier"
EVENT = "event"
KINDS = (PER_UNIT, PER_AMOUNT, PER_LINE, PER_DOCUMENT, AMOUNT_BANDS, LINE_COUNT_BANDS, MULTIPLIER, EVENT)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CAP_ORDER = ("per_document", "day", "month", "quarter", "year", "program", "budget")
CURRENCIES_WITHOUT_MINOR_UNIT = ("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF")
CURRENCIES_WITH_THREE_DIGITS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")


@dataclass(frozen=True)
class Limits:
    """The least and the most of something, both inclusive, either may be missing (rules.md section 2, scope)."""

    least: Fraction | None = None
    most: Fraction | None = None

    def hold(self, value: Fraction) -> bool:
        """Whether a value is within the limits (rules.md section 2, scope)."""
        if self.least is not None and value < self.least:
            return False
        return self.most is None or value <= self.most


@dataclass(frozen=True)
class Hours:
    """A part of the day in minutes after midnight: from is inside, until is outside (rules.md section 2, scope)."""

    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Scope:
    """What a rule applies to (rules.md section 2, scope): AND between kinds, OR within one. None means no condition."""

    products: tuple[str, ...] | None = None
    product_groups: tuple[str, ...] | None = None
    exclude_products: tuple[str, ...] | None = None
    exclude_product_groups: tuple[str, ...] | None = None
    distributors: tuple[str, ...] | None = None
    distributor_groups: tuple[str, ...] | None = None
    tiers: tuple[str, ...] | None = None
    outlets: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    document_kinds: tuple[str, ...] | None = None
    first_day: date | None = None
    last_day: date | None = None
    weekdays: tuple[str, ...] | None = None
    days: tuple[str, ...] | None = None
    hours: Hours | None = None
    line_amount: Limits | None = None
    quantity: Limits | None = None
    unit_price: Limits | None = None
    first_purchase: bool = False
    without_discounted: bool = False


@dataclass(frozen=True)
class Band:
    """From this amount (minor units) or this count on, so many points (rules.md section 2)."""

    start: Fraction
    points: int


@dataclass(frozen=True)
class Rate:
    """One cell of a matrix (rules.md section 2, the matrix): a product group, a distributor group, a rate."""

    product_group: str
    distributor_group: str
    points: Fraction


@dataclass(frozen=True)
class Rule:
    """An earning rule (rules.md section 2) or a matrix, which is a rule whose points depend on the cell.

    `points` and `rates` are in the smallest point unit (or minor units of money); `step` and `least_amount` in minor
    units; `caps` by the names of CAP_ORDER.
    """

    code: str
    kind: str
    unit: str = "points"
    stack: str = "base"
    priority: int = 100
    points: Fraction = Fraction(0)
    step: Fraction | None = None
    of: str = "document"
    least_amount: Fraction | None = None
    bands: tuple[Band, ...] = ()
    factor: int = 10000
    scope: Scope = Scope()
    caps: Mapping[str, int] = field(default_factory=dict)
    is_matrix: bool = False
    rates: tuple[Rate, ...] = ()


@dataclass(frozen=True)
class Programme:
    """A programme: its dates, what it earns on, its stacks, rules and named days (rules.md sections 1 to 4)."""

    code: str
    currency: str
    earns_on: str
    starts_on: date | None
    ends_on: date | None
    point_decimals: int
    returns: str
    expiry: Mapping[str, Any] | None
    stacks: Mapping[str, str]
    rules: tuple[Rule, ...]
    named_days: Mapping[str, frozenset[date]]

    @property
    def minor_digits(self) -> int:
        """How many decimals the currency has (rules.md section 1: amounts in minor units)."""
        return digits_of(self.currency)


def digits_of(currency: str) -> int:
    """Give the decimals of a currency's minor unit (rules.md section 1)."""
    if currency in CURRENCIES_WITHOUT_MINOR_UNIT:
        return 0
    if currency in CURRENCIES_WITH_THREE_DIGITS:
        return 3
    return 2


def exact(value: Any) -> Fraction:
    """Read a number of the file exactly, never through a binary float (architecture: no floats)."""
    return Fraction(str(value))


def whole(value: Fraction, what: str) -> int:
    """Insist on a whole number of the smallest unit (rules.md section 2: no fraction of a point exists)."""
    if value.denominator != 1:
        raise ValueError(f"{what} is not a whole number of the smallest unit")
    return value.numerator


def as_day(value: Any) -> date | None:
    """Read a date that YAML gave as a date or as text (rules.md section 2, scope)."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value).strip())


def as_minutes(value: Any) -> int | None:
    """Read "HH:MM" as minutes after midnight (rules.md section 2, hours).

    YAML 1.1 reads an unquoted 18:00 as the number 1080, which is the same minutes.
    """
    if value is None:
        return None
    if isinstance(value, int):
        return value
    hours, minutes = str(value).strip().split(":")
    return int(hours) * 60 + int(minutes)


def as_codes(value: Any) -> tuple[str, ...] | None:
    """Read a list of codes; a missing or empty list is no condition (rules.md section 2: all is optional)."""
    if not value:
        return None
    return tuple(code_key(str(item)) for item in value)


def as_limits(value: Any, scale: int) -> Limits | None:
    """Read {least, most} and bring it to the unit of comparison (rules.md section 2, scope)."""
    if not value:
        return None
    least = value.get("least")
    most = value.get("most")
    return Limits(
        None if least is None else exact(least) * scale,
        None if most is None else exact(most) * scale,
    )


def read_scope(data: dict[str, Any] | None, minor_digits: int) -> Scope:
    """Read the scope of a rule (rules.md section 2, scope)."""
    data = data or {}
    hours = data.get("hours")
    weekdays = data.get("weekdays")
    return Scope(
        products=as_codes(data.get("products")),
        product_groups=as_codes(data.get("product_groups")),
        exclude_products=as_codes(data.get("exclude_products")),
        exclude_product_groups=as_codes(data.get("exclude_product_groups")),
        distributors=as_codes(data.get("distributors")),
        distributor_groups=as_codes(data.get("distributor_groups")),
        tiers=as_codes(data.get("tiers")),
        outlets=as_codes(data.get("outlets")),
        channels=as_codes(data.get("channels")),
        document_kinds=as_codes(data.get("document_kinds")),
        first_day=as_day(data.get("from")),
        last_day=as_day(data.get("until")),
        weekdays=tuple(str(name).strip().lower()[:3] for name in weekdays) if weekdays else None,
        days=as_codes(data.get("days")),
        hours=Hours(as_minutes(hours.get("from")), as_minutes(hours.get("until"))) if hours else None,
        line_amount=as_limits(data.get("line_amount"), 10**minor_digits),
        quantity=as_limits(data.get("quantity"), 1),
        unit_price=as_limits(data.get("unit_price"), 1),
        first_purchase=bool(data.get("first_purchase", False)),
        without_discounted=bool(data.get("without_discounted", False)),
    )


def read_caps(data: dict[str, Any] | None, scale: int) -> dict[str, int]:
    """Read the caps of a rule under the names of CAP_ORDER (rules.md section 4)."""
    caps: dict[str, int] = {}
    data = data or {}
    if data.get("per_document") is not None:
        caps["per_document"] = whole(exact(data["per_document"]) * scale, "a cap")
    for period, points in (data.get("per_distributor") or {}).items():
        name = "program" if period == "programme" else period
        if name not in CAP_ORDER:
            raise ValueError(f"no such period of a cap: {period}")
        if points is not None:
            caps[name] = whole(exact(points) * scale, "a cap")
    if data.get("budget") is not None:
        caps["budget"] = whole(exact(data["budget"]) * scale, "a budget")
    return caps


def scale_of(unit: str, point_decimals: int, minor_digits: int) -> int:
    """Give how many smallest units one whole point or one unit of currency has (rules.md section 2, units)."""
    if unit == "points":
        return int(10**point_decimals)
    if unit == "money":
        return int(10**minor_digits)
    raise ValueError(f"no such unit: {unit}")


def read_bands(data: list[dict[str, Any]] | None, kind: str, scale: int, minor_digits: int) -> tuple[Band, ...]:
    """Read bands: from an amount in currency or from a count of lines (rules.md section 2)."""
    bands: list[Band] = []
    start_scale = 10**minor_digits if kind == AMOUNT_BANDS else 1
    for band in data or []:
        start = exact(band["from"]) * start_scale
        bands.append(Band(start, whole(exact(band["points"]) * scale, "the points of a band")))
    return tuple(bands)


def read_points(value: Any, kind: str, scale: int, code: str) -> Fraction:
    """Read a rule's points: per_unit may have fractions, every other kind is whole (rules.md section 2)."""
    points = exact(value) * scale
    if kind != PER_UNIT:
        whole(points, f"the points of {code}")
    return points


def read_rule(data: dict[str, Any], point_decimals: int, minor_digits: int) -> Rule:
    """Read one earning rule (rules.md section 2)."""
    code = str(data["code"])
    kind = str(data["kind"])
    if kind not in KINDS:
        raise ValueError(f"{code}: no such kind of rule: {kind}")
    unit = str(data.get("unit", "points"))
    scale = scale_of(unit, point_decimals, minor_digits)
    factor = int(data.get("factor", 10000))
    if kind == MULTIPLIER and factor <= 10000:
        raise ValueError(f"{code}: a multiplier's factor is above 10000")
    step = data.get("step")
    if kind == PER_AMOUNT and step is None:
        raise ValueError(f"{code}: per_amount needs a step")
    least = data.get("least_amount", data.get("least"))
    return Rule(
        code=code,
        kind=kind,
        unit=unit,
        stack=str(data.get("stack", "base")),
        priority=int(data.get("priority", 100)),
        points=read_points(data.get("points", 0), kind, scale, code),
        step=None if step is None else exact(step) * 10**minor_digits,
        of=str(data.get("of", "document")),
        least_amount=None if least is None else exact(least) * 10**minor_digits,
        bands=read_bands(data.get("bands"), kind, scale, minor_digits),
        factor=factor,
        scope=read_scope(data.get("scope"), minor_digits),
        caps=read_caps(data.get("caps"), scale),
    )


def read_matrix(data: dict[str, Any], point_decimals: int, minor_digits: int) -> Rule:
    """Read a matrix: it behaves as one rule whose points depend on the cell (rules.md section 2, the matrix)."""
    plain = dict(data)
    plain["points"] = 0 if data.get("default") is None else data["default"]
    rule = read_rule(plain, point_decimals, minor_digits)
    if rule.kind not in (PER_UNIT, PER_AMOUNT):
        raise ValueError(f"{rule.code}: a matrix is per_unit or per_amount")
    scale = scale_of(rule.unit, point_decimals, minor_digits)
    rates: list[Rate] = []
    for product_group, row in (data.get("rates") or {}).items():
        for distributor_group, rate in (row or {}).items():
            if rate is not None:
                points = read_points(rate, rule.kind, scale, rule.code)
                rates.append(Rate(str(product_group), str(distributor_group), points))
    return Rule(
        code=rule.code,
        kind=rule.kind,
        unit=rule.unit,
        stack=rule.stack,
        priority=rule.priority,
        points=rule.points,
        step=rule.step,
        of=rule.of,
        scope=rule.scope,
        caps=rule.caps,
        is_matrix=True,
        rates=tuple(rates),
    )


def read_programme(data: dict[str, Any]) -> Programme:
    """Read a programme from the dict of its YAML file (rules.md sections 1 to 4)."""
    head = data["program"]
    currency = str(head["currency"])
    minor_digits = digits_of(currency)
    point_decimals = int((head.get("point") or {}).get("decimals", 0))
    rules = [read_rule(rule, point_decimals, minor_digits) for rule in data.get("earning_rules") or []]
    rules += [read_matrix(matrix, point_decimals, minor_digits) for matrix in data.get("matrices") or []]
    named_days: dict[str, frozenset[date]] = {}
    for name, days in (data.get("named_days") or {}).items():
        read = [as_day(day) for day in days]
        named_days[code_key(str(name))] = frozenset(day for day in read if day is not None)
    return Programme(
        code=str(head["code"]),
        currency=currency,
        earns_on=str(head.get("earns_on", "net")),
        starts_on=as_day(head.get("starts_on")),
        ends_on=as_day(head.get("ends_on")),
        point_decimals=point_decimals,
        returns=str(head.get("returns", "negative")),
        expiry=head.get("expiry"),
        stacks=dict(data.get("stacks") or {}),
        rules=tuple(rules),
        named_days=named_days,
    )


def read_group(data: dict[str, Any]) -> Group:
    """Read a product group or a distributor group (rules.md section 2, scope)."""
    parent = data.get("parent")
    return Group(
        code=str(data["code"]),
        name=str(data.get("name", "")),
        parent=None if parent is None else str(parent),
        aliases=tuple(str(alias) for alias in data.get("aliases") or []),
    )


def read_catalogue(data: dict[str, Any]) -> Catalogue:
    """Read what a programme file itself knows of products, distributors and groups (rules.md section 2, scope)."""
    catalogue = Catalogue()
    for group in data.get("product_groups") or []:
        catalogue.product_groups.append(read_group(group))
    for group in data.get("distributor_groups") or []:
        catalogue.distributor_groups.append(read_group(group))
    for product in data.get("products") or []:
        group = product.get("group")
        name = str(product.get("name", ""))
        moves = read_moves(product, "moves", "group")
        catalogue.add_product(Product(str(product["code"]), None if group is None else str(group), name, moves))
    for distributor in data.get("distributors") or []:
        group = distributor.get("group")
        tier = distributor.get("tier")
        catalogue.add_distributor(
            Distributor(
                str(distributor["code"]),
                None if group is None else str(group),
                None if tier is None else str(tier),
                str(distributor.get("name", "")),
                read_moves(distributor, "moves", "group"),
                read_moves(distributor, "tiers", "tier"),
            )
        )
    return catalogue


def read_moves(data: dict[str, Any], title: str, what: str) -> Moves:
    """Read where something is from which day on (rules.md section 2, scope)."""
    return tuple(sorted((date.fromisoformat(one["from"]), one[what]) for one in data.get(title) or []))

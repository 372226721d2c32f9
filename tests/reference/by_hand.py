"""A small programme, its sales, and what they earn: for what is worked out by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from tests.reference.run import Result, count
from tests.reference.sales import (
    CREDIT_NOTE,
    Catalogue,
    Distributor,
    Group,
    Product,
    SalesLine,
)

DAY = date(2025, 3, 12)  # a Wednesday


def programme(*rules: dict[str, Any], decimals: int = 0, **more: Any) -> dict[str, Any]:
    """Make the dict of a programme file for 2025 with these rules."""
    head: dict[str, Any] = {
        "code": "test",
        "currency": "EUR",
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2025, 12, 31),
        "earns_on": "net",
        "point": {"decimals": decimals},
    }
    head.update(more.pop("program", {}))
    return {"schema": "kontor/1", "program": head, "earning_rules": list(rules), **more}


def a_catalogue() -> Catalogue:
    """Make a catalogue: bikes > road > race; tools. Distributors A and B in shops > big and shops, C in none."""
    catalogue = Catalogue()
    catalogue.product_groups = [
        Group("bikes", "Bikes"),
        Group("road", "Road bikes", "bikes", ("Strasse",)),
        Group("race", "Race bikes", "road"),
        Group("tools", "Tools"),
    ]
    catalogue.distributor_groups = [Group("shops", "Shops"), Group("big", "Big shops", "shops", ("Large",))]
    for code, group in [("BIKE", "bikes"), ("ROAD", "road"), ("RACE", "race"), ("TOOL", "tools"), ("LOOSE", None)]:
        catalogue.add_product(Product(code, group))
    catalogue.add_distributor(Distributor("A", "big", "gold"))
    catalogue.add_distributor(Distributor("B", "shops", "silver"))
    catalogue.add_distributor(Distributor("C"))
    return catalogue


def sale(
    product: str = "BIKE",
    amount: int | None = 10000,
    quantity: str = "1",
    *,
    number: str = "1",
    day: date = DAY,
    distributor: str = "A",
    **more: Any,
) -> SalesLine:
    """Make a sales line; amounts in cents, the quantity in units."""
    return SalesLine(
        document_number=number,
        issued_on=day,
        distributor=distributor,
        product=product,
        quantity_milli=int(Decimal(quantity) * 1000),
        net_minor=amount,
        **more,
    )


def by_line(result: Result, unit: str = "points") -> dict[tuple[str, int], dict[str, int]]:
    """Show the awards as {(document number as normalised, line): {rule: points}}."""
    shown: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for award in result.awards:
        if award.unit == unit:
            shown[award.document[2], award.line_number][award.rule] = award.points
    return dict(shown)


def points(result: Result, unit: str = "points") -> int:
    """Add up all that was awarded."""
    return sum(award.points for award in result.awards if award.unit == unit)


def earned(rule: dict[str, Any], *lines: SalesLine, **more: Any) -> int:
    """Count lines under a single rule and add up what they earn."""
    return points(count(programme({"code": "r", **rule}, **more), a_catalogue(), lines))


# ------------------------------------------------------------------------------------------------ 2. matrix


def matrix(**more: Any) -> dict[str, Any]:
    """Make a programme with one matrix."""
    return programme(matrices=[{"code": "grid", "name": "Grid", **more}])


# ------------------------------------------------------------------------------------------------ 3. stacks


def flat(code: str, given: int, stack: str = "base", priority: int | None = None, **more: Any) -> dict[str, Any]:
    """Make a rule of so many points per line."""
    rule: dict[str, Any] = {"code": code, "kind": "per_line", "points": given, "stack": stack, **more}
    return rule if priority is None else {**rule, "priority": priority}


def times(code: str, factor: int, stack: str = "boost", priority: int = 100, **more: Any) -> dict[str, Any]:
    """Make a multiplier."""
    return {"code": code, "kind": "multiplier", "factor": factor, "stack": stack, "priority": priority, **more}


def back(number: str, quantity: str, day: int = 20, product: str = "BIKE", **more: Any) -> SalesLine:
    """Make a credit-note line."""
    return sale(product, -1, quantity, number=number, day=date(2025, 3, day), kind=CREDIT_NOTE, **more)

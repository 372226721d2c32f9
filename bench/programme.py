"""The programme of the import benchmark: twenty rules of all kinds over groups of products and distributors."""

from typing import Any

import yaml

DISTRIBUTOR_GROUPS, PRODUCT_GROUPS, PARENT_GROUPS = 25, 60, 8


def group(place: int) -> str:
    """Name a group of products, by its place among them."""
    return f"g{place + 1:02d}"


def parent(place: int) -> str:
    """Name the family above the group of products at this place."""
    return f"p{place % PARENT_GROUPS + 1}"


def reseller(place: int) -> str:
    """Name a group of distributors, by its place among them."""
    return f"r{place + 1:02d}"


def programme_text(skus: list[str]) -> str:
    """Describe a programme of twenty rules of all kinds: the matrix, two multipliers and a monthly cap among them."""
    document = {
        "schema": "kontor/1",
        "program": {
            "code": "bench",
            "name": "Benchmark",
            "sponsor": "Benchmark",
            "currency": "PLN",
            "country": "PL",
            "time_zone": "Europe/Warsaw",
            "locale": "pl",
            "starts_on": "2025-01-01",
            "ends_on": "2025-12-31",
            "point": {"value": "0.10"},
            "expiry": {"months_after_award": 24},
            "verification": {"import": "accept", "portal": "review"},
        },
        "distributor_groups": [{"code": reseller(n), "name": f"Resellers {n + 1}"} for n in range(DISTRIBUTOR_GROUPS)],
        "product_groups": [
            *({"code": parent(n), "name": f"Family {n + 1}"} for n in range(PARENT_GROUPS)),
            *({"code": group(n), "name": f"Group {n + 1}", "parent": parent(n)} for n in range(PRODUCT_GROUPS)),
        ],
        "stacks": {"base": "sum", "pieces": "best", "choice": "first", "booster": "best"},
        "earning_rules": _rules(skus[:200:10]),
        "matrices": [_matrix()],
        "import_profiles": {
            "distributors": {"columns": {"code": "code", "name": "name", "tax_id": "tax_id", "group": "group"}},
            "products": {"columns": {"code": "sku", "ean": "ean", "name": "name", "group": "group"}},
            "sales": {
                "columns": {
                    "document_number": "invoice_no",
                    "issued_on": "invoice_date",
                    "distributor": "distributor_code",
                    "product": "sku",
                    "product_name": "product_name",
                    "quantity": "qty",
                    "unit_price": "unit_price",
                    "net_amount": "net_amount",
                },
                "dates": "%Y-%m-%d",
                "decimal": ".",
                "unknown_distributor": "hold",
                "unknown_product": "hold",
                "line_number": "position",
            },
        },
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def _rules(skus: list[str]) -> list[dict[str, Any]]:
    few = [reseller(n) for n in range(5)]
    online = [reseller(n) for n in range(20, 25)]
    spring, autumn = {"from": "2025-03-01", "until": "2025-05-31"}, {"from": "2025-09-01", "until": "2025-11-30"}
    rules: list[dict[str, Any]] = [
        {"code": "base", "kind": "per_amount", "points": 1, "step": "100.00", "of": "document"},
        {"code": "by-line", "kind": "per_amount", "points": 2, "step": "250.00", "of": "line", **_in(groups=["p2"])},
        {"code": "autumn", "kind": "per_amount", "points": 1, "step": "200.00", "scope": autumn},
        {"code": "piece", "kind": "per_unit", "points": 2, "stack": "pieces", **_in(groups=["p1"])},
        {"code": "heroes", "kind": "per_unit", "points": 5, "stack": "pieces", **_in(products=skus)},
        {"code": "few", "kind": "per_unit", "points": 3, "stack": "pieces", **_in(groups=["p5"], resellers=few)},
        {
            "code": "capped",
            "kind": "per_unit",
            "points": 1,
            **_in(groups=["p8"]),
            "caps": {"per_distributor": {"month": 500}},
        },
        {"code": "line", "kind": "per_line", "points": 1, **_in(groups=["p3"], exclude_product_groups=["g11"])},
        {"code": "friday", "kind": "per_line", "points": 2, **_in(groups=["p4"], weekdays=["mon", "fri"])},
        {"code": "document", "kind": "per_document", "points": 5, "least_amount": "500.00"},
        {"code": "few-documents", "kind": "per_document", "points": 3, **_in(resellers=few)},
        {
            "code": "size",
            "kind": "amount_bands",
            "bands": [{"from": f"{n}000.00", "points": 10 * n} for n in (1, 5, 20, 80)],
        },
        {
            "code": "size-p6",
            "kind": "amount_bands",
            "bands": [{"from": "500.00", "points": 4}, {"from": "5000.00", "points": 60}],
            **_in(groups=["p6"]),
        },
        {"code": "width", "kind": "line_count_bands", "bands": [{"from": 5, "points": 5}, {"from": 15, "points": 25}]},
        {"code": "width-p7", "kind": "line_count_bands", "bands": [{"from": 2, "points": 3}], **_in(groups=["p7"])},
        {"code": "either", "kind": "per_line", "points": 2, "stack": "choice", "priority": 10, **_in(groups=["g20"])},
        {
            "code": "or",
            "kind": "per_amount",
            "points": 1,
            "step": "50.00",
            "of": "line",
            "stack": "choice",
            "priority": 20,
        }
        | _in(groups=["p4"]),
        {
            "code": "double",
            "kind": "multiplier",
            "factor": 20000,
            "stack": "booster",
            "scope": {"product_groups": ["p1"], **spring},
        },
        {"code": "half-more", "kind": "multiplier", "factor": 15000, "stack": "booster", **_in(resellers=online)},
    ]
    return [{"name": f"Rule {rule['code']}", **rule} for rule in rules]


def _in(groups: list[str] | None = None, resellers: list[str] | None = None, **others: Any) -> dict[str, Any]:
    named = {"product_groups": groups, "distributor_groups": resellers}
    return {"scope": {name: value for name, value in named.items() if value is not None} | others}


def _matrix() -> dict[str, Any]:
    """Rate two groups of three for most distributor groups; the others fall back to their family or to the default."""
    rates = {
        group(n): {reseller(m): (n * 7 + m * 3) % 5 + 1 for m in range(DISTRIBUTOR_GROUPS) if (n + m) % 6}
        for n in range(PRODUCT_GROUPS)
        if n % 3
    }
    rates |= {parent(n): {reseller(m): 2 for m in range(0, DISTRIBUTOR_GROUPS, 2)} for n in range(PARENT_GROUPS)}
    return {"code": "grid", "name": "The grid", "kind": "per_unit", "stack": "pieces", "default": 1, "rates": rates}

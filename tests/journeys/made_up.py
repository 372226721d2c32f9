"""Small files of our own making in the shape of the two real sources, and programmes for them.

Whoever has the code without the real data tries the same journeys on these. Every run writes the same rows.
"""

import csv
import datetime as dt
import random
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl

from tests.reference import gift_wholesale, wheel_club

PEDALS: dict[str, Any] = {
    "schema": "kontor/1",
    "program": {
        "code": "pedal-society",
        "name": "Pedal Society",
        "sponsor": "Own make",
        "currency": "EUR",
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "locale": "de",
        "starts_on": "2025-01-01",
        "ends_on": "2025-12-31",
        "earns_on": "net",
        "point": {"value": "0.02"},
        "returns": "negative",
    },
    "distributor_groups": [
        {"code": "workshop", "name": "Workshop"},
        {"code": "store", "name": "Store", "aliases": ["High Street Store"]},
    ],
    "product_groups": [
        {"code": "cycles", "name": "Cycles"},
        {"code": "parts", "name": "Parts"},
        {"code": "wear", "name": "Wear"},
    ],
    "stacks": {"base": "sum", "season": "best", "piece": "first"},
    "earning_rules": [
        {"code": "base", "name": "1 for each full 50", "kind": "per_amount", "points": 1, "step": "50.00"},
        {
            "code": "bells",
            "name": "2 for each bell",
            "kind": "per_unit",
            "points": 2,
            "stack": "piece",
            "scope": {"product_groups": ["bells"]},
            "caps": {"per_document": 20, "per_distributor": {"month": 60}},
        },
        {
            "code": "parts",
            "name": "Half a point for each part",
            "kind": "per_unit",
            "points": "0.5",
            "stack": "piece",
            "priority": 200,
            "scope": {"product_groups": ["parts"]},
        },
        {
            "code": "wear-line",
            "name": "3 for each line of wear, gloves excepted",
            "kind": "per_line",
            "points": 3,
            "scope": {"product_groups": ["wear"], "exclude_product_groups": ["gloves"]},
        },
        {
            "code": "large",
            "name": "Large invoices",
            "kind": "amount_bands",
            "bands": [{"from": "500.00", "points": 7}, {"from": "2000.00", "points": 40}],
        },
        {
            "code": "spring",
            "name": "Double cycles for stores in spring",
            "kind": "multiplier",
            "factor": 20000,
            "stack": "season",
            "scope": {
                "product_groups": ["cycles"],
                "distributor_groups": ["store"],
                "from": "2025-03-01",
                "until": "2025-05-31",
            },
        },
        {
            "code": "april",
            "name": "Half as much again in April",
            "kind": "multiplier",
            "factor": 15000,
            "stack": "season",
            "scope": {"from": "2025-04-01", "until": "2025-04-30"},
        },
    ],
    "import_profiles": {
        "distributors": {
            "columns": {
                "code": "ResellerKey",
                "name": "ResellerName",
                "group": "BusinessType",
                "city": "City",
                "region": "StateProvinceName",
                "country": "Country_Region",
            }
        },
        "products": {
            "columns": {
                "code": "ProductKey",
                "name": "Product",
                "group": "Subcategory",
                "parent_group": "EnglishProductCategoryName",
            }
        },
        "sales": {
            "columns": {
                "document_number": "SalesOrderNumber",
                "issued_on": "OrderDate",
                "distributor": "ResellerKey",
                "product": "ProductKey",
                "quantity": "OrderQuantity",
                "unit_price": "UnitPrice",
                "net_amount": "SalesAmount",
            },
            "dates": "%Y-%m-%d",
        },
    },
}

STALLS: dict[str, Any] = {
    "schema": "kontor/1",
    "program": {
        "code": "stall-circle",
        "name": "Stall Circle",
        "sponsor": "Own make",
        "currency": "GBP",
        "country": "GB",
        "time_zone": "Europe/London",
        "locale": "en",
        "starts_on": "2025-01-01",
        "ends_on": "2025-12-31",
        "point": {"value": "0.01"},
        "returns": "negative",
    },
    "product_groups": [{"code": "charges", "name": "Charges"}],
    "products": [
        {"code": "POST", "name": "Postage", "group": "charges"},
        {"code": "D", "name": "Discount", "group": "charges"},
    ],
    "earning_rules": [
        {
            "code": "base",
            "name": "1 for each full pound",
            "kind": "per_amount",
            "points": 1,
            "step": "1.00",
            "scope": {"exclude_product_groups": ["charges"]},
        },
        {
            "code": "hero",
            "name": "3 for each lantern",
            "kind": "per_unit",
            "points": 3,
            "scope": {"products": ["10007a"]},
        },
        {
            "code": "wide",
            "name": "Many different lines",
            "kind": "line_count_bands",
            "bands": [{"from": 4, "points": 5}, {"from": 7, "points": 20}],
            "scope": {"exclude_product_groups": ["charges"]},
        },
    ],
    "import_profiles": {
        "sales": {
            "columns": {
                "document_number": "InvoiceNo",
                "issued_on": "InvoiceDate",
                "distributor": "CustomerID",
                "product": "StockCode",
                "product_name": "Description",
                "quantity": "Quantity",
                "unit_price": "UnitPrice",
                "country": "Country",
            },
            "credit_note": {"number_prefix": "C"},
            "unknown_distributor": "create",
            "unknown_product": "create",
        }
    },
}


OPENING = dt.datetime(2025, 2, 1, 8, 30)  # noqa: DTZ001  # as a cell of a workbook: a day and an hour in no zone


def write_pedals(folder: Path) -> None:
    """Write resellers, products and 300 orders; two rows are held, for what nobody knows."""
    dice = random.Random("pedals")
    folder = folder / "reseller_sales_adventureworks"
    folder.mkdir(parents=True)
    kinds = ("Workshop", "Store", "High Street Store")
    _csv(
        folder / "Resellers.csv",
        ("ResellerKey", "BusinessType", "ResellerName", "City", "StateProvinceName", "Country_Region"),
        [(key, kinds[key % 3], f"Räder {key}, Söhne", "Łódź", "NULL", "Germany") for key in range(1, 41)],
    )
    groups = [("Road", "Cycles"), ("City", "Cycles"), ("Bells", "Parts"), ("Chains", "Parts"), ("Gloves", "Wear")]
    groups.append(("Shirts", "Wear"))
    products = [(key, f"Thing {key}", *groups[key % len(groups)]) for key in range(100, 136)]
    _csv(folder / "Product.csv", ("ProductKey", "Product", "Subcategory", "EnglishProductCategoryName"), products)
    rows: list[Sequence[Any]] = []
    for order in range(300):
        day = dt.date(2025, 1, 1) + dt.timedelta(days=order * 364 // 299)
        who = dice.randint(1, 30)
        for _ in range(dice.randint(1, 9)):
            product = dice.choice(products)[0]
            price = Decimal(dice.randint(199, 90_000)).scaleb(-2)
            quantity = dice.randint(1, 24)
            rows.append((f"SO{9000 + order}", day, product, who, quantity, price, price * quantity))
    day = dt.date(2025, 6, 1)
    rows.insert(500, ("SO9990", day, 101, 999, 1, Decimal("10.00"), Decimal("10.00")))
    rows.insert(700, ("SO9991", day, 999, 7, 1, Decimal("10.00"), Decimal("10.00")))
    header = ("SalesOrderNumber", "OrderDate", "ProductKey", "ResellerKey", "OrderQuantity", "UnitPrice", "SalesAmount")
    _csv(folder / wheel_club.SALES_FILE, header, rows)


def write_stalls(folder: Path) -> None:
    """Write a workbook of 260 invoices, 20 of them of nobody, and 60 cancellations, some of what was never sold."""
    dice = random.Random("stalls")
    folder = folder / "online_retail"
    folder.mkdir(parents=True)
    goods = [f"{10000 + at}{'A' if at == 7 else ''}" for at in range(40)]
    rows: list[Sequence[Any]] = []
    sold: list[Sequence[Any]] = []
    for invoice in range(260):
        when = OPENING + dt.timedelta(hours=invoice * 7)
        customer = None if invoice % 13 == 5 else float(12_300 + dice.randint(0, 45))
        for code in dice.sample(goods, dice.randint(1, 9)) + ["POST"] * (invoice % 4 == 0):
            written = code.lower() if dice.random() < 0.1 else code
            quantity, price = dice.randint(1, 48), dice.randint(19, 1495) / 100
            rows.append((536_000 + invoice, written, f"THING {code}", quantity, when, price, customer, "Ireland"))
            sold.append(rows[-1])
        if invoice % 9 == 8:
            rows.append((536_000 + invoice, "D", "Discount", 1, when, -2.5, customer, "Ireland"))
    for at in range(60):
        _, code, name, quantity, when, price, customer, country = dice.choice(sold)
        back = dice.choice((quantity, dice.randint(1, quantity), quantity + 3))
        later = when + dt.timedelta(days=dice.randint(-2, 20), minutes=at)
        rows.append((f"C{700_000 + at}", code, name, -back, later, price, customer, country))
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(list(gift_wholesale.COLUMNS))
    for row in rows:
        page.append(list(row))
    book.save(folder / gift_wholesale.XLSX_FILE)


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows(rows)

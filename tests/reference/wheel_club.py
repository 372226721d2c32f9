"""The wheel-club programme over the AdventureWorks reseller sales: the lines, and what they earn."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.reference.programme import read_catalogue
from tests.reference.run import Result, count
from tests.reference.sales import Catalogue, Distributor, Group, Product, SalesLine, code_key, find_group

SALES_FILE = "FactResellerSales_2017-07_2019-06.csv"


@dataclass
class Sales:
    """What the files hold: the catalogue, the lines to count, and the lines held back with the reason."""

    catalogue: Catalogue
    lines: list[SalesLine] = field(default_factory=list)
    held: list[tuple[str, SalesLine]] = field(default_factory=list)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with its header row."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_resellers(catalogue: Catalogue, path: Path) -> None:
    """Know every reseller with its group by name or alias ("Ware House" is Warehouse; rules.md section 2, scope)."""
    for row in rows_of(path):
        group = find_group(catalogue.distributor_groups, row["BusinessType"])
        if group is None:
            raise ValueError(f"no distributor group is called {row['BusinessType']}")
        catalogue.add_distributor(Distributor(row["ResellerKey"].strip(), group.code, name=row["ResellerName"]))


def read_products(catalogue: Catalogue, path: Path) -> None:
    """Know every product; its sub-category becomes a group under the category (rules.md section 2, scope)."""
    for row in rows_of(path):
        parent = find_group(catalogue.product_groups, row["EnglishProductCategoryName"])
        if parent is None:
            raise ValueError(f"no product group is called {row['EnglishProductCategoryName']}")
        name = row["Subcategory"].strip()
        group = find_group(catalogue.product_groups, name)
        if group is None:
            group = Group(name.lower().replace(" ", "-"), name, parent.code)
            catalogue.product_groups.append(group)
        if group.parent != parent.code:
            raise ValueError(f"the sub-category {name} is under two categories")
        catalogue.add_product(Product(row["ProductKey"].strip(), group.code, row["Product"]))


def read_lines(path: Path) -> list[SalesLine]:
    """Read the sales: amounts as given, the line number is the place within the document (rules.md section 1)."""
    lines: list[SalesLine] = []
    places: dict[str, int] = {}
    for row in rows_of(path):
        number = row["SalesOrderNumber"].strip()
        places[number] = places.get(number, 0) + 1
        lines.append(
            SalesLine(
                document_number=number,
                issued_on=date.fromisoformat(row["OrderDate"].strip()),
                distributor=row["ResellerKey"].strip(),
                product=row["ProductKey"].strip(),
                quantity_milli=int(Decimal(row["OrderQuantity"].strip()) * 1000),
                line_number=places[number],
                unit_price=Decimal(row["UnitPrice"].strip()),
                net_minor=int(Decimal(row["SalesAmount"].strip()) * 100),
            )
        )
    return lines


def read(programme_dict: dict[str, Any], folder: Path) -> Sales:
    """Read all three files; a line of an unknown distributor or product is held, as the profile says."""
    folder = folder / "reseller_sales_adventureworks"
    sales = Sales(read_catalogue(programme_dict))
    read_resellers(sales.catalogue, folder / "Resellers.csv")
    read_products(sales.catalogue, folder / "Product.csv")
    for line in read_lines(folder / SALES_FILE):
        if code_key(line.distributor) not in sales.catalogue.distributors:
            sales.held.append(("unknown distributor", line))
        elif code_key(line.product) not in sales.catalogue.products:
            sales.held.append(("unknown product", line))
        else:
            sales.lines.append(line)
    return sales


def expected(programme_dict: dict[str, Any], folder: Path) -> Result:
    """Count the whole file (rules.md sections 1 to 6)."""
    sales = read(programme_dict, folder)
    return count(programme_dict, sales.catalogue, sales.lines)

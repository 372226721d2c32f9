"""The gift-wholesale programme over UCI Online Retail: the lines, and what they earn and give back."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.reference.programme import read_catalogue
from tests.reference.run import Result, count
from tests.reference.sales import (
    CREDIT_NOTE,
    INVOICE,
    Catalogue,
    Distributor,
    Product,
    SalesLine,
    code_key,
)

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
XLSX_FILE = "online_retail_2010-12_2011-05.xlsx"


@dataclass
class Sales:
    """What the files hold: the catalogue with all that the import creates, the lines, and the refused rows."""

    catalogue: Catalogue
    lines: list[SalesLine] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)


def csv_rows(folder: Path) -> Iterator[dict[str, str]]:
    """Read the day files one after the other, in the order of their days."""
    for path in sorted((folder / "online_retail" / "by-day").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)


def xlsx_rows(folder: Path) -> Iterator[dict[str, str]]:
    """Read the workbook of the same lines, every cell as the text that the day files would hold."""
    import openpyxl

    book = openpyxl.load_workbook(folder / "online_retail" / XLSX_FILE, read_only=True, data_only=True)
    try:
        header: list[str] = []
        for cells in book.worksheets[0].iter_rows(values_only=True):
            if not header:
                header = [str(cell).strip() for cell in cells]
                continue
            yield {name: as_text(cell) for name, cell in zip(header, cells, strict=False)}
    finally:
        book.close()


def as_text(cell: object) -> str:
    """Give a cell as text; a whole number stored as 17850.0 is 17850, as in a code."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return str(cell)


def as_code(text: str) -> str:
    """Trim a code; the data writes customer 17850 as 17850.0 in the day files (rules.md section 1: codes)."""
    text = text.strip()
    whole, point, rest = text.partition(".")
    if point and whole.isdecimal() and rest.strip("0") == "":
        return whole
    return text


def read(programme_dict: dict[str, Any], rows: Iterable[dict[str, str]]) -> Sales:
    """Read the rows: no customer is refused, unknown distributors and products are created (rules.md section 1).

    The line number is the row's place within its document, among the rows that are not refused. The net amount is
    left to be computed from quantity and unit price.
    """
    sales = Sales(read_catalogue(programme_dict))
    places: dict[str, int] = {}
    for row in rows:
        distributor = as_code(row["CustomerID"])
        if not distributor:
            sales.refused.append(row)
            continue
        number = as_code(row["InvoiceNo"])
        product = row["StockCode"].strip()
        places[number] = places.get(number, 0) + 1
        issued = datetime.fromisoformat(row["InvoiceDate"].strip())
        if code_key(distributor) not in sales.catalogue.distributors:
            sales.catalogue.add_distributor(Distributor(distributor))
        if code_key(product) not in sales.catalogue.products:
            sales.catalogue.add_product(Product(product, name=row["Description"].strip()))
        sales.lines.append(
            SalesLine(
                document_number=number,
                issued_on=issued.date(),
                issued_at=issued.time(),
                distributor=distributor,
                product=product,
                quantity_milli=int(Decimal(row["Quantity"].strip()) * 1000),
                kind=CREDIT_NOTE if number.upper().startswith("C") else INVOICE,
                line_number=places[number],
                unit_price=Decimal(row["UnitPrice"].strip()),
            )
        )
    return sales


def expected(programme_dict: dict[str, Any], folder: Path, *, from_xlsx: bool = False) -> Result:
    """Count the whole half year as one import (rules.md sections 1 to 6)."""
    rows = xlsx_rows(folder) if from_xlsx else csv_rows(folder)
    sales = read(programme_dict, rows)
    return count(programme_dict, sales.catalogue, sales.lines)

"""Write the demonstration: programme.yaml, distributors.csv, products.xlsx and sales.xlsx.

Everything is made up by seeded generators, so every run writes the same rows. There are 60 distributors and 400
products. sales.xlsx has 10,424 rows, one year of 3,000 documents: 2,850 invoices and 150 credit notes (97 name the
invoice they correct, 50 do not, 3 take back what was never sold). 45 lines are discounts and 60 are free.

97 rows are bad, each for one reason:

======================  ====  ==========================================================================
unknown_product           28  one row each of 28 invoices whose other rows are good
quantity_not_a_number     14  likewise
missing_date              10  likewise
wrong_decimal             12  likewise, in the net amount
unknown_distributor       12  6 invoices of 2 rows
date_outside_programme    12  6 invoices of 2 rows, 4 of them before the programme began
repeated_exactly           5  1 invoice, reported again under the same number in another spelling
repeated_otherwise         4  1 invoice, likewise, with another quantity and amount in its last row
======================  ====  ==========================================================================

The documents counted above are the good ones: unknown distributors', out-of-date and repeated ones come on top.
"""

import csv
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.demo.calendar import FIRST_DAY
from app.demo.distributors import Distributor, demo_distributors
from app.demo.faults import Row, report
from app.demo.products import Product, demo_products
from app.demo.returns import credit_notes
from app.demo.sales import invoices

SEED = 20251101
PROGRAMME = Path(__file__).with_name("programme.yaml")


@dataclass(frozen=True)
class DemoFiles:
    """Where the demonstration was written, and what is in it."""

    programme: Path
    distributors: Path
    products: Path
    sales: Path
    distributor_count: int
    product_count: int
    sales_rows: int
    bad_rows: dict[str, int]
    invoices: int
    credit_notes: int
    credit_notes_naming: int
    returns_without_sale: int
    discount_lines: int
    free_lines: int

    @property
    def documents(self) -> int:
        """Count the documents that have good rows and are no repetition."""
        return self.invoices + self.credit_notes


def write_demo(folder: Path) -> DemoFiles:
    """Write all four files into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    distributors, products = demo_distributors(), demo_products()
    sold = invoices(distributors, products, np.random.default_rng([SEED, 1]))
    returned = credit_notes(sold, products, np.random.default_rng([SEED, 2]))
    sales = report([*sold, *returned.documents], returned.origins, np.random.default_rng([SEED, 3]))
    lines = [line for document in sold for line in document.lines]
    files = DemoFiles(
        programme=folder / PROGRAMME.name,
        distributors=folder / "distributors.csv",
        products=folder / "products.xlsx",
        sales=folder / "sales.xlsx",
        distributor_count=len(distributors),
        product_count=len(products),
        sales_rows=len(sales.rows),
        bad_rows={fault.value: count for fault, count in sales.bad_rows.items()},
        invoices=len(sold),
        credit_notes=len(returned.documents),
        credit_notes_naming=sum(bool(document.corrects) for document in returned.documents),
        returns_without_sale=returned.without_sale,
        discount_lines=sum(line.net_minor < 0 for line in lines),
        free_lines=sum(line.net_minor == 0 for line in lines),
    )
    shutil.copyfile(PROGRAMME, files.programme)
    _write_csv(files.distributors, [_distributor_row(one) for one in distributors])
    _write_sheet(files.products, "Produkty", [_product_row(one) for one in products])
    _write_sheet(files.sales, "Sprzedaż", sales.rows)
    return files


def _distributor_row(one: Distributor) -> dict[str, str]:
    return {
        "Kod": one.code,
        "Nazwa": one.name,
        "NIP": one.tax_id,
        "Grupa": one.group,
        "Status podatkowy": one.tax_status,
        "Miasto": one.town,
        "Województwo": one.region,
        "Kraj": "PL",
        "Uczestnik od": FIRST_DAY.isoformat(),
    }


def _product_row(one: Product) -> Row:
    return {
        "Kod": one.code,
        "EAN": one.ean,
        "Nazwa": one.name,
        "Grupa": one.group,
        "Grupa nadrzędna": one.parent,
        "J.m.": one.unit,
        "Cena katalogowa": one.price_minor / 100,
    }


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_sheet(path: Path, name: str, rows: Iterable[Row]) -> None:
    """Write a spreadsheet: numbers as numbers, dates as dates, codes as text."""
    import rustpy_xlsxwriter  # noqa: TID251 - until app.exports has a writer for plain tables

    rustpy_xlsxwriter.write_worksheet(
        rows, str(path), sheet_name=name, datetime_format="yyyy-mm-dd", dedupe_strings=True
    )

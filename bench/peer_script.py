"""What `peer.py` has done in the environment of the peer: rows go in by django-import-export, and an .xls is written.

Run by the Python of that environment, which has Django; ours has not.
"""

import csv
import importlib.metadata
import json
import re
import sys
import time
from dataclasses import dataclass
from typing import Any

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Peer:
    """The peer as somebody would set it up: its tables, and what takes rows into the last of them."""

    distributors: Any
    products: Any
    lines: Any
    taking_in: Any


def import_rows(path: str, count: int) -> dict[str, Any]:
    """Import the first good rows, then the same rows with a bad one among them."""
    peer, rows = _set_up(), _good_rows(path, count)
    codes, skus = {row["distributor_code"] for row in rows}, {row["sku"] for row in rows}
    peer.distributors.objects.bulk_create(peer.distributors(code=code) for code in codes)
    peer.products.objects.bulk_create(peer.products(sku=sku) for sku in skus)
    seconds = _take_in(peer, rows)
    stored = peer.lines.objects.count()
    peer.lines.objects.all().delete()
    bad = {**rows[len(rows) // 2], "qty": "two"}
    _take_in(peer, [*rows[: len(rows) // 2], bad, *rows[len(rows) // 2 + 1 :]])
    return {
        "version": importlib.metadata.version("django-import-export"),
        "rows": len(rows),
        "stored": stored,
        "seconds": round(seconds, 2),
        "rows_per_second": round(len(rows) / seconds),
        "stored_where_one_row_is_bad": peer.lines.objects.count(),
    }


def _take_in(peer: Peer, given: Rows) -> float:
    """Import rows; give the seconds that it took."""
    from tablib import Dataset

    table = Dataset(*(list(row.values()) for row in given), headers=list(given[0]))
    began = time.perf_counter()
    peer.taking_in.import_data(table, dry_run=False, use_transactions=True)
    return time.perf_counter() - began


def _set_up() -> Peer:
    import django
    from django.conf import settings

    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    settings.configure(DATABASES=databases, INSTALLED_APPS=["import_export", "peer_script"], USE_TZ=True)
    django.setup()
    from django.db import connection, models
    from import_export import fields, resources, widgets

    class Distributor(models.Model):
        code = models.CharField(max_length=64, unique=True)

        class Meta:
            app_label = "peer_script"

    class Product(models.Model):
        sku = models.CharField(max_length=64, unique=True)

        class Meta:
            app_label = "peer_script"

    class Line(models.Model):
        invoice_no = models.CharField(max_length=64)
        position = models.IntegerField()
        invoice_date = models.DateField()
        distributor = models.ForeignKey(Distributor, on_delete=models.PROTECT)
        product = models.ForeignKey(Product, on_delete=models.PROTECT)
        qty = models.DecimalField(max_digits=14, decimal_places=3)
        unit_price = models.DecimalField(max_digits=14, decimal_places=4)
        net_amount = models.DecimalField(max_digits=14, decimal_places=2)
        currency = models.CharField(max_length=3)

        class Meta:
            app_label = "peer_script"
            unique_together = ("invoice_no", "position")

    class LineResource(resources.ModelResource):
        distributor = fields.Field(
            "distributor", "distributor_code", widget=widgets.ForeignKeyWidget(Distributor, "code")
        )
        product = fields.Field("product", "sku", widget=widgets.ForeignKeyWidget(Product, "sku"))

        class Meta:
            model = Line
            import_id_fields = ("invoice_no", "position")
            use_bulk = True
            batch_size = 1_000
            clean_model_instances = True

    with connection.schema_editor() as editor:
        for model in (Distributor, Product, Line):
            editor.create_model(model)
    return Peer(Distributor, Product, Line, LineResource())


def _good_rows(path: str, count: int) -> Rows:
    wanted = ("invoice_no", "invoice_date", "distributor_code", "sku", "qty", "unit_price", "net_amount", "currency")
    rows: Rows = []
    seen: dict[str, int] = {}
    with open(path, encoding="utf-8", newline="") as file:  # as a script does
        for row in csv.DictReader(file):
            dated = re.fullmatch(r"\d{4}-\d\d-\d\d", row["invoice_date"]) and row["invoice_date"] < "2025-13"
            if dated and all(_number(row[name]) is not None for name in ("qty", "unit_price", "net_amount")):
                seen[row["invoice_no"]] = seen.get(row["invoice_no"], 0) + 1
                rows.append({name: row[name] for name in wanted} | {"position": str(seen[row["invoice_no"]])})
            if len(rows) == count:
                break
    return rows


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def write_xls(source: str, target: str, numbers: str) -> None:
    """Write a table as a workbook of Excel 97."""
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Sales")
    with open(source, encoding="utf-8", newline="") as file:  # as a script does
        rows = csv.reader(file)
        header = next(rows)
        of_numbers = {header.index(name) for name in numbers.split(",")}
        for at, cell in enumerate(header):
            sheet.write(0, at, cell)
        for number, row in enumerate(rows, start=1):
            for at, cell in enumerate(row):
                value = _number(cell) if at in of_numbers else None
                sheet.write(number, at, cell if value is None else value)
    book.save(target)


def main() -> None:
    """Do what is asked."""
    what, *words = sys.argv[1:]
    if what == "import":
        print(json.dumps(import_rows(words[0], int(words[1]))))
    else:
        write_xls(*words)


if __name__ == "__main__":
    main()

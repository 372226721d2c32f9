"""Sales reports to import while everything dies: made by our own demonstration and benchmark."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import openpyxl
import yaml

from app.demo.data import SEED, write_demo
from app.demo.distributors import demo_distributors
from app.demo.faults import CORRECTS, DISTRIBUTOR, NUMBER, report
from app.demo.products import demo_products
from app.demo.returns import credit_notes
from app.demo.sales import invoices
from bench.data import write_bench

FEW = ("D-1038", "D-1039", "D-1047", "D-1048", "BRAK")


@dataclass(frozen=True)
class Report:
    """A programme, who and what it knows, and a report of sales with some bad rows."""

    program: str
    distributors: Path
    products: Path
    sales: Path


def demo_report(folder: Path, years: int = 1) -> Report:
    """Write the demonstration's report: 60 distributors, returns, discounts, corrections, 97 rows that are bad.

    Its budget, which would make all of it one lane, is left out: so that workers work side by side, and large
    distributors have lanes. Further ``years`` are drawn anew and reported under numbers of their own.
    """
    files = write_demo(folder)
    document = yaml.safe_load((folder / "programme.yaml").read_text(encoding="utf-8"))
    for rule in document["earning_rules"]:
        rule.get("caps", {}).pop("budget", None)
    program = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    made = Report(program, files.distributors, files.products, files.sales)
    return made if years == 1 else replace(made, sales=_longer(folder / "sales-of-years.xlsx", years))


def _longer(path: Path, years: int) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sales")
    distributors, products = demo_distributors(), demo_products()
    for year in range(years):
        sold = invoices(distributors, products, np.random.default_rng([SEED, year, 1]))
        returned = credit_notes(sold, products, np.random.default_rng([SEED, year, 2]))
        rows = report([*sold, *returned.documents], returned.origins, np.random.default_rng([SEED, year, 3])).rows
        if not year:
            sheet.append(list(rows[0]))
        for row in rows:
            row |= {name: f"{row[name]}-Y{year}" for name in (NUMBER, CORRECTS) if row[name]}
            sheet.append(list(row.values()))
    book.save(path)
    return path


def bench_report(folder: Path, lines: int) -> Report:
    """Write the benchmark's report: 5,000 distributors, twenty rules of all kinds, one bad row in a hundred."""
    files = write_bench(folder, lines, xlsx=False)
    program = (files.folder / "programme.yaml").read_text(encoding="utf-8")
    return Report(program, folder / "distributors.csv", folder / "products.csv", folder / "sales.csv")


def small_report(whole: Report, folder: Path) -> Report:
    """Write what the demonstration's report says of four small distributors and a stranger: 145 rows of every kind."""
    source = openpyxl.load_workbook(whole.sales, read_only=True)
    header, *rows = source.worksheets[0].iter_rows(values_only=True)
    source.close()
    book = openpyxl.Workbook()
    for row in (header, *(row for row in rows if row[header.index(DISTRIBUTOR)] in FEW)):
        book.worksheets[0].append(row)
    book.save(folder / "few.xlsx")
    return replace(whole, sales=folder / "few.xlsx")

"""Grids of our own making, and from them, or from a file, to typed lines as an import goes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from app.domain.program_file.import_profile import ImportProfile
from importers.files.grid import Grid
from importers.files.guard import judge
from importers.layout.columns.columns import mapped
from importers.layout.laying import lay
from importers.layout.looks.proposing import propose
from importers.layout.tables.table import Kind, TextTable
from importers.layout.written.settling import settle
from importers.problems.problems import Problems
from importers.reading.reading import look_at, read_as
from importers.typed.sales_rows import SalesRows, type_rows
from tests.importers.files.made import LIMITS

TODAY = dt.date(2026, 1, 31)
LANGUAGES = ["pl", "en", "de", "es", "fr", "ru"]
COLUMNS = {
    "document_number": "Nr faktury",
    "issued_on": "Data",
    "distributor": "Odbiorca",
    "product": "Kod",
    "quantity": "Ilość",
    "net_amount": "Wartość",
}
HEADER = list(COLUMNS.values())


def grid(rows: Sequence[Sequence[str | None]], *, name: str = "", **more: Any) -> Grid:
    """Make a grid of rows, which are as long as the longest."""
    width = max(map(len, rows))
    padded = [[*row, *[None] * (width - len(row))] for row in rows]
    columns = [
        pa.array([cell or None for cell in column], type=pa.large_string()) for column in zip(*padded, strict=True)
    ]
    cells = pa.table(columns, names=[str(at) for at in range(width)])
    return Grid(name, cells, np.arange(1, len(rows) + 1, dtype=np.int32), **more)


def profile(**settings: Any) -> ImportProfile:
    return ImportProfile(**{"columns": COLUMNS} | settings)


def laid(rows: Sequence[Sequence[str | None]], said: ImportProfile | None = None, **more: Any) -> TextTable:
    """Lay rows out as a profile says."""
    found = lay(grid(rows, **more), said or profile(), "report.csv")
    assert found is not None
    return found.table


def line(number: str | None = "FV/1", **changed: str | None) -> list[str | None]:
    given = {"number": number, "date": "2026-01-05", "who": "D1", "product": "P1", "quantity": "2", "net": "20,00"}
    return list((given | changed).values())


def recognised(table: TextTable) -> Mapping[str, list[int]]:
    return {str(kind): rows.tolist() for kind, rows in table.recognised.rows.items()}


def numbers(table: TextTable) -> list[int]:
    return [int(row) for row in table.row_number]


@dataclass
class Typed:
    """What a file came to: its table, its typed rows and their problems."""

    table: TextTable
    rows: SalesRows
    problems: Problems
    profile: ImportProfile
    columns: dict[str, str]

    @property
    def good(self) -> list[tuple[Any, ...]]:
        """Give the lines without a problem: number, date, distributor, product, name, pieces, price, net amount."""
        rows = self.rows
        return [
            (
                rows.number.written[rows.number.code[at]],
                str(rows.issued_on[at]),
                rows.distributor.written[rows.distributor.code[at]],
                rows.product.written[rows.product.code[at]],
                rows.product_name[at] if rows.product_name is not None else None,
                int(rows.quantity_milli[at]),
                int(rows.unit_price_micro[at]),
                int(rows.net_minor[at]),
            )
            for at, row in enumerate(rows.row_number.tolist())
            if row not in self.problems.outcome
        ]

    @property
    def outcomes(self) -> dict[int, tuple[str, str]]:
        return {
            int(row): (str(self.problems.outcome[row]), " ".join(one["code"] for one in reasons))
            for row, reasons in self.problems.reasons.items()
        }


def typed(table: TextTable, said: ImportProfile, *, currency: str = "PLN") -> Typed:
    """Type the rows of a table."""
    columns, problems = mapped(table, said), Problems()
    settled = settle(table, columns, said)
    rows = type_rows(
        table,
        columns,
        settled,
        2,
        gross=False,
        time_zone="Europe/Warsaw",
        problems=problems,
        currency=currency,
        today=TODAY,
    )
    return Typed(table, rows, problems, settled, columns)


def read_by_proposal(path: Path, answers: Mapping[str, str] | None = None, *, currency: str = "PLN") -> Typed:
    """Read a file that nobody knows by the profile that a look at it proposes."""
    judged = judge(path, path.name, LIMITS, LANGUAGES)
    said = propose(look_at(judged, path.name, "sales"), answers)
    return typed(read_as(judged, path.name, said, currency=currency), said, currency=currency)


def counted(table: TextTable) -> dict[Kind, int]:
    return table.recognised.count()


def read_text(folder: Path, content: str, answers: Mapping[str, str] | None = None) -> Typed:
    """Read a report that is written as a text, as proposed and answered."""
    path = folder / "report.csv"
    path.write_text(content, encoding="utf-8")
    return read_by_proposal(path, answers)

"""Rows of sales as text, and what typing, matching and grouping make of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from app.domain.program_file.import_profile import ImportProfile
from app.domain.states import DocumentKind
from app.services.imported.aliases import Names
from importers.layout.columns.columns import mapped
from importers.layout.tables.table import TextTable
from importers.names.matching import Sought, match
from importers.problems.problems import Problems
from importers.typed.grouping import Grouped, group
from importers.typed.sales_rows import Codes, SalesRows, type_rows
from verification.incoming import Incoming

DISTRIBUTORS = {f"d{at}": 100 + at for at in range(1, 10)}

PRODUCTS = {f"p{at}": 200 + at for at in range(1, 10)}

HEADER = ("number", "date", "distributor", "product", "quantity", "net")

FIELDS = ("document_number", "issued_on", "distributor", "product", "quantity", "net_amount")

Row = Sequence[str | None]


def table_of(rows: Sequence[Row], header: Sequence[str] = HEADER) -> TextTable:
    kind = pa.large_string()
    texts = {name: pa.array([row[at] or None for row in rows], type=kind) for at, name in enumerate(header)}
    cells = {name: pd.array(column, dtype=pd.ArrowDtype(kind)) for name, column in texts.items()}
    return TextTable(pd.DataFrame(cells), np.arange(len(rows), dtype=np.int32) + 2)


def profile_of(more: Mapping[str, str] | None = None, **settings: Any) -> ImportProfile:
    return ImportProfile(columns=dict(zip(FIELDS, HEADER, strict=True)) | dict(more or {}), **settings)


class Result:
    """What the stages between reading and loading make of rows."""

    def __init__(
        self,
        rows: Sequence[Row],
        more: Mapping[str, str] | None = None,
        *,
        gross: bool = False,
        broken: Mapping[int, Sequence[str]] | None = None,
        decimals: int = 2,
        **settings: Any,
    ) -> None:
        profile = profile_of(more, **settings)
        header = [*HEADER, *(more or {}).values()]
        if profile.credit_note is not None and profile.credit_note.column is not None:
            header.append(profile.credit_note.column)
        if profile.line_number != "position":
            header.append(profile.line_number)
        table = table_of(rows, header)
        self.problems = Problems()
        self.created: dict[str, list[str]] = {"distributor": [], "product": []}
        self.names: dict[str, str] = {}
        columns = mapped(table, profile)
        self.rows: SalesRows = type_rows(
            table, columns, profile, decimals, gross=gross, time_zone="Europe/Warsaw", problems=self.problems
        )
        bad = np.isin(self.rows.row_number, self.problems.rows())
        who = self._match("distributor", self.rows.distributor, DISTRIBUTORS, profile.unknown_distributor, bad)
        bad |= np.isin(self.rows.row_number, self.problems.rows())
        what = self._match("product", self.rows.product, PRODUCTS, profile.unknown_product, bad)
        self.grouped: Grouped = group(self.rows, who, what, self.problems, broken)
        self.incoming: Incoming = self.grouped.incoming

    def _match(self, what: Any, codes: Codes, known: Mapping[str, int], unknown: Any, bad: np.ndarray) -> np.ndarray:
        def create(written: list[str], names: dict[str, str]) -> dict[str, int]:
            self.created[what] += written
            self.names |= names
            return {code.strip().casefold(): 900 + at for at, code in enumerate(written)}

        names = self.rows.distributor_name if what == "distributor" else self.rows.product_name
        meant = Names(codes=known)
        sought = Sought(what, codes, names, self.rows.row_number, bad)
        return match(sought, meant, unknown, create, self.problems).id

    @property
    def documents(self) -> list[dict[str, Any]]:
        sales = self.incoming.sales
        found = []
        for at in range(len(sales.documents)):
            own = np.flatnonzero(sales.lines.document == at)
            found.append(
                {
                    "distributor": int(sales.documents.distributor_id[at]),
                    "kind": DocumentKind(int(sales.documents.kind[at])),
                    "number": sales.documents.number[at],
                    "on": str(sales.documents.issued_on[at]),
                    "rows": sales.lines.source_row[own].tolist(),
                    "lines": sales.lines.line_number[own].tolist(),
                    "nets": sales.lines.net_minor[own].tolist(),
                }
            )
        return found

    @property
    def outcomes(self) -> dict[int, tuple[str, str]]:
        return {
            row: (str(self.problems.outcome[row]), " ".join(one["code"] for one in reasons))
            for row, reasons in self.problems.reasons.items()
        }

    def reason(self, row: int) -> dict[str, Any]:
        return self.problems.reasons[row][-1]


def line(number: str | None = "FV/1/2026", **changed: str | None) -> list[str | None]:
    given = {"number": number, "date": "2026-03-01", "distributor": "D1", "product": "P1", "quantity": "1", "net": "10"}
    return list((given | changed).values())

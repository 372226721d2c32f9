"""Distributors and products from a file: typed, matched to groups, created or changed; one row is one thing."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy.orm import Session

from app.domain.codes import code_key
from app.domain.states import Outcome, TaxStatus
from app.services import catalogue, distributors
from app.services.catalogue import ProductRow
from app.services.distributors import DistributorRow
from importers.parsing import MAX_TEXT, Column, require_short
from importers.problems import Problems
from importers.reading import TextTable

Cells = dict[str, str | None]

_MOST = {"tier": 64, "tax_id": 64, "tax_status": 64, "country": 64, "ean": 64}
"""Longest texts of fields that are shorter than names."""


@dataclass
class MasterRows:
    """Rows of distinct codes, by code as compared: (row number, cells by field)."""

    by_code: dict[str, tuple[int, Cells]] = field(default_factory=dict)
    repeated: int = 0


def read_rows(table: TextTable, columns: Mapping[str, str], problems: Problems) -> MasterRows:
    """Take the rows that have a code and a name.

    A code that comes again with the same cells is one row; with other cells it is a problem.
    """
    typed = {field_: Column.of(header, table.column(header)) for field_, header in columns.items()}
    for field_, column in typed.items():
        require_short(column, table.row_number, problems, _MOST.get(field_, MAX_TEXT))
    read = {field_: column.texts() for field_, column in typed.items()}
    rows = MasterRows()
    for at, row in enumerate(table.row_number.tolist()):
        cells: Cells = {field_: values[at] for field_, values in read.items()}
        lacking = [name for name in ("code", "name") if cells[name] is None]
        for name in lacking:
            problems.add(row, Outcome.REFUSED, "missing", field=columns[name])
        if row in problems.outcome:
            continue
        key = code_key(str(cells["code"]))
        known = rows.by_code.get(key)
        if known is None:
            rows.by_code[key] = (row, cells)
        elif known[1] | {"code": cells["code"]} == cells:
            rows.repeated += 1
        else:
            problems.add(row, Outcome.REFUSED, "repeated_code", found=repr(cells["code"]))
    return rows


def load_products(session: Session, program_id: int, locale: str, rows: MasterRows) -> tuple[int, int]:
    """Create and change products, and create the groups that they name. Returns (created, changed).

    The caller commits.
    """
    named = [(cells["group"], cells.get("parent_group")) for _, cells in rows.by_code.values()]
    groups = catalogue.put_groups(
        session, program_id, _from_the_top((group, parent) for group, parent in named if group is not None)
    )
    products = [
        ProductRow(
            code=str(cells["code"]),
            name=str(cells["name"]),
            group_id=groups[code_key(str(cells["group"]))] if cells.get("group") else None,
            ean=cells.get("ean"),
        )
        for _, cells in rows.by_code.values()
    ]
    return catalogue.put_products(session, program_id, locale, products)


def _from_the_top(named: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str | None]]:
    """Order groups so that one comes after the group above it, and with it wherever one row at least names it."""
    names: dict[str, str] = {}
    above: dict[str, str] = {}
    for group, parent in named:
        names.setdefault(code_key(group), group)
        if parent is not None:
            names.setdefault(code_key(parent), parent)
            above.setdefault(code_key(group), code_key(parent))
    done: set[str] = set()
    for key in sorted(names):
        path = [key]
        while (parent_key := above.get(path[-1])) is not None and parent_key not in (*path, *done):
            path.append(parent_key)
        for one in reversed(path):
            if one not in done:
                done.add(one)
                yield names[one], names[above[one]] if one in above else None


def load_distributors(
    session: Session,
    program_id: int,
    locale: str,
    rows: MasterRows,
    problems: Problems,
    *,
    enrolled_on: dt.date,
    may_owe: bool,
) -> tuple[int, int]:
    """Create and change distributors. A group that the programme does not have holds the row. The caller commits."""
    groups = distributors.group_ids(session, program_id)
    good: list[DistributorRow] = []
    for row, cells in rows.by_code.values():
        group, status = cells.get("group"), cells.get("tax_status")
        group_id = groups.get(code_key(group)) if group is not None else None
        if group is not None and group_id is None:
            problems.add(row, Outcome.HELD, "unknown_group", found=repr(group))
            continue
        if status is not None and status.casefold() not in set(TaxStatus):
            expected = ", ".join(TaxStatus)
            problems.add(
                row, Outcome.REFUSED, "no_such_value", field="tax_status", found=repr(status), expected=expected
            )
            continue
        good.append(
            DistributorRow(
                code=str(cells["code"]),
                name=str(cells["name"]),
                group_id=group_id,
                tier=cells.get("tier"),
                tax_id=cells.get("tax_id"),
                tax_status=TaxStatus(status.casefold()) if status is not None else None,
                country=cells.get("country"),
                region=cells.get("region"),
                city=cells.get("city"),
            )
        )
    return distributors.put_distributors(session, program_id, locale, good, enrolled_on=enrolled_on, may_owe=may_owe)


def accepted(table: TextTable, rows: MasterRows, problems: Problems) -> int:
    """Count the rows that were taken in: all that have no problem and do not repeat another."""
    return int(len(table.row_number) - rows.repeated - np.isin(table.row_number, problems.rows()).sum())

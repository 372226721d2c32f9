"""Response files: what a card provider says of each load of an order file.

A table (CSV in UTF-8, or a workbook) with a header and the columns ``reference`` and ``result`` (loaded, failed or
unknown), and where the provider gives them ``code``, ``message`` and ``amount``. Other columns are not looked at, but
no cell of the file may hold the number of a card.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.domain.card_numbers import first_card_number
from app.domain.money import smallest_units
from importers.errors import ColumnsMissing
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.layout.table import TextTable
from importers.parsing import Column
from importers.reading import read
from prepaid.errors import CardNumberFound
from prepaid.order_files import TOTAL
from prepaid.providers import Answer, LoadResult

_REQUIRED = ("reference", "result")
_OPTIONAL = ("code", "message", "amount", "record")
_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,20})?")


@dataclass
class Response:
    """What a response file says: an answer a row, and the rows that say nothing that can be used."""

    rows: int
    answers: list[tuple[int, Answer]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)


def problem(row: int | None, reference: str | None, code: str, message: str) -> dict[str, Any]:
    """Describe what is wrong with a row, or with an answer that no row gave."""
    return {"row": row, "reference": reference, "code": code, "message": message}


def read_response(path: Path, name: str, *, limits: Limits, decimals: int) -> Response:
    """Read a response file. Rows are numbered as a spreadsheet does: the first below the header is 2.

    Raises:
        importers.errors.ImportRefused: The file cannot be read, or lacks a column.
        CardNumberFound: A cell holds the number of a card; the file is not taken in.
    """
    table = read(judge(path, name, limits), name, None)
    _refuse_card_numbers(table, name)
    cells = _cells(table)
    response = Response(rows=len(table.row_number) + len(table.wrong_width))
    for row, found in table.wrong_width:
        expected = len(table.header)
        words = f"The row has {found} cells, the header {expected}; look for a stray separator or quote."
        response.problems.append(problem(row, None, "wrong_number_of_cells", words))
    for at, row in enumerate(table.row_number.tolist()):
        said = {field_: values[at] for field_, values in cells.items()}
        if said.get("record") == TOTAL:  # an order file that came back with what became of its lines
            response.rows -= 1
            continue
        answer = _answer(said, row, decimals, response.problems)
        if answer is not None:
            response.answers.append((row, answer))
    return response


def _refuse_card_numbers(table: TextTable, name: str) -> None:
    if first_card_number(table.header) is not None:
        raise CardNumberFound(f"{name}, row 1: the header")
    for header in table.header:
        at = first_card_number(table.column(header).to_pylist())
        if at is not None:
            raise CardNumberFound(f"{name}, row {table.row_number[at]}, column {header!r}")


def _cells(table: TextTable) -> dict[str, Any]:
    by_key = {header.strip().casefold(): header for header in table.header}
    missing = {field_: field_ for field_ in _REQUIRED if field_ not in by_key}
    if missing:
        raise ColumnsMissing(missing, table.header)
    wanted = [field_ for field_ in (*_REQUIRED, *_OPTIONAL) if field_ in by_key]
    return {field_: Column.of(field_, table.column(by_key[field_])).texts() for field_ in wanted}


def _answer(cells: dict[str, str | None], row: int, decimals: int, problems: list[dict[str, Any]]) -> Answer | None:
    reference, result = cells["reference"], (cells["result"] or "").casefold()
    if reference is None:
        problems.append(problem(row, None, "missing", "reference: the cell is empty."))
        return None
    if result not in set(LoadResult):
        words = f"result: found {cells['result']!r}, expected loaded, failed or unknown."
        problems.append(problem(row, reference, "no_such_value", words))
        return None
    amount = cells.get("amount")
    minor = None
    if amount is not None:
        minor = _minor(amount, decimals)
        if minor is None:
            words = f"amount: found {amount!r}, expected an amount such as 1234.56."
            problems.append(problem(row, reference, "not_a_number", words))
            return None
    return Answer(reference, LoadResult(result), cells.get("code") or "", cells.get("message") or "", minor)


def _minor(text: str, decimals: int) -> int | None:
    if not _AMOUNT.fullmatch(text):
        return None
    try:
        return smallest_units(Decimal(text), decimals)
    except ValueError:
        return None

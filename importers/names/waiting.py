"""Rows that wait for a name to be known: kept typed, so that nothing of them is read, or guessed, a second time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.documents.sales import Flags
from app.models.imports import ImportBatch, ImportProblem
from importers.batches.store import BatchFiles
from importers.problems.problems import Problems
from importers.typed.parsing import Column
from importers.typed.sales_rows import Codes, SalesRows

_SPELLED = ("number",)
"""Codes whose spellings stay apart."""
_CODES = ("distributor", "product")
_COLUMNS = ("seller", "corrects", "person", "outlet", "channel")
_TEXTS = ("distributor_name", "product_name", "country")
_BROKEN = b"broken"
_JUDGED_AGAIN = frozenset({"unknown_distributor", "unknown_product", "document_incomplete"})
"""What is said of a row because of what was not known: it is found anew when more is known."""


def save(files: BatchFiles, rows: SalesRows, which: Flags, broken: Mapping[int, Sequence[str]] | None) -> str:
    """Keep some rows, and the cells of those that do not fit the header. Returns the name of the file."""
    named = {field.name: getattr(rows, field.name) for field in fields(rows)}
    arrays = {name: _array(values, which) for name, values in named.items() if values is not None}
    told = json.dumps({str(row): list(cells) for row, cells in (broken or {}).items()}, ensure_ascii=False)
    return files.save_waiting(pa.table(arrays).replace_schema_metadata({_BROKEN: told.encode()}))


def load(files: BatchFiles, name: str, *, without: np.ndarray) -> tuple[SalesRows, dict[int, list[str]]]:
    """Give kept rows but for some, and the cells of those that do not fit the header."""
    table = files.load_waiting(name)
    table = table.filter(pa.array(~np.isin(table.column("row_number").to_numpy(), without)))
    arrays = {field: table.column(field).combine_chunks() for field in table.column_names}
    values: dict[str, Any] = {field.name: _values(field.name, arrays.get(field.name)) for field in fields(SalesRows)}
    broken = json.loads((table.schema.metadata or {})[_BROKEN])
    return SalesRows(**values), {int(row): cells for row, cells in broken.items()}


def still_wrong(session: Session, batch_id: int, rows: np.ndarray) -> Problems:
    """Give what an import found wrong with its rows, but for what depends on what is known."""
    found = Problems()
    wanted = set(rows.tolist())
    problems = session.execute(
        select(ImportProblem.row_number, ImportProblem.outcome, ImportProblem.reasons).where(
            ImportProblem.batch_id == batch_id
        )
    )
    for row, outcome, reasons in problems:
        for reason in reasons if row in wanted else ():
            if reason["code"] not in _JUDGED_AGAIN:
                found.add(row, outcome, **reason)
    return found


def taken_before(session: Session, batch: ImportBatch, folder: Any) -> np.ndarray:
    """Give the rows that imports took in before this one, of those that their common one held."""
    earlier = session.scalars(
        select(ImportBatch.id).where(ImportBatch.continues_id == batch.continues_id, ImportBatch.id < batch.id)
    )
    kept = [BatchFiles(folder, one).kept_rows() for one in earlier]
    return np.concatenate([np.zeros(0, dtype=np.int64), *kept])


def _array(values: Any, which: Flags) -> pa.Array:
    if isinstance(values, Codes):
        return pa.array([None if code < 0 else values.written[code] for code in values.code[which].tolist()], _TEXT)
    if isinstance(values, Column):
        return values.values.take(pa.array(values.code[which], mask=values.code[which] < 0)).cast(_TEXT)
    return pa.array(values[which], _TEXT) if values.dtype == object else pa.array(values[which])


_TEXT = pa.large_string()


def _values(field: str, array: pa.Array | None) -> Any:
    if array is None:
        return None
    if field in (*_SPELLED, *_CODES, *_COLUMNS):
        column = Column.of(field, array)
        if field in _COLUMNS:
            return column
        written = column.values.to_pylist()
        return Codes(column.code, written, written) if field in _SPELLED else Codes.of(column)
    if field in _TEXTS:
        return np.asarray([*array.to_pylist(), None], dtype=object)[:-1]
    values: np.ndarray = array.to_numpy(zero_copy_only=False)
    return values.astype("datetime64[D]") if values.dtype.kind == "M" else values

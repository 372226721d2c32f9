"""The problems workbook: the file's own columns with one more, the reason; fix it and import it again."""

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.reasons import sentences
from app.exports.tables import Column, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.imports import ImportProblem
from importers.store import BatchFiles

REASON = "Reason"


def write_problems(session: Session, batch_id: int, files: BatchFiles) -> bool:
    """Write every row that was held or refused, in the file's order. Returns whether there were any."""
    found = session.execute(
        select(ImportProblem.row_number, ImportProblem.outcome, ImportProblem.reasons)
        .where(ImportProblem.batch_id == batch_id)
        .order_by(ImportProblem.row_number)
    ).all()
    if not found:
        return False
    rows = np.asarray([row.row_number for row in found], dtype=np.int64)
    cells = files.load_rows(rows)
    keys = {f"c{at}": name for at, name in enumerate(cells)}
    columns = [Column(key, name) for key, name in keys.items()]
    reason = REASON if REASON not in cells else f"{REASON} ({REASON.lower()})"
    data = {key: cells[name] for key, name in keys.items()}
    data["reason"] = [f"{row.outcome.capitalize()}: {sentences(row.reasons)}" for row in found]
    layout = Layout((*columns, Column("reason", reason)))
    write_workbook(files.problems, [Sheet("Problems", layout, data)])
    return True

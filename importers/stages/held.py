"""What an import held is taken up by another one, once it is known what the names in it mean."""

import numpy as np

from app.models.imports import ImportBatch
from importers.batches import batches
from importers.batches.store import BatchFiles
from importers.layout.tables.table import stretches_of
from importers.names import waiting
from importers.names.known import Known
from importers.stages.begun import Begun
from importers.stages.cutting import Documents, cut, prepare_problems

_ENDED = ("ignored_distributor", "ignored_product", "unit_not_exact")
"""What ends the waiting of a document, though it does not count."""


def take_up(begun: Begun) -> None:
    """Take in the rows that another import held, of documents of which all is known by now."""
    batch, work, files = begun.batch, begun.work, begun.files
    assert batch.continues_id is not None, "the caller asked"
    kept = begun.house.settings.files
    held_by = BatchFiles(kept, batch.continues_id)
    with work.transaction() as session:
        held = session.get_one(ImportBatch, batch.continues_id)
        name = held.waiting_file
        stretches = stretches_of(held.stretches)
        batches.note(session, batch.id, stretches, [])
        before = waiting.taken_before(session, batch, kept)
        session.expunge_all()
    assert name is not None, "it was continued because rows of it wait"
    rows, broken = waiting.load(held_by, name, without=before)
    with work.transaction() as session:
        found = waiting.still_wrong(session, batch.continues_id, rows.row_number)
    known = Known(work, batch, begun.program, begun.settings, begun.profile, begun.house.clock())
    rows = known.rows(rows, found)
    grouped = known.grouped(rows, found, broken)
    if noticed := grouped.warnings():
        begun.note(stretches, noticed)
    ended = np.isin(rows.row_number, found.saying(*_ENDED))
    of_ended = np.isin(grouped.document, grouped.document[ended & (grouped.document >= 0)])
    lost = found.only(rows.row_number[ended | of_ended])
    taken = [grouped.incoming.sales.lines.source_row, grouped.repeated_rows, lost.rows()]
    moved = np.sort(np.concatenate(taken).astype(np.int64))
    files.save_taken(moved, held_by.load_rows(moved), read_as=held_by.read_as())
    counts = {"rows_read": len(moved), "duplicates": len(grouped.repeated_rows)}
    if cut(begun, Documents(known, grouped, lost), counts):
        prepare_problems(begun)

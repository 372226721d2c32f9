"""A file of sales is read: its rows become whole documents, with what does not count of them and what has to wait."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from app.domain.measures.calendar import local_date
from app.services.timing import stage
from importers.files.guard import Judged
from importers.names import waiting
from importers.names.known import Known
from importers.problems.problems import Problems
from importers.stages.begun import Begun
from importers.stages.cutting import Documents, Held, cut, prepare_problems
from importers.stages.tables import Opened, counts_of, give_memory_back, keep, open_table
from importers.typed.sales_rows import SalesRows, type_rows
from importers.typed.totals import check_totals


def read_sales(begun: Begun, judged: Judged) -> None:
    """Read a file of sales, keep its rows, and cut its documents into shards.

    Raises:
        ImportRefused: The file cannot be read so, or holds what nobody may keep.
    """
    problems = Problems()
    opened = open_table(begun, judged, problems)
    broken, stretches, counts = opened.table.broken, opened.table.stretches, counts_of(opened.table)
    begun.work.report(stage="typing", rows_read=counts["rows_read"])
    with ThreadPoolExecutor(max_workers=1) as aside:  # Arrow works outside Python's lock
        keeping = aside.submit(keep, opened, begun.batch.file_name, begun.files)
        rows = _typed(begun, opened, problems)
        decimals = begun.program.currency_decimals
        totals = check_totals(opened.table, opened.columns, rows, opened.profile, decimals, problems)
        warnings = opened.table.warnings + totals
        with stage("keep"):
            keeping.result()
    begun.note(stretches, warnings)
    known = Known(begun.work, begun.batch, begun.program, begun.settings, opened.profile, begun.house.clock())
    del opened
    give_memory_back()
    with stage("match"):
        rows = known.rows(rows, problems)
    with stage("group"):
        grouped = known.grouped(rows, problems, broken)
        problems.name_sheets(stretches)
    if noticed := grouped.warnings():
        begun.note(stretches, [*warnings, *noticed])
    held = None
    if not begun.batch.dry_run and (waits := known.seen(rows)):
        with stage("wait"):
            held = Held(waits, waiting.save(begun.files, rows, np.isin(rows.row_number, problems.rows()), broken))
    del rows
    counts["duplicates"] = len(grouped.repeated_rows)
    found = cut(begun, Documents(known, grouped, problems), counts, held)
    del known, grouped, problems  # else they would stand beside the rows that the workbook is made of
    if found:
        prepare_problems(begun)


def _typed(begun: Begun, opened: Opened, problems: Problems) -> SalesRows:
    program = begun.program
    with stage("type"):
        return type_rows(
            opened.table,
            opened.columns,
            opened.profile,
            program.currency_decimals,
            gross=begun.settings.earns_on == "gross",
            time_zone=program.time_zone,
            problems=problems,
            currency=program.currency,
            today=local_date(begun.house.clock(), program.time_zone),
        )

"""The jobs of an import: read the file and cut it, count a shard, finish.

Each may be killed at any moment and is done again by another worker: a reading writes shards of its own, a shard is one
transaction, finishing writes the same workbook.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.config import Settings, secret_key
from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.import_profile import ImportProfile
from app.domain.states import BatchStatus, Outcome
from app.jobs import messenger, registry
from app.jobs.board import Work
from app.models.imports import ImportBatch, ImportShard
from app.models.programs import Program
from app.services.access.keys import Keys
from app.services.imported import standing, unmatched
from app.services.imported.unmatched import Seen
from app.services.rulebooks import rules_of
from app.services.timing import stage
from importers.batches import batches
from importers.batches.afterwards import bring_up_to_date
from importers.batches.shard_jobs import SavedShard, put_up_finish, put_up_finish_if_last, put_up_shards
from importers.batches.sharding import cut
from importers.batches.store import BatchFiles
from importers.batches.trying import TRIED, noted
from importers.errors import CardNumbersFound, ImportRefused
from importers.files.guard import Judged, judge
from importers.files.limits import Limits
from importers.kinds.desk import Desk
from importers.kinds.loading import LOADERS
from importers.kinds.rows import accepted, read_rows
from importers.layout.columns.columns import mapped
from importers.layout.tables.table import Stretch, TextTable, stretches_of
from importers.layout.written.settling import settle
from importers.names import waiting
from importers.names.known import Known, create_for_now
from importers.problems.outcomes import outcomes
from importers.problems.problems import Problems
from importers.problems.workbook import count_problems, problem_rows, write_problems
from importers.reading.card_numbers import refuse_card_numbers
from importers.reading.reading import read_as
from importers.typed.grouping import Grouped
from importers.typed.sales_rows import type_rows
from importers.typed.totals import check_totals
from verification.gate import admit
from verification.incoming import Source


def register(settings: Settings, redis_url: str, clock: Callable[[], dt.datetime]) -> None:
    """Name the functions of the import's jobs."""
    # Arrow's own pool gives memory back and fetches it anew all the time: a seventh of the reading of a large file
    pa.set_memory_pool(pa.system_memory_pool())
    desk = _Desk(settings, redis_url, clock)
    registry.register(batches.READ, desk.read, heavy=True)
    registry.register(batches.SHARD, desk.shard, heavy=True)
    registry.register(batches.FINISH, desk.finish)


class _Desk:
    """The jobs' functions, with what they need from outside."""

    def __init__(self, settings: Settings, redis_url: str, clock: Callable[[], dt.datetime]) -> None:
        self.settings = settings
        self.redis_url = redis_url
        self.clock = clock

    def read(self, work: Work) -> None:
        """Read a batch's file, keep its rows, and cut it into shards."""
        batch_id = int(work.payload["batch"])
        with work.transaction() as session:
            batch = session.get_one(ImportBatch, batch_id)
            program = session.get_one(Program, batch.program_id)
            session.expunge_all()
            batches.set_status(session, batch_id, BatchStatus.READING)
        files = BatchFiles(self.settings.files, batch_id, reading=work.claim.token)
        if batch.continues_id is not None:
            self._take_up(work, batch, program, files)
            return
        try:
            judged = judge(files.original, batch.file_name, Limits.of(self.settings), [program.locale])
            profile = ImportProfile.model_validate(batch.profile)
            if batch.kind == "sales":
                self._read_sales(work, batch, program, profile, files, judged)
            else:
                self._read_things(work, batch, program, profile, files, judged)
        except ImportRefused as refused:
            with work.transaction() as session:
                batches.set_status(session, batch_id, BatchStatus.FAILED, why=refused.said, finished_at=self.clock())
                work.finish(session)
            if isinstance(refused, CardNumbersFound):
                files.original.unlink()

    def _read_sales(
        self,
        work: Work,
        batch: ImportBatch,
        program: Program,
        profile: ImportProfile,
        files: BatchFiles,
        judged: Judged,
    ) -> None:
        settings = ProgramSettings.model_validate(program.settings)
        with stage("read"):
            table = read_as(judged, batch.file_name, profile, currency=program.currency)
        _give_back()
        columns = mapped(table, profile)
        profile = settle(table, columns, profile)
        problems = Problems()
        _wrong_widths(table, problems)
        broken, rows_read = table.broken, table.rows_read
        work.report(stage="typing", rows_read=rows_read)
        gross = settings.earns_on == "gross"
        with ThreadPoolExecutor(max_workers=1) as aside:  # Arrow works outside Python's lock
            keeping = aside.submit(_keep, table, columns, batch.file_name, files)
            with stage("type"):
                rows = type_rows(
                    table,
                    columns,
                    profile,
                    program.currency_decimals,
                    gross=gross,
                    time_zone=program.time_zone,
                    problems=problems,
                    currency=program.currency,
                    today=local_date(self.clock(), program.time_zone),
                )
            warnings = table.warnings + check_totals(table, columns, rows, profile, program.currency_decimals, problems)
            with stage("keep"):
                keeping.result()
        stretches = table.stretches
        _note(work, batch, stretches, warnings)
        counts = {"rows_read": rows_read, **_recognised(table)}
        del table
        _give_back()
        matched = Known(work, batch, program, settings, profile, self.clock())
        with stage("match"):
            rows = matched.rows(rows, problems)
        with stage("group"):
            grouped = matched.grouped(rows, problems, broken)
            problems.name_sheets(stretches)
        if noticed := grouped.warnings():
            _note(work, batch, stretches, [*warnings, *noticed])
        waits = matched.seen(rows) if not batch.dry_run else []
        waiting_file = None
        if waits:
            with stage("wait"):
                waiting_file = waiting.save(files, rows, np.isin(rows.row_number, problems.rows()), broken)
        del rows
        counts["duplicates"] = len(grouped.repeated_rows)
        found = self._cut(work, batch, program, files, matched, grouped, problems, counts, waits, waiting_file)
        del matched, grouped, problems  # else they would stand beside the rows that the workbook is made of
        if found:
            self._prepare_problems(work, batch.id, files)

    def _take_up(self, work: Work, batch: ImportBatch, program: Program, files: BatchFiles) -> None:
        """Take in the rows that another import held, of documents of which all is known by now."""
        assert batch.continues_id is not None, "the caller asked"
        settings = ProgramSettings.model_validate(program.settings)
        profile = ImportProfile.model_validate(batch.profile)
        held_by = BatchFiles(self.settings.files, batch.continues_id)
        with work.transaction() as session:
            held = session.get_one(ImportBatch, batch.continues_id)
            name = held.waiting_file
            stretches = stretches_of(held.stretches)
            batches.note(session, batch.id, stretches, [])
            before = waiting.taken_before(session, batch, self.settings.files)
            session.expunge_all()
        assert name is not None, "it was continued because rows of it wait"
        rows, broken = waiting.load(held_by, name, without=before)
        with work.transaction() as session:
            found = waiting.still_wrong(session, batch.continues_id, rows.row_number)
        matched = Known(work, batch, program, settings, profile, self.clock())
        rows = matched.rows(rows, found)
        grouped = matched.grouped(rows, found, broken)
        if noticed := grouped.warnings():
            _note(work, batch, stretches, noticed)
        ended = np.isin(rows.row_number, found.saying(*_ENDED))
        of_ended = np.isin(grouped.document, grouped.document[ended & (grouped.document >= 0)])
        lost = found.only(rows.row_number[ended | of_ended])
        taken = [grouped.incoming.sales.lines.source_row, grouped.repeated_rows, lost.rows()]
        moved = np.sort(np.concatenate(taken).astype(np.int64))
        files.save_taken(moved, held_by.load_rows(moved), read_as=held_by.read_as())
        counts = {"rows_read": len(moved), "duplicates": len(grouped.repeated_rows)}
        if self._cut(work, batch, program, files, matched, grouped, lost, counts, [], None):
            self._prepare_problems(work, batch.id, files)

    def _cut(
        self,
        work: Work,
        batch: ImportBatch,
        program: Program,
        files: BatchFiles,
        matched: Known,
        grouped: Grouped,
        problems: Problems,
        counted: dict[str, int],
        waits: Sequence[Seen],
        waiting_file: str | None,
    ) -> bool:
        """Cut whole documents into shards, and put the counting of them on the board, with all that was found.

        Says whether there are problems to write of while others count.
        """
        work.report(stage="cutting", rows_read=counted["rows_read"])
        with work.transaction() as session:
            budgeted = rules_of(session, program.id).book.budgeted
        with stage("cut"):
            shards = [
                SavedShard.of(position, shard, files.save_shard(position, shard.incoming))
                for position, shard in enumerate(cut(grouped.incoming, self.settings.shard_lines, one_lane=budgeted))
            ]
        if batch.dry_run:
            files.save_created(matched.created)
        with work.transaction() as session:
            put_up_shards(session, batch, shards, reading=work.claim.token)
            problems.store(session, batch.id)
            unmatched.keep(session, program.id, batch.profile_name, batch.id, waits, now=self.clock())
            counts = counted | {
                "lines_held": problems.count(Outcome.HELD),
                "lines_refused": problems.count(Outcome.REFUSED),
            }
            if batch.dry_run:
                counts |= {f"{what}_created": len(listed) for what, listed in matched.created.items()}
            status = BatchStatus.LOADING if shards else BatchStatus.FINISHING
            batches.set_status(session, batch.id, status, waiting_file=waiting_file)
            batches.add_counts(session, batch.id, counts)
            if not shards:
                put_up_finish(session, batch.id)
            work.finish(session)
        messenger.wake(self.redis_url, max(1, len(shards)))
        return bool(shards) and len(problems) > 0

    def _prepare_problems(self, work: Work, batch_id: int, files: BatchFiles) -> None:
        """Write the workbook of what the reading found, while others count already."""
        with stage("workbook"):
            with transaction(work.registry) as session:
                problems = problem_rows(session, batch_id)
            write_problems(files.prepared(len(problems)), problems, files)
            with transaction(work.registry) as session:
                status = session.execute(select(ImportBatch.status).where(ImportBatch.id == batch_id)).scalar_one()
            if status == BatchStatus.DONE:
                files.drop_prepared()

    def _read_things(
        self,
        work: Work,
        batch: ImportBatch,
        program: Program,
        profile: ImportProfile,
        files: BatchFiles,
        judged: Judged,
    ) -> None:
        settings = ProgramSettings.model_validate(program.settings)
        table = read_as(judged, batch.file_name, profile, currency=program.currency)
        columns = mapped(table, profile)
        profile = settle(table, columns, profile)
        problems = Problems()
        loader = LOADERS[batch.kind]
        _keep(table, columns, batch.file_name, files, secret=loader.secret)
        _wrong_widths(table, problems)
        rows = read_rows(table, columns, problems, needed=loader.needed, key=loader.key)
        with work.transaction() as session:
            saved = session.begin_nested()
            desk = Desk(
                session=session,
                program=program,
                settings=settings,
                table=table,
                profile=profile,
                file=batch.file_sha256,
                address=self.settings.address,
                actor=batch.created_by,
                now=self.clock(),
                keys=Keys(secret_key(self.settings)),
            )
            with standing.noting(session, batch, desk.now):
                loaded = loader.load(desk, rows, problems)
            problems.name_sheets(table.stretches)
            saved.rollback() if batch.dry_run else saved.commit()
            problems.store(session, batch.id)
            counts = {
                "rows_read": table.rows_read,
                **_recognised(table),
                "lines_accepted": accepted(table, rows, problems) - loaded.known,
                "lines_held": problems.count(Outcome.HELD),
                "lines_refused": problems.count(Outcome.REFUSED),
                "duplicates": rows.repeated + loaded.known,
                "created": loaded.created,
                "changed": loaded.changed,
            }
            batches.set_status(session, batch.id, BatchStatus.FINISHING, counts=counts)
            batches.note(session, batch.id, table.stretches, [*table.warnings, *loaded.noticed])
            put_up_finish(session, batch.id)
            work.finish(session)
        if loader.secret and not batch.dry_run:
            files.original.unlink()
        messenger.wake(self.redis_url, 1)

    def shard(self, work: Work) -> None:
        """Count one shard: gate, rules, ledger, and its own record, in one transaction.

        In a dry run the shards of a lane are one job: each must see what those before it did, and nothing is kept.
        """
        batch_id, shard_ids = int(work.payload["batch"]), [int(one) for one in work.payload["shards"]]
        with work.transaction() as session:
            batch = session.get_one(ImportBatch, batch_id)
            names = {one: session.get_one(ImportShard, one).file for one in shard_ids}
            profile = ImportProfile.model_validate(batch.profile)
            session.expunge_all()
        files = BatchFiles(self.settings.files, batch_id, reading=int(work.payload["reading"]))
        with work.transaction() as session:
            saved = session.begin_nested() if batch.dry_run else None
            # of several, the later look at what the earlier stored
            trial = batch.dry_run and len(names) == 1
            found = {one: self._count(session, batch, profile, files, name, trial=trial) for one, name in names.items()}
            if saved is not None:
                saved.rollback()
            for shard_id, (counts, problems) in found.items():
                problems.store(session, batch_id)
                session.execute(
                    update(ImportShard)
                    .where(ImportShard.id == shard_id)
                    .values(counts=counts)
                    .execution_options(synchronize_session=False)
                )
            last = put_up_finish_if_last(session, batch_id)
            work.finish(session)
        if last:
            messenger.wake(self.redis_url, 1)

    def _count(
        self,
        session: Session,
        batch: ImportBatch,
        profile: ImportProfile,
        files: BatchFiles,
        name: str,
        *,
        trial: bool,
    ) -> tuple[dict[str, Any], Problems]:
        with stage("load"):
            incoming = files.load_shard(name)
        if batch.dry_run:
            incoming = create_for_now(session, batch, files, incoming, self.clock())
        rules = rules_of(session, batch.program_id)
        source = Source(
            name="import",
            policy=rules.settings.verification.import_,
            may_correct=profile.changed_documents == "correct",
            batch_id=batch.id,
            trial=trial,
        )
        admission = admit(session, rules, incoming, source, now=self.clock())
        counts, problems = outcomes(incoming, admission)
        if batch.dry_run:
            return {**counts, TRIED: noted(incoming, admission)}, problems
        return counts, problems

    def finish(self, work: Work) -> None:
        """Write the problems workbook and close the batch."""
        batch_id = int(work.payload["batch"])
        files = BatchFiles(self.settings.files, batch_id)
        with work.transaction() as session:
            count = count_problems(session, batch_id)
            held = session.execute(select(ImportBatch.waiting_file).where(ImportBatch.id == batch_id)).scalar_one()
        with stage("workbook"):
            if count and not files.take_prepared(count):
                with work.transaction() as session:
                    problems = problem_rows(session, batch_id)
                write_problems(files.problems, problems, files)
        files.drop_readings(waiting=held)
        with work.transaction() as session:
            batches.set_status(
                session,
                batch_id,
                BatchStatus.DONE,
                problems_file=str(files.problems) if count else None,
                finished_at=self.clock(),
            )
            work.finish(session)
        files.drop_prepared()  # whoever prepares it still sees that the batch has ended, or this sees what came
        bring_up_to_date(work.registry, self.clock())
        with stage("propose"), transaction(work.registry) as session:
            unmatched.propose(session, session.get_one(ImportBatch, batch_id).program_id)


_ENDED = ("ignored_distributor", "ignored_product", "unit_not_exact")
"""What ends the waiting of a document, though it does not count."""


def _give_back() -> None:
    """Give memory back that a large step has let go of: what comes next stands beside it otherwise.

    A third of the largest process was such memory; giving it back costs a few milliseconds.
    """
    pa.default_memory_pool().release_unused()


def _note(work: Work, batch: ImportBatch, stretches: Sequence[Stretch], warnings: list[dict[str, Any]]) -> None:
    with work.transaction() as session:
        batches.note(session, batch.id, stretches, warnings)


def _recognised(table: TextTable) -> dict[str, int]:
    """Count the rows that are no lines, all and by what they are."""
    kinds = {f"rows_{kind}": count for kind, count in table.recognised.count().items()}
    return {"rows_recognised": len(table.recognised), **kinds}


def _keep(
    table: TextTable, columns: dict[str, str], name: str, files: BatchFiles, *, secret: Sequence[str] = ()
) -> None:
    """Keep the rows of a file, unless it holds what nobody may keep; what is ``secret`` is kept as dots."""
    refuse_card_numbers(table, columns, name)
    hidden = [columns[field] for field in secret if field in columns]
    frame = table.masked(hidden) if hidden else table.frame
    files.save_rows(frame, table.row_number, {} if secret else table.broken, read_as=table.proved.said)
    if len(table.recognised):
        files.save_recognised(table.recognised)


def _wrong_widths(table: TextTable, problems: Problems) -> None:
    names = table.header
    for row, cells in table.wrong_width:
        if cells < len(names):
            missing = ", ".join(map(repr, names[cells:]))
            problems.add(row, Outcome.REFUSED, "cells_missing", found=cells, expected=len(names), columns=missing)
            continue
        problems.add(row, Outcome.REFUSED, "wrong_number_of_cells", found=cells, expected=len(table.header))

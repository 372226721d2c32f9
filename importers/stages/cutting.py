"""Whole documents are cut into shards, whose counting comes on the board; what was found is written of meanwhile."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import BatchStatus, Outcome
from app.models.imports import ImportBatch
from app.services.imported import unmatched
from app.services.imported.unmatched import Seen
from app.services.rulebooks import rules_of
from app.services.timing import stage
from importers.batches import batches
from importers.batches.shard_jobs import SavedShard, put_up_finish, put_up_shards
from importers.batches.sharding import cut as cut_into_shards
from importers.names.known import Known
from importers.problems.problems import Problems
from importers.problems.workbook import problem_rows, write_problems
from importers.stages.begun import Begun
from importers.typed.grouping import Grouped


class Documents(NamedTuple):
    """The documents of an import, what was made known for them, and what does not count of its rows."""

    known: Known
    grouped: Grouped
    problems: Problems


class Held(NamedTuple):
    """The names that nobody knows, and the file in which the rows with them wait."""

    names: Sequence[Seen]
    file: str


def cut(begun: Begun, documents: Documents, counted: dict[str, int], held: Held | None = None) -> bool:
    """Cut whole documents into shards, and put the counting of them on the board, with all that was found.

    Says whether there are problems to write of while others count.
    """
    work, batch, files, problems = begun.work, begun.batch, begun.files, documents.problems
    created = documents.known.created
    work.report(stage="cutting", rows_read=counted["rows_read"])
    with work.transaction() as session:
        budgeted = rules_of(session, begun.program.id).book.budgeted
    with stage("cut"):
        lines = begun.house.settings.shard_lines
        shards = [
            SavedShard.of(position, shard, files.save_shard(position, shard.incoming))
            for position, shard in enumerate(cut_into_shards(documents.grouped.incoming, lines, one_lane=budgeted))
        ]
    if batch.dry_run:
        files.save_created(created)
    names, file = held or ((), None)
    with work.transaction() as session:
        put_up_shards(session, batch, shards, reading=work.claim.token)
        problems.store(session, batch.id)
        unmatched.keep(session, begun.program.id, batch.profile_name, batch.id, names, now=begun.house.clock())
        counts = counted | {
            "lines_held": problems.count(Outcome.HELD),
            "lines_refused": problems.count(Outcome.REFUSED),
        }
        if batch.dry_run:
            counts |= {f"{what}_created": len(listed) for what, listed in created.items()}
        status = BatchStatus.LOADING if shards else BatchStatus.FINISHING
        batches.set_status(session, batch.id, status, waiting_file=file)
        batches.add_counts(session, batch.id, counts)
        if not shards:
            put_up_finish(session, batch.id)
        work.finish(session)
    begun.house.wake(max(1, len(shards)))
    return bool(shards) and len(problems) > 0


def prepare_problems(begun: Begun) -> None:
    """Write the workbook of what the reading found, while others count already."""
    registry, batch_id, files = begun.work.registry, begun.batch.id, begun.files
    with stage("workbook"):
        with transaction(registry) as session:
            problems = problem_rows(session, batch_id)
        write_problems(files.prepared(len(problems)), problems, files)
        with transaction(registry) as session:
            status = session.execute(select(ImportBatch.status).where(ImportBatch.id == batch_id)).scalar_one()
        if status == BatchStatus.DONE:
            files.drop_prepared()

"""A file of what is no sale is read and loaded at once, each row one thing, by the loader of its kind."""

from app.config import secret_key
from app.domain.states import BatchStatus, Outcome
from app.services.access.keys import Keys
from app.services.imported import standing
from importers.batches import batches
from importers.batches.shard_jobs import put_up_finish
from importers.files.guard import Judged
from importers.kinds.desk import Desk
from importers.kinds.loading import LOADERS
from importers.kinds.rows import accepted, read_rows
from importers.problems.problems import Problems
from importers.stages.begun import Begun
from importers.stages.tables import counts_of, keep, open_table


def read_things(begun: Begun, judged: Judged) -> None:
    """Read a file of things and load them, in one transaction; a check keeps nothing of it.

    Raises:
        ImportRefused: The file cannot be read so, or holds what nobody may keep.
    """
    batch, house, files = begun.batch, begun.house, begun.files
    problems, loader = Problems(), LOADERS[batch.kind]
    opened = open_table(begun, judged, problems)
    table = opened.table
    keep(opened, batch.file_name, files, secret=loader.secret)
    rows = read_rows(table, opened.columns, problems, needed=loader.needed, key=loader.key, secret=loader.secret)
    with begun.work.transaction() as session:
        saved = session.begin_nested()
        desk = Desk(
            session=session,
            program=begun.program,
            settings=begun.settings,
            table=table,
            profile=opened.profile,
            file=batch.file_sha256,
            address=house.settings.address,
            actor=batch.created_by,
            now=house.clock(),
            keys=Keys(secret_key(house.settings)),
        )
        with standing.noting(session, batch, desk.now):
            loaded = loader.load(desk, rows, problems)
        problems.name_sheets(table.stretches)
        saved.rollback() if batch.dry_run else saved.commit()
        problems.store(session, batch.id)
        counts = {
            **counts_of(table),
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
        begun.work.finish(session)
    if loader.secret:  # of a check as well: what is brought in after it has a copy of its own
        files.original.unlink()
    house.wake(1)

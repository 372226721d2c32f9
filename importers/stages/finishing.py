"""The last stage of an import: the workbook of its problems is written, and what follows from what counts is done."""

from app.db.transaction import transaction
from app.domain.states import BatchStatus
from app.jobs.board import Work
from app.models.imports import ImportBatch
from app.services.imported import unmatched
from app.services.timing import stage
from importers.batches import batches
from importers.batches.afterwards import bring_up_to_date
from importers.batches.store import BatchFiles
from importers.kinds.loading import LOADERS
from importers.problems.workbook import count_problems, problem_rows, write_problems
from importers.stages.begun import House


def finish(house: House, work: Work) -> None:
    """Write the problems workbook and close the batch."""
    batch_id = int(work.payload["batch"])
    files = BatchFiles(house.settings.files, batch_id)
    with work.transaction() as session:
        count = count_problems(session, batch_id)
        batch = session.get_one(ImportBatch, batch_id)
        held, kind = batch.waiting_file, batch.kind
    with stage("workbook"):
        if count and not files.take_prepared(count):
            with work.transaction() as session:
                problems = problem_rows(session, batch_id)
            write_problems(files.problems, problems, files)
    files.drop_readings(waiting=held)
    if kind != "sales" and LOADERS[kind].secret:  # its reader was killed before it did so
        files.original.unlink(missing_ok=True)
    with work.transaction() as session:
        batches.set_status(
            session,
            batch_id,
            BatchStatus.DONE,
            problems_file=str(files.problems) if count else None,
            finished_at=house.clock(),
        )
        work.finish(session)
    files.drop_prepared()  # whoever prepares it still sees that the batch has ended, or this sees what came
    bring_up_to_date(work.registry, house.clock())
    with stage("propose"), transaction(work.registry) as session:
        unmatched.propose(session, session.get_one(ImportBatch, batch_id).program_id)

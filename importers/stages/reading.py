"""The first stage of an import: its file is judged and read by its kind, or what another import held is taken up."""

from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.import_profile import ImportProfile
from app.domain.states import BatchStatus
from app.jobs.board import Work
from app.models.imports import ImportBatch
from app.models.programs import Program
from app.services.goods.catalogue import begin_change
from importers.batches import batches
from importers.batches.store import BatchFiles
from importers.errors import CardNumbersFound, ImportRefused
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.kinds.loading import LOADERS
from importers.stages.begun import Begun, House
from importers.stages.held import take_up
from importers.stages.sales import read_sales
from importers.stages.things import read_things


def read(house: House, work: Work) -> None:
    """Read a batch's file, keep its rows, and cut it into shards."""
    begun = _begin(house, work)
    batch = begun.batch
    if batch.continues_id is not None:
        take_up(begun)
        return
    try:
        judged = judge(begun.files.original, batch.file_name, Limits.of(house.settings), [begun.program.locale])
        (read_sales if batch.kind == "sales" else read_things)(begun, judged)
    except ImportRefused as refused:
        with work.transaction() as session:
            batches.set_status(session, batch.id, BatchStatus.FAILED, why=refused.said, finished_at=house.clock())
            work.finish(session)
        if isinstance(refused, CardNumbersFound) or (batch.kind != "sales" and LOADERS[batch.kind].secret):
            begun.files.original.unlink()


def _begin(house: House, work: Work) -> Begun:
    batch_id = int(work.payload["batch"])
    with work.transaction() as session:
        batch = session.get_one(ImportBatch, batch_id)
        program = session.get_one(Program, batch.program_id)
        session.expunge_all()
        # a merge, which holds it, is over before names are read, or finds that this import runs
        begin_change(session, program.id)
        batches.set_status(session, batch_id, BatchStatus.READING)
    return Begun(
        house,
        work,
        batch,
        program,
        ProgramSettings.model_validate(program.settings),
        ImportProfile.model_validate(batch.profile),
        BatchFiles(house.settings.files, batch_id, reading=work.claim.token),
    )

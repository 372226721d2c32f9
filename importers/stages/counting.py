"""A shard counts: what it holds goes to the gate, and becomes points where it is let through."""

import datetime as dt
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain.program_file.import_profile import ImportProfile
from app.jobs.board import Work
from app.models.imports import ImportBatch, ImportShard
from app.services.rulebooks import rules_of
from app.services.timing import stage
from importers.batches.shard_jobs import put_up_finish_if_last
from importers.batches.store import BatchFiles
from importers.batches.trying import TRIED, noted
from importers.names.known import create_for_now
from importers.problems.outcomes import outcomes
from importers.problems.problems import Problems
from importers.stages.begun import House
from verification.gate import admit
from verification.incoming import Source


def count_shard(house: House, work: Work) -> None:
    """Count one shard: gate, rules, ledger, and its own record, in one transaction.

    In a dry run the shards of a lane are one job: each must see what those before it did, and nothing is kept.
    """
    batch_id, shard_ids = int(work.payload["batch"]), [int(one) for one in work.payload["shards"]]
    with work.transaction() as session:
        batch = session.get_one(ImportBatch, batch_id)
        names = {one: session.get_one(ImportShard, one).file for one in shard_ids}
        session.expunge_all()
    files = BatchFiles(house.settings.files, batch_id, reading=int(work.payload["reading"]))
    with work.transaction() as session:
        saved = session.begin_nested() if batch.dry_run else None
        # of several, the later look at what the earlier stored
        trial = batch.dry_run and len(names) == 1
        found = {one: _count(session, batch, files, name, house.clock(), trial=trial) for one, name in names.items()}
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
        house.wake(1)


def _count(
    session: Session, batch: ImportBatch, files: BatchFiles, name: str, now: dt.datetime, *, trial: bool
) -> tuple[dict[str, Any], Problems]:
    with stage("load"):
        incoming = files.load_shard(name)
    if batch.dry_run:
        incoming = create_for_now(session, batch, files, incoming, now)
    rules = rules_of(session, batch.program_id)
    source = Source(
        name="import",
        policy=rules.settings.verification.import_,
        may_correct=ImportProfile.model_validate(batch.profile).changed_documents == "correct",
        batch_id=batch.id,
        trial=trial,
    )
    admission = admit(session, rules, incoming, source, now=now)
    counts, problems = outcomes(incoming, admission)
    if batch.dry_run:
        return {**counts, TRIED: noted(incoming, admission)}, problems
    return counts, problems

"""Imports as queries ask for them: how far each is, and what its rows became, as `batches.Progress` says it."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.states import BatchStatus, JobState
from app.models.imports import ImportBatch, ImportShard
from app.models.jobs import Job

_KEEP = (BatchStatus.DONE, BatchStatus.UNDONE)


def standing() -> ColumnElement[BatchStatus]:
    """Give how far an import is: one whose work was given up has failed, whatever it says itself."""
    given_up = select(Job.id).where(Job.state == JobState.FAILED, Job.payload["batch"].as_integer() == ImportBatch.id)
    failed = and_(ImportBatch.status.not_in(_KEEP), given_up.exists())
    return case((failed, literal(BatchStatus.FAILED, ImportBatch.status.type)), else_=ImportBatch.status)


def counted(name: str) -> ColumnElement[int]:
    """Give what an import counted under a name (`batches.COUNTED`), by itself and in its shards."""
    of_shards = select(func.sum(_named(ImportShard.counts, name))).where(ImportShard.batch_id == ImportBatch.id)
    return _named(ImportBatch.counts, name) + cast(func.coalesce(of_shards.scalar_subquery(), 0), BigInteger)


def _named(counts: InstrumentedAttribute[Any], name: str) -> ColumnElement[int]:
    return func.coalesce(cast(counts[name].astext, BigInteger), 0)

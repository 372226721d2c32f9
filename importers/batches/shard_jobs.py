"""Which shards of a batch are one job, and how they and the end of the batch come on the board."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.jobs import board
from app.models.imports import ImportBatch, ImportShard
from importers.batches import batches
from importers.batches.sharding import Shard


@dataclass(frozen=True)
class SavedShard:
    """A shard that lies in its file: where it stands in the batch, and how much it holds."""

    position: int
    lane: str | None
    order: int
    lines: int
    documents: int
    file: str

    @classmethod
    def of(cls, position: int, shard: Shard, file: str) -> "SavedShard":
        """Keep of a shard what the board is told: a million lines are not held twice."""
        sales = shard.incoming.sales
        return cls(position, shard.lane, shard.order, len(sales.lines), len(sales.documents), file)


def _jobs_of(shards: Sequence[SavedShard], *, dry_run: bool) -> Iterator[tuple[str | None, list[SavedShard]]]:
    """Say which shards are one job: each by itself; in a dry run those of one lane together."""
    lanes: dict[str, list[SavedShard]] = defaultdict(list)
    for shard in shards:
        if dry_run and shard.lane is not None:
            lanes[shard.lane].append(shard)
        else:
            yield shard.lane, [shard]
    yield from lanes.items()


def put_up_shards(session: Session, batch: ImportBatch, shards: Sequence[SavedShard], *, reading: int) -> None:
    """Store the shards of a reading, and put the counting of them on the board."""
    for lane, parts in _jobs_of(shards, dry_run=batch.dry_run):
        rows_of_job = [
            ImportShard(
                batch_id=batch.id, position=part.position, file=part.file, lines=part.lines, documents=part.documents
            )
            for part in parts
        ]
        session.add_all(rows_of_job)
        session.flush()
        ids = [row.id for row in rows_of_job]
        board.put_up(
            session,
            batches.SHARD,
            f"{batches.SHARD}:{ids[0]}",
            {"batch": batch.id, "shards": ids, "reading": reading},
            lane=None if lane is None else f"import:{batch.id}:{lane}",
            position=parts[0].order,
        )


def put_up_finish(session: Session, batch_id: int) -> None:
    """Put the end of a batch on the board: the workbook of problems, and what follows."""
    board.put_up(session, batches.FINISH, f"{batches.FINISH}:{batch_id}", {"batch": batch_id})


def put_up_finish_if_last(session: Session, batch_id: int) -> bool:
    """Put up the finish in the transaction that counts the last shard, so that no death between two can lose it.

    The batch's row is held until the commit: of shards that end at the same time, each sees those that were before it.
    """
    session.execute(select(ImportBatch.id).where(ImportBatch.id == batch_id).with_for_update(key_share=True))
    left = session.execute(
        select(func.count())
        .select_from(ImportShard)
        .where(ImportShard.batch_id == batch_id, ImportShard.counts.is_(None))
    ).scalar_one()
    if left == 0:
        put_up_finish(session, batch_id)
    return left == 0

"""The jobs of an import: read the file and cut it, count a shard, finish.

Each may be killed at any moment and is done again by another worker: a reading writes shards of its own, a shard is one
transaction, finishing writes the same workbook.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial

import pyarrow as pa

from app.config import Settings
from app.jobs import registry
from importers.batches import batches
from importers.stages.begun import House
from importers.stages.counting import count_shard
from importers.stages.finishing import finish
from importers.stages.reading import read


def register(settings: Settings, redis_url: str, clock: Callable[[], dt.datetime]) -> None:
    """Name the functions of the import's jobs."""
    # Arrow's own pool gives memory back and fetches it anew all the time: a seventh of the reading of a large file
    pa.set_memory_pool(pa.system_memory_pool())
    house = House(settings, redis_url, clock)
    registry.register(batches.READ, partial(read, house), heavy=True)
    registry.register(batches.SHARD, partial(count_shard, house), heavy=True)
    registry.register(batches.FINISH, partial(finish, house))

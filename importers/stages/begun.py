"""What the stages of an import are handed: what the house has for all of them, and the import that was begun."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.config import Settings
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.import_profile import ImportProfile
from app.jobs import messenger
from app.jobs.board import Work
from app.models.imports import ImportBatch
from app.models.programs import Program
from importers.batches import batches
from importers.batches.store import BatchFiles
from importers.layout.tables.table import Stretch


@dataclass(frozen=True)
class House:
    """What every import needs from outside."""

    settings: Settings
    redis_url: str
    clock: Callable[[], dt.datetime]

    def wake(self, workers: int) -> None:
        """Tell so many workers that there is work."""
        messenger.wake(self.redis_url, workers)


@dataclass(frozen=True)
class Begun:
    """An import that a worker reads: its rows of the database, free of any session, and where its files lie."""

    house: House
    work: Work
    batch: ImportBatch
    program: Program
    settings: ProgramSettings
    profile: ImportProfile
    files: BatchFiles

    def note(self, stretches: Sequence[Stretch], warnings: list[dict[str, Any]]) -> None:
        """Say on the import's page where its lines stand in the file, and what is odd about them."""
        with self.work.transaction() as session:
            batches.note(session, self.batch.id, stretches, warnings)

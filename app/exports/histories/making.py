"""Makes exports: reads the rows on one state of the database, keeps them, writes the file of them; and makes one again.

Whoever stops in between leaves nothing half: rows that are kept are not read again, and a file appears at once.
"""

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from sqlalchemy.orm import Session

from app.config import Settings
from app.db.reading import snapshot
from app.db.transaction import Sessions, transaction
from app.domain.states import ExportState
from app.exports.histories import asking, delivering, reading, rendering, words
from app.exports.histories.keeping import Kept
from app.files import fingerprint
from app.jobs import registry
from app.jobs.board import Work
from app.models.exports import Export, ExportPlan
from app.services import audit
from app.services.timing import stage

Told: TypeAlias = Callable[[str, int, int], None]
"""Told the stage, and how many rows of how many are done."""


def _nobody(_stage: str, _done: int, _of: int) -> None:
    """Tell nobody."""


class Maker:
    """Makes exports below the folder of files."""

    def __init__(self, registry: Sessions, settings: Settings, clock: Callable[[], dt.datetime]) -> None:
        """Take what it works with."""
        self._registry, self._settings, self._clock = registry, settings, clock
        self._files = settings.files

    def make(self, export_id: int, told: Told = _nobody, *, finish: Callable[[Session], None] | None = None) -> None:
        """Make an export; what keeps it from being made stands with it then. ``finish`` is done in the same commit."""
        with transaction(self._registry) as session:
            made = session.get_one(Export, export_id)
            state = made.state
            session.expunge(made)
        failure = None
        if state is ExportState.ASKED:
            try:
                self._keep(made, told)
                self._write(made, told)
            except rendering.TooLong as problem:
                failure = f"too_long:{problem.rows}"
            except asking.WishRefused as problem:
                failure = f"unknown:{problem.found}"
        with transaction(self._registry) as session:
            if failure is not None:
                row = session.get_one(Export, export_id)
                row.state, row.failure = ExportState.FAILED, failure
            self._deliver(session, export_id)
            if finish is not None:
                finish(session)

    def _deliver(self, session: Session, export_id: int) -> None:
        """Bring what was made where its plan says, unless it is there."""
        row = session.get_one(Export, export_id)
        plan = session.get(ExportPlan, row.plan_id) if row.plan_id is not None else None
        if row.state is ExportState.MADE and plan is not None and row.sent_at is None:
            delivering.deliver(session, self._settings, row, plan, now=self._clock())

    def _keep(self, made: Export, told: Told) -> None:
        """Read the rows, unless whoever was at it before has."""
        path = asking.kept_path(self._files, made)
        if made.kept_sha256 is not None and path.is_file() and fingerprint(path) == made.kept_sha256:
            return
        wish, now = asking.wish_of(made), self._clock()
        with stage("read"), snapshot(self._registry) as session:
            asking.check(session, wish)
            asked = reading.Asked(session, wish)
            about = words.about(asked.history, wish, asked.programs, number=made.id, asked_by=made.asked_by, at=now)
            found = reading.read(
                session,
                asked,
                path,
                about=about,
                at=now.isoformat(timespec="seconds"),
                said=lambda done, of: told("reading", done, of),
            )
        with transaction(self._registry) as session:
            row = session.get_one(Export, made.id)
            row.rows, row.read_at, row.kept_sha256 = found.rows, now, found.sha256
            row.sums = [{"of": one.of, "rows": one.rows, "amounts": one.amounts} for one in found.sums]

    def _write(self, made: Export, told: Told) -> None:
        """Write the file."""
        kept, path = asking.kept_path(self._files, made), asking.file_path(self._files, made)
        told("writing", 0, Kept(kept).rows)
        with stage("write"):
            written = rendering.render(kept, made.form, path)
        with transaction(self._registry) as session:
            row = session.get_one(Export, made.id)
            row.state, row.made_at = ExportState.MADE, self._clock()
            row.sha256, row.bytes, row.cut_texts = written.sha256, written.size, written.cut_texts
            audit.note(
                session,
                made.asked_by,
                "export.make",
                str(made.id),
                now=row.made_at,
                program_id=made.program_id,
                after={"filter": made.wish, "rows": written.rows, "sha256": written.sha256.hex()},
            )

    def again(self, export_id: int, *, actor: str, finish: Callable[[Session], None] | None = None) -> bool:
        """Make an export again of its kept rows; tell whether it is the file that it was, byte for byte.

        The same file is put where it was taken from, should it be gone. It is not the same where the kept rows are
        gone, or are not those that were read. What was found is noted.
        """
        with transaction(self._registry) as session:
            made = session.get_one(Export, export_id)
            session.expunge(made)
        kept, path = asking.kept_path(self._files, made), asking.file_path(self._files, made)
        sound = kept.is_file() and fingerprint(kept) == made.kept_sha256
        same = sound and self._same(made, kept, path)
        with transaction(self._registry) as session:
            row = session.get_one(Export, export_id)
            row.again_at, row.again_by, row.again_same = self._clock(), actor, same
            audit.note(
                session,
                actor,
                "export.again",
                str(export_id),
                now=row.again_at,
                program_id=made.program_id,
                after={"same": same, "rows_kept": sound},
            )
            if finish is not None:
                finish(session)
        return same

    @staticmethod
    def _same(made: Export, kept: Path, path: Path) -> bool:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".again-") as folder:
            twin = Path(folder, path.name)
            written = rendering.render(kept, made.form, twin)
            if written.sha256 != made.sha256:
                return False
            twin.replace(path)
            return True


def register(settings: Settings, clock: Callable[[], dt.datetime]) -> None:
    """Name the functions of the jobs."""

    def make(work: Work) -> None:
        maker = Maker(work.registry, settings, clock)
        told: Told = lambda stage, done, of: work.report(stage=stage, done=done, of=of)  # noqa: E731
        maker.make(int(work.payload["export"]), told, finish=work.finish)

    def again(work: Work) -> None:
        maker = Maker(work.registry, settings, clock)
        maker.again(int(work.payload["export"]), actor=str(work.payload["actor"]), finish=work.finish)

    registry.register(asking.MAKE, make)
    registry.register(asking.AGAIN, again)

"""A folder into which others put files: which of them are whole, by which profile each is read, and where it goes then.

Whoever watches may be killed at any moment: a file is moved when its import has ended, and until then it lies where it
lay. What was taken in before it was moved is recognised by its content.
"""

import fcntl
import fnmatch
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.import_profile import ImportProfile
from app.domain.states import BatchStatus
from app.models.imports import ImportBatch
from app.models.programs import Program
from importers.batches import Progress
from importers.errors import NoProfile
from importers.store import fingerprint

DONE, FAILED = "done", "failed"
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", ".lock", "~")
"""How names end while a file is still being written."""


class AlreadyWatched(Exception):
    """Somebody watches the folder."""


@dataclass(frozen=True)
class Reading:
    """By which profile a file is read."""

    kind: str
    profile_name: str


def readings(program: Program) -> dict[str, Reading]:
    """Give the programme's patterns of file names, with how such files are read.

    Raises:
        NoProfile: No profile of the programme has one.
    """
    found: dict[str, Reading] = {}
    for name, stored in program.import_profiles.items():
        profile = ImportProfile.model_validate(stored)
        if profile.files is not None:
            found[profile.files] = Reading(profile.kind or name, name)
    if not found:
        raise NoProfile(
            f"No import profile of the programme {program.code} says which files it reads; "
            'add for example `files: "sales-*.csv"` to one in the programme file.'
        )
    return found


_Mark: TypeAlias = tuple[int, int, int]
"""What changes of a file when somebody writes to it."""


@dataclass
class Folder:
    """The watched folder.

    Attributes:
        path: where it is.
        rest_seconds: a file is whole when nothing about it has changed for so long.
        growing: how many files were not whole when it was last looked at.
    """

    path: Path
    rest_seconds: float
    growing: int = 0
    _seen: dict[str, tuple[_Mark, float]] = field(default_factory=dict)
    _left: dict[str, _Mark] = field(default_factory=dict)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch it alone; whoever is killed watches it no more.

        Raises:
            AlreadyWatched: Somebody else does.
        """
        for name in (DONE, FAILED):
            (self.path / name).mkdir(exist_ok=True)
        handle = os.open(self.path, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyWatched(f"Another `kontor import watch` watches {self.path}.") from None
            yield
        finally:
            os.close(handle)

    def whole(self) -> list[Path]:
        """Give the files that have stopped growing, by name."""
        now, growing = time.monotonic(), 0
        found: list[Path] = []
        seen: dict[str, tuple[_Mark, float]] = {}
        for entry in sorted(os.scandir(self.path), key=lambda one: one.name):
            if not entry.is_file(follow_symlinks=False) or entry.name.startswith("."):
                continue
            if entry.name.casefold().endswith(_UNFINISHED):
                continue
            stat = entry.stat(follow_symlinks=False)
            mark = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            was, since = self._seen.get(entry.name, (None, now))
            seen[entry.name] = (mark, since if was == mark else now)
            whole = now - seen[entry.name][1] >= self.rest_seconds
            if whole and self._left.get(entry.name) != mark:
                found.append(Path(entry.path))
            growing += not whole
        self._seen, self.growing = seen, growing
        return found

    def leave(self, file: Path) -> None:
        """Leave a file where it is, until somebody writes to it."""
        if file.name in self._seen:
            self._left[file.name] = self._seen[file.name][0]

    def put_away(self, file: Path, where: str, batch_id: int | None, workbook: Path | None, why: str | None) -> Path:
        """Move a file to ``done`` or ``failed``, with the workbook of its problems or a text that says why beside it.

        What lies there already keeps its name.
        """
        into = self.path / where
        target = into / file.name
        if target.exists():
            mark = str(batch_id) if batch_id is not None else str(time.time_ns())
            target = into / f"{file.stem}-{mark}{file.suffix}"
        # the file itself goes last: whoever is killed before finds it where it lay
        if workbook is not None:
            _copy(workbook, into / f"{target.stem}-problems.xlsx")
        if why is not None:
            (into / f"{target.stem}-why.txt").write_text(why + "\n", encoding="utf-8")
        file.rename(target)
        return target


def _copy(source: Path, target: Path) -> None:
    fresh = target.with_name(f"{target.name}.part")
    fresh.write_bytes(source.read_bytes())
    fresh.replace(target)


def reading_of(name: str, patterns: Mapping[str, Reading]) -> Reading | None:
    """Say how a file of this name is read; None where no profile wants it.

    Raises:
        NoProfile: Several do.
    """
    fitting = [one for pattern, one in patterns.items() if fnmatch.fnmatch(name.casefold(), pattern.casefold())]
    if len(fitting) > 1:
        named = ", ".join(sorted(one.profile_name for one in fitting))
        raise NoProfile(f"{name} fits the files of several import profiles: {named}. Make their patterns differ.")
    return fitting[0] if fitting else None


def taken_in_before(session: Session, program: Program, reading: Reading, file: Path) -> int | None:
    """Give the import that took this very file in, by this profile; None where there is none."""
    return session.scalars(
        select(ImportBatch.id)
        .where(
            ImportBatch.program_id == program.id,
            ImportBatch.file_sha256 == fingerprint(file),
            ImportBatch.profile_name == reading.profile_name,
            ImportBatch.kind == reading.kind,
            ImportBatch.dry_run.is_(False),
            ImportBatch.continues_id.is_(None),
            ImportBatch.status.not_in((BatchStatus.FAILED, BatchStatus.UNDOING, BatchStatus.UNDONE)),
        )
        .order_by(ImportBatch.id.desc())
        .limit(1)
    ).one_or_none()


def place_of(progress: Progress) -> str:
    """Say where a file goes whose import has ended: where nothing of it counted though it has rows, it failed."""
    counts = progress.counts
    nothing = counts["lines_held"] + counts["lines_refused"] and not counts["lines_accepted"] + counts["duplicates"]
    return FAILED if progress.status is not BatchStatus.DONE or nothing else DONE


def workbook_of(progress: Any) -> Path | None:
    """Give the workbook of an import's problems."""
    return None if progress.problems_file is None else Path(progress.problems_file)

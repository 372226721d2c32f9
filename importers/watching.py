"""A folder into which others put files: which of them are whole, by which profile each is read, and where it goes then.

Whoever watches may be killed at any moment: a file is moved when its import has ended, and until then it lies where it
lay. What was taken in before it was moved is recognised by its content.
"""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.import_profile import ImportProfile
from app.domain.saying.wording import marked
from app.domain.states import BatchStatus
from app.files import fingerprint
from app.models.imports import ImportBatch
from app.models.programs import Program
from importers.batches.batches import Progress
from importers.errors import NoProfile
from importers.reading.patterns import fits

_ = marked
DONE, FAILED = "done", "failed"
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", ".lock", "~")
"""How names end while a file is still being written."""


class CannotWatch(Exception):
    """The folder cannot be watched."""


class AlreadyWatched(CannotWatch):
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
        words = _(
            "No import profile of the programme %(program)s says which files it reads; add for example "
            '`files: "sales-*.csv"` to one in the programme file.'
        )
        raise NoProfile(words, program=program.code)
    return found


_Mark: TypeAlias = tuple[int, int, int, int]
"""What changes of a file when somebody writes to it, or lets us read it."""

_LONGEST_NAME = 255
"""Bytes that a file system takes."""
_PROBLEMS, _WHY = "-problems.xlsx", "-why.txt"
_WRITTEN = ".part"


def _mark(stat: os.stat_result) -> _Mark:
    return (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


@dataclass
class Folder:
    """The watched folder.

    Attributes:
        path: where it is.
        rest_seconds: a file is whole when nothing about it has changed for so long.
        again_seconds: a file that was left is tried again after so long, for what stood in its way may be gone.
        growing: how many files were not whole when it was last looked at.
    """

    path: Path
    rest_seconds: float
    again_seconds: float = 300.0
    growing: int = 0
    _seen: dict[str, tuple[_Mark, float]] = field(default_factory=dict)
    _left: dict[str, tuple[_Mark, float]] = field(default_factory=dict)
    _unwanted: dict[str, _Mark] = field(default_factory=dict)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch it alone; whoever is killed watches it no more.

        Raises:
            AlreadyWatched: Somebody else does.
            CannotWatch: It cannot be read, or what was imported has no place in it.
        """
        try:
            for name in (DONE, FAILED):
                (self.path / name).mkdir(exist_ok=True)
            handle = os.open(self.path, os.O_RDONLY)
        except FileExistsError as there:
            raise CannotWatch(f"{there.filename} is a file, and has to be a folder: move it elsewhere.") from None
        except OSError as problem:
            raise CannotWatch(f"{problem.filename} cannot be used: {problem.strerror}.") from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyWatched(f"Another `kontor import watch` watches {self.path}.") from None
            yield
        finally:
            os.close(handle)

    def whole(self) -> list[Path]:
        """Give the files that have stopped growing, by name.

        Raises:
            CannotWatch: The folder cannot be read any more.
        """
        now, growing = time.monotonic(), 0
        found: list[Path] = []
        seen: dict[str, tuple[_Mark, float]] = {}
        try:
            entries = sorted(os.scandir(self.path), key=lambda one: one.name)
        except OSError as problem:
            raise CannotWatch(f"{self.path} cannot be read any more: {problem.strerror}.") from None
        for entry in entries:
            mark = _mark_of_entry(entry)
            if mark is None:
                continue
            was, since = self._seen.get(entry.name, (None, now))
            seen[entry.name] = (mark, since if was == mark else now)
            whole = now - seen[entry.name][1] >= self.rest_seconds
            left, until = self._left.get(entry.name, (None, now))
            if whole and (left != mark or until <= now):
                found.append(Path(entry.path))
            growing += not whole
        self._seen, self.growing = seen, growing
        self._unwanted = {name: mark for name, mark in self._unwanted.items() if name in seen}
        return found

    def is_as_seen(self, file: Path) -> bool:
        """Say whether a file is still the one that was seen: another may lie in its place, or none."""
        try:
            return file.name in self._seen and _mark(file.lstat()) == self._seen[file.name][0]
        except OSError:
            return False

    def leave(self, file: Path) -> None:
        """Leave a file where it is for a while, or until somebody writes to it."""
        if file.name in self._seen:
            self._left[file.name] = (self._seen[file.name][0], time.monotonic() + self.again_seconds)

    def is_newly_unwanted(self, file: Path) -> bool:
        """Say whether a file that no profile wants is so for the first time as it is: once is enough to be told."""
        mark = self._seen[file.name][0] if file.name in self._seen else None
        if mark is None or self._unwanted.get(file.name) == mark:
            return False
        self._unwanted[file.name] = mark
        return True

    def put_away(
        self, file: Path, where: str, batch_id: int | None, workbook: Path | None, why: str | None
    ) -> Path | None:
        """Move a file to ``done`` or ``failed``, with the workbook of its problems or a text that says why beside it.

        What lies there already keeps its name, and its workbook. Returns where the file is now; none where another was
        put into its place since it was read, which stays: nobody has read that one.

        Raises:
            OSError: It cannot be moved.
        """
        if not self.is_as_seen(file):
            return None
        target = _free(self.path / where, file, batch_id, alone=workbook is None and why is None)
        # the file itself goes last: whoever is killed before finds it where it lay
        if workbook is not None:
            _copy(workbook, target.with_name(f"{target.stem}{_PROBLEMS}"))
        if why is not None:
            target.with_name(f"{target.stem}{_WHY}").write_text(why + "\n", encoding="utf-8")
        _move(file, target)
        return target


def _mark_of_entry(entry: "os.DirEntry[str]") -> _Mark | None:
    """Give the mark of a file that may be whole; none of what is no file, is unfinished by its name, or gone."""
    name = entry.name
    if name.startswith(".") or name.casefold().endswith(_UNFINISHED) or not entry.is_file(follow_symlinks=False):
        return None
    try:
        return _mark(entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None


def _free(into: Path, file: Path, batch_id: int | None, *, alone: bool) -> Path:
    """Give a file the first name that is free, and short enough.

    Where something comes beside it, its name before the last dot is nobody else's.
    """
    number = str(batch_id) if batch_id is not None else str(time.time_ns())
    stems = frozenset[str]() if alone else {one.stem for one in into.iterdir()}
    room = _LONGEST_NAME - max(len(os.fsencode(file.suffix)), 0 if alone else len(_PROBLEMS + _WRITTEN))
    count, mark = 1, ""
    while True:
        stem = f"{_cut(file.stem, room - len(mark))}{mark}"
        target = into / f"{stem}{file.suffix}"
        if not target.exists() and stem not in stems:
            return target
        count += 1
        mark = f"-{number}" if count == 2 else f"-{number}-{count}"


def _cut(text: str, most_bytes: int) -> str:
    """Keep as much of a text as fits."""
    written = os.fsencode(text)
    return text if len(written) <= most_bytes else written[:most_bytes].decode(errors="ignore")


def _move(file: Path, target: Path) -> None:
    """Move a file, to another file system as well."""
    try:
        file.rename(target)
    except OSError as problem:
        if problem.errno != errno.EXDEV:
            raise
        _copy(file, target)
        file.unlink()


def _copy(source: Path, target: Path) -> None:
    fresh = target.with_name(f"{target.name}{_WRITTEN}")
    shutil.copyfile(source, fresh)
    fresh.replace(target)


def reading_of(name: str, patterns: Mapping[str, Reading]) -> Reading | None:
    """Say how a file of this name is read; None where no profile wants it.

    Raises:
        NoProfile: Several do.
    """
    fitting = [one for pattern, one in patterns.items() if fits(name, pattern)]
    if len(fitting) > 1:
        words = _("%(file)s fits the files of several import profiles: %(profiles)s. Make their patterns differ.")
        raise NoProfile(words, file=name, profiles=sorted(one.profile_name for one in fitting))
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

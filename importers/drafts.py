"""Drafts: files that somebody brought, looked at, told how to read, checked, and then imported.

What is said of a file is kept as an import profile of the programme, so the next file of its source is recognised.
"""

import contextlib
import datetime as dt
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.domain.program_file.import_profile import ImportProfile
from app.domain.saying.wording import Said as Sentence
from app.domain.states import BatchStatus, DraftState
from app.files import fingerprint, keep_copy
from app.jobs import board, registry
from app.jobs.board import Work
from app.models.drafts import ImportDraft
from app.models.imports import ImportBatch
from app.models.programs import Program
from app.services.setup import import_profiles
from importers.batches import batches
from importers.batches.batches import Progress
from importers.errors import CardNumbersFound, ImportRefused
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.files.opening import whole
from importers.layout.looks.looking import Seen
from importers.layout.looks.looking import fingerprint as header_key
from importers.layout.tables.header import HeaderNotThere, Said
from importers.reading.identifying import Identified, identify

LOOK = "import.look"

_TAKEN_IN_WITHIN = 3600
"""Seconds after which nobody is still taking a file in whose draft is not there."""
_SEEN = TypeAdapter(Seen)
_SAID = TypeAdapter(Said)


class NoSuchDraft(LookupError):
    """No file on its way in has this number: it was put away, or is imported."""


class NotYet(Exception):
    """A file cannot be checked or imported before somebody has said how it is read, or while it is looked at."""


@dataclass(frozen=True)
class Waiting:
    """A file on its way in, how far its check has come, and the import that brought the same file before."""

    draft: ImportDraft
    check: Progress | None
    earlier: int | None

    @property
    def moving(self) -> bool:
        """Say whether something about it will be another by itself: it is being looked at, or checked."""
        return self.draft.state is DraftState.LOOKING or (self.check is not None and not self.check.ended)

    @property
    def checkable(self) -> bool:
        """Say whether it can be checked, and was not yet."""
        return self.draft.state is DraftState.READY and self.check is None

    @property
    def brings(self) -> bool:
        """Say whether an import would bring anything in, by its check: rows that count, or that wait to be decided."""
        if self.check is None or self.check.status is not BatchStatus.DONE:
            return False
        return self.check.counts["lines_accepted"] + self.check.counts["lines_held"] > 0

    @property
    def right(self) -> bool:
        """Say whether its check found nothing wrong, and something to bring in."""
        if self.check is None or self.check.status is not BatchStatus.DONE:
            return False
        counts = self.check.counts
        return counts["lines_accepted"] > 0 and not counts["lines_held"] + counts["lines_refused"]


def register(settings: Settings) -> None:
    """Name the function of the job that looks at a file."""
    registry.register(LOOK, lambda work: _look(work, settings))


def file_of(files: Path, draft_id: int) -> Path:
    """Give the place of a draft's file: nothing that anybody wrote is part of the path."""
    return files / "drafts" / str(draft_id) / "original"


def take(
    session: Session,
    settings: Settings,
    program: Program,
    path: Path,
    *,
    file_name: str,
    kind: str | None,
    profile_name: str | None,
    actor: str,
    now: dt.datetime,
) -> ImportDraft:
    """Take a file in and have it looked at. The caller commits, then wakes a worker."""
    draft = ImportDraft(
        program_id=program.id,
        kind=kind,
        kind_said=kind is not None,
        profile_name=profile_name,
        recognised=False,
        file_name=batches.printable(file_name),
        file_sha256=fingerprint(path),
        file_bytes=path.stat().st_size,
        state=DraftState.LOOKING,
        looks=0,
        created_by=actor,
        created_at=now,
    )
    session.add(draft)
    session.flush()
    _let_go_of_nobodys(session, settings.files)
    keep_copy(file_of(settings.files, draft.id), path)
    _ask_to_look(session, draft)
    return draft


def look_again(session: Session, draft: ImportDraft, kind: str, said: Said) -> None:
    """Say what a file holds and where its table stands, for it to be looked at anew.

    The caller commits, then wakes a worker.
    """
    draft.kind, draft.kind_said, draft.profile_name, draft.recognised = kind, True, None, False
    draft.said, draft.check_id = _SAID.dump_python(said, exclude_defaults=True) or None, None
    _ask_to_look(session, draft)


def seen_of(draft: ImportDraft) -> Seen | None:
    """Give what was seen of a file; None where it was not looked at, or nobody could read it."""
    return None if draft.seen is None else _SEEN.validate_python(draft.seen)


def said_of(draft: ImportDraft) -> Said | None:
    """Give where somebody said that the table of a file stands; None where nobody did."""
    return None if draft.said is None else _SAID.validate_python(draft.said)


def draft_of(session: Session, draft_id: int) -> ImportDraft:
    """Find a draft, and hold it until the transaction ends: two who decide at once do so one after the other.

    Raises:
        NoSuchDraft: It is not there any more.
    """
    found = session.get(ImportDraft, draft_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoSuchDraft(draft_id)
    return found


def read_by(
    session: Session,
    program: Program,
    draft: ImportDraft,
    name: str,
    profile: ImportProfile,
    *,
    actor: str,
    now: dt.datetime,
) -> int:
    """Keep how a file is read as a profile of its source. The caller commits, then wakes workers.

    Files of the same header that wait beside it are looked at anew, where nobody said anything of them: the profile
    reads them as well. Returns how many.

    Raises:
        ProgramFileInvalid: The profile cannot stand in the programme.
    """
    import_profiles.put(session, program, name, profile, actor=actor, now=now)
    draft.profile_name, draft.kind, draft.kind_said, draft.recognised = name, profile.kind or name, True, False
    draft.state, draft.check_id = DraftState.READY, None
    _say(draft, None)
    alike = _alike(session, draft)
    for one in alike:
        one.profile_name = None  # it only seemed to be another one's
        _ask_to_look(session, one)
    return len(alike)


def check(
    session: Session, settings: Settings, program: Program, draft: ImportDraft, *, actor: str, now: dt.datetime
) -> int:
    """Try a file: everything is done and nothing kept. Returns the batch's id. The caller commits, then wakes workers.

    Raises:
        NotYet: Nobody has said how it is read.
        ImportRefused: The file, or the profile, cannot be used.
    """
    draft.check_id = _start(session, settings, program, draft, dry_run=True, actor=actor, now=now)
    return draft.check_id


def bring_in(
    session: Session, settings: Settings, program: Program, draft: ImportDraft, *, actor: str, now: dt.datetime
) -> int:
    """Import a file, and let go of the draft. Returns the batch's id. The caller commits, then wakes workers.

    Once it is committed ``forget`` removes the draft's file.

    Raises:
        NotYet: Nobody has said how it is read.
        ImportRefused: The file, or the profile, cannot be used.
    """
    batch_id = _start(session, settings, program, draft, dry_run=False, actor=actor, now=now)
    session.delete(draft)
    return batch_id


def forget(settings: Settings, draft_id: int) -> None:
    """Remove the file of a draft that is gone."""
    shutil.rmtree(file_of(settings.files, draft_id).parent, ignore_errors=True)


def _let_go_of_nobodys(session: Session, files: Path) -> None:
    """Remove files that lie there since long and are no draft's: whoever took them in, or let go of them, failed."""
    places = {int(one.name): one for one in (files / "drafts").glob("*") if one.name.isdecimal()}
    there = session.scalars(select(ImportDraft.id).where(ImportDraft.id.in_(places)))
    for draft_id in places.keys() - set(there):
        with contextlib.suppress(FileNotFoundError):  # somebody else lets go of it
            if places[draft_id].stat().st_mtime < time.time() - _TAKEN_IN_WITHIN:
                shutil.rmtree(places[draft_id])


def waiting(
    session: Session, program_id: int, limit: int, now: dt.datetime, *, before: int | None = None
) -> list[Waiting]:
    """List the files on their way in, newest first."""
    query = select(ImportDraft).where(ImportDraft.program_id == program_id).order_by(ImportDraft.id.desc()).limit(limit)
    if before is not None:
        query = query.where(ImportDraft.id < before)
    drafts = session.scalars(query).all()
    checks = batches.progress_of_all(session, [one.check_id for one in drafts if one.check_id is not None], now)
    earlier = _earlier(session, program_id, drafts)
    return [Waiting(one, checks.get(one.check_id or 0), earlier.get((one.file_sha256, one.kind))) for one in drafts]


def one_waiting(session: Session, draft: ImportDraft, now: dt.datetime) -> Waiting:
    """Tell how far one file is on its way in."""
    checks = batches.progress_of_all(session, [draft.check_id] if draft.check_id else [], now)
    earlier = _earlier(session, draft.program_id, [draft])
    return Waiting(draft, checks.get(draft.check_id or 0), earlier.get((draft.file_sha256, draft.kind)))


def checked_by(session: Session, batch_id: int) -> ImportDraft | None:
    """Find the file on its way in whose check a batch is."""
    return session.scalars(select(ImportDraft).where(ImportDraft.check_id == batch_id)).one_or_none()


def _earlier(
    session: Session, program_id: int, drafts: Sequence[ImportDraft]
) -> Mapping[tuple[bytes, str | None], int]:
    """Find the last imports of the same files that still stand, by kind: a list may hold people and cards."""
    rows = session.execute(
        select(ImportBatch.file_sha256, ImportBatch.kind, ImportBatch.id)
        .where(
            ImportBatch.program_id == program_id,
            ImportBatch.file_sha256.in_({one.file_sha256 for one in drafts}),
            ImportBatch.dry_run.is_(False),
            ImportBatch.continues_id.is_(None),
            ImportBatch.status.not_in((BatchStatus.FAILED, BatchStatus.UNDONE)),
        )
        .order_by(ImportBatch.id)
    )
    return {(sha256, kind): id_ for sha256, kind, id_ in rows}


def _alike(session: Session, draft: ImportDraft) -> list[ImportDraft]:
    """Find the files of which it is still asked what another one of their header was just said to be."""
    header = _header(seen_of(draft))
    asking = session.scalars(
        select(ImportDraft)
        .where(
            ImportDraft.program_id == draft.program_id,
            ImportDraft.id != draft.id,
            ImportDraft.state == DraftState.ASKING,
            ImportDraft.kind_said.is_(False),
            ImportDraft.said.is_(None),
            ImportDraft.message.is_(None),
        )
        .order_by(ImportDraft.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [one for one in asking if header is not None and _header(seen_of(one)) == header]


def _header(seen: Seen | None) -> str | None:
    return None if seen is None else header_key([one.name for one in seen.columns])


def _start(
    session: Session,
    settings: Settings,
    program: Program,
    draft: ImportDraft,
    *,
    dry_run: bool,
    actor: str,
    now: dt.datetime,
) -> int:
    if draft.state is not DraftState.READY or draft.kind is None:
        raise NotYet
    return batches.start(
        session,
        settings,
        program,
        draft.kind,
        file_of(settings.files, draft.id),
        file_name=draft.file_name,
        profile_name=draft.profile_name,
        dry_run=dry_run,
        actor=actor,
        now=now,
    )


def _ask_to_look(session: Session, draft: ImportDraft) -> None:
    draft.state, draft.looks = DraftState.LOOKING, draft.looks + 1
    _say(draft, None)
    session.flush()
    board.put_up(session, LOOK, f"{LOOK}:{draft.id}:{draft.looks}", {"draft": draft.id, "look": draft.looks})


def _look(work: Work, settings: Settings) -> None:
    """Look at a file: of which kind it is, what stands in it, which profile reads it."""
    draft_id, look = int(work.payload["draft"]), int(work.payload["look"])
    with work.transaction() as session:
        draft = session.get(ImportDraft, draft_id)
        if draft is None or draft.looks != look:
            work.finish(session)  # it was put away, or is looked at anew
            return
        program = session.get_one(Program, draft.program_id)
        session.expunge_all()
    try:
        found, refused = _identified(draft, program, settings), None
    except ImportRefused as problem:
        found, refused = None, problem
    with work.transaction() as session:
        draft = session.get(ImportDraft, draft_id)
        if draft is not None and draft.looks == look:
            _note(draft, found, refused)
        work.finish(session)
    if isinstance(refused, CardNumbersFound):
        file_of(settings.files, draft_id).unlink(missing_ok=True)


def _identified(draft: ImportDraft, program: Program, settings: Settings) -> Identified:
    path = file_of(settings.files, draft.id)
    judged = judge(path, draft.file_name, Limits.of(settings), [program.locale])
    return identify(
        *whole(judged, draft.file_name),
        draft.file_name,
        import_profiles.profiles_of(program),
        kind=draft.kind if draft.kind_said else None,
        profile_name=draft.profile_name,
        said=said_of(draft),
    )


def _say(draft: ImportDraft, why: Sentence | None) -> None:
    """Keep why a file cannot be used, or not by its profile."""
    draft.message, draft.message_said = (str(why), why.kept()) if why else (None, None)


def _note(draft: ImportDraft, found: Identified | None, refused: ImportRefused | None) -> None:
    if isinstance(refused, HeaderNotThere) and draft.seen is not None:
        # what was seen before stands, and where to look is asked again
        draft.state, draft.said = DraftState.ASKING, None
        _say(draft, refused.said)
        return
    if found is None:
        draft.state, draft.seen = DraftState.REFUSED, None
        _say(draft, None if refused is None else refused.said)
        return
    draft.seen = _SEEN.dump_python(found.seen, mode="json")
    draft.kind, draft.recognised = found.kind, found.recognised
    _say(draft, found.unfit)
    draft.profile_name = found.profile_name
    read = found.profile_name is not None and not found.near and found.unfit is None
    draft.state = DraftState.READY if read else DraftState.ASKING

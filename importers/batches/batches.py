"""Imports as people see them: started, followed, finished. The work itself is done by the jobs of `importers.jobs`."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.config import Settings
from app.domain.program_file.import_profile import ImportProfile
from app.domain.saying.wording import Said, marked
from app.domain.states import BatchStatus, JobState
from app.domain.typed.card_numbers import without_issued_numbers
from app.domain.typed.fields import KINDS
from app.files import fingerprint
from app.jobs import board
from app.models.imports import ImportBatch, ImportShard
from app.models.jobs import Job
from app.models.programs import Program
from app.services import audit
from importers.batches.store import BatchFiles
from importers.errors import NoProfile
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.layout.columns.columns import check_profile
from importers.layout.tables.table import Stretch

_ = marked
READ, SHARD, FINISH = "import.read", "import.shard", "import.finish"


def profile_of(program: Program, kind: str, name: str | None) -> tuple[str, ImportProfile]:
    """Find the profile that reads a kind of file: the one that is named, or the one that bears the kind's name.

    Raises:
        NoProfile: There is none, or it does not serve this kind.
    """
    chosen = name or kind
    stored = program.import_profiles.get(chosen)
    if stored is None:
        words = _(
            "The programme %(program)s has no import profile %(profile)s; it has: %(known)s. Name another with "
            "--profile, or add it under import_profiles in the programme file: `kontor import look FILE --propose` "
            "prints one."
        )
        known = sorted(program.import_profiles) or Said(_("none"))
        raise NoProfile(words, program=program.code, profile=repr(chosen), known=known)
    profile = ImportProfile.model_validate(stored)
    serves = profile.kind or chosen
    if serves != kind:
        words = _("The import profile %(profile)s reads %(serves)s, not %(kind)s.")
        raise NoProfile(words, profile=repr(chosen), serves=Said(serves), kind=Said(kind))
    check_profile(chosen, kind, profile)
    return chosen, profile


def printable(file_name: str) -> str:
    """Give a file's name as it can be kept and shown: bytes that are no letters may stand in it, and control codes.

    Whoever names a file after a card finds its last four digits there, and nothing else of its number.
    """
    return without_issued_numbers("".join(one if one.isprintable() else "\ufffd" for one in file_name))


def start(
    session: Session,
    settings: Settings,
    program: Program,
    kind: str,
    path: Path,
    *,
    file_name: str,
    profile_name: str | None,
    dry_run: bool,
    actor: str,
    now: dt.datetime,
) -> int:
    """Take a file in and put its reading on the board. Returns the batch's id. The caller commits, then wakes workers.

    Raises:
        ImportRefused: The file, or the profile, cannot be used.
    """
    if kind not in KINDS:
        raise NoProfile(_("Nothing imports %(kind)s; there are %(kinds)s."), kind=repr(kind), kinds=sorted(KINDS))
    name, profile = profile_of(program, kind, profile_name)
    file_name = printable(file_name)
    judge(path, file_name, Limits.of(settings), [program.locale], scan=False)  # the job looks through it
    batch = ImportBatch(
        program_id=program.id,
        kind=kind,
        profile_name=name,
        profile=profile.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        dry_run=dry_run,
        file_name=file_name,
        file_sha256=fingerprint(path),
        file_bytes=path.stat().st_size,
        status=BatchStatus.QUEUED,
        counts={},
        created_by=actor,
        created_at=now,
    )
    session.add(batch)
    session.flush()
    BatchFiles(settings.files, batch.id).take_in(path)
    board.put_up(session, READ, f"{READ}:{batch.id}", {"batch": batch.id})
    return batch.id


class NoSuchBatch(LookupError):
    """No import has this number."""

    def __init__(self, batch_id: int) -> None:
        """Say which number."""
        super().__init__(f"No import has the number {batch_id}; see `kontor imports list`.")


@dataclass(frozen=True)
class Earlier:
    """An import that read the same file before."""

    batch_id: int
    created_at: dt.datetime
    created_by: str


def earlier_of(session: Session, batch_id: int) -> Earlier | None:
    """Give the first import of the programme that took the same file in as this one; dry runs take nothing in."""
    mine = aliased(ImportBatch)
    row = session.execute(
        select(ImportBatch.id, ImportBatch.created_at, ImportBatch.created_by)
        .join(
            mine,
            (mine.program_id == ImportBatch.program_id)
            & (mine.file_sha256 == ImportBatch.file_sha256)
            & (mine.kind == ImportBatch.kind),
        )
        .where(
            mine.id == batch_id,
            mine.continues_id.is_(None),
            ImportBatch.id < batch_id,
            ImportBatch.continues_id.is_(None),
            ImportBatch.dry_run.is_(False),
            ImportBatch.status.not_in((BatchStatus.FAILED, BatchStatus.UNDOING, BatchStatus.UNDONE)),
        )
        .order_by(ImportBatch.id)
        .limit(1)
    ).one_or_none()
    return None if row is None else Earlier(*row)


@dataclass(frozen=True)
class Progress:
    """How far an import has come.

    ``counts`` has rows_read, rows_recognised (headings, blank rows, totals, headers that come again; rows_heading and
    so on), documents, lines_accepted, lines_held, lines_refused, duplicates, points_awarded,
    points_reversed, for products and distributors created and changed, and for sales the distributors and products that
    they made known (distributors_created, products_created). ``share_bp`` is what is done of the whole, from
    0 to 10000; ``stage`` what is being done. ``refused`` tells a file that cannot be used from work that was given up.
    """

    batch_id: int
    kind: str
    file_name: str
    dry_run: bool
    profile_name: str
    fingerprint: str
    continues_id: int | None
    created_by: str
    created_at: dt.datetime
    status: BatchStatus
    stage: str
    share_bp: int
    counts: Mapping[str, int]
    seconds: float
    seconds_left: float | None
    problems_file: str | None
    message: str | None
    message_said: Mapping[str, Any] | None
    refused: bool
    warnings: tuple[Mapping[str, Any], ...] = ()

    @property
    def rows_of_data(self) -> int:
        """Count the rows that say something: without headings, blank rows and totals."""
        return self.counts["rows_read"] - self.counts["rows_recognised"]

    @property
    def ended(self) -> bool:
        """Say whether nothing more will happen."""
        return self.status in (BatchStatus.DONE, BatchStatus.FAILED, BatchStatus.UNDONE)


COUNTED = (
    "rows_read",
    "rows_recognised",
    "rows_heading",
    "rows_blank",
    "rows_total",
    "rows_repeated_header",
    "documents",
    "lines_accepted",
    "lines_held",
    "lines_refused",
    "duplicates",
    "duplicate_documents",
    "corrected",
    "points_awarded",
    "points_reversed",
    "money_awarded_minor",
    "money_reversed_minor",
    "created",
    "changed",
    "distributors_created",
    "products_created",
    "documents_to_undo",
    "documents_undone",
    "things_to_undo",
    "things_undone",
)


def progress_of(session: Session, batch_id: int, now: dt.datetime) -> Progress:
    """Tell how far an import has come, from what its jobs have recorded.

    Raises:
        NoSuchBatch: There is none.
    """
    found = _progress(session, ImportBatch.id == batch_id, now)
    if not found:
        raise NoSuchBatch(batch_id)
    return found[0]


def _progress(session: Session, wanted: ColumnElement[bool], now: dt.datetime) -> list[Progress]:
    """Tell how far imports have come, newest first. Three queries, however many there are."""
    query = select(ImportBatch).where(wanted).order_by(ImportBatch.id.desc())
    batches = session.scalars(query.execution_options(populate_existing=True)).all()
    batch_ids = [batch.id for batch in batches]
    shards: dict[int, list[_Shard]] = defaultdict(list)
    for batch_id, lines, counts in session.execute(
        select(ImportShard.batch_id, ImportShard.lines, ImportShard.counts).where(ImportShard.batch_id.in_(batch_ids))
    ):
        shards[batch_id].append((lines, counts))
    of_job = Job.payload["batch"].as_integer()
    failed = session.execute(
        select(of_job, Job.error).where(Job.state == JobState.FAILED, of_job.in_(batch_ids)).order_by(Job.id.desc())
    ).all()
    errors = {batch_id: error or "" for batch_id, error in failed}
    return [_progress_from(batch, shards[batch.id], errors.get(batch.id), now) for batch in batches]


_Shard: TypeAlias = tuple[int, dict[str, Any] | None]
"""A shard's lines, and what became of them; none: not yet counted."""


def _progress_from(batch: ImportBatch, shards: list[_Shard], failed: str | None, now: dt.datetime) -> Progress:
    ended = (BatchStatus.DONE, BatchStatus.UNDONE)
    status = BatchStatus.FAILED if failed is not None and batch.status not in ended else batch.status
    seconds = ((batch.finished_at or now) - batch.created_at).total_seconds()
    lines = sum(of_shard for of_shard, _ in shards)
    done = sum(of_shard for of_shard, counts in shards if counts)
    counts = totals([batch.counts, *(counts for _, counts in shards if counts)])
    share_bp = 10_000 if status in ended else 1_000 + 8_900 * done // lines if lines else 0
    if status is BatchStatus.UNDOING:
        undone, whole = (counts[f"documents_{of}"] + counts[f"things_{of}"] for of in ("undone", "to_undo"))
        share_bp = min(10_000, 10_000 * undone // max(1, whole))
    left = None
    if status is BatchStatus.LOADING and 0 < done < lines:
        left = seconds * (10_000 - share_bp) / max(share_bp, 1)
    stage = {BatchStatus.QUEUED: "waiting", BatchStatus.READING: "reading", BatchStatus.LOADING: "counting"}
    return Progress(
        batch_id=batch.id,
        kind=batch.kind,
        file_name=batch.file_name,
        dry_run=batch.dry_run,
        profile_name=batch.profile_name,
        fingerprint=batch.file_sha256.hex(),
        continues_id=batch.continues_id,
        created_by=batch.created_by,
        created_at=batch.created_at,
        status=status,
        stage=stage.get(status, str(status)),
        share_bp=share_bp,
        counts=counts,
        seconds=seconds,
        seconds_left=left,
        problems_file=batch.problems_file,
        warnings=tuple(batch.warnings or ()),
        refused=batch.status is BatchStatus.FAILED,
        message_said=batch.message_said,
        message=batch.message or (failed.strip().splitlines()[-1] if failed else None),
    )


def progress_of_all(session: Session, batch_ids: Collection[int], now: dt.datetime) -> dict[int, Progress]:
    """Tell how far several imports have come, by their numbers."""
    found = _progress(session, ImportBatch.id.in_(batch_ids), now) if batch_ids else []
    return {one.batch_id: one for one in found}


def at_work(batch_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Say of an import, in a query, whether anything of it is still to be done; what was given up is not."""
    open_states = (JobState.QUEUED, JobState.RUNNING)
    return exists().where(Job.state.in_(open_states), Job.payload["batch"].as_integer() == batch_id)


def retry(session: Session, batch_id: int, *, actor: str, now: dt.datetime) -> int:
    """Put the jobs of an import that were given up on the board again. Returns how many. The caller commits."""
    given_up = (Job.state == JobState.FAILED) & (Job.payload["batch"].as_integer() == batch_id)
    rows = session.execute(
        update(Job)
        .where(given_up)
        .values(state=JobState.QUEUED, failures=0, finished_at=None)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    jobs = len(rows.all())
    if jobs:
        batch = session.get_one(ImportBatch, batch_id)
        audit.note(
            session,
            actor,
            "import.resume",
            f"{batch.file_name} ({batch.id})",
            now=now,
            program_id=batch.program_id,
        )
    return jobs


def newest(
    session: Session,
    program_code: str | None,
    limit: int,
    now: dt.datetime,
    *,
    before: int | None = None,
    checks: bool = True,
) -> list[Progress]:
    """Give the newest imports, of one programme or of all.

    ``before`` is the number of the last one seen, for the next page. Without ``checks`` those that keep nothing are
    left out.
    """
    query = select(ImportBatch.id).order_by(ImportBatch.id.desc()).limit(limit)
    if program_code is not None:
        query = query.join(Program, Program.id == ImportBatch.program_id).where(Program.code == program_code)
    if before is not None:
        query = query.where(ImportBatch.id < before)
    if not checks:
        query = query.where(~ImportBatch.dry_run)
    return _progress(session, ImportBatch.id.in_(query), now)


def totals(parts: list[dict[str, Any]]) -> dict[str, int]:
    """Add up what the stages of an import counted."""
    return {name: sum(int(part.get(name, 0)) for part in parts) for name in COUNTED}


def add_counts(session: Session, batch_id: int, counts: Mapping[str, int]) -> None:
    """Add to what a batch has counted. The caller commits."""
    was = session.execute(select(ImportBatch.counts).where(ImportBatch.id == batch_id).with_for_update()).scalar_one()
    now = {name: int(was.get(name, 0)) + count for name, count in counts.items()}
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(counts={**was, **now})
        .execution_options(synchronize_session=False)
    )


def set_status(session: Session, batch_id: int, status: BatchStatus, **changes: Any) -> None:
    """Move a batch on; ``why`` says why it failed, or was undone in part alone. The caller commits."""
    if "why" in changes:
        why = changes.pop("why")
        changes |= {"message": str(why) if why else None, "message_said": why.kept() if why else None}
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(status=status, **changes)
        .execution_options(synchronize_session=False)
    )


def note(session: Session, batch_id: int, stretches: Sequence[Stretch], warnings: Sequence[Mapping[str, Any]]) -> None:
    """Note of which sheets the rows of a batch are, and what was noticed of them. The caller commits."""
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(stretches=[asdict(one) for one in stretches] or None, warnings=[dict(one) for one in warnings] or None)
        .execution_options(synchronize_session=False)
    )


def stretches_noted(session: Session, batch_id: int) -> list[dict[str, Any]] | None:
    """Give of which sheets the rows of a batch are, as it was noted."""
    noted: list[dict[str, Any]] | None = session.scalars(
        select(ImportBatch.stretches).where(ImportBatch.id == batch_id)
    ).one()
    return noted

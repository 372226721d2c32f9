"""Asking for an export, and what became of one: its row, its files, how far it has come."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.export_wish import Wish
from app.domain.states import ExportState, JobState
from app.domain.typed.codes import code_key
from app.exports.histories.catalogue import HISTORIES
from app.jobs import board
from app.models.distributors import Distributor
from app.models.exports import Export, ExportPlan
from app.models.jobs import Job
from app.models.programs import Program
from app.services import audit
from app.services.telling.languages import LANGUAGES

MAKE = "export.make"
AGAIN = "export.again"


class WishRefused(ValueError):
    """What was asked cannot be answered; ``place`` names the part of it, ``found`` what stands there."""

    def __init__(self, place: str, found: str, known: Collection[str] = ()) -> None:
        """Name both, and what may stand there where that can be listed."""
        self.place, self.found = place, found
        there_are = f"; there are: {', '.join(known)}" if known else ""
        super().__init__(f"{place}: {found!r} is not known{there_are}.")


def check(session: Session, wish: Wish) -> None:
    """Hold a wish against what there is.

    Raises:
        WishRefused: It names what is not there.
    """
    history = HISTORIES[wish.subject]
    codes = set(session.scalars(select(Program.code).where(Program.code.in_(wish.programs))))
    unknown = _nobody(session, wish)
    if unknown is not None:
        raise WishRefused("distributors", unknown)
    known: Mapping[str, Collection[str]] = {
        "programs": codes,
        "columns": [one.key for one in history.fields],
        "language": LANGUAGES,
    }
    for place, given in (("programs", wish.programs), ("columns", wish.columns), ("language", [wish.language])):
        unknown = next((one for one in given if one not in known[place]), None)
        if unknown is not None:
            raise WishRefused(place, unknown, known[place])
    for name, values in wish.narrowing.used.items():
        if name not in history.filters:
            raise WishRefused("narrowing", name, list(history.filters))
        choices = history.choices.get(name)
        unknown = next((one for one in values if choices is not None and one not in choices), None)
        if unknown is not None:
            raise WishRefused(name, unknown, list(choices or ()))


def _nobody(session: Session, wish: Wish) -> str | None:
    """Give the first code of a distributor that nobody in the programmes has, if any."""
    written = {code_key(one): one for one in wish.narrowing.used.get("distributors", [])}
    found = (
        select(Distributor.code_key)
        .join(Program, Program.id == Distributor.program_id)
        .where(Distributor.code_key.in_(written), Program.code.in_(wish.programs))
    )
    known = set(session.scalars(found)) if written else set()
    return next((one for key, one in written.items() if key not in known), None)


def ask(
    session: Session,
    wish: Wish,
    *,
    program_id: int | None,
    actor: str,
    now: dt.datetime,
    plan: ExportPlan | None = None,
    by_worker: bool = True,
) -> Export:
    """Write an export down that is to be made; a worker makes it unless the caller does. The caller commits.

    Raises:
        WishRefused: It names what is not there.
    """
    check(session, wish)
    made = Export(
        program_id=program_id,
        plan_id=plan.id if plan is not None else None,
        subject=wish.subject,
        form=wish.form,
        wish=wish.model_dump(mode="json"),
        state=ExportState.ASKED,
        asked_by=actor,
        asked_at=now,
    )
    session.add(made)
    session.flush()
    if by_worker:
        board.put_up(session, MAKE, f"{MAKE}:{made.id}", {"export": made.id})
    audit.note(session, actor, "export.ask", str(made.id), now=now, program_id=program_id, after=made.wish)
    return made


def ask_again(session: Session, export_id: int, *, actor: str, now: dt.datetime) -> None:
    """Have an export made again of its kept rows and held against the file that was. The caller commits."""
    key = f"{AGAIN}:{export_id}:{int(now.timestamp())}"
    board.put_up(session, AGAIN, key, {"export": export_id, "actor": actor}, lane=f"export {export_id}")


def kept_path(files: Path, made: Export) -> Path:
    """Give where the rows of an export are kept."""
    return folder_of(files, made) / f"{made.id}.parquet"


def file_path(files: Path, made: Export) -> Path:
    """Give where the file of an export lies."""
    return folder_of(files, made) / f"{made.id}.{made.form.value}"


def folder_of(files: Path, made: Export) -> Path:
    """Give the folder of a programme's exports."""
    return files / "exports" / ("all" if made.program_id is None else f"program-{made.program_id}")


def wish_of(made: Export) -> Wish:
    """Read what was asked."""
    return Wish.model_validate(made.wish)


def file_name(made: Export) -> str:
    """Name the file as whoever takes it away sees it."""
    wish = wish_of(made)
    whose = code_key(wish.programs[0]).lower() if len(wish.programs) == 1 else "programmes"
    days = f"{wish.from_on.isoformat()}-{wish.to_on.isoformat()}"
    return f"{wish.subject.value.replace('_', '-')}-{whose}-{days}.{wish.form.value}"


@dataclass(frozen=True)
class Standing:
    """How far an export has come."""

    stage: str
    done: int
    of: int
    ended: bool

    @property
    def share_bp(self) -> int:
        """Give the share that is done: reading and writing are halves of the work."""
        if self.ended:
            return 10_000
        half = {"waiting": 0, "reading": 0, "writing": 5_000}[self.stage]
        return half + (self.done * 5_000 // self.of if self.of and self.stage != "waiting" else 0)


def standing_of(session: Session, made: Export) -> Standing:
    """Tell how far an export has come."""
    if made.state is not ExportState.ASKED:
        return Standing("writing", made.rows or 0, made.rows or 0, ended=True)
    row = session.execute(select(Job.state, Job.progress).where(Job.key == f"{MAKE}:{made.id}")).one_or_none()
    progress = row.progress if row is not None else {}
    given_up = row is not None and row.state in (JobState.FAILED, JobState.DONE)
    return Standing(
        progress.get("stage", "waiting"), int(progress.get("done", 0)), int(progress.get("of", 0)), ended=given_up
    )

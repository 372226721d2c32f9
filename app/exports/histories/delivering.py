"""Brings an export where its plan says: into a folder that others fetch from, or to people by mail."""

import datetime as dt
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.orm import Session

from app.config import Settings
from app.domain.states import ExportWay
from app.exports.histories import asking
from app.exports.histories.catalogue import HISTORIES
from app.exports.histories.planning import addresses_of
from app.files import keep_content, keep_copy
from app.models.exports import Export, ExportPlan
from app.models.programs import Program
from app.services import audit
from app.services.telling import messages
from app.services.telling.languages import writing
from app.services.telling.texts import translated

LARGEST_ATTACHED = 8_000_000
"""Bytes of a file that a mail brings with it: what is larger is fetched from its page."""


def outgoing(settings: Settings, program_code: str) -> Path:
    """Give the folder below which a programme's exports are put for others."""
    return settings.home / "outgoing" / quote(program_code, safe="")


def deliver(session: Session, settings: Settings, made: Export, plan: ExportPlan, *, now: dt.datetime) -> None:
    """Bring an export where its plan says; what keeps it from getting there stands with it. The caller commits."""
    program = session.get_one(Program, plan.program_id)
    path = asking.file_path(settings.files, made)
    if plan.way is ExportWay.NONE or plan.target is None:
        return
    try:
        if plan.way is ExportWay.FOLDER:
            sent_to = str(_put(settings, program, plan.target, made, path))
        else:
            sent_to = plan.target
            _mail(session, settings, program, plan, made, now=now)
    except OSError as problem:
        made.not_sent = str(problem)
        return
    made.sent_to, made.sent_at = sent_to, now
    audit.note(
        session,
        made.asked_by,
        "export.send",
        str(made.id),
        now=now,
        program_id=program.id,
        after={"to": sent_to, "sha256": made.sha256.hex() if made.sha256 is not None else None},
    )


def _put(settings: Settings, program: Program, target: str, made: Export, path: Path) -> Path:
    """Put the file into a folder, and its hash beside it as `sha256sum -c` reads it."""
    folder = outgoing(settings, program.code) / target
    stem, dot, ending = asking.file_name(made).rpartition(".")
    into = folder / f"{stem}-{made.id}{dot}{ending}"
    keep_copy(into, path)
    assert made.sha256 is not None, "it was made"
    beside = into.with_name(f"{into.name}.sha256")
    keep_content(beside, f"{made.sha256.hex()}  {into.name}\n".encode())
    return into


def _mail(
    session: Session, settings: Settings, program: Program, plan: ExportPlan, made: Export, *, now: dt.datetime
) -> None:
    wish = asking.wish_of(made)
    write = writing(wish.language)
    attached = (made.bytes or 0) <= LARGEST_ATTACHED
    path = asking.file_path(settings.files, made)
    for address in addresses_of(plan.target or ""):
        messages.write(
            session,
            messages.Kind.EXPORT_READY,
            address,
            locale=wish.language,
            now=now,
            program=program,
            attachment=(path.relative_to(settings.files).as_posix(), asking.file_name(made)) if attached else None,
            name=plan.name,
            what=translated(HISTORIES[wish.subject].title, wish.language),
            days=f"{write.day(wish.from_on)} – {write.day(wish.to_on)}",
            rows=write.figure(made.rows or 0),
            sha256=made.sha256.hex() if made.sha256 is not None else "",
            link=f"{settings.address}/programs/{quote(program.code, safe='')}/exports/{made.id}",
        )

"""How a programme and its sponsor are called, and on which day it ends: said anew while it runs."""

import datetime as dt

from sqlalchemy.orm import Session

from app.models.programs import Program
from app.services import audit
from app.services.setup import program_files, programs


def put_basics(
    session: Session,
    program: Program,
    *,
    name: str,
    sponsor: str,
    ends_on: dt.date | None,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Call a programme and its sponsor so, and let sales count up to a day; say whether that is new.

    It becomes another revision of the programme's document. Without a last day it goes on. What counted already keeps
    its points, on whichever day it was sold. The caller commits.

    Raises:
        ProgramFileInvalid: It would end before it begins.
    """
    document = programs.document_to_change(session, program)
    after = {"name": name, "sponsor": sponsor, "ends_on": _noted(ends_on)}
    before = {part: document["program"].get(part) for part in after}
    changed = [part for part, value in after.items() if value != before[part]]
    if not changed:
        return False
    kept = {part: value for part, value in document["program"].items() if part not in after}
    said = {part: value for part, value in after.items() if value is not None}
    file = program_files.read(document | {"program": kept | said})
    programs.load(session, file, actor=actor, now=now, deed=None)
    audit.note(
        session,
        actor,
        "program.basics",
        program.code,
        now=now,
        program_id=program.id,
        before={part: before[part] for part in changed},
        after={part: after[part] for part in changed},
    )
    return True


def _noted(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()

"""What a programme's document says of its card operator and of how points become money: each change is a revision."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.domain.program_file.batch_file import Answers, BatchFile
from app.domain.program_file.compensation_settings import Compensation
from app.domain.program_file.redemption_settings import Redemptions, ScheduledRun
from app.models.programs import Program
from app.services import audit
from app.services.setup import program_files, programs
from importers.files.limits import Limits
from prepaid.files.response_files import Response, read_response


def put_template(session: Session, program: Program, template: BatchFile, *, actor: str, now: dt.datetime) -> bool:
    """Let a programme load its cards by files of this template; say whether that is new. The caller commits.

    Raises:
        ProgramFileInvalid: It cannot stand there; the message names what is wrong.
    """
    wanted = template.model_dump(mode="json", exclude_defaults=True)
    said = {"provider": "batch_file", "cards": "registered", "batch_file": wanted}
    return _put(session, program, "batch_file", said, "provider.template", actor=actor, now=now)


def put_compensation(
    session: Session, program: Program, compensation: Compensation, *, actor: str, now: dt.datetime
) -> bool:
    """Say when a programme pays taxes back, and whether of goods; say whether that is new. The caller commits.

    What was frozen before keeps to what was said then: a load that waits for a run goes on waiting for one.
    """
    said = {"compensation": compensation.model_dump(mode="json")}
    return _put(session, program, "compensation", said, "provider.compensation", actor=actor, now=now)


def put_redemptions(
    session: Session, program: Program, redemptions: Redemptions, *, actor: str, now: dt.datetime
) -> bool:
    """Say how distributors turn points into money by themselves; say whether that is new. The caller commits.

    Raises:
        ProgramFileInvalid: It cannot stand there; the message names what is wrong.
    """
    said = {"redemptions": redemptions.model_dump(mode="json", exclude_none=True)}
    return _put(session, program, "redemptions", said, "provider.redemptions", actor=actor, now=now)


def put_schedule(
    session: Session, program: Program, scheduled: ScheduledRun | None, *, actor: str, now: dt.datetime
) -> bool:
    """Say which run prepares itself every month, or that none does; say whether that is new. The caller commits.

    Raises:
        ProgramFileInvalid: It cannot stand there; the message names what is wrong.
    """
    said = {"scheduled_run": None if scheduled is None else scheduled.model_dump(mode="json", exclude_none=True)}
    return _put(session, program, "scheduled_run", said, "provider.schedule", actor=actor, now=now)


def _put(
    session: Session,
    program: Program,
    key: str,
    said: Mapping[str, Any],
    action: str,
    *,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Put something into the prepaid part of a programme's document, which becomes another revision of it.

    What is nothing does not stand there any more.
    """
    document = programs.document_to_change(session, program)
    was = document.get("prepaid", {})
    prepaid = {name: part for name, part in (was | said).items() if part is not None}
    if prepaid == was:
        return False
    wanted = program_files.parse(program_files.to_yaml(document | {"prepaid": prepaid}))
    programs.load(session, wanted, actor=actor, now=now, deed=None)
    before, after = was.get(key), said[key]
    audit.note(session, actor, action, program.code, now=now, program_id=program.id, before=before, after=after)
    return True


def try_response(path: Path, name: str, said: Answers, *, limits: Limits, decimals: int) -> Response:
    """Read a response file as a template says, and settle nothing.

    Raises:
        importers.errors.ImportRefused, CardNumberFound: It cannot be read.
    """
    return read_response(path, name, limits=limits, decimals=decimals, said=said)

"""Training programmes: copies to learn and try in, whose pages say so, and whose runs go to the sandbox alone."""

import datetime as dt

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.definition import ProgramFile
from app.models.programs import Program
from app.services.setup import program_files, programs
from app.services.setup.programs import Loaded


class CodeTaken(ValueError):
    """A programme has this code."""

    def __init__(self, code: str) -> None:
        """Say which."""
        super().__init__(f"There is a programme with the code {code!r} already; a copy needs a code of its own.")


def copy(
    session: Session, code: str, new_code: str, *, name: str | None = None, actor: str, now: dt.datetime
) -> Loaded:
    """Make a training copy of a programme: rules, groups, its file's products, column profiles. Nobody is in it.

    The caller commits.

    Raises:
        NoSuchProgram: There is none of this code.
        CodeTaken: There is one of the new code.
        ProgramFileInvalid: The new code or the name cannot be used.
    """
    document = programs.export(session, code)
    if session.scalars(select(Program.id).where(Program.code == new_code)).one_or_none() is not None:
        raise CodeTaken(new_code)
    settings = dict(document["program"])
    settings |= {"code": new_code, "name": name or f"{settings['name']} (training)", "training": True}
    copied = {**document, "program": settings, "prepaid": {**document.get("prepaid", {}), "provider": "sandbox"}}
    try:
        file = ProgramFile.model_validate(copied)
    except ValidationError as invalid:
        raise program_files.invalid(invalid) from None
    return programs.load(session, file, actor=actor, now=now)

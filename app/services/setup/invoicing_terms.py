"""What a programme says about its invoices, read and said anew."""

import datetime as dt

from sqlalchemy.orm import Session

from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.invoicing_settings import Invoicing
from app.models.programs import Program
from app.services import audit
from app.services.setup import program_files, programs


def invoicing_of(program: Program) -> Invoicing:
    """Give what a programme says about its invoices."""
    return ProgramSettings.model_validate(program.settings).invoicing


def put_invoicing(session: Session, program: Program, said: Invoicing, *, actor: str, now: dt.datetime) -> bool:
    """Say what is charged for loads, and who pays; say whether that is new. The caller commits.

    It becomes another revision of the programme's document. What is to be invoiced is reckoned by what stands there
    when somebody asks, whichever days they ask for.

    Raises:
        ProgramFileInvalid: It does not fit the decimals of the currency.
    """
    document = programs.document_to_change(session, program)
    before = Invoicing.model_validate(document["program"].get("invoicing", {}))
    after = said.model_dump(mode="json", exclude_defaults=True)
    if said == before:
        return False
    document["program"]["invoicing"] = after
    programs.load(session, program_files.read(document), actor=actor, now=now, deed=None)
    was = before.model_dump(mode="json", exclude_defaults=True)
    audit.note(
        session, actor, "program.invoicing", program.code, now=now, program_id=program.id, before=was, after=after
    )
    return True

"""One distributor that is taken in by somebody of the programme: by hand, or because it applied."""

import datetime as dt
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.documents.hierarchy import misplaced
from app.domain.typed.codes import code_key
from app.domain.typed.countries import country_kept
from app.models.distributors import Distributor
from app.models.programs import Program
from app.services import audit
from app.services.goods.catalogue import begin_change
from app.services.participants import distributor_rows
from app.services.participants.distributor_rows import DistributorRow
from app.services.participants.distributors import FIELDS, groups_of
from app.services.participants.head_offices import CannotStandBelow, head_offices


class CodeTaken(ValueError):
    """A distributor has this code."""


def put(session: Session, program: Program, row: DistributorRow, *, enrolled_on: dt.date) -> int:
    """Take one distributor in that nobody knew, with its wallets, and give its id. The caller commits.

    It is in its group from the beginning, and takes part since the day of its row, else since ``enrolled_on``.

    Raises:
        CodeTaken: A distributor has this code, or there is none.
        CannotStandBelow: It cannot be a branch of that head office.
    """
    begin_change(session, program.id)
    key = code_key(row.code)
    here = select(Distributor.id).where(Distributor.program_id == program.id, Distributor.code_key == key)
    if not key or session.scalars(here).one_or_none() is not None:
        raise CodeTaken(row.code)
    if row.head_office is not None:
        known = {key: None, **head_offices(session, program.id)}
        wrong = misplaced(known, {key: code_key(row.head_office)})
        if wrong:
            raise CannotStandBelow(wrong[key])
    distributor_rows.put_distributors(
        session,
        program.id,
        program.locale,
        [replace(row, country=country_kept(row.country))],
        enrolled_on=enrolled_on,
        may_owe=program.settings.get("returns", "negative") == "negative",
    )
    return session.scalars(here).one()


def create(session: Session, program: Program, row: DistributorRow, *, actor: str, now: dt.datetime) -> int:
    """Take a distributor in by hand, as a file of one row would, and give its id. The caller commits.

    Raises:
        CodeTaken: A distributor has this code.
        CannotStandBelow: It cannot be a branch of that head office.
    """
    since = distributor_rows.new_since(session, program, now)
    made = put(session, program, row, enrolled_on=since)
    said = {name: getattr(row, name) for name in FIELDS if name != "group_id" and getattr(row, name) is not None}
    after = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in said.items()}
    if row.group_id is not None:
        after["group"] = dict(groups_of(session, program.id))[row.group_id]
    if row.head_office is not None:
        after["head_office"] = row.head_office
    audit.note(session, actor, "distributor.create", row.code, now=now, program_id=program.id, after=after)
    return made

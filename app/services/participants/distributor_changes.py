"""Distributors changed, blocked and let in again by people: one at a time, what was and is being in the audit log."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.saying.sorting import sort_key
from app.domain.typed.countries import country_kept
from app.models.distributors import Distributor
from app.models.programs import Program
from app.services import audit
from app.services.goods.catalogue import begin_change, mark_changed
from app.services.participants import tax_statuses
from app.services.participants.distributors import FIELDS, groups_of
from app.services.participants.head_offices import id_below
from app.services.placing import placements, tier_changes
from app.services.placing.placements import Moving


def change(
    session: Session,
    program: Program,
    distributor_id: int,
    values: Mapping[str, object],
    *,
    from_on: dt.date | None = None,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> bool:
    """Change a distributor's data; what is not among ``values`` stays. False where nothing is other.

    The caller commits. Its code never changes: files know it by that. The audit log keeps what was and what is, of what
    changed alone. ``head_office`` is a code. It is in another group from ``from_on`` on (see `placements.move`), in
    another tier from today on. A country that is known is kept by its two letters.

    Raises:
        LookupError: The programme has no such distributor, or no such group.
        CannotStandBelow: It cannot be a branch of that head office.
    """
    assert set(values) <= {"head_office", *FIELDS}, values
    begin_change(session, program.id)
    found = _held(session, program.id, distributor_id)
    values = dict(values)
    if country := values.get("country"):
        values["country"] = country_kept(str(country))
    if "head_office" in values:
        code: Any = values.pop("head_office")
        values["head_office_id"] = id_below(session, program.id, distributor_id, code)
    was = {name: getattr(found, name) for name in values}
    changed = {name: value for name, value in values.items() if value != was[name]}
    changed.pop("group_id", None)
    before, after = ({name: _noted(of[name]) for name in changed} for of in (was, values))
    if "group_id" in values:
        moved = _move(session, program, found, values["group_id"], from_on, actor=actor, now=now, reason=reason)
        before, after = before | moved[0], after | moved[1]
    if not after:
        return False
    for of in (before, after):
        if "head_office_id" in of:
            office_id = of.pop("head_office_id")
            of["head_office"] = None if office_id is None else session.get_one(Distributor, office_id).code
    for name, value in changed.items():
        setattr(found, name, value)
    _keep_history(session, program, found, was, actor=actor, now=now, reason=reason)
    found.sort_key = sort_key(found.name, program.locale)
    session.flush()
    mark_changed(session, program.id)
    audit.note(
        session,
        actor,
        "distributor.change",
        found.code,
        now=now,
        program_id=program.id,
        before=before,
        after=after,
        reason=reason,
    )
    return True


def _keep_history(
    session: Session,
    program: Program,
    found: Distributor,
    was: Mapping[str, Any],
    *,
    actor: str,
    now: dt.datetime,
    reason: str | None,
) -> None:
    """Write the tier and the tax status, where they were among what changed, into their histories: from today on."""
    moving = Moving(local_date(now, program.time_zone), now, actor)
    if found.tier != was.get("tier", found.tier):
        tier_changes.by_person(session, program.id, {found.id: (was["tier"], found.tier)}, moving, reason)
    if found.tax_status != was.get("tax_status", found.tax_status):
        statuses = {found.id: (was["tax_status"], found.tax_status)}
        tax_statuses.note(session, program.id, statuses, moving, reason=reason)


def _noted(value: object) -> object:
    """Write a value as the audit log keeps it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def _move(
    session: Session,
    program: Program,
    found: Distributor,
    group_id: Any,
    from_on: dt.date | None,
    *,
    actor: str,
    now: dt.datetime,
    reason: str | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Move a distributor to another group. Gives what was and what is, for the audit log; nothing where it is there."""
    names: dict[int | None, str | None] = {None: None, **dict(groups_of(session, program.id))}
    was = names[found.group_id]
    if group_id not in names:
        raise LookupError(group_id)
    wanted = {found.id: group_id}
    if not placements.move(
        session, placements.DISTRIBUTORS, program, wanted, from_on, now=now, by=actor, reason=reason
    ):
        return {}, {}
    session.refresh(found)
    return {"group": was}, {"group": names[group_id], **placements.day_noted(from_on)}


def set_blocked(
    session: Session,
    program: Program,
    distributor_id: int,
    *,
    blocked: bool,
    reason: str,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Block a distributor, so that it neither earns nor redeems, or let it take part again. The caller commits.

    False where it is so already, and of one that was merged into another: its record stays closed.

    Raises:
        LookupError: The programme has no such distributor.
    """
    begin_change(session, program.id)
    found = _held(session, program.id, distributor_id)
    if found.blocked == blocked or found.merged_into_id is not None:
        return False
    found.blocked = blocked
    session.flush()
    mark_changed(session, program.id)
    audit.note(
        session,
        actor,
        "distributor.block" if blocked else "distributor.unblock",
        found.code,
        now=now,
        program_id=program.id,
        before={"blocked": not blocked},
        after={"blocked": blocked},
        reason=reason,
    )
    return True


def _held(session: Session, program_id: int, distributor_id: int) -> Distributor:
    found = session.scalars(
        select(Distributor)
        .where(Distributor.id == distributor_id, Distributor.program_id == program_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise LookupError(distributor_id)
    return found

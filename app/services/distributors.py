"""Distributors: created by imports with their wallets, found by code, changed and blocked by people."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, any_, bindparam, case, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.domain.codes import by_every_name, code_key
from app.domain.sorting import sort_key
from app.domain.states import TaxStatus
from app.models.distributors import Distributor, DistributorGroup
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services import audit
from app.services.accounts import open_accounts
from app.services.catalogue import begin_change, mark_changed
from app.services.head_offices import Office, id_below

_FIELDS = ("name", "group_id", "tier", "tax_id", "tax_status", "country", "region", "city")
"""What files and people say of a distributor, besides its code and its head office."""


@dataclass(frozen=True)
class DistributorRow:
    """A distributor as a file gives it. What is None is not said, and stays as it is."""

    code: str
    name: str
    head_office: str | None = None
    group_id: int | None = None
    tier: str | None = None
    tax_id: str | None = None
    tax_status: TaxStatus | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None


def distributor_ids(session: Session, program_id: int) -> dict[str, int]:
    """Give the id of every distributor by code key."""
    rows = session.execute(select(Distributor.code_key, Distributor.id).where(Distributor.program_id == program_id))
    return dict(rows.all())


def codes(session: Session, program_id: int) -> dict[str, str]:
    """Give the code of every distributor, as it is written, by code key."""
    rows = session.execute(select(Distributor.code_key, Distributor.code).where(Distributor.program_id == program_id))
    return dict(rows.all())


def id_of_code(session: Session, program_id: int, code: str) -> int | None:
    """Find a distributor by its code, as codes compare."""
    return session.scalars(
        select(Distributor.id).where(Distributor.program_id == program_id, Distributor.code_key == code_key(code))
    ).one_or_none()


def group_ids(session: Session, program_id: int) -> Mapping[str, int]:
    """Give distributor groups by everything they are called, as it compares."""
    rows = session.execute(
        select(DistributorGroup.id, DistributorGroup.code, DistributorGroup.name, DistributorGroup.aliases).where(
            DistributorGroup.program_id == program_id
        )
    )
    return by_every_name(row for row in rows)


def put_distributors(
    session: Session,
    program_id: int,
    locale: str,
    rows: Sequence[DistributorRow],
    *,
    enrolled_on: dt.date,
    may_owe: bool,
) -> tuple[int, int]:
    """Create distributors with their wallets, and change those that are here. Returns (created, changed).

    A head office may be among the rows, wherever it stands; that it can be one is for the caller to know
    (`app.domain.hierarchy`). The caller commits.
    """
    begin_change(session, program_id)
    here = {
        row.code_key: row
        for row in session.execute(
            select(
                Distributor.id,
                Distributor.code_key,
                Distributor.head_office_id,
                *(getattr(Distributor, name) for name in _FIELDS),
            ).where(Distributor.program_id == program_id)
        )
    }
    fresh: list[dict[str, object]] = []
    changed: dict[int, dict[str, object]] = {}
    for row in rows:
        known = here.get(code_key(row.code))
        said = {name: getattr(row, name) for name in _FIELDS if getattr(row, name) is not None}
        if known is None:
            blank: dict[str, object] = dict.fromkeys(_FIELDS)
            fresh.append(
                blank
                | {"tax_status": TaxStatus.COMPANY}
                | said
                | {
                    "program_id": program_id,
                    "code": row.code,
                    "code_key": code_key(row.code),
                    "sort_key": sort_key(row.name, locale),
                    "enrolled_on": enrolled_on,
                    "blocked": False,
                }
            )
            continue
        was = {name: getattr(known, name) for name in _FIELDS}
        if was | said != was:
            changed[known.id] = {"id": known.id, "sort_key": sort_key(row.name, locale), **was, **said}
    if fresh:
        session.execute(insert(Distributor).on_conflict_do_nothing(), fresh)
        made = [str(row["code_key"]) for row in fresh]
        ids = session.scalars(
            select(Distributor.id).where(
                Distributor.program_id == program_id, Distributor.code_key == any_(literal(made, ARRAY(Text)))
            )
        ).all()
        open_accounts(session, program_id, ids, may_owe=may_owe)
    if changed:
        session.execute(update(Distributor), list(changed.values()))
    moved = _put_below(session, program_id, rows, {known.id: known.head_office_id for known in here.values()})
    if fresh or changed or moved:
        mark_changed(session, program_id)
    return len(fresh), len(changed.keys() | moved)


def _put_below(
    session: Session, program_id: int, rows: Sequence[DistributorRow], was: Mapping[int, int | None]
) -> set[int]:
    """Write the head offices that rows name, all being here by now. Gives those of ``was`` that have another one."""
    named = {code_key(row.code): code_key(row.head_office) for row in rows if row.head_office is not None}
    if not named:
        return set()
    ids = distributor_ids(session, program_id)
    moved = {ids[one]: ids[office] for one, office in named.items() if was.get(ids[one]) != ids[office]}
    if moved:
        session.execute(update(Distributor), [{"id": one, "head_office_id": office} for one, office in moved.items()])
    return moved.keys() & was.keys()


def create_distributors(
    session: Session,
    program_id: int,
    locale: str,
    codes: Iterable[str],
    names: Mapping[str, str],
    countries: Mapping[str, str],
    *,
    enrolled_on: dt.date,
    may_owe: bool,
) -> dict[str, int]:
    """Create the distributors that a sales report names and nobody knew. Gives ids by code key. The caller commits.

    One that somebody else created meanwhile stays as they did.
    """
    begin_change(session, program_id)
    known = distributor_ids(session, program_id)
    rows = [
        DistributorRow(code=code, name=names.get(code, code), country=countries.get(code))
        for code in codes
        if code_key(code) not in known
    ]
    put_distributors(session, program_id, locale, rows, enrolled_on=enrolled_on, may_owe=may_owe)
    return distributor_ids(session, program_id)


@dataclass(frozen=True)
class Data:
    """What a programme knows of a distributor besides its points; ``blocked_reason`` is why it is blocked now."""

    id: int
    code: str
    name: str
    head_office_id: int | None
    head_office_code: str | None
    head_office_name: str | None
    group_id: int | None
    group_name: str | None
    tier: str | None
    tax_id: str | None
    tax_status: TaxStatus
    country: str | None
    region: str | None
    city: str | None
    blocked: bool
    enrolled_on: dt.date
    blocked_reason: str | None


def data_of(session: Session, distributor_id: int) -> Data:
    """Give a distributor's data. One query."""
    row: Any = session.execute(_DATA_OF, {"distributor_id": distributor_id}).one()
    return Data(*row)


_WHY_BLOCKED = (
    select(AuditEvent.reason)
    .where(
        AuditEvent.program_id == Distributor.program_id,
        AuditEvent.action == "distributor.block",
        AuditEvent.subject == Distributor.code,
    )
    .order_by(AuditEvent.id.desc())
    .limit(1)
    .correlate(Distributor)
    .scalar_subquery()
)
_DATA_OF: Select[*tuple[Any, ...]] = (
    select(
        Distributor.id,
        Distributor.code,
        Distributor.name,
        Office.id,
        Office.code,
        Office.name,
        Distributor.group_id,
        DistributorGroup.name,
        Distributor.tier,
        Distributor.tax_id,
        Distributor.tax_status,
        Distributor.country,
        Distributor.region,
        Distributor.city,
        Distributor.blocked,
        Distributor.enrolled_on,
        case((Distributor.blocked, _WHY_BLOCKED)),
    )
    .outerjoin(DistributorGroup, DistributorGroup.id == Distributor.group_id)
    .outerjoin(Office, Office.id == Distributor.head_office_id)
    .where(Distributor.id == bindparam("distributor_id"))
)


def named(session: Session, program_id: int, distributor_id: int) -> tuple[str, str | None] | None:
    """Give a distributor's name and tax id; None where the programme has none of this id."""
    row = session.execute(
        select(Distributor.name, Distributor.tax_id).where(
            Distributor.id == distributor_id, Distributor.program_id == program_id
        )
    ).one_or_none()
    return None if row is None else (row.name, row.tax_id)


def groups_of(session: Session, program_id: int) -> list[tuple[int, str]]:
    """Give the groups of a programme by name: (id, name)."""
    rows = session.execute(
        select(DistributorGroup.id, DistributorGroup.name)
        .where(DistributorGroup.program_id == program_id)
        .order_by(DistributorGroup.name, DistributorGroup.id)
    )
    return [(id_, name) for id_, name in rows]


def change(
    session: Session,
    program: Program,
    distributor_id: int,
    values: Mapping[str, object],
    *,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> bool:
    """Change a distributor's data; what is not among ``values`` stays. False where nothing is other.

    The caller commits. Its code never changes: files know it by that. The audit log keeps what was and what is, of what
    changed alone. ``head_office`` is a code.

    Raises:
        LookupError: The programme has no such distributor, or no such group.
        CannotStandBelow: It cannot be a branch of that head office.
    """
    assert set(values) <= {"head_office", *_FIELDS}, values
    begin_change(session, program.id)
    found = _held(session, program.id, distributor_id)
    values = dict(values)
    if "head_office" in values:
        code: Any = values.pop("head_office")
        values["head_office_id"] = id_below(session, program.id, distributor_id, code)
    was = {name: getattr(found, name) for name in values}
    changed = {name: value for name, value in values.items() if value != was[name]}
    if not changed:
        return False
    before, after = ({name: of[name] for name in changed} for of in (was, values))
    if "group_id" in changed:
        names: dict[object, str] = dict(groups_of(session, program.id))
        for of in (before, after):
            group_id = of.pop("group_id")
            of["group"] = None if group_id is None else names[group_id]
    if "head_office_id" in changed:
        for of in (before, after):
            office_id = of.pop("head_office_id")
            of["head_office"] = None if office_id is None else session.get_one(Distributor, office_id).code
    for name, value in changed.items():
        setattr(found, name, value)
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

    False where it is so already.

    Raises:
        LookupError: The programme has no such distributor.
    """
    begin_change(session, program.id)
    found = _held(session, program.id, distributor_id)
    if found.blocked == blocked:
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

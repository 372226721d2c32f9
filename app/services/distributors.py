"""Distributors: created by imports with their wallets, found by code, changed and blocked by people."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, any_, bindparam, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session, aliased

from app.db.questions import Question
from app.domain.calendar import local_date
from app.domain.codes import by_every_name, code_key
from app.domain.sorting import sort_key
from app.domain.states import TaxStatus
from app.models.distributors import Distributor, DistributorGroup
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services import audit, placements, tax_statuses, tier_changes
from app.services.accounts import open_accounts
from app.services.catalogue import begin_change, mark_changed
from app.services.head_offices import Office, id_below
from app.services.placements import Moving

_FIELDS = (
    *("name", "group_id", "tier", "tax_id", "tax_status"),
    *("country", "region", "city", "birthday_on", "enrolled_on"),
)
"""What files and people say of a distributor, besides its code and its head office."""


@dataclass(frozen=True)
class DistributorRow:
    """A distributor as a file gives it. What is None is not said, and stays as it is.

    ``group_from`` is the day from which on it is in its group; none said: see `put_distributors`.
    """

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
    group_from: dt.date | None = None
    birthday_on: dt.date | None = None
    enrolled_on: dt.date | None = None


def distributor_ids(session: Session, program_id: int) -> dict[str, int]:
    """Give the id of every distributor by code key; the code of one that was merged means the one it leads to."""
    rows = session.execute(select(Distributor.code_key, _MEANT).where(Distributor.program_id == program_id))
    return dict(rows.all())


def company_ids(session: Session, program_id: int) -> dict[str, int]:
    """Give the ids of those who sell, likewise: people have accounts beside their company's, and no sales."""
    rows = session.execute(
        select(Distributor.code_key, _MEANT).where(
            Distributor.program_id == program_id, Distributor.person_of_id.is_(None)
        )
    )
    return dict(rows.all())


def codes(session: Session, program_id: int) -> dict[str, str]:
    """Give the code of every distributor, as it is written, by code key."""
    rows = session.execute(select(Distributor.code_key, Distributor.code).where(Distributor.program_id == program_id))
    return dict(rows.all())


_MEANT = func.coalesce(Distributor.merged_into_id, Distributor.id)


def id_of_code(session: Session, program_id: int, code: str) -> int | None:
    """Find a distributor by its code, as codes compare; the code of one that was merged means the one it leads to."""
    return session.scalars(
        select(_MEANT).where(Distributor.program_id == program_id, Distributor.code_key == code_key(code))
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
    moving: Moving | None = None,
) -> tuple[int, int]:
    """Create distributors with their wallets, and change those that are here. Returns (created, changed).

    A head office may be among the rows, wherever it stands; that it can be one is for the caller to know
    (`app.domain.hierarchy`). Groups are moved to as `catalogue.put_products` moves products; a tier and a tax status
    that are said begin on the day of ``moving``. Who is new takes part since the day of its row, else since
    ``enrolled_on``. The caller commits.
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
    moves, tiers = placements.FileMoves(moving), dict[int, tuple[str | None, str]]()
    statuses: dict[int, tuple[TaxStatus, TaxStatus]] = {}
    for row in rows:
        known = here.get(code_key(row.code))
        said = {name: getattr(row, name) for name in _FIELDS if getattr(row, name) is not None}
        if known is None:
            blank: dict[str, object] = dict.fromkeys(_FIELDS)
            fresh.append(
                blank
                | {"tax_status": TaxStatus.COMPANY, "enrolled_on": enrolled_on}
                | said
                | {
                    "program_id": program_id,
                    "code": row.code,
                    "code_key": code_key(row.code),
                    "sort_key": sort_key(row.name, locale),
                    "blocked": False,
                }
            )
            continue
        was = {name: getattr(known, name) for name in _FIELDS}
        said["group_id"] = moves.note(known.id, known.group_id, row.group_id or known.group_id, row.group_from)
        if row.tier is not None and row.tier != known.tier:
            tiers[known.id] = known.tier, row.tier
        if row.tax_status is not None and row.tax_status != known.tax_status:
            statuses[known.id] = known.tax_status, row.tax_status
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
    moves.write(session, placements.DISTRIBUTORS, program_id)
    if moving is not None:
        tier_changes.from_file(session, program_id, tiers, moving)
        tax_statuses.note(session, program_id, statuses, moving)
    moved = _put_below(session, program_id, rows, {known.id: known.head_office_id for known in here.values()})
    moved |= moves.moved
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
    """What a programme knows of a distributor besides its points; ``blocked_reason`` is why it is blocked now.

    Of an account of a person, ``company_id`` and ``company_name`` say beside whose it stands.
    """

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
    birthday_on: dt.date | None
    company_id: int | None
    company_name: str | None


def data_of(session: Session, distributor_id: int) -> Data:
    """Give a distributor's data. One query."""
    return Data(*_DATA_OF.first(session, distributor_id=distributor_id))


_COMPANY = aliased(Distributor, name="company")
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
_DATA_OF = Question(
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
        Distributor.birthday_on,
        _COMPANY.id,
        _COMPANY.name,
    )
    .outerjoin(_COMPANY, _COMPANY.id == Distributor.person_of_id)
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
    from_on: dt.date | None = None,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> bool:
    """Change a distributor's data; what is not among ``values`` stays. False where nothing is other.

    The caller commits. Its code never changes: files know it by that. The audit log keeps what was and what is, of what
    changed alone. ``head_office`` is a code. It is in another group from ``from_on`` on (see `placements.move`), in
    another tier from today on.

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
    changed.pop("group_id", None)
    before, after = ({name: _noted(of[name]) for name in changed} for of in (was, values))
    if "group_id" in values:
        moved = _move(session, program, found, values["group_id"], from_on, actor=actor, now=now, reason=reason)
        before, after = before | moved[0], after | moved[1]
    if not after:
        return False
    if "head_office_id" in changed:
        for of in (before, after):
            office_id = of.pop("head_office_id")
            of["head_office"] = None if office_id is None else session.get_one(Distributor, office_id).code
    for name, value in changed.items():
        setattr(found, name, value)
    moving = Moving(local_date(now, program.time_zone), now, actor)
    if "tier" in changed:
        tier_changes.by_person(session, program.id, {found.id: (was["tier"], found.tier)}, moving, reason)
    if "tax_status" in changed:
        statuses = {found.id: (was["tax_status"], found.tax_status)}
        tax_statuses.note(session, program.id, statuses, moving, reason=reason)
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

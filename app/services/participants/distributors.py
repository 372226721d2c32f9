"""Distributors: found by code, by id and by group, and what a programme knows of each."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session, aliased

from app.db.questions import Question
from app.domain.states import TaxStatus
from app.domain.typed.codes import by_every_name, code_key
from app.models.distributors import Distributor, DistributorGroup
from app.models.people import AuditEvent
from app.services.participants.head_offices import Office

FIELDS = (
    *("name", "group_id", "tier", "tax_id", "tax_status"),
    *("country", "region", "city", "birthday_on", "enrolled_on"),
)
"""What files and people say of a distributor, besides its code and its head office."""


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


def tax_ids(session: Session, program_id: int) -> dict[str, tuple[str, str]]:
    """Give code and tax id of all distributors that have one, by code key, but merged ones and people's accounts."""
    rows = session.execute(
        select(Distributor.code_key, Distributor.code, Distributor.tax_id).where(
            Distributor.program_id == program_id,
            Distributor.tax_id.is_not(None),
            Distributor.merged_into_id.is_(None),
            Distributor.person_of_id.is_(None),
        )
    )
    return {key: (code, tax_id) for key, code, tax_id in rows if tax_id is not None}


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

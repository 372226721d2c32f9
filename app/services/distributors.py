"""Distributors: created by imports with their wallets, found by code."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Text, any_, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.domain.codes import by_every_name, code_key
from app.domain.sorting import sort_key
from app.domain.states import TaxStatus
from app.models.distributors import Distributor, DistributorGroup
from app.services.accounts import open_accounts
from app.services.catalogue import begin_change, mark_changed

_FIELDS = ("name", "group_id", "tier", "tax_id", "tax_status", "country", "region", "city")


@dataclass(frozen=True)
class DistributorRow:
    """A distributor as a file gives it. What is None is not said, and stays as it is."""

    code: str
    name: str
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

    The caller commits.
    """
    begin_change(session, program_id)
    here = {
        row.code_key: row
        for row in session.execute(
            select(Distributor.id, Distributor.code_key, *(getattr(Distributor, name) for name in _FIELDS)).where(
                Distributor.program_id == program_id
            )
        )
    }
    fresh: list[dict[str, object]] = []
    changed: list[dict[str, object]] = []
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
            changed.append({"id": known.id, "sort_key": sort_key(row.name, locale), **was, **said})
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
        session.execute(update(Distributor), changed)
    if fresh or changed:
        mark_changed(session, program_id)
    return len(fresh), len(changed)


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

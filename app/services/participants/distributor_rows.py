"""Distributors as files give them: created with their wallets, and changed where a file says something else."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.many import among_texts
from app.domain.measures.calendar import local_date
from app.domain.saying.sorting import sort_key
from app.domain.states import TaxStatus
from app.domain.typed.codes import code_key
from app.domain.typed.countries import country_kept
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.goods.catalogue import begin_change, mark_changed
from app.services.ledger.accounts import open_accounts
from app.services.participants import tax_statuses
from app.services.participants.distributors import FIELDS, distributor_ids
from app.services.placing import placements, tier_changes
from app.services.placing.placements import Moving


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


def new_since(session: Session, program: Program, now: dt.datetime) -> dt.date:
    """Give the day since which somebody new takes part where nothing says it.

    That is today, or the programme's first day while nothing was sold in it: what was sold before is still to come.
    """
    today = local_date(now, program.time_zone)
    sold = select(SalesDocument.id).where(SalesDocument.program_id == program.id)
    return today if session.scalar(select(sold.exists())) else min(program.starts_on, today)


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
    (`app.domain.documents.hierarchy`). Groups are moved to as `catalogue.put_products` moves products; a tier and a tax
    status that are said begin on the day of ``moving``. Who is new takes part since the day of its row, else since
    ``enrolled_on``. The caller commits.
    """
    begin_change(session, program_id)
    here = _here(session, program_id)
    fresh: list[dict[str, object]] = []
    changes = _Changes(locale, placements.FileMoves(moving))
    for row in rows:
        known = here.get(code_key(row.code))
        if known is None:
            fresh.append(_fresh(program_id, locale, row, enrolled_on))
        else:
            changes.note(known, row)
    if fresh:
        _create(session, program_id, fresh, may_owe=may_owe)
    changes.write(session, program_id, moving)
    moved = _put_below(session, program_id, rows, {known.id: known.head_office_id for known in here.values()})
    moved |= changes.moves.moved
    if fresh or changes.data or moved:
        mark_changed(session, program_id)
    return len(fresh), len(changes.data.keys() | moved)


def _here(session: Session, program_id: int) -> dict[str, Row[Any]]:
    """Give what the programme knows of its distributors, by code key."""
    said = (getattr(Distributor, name) for name in FIELDS)
    rows = session.execute(
        select(Distributor.id, Distributor.code_key, Distributor.head_office_id, *said).where(
            Distributor.program_id == program_id
        )
    )
    return {row.code_key: row for row in rows}


def _said(row: DistributorRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS if getattr(row, name) is not None}


def _fresh(program_id: int, locale: str, row: DistributorRow, enrolled_on: dt.date) -> dict[str, object]:
    """Make the row of a distributor that nobody knew; what is not said of it is blank, or as companies are."""
    blank: dict[str, object] = dict.fromkeys(FIELDS)
    usual = {"tax_status": TaxStatus.COMPANY, "enrolled_on": enrolled_on}
    known_by = {"code": row.code, "code_key": code_key(row.code), "sort_key": sort_key(row.name, locale)}
    return blank | usual | _said(row) | known_by | {"program_id": program_id, "blocked": False}


def _create(session: Session, program_id: int, fresh: Sequence[dict[str, object]], *, may_owe: bool) -> None:
    session.execute(insert(Distributor).on_conflict_do_nothing(), fresh)
    made = [str(row["code_key"]) for row in fresh]
    ids = session.scalars(
        select(Distributor.id).where(Distributor.program_id == program_id, among_texts(Distributor.code_key, made))
    ).all()
    open_accounts(session, program_id, ids, may_owe=may_owe)


@dataclass
class _Changes:
    """What a file says of distributors that are here: their data, and what keeps a history of its own beside these."""

    locale: str
    moves: placements.FileMoves
    data: dict[int, dict[str, object]] = field(default_factory=dict)
    tiers: dict[int, tuple[str | None, str]] = field(default_factory=dict)
    statuses: dict[int, tuple[TaxStatus, TaxStatus]] = field(default_factory=dict)

    def note(self, known: Row[Any], row: DistributorRow) -> None:
        was, said = {name: getattr(known, name) for name in FIELDS}, _said(row)
        said["group_id"] = self.moves.note(known.id, known.group_id, row.group_id or known.group_id, row.group_from)
        if row.tier is not None and row.tier != known.tier:
            self.tiers[known.id] = known.tier, row.tier
        if row.tax_status is not None and row.tax_status != known.tax_status:
            self.statuses[known.id] = known.tax_status, row.tax_status
        if was | said != was:
            self.data[known.id] = {"id": known.id, "sort_key": sort_key(row.name, self.locale), **was, **said}

    def write(self, session: Session, program_id: int, moving: Moving | None) -> None:
        if self.data:
            session.execute(update(Distributor), list(self.data.values()))
        self.moves.write(session, placements.DISTRIBUTORS, program_id)
        if moving is not None:
            tier_changes.from_file(session, program_id, self.tiers, moving)
            tax_statuses.note(session, program_id, self.statuses, moving)


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
        DistributorRow(code=code, name=names.get(code, code), country=country_kept(countries.get(code)))
        for code in codes
        if code_key(code) not in known
    ]
    put_distributors(session, program_id, locale, rows, enrolled_on=enrolled_on, may_owe=may_owe)
    return distributor_ids(session, program_id)

"""How things stand that an import may create or change: read before and after, the difference is what it did."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.states import ImportedThing
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor
from app.models.imports import ImportBatch, ImportChange
from app.services.goods import catalogue
from app.services.placing import placements

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of thing: its table, what of it is looked at, and where its days in groups stand."""

    thing: ImportedThing
    model: type[Product] | type[ProductGroup] | type[Distributor]
    fields: Sequence[str]
    moves: placements.Kind | None = None


PRODUCTS = Kind(ImportedThing.PRODUCT, Product, ("name", "ean", "group_id", "has_serials"), placements.PRODUCTS)
PRODUCT_GROUPS = Kind(ImportedThing.PRODUCT_GROUP, ProductGroup, ("name", "parent_id"))
DISTRIBUTORS = Kind(
    ImportedThing.DISTRIBUTOR,
    Distributor,
    (
        *("name", "head_office_id", "group_id", "tier", "tax_id", "tax_status", "country", "region", "city"),
        *("birthday_on", "enrolled_on", "blocked"),
    ),
    placements.DISTRIBUTORS,
)
KINDS: Mapping[ImportedThing, Kind] = {one.thing: one for one in (PRODUCTS, PRODUCT_GROUPS, DISTRIBUTORS)}

BROUGHT: Mapping[str, Sequence[Kind]] = {"products": (PRODUCTS, PRODUCT_GROUPS), "distributors": (DISTRIBUTORS,)}
"""What a file of a kind creates and changes."""

COURSE = "course"
"""Under this name stand the days of a thing in its groups, among its values."""


@dataclass(frozen=True)
class Standing:
    """A thing as it is: ``values`` are its fields, and its days in groups where it ever moved."""

    code: str
    values: Values

    def is_as(self, kept: Values) -> bool:
        """Say whether it is as an import left it, of which it kept fewer fields where it ran before there were more."""
        return {name: value for name, value in self.values.items() if name in kept or name == COURSE} == kept


def standings(session: Session, kind: Kind, program_id: int, ids: Sequence[int] | None = None) -> dict[int, Standing]:
    """Tell how all things of a kind stand, or some of them, as it can be kept."""
    model = kind.model
    mine: list[ColumnElement[bool]] = [model.program_id == program_id]
    if ids is not None:
        mine.append(model.id == any_of(ids))
    columns = [getattr(model, name) for name in kind.fields]
    courses = _courses(session, kind, program_id, ids)
    return {
        id_: Standing(
            code,
            {name: _kept(value) for name, value in zip(kind.fields, values, strict=True)}
            | ({COURSE: courses[id_]} if id_ in courses else {}),
        )
        for id_, code, *values in session.execute(select(model.id, model.code, *columns).where(*mine))
    }


def _courses(
    session: Session, kind: Kind, program_id: int, ids: Sequence[int] | None
) -> Mapping[int, list[dict[str, Any]]]:
    if kind.moves is None:
        return {}
    placed, key = kind.moves.placed, kind.moves.key
    query = select(key, placed.from_on, placed.group_id, placed.noted_at, placed.noted_by, placed.reason).where(
        placed.program_id == program_id
    )
    if ids is not None:
        query = query.where(key == any_of(ids))
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for id_, *stay in session.execute(query.order_by(key, placed.from_on.nulls_first())):
        named = zip(("from_on", "group_id", "noted_at", "noted_by", "reason"), stay, strict=True)
        found[id_].append({name: _kept(value) for name, value in named})
    return found


def _kept(value: Any) -> Any:
    """Write a value as it is kept."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int) else str(value)


@contextmanager
def noting(session: Session, batch: ImportBatch, now: dt.datetime) -> Iterator[None]:
    """Keep what an import creates and changes meanwhile: it holds the programme, so that nobody comes in between.

    Whose changes are not kept holds nothing here: files of other kinds, and dry runs. The caller commits.
    """
    if batch.kind not in BROUGHT or batch.dry_run:
        yield
        return
    catalogue.begin_change(session, batch.program_id)
    was = {kind: standings(session, kind, batch.program_id) for kind in BROUGHT[batch.kind]}
    yield
    rows = [
        {
            "batch_id": batch.id,
            "thing": kind.thing,
            "thing_id": id_,
            "code": stands.code,
            "was": None if id_ not in known else known[id_].values,
            "became": stands.values,
            "noted_at": now,
        }
        for kind, known in was.items()
        for id_, stands in standings(session, kind, batch.program_id).items()
        if id_ not in known or known[id_].values != stands.values
    ]
    if rows:
        session.execute(insert(ImportChange), rows)

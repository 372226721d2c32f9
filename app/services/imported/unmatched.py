"""The queue of names that nobody knows: what waits for them, and what they may mean."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Select, Subquery, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.states import BatchStatus, NamedThing, UnknownState
from app.domain.typed.likeness import Catalogue, Known, Likeness, Wanted
from app.models.aliases import UnknownInBatch, UnknownName
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.services.imported import aliases

_PIECE = 1_000
_WAITING = (BatchStatus.LOADING, BatchStatus.FINISHING, BatchStatus.DONE)
"""Imports whose held rows can still go through."""


@dataclass(frozen=True)
class Seen:
    """A name in an import: what waits for it. The amount is net, of the lines that bear it."""

    what: NamedThing
    written: str
    key: str
    called: str | None
    lines: int
    documents: int
    amount_minor: int
    first_row: int


def keep(
    session: Session,
    program_id: int,
    profile_name: str,
    batch_id: int,
    seen: Sequence[Seen],
    *,
    now: dt.datetime,
) -> None:
    """Put what an import waits for into the queue. Safe to call twice. The caller commits."""
    for start in range(0, len(seen), _PIECE):
        piece = seen[start : start + _PIECE]
        fresh = insert(UnknownName).values(
            [
                {
                    "program_id": program_id,
                    "what": one.what,
                    "profile_name": profile_name,
                    "written": one.written,
                    "name_key": one.key,
                    "called": one.called,
                    "state": UnknownState.OPEN,
                    "score": 0,
                    "first_seen_at": now,
                }
                for one in piece
            ]
        )
        rows = session.execute(
            fresh.on_conflict_do_update(
                constraint="uq_unknown_name_source",
                set_={
                    "state": UnknownState.OPEN,
                    "called": func.coalesce(fresh.excluded.called, UnknownName.called),
                },
            ).returning(UnknownName.what, UnknownName.name_key, UnknownName.id)
        )
        ids = {(what, key): id_ for what, key, id_ in rows}
        session.execute(
            insert(UnknownInBatch)
            .values(
                [
                    {
                        "unknown_name_id": ids[one.what, one.key],
                        "batch_id": batch_id,
                        "lines": one.lines,
                        "documents": one.documents,
                        "amount_minor": one.amount_minor,
                        "first_row": one.first_row,
                    }
                    for one in piece
                ]
            )
            .on_conflict_do_nothing()
        )


def waiting() -> Subquery:
    """Give what waits for each name, over the imports whose rows can still go through."""
    return (
        select(
            UnknownInBatch.unknown_name_id,
            cast(func.sum(UnknownInBatch.lines), BigInteger).label("lines"),
            cast(func.sum(UnknownInBatch.documents), BigInteger).label("documents"),
            cast(func.sum(UnknownInBatch.amount_minor), BigInteger).label("amount_minor"),
            func.count().label("batches"),
            func.array_agg(UnknownInBatch.batch_id.distinct()).label("batch_ids"),
        )
        .join(ImportBatch, ImportBatch.id == UnknownInBatch.batch_id)
        .where(ImportBatch.status.in_(_WAITING))
        .group_by(UnknownInBatch.unknown_name_id)
        .subquery("waiting")
    )


def in_queue(program_id: int | BindParameter[int]) -> ColumnElement[bool]:
    """Say which names are in a programme's queue; those that nothing waits for any more are left out by the join."""
    return (UnknownName.program_id == program_id) & (UnknownName.state == UnknownState.OPEN)


def how_many(program_id: int | BindParameter[int]) -> Select[int]:
    """Say, as a part of another query, how many names are in a programme's queue."""
    waited_for = (
        select(UnknownInBatch.unknown_name_id)
        .join(ImportBatch, ImportBatch.id == UnknownInBatch.batch_id)
        .where(ImportBatch.status.in_(_WAITING))
    )
    return select(func.count()).select_from(UnknownName).where(in_queue(program_id), UnknownName.id.in_(waited_for))


@dataclass(frozen=True)
class Queued:
    """A name in the queue, what waits for it, and what it most likely means: ``score`` 0 is nothing."""

    id: int
    what: NamedThing
    profile_name: str
    written: str
    called: str | None
    first_seen_at: dt.datetime
    lines: int
    documents: int
    amount_minor: int
    batches: Sequence[int]
    target_id: int | None
    target_code: str | None
    target_name: str | None
    score: int
    why: str | None


def queue(session: Session, program_id: int, *, least_score: int = 0, only: int | None = None) -> list[Queued]:
    """Give a programme's queue, what most waits for first; of it, where one is named, that alone."""
    sums = waiting()
    rows: Select[Any] = (
        select(
            UnknownName.id,
            UnknownName.what,
            UnknownName.profile_name,
            UnknownName.written,
            UnknownName.called,
            UnknownName.first_seen_at,
            sums.c.lines,
            sums.c.documents,
            sums.c.amount_minor,
            sums.c.batch_ids,
            func.coalesce(UnknownName.product_id, UnknownName.distributor_id),
            func.coalesce(Product.code, Distributor.code),
            func.coalesce(Product.name, Distributor.name),
            UnknownName.score,
            UnknownName.why,
        )
        .join(sums, sums.c.unknown_name_id == UnknownName.id)
        .outerjoin(Product, Product.id == UnknownName.product_id)
        .outerjoin(Distributor, Distributor.id == UnknownName.distributor_id)
        .where(in_queue(program_id), UnknownName.score >= least_score)
        .order_by(sums.c.lines.desc(), UnknownName.id)
    )
    if only is not None:
        rows = rows.where(UnknownName.id == only)
    return [Queued(*row) for row in session.execute(rows)]


class Shelves:
    """What a programme knows, to compare names with."""

    def __init__(self, session: Session, program_id: int) -> None:
        """Load products and distributors, and what other sources call them."""
        distributors = session.execute(
            select(Distributor.id, Distributor.code, Distributor.name).where(
                Distributor.program_id == program_id, Distributor.person_of_id.is_(None)
            )
        )
        of_products, of_distributors = aliases.meant_elsewhere(session, program_id)
        self._of: Mapping[NamedThing, Catalogue] = {
            NamedThing.PRODUCT: _products(session, program_id, of_products),
            NamedThing.DISTRIBUTOR: Catalogue([Known(*row) for row in distributors], of_distributors),
        }

    def proposals(self, what: NamedThing, written: str, called: str | None, most: int = 5) -> list[Likeness]:
        """Give what a name may mean, the likeliest first."""
        return self._of[what].proposals(Wanted(written, called), most)


def shelf_of_products(session: Session, program_id: int) -> Catalogue:
    """Give the products of a programme, to compare names with."""
    return _products(session, program_id, aliases.meant_elsewhere(session, program_id)[0])


def _products(session: Session, program_id: int, elsewhere: Mapping[str, int]) -> Catalogue:
    rows = session.execute(
        select(Product.id, Product.code, Product.name, Product.ean).where(Product.program_id == program_id)
    )
    return Catalogue([Known(*row) for row in rows], elsewhere)


def propose(session: Session, program_id: int) -> int:
    """Compare every name of a programme's queue with what is known now. Returns how many there are.

    The caller commits.
    """
    rows = session.execute(
        select(UnknownName.id, UnknownName.what, UnknownName.written, UnknownName.called)
        .where(in_queue(program_id))
        .order_by(UnknownName.id)
    ).all()
    if not rows:
        return 0
    shelves = Shelves(session, program_id)
    changes: list[dict[str, Any]] = []
    for id_, what, written, called in rows:
        best = next(iter(shelves.proposals(what, written, called, most=1)), None)
        told = best.id if best else None
        changes.append(
            {
                "id": id_,
                "product_id": told if what is NamedThing.PRODUCT else None,
                "distributor_id": told if what is NamedThing.DISTRIBUTOR else None,
                "score": best.score if best else 0,
                "why": best.why if best else None,
            }
        )
    session.execute(update(UnknownName), changes)
    return len(rows)


def take(session: Session, program_id: int, unknown_ids: Sequence[int]) -> list[UnknownName]:
    """Take names of the queue to decide about them; nobody else decides about them meanwhile.

    One that is in the queue no more is left out.
    """
    return list(
        session.scalars(
            select(UnknownName)
            .where(in_queue(program_id), UnknownName.id.in_(unknown_ids))
            .order_by(UnknownName.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def close(session: Session, names: Sequence[UnknownName], state: UnknownState) -> list[int]:
    """Take names that are decided out of the queue. Returns the imports of which rows wait for them.

    The caller commits.
    """
    ids = [one.id for one in names]
    for one in names:
        one.state = state
    session.flush()
    waited = session.scalars(
        delete(UnknownInBatch).where(UnknownInBatch.unknown_name_id.in_(ids)).returning(UnknownInBatch.batch_id)
    ).all()
    open_ = select(ImportBatch.id).where(ImportBatch.id.in_(set(waited)), ImportBatch.status.in_(_WAITING))
    return list(session.scalars(open_.order_by(ImportBatch.id)))

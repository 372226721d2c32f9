"""Branches and the head offices that they had: of these no history is kept, so what imports changed is asked."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import BigInteger, cast, func, or_, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.documents.hierarchy import misplaced
from app.domain.states import ImportedThing
from app.models.distributors import Distributor
from app.models.imports import ImportChange


def left_by_later(session: Session, ids: Sequence[int], batch_id: int) -> dict[int, int]:
    """Give which of these are head offices that a later import took branches from, and the last such import."""
    if not ids:
        return {}
    office = cast(ImportChange.was["head_office_id"].astext, BigInteger)
    rows = (
        select(office, func.max(ImportChange.batch_id))
        .where(
            ImportChange.batch_id > batch_id,
            ImportChange.thing == ImportedThing.DISTRIBUTOR,
            ImportChange.undone_at.is_(None),
            office == any_of(ids),
        )
        .group_by(office)
    )
    return dict(session.execute(rows).all())


def misplaced_again(session: Session, back: Mapping[int, int | None], going: Collection[int]) -> set[int]:
    """Give who cannot stand again below the head office that it had, once those of ``going`` are gone.

    ``back`` is who goes back to which head office, judged all together: what stays is in the way of others in turn.
    """
    if not back:
        return set()
    named = any_of(sorted({*back, *(one for one in back.values() if one is not None)}))
    rows = session.execute(
        select(Distributor.id, Distributor.head_office_id).where(
            or_(Distributor.id == named, Distributor.head_office_id == named)
        )
    )
    here = {id_: office for id_, office in rows if id_ not in going}
    found: set[int] = set()
    while True:
        free = {id_: office for id_, office in back.items() if id_ not in found}
        said = {id_: office for id_, office in free.items() if office is not None}
        wrong = misplaced({**here, **dict.fromkeys(free.keys() - said.keys())}, said)
        if not wrong:
            return found
        found |= wrong.keys()

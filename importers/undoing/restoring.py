"""Documents whose place another had taken count again, as they were, when what took it is taken back."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Text, any_, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.db.many import any_of
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import BatchStatus, DocumentStatus
from app.models.imports import ImportBatch
from app.models.merges import DistributorMerge, MergedDocument
from app.models.sales import SalesDocument
from verification.deciding.restoring import stand_again

_OLDER, _TAKER = aliased(SalesDocument), aliased(SalesDocument)


def _stands(batch: Any = ImportBatch) -> ColumnElement[bool]:
    """Say that what brought a document was not taken back: an import, or somebody's claim."""
    return func.coalesce(batch.status, "").not_in((BatchStatus.UNDOING, BatchStatus.UNDONE))


_STANDS = _stands()


def count_again(
    session: Session,
    rules: ProgramRules,
    batch_ids: Sequence[int],
    distributor_ids: Collection[int],
    *,
    now: dt.datetime,
) -> None:
    """Count what documents of imports had replaced that were taken back, as new documents of those that brought it.

    ``distributor_ids`` are those of whom all is taken back, or all that will be. The caller has locked their wallets,
    and commits. Of several that were replaced one after the other it is the newest whose import stands; of one that
    two distributors brought before they were merged, the other's. What replaced nothing leaves nothing behind, whatever
    else was here under its number before; and what stands again already is left as it is.
    """
    document_ids = session.scalars(
        select(SalesDocument.id).where(
            SalesDocument.distributor_id == any_of(distributor_ids),
            SalesDocument.batch_id.in_(batch_ids),
            SalesDocument.status == DocumentStatus.UNDONE,
        )
    ).all()
    replaced = _replaced(session, document_ids)
    left = [one for one in document_ids if one not in replaced]
    ids = {*replaced.values(), *_put_aside(session, left)}
    documents = session.scalars(
        select(SalesDocument)
        .where(SalesDocument.id == any_of(ids), SalesDocument.status == DocumentStatus.SUPERSEDED)
        .where(~_taken(by_what_stands=True))
        .order_by(SalesDocument.id)
        .execution_options(populate_existing=True)
    ).all()
    taken = set(
        session.scalars(
            select(SalesDocument.document_key).where(
                SalesDocument.program_id == rules.program_id,
                SalesDocument.document_key == any_(literal([one.document_key for one in documents], ARRAY(Text))),
                text("sales_document.status in (1, 2)"),  # as the index says it
            )
        )
    )
    stand_again(session, rules, [one for one in documents if one.document_key not in taken], now=now)


def _replaced(session: Session, document_ids: Sequence[int]) -> dict[int, int]:
    """Give, of each of these, the newest before it whose import stands; of one that replaced none, nothing."""
    first = (
        select(SalesDocument.id.label("of"), _OLDER.id, _OLDER.supersedes_id, _STANDS.label("stands"))
        .select_from(SalesDocument)
        .join(_OLDER, or_(_OLDER.id == SalesDocument.supersedes_id, _OLDER.id == _stood_as()))
        .outerjoin(ImportBatch, ImportBatch.id == _OLDER.batch_id)
        .where(SalesDocument.id == any_of(document_ids))
    )
    walk = first.cte("walk", recursive=True)
    walk = walk.union_all(
        select(walk.c.of, _OLDER.id, _OLDER.supersedes_id, _STANDS)
        .select_from(walk)
        .join(_OLDER, _OLDER.id == walk.c.supersedes_id)
        .outerjoin(ImportBatch, ImportBatch.id == _OLDER.batch_id)
        .where(~walk.c.stands)
    )
    return dict(session.execute(select(walk.c.of, walk.c.id).where(walk.c.stands)).all())


def _stood_as() -> ScalarSelect[int]:
    """Give the wording as which a document stood before, where it does not say so itself.

    What stood again by an undone correction named nothing until what was undone was told apart from what came anew; it
    is what its import brought under the same number before, word for word.
    """
    stood = aliased(SalesDocument)
    same = ("program_id", "number_key", "document_key", "batch_id", "content_hash")
    return (
        select(func.max(stood.id))
        .where(
            SalesDocument.supersedes_id.is_(None),
            stood.id < SalesDocument.id,
            stood.status == DocumentStatus.SUPERSEDED,
            *(getattr(stood, name) == getattr(SalesDocument, name) for name in same),
        )
        .correlate(SalesDocument)
        .scalar_subquery()
    )


def _put_aside(session: Session, document_ids: Sequence[int]) -> list[int]:
    """Give what a merge put aside for these: both distributors had it, and these were the ones that counted."""
    if not document_ids:
        return []
    kept = aliased(SalesDocument)
    rows = session.execute(
        select(kept.id, func.max(SalesDocument.id))
        .select_from(kept)
        .join(
            SalesDocument,
            (SalesDocument.program_id == kept.program_id) & (SalesDocument.document_key == kept.document_key),
        )
        .join(
            MergedDocument, or_(MergedDocument.document_id == SalesDocument.id, MergedDocument.document_id == kept.id)
        )
        .join(DistributorMerge, DistributorMerge.id == MergedDocument.merge_id)
        .outerjoin(ImportBatch, ImportBatch.id == SalesDocument.batch_id)
        .where(
            kept.id == any_of(document_ids),
            DistributorMerge.decided_at >= kept.counted_at,
            text("sales_document.status = 4"),  # as the index says it
            _STANDS,
            ~_taken(),
        )
        .group_by(kept.id)
    )
    return [put_aside for _, put_aside in rows]


def _taken(*, by_what_stands: bool = False) -> ColumnElement[bool]:
    """Say that a document took another one's place; ``by_what_stands``: one that was not taken back since."""
    taker = select(_TAKER.id).where(
        # a number has an index whatever its document's state
        _TAKER.program_id == SalesDocument.program_id,
        _TAKER.number_key == SalesDocument.number_key,
        _TAKER.supersedes_id == SalesDocument.id,
    )
    if by_what_stands:
        of_taker = aliased(ImportBatch)
        taker = taker.outerjoin(of_taker, of_taker.id == _TAKER.batch_id)
        taker = taker.where(_TAKER.status != DocumentStatus.UNDONE, _stands(of_taker))
    return taker.exists()

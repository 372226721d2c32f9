"""Documents that a correction had replaced count again, as they were, when the correction is taken back."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, Text, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.domain.states import BatchStatus, DocumentStatus
from app.models.imports import ImportBatch
from app.models.sales import SalesDocument
from app.services.rulebooks import ProgramRules
from verification.deciding.restoring import stand_again

_OLDER = aliased(SalesDocument)
_STANDS = func.coalesce(ImportBatch.status, "").not_in((BatchStatus.UNDOING, BatchStatus.UNDONE))


def count_again(session: Session, rules: ProgramRules, document_ids: Sequence[int], *, now: dt.datetime) -> None:
    """Count what these documents had replaced, as new documents of the imports that brought it. The caller commits.

    Of several that were replaced one after the other it is the newest whose import stands. What replaced nothing
    leaves nothing behind, whatever else was here under its number before.
    """
    walk = (
        select(_OLDER.id, _OLDER.supersedes_id, _STANDS.label("stands"))
        .select_from(SalesDocument)
        .join(_OLDER, _OLDER.id == SalesDocument.supersedes_id)
        .outerjoin(ImportBatch, ImportBatch.id == _OLDER.batch_id)
        .where(SalesDocument.id == any_(literal(list(document_ids), ARRAY(BigInteger))))
        .cte("walk", recursive=True)
    )
    walk = walk.union_all(
        select(_OLDER.id, _OLDER.supersedes_id, _STANDS)
        .select_from(walk)
        .join(_OLDER, _OLDER.id == walk.c.supersedes_id)
        .outerjoin(ImportBatch, ImportBatch.id == _OLDER.batch_id)
        .where(~walk.c.stands)
    )
    documents = session.scalars(
        select(SalesDocument)
        .where(
            SalesDocument.id.in_(select(walk.c.id).where(walk.c.stands)),
            SalesDocument.status == DocumentStatus.SUPERSEDED,
        )
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

"""Documents that a correction had replaced count again, as they were, when the correction is taken back."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Text, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.domain.states import BatchStatus
from app.models.imports import ImportBatch
from app.models.sales import SalesDocument
from app.services.rulebooks import ProgramRules
from verification import sale_claims
from verification.deciding.stored import incoming_of
from verification.gate import admit
from verification.incoming import Source, document_keys


def count_again(session: Session, rules: ProgramRules, document_ids: Sequence[int], *, now: dt.datetime) -> None:
    """Count what these documents had replaced, as new documents of the imports that brought it. The caller commits.

    Of several that were replaced one after the other it is the newest whose import stands.
    """
    keys = session.scalars(select(SalesDocument.document_key).where(SalesDocument.id.in_(document_ids))).all()
    found = session.scalars(
        select(SalesDocument)
        .outerjoin(ImportBatch, ImportBatch.id == SalesDocument.batch_id)
        .where(
            SalesDocument.program_id == rules.program_id,
            SalesDocument.document_key == any_(literal(list(keys), ARRAY(Text))),
            text("sales_document.status = 4"),  # as the index says it
            func.coalesce(ImportBatch.status, "").not_in((BatchStatus.UNDOING, BatchStatus.UNDONE)),
        )
        .order_by(SalesDocument.id)
    )
    newest = {document.document_key: document for document in found}
    by_source: dict[tuple[str, int | None], list[SalesDocument]] = defaultdict(list)
    for document in newest.values():
        by_source[document.source, document.batch_id].append(document)
    for (name, batch_id), documents in by_source.items():
        source: Any = Source(name=name, policy="accept", may_correct=False, batch_id=batch_id)  # type: ignore[arg-type]
        incoming = incoming_of(session, documents)
        sales = sale_claims.unnamed(session, rules.program_id, document_keys(incoming), incoming.sales)
        admit(session, rules, replace(incoming, sales=sales), source, now=now)

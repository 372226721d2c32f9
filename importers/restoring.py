"""Documents that a correction had replaced count again, as they were, when the correction is taken back."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Text, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.domain.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Documents, Lines, Sales, in_counting_order
from app.domain.states import BatchStatus
from app.models.imports import ImportBatch
from app.models.sales import SalesDocument, SalesLine
from app.services.rulebooks import ProgramRules
from verification.gate import Incoming, Source, admit


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
        admit(session, rules, _incoming(session, documents), source, now=now)


def _incoming(session: Session, documents: Sequence[SalesDocument]) -> Incoming:
    """Lay stored documents out as they came to the gate."""
    unordered = Documents(
        distributor_id=np.asarray([one.distributor_id for one in documents], dtype=np.int64),
        kind=np.asarray([one.kind for one in documents], dtype=np.int8),
        number=_texts([one.number for one in documents]),
        issued_on=np.asarray([one.issued_on for one in documents], dtype="datetime64[D]"),
        minute=np.asarray([_or(one.issued_minute, UNKNOWN) for one in documents], dtype=np.int16),
        corrects=_texts([one.corrects_number for one in documents]),
        outlet=_texts([one.outlet for one in documents]),
        channel=_texts([one.channel for one in documents]),
        person=_texts([one.person for one in documents]),
    )
    order = in_counting_order(unordered)
    place = {documents[at].id: position for position, at in enumerate(order.tolist())}
    lines = session.scalars(select(SalesLine).where(SalesLine.document_id.in_(place))).all()
    lines = sorted(lines, key=lambda line: (place[line.document_id], line.line_number))
    columns = Lines(
        document=np.asarray([place[line.document_id] for line in lines], dtype=np.int64),
        line_number=np.asarray([line.line_number for line in lines], dtype=np.int32),
        product_id=np.asarray([line.product_id for line in lines], dtype=np.int64),
        quantity_milli=np.asarray([line.quantity_milli for line in lines], dtype=np.int64),
        unit_price_micro=np.asarray([_or(line.unit_price_micro, NO_PRICE) for line in lines], dtype=np.int64),
        net_minor=np.asarray([line.net_minor for line in lines], dtype=np.int64),
        gross_minor=np.asarray([_or(line.gross_minor, NO_AMOUNT) for line in lines], dtype=np.int64),
        discounted=np.asarray([_or(line.discounted, UNKNOWN) for line in lines], dtype=np.int8),
        source_row=np.asarray([_or(line.source_row, UNKNOWN) for line in lines], dtype=np.int32),
    )
    ordered = Documents(**{name: getattr(unordered, name)[order] for name in unordered.__dataclass_fields__})
    in_order = [documents[at] for at in order.tolist()]
    return Incoming(
        sales=Sales(ordered, columns),
        number_key=_texts([one.number_key for one in in_order]),
        seller_key=_texts([_seller(one) for one in in_order]),
        total_minor=np.full(len(documents), NO_AMOUNT),
    )


def _seller(document: SalesDocument) -> str:
    """Take the seller out of a document's key: kind, seller, number."""
    return document.document_key.removeprefix(f"{int(document.kind)}|").removesuffix(f"|{document.number_key}")


def _or(value: int | None, missing: int) -> int:
    return missing if value is None else int(value)


def _texts(values: Sequence[str | None]) -> np.ndarray:
    return np.asarray([*values, None], dtype=object)[:-1]

"""Documents that are stored, laid out as they came to the gate: for those that count anew."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.documents.document_keys import seller_in
from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Documents, Lines, Sales, in_counting_order
from app.domain.documents.seller_keys import TAX
from app.models.sales import SalesDocument, SalesLine
from verification.incoming import Incoming


def in_order(documents: Sequence[SalesDocument]) -> list[SalesDocument]:
    """Put stored documents into the order in which they count."""
    return [documents[at] for at in in_counting_order(_documents(documents)).tolist()]


def incoming_of(session: Session, documents: Sequence[SalesDocument]) -> Incoming:
    """Lay stored documents out as they came to the gate."""
    ordered = in_order(documents)
    place = {one.id: position for position, one in enumerate(ordered)}
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
        corrects=_own([line.corrects_number for line in lines]),
        outlet=_own([line.outlet for line in lines]),
        channel=_own([line.channel for line in lines]),
    )
    return Incoming(
        sales=Sales(_documents(ordered), columns),
        number_key=_texts([one.number_key for one in ordered]),
        seller_key=_texts([seller_of(one) for one in ordered]),
        total_minor=np.full(len(ordered), NO_AMOUNT),
    )


def _documents(documents: Sequence[SalesDocument]) -> Documents:
    return Documents(
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


def seller_of(document: SalesDocument) -> str:
    """Take the seller out of a document's key: kind, seller, number."""
    return seller_in(document.document_key, int(document.kind), document.number_key)


def named_seller(document: SalesDocument) -> str | None:
    """Give the tax id of the seller that a document names; None where its distributor issued it."""
    seller = seller_of(document)
    return seller.removeprefix(TAX) if seller.startswith(TAX) else None


def _own(values: Sequence[str | None]) -> np.ndarray | None:
    """Give what lines say for themselves; None: no line does."""
    return None if all(one is None for one in values) else _texts(values)


def _or(value: int | None, missing: int) -> int:
    return missing if value is None else int(value)


def _texts(values: Sequence[str | None]) -> np.ndarray:
    return np.asarray([*values, None], dtype=object)[:-1]

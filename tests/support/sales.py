"""Sales for tests, written as a list of lines and handed to the gate as every source does."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.domain.documents.numbering import number_key
from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Documents, Lines, Sales, in_counting_order
from app.domain.documents.seller_keys import own_key, seller_key
from app.domain.states import DocumentKind
from app.models.programs import Program
from app.services.rulebooks import rules_of
from tests.support.programs import NOW
from verification.gate import Admission, admit
from verification.incoming import Incoming, Source


@dataclass(frozen=True)
class Sold:
    """One line. Quantities in pieces (thousandths allowed as 0.5), amounts in minor units."""

    number: str
    distributor_id: int
    product_id: int
    quantity: float
    net_minor: int
    issued_on: str = "2026-03-01"
    kind: DocumentKind = DocumentKind.INVOICE
    corrects: str | None = None
    gross_minor: int = NO_AMOUNT
    discounted: int = UNKNOWN
    minute: int = UNKNOWN
    outlet: str | None = None
    channel: str | None = None
    person: str | None = None
    seller: str | None = None


def incoming(lines: Sequence[Sold], totals: dict[str, int] | None = None) -> Incoming:
    """Lay lines out as documents in counting order; lines of one distributor, seller, kind, number are a document."""
    by_document: dict[tuple[int, str | None, DocumentKind, str], list[Sold]] = {}
    for line in lines:
        by_document.setdefault((line.distributor_id, line.seller, line.kind, line.number), []).append(line)
    heads = [group[0] for group in by_document.values()]
    texts = {
        name: np.asarray([*(getattr(head, name) for head in heads), None], dtype=object)[:-1]
        for name in ("number", "corrects", "outlet", "channel", "person")
    }
    documents = Documents(
        distributor_id=np.asarray([head.distributor_id for head in heads], dtype=np.int64),
        kind=np.asarray([head.kind for head in heads], dtype=np.int8),
        issued_on=np.asarray([head.issued_on for head in heads], dtype="datetime64[D]"),
        minute=np.asarray([head.minute for head in heads], dtype=np.int16),
        **texts,
    )
    order = in_counting_order(documents)
    groups = list(by_document.values())
    rows = [
        (place, at + 1, line) for place, which in enumerate(order.tolist()) for at, line in enumerate(groups[which])
    ]

    def column(name: str) -> np.ndarray:
        return np.asarray([getattr(line, name) for _, _, line in rows], dtype=np.int64)

    def own(name: str) -> np.ndarray | None:
        said = [(getattr(line, name), getattr(groups[order[place]][0], name)) for place, _, line in rows]
        texts = [None if mine == whole else mine for mine, whole in said]
        return np.asarray([*texts, None], dtype=object)[:-1] if any(texts) else None

    ordered = Documents(**{name: getattr(documents, name)[order] for name in documents.__dataclass_fields__})
    laid = Lines(
        document=np.asarray([row[0] for row in rows], dtype=np.int64),
        line_number=np.asarray([row[1] for row in rows], dtype=np.int32),
        product_id=column("product_id"),
        quantity_milli=np.asarray([round(line.quantity * 1000) for _, _, line in rows], dtype=np.int64),
        unit_price_micro=np.full(len(rows), NO_PRICE, dtype=np.int64),
        net_minor=column("net_minor"),
        gross_minor=column("gross_minor"),
        discounted=column("discounted").astype(np.int8),
        source_row=np.full(len(rows), UNKNOWN, dtype=np.int32),
        corrects=own("corrects"),
        outlet=own("outlet"),
        channel=own("channel"),
    )
    years = ordered.issued_on.astype("datetime64[Y]").astype(int) + 1970
    stated = totals or {}
    sellers = [
        own_key(heads[which].distributor_id) if (named := heads[which].seller) is None else seller_key(named)
        for which in order.tolist()
    ]
    return Incoming(
        sales=Sales(ordered, laid),
        number_key=np.asarray([number_key(n, y) for n, y in zip(ordered.number, years, strict=True)], dtype=object),
        seller_key=np.asarray(sellers, dtype=object),
        total_minor=np.asarray([stated.get(number, NO_AMOUNT) for number in ordered.number], dtype=np.int64),
    )


def sell(
    session: Session,
    program: Program,
    lines: Sequence[Sold],
    *,
    now: dt.datetime = NOW,
    source: Source | None = None,
    **options: Any,
) -> Admission:
    """Hand lines to the gate as an import does."""
    rules = rules_of(session, program.id)
    policy = rules.settings.verification.import_
    return admit(
        session,
        rules,
        incoming(lines, **options),
        source or Source(name="import", policy=policy, may_correct=False),
        now=now,
    )

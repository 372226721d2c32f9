"""What distributors were delivered, and what of it they sold on: goods that nobody delivered were hardly sold."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnClause, Date, any_, bindparam, cast, func, literal_column, select, text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.bulk import columns_of, given, given_rows
from app.db.driver import Answer
from app.db.prepared import Prepared
from app.domain.documents.sales import Sales
from app.domain.measures.exact import Ints
from app.models.deliveries import Delivery
from app.models.sales import SalesDocument, SalesLine
from verification.checks.facts import Stock

# looked up one by one in the index: what is read does not grow with the history
_FENCE: ColumnClause[int] = literal_column("0")
_distributors = any_(bindparam("distributors", type_=ARRAY(BigInteger)))
_products = any_(bindparam("products", type_=ARRAY(BigInteger)))
_pairs = given_rows(who=BigInteger(), what=BigInteger())
_SUPPLIED = Prepared(
    select(Delivery.distributor_id, func.min(Delivery.delivered_on))
    .where(Delivery.distributor_id == _distributors)
    .group_by(Delivery.distributor_id)
)
_came = (
    select(func.coalesce(func.sum(Delivery.quantity_milli), 0).label("quantity"))
    .where(
        Delivery.distributor_id == _pairs.c.who,
        Delivery.product_id == _pairs.c.what,
        Delivery.delivered_on <= bindparam("last", type_=Date),
    )
    .lateral()
)
_DELIVERED = Prepared(
    select(_pairs.c.who, _pairs.c.what, cast(_came.c.quantity, BigInteger)).select_from(_pairs.join(_came, true()))
)
_since = given_rows(who=BigInteger(), first=Date())
_passed_on = (
    select(SalesDocument.id)
    .where(
        SalesDocument.distributor_id == _since.c.who,
        SalesDocument.issued_on >= _since.c.first,
        text("sales_document.status in (1, 2)"),
    )
    .offset(_FENCE)
    .lateral()
)
_of_it = (
    select(SalesLine.product_id, SalesLine.quantity_milli)
    .where(
        SalesLine.document_id == _passed_on.c.id,
        SalesLine.product_id == _products,
    )
    .offset(_FENCE)
    .lateral()
)
_PASSED_ON = Prepared(
    select(_since.c.who, _of_it.c.product_id, cast(func.sum(_of_it.c.quantity_milli), BigInteger))
    .select_from(_since.join(_passed_on, true()).join(_of_it, true()))
    .group_by(_since.c.who, _of_it.c.product_id)
)


def ask_supplied(session: Session, distributors: Ints) -> Answer:
    """Ask since when distributors are delivered to; those that never were are not among the answers."""
    return _SUPPLIED.ask(session, distributors=distributors)


def stock_of(session: Session, sales: Sales, since: Sequence[Sequence[Any]]) -> Stock:
    """Read what was delivered of what is sold now, and what of it was sold on since the first delivery.

    ``since`` is what `ask_supplied` was answered. What is delivered after the last of these sales is left out.
    """
    if not since:
        return Stock.none()
    supplied, first = (np.asarray(column) for column in zip(*since, strict=True))
    lines = sales.lines
    who = sales.documents.distributor_id[lines.document]
    pairs = np.unique(np.stack([who, lines.product_id], axis=1)[np.isin(who, supplied)], axis=0)
    told = given(who=pairs[:, 0], what=pairs[:, 1])
    came = _DELIVERED.rows(session, **told, last=str(sales.documents.issued_on.max()))
    days = given(who=supplied, first=first.astype("datetime64[D]"))
    gone = {(a, b): sold for a, b, sold in _PASSED_ON.rows(session, **days, products=np.unique(pairs[:, 1]))}
    rows = [(a, b, delivered, gone.get((a, b), 0)) for a, b, delivered in came]
    names = ("distributor_id", "product_id", "delivered_milli", "sold_milli")
    return Stock(**columns_of(rows, dict.fromkeys(names, "i8")))

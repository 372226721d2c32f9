"""What touched distributors sold in touched months, measured in a promotion's scopes and kept by month.

Lines go through the scopes in columns. What other distributors sold, and in other months, is not looked at.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnClause,
    Integer,
    Select,
    cast,
    delete,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from app.db.bulk import copy_into, read_columns, read_numbers, rows_of
from app.db.many import any_of
from app.domain.documents.sales import NO_AMOUNT, UNKNOWN, Documents, Lines, Sales
from app.domain.measures.exact import Ints
from app.domain.promoting.promotion_measuring import Measured, measure
from app.domain.promoting.promotion_terms import CompiledPromotion
from app.domain.states import COUNTING, DocumentKind, DocumentStatus, Unit
from app.models.promotions import PromotionMonth
from app.models.sales import Award, AwardReversal, ReturnMatch, SalesDocument, SalesLine
from app.services.waiting_sales import SALE_WAITS

AT_ONCE = 2_000
"""Months of distributors that are measured together."""


@dataclass(frozen=True)
class Months:
    """Months of distributors, each once."""

    distributor_id: Ints
    month_on: np.ndarray

    def __len__(self) -> int:
        """Count them."""
        return len(self.distributor_id)

    def part(self, first: int) -> "Months":
        """Give those that are measured together, from a position on."""
        part = slice(first, first + AT_ONCE)
        return Months(self.distributor_id[part], self.month_on[part])


def gather(session: Session, promotion_id: int, promotion: CompiledPromotion, months: Months) -> None:
    """Measure months anew, and keep what they come to. The caller commits."""
    for first in range(0, len(months), AT_ONCE):
        part = months.part(first)
        _forget(session, promotion_id, part)
        _gather(session, promotion_id, promotion, part)


def _forget(session: Session, promotion_id: int, months: Months) -> None:
    given = rows_of(distributor_id=months.distributor_id, month_on=months.month_on)
    session.execute(
        delete(PromotionMonth)
        .where(
            PromotionMonth.promotion_id == promotion_id,
            PromotionMonth.distributor_id == given.c.distributor_id,
            PromotionMonth.month_on == given.c.month_on,
        )
        .execution_options(synchronize_session=False)
    )


def _gather(session: Session, promotion_id: int, promotion: CompiledPromotion, months: Months) -> None:
    ids, persons, sales = _sales(session, promotion, months)
    if not len(ids):
        return
    whose, owner, name = _participants(promotion, sales.documents.distributor_id, persons)
    at = _Lines(ids, sales.lines)
    returned = at.returned(session)
    points = at.points(session) if promotion.needs_points else np.zeros(len(sales.lines), dtype=np.int64)
    _store(session, promotion_id, measure(promotion, sales, whose, returned, points), owner, name)


def _sales(session: Session, promotion: CompiledPromotion, months: Months) -> tuple[Ints, np.ndarray, Sales]:
    """Give the accepted invoices of these months: their ids, who sold them, and themselves."""
    found = read_numbers(session, _documents_of(months), ("id", "distributor_id", "day", "minute"))
    ids = found["id"]
    texts = _texts(session, promotion, ids)
    nobody = np.full(len(ids), None, dtype=object)
    laid = Documents(
        distributor_id=found["distributor_id"],
        kind=np.full(len(ids), DocumentKind.INVOICE, dtype=np.int8),
        number=nobody,
        issued_on=found["day"].astype("datetime64[D]"),
        minute=found["minute"].astype(np.int16),
        corrects=nobody,
        outlet=texts.get("outlet", nobody),
        channel=texts.get("channel", nobody),
        person=texts.get("person", nobody),
    )
    lines = read_numbers(session, _lines_of(promotion, ids), _LINES)
    columns = {
        **lines,
        "document": np.searchsorted(ids, lines["document"]),
        "line_number": lines["line_number"].astype(np.int32),
        "discounted": lines["discounted"].astype(np.int8),
    }
    source_row = np.full(len(lines["document"]), UNKNOWN, dtype=np.int32)
    own = _own_texts(session, promotion, ids, _places(columns["document"], columns["line_number"]))
    return ids, laid.person, Sales(laid, Lines(**columns, **own, source_row=source_row))


_NO_AMOUNT: ColumnClause[int] = literal_column(f"'{NO_AMOUNT}'::bigint")
"""In quotes: PostgreSQL reads the sign of a plain number after the number, which is too large without it."""
_LINES = (
    *("document", "line_number", "product_id", "quantity_milli"),
    *("unit_price_micro", "net_minor", "gross_minor", "discounted"),
)


def _documents_of(months: Months) -> Select[*tuple[Any, ...]]:
    """Ask for the accepted invoices of each month of a distributor by itself, whatever the planner knows of them."""
    after = (months.month_on.astype("datetime64[M]") + np.timedelta64(1, "M")).astype("datetime64[D]")
    given = rows_of(distributor_id=months.distributor_id, month_on=months.month_on, after_on=after)
    of_month = (
        select(
            SalesDocument.id,
            SalesDocument.distributor_id,
            _big(SalesDocument.issued_on - dt.date(1970, 1, 1)).label("day"),
            _big(func.coalesce(SalesDocument.issued_minute, UNKNOWN)).label("minute"),
        )
        .where(
            SalesDocument.distributor_id == given.c.distributor_id,
            SalesDocument.issued_on >= given.c.month_on,
            SalesDocument.issued_on < given.c.after_on,
            SalesDocument.status == DocumentStatus.ACCEPTED,
            SalesDocument.kind == DocumentKind.INVOICE,
            SALE_WAITS.is_(False),
        )
        .offset(0)  # keeps the planner from looking at it as a join of two tables
        .lateral()
    )
    return select(*of_month.c).select_from(given.join(of_month, true())).order_by(of_month.c.id)


def _texts(session: Session, promotion: CompiledPromotion, ids: Ints) -> dict[str, np.ndarray]:
    """Give what documents say in words, where the promotion asks for any of it."""
    if promotion.definition.participants != "persons" and not _asks_where(promotion):
        return {}
    query = (
        select(
            SalesDocument.outlet,
            SalesDocument.channel,
            func.coalesce(func.lower(func.trim(SalesDocument.person)), ""),
        )
        .where(SalesDocument.id == any_of(ids.tolist()))
        .order_by(SalesDocument.id)
    )
    return read_columns(session, query, dict.fromkeys(("outlet", "channel", "person"), "object"))


def _asks_where(promotion: CompiledPromotion) -> bool:
    scopes = [rule.scope for rule in promotion.book.rules]
    return any(scope.outlets is not None or scope.channels is not None for scope in scopes)


def _own_texts(session: Session, promotion: CompiledPromotion, ids: Ints, place: Ints) -> dict[str, np.ndarray]:
    """Give where lines were sold that were sold elsewhere than their documents say, where it is asked for."""
    if not _asks_where(promotion):
        return {}
    rows = session.execute(
        select(SalesLine.document_id, SalesLine.line_number, SalesLine.outlet, SalesLine.channel).where(
            SalesLine.document_id == any_of(ids.tolist()),
            or_(SalesLine.outlet.is_not(None), SalesLine.channel.is_not(None)),
        )
    ).all()
    if not rows:
        return {}
    document_id, number, outlet, channel = zip(*rows, strict=True)
    at, there = _found(place, _places(np.searchsorted(ids, document_id), np.asarray(number, dtype=np.int64)))
    own = {}
    for name, texts in (("outlet", outlet), ("channel", channel)):
        own[name] = np.full(len(place), None, dtype=object)
        own[name][at[there]] = np.asarray([*texts, None], dtype=object)[:-1][there]
    return own


def _places(document: Ints, line_number: np.ndarray) -> Ints:
    """Number lines by their documents, and by their own numbers within one."""
    places: Ints = document * (1 << 32) + line_number
    return places


def _found(places: Ints, wanted: Ints) -> tuple[Ints, np.ndarray]:
    """Find lines among places that rise: where each would stand, and whether it stands there."""
    at = np.searchsorted(places, wanted)
    there = at < len(places)
    there[there] = places[at[there]] == wanted[there]
    return at, there


def _lines_of(promotion: CompiledPromotion, ids: Ints) -> Select[*tuple[Any, ...]]:
    """Ask for the lines of documents; where every scope names products, for theirs alone."""
    query = (
        select(
            SalesLine.document_id,
            cast(SalesLine.line_number, BigInteger),
            SalesLine.product_id,
            SalesLine.quantity_milli,
            func.coalesce(SalesLine.unit_price_micro, _NO_AMOUNT),
            SalesLine.net_minor,
            func.coalesce(SalesLine.gross_minor, _NO_AMOUNT),
            cast(func.coalesce(cast(SalesLine.discounted, Integer), UNKNOWN), BigInteger),
        )
        .where(SalesLine.document_id == any_of(ids.tolist()))
        .order_by(SalesLine.document_id, SalesLine.line_number)
    )
    masks = [rule.scope.products for rule in promotion.book.rules]
    named = [mask for mask in masks if mask is not None]
    if len(named) == len(masks):
        products = np.unique(promotion.book.catalogue.product_ids[np.logical_or.reduce(named)])
        query = query.where(SalesLine.product_id == any_of(products.tolist()))
    return query


def _participants(
    promotion: CompiledPromotion, distributor_id: Ints, persons: np.ndarray
) -> tuple[Ints, Ints, list[str]]:
    """Number who takes part: the number of each document (-1: nobody's), and who each number is."""
    if promotion.definition.participants == "distributors":
        owner, whose = np.unique(distributor_id, return_inverse=True)
        return whose.astype(np.int64), owner, [""] * len(owner)
    numbers: dict[tuple[int, str], int] = {}
    named = zip(distributor_id.tolist(), persons.tolist(), strict=True)
    whose = np.asarray([numbers.setdefault(one, len(numbers)) if one[1] else -1 for one in named], dtype=np.int64)
    return whose, np.asarray([one for one, _ in numbers], dtype=np.int64), [name for _, name in numbers]


_COUNTS = or_(*(SalesDocument.status == status for status in COUNTING))


def _big(column: Any) -> Any:
    return cast(column, BigInteger)


class _Lines:
    """The places of lines, so that what other tables say of them can be put beside them."""

    def __init__(self, ids: Ints, lines: Lines) -> None:
        self.ids = ids
        self.key = _places(lines.document, lines.line_number)

    def returned(self, session: Session) -> Ints:
        """Sum what came back of each line: of returns that count."""
        of = ReturnMatch
        query = (
            select(
                of.sale_document_id,
                cast(of.sale_line_number, BigInteger),
                cast(func.sum(of.quantity_milli), BigInteger),
            )
            .join(SalesDocument, SalesDocument.id == of.return_document_id)
            .where(of.sale_document_id == any_of(self.ids.tolist()), _COUNTS)
            .group_by(of.sale_document_id, of.sale_line_number)
        )
        return self._beside(read_numbers(session, query, _SUMS))

    def points(self, session: Session) -> Ints:
        """Sum the points that each line earned, less what returns took that count."""
        given = (
            select(Award.document_id, _big(Award.line_number), _big(func.sum(Award.amount)))
            .where(Award.document_id == any_of(self.ids.tolist()), Award.unit == Unit.POINTS)
            .group_by(Award.document_id, Award.line_number)
        )
        back = AwardReversal
        taken = (
            select(
                back.sale_document_id, cast(back.sale_line_number, BigInteger), cast(func.sum(back.amount), BigInteger)
            )
            .join(SalesDocument, SalesDocument.id == back.return_document_id)
            .where(back.sale_document_id == any_of(self.ids.tolist()), back.unit == Unit.POINTS, _COUNTS)
            .group_by(back.sale_document_id, back.sale_line_number)
        )
        return self._beside(read_numbers(session, given, _SUMS)) - self._beside(read_numbers(session, taken, _SUMS))

    def _beside(self, rows: dict[str, np.ndarray]) -> Ints:
        found = np.zeros(len(self.key), dtype=np.int64)
        at, there = _found(self.key, _places(np.searchsorted(self.ids, rows["document"]), rows["line"]))
        np.add.at(found, at[there], rows["amount"][there])
        return found


_SUMS = ("document", "line", "amount")


def _store(session: Session, promotion_id: int, measured: Measured, owner: Ints, name: Sequence[str]) -> None:
    copy_into(
        session,
        PromotionMonth,
        {
            "promotion_id": np.full(len(measured), promotion_id, dtype=np.int64),
            "distributor_id": owner[measured.participant],
            "month_on": measured.month.astype("datetime64[M]").astype("datetime64[D]"),
            "person": [name[one] for one in measured.participant.tolist()],
            "measure": measured.measure,
            "product_id": measured.product_id,
            "net_minor": measured.net_minor,
            "quantity_milli": measured.quantity_milli,
            "points": measured.points,
            "documents": measured.documents,
        },
    )

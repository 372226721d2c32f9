"""The sales of a past period out of the database, as the engine wants them, a stretch at a time; and what they got.

A stretch is some whole days; a day of more lines than fit is cut at documents. Stretches follow one another in counting
order (rules.md 1), so caps and budgets are used up as they were.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SmallInteger,
    Text,
    cast,
    collate,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from app.db.reading import read_out
from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Documents, Flags, Lines, Sales
from app.domain.measures.exact import Ints, order_of, places, sums_by
from app.domain.rules.comparing import ByLine, ByRule, Moved
from app.domain.rules.rulebook import RuleBook
from app.domain.states import COUNTING, DocumentStatus, Unit
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.sales import Award, AwardReversal, ReturnMatch, SalesDocument, SalesLine
from app.services.waiting_sales import SALE_WAITS

LINES = 100_000
"""About so many lines are held at once."""

_OWN = ("outlet", "channel")
"""Of these a line may say another than its document."""
_NUMBER = collate(SalesDocument.number, "C")
_PLACE = (SalesDocument.kind, _NUMBER, SalesDocument.id)


@dataclass(frozen=True)
class Stretch:
    """Documents from one place in counting order to another: (kind, number, id) within a day, where it is cut."""

    first_on: dt.date
    last_on: dt.date
    replayed: bool = True
    """Whether it is of the period; what promotions count besides keeps the points that it was given."""
    after: tuple[int, str, int] | None = None
    until: tuple[int, str, int] | None = None

    def stored(self) -> dict[str, Any]:
        """Write it as a scenario keeps it."""
        return asdict(self) | {"first_on": self.first_on.isoformat(), "last_on": self.last_on.isoformat()}

    @staticmethod
    def read(stored: Mapping[str, Any]) -> "Stretch":
        """Read what was stored."""
        places_ = (tuple(stored[name]) if stored[name] else None for name in ("after", "until"))
        first_on, last_on = (dt.date.fromisoformat(stored[name]) for name in ("first_on", "last_on"))
        return Stretch(first_on, last_on, stored.get("replayed", True), *places_)

    def holds(self, program_id: int) -> list[ColumnElement[bool]]:
        """Give the condition of its documents."""
        found = [
            SalesDocument.program_id == program_id,
            SalesDocument.status.in_(COUNTING),
            SalesDocument.issued_on.between(self.first_on, self.last_on),
            SALE_WAITS.is_(False),  # they earn nothing until somebody claims them, by whatever rules
        ]
        if self.after is not None:
            found.append(tuple_(*_PLACE) > tuple_(*_as_place(self.after)))
        if self.until is not None:
            found.append(tuple_(*_PLACE) <= tuple_(*_as_place(self.until)))
        return found


def _as_place(place: tuple[int, str, int]) -> Iterator[ColumnElement[Any]]:
    kind, number, id_ = place
    yield from (cast(literal(kind), SmallInteger), collate(literal(number, Text), "C"), literal(id_, BigInteger))


def stretches(
    session: Session, program_id: int, from_on: dt.date, to_on: dt.date, lines: int = LINES, *, replayed: bool = True
) -> list[tuple[Stretch, int]]:
    """Cut some days into stretches of about so many lines, each with how many it has."""
    days = session.execute(
        select(SalesDocument.issued_on, cast(func.sum(SalesDocument.line_count), BigInteger))
        .where(*Stretch(from_on, to_on).holds(program_id))
        .group_by(SalesDocument.issued_on)
        .order_by(SalesDocument.issued_on)
    ).all()
    found: list[tuple[Stretch, int]] = []
    for day, count in days:
        if count > 2 * lines:
            found += _cut(session, program_id, day, lines, replayed=replayed)
        elif found and found[-1][0].until is None and found[-1][1] + count <= lines:
            found[-1] = (Stretch(found[-1][0].first_on, day, replayed), found[-1][1] + count)
        else:
            found.append((Stretch(day, day, replayed), count))
    return found


def _cut(
    session: Session, program_id: int, day: dt.date, lines: int, *, replayed: bool
) -> Iterator[tuple[Stretch, int]]:
    """Cut one day at documents."""
    before = func.sum(SalesDocument.line_count).over(order_by=_PLACE) - SalesDocument.line_count
    of_day = (
        select(
            SalesDocument.kind,
            _NUMBER.label("number"),
            SalesDocument.id,
            SalesDocument.line_count,
            (cast(before, BigInteger) // lines).label("part"),
        )
        .where(*Stretch(day, day).holds(program_id))
        .subquery()
    )
    part = cast(of_day.c.part, Integer)
    whole = func.sum(of_day.c.line_count).over(partition_by=part)
    ends = session.execute(
        select(of_day.c.kind, of_day.c.number, of_day.c.id, cast(whole, BigInteger))
        .ext(distinct_on(part))
        .order_by(part, of_day.c.kind.desc(), of_day.c.number.desc(), of_day.c.id.desc())
    ).all()
    after = None
    for kind, number, id_, count in ends:
        until = (int(kind), str(number), int(id_))
        yield Stretch(day, day, replayed, after, until), count
        after = until


@dataclass(frozen=True)
class Held:
    """The documents and lines of a stretch, in counting order, with the id of each document.

    ``accepted`` marks the documents that promotions count: those that wait may still be refused.
    """

    ids: Ints
    sales: Sales
    accepted: Flags

    def line_of(self, document_id: Ints, line_number: Ints) -> Ints:
        """Give the position of each line that is named by its document's id and its number."""
        order = np.argsort(self.ids, kind="stable")
        document = order[places(self.ids[order], document_id)]
        width = int(self.sales.lines.line_number.max(initial=0)) + 1
        known = self.sales.lines.document * width + self.sales.lines.line_number
        return places(known, document * width + line_number)

    @property
    def day(self) -> Ints:
        """Give the day of each line, counted from January 1970."""
        return days(self.sales.documents.issued_on)[self.sales.lines.document]

    @property
    def month(self) -> Ints:
        """Give the month of each line, counted likewise."""
        return self.sales.documents.issued_on.astype("datetime64[M]").astype(np.int64)[self.sales.lines.document]


def days(dates: "np.ndarray[Any, Any]") -> Ints:
    """Count days from January 1970."""
    return dates.astype("datetime64[D]").astype(np.int64)


def texts_asked(books: Iterable[RuleBook]) -> frozenset[str]:
    """Name the texts of documents, and of their lines, that rules ask for."""
    scopes = [rule.scope for book in books for rule in book.rules]
    return frozenset(name for name in _OWN if any(getattr(one, f"{name}s") is not None for one in scopes))


def read(session: Session, program_id: int, stretch: Stretch, texts: Collection[str] = ()) -> Held:
    """Read the documents and lines of a stretch. Of texts only those that are asked for are read."""
    documents = _documents(session, program_id, stretch, texts)
    ids, status = documents.pop("id"), documents.pop("status")
    lines = read_out(
        session,
        select(
            SalesLine.document_id,
            SalesLine.line_number,
            SalesLine.product_id,
            SalesLine.quantity_milli,
            func.coalesce(SalesLine.unit_price_micro, NO_PRICE).label("unit_price_micro"),
            SalesLine.net_minor,
            func.coalesce(SalesLine.gross_minor, NO_AMOUNT).label("gross_minor"),
            func.coalesce(cast(SalesLine.discounted, Integer), UNKNOWN).label("discounted"),
        )
        .join(SalesDocument, SalesDocument.id == SalesLine.document_id)
        .where(*stretch.holds(program_id))
        .subquery(),
        {
            "document_id": "int64",
            "line_number": "int32",
            "product_id": "int64",
            "quantity_milli": "int64",
            "unit_price_micro": "int64",
            "net_minor": "int64",
            "gross_minor": "int64",
            "discounted": "int32",
        },
    )
    by_id = np.argsort(ids, kind="stable")
    document = by_id[places(ids[by_id], lines.pop("document_id"))]
    order = order_of(document, lines["line_number"])
    lines["discounted"] = lines["discounted"].astype(np.int8)
    laid = Lines(
        document=document[order],
        source_row=np.full(len(order), UNKNOWN, dtype=np.int32),
        **{name: column[order] for name, column in lines.items()},
    )
    held = Held(ids, Sales(Documents(**documents), laid), status == DocumentStatus.ACCEPTED)
    own: dict[str, Any] = {
        name: _own_texts(session, program_id, stretch, getattr(SalesLine, name), held) for name in _OWN if name in texts
    }
    return replace(held, sales=replace(held.sales, lines=replace(laid, **own)))


def _documents(session: Session, program_id: int, stretch: Stretch, asked: Collection[str]) -> dict[str, Any]:
    """Read the documents in counting order."""
    rank = func.row_number().over(order_by=(SalesDocument.issued_on, *_PLACE))
    query = select(
        cast(rank, BigInteger).label("rank"),
        SalesDocument.id,
        SalesDocument.distributor_id,
        SalesDocument.kind,
        SalesDocument.status,
        SalesDocument.issued_on,
        cast(func.coalesce(SalesDocument.issued_minute, UNKNOWN), SmallInteger).label("minute"),
    ).where(*stretch.holds(program_id))
    found = read_out(
        session,
        query.subquery(),
        {
            "rank": "int64",
            "id": "int64",
            "distributor_id": "int64",
            "kind": "int16",
            "status": "int16",
            "issued_on": "datetime64[D]",
            "minute": "int16",
        },
    )
    order = np.argsort(found.pop("rank"))
    columns: dict[str, Any] = {name: column[order] for name, column in found.items()}
    columns["kind"] = columns["kind"].astype(np.int8)
    nothing = np.full(len(order), None, dtype=object)
    texts: dict[str, Any] = dict.fromkeys(("number", "corrects", "outlet", "channel", "person"), nothing)
    for name in asked:
        texts[name] = _texts(session, program_id, stretch, getattr(SalesDocument, name), columns["id"])
    return columns | texts


def _texts(session: Session, program_id: int, stretch: Stretch, column: Any, ids: Ints) -> "np.ndarray[Any, Any]":
    written: dict[int, str] = dict(
        session.execute(select(SalesDocument.id, column).where(*stretch.holds(program_id), column.is_not(None))).all()
    )
    return np.asarray([*(written.get(one) for one in ids.tolist()), None], dtype=object)[:-1]


def _own_texts(
    session: Session, program_id: int, stretch: Stretch, column: Any, held: Held
) -> "np.ndarray[Any, Any] | None":
    """Give what lines say for themselves, where their documents say something else; None: no line does."""
    written = session.execute(
        select(SalesLine.document_id, SalesLine.line_number, column)
        .join(SalesDocument, SalesDocument.id == SalesLine.document_id)
        .where(*stretch.holds(program_id), column.is_not(None))
    ).all()
    if not written:
        return None
    found = np.full(len(held.sales.lines), None, dtype=object)
    document_id, number, texts = zip(*written, strict=True)
    found[held.line_of(np.asarray(document_id, dtype=np.int64), np.asarray(number, dtype=np.int64))] = texts
    return found


def versions_by_position(session: Session, program_id: int, codes: Sequence[str]) -> tuple[Ints, Ints]:
    """Give the ids of all rule versions, rising, and the position of each one's rule among codes (-1: none)."""
    position = {code: at for at, code in enumerate(codes)}
    rows = session.execute(
        select(EarningRuleVersion.id, EarningRule.code)
        .join(EarningRule, EarningRule.id == EarningRuleVersion.rule_id)
        .where(EarningRule.program_id == program_id)
        .order_by(EarningRuleVersion.id)
    ).all()
    ids = np.asarray([row[0] for row in rows], dtype=np.int64)
    return ids, np.asarray([position.get(row[1], -1) for row in rows], dtype=np.int64)


_AWARDED = {"document_id": "int64", "line_number": "int32", "version_id": "int32", "unit": "int16", "amount": "int64"}


def given(session: Session, program_id: int, stretch: Stretch, held: Held, versions: tuple[Ints, Ints]) -> Moved:
    """Read what the documents of a stretch were given."""
    query = (
        select(
            Award.document_id,
            Award.line_number,
            Award.rule_version_id.label("version_id"),
            Award.unit,
            Award.amount,
        )
        .join(SalesDocument, SalesDocument.id == Award.document_id)
        .where(*stretch.holds(program_id))
    )
    rows = read_out(session, query.subquery(), _AWARDED)
    line = held.line_of(rows["document_id"], rows["line_number"])
    return on_lines(held, line, _rules(versions, rows["version_id"]), rows["unit"], rows["amount"])


def on_lines(held: Held, line: Ints, rule: Ints, unit: Ints, amount: Ints) -> Moved:
    """Give amounts on lines by rule and by line: those of one line and unit are one row."""
    lines, documents, unit = held.sales.lines, held.sales.documents, unit.astype(np.int64)
    of = unit * len(lines) + line
    total = sums_by(of, amount, (max(Unit) + 1) * len(lines))
    some = np.flatnonzero(total)
    at = some % max(len(lines), 1)
    return Moved(
        ByRule(rule, unit, amount),
        ByLine(
            product=lines.product_id[at],
            distributor=documents.distributor_id[lines.document[at]],
            day=held.day[at],
            unit=some // max(len(lines), 1),
            amount=total[some],
        ),
    )


def _rules(versions: tuple[Ints, Ints], version_id: Ints) -> Ints:
    ids, position = versions
    return position[places(ids, version_id)]


def points_of(session: Session, program_id: int, stretch: Stretch, held: Held) -> Ints:
    """Give the points that each line was given, less what returns took of them that count."""
    back, taking = AwardReversal, aliased(SalesDocument)
    given_ = (
        select(Award.document_id, Award.line_number, Award.amount)
        .join(SalesDocument, SalesDocument.id == Award.document_id)
        .where(*stretch.holds(program_id), Award.unit == Unit.POINTS)
    )
    taken = (
        select(back.sale_document_id, back.sale_line_number, -back.amount)
        .join(SalesDocument, SalesDocument.id == back.sale_document_id)
        .join(taking, taking.id == back.return_document_id)
        .where(*stretch.holds(program_id), back.unit == Unit.POINTS, taking.status.in_(COUNTING))
    )
    rows = read_out(
        session,
        union_all(given_, taken).subquery(),
        {"document_id": "int64", "line_number": "int32", "amount": "int64"},
    )
    return sums_by(held.line_of(rows["document_id"], rows["line_number"]), rows["amount"], len(held.sales.lines))


@dataclass(frozen=True)
class TakenBack:
    """What the returns of a stretch really took back: all of it, and of that what belongs to earlier sales."""

    all: Moved
    earlier: Moved


def taken_back(
    session: Session, program_id: int, stretch: Stretch, from_on: dt.date, versions: tuple[Ints, Ints]
) -> TakenBack:
    """Read what the returning documents of a stretch took back."""
    sale = aliased(SalesDocument)
    query = (
        select(
            SalesLine.product_id,
            SalesDocument.distributor_id,
            SalesDocument.issued_on,
            AwardReversal.rule_version_id.label("version_id"),
            AwardReversal.unit,
            AwardReversal.amount,
            cast(cast(sale.issued_on < from_on, Integer), SmallInteger).label("earlier"),
        )
        .join(SalesDocument, SalesDocument.id == AwardReversal.return_document_id)
        .join(
            SalesLine,
            (SalesLine.document_id == AwardReversal.return_document_id)
            & (SalesLine.line_number == AwardReversal.return_line_number),
        )
        .join(sale, sale.id == AwardReversal.sale_document_id)
        # a sale that counts no more lost what it had left: with what had come back of it, that is all it gave
        .where(*stretch.holds(program_id), sale.status.in_(COUNTING))
    )
    rows = read_out(
        session,
        query.subquery(),
        {
            "product_id": "int64",
            "distributor_id": "int64",
            "issued_on": "datetime64[D]",
            "version_id": "int32",
            "unit": "int16",
            "amount": "int64",
            "earlier": "int16",
        },
    )
    rule, unit, amount = _rules(versions, rows["version_id"]), rows["unit"].astype(np.int64), -rows["amount"]

    def moved(at: Any) -> Moved:
        line = (rows["product_id"][at], rows["distributor_id"][at], days(rows["issued_on"])[at])
        return Moved(ByRule(rule[at], unit[at], amount[at]), ByLine(*line, unit[at], amount[at]))

    return TakenBack(moved(slice(None)), moved(rows["earlier"] == 1))


@dataclass(frozen=True)
class Returned:
    """Quantities that came back of lines of a stretch: of which line, on which day, and what had come back before."""

    line: Ints
    day: Ints
    quantity_milli: Ints
    before_milli: Ints

    def within(self, first: dt.date, last: dt.date) -> Flags:
        """Mark what came back on some days."""
        since, until = (int(np.datetime64(one, "D").astype(np.int64)) for one in (first, last))
        return (self.day >= since) & (self.day <= until)

    def of_lines(self, lines: int) -> Ints:
        """Sum what came back of each line."""
        return sums_by(self.line, self.quantity_milli, lines)


def returned(session: Session, program_id: int, stretch: Stretch, held: Held) -> Returned:
    """Read what came back of the lines of a stretch, as it was matched when it came back (rules.md 6)."""
    back = aliased(SalesDocument)
    before = func.sum(ReturnMatch.quantity_milli).over(
        partition_by=(ReturnMatch.sale_document_id, ReturnMatch.sale_line_number),
        order_by=(ReturnMatch.return_document_id, ReturnMatch.return_line_number),
    )
    matched = (
        select(
            ReturnMatch.sale_document_id.label("document_id"),
            ReturnMatch.sale_line_number.label("line_number"),
            ReturnMatch.quantity_milli,
            cast(before - ReturnMatch.quantity_milli, BigInteger).label("before_milli"),
            back.issued_on,
        )
        .join(SalesDocument, SalesDocument.id == ReturnMatch.sale_document_id)
        .join(back, back.id == ReturnMatch.return_document_id)
        .where(*stretch.holds(program_id), back.status.in_(COUNTING))
        .subquery()
    )
    rows = read_out(
        session,
        matched,
        {
            "document_id": "int64",
            "line_number": "int32",
            "quantity_milli": "int64",
            "before_milli": "int64",
            "issued_on": "datetime64[D]",
        },
    )
    line = held.line_of(rows["document_id"], rows["line_number"])
    return Returned(line, days(rows["issued_on"]), rows["quantity_milli"], rows["before_milli"])

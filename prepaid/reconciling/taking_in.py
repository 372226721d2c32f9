"""Statements come in: the bookings of a provider from a file, each once, and with the top-up that it is of.

A booking that an earlier statement has is known: by the provider's name of it where it gives one, with its kind and
amount, for what takes a load back may have the name of the load; else by reference, day and amount, or by the card
where there is no reference, as many times as it stood there. So statements may overlap, and nothing seems loaded twice.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Subquery, and_, case, delete, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from app.db.bulk import rows_of
from app.db.locks import lock_name
from app.db.many import among_texts
from app.domain.measures.exact import Ints
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.program_file.reconciliation import StatementPart
from app.domain.states import BookingKind, Outcome
from app.models.prepaid import Redemption, TopUp
from app.models.reconciling import ProviderStatement, StatementLine
from importers.kinds.desk import Desk, Loaded, Loader
from importers.kinds.figures import days_until, money_of
from importers.kinds.rows import Cells, ThingRows
from importers.problems.problems import Problems
from importers.typed.totals import differing
from prepaid.cards.last_four import EXPECTED, last_four
from prepaid.reconciling.judging import judge

_VALUED_LATER = 31
"""Days by which the value date of a booking may lie ahead. One further away is a slip, and a statement up to that day
would say of all loads until then that they are missing."""
_ALIKE = ("kind", "amount_minor", "booked_on")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass
class _Bookings:
    """The bookings of a file, a list each column."""

    row_number: list[int] = field(default_factory=list)
    kind: list[BookingKind] = field(default_factory=list)
    reference: list[str | None] = field(default_factory=list)
    card: list[str] = field(default_factory=list)
    """Of which card it is, where no reference says it."""
    booking: list[str | None] = field(default_factory=list)
    token: list[str | None] = field(default_factory=list)
    last4: list[str | None] = field(default_factory=list)
    amount_minor: list[int] = field(default_factory=list)
    written_minor: list[int] = field(default_factory=list)
    """The same, with the sign that the file gives it."""
    currency: list[str | None] = field(default_factory=list)
    booked_on: list[dt.date] = field(default_factory=list)
    nth: list[int] = field(default_factory=list)
    """How many of the file that are alike this one makes; what has a name of its own counts by that."""
    seen: Counter[tuple[object, ...]] = field(default_factory=Counter)

    def add(self, row: int, kind: BookingKind, cells: Cells, written_minor: int, booked_on: dt.date) -> None:
        """Take a booking in."""
        amount_minor = abs(written_minor)
        reference, booking = (cells.get("reference") or "").strip().upper() or None, cells.get("booking")
        card = "" if reference else _card(cells.get("token"), cells.get("last4"))
        named, unnamed = (booking, kind, amount_minor), (reference, card, kind, amount_minor, booked_on)
        alike = unnamed if booking is None else named
        self.seen[alike] += 1
        self.row_number.append(row)
        self.kind.append(kind)
        self.reference.append(reference)
        self.card.append(card)
        self.booking.append(booking)
        self.token.append(cells.get("token"))
        self.last4.append(cells.get("last4"))
        self.amount_minor.append(amount_minor)
        self.written_minor.append(written_minor)
        self.currency.append(cells.get("currency"))
        self.booked_on.append(booked_on)
        self.nth.append(self.seen[alike])


def _card(token: str | None, last4: str | None) -> str:
    return f"{token or ''}/{last4 or ''}"


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Take the bookings of a statement in, and hold them against our books."""
    part = PrepaidPart.model_validate(desk.program.prepaid)
    found = _read(desk, rows, part.statements, problems)
    noticed = _totals(desk, rows, found, problems)
    if not found.row_number:
        return Loaded(0, 0, noticed=noticed)
    session, program = desk.session, desk.program
    lock_name(session, f"reconcile:{program.id}")  # two at once would not see each other's bookings
    statement = ProviderStatement(
        program_id=program.id,
        provider=part.provider,
        file_sha256=desk.file,
        from_on=min(found.booked_on),
        to_on=max(found.booked_on),
        lines=len(found.row_number),
        brought_by=desk.actor,
        brought_at=desk.now,
    )
    session.add(statement)
    session.flush()
    made = _write(session, statement, found)
    if made == 0:
        session.execute(delete(ProviderStatement).where(ProviderStatement.id == statement.id))
        session.expunge(statement)
        return Loaded(0, 0, len(found.row_number), noticed)
    statement.lines = made
    session.flush()
    judge(session, program, statement, now=desk.now)
    return Loaded(made, 0, len(found.row_number) - made, noticed)


def _read(desk: Desk, rows: ThingRows, part: StatementPart, problems: Problems) -> _Bookings:
    """Read what each row books; what cannot be told becomes a problem of the row."""
    amounts = money_of(desk, rows, "amount", problems)
    days = days_until(desk, rows, "booked_on", problems, days_ahead=_VALUED_LATER)
    reader = _Reader(rows.columns, part, problems)
    found = _Bookings()
    for row, cells in rows:
        if row in problems.outcome:
            continue
        minor = amounts[row]
        kind, last4, currency = reader.kind(row, cells, minor), reader.last4(row, cells), reader.currency(row, cells)
        if row in problems.outcome or kind is None:
            continue
        found.add(row, kind, cells | {"last4": last4, "currency": currency}, minor, days[row])
    return found


def _totals(desk: Desk, rows: ThingRows, found: _Bookings, problems: Problems) -> tuple[dict[str, Any], ...]:
    """Compare what the statement says of the sum of its lines with them. Gives what differs.

    A total may count what was loaded less what was taken back, or every line as it is written, those that failed among
    them or not. One over several currencies adds up nothing.
    """
    if len({one for one in found.currency if one is not None}) > 1:
        return ()
    number = desk.table.row_number
    at = np.searchsorted(number, found.row_number)

    def column(amounts: Iterable[int]) -> Ints:
        whole = np.zeros(len(number), dtype=np.int64)
        whole[at] = np.fromiter(amounts, dtype=np.int64, count=len(at))
        return whole

    signs = {BookingKind.LOAD: 1, BookingKind.REVERSAL: -1}
    net = (signs.get(kind, 0) * minor for kind, minor in zip(found.kind, found.amount_minor, strict=True))
    done = (
        0 if kind is BookingKind.FAILED else minor for kind, minor in zip(found.kind, found.written_minor, strict=True)
    )
    noticed = differing(
        desk.table,
        rows.columns["amount"],
        number,
        [column(net), column(found.written_minor), column(done)],
        np.isin(number, problems.rows()),
        field="amount",
        profile=desk.profile,
        places=desk.program.currency_decimals,
    )
    return tuple(noticed)


class _Reader:
    """Reads the cells whose texts mean something."""

    def __init__(self, columns: Mapping[str, str], part: StatementPart, problems: Problems) -> None:
        self._columns, self._problems, self._kinds = columns, problems, part.kinds()
        self._loads = ", ".join((*part.loads[:3], *part.reversals[:2]))

    def kind(self, row: int, cells: Cells, minor: int) -> BookingKind | None:
        """Tell what is booked: the word says it, else the sign."""
        word = cells.get("kind")
        found = BookingKind.LOAD if word is None else self._kinds.get(word.casefold())
        if found is None:
            self._wrong(row, "kind", word, f"{self._loads} … (the programme's prepaid.statements says which)")
            return None
        if found is BookingKind.LOAD and minor < 0:
            found = BookingKind.REVERSAL
        if minor == 0 and found in (BookingKind.LOAD, BookingKind.REVERSAL):
            self._wrong(row, "amount", cells.get("amount"), "an amount that is not zero")
        return found

    def last4(self, row: int, cells: Cells) -> str | None:
        """Read the last digits of a card, however the rest of its number is hidden."""
        text = cells.get("last4")
        if text is None:
            return None
        found = last_four(text)
        if found is None:
            self._wrong(row, "last4", text, EXPECTED)
        return found

    def currency(self, row: int, cells: Cells) -> str | None:
        """Read the code of a currency."""
        text = cells.get("currency")
        if text is None or _CURRENCY.fullmatch(text.strip().upper()):
            return None if text is None else text.strip().upper()
        self._wrong(row, "currency", text, "a code such as PLN")
        return None

    def _wrong(self, row: int, name: str, found: str | None, expected: str) -> None:
        told = {"field": self._columns.get(name, name), "found": repr(found), "expected": expected}
        self._problems.add(row, Outcome.REFUSED, "no_such_value", **told)


def _write(session: Session, statement: ProviderStatement, found: _Bookings) -> int:
    """Write the bookings that no earlier statement has; each finds its top-up by its reference. Returns how many.

    A fee for a load is no booking of the load, whatever reference it has.
    """
    new = _new(statement, found)
    names = ["kind", "row_number", "reference", "booking", "token", "last4", "amount_minor", "currency", "booked_on"]
    ours = (
        select(TopUp.id, TopUp.reference)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .where(Redemption.program_id == statement.program_id)
        .subquery()
    )
    lines = (
        select(literal(statement.id), *(new.c[name] for name in names), ours.c.id)
        .outerjoin(ours, and_(ours.c.reference == new.c.reference, new.c.kind != BookingKind.OTHER))
        .order_by(new.c.row_number)
    )
    written = insert(StatementLine).from_select(["statement_id", *names, "top_up_id"], lines)
    return len(session.execute(written.returning(StatementLine.id)).all())


def _new(statement: ProviderStatement, found: _Bookings) -> Subquery:
    """Ask for the bookings of a file that no earlier statement of the provider has."""
    given = rows_of(
        row_number=np.asarray(found.row_number, dtype=np.int64),
        kind=[one.value for one in found.kind],
        reference=found.reference,
        card=found.card,
        booking=found.booking,
        token=found.token,
        last4=found.last4,
        amount_minor=np.asarray(found.amount_minor, dtype=np.int64),
        currency=found.currency,
        booked_on=np.asarray(found.booked_on, dtype="datetime64[D]"),
        nth=np.asarray(found.nth, dtype=np.int64),
    )
    before = (
        select(StatementLine)
        .join(ProviderStatement, ProviderStatement.id == StatementLine.statement_id)
        .where(
            ProviderStatement.program_id == statement.program_id,
            ProviderStatement.provider == statement.provider,
            # what has a name of its own is known by it, on whatever day it is told again
            or_(
                StatementLine.booked_on.between(statement.from_on, statement.to_on),
                among_texts(StatementLine.booking, {one for one in found.booking if one is not None}),
            ),
        )
        .subquery()
    )
    of_card = func.concat(func.coalesce(before.c.token, ""), "/", func.coalesce(before.c.last4, ""))
    card = case((before.c.reference.is_(None), of_card), else_="").label("card")
    alike = (func.coalesce(before.c.reference, "").label("reference"), card, *(before.c[name] for name in _ALIKE))
    told = select(*alike, func.count().label("times")).where(before.c.booking.is_(None)).group_by(*alike).subquery()
    names = [before.c[name] for name in ("booking", "kind", "amount_minor")]
    named = select(*names).where(before.c.booking.is_not(None)).distinct().subquery()
    return (
        select(given)
        .outerjoin(named, and_(*(named.c[one.name] == given.c[one.name] for one in names)))
        .outerjoin(
            told,
            and_(
                told.c.reference == func.coalesce(given.c.reference, ""),
                *(told.c[name] == given.c[name] for name in ("card", *_ALIKE)),
            ),
        )
        .where(
            case(
                (given.c.booking.is_not(None), named.c.booking.is_(None) & (given.c.nth == 1)),
                else_=given.c.nth > func.coalesce(told.c.times, 0),
            )
        )
        .subquery()
    )


LOADER = Loader(("booked_on", "amount"), (), load)

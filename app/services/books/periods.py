"""Months of the books: closed by finance in their order, proved by a hash, opened again by two people (decision 31)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, literal, select, text
from sqlalchemy.orm import Session

from app.db.locks import lock_name
from app.db.proofs import PERIOD_HASH, PERIOD_ROWS
from app.domain.measures.calendar import local_date, months_after
from app.domain.states import Bucket, TransactionKind, Unit
from app.models.figures import PointsMonth
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.periods import PeriodClosing, PeriodTotal
from app.models.programs import Program
from app.services import audit
from app.services.books.booking import booked_on, month_of
from app.services.ledger import expiring
from app.services.same_person import is_same


class PeriodError(Exception):
    """A month cannot be closed or opened; nothing was changed."""


class NotOver(PeriodError):
    """The month is not over yet."""


class NothingToClose(PeriodError):
    """It is closed already, or nothing happened until then."""


class SamePerson(PeriodError):
    """Whoever asked for a month to be opened does not agree to it."""


class NotAsked(PeriodError):
    """Nobody asks for this month to be opened, or somebody decided before."""


class LaterClosed(PeriodError):
    """A later month is closed: months are opened from the newest backwards."""


@dataclass(frozen=True)
class MonthSeen:
    """A month of the books: what each kind of movement changed in all wallets together, in points."""

    month_on: dt.date
    closing: PeriodClosing | None
    totals: dict[TransactionKind, int]

    @property
    def total(self) -> int:
        """Give what the month changed in what is owed."""
        return sum(self.totals.values())


_ROWS = PERIOD_ROWS.format(
    which="t.program_id = :program and date_trunc('month', coalesce(t.booked_on, t.effective_on))::date = :month"
)
_HASH = text(f"select count(*), {PERIOD_HASH} from ({_ROWS}) r")  # noqa: S608  # our own words


def close(session: Session, program: Program, through: dt.date, *, actor: str, now: dt.datetime) -> list[dt.date]:
    """Close every month that is still open up to a month, in order. Returns them. The caller commits.

    What has ended by now is written off first, so that it stands in its own month. Postings that are under way are
    waited for; what comes afterwards is booked in the first open month.

    Raises:
        NotOver: The month is not over, in the programme's time zone.
        NothingToClose: It is closed already, or nothing happened until then.
    """
    through = through.replace(day=1)
    if local_date(now, program.time_zone) < months_after(through, 1):
        raise NotOver(f"{through:%Y-%m} is not over yet.")
    # wallets before the books, as whoever posts has them: the other way round each would wait for the other
    expiring.expire_due(session, program, now=now)
    _lock(session, program)
    months = _open_until(session, program, through)
    if not months:
        raise NothingToClose(f"There is nothing to close up to {through:%Y-%m}.")
    for month_on in months:
        _close(session, program, month_on, actor, now)
    return months


def _lock(session: Session, program: Program) -> None:
    """Hold what `ledger_open_from` shares: nobody books until this transaction ends."""
    lock_name(session, f"period:{program.id}")


def _open_until(session: Session, program: Program, through: dt.date) -> list[dt.date]:
    newest = closed_through(session, program)
    if newest is None:
        first = session.execute(
            select(func.min(booked_on())).where(LedgerTransaction.program_id == program.id)
        ).scalar_one()
        month_on = None if first is None else first.replace(day=1)
    else:
        month_on = months_after(newest, 1)
    found: list[dt.date] = []
    while month_on is not None and month_on <= through:
        found.append(month_on)
        month_on = months_after(month_on, 1)
    return found


def closed_through(session: Session, program: Program) -> dt.date | None:
    """Give the newest closed month; all before it are closed."""
    return session.scalars(
        select(func.max(PeriodClosing.month_on)).where(
            PeriodClosing.program_id == program.id, PeriodClosing.reopened_at.is_(None)
        )
    ).one()


def newest_closing(session: Session, program: Program) -> PeriodClosing | None:
    """Give the closing of the newest closed month: the only one that can be opened again."""
    return session.scalars(
        select(PeriodClosing)
        .where(PeriodClosing.program_id == program.id, PeriodClosing.reopened_at.is_(None))
        .order_by(PeriodClosing.month_on.desc())
        .limit(1)
    ).one_or_none()


def _close(session: Session, program: Program, month_on: dt.date, actor: str, now: dt.datetime) -> None:
    rows, sha256 = session.execute(_HASH, {"program": program.id, "month": month_on}).one()
    of_month = (LedgerTransaction.program_id == program.id, month_of(booked_on()) == month_on)
    transactions = session.execute(select(func.count()).select_from(LedgerTransaction).where(*of_month)).scalar_one()
    closing = PeriodClosing(
        program_id=program.id,
        month_on=month_on,
        closed_by=actor,
        closed_at=now,
        transactions=transactions,
        rows=rows,
        sha256=bytes(sha256),
    )
    session.add(closing)
    session.flush()
    totals = session.execute(
        select(
            Account.unit,
            LedgerTransaction.kind,
            func.count(LedgerTransaction.id.distinct()),
            cast(func.sum(LedgerEntry.amount), BigInteger),
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(*of_month, LedgerEntry.bucket <= Bucket.RESERVED)
        .group_by(Account.unit, LedgerTransaction.kind)
    )
    session.add_all(
        PeriodTotal(closing_id=closing.id, unit=unit, kind=kind, transactions=count, amount=amount)
        for unit, kind, count, amount in totals
    )
    session.flush()
    after = {"sha256": closing.sha256.hex(), "transactions": transactions}
    audit.note(session, actor, "period.close", f"{month_on:%Y-%m}", now=now, program_id=program.id, after=after)


def ask_to_reopen(
    session: Session, program: Program, closing_id: int, *, why: str, actor: str, now: dt.datetime
) -> None:
    """Ask for the newest closed month to be opened again; somebody else agrees. The caller commits.

    Raises:
        PeriodError: It is not closed, is asked for already, a later month is closed, or no reason is given.
    """
    if not why.strip():
        raise PeriodError("Opening a closed month needs a reason.")
    closing = _standing(session, program, closing_id)
    if closing.asked_at is not None:
        raise NotAsked("Somebody asks for it already.")
    closing.asked_by, closing.asked_at, closing.asked_why = actor, now, why.strip()
    session.flush()
    subject = f"{closing.month_on:%Y-%m}"
    audit.note(session, actor, "period.ask_to_reopen", subject, now=now, program_id=program.id, reason=why.strip())


def reopen(session: Session, program: Program, closing_id: int, *, actor: str, now: dt.datetime) -> None:
    """Agree to opening a month again: it can be booked in until it is closed anew. The caller commits.

    Raises:
        SamePerson: Whoever agrees asked for it.
        PeriodError: Nobody asked, or a later month is closed.
    """
    closing = _asked(session, program, closing_id)
    assert closing.asked_by is not None, "it is asked for"
    if is_same(session, actor, closing.asked_by):
        raise SamePerson("Whoever asked for a month to be opened does not agree to it.")
    closing.reopened_by, closing.reopened_at = actor, now
    session.flush()
    audit.note(
        session,
        actor,
        "period.reopen",
        f"{closing.month_on:%Y-%m}",
        now=now,
        program_id=program.id,
        before={"sha256": closing.sha256.hex(), "asked_by": closing.asked_by},
        reason=closing.asked_why,
    )


def leave_closed(session: Session, program: Program, closing_id: int, *, actor: str, now: dt.datetime) -> None:
    """Decline a wish to open a month, or take one's own back. The caller commits.

    Raises:
        PeriodError: Nobody asked.
    """
    closing = _asked(session, program, closing_id)
    before = {"asked_by": closing.asked_by, "why": closing.asked_why}
    closing.asked_by = closing.asked_at = closing.asked_why = None
    session.flush()
    subject = f"{closing.month_on:%Y-%m}"
    audit.note(session, actor, "period.leave_closed", subject, now=now, program_id=program.id, before=before)


def _standing(session: Session, program: Program, closing_id: int) -> PeriodClosing:
    _lock(session, program)
    closing = session.scalars(
        select(PeriodClosing)
        .where(PeriodClosing.id == closing_id, PeriodClosing.program_id == program.id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if closing is None:
        raise LookupError(closing_id)
    if closing.reopened_at is not None:
        raise NotAsked("The month is open.")
    if closing.month_on != closed_through(session, program):
        raise LaterClosed(f"A month after {closing.month_on:%Y-%m} is closed: open that one first.")
    return closing


def _asked(session: Session, program: Program, closing_id: int) -> PeriodClosing:
    closing = _standing(session, program, closing_id)
    if closing.asked_at is None:
        raise NotAsked("Nobody asks for this month to be opened.")
    return closing


def months(session: Session, program: Program) -> list[MonthSeen]:
    """Give the months of the books, newest first: closed ones with their stored totals, the others as the sums are.

    The sums by month go by the day a movement belongs to: what is booked elsewhere is moved where it is booked.
    """
    standing = {
        one.month_on: one
        for one in session.scalars(
            select(PeriodClosing).where(PeriodClosing.program_id == program.id, PeriodClosing.reopened_at.is_(None))
        )
    }
    closed = _stored(session, [one.id for one in standing.values()])
    sums = _sums(session, program)
    found = sorted({*standing, *sums}, reverse=True)
    return [
        MonthSeen(
            month_on,
            standing.get(month_on),
            closed.get(standing[month_on].id, {}) if month_on in standing else sums[month_on],
        )
        for month_on in found
    ]


def _stored(session: Session, closing_ids: Sequence[int]) -> dict[int, dict[TransactionKind, int]]:
    found: dict[int, dict[TransactionKind, int]] = {}
    for one in session.scalars(
        select(PeriodTotal).where(PeriodTotal.closing_id.in_(closing_ids), PeriodTotal.unit == Unit.POINTS)
    ):
        found.setdefault(one.closing_id, {})[one.kind] = one.amount
    return found


def _sums(session: Session, program: Program) -> dict[dt.date, dict[TransactionKind, int]]:
    found: dict[dt.date, dict[TransactionKind, int]] = {}
    own = select(PointsMonth.month_on, PointsMonth.kind, PointsMonth.amount).where(
        PointsMonth.program_id == program.id, PointsMonth.unit == Unit.POINTS
    )
    for month_on, kind, amount in session.execute(own):
        found.setdefault(month_on, {})[kind] = amount
    elsewhere = (
        select(LedgerTransaction.effective_on, LedgerTransaction.booked_on, LedgerTransaction.kind, LedgerEntry.amount)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(
            LedgerTransaction.program_id == program.id,
            LedgerTransaction.booked_on.is_not(None),
            Account.distributor_id.is_not(None),
            Account.unit == Unit.POINTS,
        )
        .subquery()
    )
    total = cast(func.sum(elsewhere.c.amount), BigInteger)
    for day, sign in ((elsewhere.c.effective_on, -1), (elsewhere.c.booked_on, 1)):
        month = month_of(day)
        rows = session.execute(select(month, elsewhere.c.kind, total * literal(sign)).group_by(month, elsewhere.c.kind))
        for month_on, kind, moved in rows:
            kinds = found.setdefault(month_on, {})
            kinds[kind] = kinds.get(kind, 0) + moved
    return found


def history(session: Session, program: Program) -> Sequence[PeriodClosing]:
    """Give every closing that was opened again, newest first."""
    return session.scalars(
        select(PeriodClosing)
        .where(PeriodClosing.program_id == program.id, PeriodClosing.reopened_at.is_not(None))
        .order_by(PeriodClosing.reopened_at.desc(), PeriodClosing.id.desc())
    ).all()

"""Judging: where a provider's bookings and our books differ, found by a few statements, however many lines there are.

What a top-up was loaded by is the sum of all its bookings, in whichever statement: a load that was taken back and made
again is one load, one that is booked in parts is their sum, and one that was taken back in part is there, with another
amount. Where an approved adjustment gave its points back, or took them, or some of them because of another amount, that
counts beside its state (`app.services.loads.arrivals`). What no statement has is told of
only where it must stand in one: a load that was ordered after the first of the days that statements cover without a
gap, and answered some days before the last of them.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.orm import Session, aliased

from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.program_file.reconciliation import GIVES, TAKES
from app.domain.states import BookingKind, FindingAnswer, FindingKind, TopUpStatus
from app.models.desk import AdjustmentRequest
from app.models.prepaid import TopUp
from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding, StatementLine
from app.services.loads import differences
from app.services.loads.arrivals import ENDED_WITHOUT, amounts_corrected, corrections
from prepaid.reconciling.both_sides import booked_of, books, with_currency

_SENT = (TopUpStatus.SENDING, TopUpStatus.UNKNOWN)
"""The provider has it, and nobody knows its answer; an order file that was not brought yet is nobody's mistake."""

_OPEN = (TopUpStatus.ORDERED, *_SENT)
_OF_TOP_UPS = (
    *(FindingKind.TWICE, FindingKind.NOT_ORDERED, FindingKind.OPEN_HERE, FindingKind.NEVER_LOADED),
    *(FindingKind.RETURNED_HERE, FindingKind.REVERSED, FindingKind.FAILED_THERE, FindingKind.MISSING_THERE),
    FindingKind.AMOUNT_DIFFERS,
)
"""What is found by all bookings of a top-up together, and so may be solved by a later one."""

_COLUMNS = ("statement_id", "kind", "line_id", "top_up_id", "ours", "theirs", "ours_minor", "theirs_minor")


def judge(session: Session, program: Program, statement: ProviderStatement, *, now: dt.datetime) -> None:
    """Find where a statement and our books differ, and close what is solved by now. Asking again is harmless.

    The caller commits.
    """
    days = PrepaidPart.model_validate(program.prepaid).statements.days_apart
    _guess(session, program, statement, days)
    told = union_all(
        _of_lines(program, statement, days),
        _of_top_ups(program, statement),
        _absent(program, statement, days, coverage(session, statement)),
    ).subquery()
    _keep(session, told)
    judge_corrected(session, program, now=now)
    solve(session, program, now=now)


def judge_corrected(session: Session, program: Program, *, now: dt.datetime) -> None:
    """Find what adjustments contradict by now: bookings may have come while they waited for approval, or were refused.

    Such a difference stands in the statement that booked the load last, which is open again then. The caller commits.
    """
    corrected = corrections()
    # when a request is refused its difference is open again, beside one that was told as if it would be approved; and
    # what stands there twice no more may be another amount
    amounts = select(StatementFinding.top_up_id).where(
        StatementFinding.kind.in_((FindingKind.AMOUNT_DIFFERS, FindingKind.TWICE)),
        StatementFinding.answer.is_(None),
        StatementFinding.top_up_id.is_not(None),
    )
    told = select(corrected.c.top_up_id).union(amounts).subquery()
    found = _verdicts(program, select(told.c.top_up_id))
    booked = select(StatementLine.statement_id, *(found.c[name] for name in _COLUMNS[1:])).join(
        StatementLine, StatementLine.id == found.c.line_id
    )
    differences.open_statements(session, program, _keep(session, booked.subquery()), actor="kontor", now=now)


def _keep(session: Session, told: Subquery) -> dict[int, list[int]]:
    """Write down the differences that were not told before. Gives those that are new, by statement."""
    before, of_amounts = aliased(StatementFinding), told.c.kind == FindingKind.AMOUNT_DIFFERS.value
    known = (
        select(before.id)
        .where(
            before.top_up_id == told.c.top_up_id,
            before.kind == told.c.kind,
            before.theirs.is_not_distinct_from(told.c.theirs),
            before.answer.is_distinct_from(FindingAnswer.SOLVED),
            told.c.kind.in_(_OF_TOP_UPS),
            ~of_amounts,
        )
        .exists()
    )
    known_amount = and_(of_amounts, _tells(told.c.top_up_id, told.c.ours_minor, told.c.theirs_minor))
    new = select(*(told.c[name] for name in _COLUMNS)).where(~known, ~known_amount)
    kept = insert(StatementFinding).from_select(_COLUMNS, new)
    once = ("statement_id", "kind", "line_id", "top_up_id")
    kept = kept.on_conflict_do_update(
        index_elements=once,
        set_={name: kept.excluded[name] for name in _COLUMNS if name not in once}
        | dict.fromkeys(("answer", "closed_by", "closed_at"), null()),
        where=and_(
            StatementFinding.kind == FindingKind.AMOUNT_DIFFERS,
            func.coalesce(StatementFinding.answer == FindingAnswer.SOLVED, true()),
        ),
    )
    new_ones: dict[int, list[int]] = {}
    for statement_id, number in session.execute(kept.returning(StatementFinding.statement_id, StatementFinding.id)):
        new_ones.setdefault(statement_id, []).append(number)
    return new_ones


def _tells(top_up_id: Any, ours_minor: Any, theirs_minor: Any) -> ColumnElement[bool]:
    """Say that a difference which is open, or noted, tells of an amount what is so.

    What was asked for because of one that was adjusted is among what our books have, so that one tells nothing more.
    """
    said = aliased(StatementFinding)
    return (
        select(said.id)
        .where(
            said.top_up_id == top_up_id,
            said.kind == FindingKind.AMOUNT_DIFFERS,
            said.ours_minor == ours_minor,
            said.theirs_minor == theirs_minor,
            func.coalesce(said.answer == FindingAnswer.NOTED, true()),
        )
        .exists()
    )


def coverage(session: Session, statement: ProviderStatement) -> tuple[dt.date, dt.date]:
    """Give the days up to a statement's last that statements of the provider cover without a gap."""
    rows = session.execute(
        select(ProviderStatement.from_on, ProviderStatement.to_on)
        .where(
            ProviderStatement.program_id == statement.program_id,
            ProviderStatement.provider == statement.provider,
            ProviderStatement.from_on <= statement.from_on,
        )
        .order_by(ProviderStatement.to_on.desc())
    )
    first = statement.from_on
    for from_on, to_on in rows:
        if to_on < first - dt.timedelta(days=1):
            break
        first = min(first, from_on)
    return first, statement.to_on


def _each(wrong: Sequence[tuple[ColumnElement[bool], FindingKind]]) -> ColumnElement[Any]:
    """Give the kinds of what holds, as an array: a list of rows would be made ready anew for every line."""
    return func.array_remove(array([case((holds, kind.value)) for holds, kind in wrong]), null())


def _of_lines(program: Program, statement: ProviderStatement, days: int) -> Select[Any]:
    """Find what is wrong with a booking by itself."""
    line, ours, anybody = StatementLine, books(program), aliased(TopUp)
    of_others = select(anybody.id).where(anybody.reference == line.reference).exists()
    unknown, elsewhere = and_(line.reference.is_not(None), line.top_up_id.is_(None)), line.currency != ours.c.currency
    early, late = line.booked_on < ours.c.ordered_on - days, line.booked_on > ours.c.answered_on + days
    other_day = and_(line.kind == BookingKind.LOAD, ours.c.status == TopUpStatus.LOADED, or_(early, late))
    signed = case((line.kind == BookingKind.REVERSAL, -line.amount_minor), else_=line.amount_minor)
    wrong: list[tuple[ColumnElement[bool], FindingKind]] = [
        (line.reference.is_(None), FindingKind.NO_REFERENCE),
        (and_(unknown, of_others), FindingKind.OTHER_PROGRAM),
        (and_(unknown, ~of_others), FindingKind.MISSING_HERE),
        (elsewhere, FindingKind.WRONG_CURRENCY),
        (or_(line.token != ours.c.token, line.last4 != ours.c.last4), FindingKind.WRONG_CARD),
        (other_day, FindingKind.WRONG_DATE),
    ]
    found = (
        select(
            *(line.statement_id, line.id.label("line_id"), line.top_up_id),
            ours.c.amount_minor.label("ours_minor"),
            # an amount of another currency is no figure beside ours: it is told with its currency
            case((elsewhere, null()), else_=signed).label("theirs_minor"),
            *(ours.c.currency.label("our_currency"), with_currency(program, signed).label("their_currency")),
            *(ours.c.last4.label("our_card"), func.coalesce(line.last4, line.token).label("their_card")),
            case((early, ours.c.ordered_on), else_=ours.c.answered_on).label("our_day"),
            line.booked_on.label("their_day"),
            func.unnest(_each(wrong)).label("kind"),
        )
        .select_from(line)
        .outerjoin(ours, ours.c.id == line.top_up_id)
        .where(line.statement_id == statement.id, line.kind.in_((BookingKind.LOAD, BookingKind.REVERSAL)))
        .where(or_(*(holds for holds, _ in wrong)))
        .subquery()
    )
    of_kind = {
        FindingKind.WRONG_CURRENCY: (found.c.our_currency, found.c.their_currency),
        FindingKind.WRONG_CARD: (found.c.our_card, found.c.their_card),
        FindingKind.WRONG_DATE: (found.c.our_day, found.c.their_day),
    }
    said = [
        case(*((found.c.kind == kind.value, cast(both[at], Text)) for kind, both in of_kind.items())) for at in (0, 1)
    ]
    return select(
        *(found.c.statement_id, found.c.kind, found.c.line_id, found.c.top_up_id),
        *(said[0].label("ours"), said[1].label("theirs")),
        *(found.c.ours_minor, found.c.theirs_minor),
    )


def _verdicts(program: Program, top_ups: Select[Any]) -> Subquery:
    """Say of top-ups that are booked somewhere what their bookings together contradict; several things can be."""
    ours, booked, other = books(program), booked_of(top_ups), amounts_corrected(top_ups)
    given = _given(top_ups)
    status, times = ours.c.status, func.coalesce(given.c.times, 0)
    # of a load that no statement has, and one has taken back, all was there
    unseen = and_(booked.c.all_loads == 0, booked.c.reversals > 0)
    left = case((unseen, ours.c.amount_minor), else_=booked.c.theirs_minor) - booked.c.reversed_minor
    loaded = or_(left > 0, booked.c.elsewhere_minor > 0)
    # what was given or taken because another amount is there, our books have by now
    stands_at = ours.c.amount_minor + func.coalesce(other.c.more_minor, 0)
    # once more is a whole load more: what is there besides, and is none, is another amount
    once_more = or_(booked.c.whole > 1, left - stands_at >= ours.c.amount_minor)
    more = and_(booked.c.loads > 1, left > func.greatest(stands_at, ours.c.amount_minor), once_more)
    # no rate says what a booking in another currency comes to; one beside a load that is all there is another load
    more_elsewhere = and_(booked.c.elsewhere > 0, booked.c.loads > 0, left >= stands_at)
    twice = or_(more, booked.c.elsewhere > 1, more_elsewhere)
    amount = and_(loaded, left != stands_at, ~twice, ~booked.c.other_currency)
    spent = or_(and_(status == TopUpStatus.LOADED, times <= 0), and_(status.in_(ENDED_WITHOUT), times < 0))
    returned = or_(and_(status == TopUpStatus.LOADED, times > 0), and_(status.in_(ENDED_WITHOUT), times >= 0))
    # what is asked for already is not told of under another name: it would be asked for twice
    spent, returned = and_(spent, ~_asked(ours.c.id, GIVES)), and_(returned, ~_asked(ours.c.id, TAKES))
    reserved = or_(status == TopUpStatus.RESERVED, and_(status.in_(ENDED_WITHOUT), ours.c.provider.is_(None)))
    wrong: list[tuple[ColumnElement[bool], FindingKind]] = [
        (twice, FindingKind.TWICE),
        (amount, FindingKind.AMOUNT_DIFFERS),
        (and_(loaded, reserved), FindingKind.NOT_ORDERED),
        (and_(loaded, status.in_(_OPEN)), FindingKind.OPEN_HERE),
        (and_(~loaded, status.in_(_OPEN)), FindingKind.NEVER_LOADED),
        (and_(loaded, returned, ours.c.provider.is_not(None)), FindingKind.RETURNED_HERE),
        (and_(~loaded, spent, booked.c.reversals > 0), FindingKind.REVERSED),
        (and_(~loaded, spent, booked.c.reversals == 0), FindingKind.FAILED_THERE),
    ]
    found = (
        select(
            booked.c.top_up_id,
            func.unnest(_each(wrong)).label("kind"),
            booked.c.line_id,
            *(cast(status, Text).label("status"), cast(booked.c.net, Text).label("net")),
            *(ours.c.amount_minor, stands_at.label("stands_at"), left.label("left")),
            case((and_(booked.c.other_currency, booked.c.loads == 0), null()), else_=booked.c.theirs_minor).label(
                "theirs_minor"
            ),
        )
        .join(ours, ours.c.id == booked.c.top_up_id)
        .outerjoin(given, given.c.top_up_id == booked.c.top_up_id)
        .outerjoin(other, other.c.top_up_id == booked.c.top_up_id)
        .where(or_(*(holds for holds, _ in wrong)))
        .subquery()
    )
    of_amounts = found.c.kind == FindingKind.AMOUNT_DIFFERS.value
    return select(
        *(found.c.top_up_id, found.c.kind, found.c.line_id, found.c.status.label("ours")),
        case((of_amounts, cast(found.c.left, Text)), else_=found.c.net).label("theirs"),
        case((of_amounts, found.c.stands_at), else_=found.c.amount_minor).label("ours_minor"),
        cast(case((of_amounts, found.c.left), else_=found.c.theirs_minor), BigInteger).label("theirs_minor"),
    ).subquery()


def _asked(top_up_id: ColumnElement[int], kinds: Collection[FindingKind]) -> ColumnElement[bool]:
    """Say that an adjustment which follows from such a difference waits for whoever approves it."""
    asked = select(StatementFinding.id).join(AdjustmentRequest, AdjustmentRequest.id == StatementFinding.adjustment_id)
    return asked.where(
        StatementFinding.top_up_id == top_up_id,
        StatementFinding.kind.in_(kinds),
        AdjustmentRequest.state == "waiting",
    ).exists()


def _given(top_ups: Select[Any]) -> Subquery:
    """Count how many times the points of top-ups were given back by adjustments; below zero they were taken.

    What nobody has approved yet moved no points.
    """
    said = corrections()
    return (
        select(said.c.top_up_id, func.sum(-said.c.way).label("times"))
        .where(said.c.top_up_id.in_(top_ups))
        .group_by(said.c.top_up_id)
        .subquery()
    )


def _of_top_ups(program: Program, statement: ProviderStatement) -> Select[Any]:
    """Find what the bookings of each top-up of a statement come to, those of earlier statements with them."""
    touched = select(StatementLine.top_up_id).where(StatementLine.statement_id == statement.id)
    found = _verdicts(program, touched)
    return select(literal(statement.id).label("statement_id"), *(found.c[name] for name in _COLUMNS[1:]))


def _absent(program: Program, statement: ProviderStatement, days: int, covered: tuple[dt.date, dt.date]) -> Select[Any]:
    """Find what no statement has, and one of those that are here must have."""
    ours, (first, last) = books(program), covered
    booked = select(StatementLine.id).where(StatementLine.top_up_id == ours.c.id).exists()
    loaded = ours.c.status == TopUpStatus.LOADED
    kind = case((loaded, FindingKind.MISSING_THERE.value), else_=FindingKind.NEVER_LOADED.value)
    return select(
        literal(statement.id).label("statement_id"),
        kind.label("kind"),
        cast(null(), BigInteger).label("line_id"),
        ours.c.id.label("top_up_id"),
        cast(ours.c.status, Text).label("ours"),
        cast(null(), Text).label("theirs"),
        ours.c.amount_minor.label("ours_minor"),
        cast(null(), BigInteger).label("theirs_minor"),
    ).where(
        ours.c.provider == statement.provider,
        or_(loaded, ours.c.status.in_(_SENT)),
        ours.c.ordered_on >= first,
        ours.c.answered_on <= last - dt.timedelta(days=days),
        ~booked,
    )


def _guess(session: Session, program: Program, statement: ProviderStatement, days: int) -> None:
    """Find the top-up of a booking without a reference, where only one fits it, and it fits only that one."""
    line, ours, booked = StatementLine, books(program), aliased(StatementLine)
    fits = (
        select(
            line.id.label("line_id"),
            ours.c.id.label("top_up_id"),
            func.count().over(partition_by=line.id).label("of_line"),
            func.count().over(partition_by=ours.c.id).label("of_top_up"),
        )
        .join(ours, ours.c.amount_minor == line.amount_minor)
        .where(
            line.statement_id == statement.id,
            line.kind == BookingKind.LOAD,
            line.reference.is_(None),
            line.top_up_id.is_(None),
            or_(line.token == ours.c.token, and_(line.token.is_(None), line.last4 == ours.c.last4)),
            func.coalesce(line.currency == ours.c.currency, true()),
            ours.c.status.in_((TopUpStatus.LOADED, *_SENT)),
            line.booked_on.between(ours.c.ordered_on - days, ours.c.answered_on + days),
            ~select(booked.id).where(booked.top_up_id == ours.c.id).exists(),
        )
        .subquery()
    )
    session.execute(
        update(StatementLine)
        .where(StatementLine.id == fits.c.line_id, fits.c.of_line == 1, fits.c.of_top_up == 1)
        .values(top_up_id=fits.c.top_up_id)
        .execution_options(synchronize_session=False)
    )


def solve(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Close the open differences of a programme that are none any more. Returns how many. The caller commits."""
    solved = session.execute(
        update(StatementFinding)
        .where(StatementFinding.id.in_(_gone(program)))
        .values(answer=FindingAnswer.SOLVED, closed_by="kontor", closed_at=now)
        .returning(StatementFinding.id)
        .execution_options(synchronize_session=False)
    )
    return len(solved.all())


def stands(session: Session, program: Program, found: StatementFinding) -> bool:
    """Tell whether an open difference is still one, as our books are now."""
    return session.scalars(_gone(program, StatementFinding.id == found.id)).first() is None


def _gone(program: Program, *of: ColumnElement[bool]) -> Select[tuple[int]]:
    """Ask for the open differences of a programme that are none any more."""
    days = PrepaidPart.model_validate(program.prepaid).statements.days_apart
    open_ = (
        select(
            *(StatementFinding.id, StatementFinding.top_up_id, StatementFinding.kind, ProviderStatement.to_on),
            *(StatementFinding.ours_minor, StatementFinding.theirs_minor),
        )
        .join(ProviderStatement, ProviderStatement.id == StatementFinding.statement_id)
        .where(
            ProviderStatement.program_id == program.id,
            StatementFinding.answer.is_(None),
            StatementFinding.kind.in_(_OF_TOP_UPS),
            *of,
        )
        .subquery()
    )
    found, ours = _verdicts(program, select(open_.c.top_up_id)), books(program)
    # one that told another amount is closed where another difference tells what is so
    as_told = or_(
        open_.c.kind != FindingKind.AMOUNT_DIFFERS,
        and_(found.c.ours_minor == open_.c.ours_minor, found.c.theirs_minor == open_.c.theirs_minor),
        ~_tells(found.c.top_up_id, found.c.ours_minor, found.c.theirs_minor),
    )
    still = and_(found.c.kind == open_.c.kind, as_told)
    # what stands there twice no more is told of until somebody is told what is there instead
    untold = and_(
        open_.c.kind == FindingKind.TWICE,
        found.c.kind == FindingKind.AMOUNT_DIFFERS,
        ~_tells(found.c.top_up_id, found.c.ours_minor, found.c.theirs_minor),
    )
    verdict = select(found.c.kind).where(found.c.top_up_id == open_.c.top_up_id, or_(still, untold)).exists()
    booked = select(StatementLine.id).where(StatementLine.top_up_id == open_.c.top_up_id).exists()
    missing = and_(open_.c.kind == FindingKind.MISSING_THERE, ours.c.status == TopUpStatus.LOADED)
    never = and_(open_.c.kind == FindingKind.NEVER_LOADED, ours.c.status.in_(_OPEN))
    # what was handed in again since must not stand in that statement
    due = ours.c.answered_on <= open_.c.to_on - days
    absent = select(ours.c.id).where(ours.c.id == open_.c.top_up_id, or_(missing, never), due).exists()
    return select(open_.c.id).where(~verdict, or_(booked, ~absent))

"""What somebody does about a difference: the load counts here too, its points go back, points are asked for, a note.

Each difference is answered once, with a reason, and what that does stands in the same transaction. The caller commits.
"""

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from app.domain.points.conversion import MICRO
from app.domain.program_file.reconciliation import TAKES, ways_of
from app.domain.saying.wording import either, marked
from app.domain.states import FindingAnswer, FindingKind, TopUpKind, TopUpStatus, Unit
from app.domain.typed.card_numbers import holds_card_number
from app.models.desk import AdjustmentRequest
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import LoadBatch, Redemption, TopUp
from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding, StatementLine
from app.services import audit
from app.services.by_hand import adjustments
from app.services.loads import differences
from app.services.loads.arrivals import ENDED_WITHOUT, given_for_other_amounts, is_there
from prepaid.errors import CardNumberFound, PrepaidError
from prepaid.loads.moves import locked_run
from prepaid.loads.recipients import RECEIVES, Recipient
from prepaid.loads.settling import settle
from prepaid.providers import Answer, LoadResult
from prepaid.reconciling.judging import judge, solve, stands

_ = marked


class NoSuchStatement(LookupError):
    """The programme has no statement of this number."""

    def __init__(self, statement_id: int) -> None:
        """Say which."""
        super().__init__(f"There is no statement {statement_id}; see `kontor reconcile list`.")


class NoSuchDifference(LookupError):
    """The programme has no difference of this number."""

    def __init__(self, finding_id: int) -> None:
        """Say which."""
        super().__init__(f"There is no difference {finding_id}; see `kontor reconcile differences`.")


class AnsweredBefore(PrepaidError):
    """Somebody was quicker, or it was solved by itself."""

    def __init__(self, finding_id: int) -> None:
        """Say which."""
        super().__init__(_("Difference %(number)s is closed already."), number=str(finding_id))


class NotAWay(PrepaidError):
    """This cannot be done about such a difference."""

    def __init__(self, kind: FindingKind, how: FindingAnswer) -> None:
        """Say what can be."""
        words = _("A difference %(kind)s cannot be %(how)s, only %(ways)s.")
        super().__init__(words, kind=kind.value, how=how.value, ways=either(*(one.value for one in ways_of(kind))))


class StillOpen(PrepaidError):
    """A statement is closed when its differences are."""

    def __init__(self, statement_id: int, count: int) -> None:
        """Say how many are open."""
        words = _("Statement %(number)s has %(count)s open differences; answer them first.")
        super().__init__(words, number=str(statement_id), count=count)
        self.count = count


class HasAnswers(PrepaidError):
    """A statement of which something was answered stays."""

    def __init__(self, statement_id: int) -> None:
        """Say which."""
        words = _("Statement %(number)s stays: somebody closed it, or answered one of its differences.")
        super().__init__(words, number=str(statement_id))


def statement_of(session: Session, program: Program, statement_id: int) -> ProviderStatement:
    """Find a statement and hold it until the transaction ends.

    Raises:
        NoSuchStatement: The programme has none of this number.
    """
    found = session.get(ProviderStatement, statement_id, with_for_update=True, populate_existing=True)
    if found is None or found.program_id != program.id:
        raise NoSuchStatement(statement_id)
    return found


def answer(
    session: Session,
    program: Program,
    finding_id: int,
    how: FindingAnswer,
    *,
    reason: str,
    points: int | None = None,
    actor: str,
    now: dt.datetime,
) -> StatementFinding:
    """Answer a difference. ``points`` are asked for where the answer is an adjustment: above zero given, else taken.

    Of a load of money that rules gave they are minor units of money.

    Raises:
        NoSuchDifference: The programme has none of this number.
        AnsweredBefore, NotAWay: It is closed, or nothing of the kind can be done about it.
        CardNumberFound: The reason holds what looks like the number of a card.
        AdjustmentError: The points cannot be asked for.
        PrepaidError: What was to be done could not be.
    """
    found = _held(session, program, finding_id)
    if how not in ways_of(found.kind):
        raise NotAWay(found.kind, how)
    why = _reason(reason)
    if how in (FindingAnswer.SETTLED, FindingAnswer.RETURNED):
        _settle(session, program, found, how, actor=actor, now=now)
    elif how is FindingAnswer.ADJUSTED:
        found.adjustment_id = _ask(session, program, found, points, why, actor=actor, now=now)
    found.answer, found.reason, found.closed_by, found.closed_at = how, why, actor, now
    session.flush()
    after = {"kind": found.kind.value, "answer": how.value, "points": points}
    subject = f"difference {found.id}"
    audit.note(
        session, actor, "reconciliation.answer", subject, now=now, program_id=program.id, after=after, reason=why
    )
    if how is not FindingAnswer.NOTED:
        solve(session, program, now=now)
    return found


def _held(session: Session, program: Program, finding_id: int) -> StatementFinding:
    found = session.scalars(
        select(StatementFinding)
        .join(ProviderStatement, ProviderStatement.id == StatementFinding.statement_id)
        .where(StatementFinding.id == finding_id, ProviderStatement.program_id == program.id)
        .with_for_update(of=StatementFinding)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NoSuchDifference(finding_id)
    if found.answer is not None:
        raise AnsweredBefore(finding_id)
    return found


def _reason(text: str) -> str:
    if holds_card_number(text):
        raise CardNumberFound("The reason")
    if not text.strip():
        raise PrepaidError(_("Whoever closes a difference says why."))
    return text.strip()


def _settle(
    session: Session,
    program: Program,
    found: StatementFinding,
    how: FindingAnswer,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Let a load count here as it does there, or give its points back, as if the provider had answered so.

    The points of a load that is handed in, and not answered yet, stay: the provider may carry it out this moment.
    """
    row = session.execute(select(TopUp.reference, TopUp.run_id).where(TopUp.id == found.top_up_id)).one()
    if row.run_id is None:
        raise PrepaidError(_("This load was never ordered; there is nothing to settle."))
    result = LoadResult.LOADED if how is FindingAnswer.SETTLED else LoadResult.FAILED
    said = Answer(row.reference, result, "" if result is LoadResult.LOADED else "statement", "")
    run = locked_run(session, row.run_id)
    if result is LoadResult.FAILED and (_on_its_way(session, found) or not stands(session, program, found)):
        words = _("The load %(reference)s is sending by now; look at it again.")
        raise PrepaidError(words, reference=row.reference)
    settle(session, run, [(None, said)], actor=actor, now=now)
    status = session.scalars(select(TopUp.status).where(TopUp.id == found.top_up_id)).one()
    wanted = (TopUpStatus.LOADED,) if result is LoadResult.LOADED else ENDED_WITHOUT
    if status not in wanted:
        words = _("The load %(reference)s is %(status)s by now; look at it again.")
        raise PrepaidError(words, reference=row.reference, status=status.value)


def _on_its_way(session: Session, found: StatementFinding) -> bool:
    handed_in = select(TopUp.id).join(LoadBatch, LoadBatch.id == TopUp.load_batch_id).where(TopUp.id == found.top_up_id)
    waits = handed_in.where(TopUp.status == TopUpStatus.SENDING, LoadBatch.sent_at.is_(None))
    return session.scalars(waits).first() is not None


def _ask(
    session: Session,
    program: Program,
    found: StatementFinding,
    points: int | None,
    why: str,
    *,
    actor: str,
    now: dt.datetime,
) -> int:
    """Ask for points or money to be given or taken; a second person decides. They are whose the load would be now.

    What another amount costs follows from what the load cost: where that went back, or nobody knows, it comes first.
    """
    reference, owner, unit, there = session.execute(
        select(TopUp.reference, Recipient.id, Account.unit, or_(is_there(TopUp), _is_asked_for()))
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .join(Recipient, RECEIVES)
        .where(TopUp.id == found.top_up_id)
    ).one()
    if found.kind is FindingKind.AMOUNT_DIFFERS and not there:
        words = _("Say first what becomes of the load %(reference)s: here it is not on the card.")
        raise PrepaidError(words, reference=reference)
    reasons = [code for code, _ in adjustments.reasons_of(program).reasons()]
    code = "correction" if "correction" in reasons else reasons[-1]
    note = f"{reference}: {why}"
    return adjustments.request(
        session, program, owner, points or 0, unit=unit, reason_code=code, note=note, actor=actor, now=now
    )


def _is_asked_for() -> ColumnElement[bool]:
    """Say that somebody asked for the points of a load that went back, because it is on the card all the same."""
    asked = select(StatementFinding.id).join(AdjustmentRequest, AdjustmentRequest.id == StatementFinding.adjustment_id)
    of_it = StatementFinding.top_up_id == TopUp.id, StatementFinding.kind.in_(TAKES)
    return asked.where(*of_it, AdjustmentRequest.state == "waiting").correlate(TopUp).exists()


def unit_of(session: Session, found: StatementFinding) -> Unit:
    """Tell what an adjustment would give or take: points, or money where the load was of money that rules gave."""
    of_load = (
        select(Account.unit)
        .join(Redemption, Redemption.account_id == Account.id)
        .join(TopUp, TopUp.redemption_id == Redemption.id)
        .where(TopUp.id == found.top_up_id)
    )
    return session.scalars(of_load).one_or_none() or Unit.POINTS


def points_of(session: Session, found: StatementFinding) -> int:
    """Propose the amount of an adjustment: what the load cost, or what the amounts differ by. Below zero: taken.

    What was given or taken before, because another amount is on the card, is no part of what the load cost any more.
    It is in the smallest unit of what the load was of (`unit_of`). A compensation cost nothing: there it is 0, and
    somebody must say how much.
    """
    if found.top_up_id is None or FindingAnswer.ADJUSTED not in ways_of(found.kind):
        return 0
    kind, unit, points, value = session.execute(
        select(TopUp.kind, Account.unit, Redemption.points, Redemption.point_value_micro)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .where(TopUp.id == found.top_up_id)
    ).one()
    if kind is not TopUpKind.REWARD:
        return 0
    if found.kind is FindingKind.AMOUNT_DIFFERS:
        less = (found.ours_minor or 0) - (found.theirs_minor or 0)
        if unit is Unit.MONEY:
            return int(less)
        return int(abs(less) * MICRO // max(value, 1)) * (1 if less > 0 else -1)
    takes = found.kind in TAKES
    paid = max(int(points) - given_for_other_amounts(session, found.top_up_id, before_it_went=takes), 0)
    return -paid if takes else paid


def set_period(
    session: Session,
    program: Program,
    statement_id: int,
    from_on: dt.date,
    to_on: dt.date,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Say which days a statement covers; what must stand in it is looked for anew.

    Raises:
        NoSuchStatement: There is none.
        PrepaidError: They end before they begin.
    """
    statement = statement_of(session, program, statement_id)
    if from_on > to_on:
        words = _("The period ends on %(to)s, before it begins on %(from)s.")
        raise PrepaidError(words, **{"to": str(to_on), "from": str(from_on)})
    before = {"from": statement.from_on.isoformat(), "to": statement.to_on.isoformat()}
    statement.from_on, statement.to_on = from_on, to_on
    session.flush()
    session.execute(
        delete(StatementFinding).where(
            StatementFinding.statement_id == statement.id,
            StatementFinding.answer.is_(None),
            StatementFinding.line_id.is_(None),
        )
    )
    after = {"from": from_on.isoformat(), "to": to_on.isoformat()}
    _note(session, program, statement, "period", actor, now, before=before, after=after)
    judge(session, program, statement, now=now)


def look_again(session: Session, program: Program, statement_id: int, *, now: dt.datetime) -> None:
    """Hold a statement against our books as they are by now.

    Raises:
        NoSuchStatement: There is none.
    """
    judge(session, program, statement_of(session, program, statement_id), now=now)


def close(session: Session, program: Program, statement_id: int, *, note: str, actor: str, now: dt.datetime) -> None:
    """Say that a statement is done with.

    Raises:
        NoSuchStatement: There is none.
        StillOpen: Differences of it are open.
        AnsweredBefore, CardNumberFound, PrepaidError: It is closed, or the note cannot stand.
    """
    statement = statement_of(session, program, statement_id)
    if statement.closed_at is not None:
        raise AnsweredBefore(statement_id)
    open_ = session.scalar(
        select(func.count())
        .select_from(StatementFinding)
        .where(StatementFinding.statement_id == statement.id, StatementFinding.answer.is_(None))
    )
    if open_:
        raise StillOpen(statement_id, open_)
    statement.closing_note = _reason(note)
    statement.closed_by, statement.closed_at = actor, now
    _note(session, program, statement, "close", actor, now, reason=statement.closing_note)


def take_back(
    session: Session, program: Program, statement_id: int, *, reason: str, actor: str, now: dt.datetime
) -> None:
    """Take a statement out again that should not have come in; its bookings may come in anew.

    What it had solved in others is looked at anew.

    Raises:
        NoSuchStatement: There is none.
        HasAnswers: Somebody closed it, or answered one of its differences.
        CardNumberFound, PrepaidError: The reason cannot stand.
    """
    statement = statement_of(session, program, statement_id)
    answered = select(StatementFinding.id).where(
        StatementFinding.statement_id == statement.id,
        StatementFinding.answer.is_not(None),
        StatementFinding.answer != FindingAnswer.SOLVED,
    )
    if statement.closed_at is not None or session.scalars(answered.limit(1)).first() is not None:
        raise HasAnswers(statement_id)
    _note(session, program, statement, "take_back", actor, now, reason=_reason(reason))
    told = select(StatementLine.top_up_id).where(StatementLine.statement_id == statement.id)
    solved = (
        StatementFinding.answer == FindingAnswer.SOLVED,
        StatementFinding.closed_at >= statement.brought_at,
        StatementFinding.top_up_id.in_(told),
    )
    differences.reopen(session, program, *solved, actor=actor, now=now)
    session.execute(delete(ProviderStatement).where(ProviderStatement.id == statement.id))
    session.expunge(statement)
    solve(session, program, now=now)


def _note(
    session: Session,
    program: Program,
    statement: ProviderStatement,
    what: str,
    actor: str,
    now: dt.datetime,
    **more: Any,
) -> None:
    subject = f"provider statement {statement.id}"
    audit.note(session, actor, f"reconciliation.{what}", subject, now=now, program_id=program.id, **more)

"""Conversion runs: approved by a second person, or called off; and how they stand.

They are prepared in `prepaid.conversions.preparing`, ordered in `prepaid.conversions.ordering`, sent in
`prepaid.conversions.sending`, and settled in `prepaid.loads.settling`. The caller commits.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.orm import Session

from app.db.many import among
from app.domain.measures.calendar import local_date
from app.domain.measures.money import amount_name
from app.domain.saying.wording import marked
from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus
from app.domain.typed.card_numbers import holds_card_number
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import ConversionRun, LoadBatch, LoadResponse, Redemption, TopUp
from app.models.programs import Program
from app.services import audit
from app.services.ledger import ledger
from app.services.same_person import is_same
from prepaid.conversions import pieces
from prepaid.conversions.called_off import end_with_run
from prepaid.conversions.obstacles import Obstacle, obstacles
from prepaid.errors import BlockedMeanwhile, CardNumberFound, NotAllowedNow, PrepaidError, SamePerson
from prepaid.loads.moves import locked_run, move, require, run_of
from prepaid.loads.recipients import RECEIVES, Recipient
from prepaid.loads.topups import move_top_ups, redeemed_with_top_up, was_ordered_again
from prepaid.taxing import goods_tax
from prepaid.turns import take_turn

_ = marked


def approve(session: Session, run_id: int, *, actor: str, now: dt.datetime) -> ConversionRun:
    """Approve a run as a second person. The caller commits; then the order is written (`prepaid.conversions.ordering`).

    Raises:
        SamePerson: Whoever approves previewed it.
        BlockedMeanwhile: Distributors of the run were blocked since.
        NotAllowedNow, NoSuchRun: There is no such run to approve.
    """
    run = locked_run(session, run_id)
    require(run, "approved", RunStatus.PREVIEW)
    if is_same(session, actor, run.previewed_by):
        raise SamePerson(run.id, run.previewed_by)
    if not actor.strip():
        raise PrepaidError(_("Whoever approves must be named."))
    refuse_blocked(session, run)
    run.approved_by, run.approved_at = actor, now
    move(run, RunStatus.APPROVED)
    note(session, run, actor, "conversion.approve", now)
    return run


def refuse_blocked(session: Session, run: ConversionRun, redemption_ids: Sequence[int] | None = None) -> None:
    """Make sure that no distributor of a run, or of some redemptions of it, was blocked since the preview.

    Raises:
        BlockedMeanwhile: Some were.
    """
    blocked = session.scalars(
        select(Recipient.id).where(Recipient.program_id == run.program_id, Recipient.blocked)
    ).all()
    of_those = _of_those(run.id, blocked)
    if redemption_ids is not None:
        of_those = of_those.where(among(Redemption.id, redemption_ids))
    codes = session.scalars(of_those).all() if blocked else []
    if codes:
        raise BlockedMeanwhile(run.id, codes)


def _of_those(run_id: int, ids: Sequence[int]) -> Select[str]:
    """Ask for the codes of those who would receive something of a run. Few are blocked: they are looked for first."""
    return (
        select(Recipient.code)
        .join(Distributor, RECEIVES)
        .join(Account, Account.distributor_id == Distributor.id)
        .join(Redemption, Redemption.account_id == Account.id)
        .join(TopUp, TopUp.redemption_id == Redemption.id)
        .where(among(Recipient.id, ids), TopUp.run_id == run_id)
        .distinct()
        .order_by(Recipient.code)
    )


def says_nothing(session: Session, run: ConversionRun) -> bool:
    """Tell whether a run took nothing, left nothing out and judged no goods: there is nothing in it to keep."""
    return run.status is RunStatus.EMPTY and not run.exceptions and not goods_tax.has_judged(session, run)


CANCELLABLE = (RunStatus.PREPARING, RunStatus.PREVIEW, RunStatus.APPROVED, RunStatus.ORDERED)
"""The states in which a run can be called off; so can one that had nothing to load, but judged goods."""


def can_be_cancelled(session: Session, found: "Report") -> bool:
    """Tell whether a run can be called off as it is now: none of its loads was answered, nor is one on its way."""
    return _is_open(session, found.run) and not found.went_out


_WAITING = (TopUpStatus.RESERVED, TopUpStatus.ORDERED)


def _has_answers(session: Session, run: ConversionRun) -> bool:
    """Tell whether some of its loads went out: its file may have been refused after others were answered."""
    out = select(TopUp.id).where(TopUp.run_id == run.id, TopUp.status.not_in(_WAITING))
    return bool(session.scalar(select(out.exists())))


def _is_open(session: Session, run: ConversionRun) -> bool:
    return run.status in CANCELLABLE or (run.status is RunStatus.EMPTY and goods_tax.has_judged(session, run))


def cancel(
    session: Session,
    run_id: int,
    *,
    actor: str,
    now: dt.datetime,
    order_file_not_sent: bool = False,
    reason: str | None = None,
) -> ConversionRun:
    """Call a run off and give every point back to the lots it came from. The caller commits.

    Once the order file is written, somebody may have handed it to the provider: then whoever cancels must say that
    nobody did (``order_file_not_sent``).

    Raises:
        NotAllowedNow, NoSuchRun: There is no such run to cancel.
        PrepaidError: The order file is written, and nobody said that it was not sent.
        CardNumberFound: The reason holds what may be the number of a card.
    """
    if holds_card_number(reason or ""):
        raise CardNumberFound("The reason")
    # the row alone would not do: others share it, and each piece of the run would overtake whoever calls it off
    take_turn(session, run_of(session, run_id).program_id)
    run = locked_run(session, run_id)
    if not _is_open(session, run):
        raise NotAllowedNow(run.id, "cancelled", run.status, CANCELLABLE)
    if _has_answers(session, run):
        raise NotAllowedNow(run.id, "cancelled (some of its top-ups were answered)", run.status, [RunStatus.PREVIEW])
    if run.status is RunStatus.ORDERED and not order_file_not_sent:
        words = _(
            "Run %(run)s is ordered: its order file may be with the provider. If it is not, cancel it with "
            "--order-file-not-sent; else bring the response file in."
        )
        raise PrepaidError(words, run=str(run.id))
    rows = session.execute(
        select(TopUp.id, TopUp.kind, Redemption.reserve_transaction_id)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .where(TopUp.run_id == run.id)
    ).all()
    if run.status is RunStatus.PREPARING:
        pieces.put_together(session, run)  # what was frozen of it so far
        run.scheduled_on = None  # its month was not prepared: the schedule asks anew
    today = local_date(now, session.get_one(Program, run.program_id).time_zone)
    why = reason or f"conversion {run.id} cancelled"
    if reservations := [row.reserve_transaction_id for row in rows if row.kind is TopUpKind.REWARD]:
        ledger.cancel(session, run.program_id, reservations, on=today, actor=actor, reason=why)
    goods_tax.call_off(session, run, actor=actor, now=now, reason=reason)
    move_top_ups(session, [row.id for row in rows], TopUpStatus.CANCELLED, now=now)
    move(run, RunStatus.CANCELLED)
    run.closed_at = now
    end_with_run(session, run.id, actor=actor, now=now, reason=reason)
    note(session, run, actor, "conversion.cancel", now, reason)
    return run


def note(
    session: Session, run: ConversionRun, actor: str, action: str, now: dt.datetime, reason: str | None = None
) -> None:
    """Write down who did what to a run."""
    after = {
        "status": run.status.value,
        "accounts": run.accounts,
        amount_name(run.unit): run.points,
        "amount_minor": run.amount_minor,
        "compensation_minor": run.compensation_minor,
        "currency": run.currency,
    }
    subject = f"conversion run {run.id}"
    audit.note(session, actor, action, subject, now=now, program_id=run.program_id, after=after, reason=reason)


@dataclass(frozen=True)
class Total:
    """How many top-ups of a kind are in a state, what they come to, and the points that they were made from.

    Of a run of money that rules gave, these are money.
    """

    kind: TopUpKind
    status: TopUpStatus
    top_ups: int
    amount_minor: int
    points: int


@dataclass(frozen=True)
class Report:
    """A run with what became of it. Of a load that was ordered again only the last counts, so all add up to the run.

    ``obstacles`` are those who could not be loaded if it were ordered now; ``went_out`` says whether some load did.
    """

    run: ConversionRun
    program: Program
    totals: list[Total]
    batches: list[LoadBatch]
    responses: list[LoadResponse]
    obstacles: list[Obstacle]
    went_out: bool

    @property
    def order_files(self) -> list[str]:
        """Name the order files, oldest first."""
        return [one.file for one in self.batches]

    def count(self, status: TopUpStatus, kind: TopUpKind | None = None) -> int:
        """Count the top-ups in a state."""
        return sum(one.top_ups for one in self._of(status, kind))

    def amount_minor(self, status: TopUpStatus, kind: TopUpKind | None = None) -> int:
        """Sum the top-ups in a state."""
        return sum(one.amount_minor for one in self._of(status, kind))

    def _of(self, status: TopUpStatus, kind: TopUpKind | None) -> list[Total]:
        return [one for one in self.totals if one.status is status and kind in (None, one.kind)]


def report(session: Session, run_id: int) -> Report:
    """Tell how a run stands.

    Raises:
        NoSuchRun: No run has this number.
    """
    run = run_of(session, run_id)
    batches = session.scalars(select(LoadBatch).where(LoadBatch.run_id == run_id).order_by(LoadBatch.id)).all()
    answers = select(LoadResponse).where(LoadResponse.run_id == run_id).order_by(LoadResponse.id)
    each = (
        select(
            TopUp.kind,
            TopUp.status,
            TopUp.amount_minor,
            redeemed_with_top_up().label("points"),
            was_ordered_again().label("superseded"),
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .where(TopUp.run_id == run_id)
        .subquery()
    )
    sums = session.execute(
        select(
            each.c.kind,
            each.c.status,
            func.count(),
            cast(func.sum(each.c.amount_minor), BigInteger),
            cast(func.sum(each.c.points), BigInteger),
            each.c.superseded,
        )
        .group_by(each.c.kind, each.c.status, each.c.superseded)
        .order_by(each.c.kind.desc(), each.c.status)
    ).all()
    return Report(
        run=run,
        program=session.get_one(Program, run.program_id),
        totals=[Total(*row[:-1]) for row in sums if not row.superseded],
        batches=list(batches),
        responses=list(session.scalars(answers)) if batches else [],  # nobody answers what was not ordered
        obstacles=obstacles(session, run),
        went_out=any(row.status not in _WAITING for row in sums),
    )


@dataclass(frozen=True)
class Line:
    """One top-up of a run, as lists show it; ``points`` are in the unit of the run."""

    top_up_id: int
    distributor_code: str
    distributor_name: str
    kind: TopUpKind
    points: int
    amount_minor: int
    status: TopUpStatus
    reference: str
    tax_rule: str
    failure: str | None


def lines(session: Session, run_id: int, *, limit: int | None = None, after: int = 0) -> list[Line]:
    """List the top-ups of a run in the order of the preview, each reward before its compensation.

    ``after`` skips as many.
    """
    rows: Any = session.execute(
        select(
            TopUp.id,
            Distributor.code,
            Distributor.name,
            TopUp.kind,
            redeemed_with_top_up(),
            TopUp.amount_minor,
            TopUp.status,
            TopUp.reference,
            Redemption.tax_rule,
            TopUp.failure,
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(TopUp.run_id == run_id)
        .order_by(Redemption.id, TopUp.kind.desc(), TopUp.attempt)
        .limit(limit)
        .offset(after)
    )
    return [Line(*row) for row in rows]


def newest(
    session: Session, program_id: int | None = None, limit: int = 20, kind: RunKind | None = None
) -> list[ConversionRun]:
    """List the newest runs, of one programme or of all, of one kind or of every."""
    query = select(ConversionRun).order_by(ConversionRun.id.desc()).limit(limit)
    if program_id is not None:
        query = query.where(ConversionRun.program_id == program_id)
    if kind is not None:
        query = query.where(ConversionRun.kind == kind)
    return list(session.scalars(query))


def exception_counts(exceptions: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Count exceptions by their code."""
    counts: dict[str, int] = {}
    for one in exceptions:
        counts[one["code"]] = counts.get(one["code"], 0) + 1
    return dict(sorted(counts.items()))

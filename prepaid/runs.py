"""Conversion runs: all points of a period become top-ups; frozen at the preview, approved by a second person.

Nothing here talks to a provider: orders are written in `prepaid.ordering`, sent in `prepaid.sending`, and settled in
`prepaid.settling`. The caller commits.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.orm import Session, aliased

from app.db.ahead import made_ahead
from app.db.bulk import Column, Nullable, copy_into, copy_pieces, new_ids
from app.db.locks import lock_name
from app.domain.calendar import local_date
from app.domain.card_numbers import holds_card_number
from app.domain.exact import Ints
from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import ConversionRun, LoadBatch, LoadResponse, Redemption, TopUp
from app.models.programs import Program
from app.services import audit, ledger, tax_statuses
from prepaid import goods_tax
from prepaid.called_off import end_with_run
from prepaid.cards import random_letters
from prepaid.columns import among
from prepaid.errors import BlockedMeanwhile, CardNumberFound, NotAllowedNow, PrepaidError, SamePerson
from prepaid.moves import locked_run, move, require, run_of
from prepaid.recipients import RECEIVES, Recipient
from prepaid.segments import EVERYBODY, Segment
from prepaid.selection import Candidates, Chosen, Judge, Period, candidates
from prepaid.tax import ProgramTax
from prepaid.terms import Terms, terms_of
from prepaid.topups import move_top_ups, points_of_top_up

_CHUNK, _PIECE, _PIECES_AHEAD = 10_000, 500, 200
"""Redemptions that are written by one statement, and that are sent at once: their tax traces take some 2 kB each.

So many pieces of traces are made while the database reserves the points, and stores what is sent.
"""

_LETTER = {TopUpKind.REWARD: "R", TopUpKind.COMPENSATION: "C"}


def reference(key: str, number: int, kind: TopUpKind, attempt: int) -> str:
    """Make a top-up's reference: the run's key, the number in the run, the kind, and how often it was ordered."""
    return f"{key}-{number}{_LETTER[kind]}{attempt}"


def ordered_again(old_reference: str, attempt: int) -> str:
    """Make the reference of a top-up that is ordered again: the old one with another attempt."""
    before, letter = re.fullmatch(r"(.*)([RC])\d+", old_reference).group(1, 2)  # type: ignore[union-attr]  # ours
    return f"{before}{letter}{attempt}"


def preview(
    session: Session,
    program: Program,
    *,
    from_on: dt.date,
    to_on: dt.date,
    unit: Unit = Unit.POINTS,
    segment: Segment = EVERYBODY,
    minimum_points: int = 0,
    scheduled_on: dt.date | None = None,
    actor: str,
    now: dt.datetime,
) -> ConversionRun:
    """Freeze all points that were earned in a period, of everybody or of some, and show what they come to.

    ``minimum_points`` leaves out who has less, beyond what the programme leaves out. Where a tier lets its members
    redeem a share of their points, so many are taken. ``scheduled_on`` is the month whose schedule asks for it.

    The points are reserved and every top-up is written down, so that what is ordered later is what the preview says to
    the last minor unit. Accounts that cannot be converted are listed in ``exceptions``, each with a code and words.
    A run that finds nothing to convert is EMPTY: it only lists why. The caller commits.

    Raises:
        PrepaidError: The period, or the programme's prepaid or tax part, cannot be used.
    """
    if from_on > to_on:
        raise PrepaidError(f"The period ends on {to_on}, before it begins on {from_on}.")
    lock_name(session, f"convert:{program.id}")  # two runs at once would not see each other's rewards of the year
    today = local_date(now, program.time_zone)
    tax_statuses.settle(session, program.id, today)  # whatever the hour: what is taxed today is taxed by today's
    period, tax = Period(unit, from_on, to_on), ProgramTax.of(program, today)
    terms = terms_of(program, unit).with_least(minimum_points)
    found = candidates(session, program, period, terms, today, segment)
    chosen = Judge(program, period, terms, tax).judge(session, found)
    run = ConversionRun(
        program_id=program.id,
        key=random_letters(1, 12)[0],
        unit=unit,
        from_on=from_on,
        to_on=to_on,
        status=RunStatus.PREVIEW if len(chosen.at) else RunStatus.EMPTY,
        provider=terms.provider,
        terms=terms.as_json() | {"tax": tax.source} | segment.as_json(),
        **_totals(terms, chosen),
        currency=program.currency,
        exceptions=chosen.exceptions,
        scheduled_on=scheduled_on,
        previewed_by=actor,
        previewed_at=now,
        closed_at=None if len(chosen.at) else now,
    )
    session.add(run)
    session.flush()
    reason = f"conversion {run.id}"
    with made_ahead(chosen.traces, _slices(0, len(chosen.at), _PIECE), _PIECES_AHEAD) as traces:
        reservations = ledger.reserve_lots(
            session, program.id, chosen.lots, key=f"convert:{run.id}", on=today, actor=actor, reason=reason
        )
        _write(session, run, terms, found, chosen, traces, reservations, today, now)
    note(session, run, actor, "conversion.preview", now)
    return run


def _totals(terms: Terms, chosen: Chosen) -> dict[str, int]:
    """Add up what a run takes; what is compensated later is no part of what it loads."""
    compensation = sum(one.compensation_minor for one in chosen.levied)
    return {
        "accounts": len(chosen.at),
        "points": sum(chosen.points.tolist()),
        "amount_minor": sum(one.load_minor for one in chosen.levied),
        "compensation_minor": compensation if terms.compensates_at_once else 0,
        "deferred_minor": 0 if terms.compensates_at_once else compensation,
        "withheld_minor": sum(one.withheld_minor for one in chosen.levied),
    }


def _write(
    session: Session,
    run: ConversionRun,
    terms: Terms,
    found: Candidates,
    chosen: Chosen,
    traces: Iterator[list[str]],
    reservations: dict[int, int],
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Write the redemptions and top-ups of a run down, in the order of the preview."""
    ids = new_ids(session, Redemption, len(chosen.at))
    account, card = found.account_id[chosen.at], found.card_id[chosen.at]
    reserved = _column([reservations[one] for one in account.tolist()])
    instant = np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "us")

    def redemptions(part: slice) -> dict[str, Column]:
        levied, count = chosen.levied[part], len(ids[part])
        return {
            "id": ids[part],
            "program_id": np.full(count, run.program_id),
            "account_id": account[part],
            "run_id": np.full(count, run.id),
            "redeemed_on": np.full(count, np.datetime64(today, "D")),
            "points": chosen.points[part],
            "point_value_micro": np.full(count, terms.point_value_micro),
            "amount_minor": _column([one.load_minor for one in levied]),
            "compensation_minor": _column([one.compensation_minor for one in levied]),
            "withheld_minor": _column([one.withheld_minor for one in levied]),
            "counted_minor": _column([one.counted_minor for one in levied]),
            "currency": [run.currency] * count,
            "tax_rule": [one.rule for one in levied],
            "tax_trace": next(traces),
            "reserve_transaction_id": reserved[part],
            "created_at": np.full(count, instant),
        }

    for chunk in _slices(0, len(ids), _CHUNK):
        copy_pieces(session, Redemption, map(redemptions, _slices(chunk.start, chunk.stop, _PIECE)))
    loads = [(TopUpKind.REWARD, _column([one.load_minor for one in chosen.levied]))]
    if terms.compensates_at_once:
        loads.append((TopUpKind.COMPENSATION, _column([one.compensation_minor for one in chosen.levied])))
    for kind, amounts in loads:
        _write_loads(session, run, kind, amounts, ids, card, instant)


def _slices(start: int, stop: int, step: int) -> Iterator[slice]:
    return (slice(at, min(at + step, stop)) for at in range(start, stop, step))


def _write_loads(
    session: Session,
    run: ConversionRun,
    kind: TopUpKind,
    amounts: Ints,
    redemption_ids: Ints,
    card_ids: Ints,
    instant: np.datetime64,
) -> None:
    """Write the top-ups of one kind of the run's redemptions."""
    some = np.flatnonzero(amounts)
    card = card_ids[some]
    copy_into(
        session,
        TopUp,
        {
            "redemption_id": redemption_ids[some],
            "run_id": np.full(len(some), run.id),
            "kind": [kind.value] * len(some),
            "attempt": np.ones(len(some), dtype=np.int64),
            "card_id": Nullable(card, card != 0),
            "amount_minor": amounts[some],
            "status": [TopUpStatus.RESERVED.value] * len(some),
            "reference": [reference(run.key, one + 1, kind, 1) for one in some.tolist()],
            "created_at": np.full(len(some), instant),
        },
    )


def _column(values: Sequence[int]) -> Ints:
    return np.asarray(values, dtype=np.int64)


def approve(session: Session, run_id: int, *, actor: str, now: dt.datetime) -> ConversionRun:
    """Approve a run as a second person. The caller commits; then the order is written (`prepaid.ordering`).

    Raises:
        SamePerson: Whoever approves previewed it.
        BlockedMeanwhile: Distributors of the run were blocked since.
        NotAllowedNow, NoSuchRun: There is no such run to approve.
    """
    run = locked_run(session, run_id)
    require(run, "approved", RunStatus.PREVIEW)
    if same_person(actor, run.previewed_by):
        raise SamePerson(run.id, run.previewed_by)
    if not actor.strip():
        raise PrepaidError("Whoever approves must be named.")
    refuse_blocked(session, run)
    run.approved_by, run.approved_at = actor, now
    move(run, RunStatus.APPROVED)
    note(session, run, actor, "conversion.approve", now)
    return run


def same_person(one: str, other: str) -> bool:
    """Say whether two sign-in names are one."""
    return one.strip().casefold() == other.strip().casefold()


def refuse_blocked(session: Session, run: ConversionRun) -> None:
    """Make sure that no distributor of a run was blocked since the preview.

    Raises:
        BlockedMeanwhile: Some were.
    """
    blocked = session.scalars(
        select(Recipient.id).where(Recipient.program_id == run.program_id, Recipient.blocked)
    ).all()
    codes = session.scalars(_of_those(run.id, blocked)).all() if blocked else []
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


CANCELLABLE = (RunStatus.PREVIEW, RunStatus.APPROVED, RunStatus.ORDERED)
"""The states in which a run can be called off; so can one that had nothing to load, but judged goods."""


def can_be_cancelled(session: Session, run: ConversionRun) -> bool:
    """Tell whether a run can be called off as it is now."""
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
    run = locked_run(session, run_id)
    if not can_be_cancelled(session, run):
        raise NotAllowedNow(run.id, "cancelled", run.status, CANCELLABLE)
    if run.status is RunStatus.ORDERED and not order_file_not_sent:
        raise PrepaidError(
            f"Run {run.id} is ordered: its order file may be with the provider. If it is not, cancel it with "
            "--order-file-not-sent; else bring the response file in."
        )
    rows = session.execute(
        select(TopUp.id, TopUp.status, TopUp.kind, Redemption.reserve_transaction_id)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .where(TopUp.run_id == run.id)
    ).all()
    if any(row.status not in (TopUpStatus.RESERVED, TopUpStatus.ORDERED) for row in rows):
        raise NotAllowedNow(run.id, "cancelled (some of its top-ups were answered)", run.status, [RunStatus.PREVIEW])
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
        "points": run.points,
        "amount_minor": run.amount_minor,
        "compensation_minor": run.compensation_minor,
        "currency": run.currency,
    }
    subject = f"conversion run {run.id}"
    audit.note(session, actor, action, subject, now=now, program_id=run.program_id, after=after, reason=reason)


@dataclass(frozen=True)
class Total:
    """How many top-ups of a kind are in a state, what they come to, and the points that they were made from."""

    kind: TopUpKind
    status: TopUpStatus
    top_ups: int
    amount_minor: int
    points: int


@dataclass(frozen=True)
class Report:
    """A run with what became of it. Of a load that was ordered again only the last counts, so all add up to the run."""

    run: ConversionRun
    program: Program
    totals: list[Total]
    batches: list[LoadBatch]
    responses: list[LoadResponse]

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
    newer = aliased(TopUp)
    ordered_again = select(newer.id).where(
        newer.redemption_id == TopUp.redemption_id,
        newer.run_id == TopUp.run_id,
        newer.kind == TopUp.kind,
        newer.attempt > TopUp.attempt,
    )
    totals = session.execute(
        select(
            TopUp.kind,
            TopUp.status,
            func.count(),
            cast(func.sum(TopUp.amount_minor), BigInteger),
            cast(func.sum(points_of_top_up()), BigInteger),
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .where(TopUp.run_id == run_id, ~ordered_again.exists())
        .group_by(TopUp.kind, TopUp.status)
        .order_by(TopUp.kind.desc(), TopUp.status)
    )
    return Report(
        run=run,
        program=session.get_one(Program, run.program_id),
        totals=[Total(*row) for row in totals],
        batches=list(session.scalars(select(LoadBatch).where(LoadBatch.run_id == run_id).order_by(LoadBatch.id))),
        responses=list(
            session.scalars(select(LoadResponse).where(LoadResponse.run_id == run_id).order_by(LoadResponse.id))
        ),
    )


@dataclass(frozen=True)
class Line:
    """One top-up of a run, as lists show it."""

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
            points_of_top_up(),
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

"""Conversion runs: all points of a period become top-ups; frozen at the preview, approved by a second person.

Nothing here talks to a provider: orders are written in `prepaid.ordering`, sent in `prepaid.sending`, and settled in
`prepaid.settling`. The caller commits.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session, aliased

from app.db.bulk import Nullable, copy_into, new_ids
from app.db.locks import lock_name
from app.domain.calendar import local_date
from app.domain.card_numbers import holds_card_number
from app.domain.exact import Ints
from app.domain.states import RunStatus, TopUpKind, TopUpStatus, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import ConversionRun, LoadBatch, LoadResponse, Redemption, TopUp
from app.models.programs import Program
from app.services import audit, ledger
from prepaid.cards import random_letters
from prepaid.errors import BlockedMeanwhile, CardNumberFound, NotAllowedNow, PrepaidError, SamePerson
from prepaid.moves import locked_run, move, require, run_of
from prepaid.selection import Candidates, Chosen, Judge, Period, candidates
from prepaid.tax import ProgramTax
from prepaid.terms import Terms, terms_of
from prepaid.topups import move_top_ups, points_of_top_up

_CHUNK = 2_000
"""Redemptions that are written at once: their tax traces take some 2 kB each."""

_LETTER = {TopUpKind.REWARD: "R", TopUpKind.COMPENSATION: "C"}


def reference(key: str, number: int, kind: TopUpKind, attempt: int) -> str:
    """Make a top-up's reference: the run's key, the number in the run, the kind, and how often it was ordered."""
    return f"{key}-{number}{_LETTER[kind]}{attempt}"


def preview(
    session: Session,
    program: Program,
    *,
    from_on: dt.date,
    to_on: dt.date,
    unit: Unit = Unit.POINTS,
    distributor_id: int | None = None,
    actor: str,
    now: dt.datetime,
) -> ConversionRun:
    """Freeze all points that were earned in a period, of everybody or of one distributor, and show what they come to.

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
    period, terms, tax = Period(unit, from_on, to_on), terms_of(program, unit), ProgramTax.of(program, today)
    found = candidates(session, program, period, terms, today, distributor_id)
    chosen = Judge(program, period, terms, tax).judge(session, found)
    run = ConversionRun(
        program_id=program.id,
        key=random_letters(1, 12)[0],
        unit=unit,
        from_on=from_on,
        to_on=to_on,
        status=RunStatus.PREVIEW if len(chosen.at) else RunStatus.EMPTY,
        provider=terms.provider,
        terms=terms.as_json() | {"tax": tax.source},
        accounts=len(chosen.at),
        points=sum(chosen.points.tolist()),
        amount_minor=sum(one.load_minor for one in chosen.levied),
        compensation_minor=sum(one.compensation_minor for one in chosen.levied),
        withheld_minor=sum(one.withheld_minor for one in chosen.levied),
        currency=program.currency,
        exceptions=chosen.exceptions,
        previewed_by=actor,
        previewed_at=now,
        closed_at=None if len(chosen.at) else now,
    )
    session.add(run)
    session.flush()
    reservations = ledger.reserve_lots(
        session, program.id, chosen.lots, key=f"convert:{run.id}", on=today, actor=actor, reason=f"conversion {run.id}"
    )
    _write(session, run, terms, found, chosen, reservations, today, now)
    _note(session, run, actor, "conversion.preview", now)
    return run


def _write(
    session: Session,
    run: ConversionRun,
    terms: Terms,
    found: Candidates,
    chosen: Chosen,
    reservations: dict[int, int],
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Write the redemptions and top-ups of a run down, in the order of the preview."""
    ids = new_ids(session, Redemption, len(chosen.at))
    for start in range(0, len(chosen.at), _CHUNK):
        part = slice(start, start + _CHUNK)
        at, levied = chosen.at[part], chosen.levied[part]
        count, instant = len(at), np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "us")
        account = found.account_id[at]
        copy_into(
            session,
            Redemption,
            {
                "id": ids[part],
                "program_id": np.full(count, run.program_id),
                "account_id": account,
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
                "tax_trace": [one.trace for one in levied],
                "reserve_transaction_id": _column([reservations[one] for one in account.tolist()]),
                "created_at": np.full(count, instant),
            },
        )
        for kind, amounts in (
            (TopUpKind.REWARD, _column([one.load_minor for one in levied])),
            (TopUpKind.COMPENSATION, _column([one.compensation_minor for one in levied])),
        ):
            some = np.flatnonzero(amounts)
            card = found.card_id[at][some]
            copy_into(
                session,
                TopUp,
                {
                    "redemption_id": ids[part][some],
                    "kind": [kind.value] * len(some),
                    "attempt": np.ones(len(some), dtype=np.int64),
                    "card_id": Nullable(card, card != 0),
                    "amount_minor": amounts[some],
                    "status": [TopUpStatus.RESERVED.value] * len(some),
                    "reference": [reference(run.key, start + one + 1, kind, 1) for one in some.tolist()],
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
    _note(session, run, actor, "conversion.approve", now)
    return run


def same_person(one: str, other: str) -> bool:
    """Say whether two sign-in names are one."""
    return one.strip().casefold() == other.strip().casefold()


def refuse_blocked(session: Session, run: ConversionRun) -> None:
    """Make sure that no distributor of a run was blocked since the preview.

    Raises:
        BlockedMeanwhile: Some were.
    """
    codes = session.scalars(
        select(Distributor.code)
        .join(Account, Account.distributor_id == Distributor.id)
        .join(Redemption, Redemption.account_id == Account.id)
        .where(Redemption.run_id == run.id, Distributor.blocked)
        .order_by(Distributor.code_key)
    ).all()
    if codes:
        raise BlockedMeanwhile(run.id, codes)


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
    require(run, "cancelled", RunStatus.PREVIEW, RunStatus.APPROVED, RunStatus.ORDERED)
    if run.status is RunStatus.ORDERED and not order_file_not_sent:
        raise PrepaidError(
            f"Run {run.id} is ordered: its order file may be with the provider. If it is not, cancel it with "
            "--order-file-not-sent; else bring the response file in."
        )
    rows = session.execute(
        select(TopUp.id, TopUp.status, TopUp.kind, Redemption.reserve_transaction_id)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .where(Redemption.run_id == run.id)
    ).all()
    if any(row.status not in (TopUpStatus.RESERVED, TopUpStatus.ORDERED) for row in rows):
        raise NotAllowedNow(run.id, "cancelled (some of its top-ups were answered)", run.status, [RunStatus.PREVIEW])
    today = local_date(now, session.get_one(Program, run.program_id).time_zone)
    reservations = [row.reserve_transaction_id for row in rows if row.kind is TopUpKind.REWARD]
    ledger.cancel(
        session, run.program_id, reservations, on=today, actor=actor, reason=reason or f"conversion {run.id} cancelled"
    )
    move_top_ups(session, [row.id for row in rows], TopUpStatus.CANCELLED, now=now)
    move(run, RunStatus.CANCELLED)
    run.closed_at = now
    _note(session, run, actor, "conversion.cancel", now, reason)
    return run


def _note(
    session: Session, run: ConversionRun, actor: str, action: str, now: dt.datetime, reason: str | None = None
) -> None:
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
    """How many top-ups of a kind are in a state, and what they come to."""

    kind: TopUpKind
    status: TopUpStatus
    top_ups: int
    amount_minor: int


@dataclass(frozen=True)
class Report:
    """A run with what became of it. Of a load that was ordered again only the last counts, so all add up to the run."""

    run: ConversionRun
    program: Program
    totals: list[Total]
    order_files: list[str]
    responses: list[LoadResponse]

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
        newer.redemption_id == TopUp.redemption_id, newer.kind == TopUp.kind, newer.attempt > TopUp.attempt
    )
    totals = session.execute(
        select(TopUp.kind, TopUp.status, func.count(), cast(func.sum(TopUp.amount_minor), BigInteger))
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .where(Redemption.run_id == run_id, ~ordered_again.exists())
        .group_by(TopUp.kind, TopUp.status)
        .order_by(TopUp.kind.desc(), TopUp.status)
    )
    return Report(
        run=run,
        program=session.get_one(Program, run.program_id),
        totals=[Total(*row) for row in totals],
        order_files=list(
            session.scalars(select(LoadBatch.file).where(LoadBatch.run_id == run_id).order_by(LoadBatch.id))
        ),
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
        .where(Redemption.run_id == run_id)
        .order_by(Redemption.id, TopUp.kind.desc(), TopUp.attempt)
        .limit(limit)
        .offset(after)
    )
    return [Line(*row) for row in rows]


def newest(session: Session, program_id: int | None = None, limit: int = 20) -> list[ConversionRun]:
    """List the newest runs, of one programme or of all."""
    query = select(ConversionRun).order_by(ConversionRun.id.desc()).limit(limit)
    if program_id is not None:
        query = query.where(ConversionRun.program_id == program_id)
    return list(session.scalars(query))


def exception_counts(exceptions: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Count exceptions by their code."""
    counts: dict[str, int] = {}
    for one in exceptions:
        counts[one["code"]] = counts.get(one["code"], 0) + 1
    return dict(sorted(counts.items()))

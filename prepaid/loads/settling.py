"""Settling: what a provider said of loads becomes what happened to the points.

Loaded: the reserved points are redeemed. Failed: they go back to the lots they came from. Unknown: they stay reserved
until the provider, asked by our reference, says which. An answer is matched by its reference alone, and an answer that
comes again changes nothing.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config import Settings
from app.db.many import among
from app.domain.measures.calendar import local_date
from app.domain.measures.money import amount_name, decimal_text
from app.domain.saying.load_failures import amounts_differ
from app.domain.saying.wording import Amount, Said, marked
from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus, Unit
from app.domain.typed.card_numbers import holds_card_number
from app.files import fingerprint, keep_copy
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import ConversionRun, LoadResponse, Redemption, TopUp
from app.models.programs import Program
from app.services import audit
from app.services.ledger import ledger, wallets
from app.services.telling import notices
from importers.files.limits import Limits
from prepaid.cards.cards import activate_loaded
from prepaid.files.response_files import Response, Verdict, problem, read_response
from prepaid.issuers.order_forms import answers_of
from prepaid.loads.moves import OPEN, locked_run, move, require
from prepaid.loads.recipients import RECEIVES, Recipient
from prepaid.loads.topups import move_top_ups
from prepaid.loads.verdicts import take_verdict
from prepaid.providers import Answer, LoadResult

_ = marked
_MOST_WORDS = 500
_KEPT_AS = frozenset({".csv", ".txt", ".xlsx", ".xlsb", ".xls", ".ods"})
"""How response files end: whoever takes one away can open it."""
_ENDED = {LoadResult.LOADED: TopUpStatus.LOADED, LoadResult.FAILED: TopUpStatus.FAILED}
_AS = {
    TopUpStatus.LOADED: Said(_("loaded")),
    TopUpStatus.FAILED: Said(_("failed")),
    TopUpStatus.CANCELLED: Said(_("called off")),
}
"""What an answer said, and as what a load was settled, within a sentence in whatever language."""

_COUNTED = (
    "rows",
    "loaded",
    "loaded_minor",
    "failed",
    "failed_minor",
    "unknown",
    "cancelled",
    "again",
    "still_open",
)

Answers = Sequence[tuple[int | None, Answer]]
"""Answers with the rows of the file they stand in; None where the provider was asked directly."""


@dataclass
class Settled:
    """What answers changed.

    ``redeemed`` and ``returned`` are in the smallest unit of what the run converts, its ``unit``. ``again`` counts
    answers that say what was known already; ``verdict`` is what was said of the file as a whole; ``problems`` are
    answers that could not be taken as they are, each with row, reference, code and message.
    """

    run_id: int
    status: RunStatus
    rows: int = 0
    loaded: int = 0
    loaded_minor: int = 0
    failed: int = 0
    failed_minor: int = 0
    unknown: int = 0
    cancelled: int = 0
    again: int = 0
    unit: Unit = Unit.POINTS
    redeemed: int = 0
    returned: int = 0
    still_open: int = 0
    verdict: Verdict | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Give the counts by name; what was redeemed and given back by the name of its unit."""
        ended = {amount_name(self.unit, name): getattr(self, name) for name in ("redeemed", "returned")}
        return {name: getattr(self, name) for name in _COUNTED} | ended


def settle_file(
    session: Session, settings: Settings, run_id: int, path: Path, *, name: str, actor: str, now: dt.datetime
) -> Settled:
    """Take a response file in and settle what it says. Taking it in again changes nothing. The caller commits.

    Raises:
        NotAllowedNow, NoSuchRun: There is no such run, or nothing of it was ordered.
        importers.errors.ImportRefused, CardNumberFound: The file cannot be taken in.
        PrepaidError: It speaks of an order file as a whole, and nobody knows of which.
    """
    run = locked_run(session, run_id)
    require(run, "settled", RunStatus.ORDERED, RunStatus.SENDING, RunStatus.SENT, RunStatus.SETTLED)
    program = session.get_one(Program, run.program_id)
    said = answers_of(program, run.provider)
    limits, decimals = Limits.of(settings), program.currency_decimals
    response = read_response(path, name, limits=limits, decimals=decimals, said=said)
    if response.verdict is not None:
        response.problems += take_verdict(session, run, response.verdict, actor=actor, now=now)
    settled = settle(session, run, response.answers, actor=actor, now=now)
    settled.rows, settled.verdict = response.rows, response.verdict
    settled.problems = sorted([*response.problems, *settled.problems], key=lambda one: one["row"] or 0)
    _keep(session, settings, run, path, Path(name).suffix, response, settled, actor, now)
    return settled


def _keep(
    session: Session,
    settings: Settings,
    run: ConversionRun,
    path: Path,
    suffix: str,
    response: Response,
    settled: Settled,
    actor: str,
    now: dt.datetime,
) -> None:
    """Keep the file as it came, and what became of its rows the first time."""
    digest = fingerprint(path)
    ending = suffix.lower() if suffix.lower() in _KEPT_AS else ".csv"
    file = f"responses/run{run.id:06d}/{digest.hex()[:16]}{ending}"
    kept = settings.files / file
    if not kept.exists():
        keep_copy(kept, path)
    session.execute(
        insert(LoadResponse)
        .values(
            run_id=run.id,
            file=file,
            file_sha256=digest,
            rows=response.rows,
            counts=settled.counts(),
            problems=settled.problems,
            received_at=now,
            received_by=actor,
        )
        .on_conflict_do_nothing()
    )


def settle(session: Session, run: ConversionRun, answers: Answers, *, actor: str, now: dt.datetime) -> Settled:
    """Settle the top-ups of a run by a provider's answers. The run is locked; the caller commits."""
    program = session.get_one(Program, run.program_id)
    settled = Settled(run.id, run.status, rows=len(answers), unit=run.unit)
    decided = _Decisions(session, run, program.currency_decimals, settled)
    for row, answer in _one_each(answers, decided):
        decided.take(row, answer)
    decided.without_rewards()
    _post(session, program, decided, actor, now)
    if run.kind is RunKind.COMPENSATIONS:
        _tell_compensated(session, program, decided, now)
    _move(session, decided, now)
    if decided.changed:
        _close(session, run, now)
    settled.still_open = _open(session, run)
    settled.status = run.status
    if decided.changed:
        subject = f"conversion run {run.id}"
        after = {"status": run.status.value} | settled.counts()
        audit.note(session, actor, "conversion.settle", subject, now=now, program_id=program.id, after=after)
    return settled


@dataclass
class _Known:
    """A top-up as it is recorded."""

    id: int
    redemption_id: int
    kind: TopUpKind
    amount_minor: int
    status: TopUpStatus
    points: int
    reservation: int
    account_id: int
    becomes: TopUpStatus | None = None
    failure: str = ""

    @property
    def now_is(self) -> TopUpStatus:
        return self.becomes or self.status


class _Decisions:
    """Holds every answer against what is recorded, and decides what changes; posts nothing."""

    def __init__(self, session: Session, run: ConversionRun, decimals: int, settled: Settled) -> None:
        self._session, self._run, self._decimals, self.settled = session, run, decimals, settled
        rows = session.execute(
            select(
                TopUp.reference,
                TopUp.id,
                TopUp.redemption_id,
                TopUp.kind,
                TopUp.amount_minor,
                TopUp.status,
                Redemption.points,
                Redemption.reserve_transaction_id,
                Redemption.account_id,
            )
            .join(Redemption, Redemption.id == TopUp.redemption_id)
            .where(TopUp.run_id == run.id)
            .order_by(TopUp.id)
        )
        self.top_ups = {row[0]: _Known(*row[1:]) for row in rows}
        self._rewards = {one.redemption_id: one for one in self.top_ups.values() if one.kind is TopUpKind.REWARD}
        self.conflicting: set[str] = set()

    @property
    def changed(self) -> list[_Known]:
        """Give the top-ups that change."""
        return [one for one in self.top_ups.values() if one.becomes is not None]

    def note(self, row: int | None, reference: str, code: str, text: str, **values: Any) -> None:
        """Note an answer that cannot be taken as it is."""
        self.settled.problems.append(problem(row, reference, code, text, **values))

    def take(self, row: int | None, answer: Answer) -> None:
        """Decide what one answer changes."""
        one = self.top_ups.get(answer.reference)
        if one is None:
            self._unknown(row, answer.reference)
        elif one.status is TopUpStatus.RESERVED:
            words = _("This top-up was not ordered; nobody should answer for it.")
            self.note(row, answer.reference, "not_ordered", words)
        elif one.status not in OPEN:
            self._again(row, answer, one)
        elif answer.reference in self.conflicting:
            one.becomes, one.failure = TopUpStatus.UNKNOWN, "says_both"
        elif not self._amount_fits(answer, one):
            one.becomes, one.failure = TopUpStatus.UNKNOWN, self._amount_differs(row, answer, one)
        else:
            one.becomes, one.failure = _ENDED.get(answer.result, TopUpStatus.UNKNOWN), _words(answer)

    @staticmethod
    def _amount_fits(answer: Answer, one: _Known) -> bool:
        fits = answer.amount_minor is None or answer.amount_minor == one.amount_minor
        return fits or (answer.result is LoadResult.FAILED and answer.amount_minor == 0)

    def _amount_differs(self, row: int | None, answer: Answer, one: _Known) -> str:
        said, ordered = (Amount(minor, self._decimals) for minor in (answer.amount_minor or 0, one.amount_minor))
        words = _("The answer names %(said)s %(currency)s, ordered were %(ordered)s; ask the provider.")
        values = {"said": said, "currency": self._run.currency, "ordered": ordered}
        self.note(row, answer.reference, "amount_differs", words, **values)
        both = [f"{decimal_text(one.value, one.decimals)} {self._run.currency}" for one in (said, ordered)]
        return amounts_differ(*both)

    def _again(self, row: int | None, answer: Answer, one: _Known) -> None:
        """Hold an answer against what was settled before; that does not change any more.

        One that says now that another amount was loaded must be seen by somebody.
        """
        if (
            answer.result is LoadResult.LOADED
            and one.status is TopUpStatus.LOADED
            and not self._amount_fits(answer, one)
        ):
            self._amount_differs(row, answer, one)
            return
        ended = _ENDED.get(answer.result)
        called_off = one.status is TopUpStatus.CANCELLED and ended is TopUpStatus.FAILED
        if ended is None or ended is one.status or called_off:
            self.settled.again += 1
            return
        words = _("The answer says %(said)s, and the top-up was settled as %(settled)s.")
        if ended is TopUpStatus.LOADED:
            words = _(
                "The answer says %(said)s, and the top-up was settled as %(settled)s. Its points were given back: "
                "take this up with the provider."
            )
        self.note(row, answer.reference, "contradicts", words, said=_AS[ended], settled=_AS[one.status])

    def _unknown(self, row: int | None, reference: str) -> None:
        other = self._session.scalars(select(TopUp.run_id).where(TopUp.reference == reference)).one_or_none()
        if other:
            self.note(row, reference, "unknown_reference", _("This reference is of run %(run)s."), run=str(other))
        else:
            self.note(row, reference, "unknown_reference", _("No top-up has this reference."))

    def without_rewards(self) -> None:
        """Decide what becomes of compensations whose rewards failed: they are called off with them.

        One that was loaded all the same is what it is, and somebody must know.
        """
        for reference, one in self.top_ups.items():
            reward = self._rewards.get(one.redemption_id)  # none in a run of compensations
            if one.kind is TopUpKind.REWARD or reward is None or reward.now_is is not TopUpStatus.FAILED:
                continue
            if one.now_is in (TopUpStatus.FAILED, TopUpStatus.RESERVED):
                one.becomes, one.failure = TopUpStatus.CANCELLED, one.failure or "reward_failed"
            elif one.becomes is TopUpStatus.LOADED or (one.status is TopUpStatus.LOADED and reward.becomes is not None):
                words = _("The compensation was loaded, but its reward failed: take this up with the provider.")
                self.note(None, reference, "compensation_without_reward", words)


def _words(answer: Answer) -> str:
    if answer.result is LoadResult.LOADED:
        return ""
    words = ": ".join(part for part in (answer.code, answer.message) if part)[:_MOST_WORDS]
    return "hidden_number" if holds_card_number(words) else words


_IN_A_ROW = {
    True: _("The reference stands in row %(row_before)s already; counted once."),
    False: _("The reference stands in row %(row_before)s with another answer; none is taken, ask the provider."),
}
_BEFORE = {
    True: _("The reference stands in an answer before already; counted once."),
    False: _("The reference stands in an answer before with another answer; none is taken, ask the provider."),
}


def _one_each(answers: Answers, decided: _Decisions) -> list[tuple[int | None, Answer]]:
    """Leave one answer for each reference; those that stand again are listed, and two that disagree count as none."""
    first: dict[str, tuple[int | None, Answer]] = {}
    for row, answer in answers:
        known = first.setdefault(answer.reference, (row, answer))
        if known[1] is answer:
            continue
        alike = (known[1].result, known[1].amount_minor) == (answer.result, answer.amount_minor)
        if not alike:
            decided.conflicting.add(answer.reference)
        code = "repeated" if alike else "repeated_otherwise"
        if known[0] is None:
            decided.note(row, answer.reference, code, _BEFORE[alike])
        else:
            decided.note(row, answer.reference, code, _IN_A_ROW[alike], row_before=str(known[0]))
    return list(first.values())


def _post(session: Session, program: Program, decided: _Decisions, actor: str, now: dt.datetime) -> None:
    """Redeem or give back the points of the rewards that ended."""
    rewards = [one for one in decided.changed if one.kind is TopUpKind.REWARD]
    loaded = [one for one in rewards if one.becomes is TopUpStatus.LOADED]
    failed = [one for one in rewards if one.becomes is TopUpStatus.FAILED]
    settled, today = decided.settled, local_date(now, program.time_zone)
    owners: dict[int, int | None] = {}
    if loaded or failed:
        accounts = {one.account_id for one in (*loaded, *failed)}
        wallets.lock_accounts(session, accounts)
        whose = select(Account.id, Account.distributor_id).where(among(Account.id, accounts))
        owners = dict(session.execute(whose).all())
    if loaded:
        ledger.settle(session, program.id, [one.reservation for one in loaded], on=today, actor=actor)
        settled.redeemed = sum(one.points for one in loaded)
    if failed:
        reason = f"conversion {settled.run_id}: the load failed"
        ledger.cancel(session, program.id, [one.reservation for one in failed], on=today, actor=actor, reason=reason)
        settled.returned = sum(one.points for one in failed)
    for kind, those in (("top_up_loaded", loaded), ("top_up_failed", failed)):
        told = [(owners[one.account_id] or 0, {"amount_minor": one.amount_minor}) for one in those]
        notices.tell_many(session, program.id, kind, told, now=now)


def _tell_compensated(session: Session, program: Program, decided: _Decisions, now: dt.datetime) -> None:
    """Tell those whose tax was paid back, apart from the load that it is for."""
    loaded = [one for one in decided.changed if one.becomes is TopUpStatus.LOADED]
    owners = dict(
        session.execute(
            select(Account.id, Recipient.id)
            .join(Distributor, Distributor.id == Account.distributor_id)
            .join(Recipient, RECEIVES)
            .where(among(Account.id, [one.account_id for one in loaded]))
        ).all()
    )
    told = [(owners[one.account_id], {"amount_minor": one.amount_minor}) for one in loaded]
    notices.tell_many(session, program.id, "compensation_loaded", told, now=now)


def _move(session: Session, decided: _Decisions, now: dt.datetime) -> None:
    """Move the top-ups, and count."""
    settled, changed = decided.settled, decided.changed
    by_status = {
        status: [one for one in changed if one.becomes is status]
        for status in (TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.UNKNOWN, TopUpStatus.CANCELLED)
    }
    for status, those in by_status.items():
        moving = [one for one in those if one.status is not status]
        move_top_ups(session, [one.id for one in moving], status, now=now, failures=[one.failure for one in moving])
    activate_loaded(session, [one.id for one in by_status[TopUpStatus.LOADED]], now=now)
    settled.loaded, settled.failed, settled.unknown, settled.cancelled = (len(those) for those in by_status.values())
    settled.loaded_minor = sum(one.amount_minor for one in by_status[TopUpStatus.LOADED])
    settled.failed_minor = sum(one.amount_minor for one in by_status[TopUpStatus.FAILED])


def _open(session: Session, run: ConversionRun) -> int:
    return session.execute(
        select(func.count())
        .select_from(TopUp)
        .where(TopUp.run_id == run.id, TopUp.status.in_((*OPEN, TopUpStatus.RESERVED)))
    ).scalar_one()


def _close(session: Session, run: ConversionRun, now: dt.datetime) -> None:
    """Move the run on: settled when nothing is open, else answered in part."""
    to = RunStatus.SENT if _open(session, run) else RunStatus.SETTLED
    if run.status is not to:
        move(run, to)
        run.closed_at = now if to is RunStatus.SETTLED else None

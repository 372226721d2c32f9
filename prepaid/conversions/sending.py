"""Sending: an order file goes to the provider, its answers come back, and nothing is loaded twice whatever stops it.

The provider is asked between two transactions: what is about to be sent is marked first. Whoever comes later and finds
the mark asks the provider by our references what became of each load, and hands in again only what it never saw, with
the same references.
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.db.many import among_texts
from app.db.transaction import Sessions, transaction
from app.domain.states import RunStatus, TopUpStatus
from app.files import fingerprint
from app.models.prepaid import ConversionRun, LoadBatch, TopUp
from app.services import audit
from prepaid.conversions.ordering import order, order_rest
from prepaid.errors import FileRefusedByOperator, NotFunded, OrderFileChanged
from prepaid.loads.moves import OPEN, locked_run, move, require, run_of
from prepaid.loads.settling import Settled, settle, settle_file
from prepaid.loads.topups import move_top_ups
from prepaid.providers import Ability, CardProvider, OrderRefused, ProviderError


@dataclass
class Sent:
    """What sending a run brought: the settlements of its answers."""

    run_id: int
    status: RunStatus
    settlements: list[Settled] = field(default_factory=list)

    def total(self, name: str) -> int:
        """Sum a count over all settlements."""
        return sum(int(getattr(one, name)) for one in self.settlements)

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Give every answer that could not be taken as it is."""
        return [problem for one in self.settlements for problem in one.problems]


@dataclass(frozen=True)
class _Errand:
    """An order file with something open. ``asked`` tells whether the provider may have it already."""

    batch_id: int
    file: Path
    sha256: bytes
    lines: int
    references: list[str]
    asked: bool


def send(
    registry: Sessions,
    settings: Settings,
    provider: CardProvider,
    run_id: int,
    *,
    actor: str,
    now: dt.datetime,
    clock: Callable[[], dt.datetime] | None = None,
) -> Sent:
    """Send what is ordered of a run to its provider, and settle what it answers. It can be done again at any time.

    An approved run whose order file is not written yet is ordered first. With ``clock``, each answer is settled at the
    time at which it came: a long run may begin in one month and end in the next, and what was read of a card meanwhile
    does not hold the loads that came after it.

    Raises:
        NotAllowedNow, NoSuchRun: There is no such run to send.
        OrderFileChanged: The order file is not what was written.
        OrderRefused: The provider refused the file as a whole; the run is ordered as before.
        ProviderError: The answer was lost; the top-ups are unknown until this is done again.
        NotFunded: The provider cannot pay for it now; nothing was sent.
        PrepaidError: See `prepaid.conversions.ordering.order`.
    """
    with transaction(registry) as session:
        run = run_of(session, run_id)
        status, currency, amount = run.status, run.currency, _to_be_loaded(session, run)
    if status is RunStatus.APPROVED:
        order(registry, settings, provider, run_id, actor=actor, now=now)
    sending = _Sending(registry, settings, provider, run_id, actor, now, clock or (lambda: now))
    if status in (RunStatus.APPROVED, RunStatus.ORDERED):
        why = provider.refuse_run(currency, amount)
        if why is not None:
            raise NotFunded(run_id, why)
    elif Ability.LOAD not in provider.abilities:
        return sending.sent()  # it was handed over: its answers are brought by hand
    with transaction(registry) as session:
        errands = _mark(session, settings, run_id, actor, now)
    if Ability.LOAD not in provider.abilities:
        errands = [replace(one, asked=False) for one in errands]
    for errand in errands:
        sending.carry_out(errand)
    return sending.sent()


def _to_be_loaded(session: Session, run: ConversionRun) -> int:
    """Sum what a run is to load still: of one that is ordered again, most of its loads stand on cards already."""
    if run.status is RunStatus.APPROVED:
        return run.amount_minor + run.compensation_minor
    batches = select(LoadBatch.id).where(LoadBatch.run_id == run.id)
    open_ = select(func.sum(TopUp.amount_minor)).where(TopUp.load_batch_id.in_(batches), TopUp.status.in_(OPEN))
    return int(session.execute(open_).scalar_one() or 0)


@dataclass(frozen=True)
class _Sending:
    """One sending of a run: by whom and when, through which provider, and the settlements of its answers so far."""

    registry: Sessions
    settings: Settings
    provider: CardProvider
    run_id: int
    actor: str
    now: dt.datetime
    clock: Callable[[], dt.datetime]
    settlements: list[Settled] = field(default_factory=list)

    def carry_out(self, errand: _Errand) -> None:
        """Have the provider do what is open of an order file, and record what it answers."""
        try:
            if errand.asked:
                errand = self._ask(errand)
            self._submit(errand)
        except OrderRefused:
            self._put_back(errand)
            raise
        except ProviderError:
            with transaction(self.registry) as session:
                locked_run(session, self.run_id)
                waiting = _open_ids(session, errand.batch_id, [TopUpStatus.SENDING])
                move_top_ups(session, waiting, TopUpStatus.UNKNOWN, now=self.now)
            raise

    def _ask(self, errand: _Errand) -> _Errand:
        """Ask what became of an order file, and record the answers. Gives what is to be handed in again, if any."""
        answers = self.provider.look_up(errand.references)
        found = [(None, answers[one]) for one in errand.references if one in answers]
        unseen = [one for one in errand.references if one not in answers]
        with transaction(self.registry) as session:
            run = locked_run(session, self.run_id)
            if found:
                self.settlements.append(settle(session, run, found, actor=self.actor, now=self.clock()))
            # whose points went back meanwhile is not handed in again
            open_ = select(TopUp.reference).where(among_texts(TopUp.reference, unseen), TopUp.status.in_(OPEN))
            unseen = list(session.scalars(open_.order_by(TopUp.id)))
            if 0 < len(unseen) < errand.lines:
                rest = order_rest(session, self.settings, run, set(unseen), actor=self.actor, now=self.now)
                errand = _Errand(rest.batch_id, rest.file, rest.sha256, rest.lines, unseen, asked=True)
            if unseen:
                _hand_in(session, errand, self.now)
        if unseen:
            _check_file(self.run_id, errand)
        return replace(errand, references=unseen)

    def _submit(self, errand: _Errand) -> None:
        """Have an order file carried out, and record the answers."""
        if errand.references:
            with tempfile.TemporaryDirectory(prefix="kontor-response-") as folder:
                for response in self.provider.submit(errand.file, Path(folder)):
                    self.settlements.append(self._settle(response))
        with transaction(self.registry) as session:
            session.execute(
                update(LoadBatch)
                .where(LoadBatch.id == errand.batch_id, LoadBatch.sent_at.is_(None))
                .values(sent_at=self.now)
            )

    def _settle(self, response: Path) -> Settled:
        with transaction(self.registry) as session:
            return settle_file(
                session, self.settings, self.run_id, response, name=response.name, actor=self.actor, now=self.clock()
            )

    def _put_back(self, errand: _Errand) -> None:
        """Nothing of the file was loaded: its top-ups are ordered as before."""
        with transaction(self.registry) as session:
            run = locked_run(session, self.run_id)
            states = [TopUpStatus.SENDING, TopUpStatus.UNKNOWN]
            move_top_ups(session, _open_ids(session, errand.batch_id, states), TopUpStatus.ORDERED, now=self.now)
            if run.status is RunStatus.SENDING:
                move(run, RunStatus.ORDERED)
            _note(session, run, self.actor, "conversion.refused", self.now, [errand])

    def sent(self) -> Sent:
        """Give what it brought."""
        with transaction(self.registry) as session:
            return Sent(self.run_id, run_of(session, self.run_id).status, self.settlements)


def _mark(session: Session, settings: Settings, run_id: int, actor: str, now: dt.datetime) -> list[_Errand]:
    """Mark as sending what is about to be sent."""
    run = locked_run(session, run_id)
    require(run, "sent", RunStatus.ORDERED, RunStatus.SENDING, RunStatus.SENT)
    errands = _errands(session, settings, run)
    for errand in errands:
        move_top_ups(session, _open_ids(session, errand.batch_id, [TopUpStatus.ORDERED]), TopUpStatus.SENDING, now=now)
    if run.status is not RunStatus.SENDING:
        move(run, RunStatus.SENDING)
    _note(session, run, actor, "conversion.send", now, errands)
    return errands


def _errands(session: Session, settings: Settings, run: ConversionRun) -> list[_Errand]:
    errands = []
    for batch in session.scalars(select(LoadBatch).where(LoadBatch.run_id == run.id).order_by(LoadBatch.id)):
        rows = session.execute(
            select(TopUp.reference, TopUp.status)
            .where(TopUp.load_batch_id == batch.id, TopUp.status.in_(OPEN))
            .order_by(TopUp.id)
        ).all()
        if not rows:
            continue
        if batch.refused_at is not None:
            raise FileRefusedByOperator(run.id, Path(batch.file).name, batch.refusal or "")
        fresh = run.status is RunStatus.ORDERED and len(rows) == batch.lines
        fresh = fresh and all(row.status is TopUpStatus.ORDERED for row in rows)
        file, references = settings.files / batch.file, [row.reference for row in rows]
        errand = _Errand(batch.id, file, batch.file_sha256, batch.lines, references, asked=not fresh)
        if fresh:
            _check_file(run.id, errand)
        errands.append(errand)
    return errands


def _check_file(run_id: int, errand: _Errand) -> None:
    """Make sure that an order file is what was written."""
    try:
        unchanged = fingerprint(errand.file) == errand.sha256
    except OSError:
        unchanged = False
    if not unchanged:
        raise OrderFileChanged(run_id, errand.file.name)


def _hand_in(session: Session, errand: _Errand, now: dt.datetime) -> None:
    """Mark anew what is handed in again: until the provider has answered, its points do not go back by hand."""
    waiting = _open_ids(session, errand.batch_id, [TopUpStatus.ORDERED, TopUpStatus.UNKNOWN])
    move_top_ups(session, waiting, TopUpStatus.SENDING, now=now)
    session.execute(update(LoadBatch).where(LoadBatch.id == errand.batch_id).values(sent_at=None))


def _open_ids(session: Session, batch_id: int, states: Sequence[TopUpStatus]) -> list[int]:
    return list(
        session.scalars(
            select(TopUp.id).where(TopUp.load_batch_id == batch_id, TopUp.status.in_(states)).order_by(TopUp.id)
        )
    )


def _note(
    session: Session, run: ConversionRun, actor: str, action: str, now: dt.datetime, errands: Sequence[_Errand]
) -> None:
    after = {"status": run.status.value, "batches": [one.batch_id for one in errands]}
    subject = f"conversion run {run.id}"
    audit.note(session, actor, action, subject, now=now, program_id=run.program_id, after=after)

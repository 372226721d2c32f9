"""Redemptions as people see them: in which state each is, and what happened to it, from the rows alone."""

import datetime as dt
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Case, and_, case, select
from sqlalchemy.orm import Session, aliased

from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.people import UserAccount
from app.models.prepaid import Card, ConversionRun, LoadBatch, Redemption, TopUp


class State(enum.StrEnum):
    """How far a redemption has come. It is not stored: who approved it, who ended it and its load say it."""

    WAITING = "waiting"  # for somebody of the programme
    TAKEN = "taken"  # by a run that nobody has approved yet
    RESERVED = "reserved"  # approved; it goes out with the next order file
    GOING = "going"  # approved and in a run, which is being ordered or sent
    ORDERED = "ordered"  # the order file is written
    SENDING = "sending"  # the provider has it, or is being asked
    LOADED = "loaded"
    FAILED = "failed"  # its points went back to their lots
    UNKNOWN = "unknown"  # the answer was lost: the provider is asked for it, and nobody guesses
    WITHDRAWN = "withdrawn"  # by who asked for it, or by a colleague
    REFUSED = "refused"  # by somebody of the programme
    CANCELLED = "cancelled"  # with its run


class Word(enum.StrEnum):
    """What happened to a redemption."""

    ASKED = "asked"
    TAKEN = "taken"  # by a run, with those of all others
    APPROVED = "approved"
    LET_GO = "let_go"  # the programme wants nobody's approval
    ORDERED = "ordered"
    SENT = "sent"
    UNKNOWN = "unknown"
    RECONCILED = "reconciled"
    LOADED = "loaded"
    FAILED = "failed"
    COMPENSATED = "compensated"
    NOT_COMPENSATED = "not_compensated"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    CANCELLED = "cancelled"


REWARD = aliased(TopUp, name="reward")
"""The load of a redemption's own money, beside the compensation of the tax on it."""

POINTS = case((Account.unit == Unit.POINTS, Redemption.points))
"""The points of a redemption, in queries that have its account; none where money that rules gave was redeemed."""

REWARD_OF = and_(REWARD.redemption_id == Redemption.id, REWARD.kind == TopUpKind.REWARD)

_BY_LOAD = {
    TopUpStatus.ORDERED: State.ORDERED,
    TopUpStatus.SENDING: State.SENDING,
    TopUpStatus.LOADED: State.LOADED,
    TopUpStatus.FAILED: State.FAILED,
    TopUpStatus.UNKNOWN: State.UNKNOWN,
    TopUpStatus.CANCELLED: State.CANCELLED,
}


_NOT_APPROVED = select(ConversionRun.id).where(ConversionRun.status.in_((RunStatus.PREPARING, RunStatus.PREVIEW)))
"""Runs of which nobody has said yet that they go out."""


def state() -> Case[str]:
    """Give the state of a redemption, for a statement that joins `REWARD`."""
    return case(
        (Redemption.withdrawn, State.WITHDRAWN.value),
        (Redemption.ended_at.is_not(None), State.REFUSED.value),
        *((REWARD.status == status, one.value) for status, one in _BY_LOAD.items()),
        (and_(Redemption.key.is_not(None), Redemption.approved_at.is_(None)), State.WAITING.value),
        (Redemption.run_id.is_(None), State.RESERVED.value),
        (Redemption.run_id.in_(_NOT_APPROVED), State.TAKEN.value),
        else_=State.GOING.value,
    )


@dataclass(frozen=True)
class Moment:
    """Something that happened.

    ``who`` did it, where a person did; ``text`` are their words, ``failure`` is what is kept of a load that failed.
    Whoever withdrew it is told by name, for colleagues read it.
    """

    word: Word
    at: dt.datetime
    who: str | None = None
    text: str | None = None
    failure: str | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Load:
    """A load of a redemption, with the file that it went out in and the card that it went to."""

    top_up_id: int
    kind: TopUpKind
    status: TopUpStatus
    amount_minor: int
    reference: str
    failure: str | None
    unknown_at: dt.datetime | None
    settled_at: dt.datetime | None
    ordered_at: dt.datetime | None
    sent_at: dt.datetime | None
    last4: str | None


@dataclass(frozen=True)
class Story:
    """One redemption with everything that is known of it; moments oldest first.

    ``points`` is none where money that rules gave was redeemed.
    """

    redemption: Redemption
    points: int | None
    state: State
    distributor_id: int
    distributor_name: str
    run: ConversionRun | None
    loads: Sequence[Load]
    moments: Sequence[Moment]


def story(session: Session, redemption_id: int) -> Story:
    """Tell what happened to a redemption. Two queries; one more for the name of who withdrew it."""
    redemption, points, found, owner, name, run = session.execute(
        select(Redemption, POINTS, state(), Distributor.id, Distributor.name, ConversionRun)
        .join(REWARD, REWARD_OF)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(ConversionRun, ConversionRun.id == Redemption.run_id)
        .where(Redemption.id == redemption_id)
    ).one()
    loads = [
        Load(*one)
        for one in session.execute(
            select(
                TopUp.id,
                TopUp.kind,
                TopUp.status,
                TopUp.amount_minor,
                TopUp.reference,
                TopUp.failure,
                TopUp.unknown_at,
                TopUp.settled_at,
                LoadBatch.created_at,
                LoadBatch.sent_at,
                Card.last4,
            )
            .outerjoin(LoadBatch, LoadBatch.id == TopUp.load_batch_id)
            .outerjoin(Card, Card.id == TopUp.card_id)
            .where(TopUp.redemption_id == redemption_id)
            .order_by(TopUp.kind.desc(), TopUp.attempt)
        )
    ]
    ended_by = _name(session, redemption.ended_by) if redemption.withdrawn else redemption.ended_by
    moments = sorted(_moments(redemption, State(found), run, loads, ended_by), key=lambda one: one.at)
    return Story(redemption, points, State(found), owner, name, run, loads, moments)


def _name(session: Session, login: str | None) -> str | None:
    """Give the name of whoever signs in so; the login where nobody does any more."""
    return session.scalars(select(UserAccount.name).where(UserAccount.login == login)).one_or_none() or login


def _moments(
    of: Redemption, found: State, run: ConversionRun | None, loads: Sequence[Load], ended_by: str | None
) -> Iterator[Moment]:
    if of.key is not None:
        yield Moment(Word.ASKED, of.created_at, of.asked_by)
        if of.approved_at is not None:
            yield Moment(Word.APPROVED if of.approved_by else Word.LET_GO, of.approved_at, of.approved_by)
    else:
        yield Moment(Word.TAKEN, of.created_at, None if run is None else run.previewed_by)
        if run is not None and run.kind is RunKind.PERIOD and run.approved_at is not None:
            yield Moment(Word.APPROVED, run.approved_at, run.approved_by)
    if of.ended_at is not None:
        yield Moment(Word(found.value), of.ended_at, ended_by, of.ended_why)
    for load in loads:
        yield from _of_load(load, called_off=of.ended_at is not None)


def _of_load(load: Load, *, called_off: bool) -> Iterator[Moment]:
    reward = load.kind is TopUpKind.REWARD
    if reward and load.ordered_at is not None:
        yield Moment(Word.ORDERED, load.ordered_at)
    if reward and load.sent_at is not None and load.sent_at != load.settled_at:
        yield Moment(Word.SENT, load.sent_at)
    if load.unknown_at is not None:
        yield Moment(Word.UNKNOWN, load.unknown_at, failure=load.failure, amount_minor=load.amount_minor)
    if load.settled_at is None:
        return
    if load.unknown_at is not None:
        yield Moment(Word.RECONCILED, load.settled_at)
    if load.status is TopUpStatus.LOADED:
        yield Moment(Word.LOADED if reward else Word.COMPENSATED, load.settled_at, amount_minor=load.amount_minor)
    elif load.status is TopUpStatus.FAILED:
        yield Moment(
            Word.FAILED if reward else Word.NOT_COMPENSATED,
            load.settled_at,
            failure=load.failure,
            amount_minor=load.amount_minor,
        )
    elif reward and not called_off:
        yield Moment(Word.CANCELLED, load.settled_at)


class Listed(NamedTuple):
    """A redemption as lists show it."""

    id: int
    distributor: str
    created_at: dt.datetime
    points: int
    amount_minor: int
    compensation_minor: int
    state: str
    run: int | None


def newest(session: Session, program_id: int, limit: int) -> list[Listed]:
    """List the newest redemptions of a programme that were asked for one by one."""
    rows = session.execute(
        select(
            Redemption.id,
            Distributor.code,
            Redemption.created_at,
            Redemption.points,
            Redemption.amount_minor,
            Redemption.compensation_minor,
            state(),
            Redemption.run_id,
        )
        .join(REWARD, REWARD_OF)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(Redemption.program_id == program_id, Redemption.key.is_not(None))
        .order_by(Redemption.id.desc())
        .limit(limit)
    )
    return [Listed(*row) for row in rows]

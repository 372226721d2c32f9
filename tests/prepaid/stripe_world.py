"""A programme in euros whose cards are a fake Stripe's; and a run of it carried out in a process that may be killed."""

import datetime as dt
import enum
import itertools
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from app.config import Settings
from app.db.transaction import Sessions, transaction
from app.domain.states import AskedState, CardState, RunStatus, TopUpStatus
from app.models.prepaid import Card, CardLoad, ConversionRun, ProviderKey, TopUp
from prepaid.conversions import ordering, runs, sending
from prepaid.issuers.stripe_provider import StripeProvider
from prepaid.loads.moves import OPEN, run_of
from prepaid.providers import ProviderError
from tests.prepaid.conftest import World
from tests.support.stripe_fake import FakeStripe

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
PATIENCE = 25
PREPAID = """{provider: stripe, stripe: {account_country: DE,
  billing: {line1: Hauptstr. 1, city: Berlin, postal_code: "10115", country: DE}}}"""


class Keyless(StripeProvider):
    """A provider as one would write it who never lost an answer: every question has a key of its own."""

    _drawn = itertools.count()

    def _options(self, key: str) -> Any:
        return {"idempotency_key": f"{key}-{next(self._drawn)}-{id(self)}"}


def provider(engine: Any, address: str, kind: type[StripeProvider] = StripeProvider) -> StripeProvider:
    return kind(
        engine,
        "sk_test_fake",
        address=address,
        waits=(0.0, 0.01, 0.02, 0.05),
        settles=dt.timedelta(seconds=0.3),
        timeout=5.0,
    )


def in_euros(world: World, **more: str) -> World:
    return world.load(prepaid=PREPAID, tax="{pack: DE}", currency="EUR", country="DE", **more)


def carry_out(url: str, home: Path, run_id: int, address: str, kind: type[StripeProvider] = StripeProvider) -> None:
    """Approve, order and send until the run is settled, wherever an earlier process was stopped.

    It ends by an error when the provider's errors have brought nothing further for `PATIENCE` goes.
    """
    engine = create_engine(url)
    registry, settings = scoped_session(sessionmaker(engine)), Settings(home=home)
    try:
        _carry_out(registry, settings, run_id, provider(engine, address, kind))
    finally:
        registry.remove()
        engine.dispose()


def _carry_out(registry: Sessions, settings: Settings, run_id: int, asked: StripeProvider) -> None:
    before, idle, said = None, 0, ""
    while idle < PATIENCE:
        with transaction(registry) as session:
            status, so_far = run_of(session, run_id).status, _so_far(session, run_id)
        if status is RunStatus.SETTLED:
            return
        before, idle = so_far, idle + 1 if so_far == before else 0
        step = ordering.approve_and_order if status in (RunStatus.PREVIEW, RunStatus.APPROVED) else sending.send
        try:
            step(registry, settings, asked, run_id, actor="ben", now=NOW)
        except ProviderError as error:
            said = str(error)
    raise AssertionError(f"run {run_id} is {status}, and {PATIENCE} goes have brought nothing further: {said}")


def _so_far(session: Session, run_id: int) -> tuple[int, ...]:
    """Count what is written down of a run: whoever goes on leaves more of it, or answers."""
    of_run = select(TopUp.reference).where(TopUp.run_id == run_id)
    answered = select(func.count()).where(TopUp.run_id == run_id, TopUp.status.not_in(OPEN))
    loads = select(CardLoad.state, func.count()).where(CardLoad.reference.in_(of_run)).group_by(CardLoad.state)
    counts = dict(session.execute(loads).all())
    keys, cards = select(func.count()).select_from(ProviderKey), select(func.count()).where(Card.token.is_not(None))
    numbers = [session.execute(one).scalar_one() for one in (answered, keys, cards)]
    return (*numbers, *(counts.get(one, 0) for one in AskedState))


class Harm(enum.StrEnum):
    """What must not come of a storm."""

    ISSUED_TWICE = "issued twice"
    LOADED_TWICE = "loaded twice"
    RETURNED = "loaded but returned"
    NOT_LOADED = "not loaded, though the books say so"
    STUCK = "stuck"


class Found(NamedTuple):
    """Something that is wrong."""

    harm: Harm
    said: str


def wrong(world: World, run: ConversionRun, fake: FakeStripe) -> list[Found]:
    """Name what is wrong: cards issued twice, loads that were made twice, lost, given back or are stuck."""
    found: list[Found] = []
    with transaction(world.registry) as session:
        lines = {one.reference: one for one in runs.lines(session, run.id)}
        cards = session.scalars(select(Card).where(Card.program_id == world.program_id)).all()
        loads = session.execute(
            select(CardLoad.reference, CardLoad.state, CardLoad.amount_minor, Card.token).join(Card)
        ).all()
    ours = {card.token: 0 for card in cards if card.state not in (CardState.ORDERED, CardState.CLOSED)}
    returned = dict.fromkeys(ours, 0)
    for load in loads:
        line = lines.get(load.reference)
        if line is None:
            continue
        if load.state is AskedState.ASKED:
            found.append(Found(Harm.STUCK, f"{load.reference} has no answer"))
        loaded = line.status is TopUpStatus.LOADED
        if (load.state is AskedState.LOADED) != loaded:
            harm = Harm.NOT_LOADED if loaded else Harm.RETURNED
            found.append(Found(harm, f"{load.reference} is {load.state} in the books and {line.status} in the run"))
        (ours if loaded else returned)[load.token] += load.amount_minor
    for token, amount in ours.items():
        has = fake.limit_of(token or "")
        if has != amount:
            more = Harm.RETURNED if has - amount == returned[token] else Harm.LOADED_TWICE
            found.append(Found(more if has > amount else Harm.NOT_LOADED, f"{token} has {has}, ours are {amount}"))
    issued = Counter(card["metadata"].get("kontor") for card in fake.cards.values())
    mine = {card.reference for card in cards}
    found += [
        Found(Harm.ISSUED_TWICE, f"{one} was issued {issued[one]} times") for one in sorted(mine) if issued[one] > 1
    ]
    ended = (TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.CANCELLED)
    found += [Found(Harm.STUCK, f"{one.reference} is stuck") for one in lines.values() if one.status not in ended]
    return found

"""What providers know of cards by now, taken in: balance, what was spent, whether a card is blocked or closed.

A provider tells of some of it by itself, in any order, twice or never. So what it tells only says where to look: the
card is read anew, and once a day every card is, whether anybody told of it or not.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.saying.wording import Said
from app.domain.states import CardState, CardWord, Identity
from app.models.prepaid import Card, CardMovement, ProviderEvent
from prepaid.cards.cards import happened
from prepaid.providers import Ability, CardProvider, Facts, Movement, ProviderError

_OVERLAP = dt.timedelta(days=3)
"""So far back is asked for again: what was booked late is not missed."""

_EVER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass
class Healed:
    """What looking brought: cards that were read, moves of money that are new, and what did not answer."""

    cards: int = 0
    movements: int = 0
    problems: list[Said] = field(default_factory=list)


def receive(session: Session, provider: str, event_id: str, kind: str, about: str | None, *, now: dt.datetime) -> bool:
    """Take in that a provider told of something. Returns whether it is new. The caller commits."""
    made = session.scalars(
        insert(ProviderEvent)
        .values(provider=provider, token=event_id, kind=kind[:64], about=about, received_at=now)
        .on_conflict_do_nothing(index_elements=["provider", "token"])
        .returning(ProviderEvent.id)
    ).one_or_none()
    return made is not None


def heed(registry: Sessions, provider: CardProvider, *, now: dt.datetime) -> Healed:
    """Look at every card that a provider told of since this was done last.

    Raises:
        ProviderError: A card could not be read; what it told of that one waits.
    """
    with transaction(registry) as session:
        waiting = session.execute(
            select(ProviderEvent.id, ProviderEvent.about)
            .where(ProviderEvent.provider == provider.name, ProviderEvent.done_at.is_(None))
            .order_by(ProviderEvent.id)
        ).all()
    healed = Healed()
    by_about: dict[str | None, list[int]] = {}
    for row in waiting:
        by_about.setdefault(row.about, []).append(row.id)
    for about, ids in by_about.items():
        with transaction(registry) as session:
            cards = _meant(session, provider.name, about)
        failed = [one for one in cards if not _look(registry, provider, one, healed, now)]
        if not failed:
            with transaction(registry) as session:
                for event in session.scalars(select(ProviderEvent).where(ProviderEvent.id.in_(ids))):
                    event.done_at = now
    if healed.problems:
        raise ProviderError(healed.problems[0].text, **healed.problems[0].values)
    return healed


def heal(registry: Sessions, provider: CardProvider, *, now: dt.datetime) -> Healed:
    """Look at every card of a provider that is not over for good; one that does not answer keeps no other waiting."""
    healed = Healed()
    with transaction(registry) as session:
        cards = session.scalars(
            select(Card.id)
            .where(Card.provider == provider.name, Card.token.is_not(None))
            .where(or_(Card.state.not_in((CardState.CLOSED, CardState.REPLACED)), Card.balance_minor != 0))
            .order_by(Card.id)
        ).all()
    for card_id in cards:
        _look(registry, provider, card_id, healed, now)
    return healed


def _meant(session: Session, provider: str, about: str | None) -> list[int]:
    if about is None:
        return []
    meant = or_(Card.token == about, Card.holder_token == about)
    return list(session.scalars(select(Card.id).where(Card.provider == provider, meant).order_by(Card.id)))


def look(registry: Sessions, provider: CardProvider, card_id: int, *, now: dt.datetime) -> None:
    """Read one card anew.

    Raises:
        ProviderError: It could not be read.
    """
    healed = Healed()
    if not _look(registry, provider, card_id, healed, now):
        raise ProviderError(healed.problems[0].text, **healed.problems[0].values)


def _look(registry: Sessions, provider: CardProvider, card_id: int, healed: Healed, now: dt.datetime) -> bool:
    """Read a card between two transactions, and write down what it says."""
    with transaction(registry) as session:
        card = session.get_one(Card, card_id)
        token, state = card.token, card.state
        newest = session.scalars(
            select(func.max(CardMovement.happened_at)).where(CardMovement.card_id == card_id)
        ).one_or_none()
    if token is None:
        return True
    try:
        facts = provider.facts(token) if Ability.STATE in provider.abilities else None
        if facts is not None and _too_open(facts.state, state):
            provider.set_state(token, CardState.CLOSED if state is CardState.REPLACED else state)
        since = newest - _OVERLAP if newest else _EVER
        moved = provider.history(token, since) if Ability.HISTORY in provider.abilities else ()
        balance = provider.balance_minor(token) if Ability.BALANCE in provider.abilities else None
    except ProviderError as problem:
        healed.problems.append(problem.said)
        return False
    with transaction(registry) as session:
        card = session.get_one(Card, card_id, with_for_update=True, populate_existing=True)
        if facts is not None:
            _take_facts(session, card, facts, provider.name, now)
        healed.movements += _take_movements(session, card_id, moved)
        if balance is not None:
            card.balance_minor, card.balance_at = balance, now
    healed.cards += 1
    return True


def _too_open(theirs: CardState, ours: CardState) -> bool:
    """Say whether a card is more open there than here: it was blocked or closed while nobody answered."""
    order = (CardState.ACTIVE, CardState.BLOCKED, CardState.CLOSED)
    wanted = CardState.CLOSED if ours is CardState.REPLACED else ours
    return wanted in order and order.index(theirs) < order.index(wanted)


def _take_facts(session: Session, card: Card, facts: Facts, provider: str, now: dt.datetime) -> None:
    """Follow a provider where it closed or blocked a card by itself, and in what it knows of its holder."""
    if facts.state is CardState.CLOSED and card.state not in (CardState.CLOSED, CardState.REPLACED):
        card.state, card.active = CardState.CLOSED, False
        happened(session, card.id, CardWord.CLOSED, actor=provider, now=now)
    elif facts.state is CardState.BLOCKED and card.state is CardState.ACTIVE:
        card.state = CardState.BLOCKED
        happened(session, card.id, CardWord.BLOCKED, actor=provider, now=now)
    elif facts.state is CardState.ACTIVE and card.state is CardState.ISSUED:
        card.state = CardState.ACTIVE
        happened(session, card.id, CardWord.ACTIVATED, actor=provider, now=now)
    if facts.identity not in (card.identity, Identity.UNKNOWN):
        card.identity = facts.identity
        happened(session, card.id, CardWord.IDENTIFIED, actor=provider, now=now, text=facts.identity.value)


def _take_movements(session: Session, card_id: int, moved: Sequence[Movement]) -> int:
    if not moved:
        return 0
    rows = [
        {
            "card_id": card_id,
            "token": one.token,
            "amount_minor": one.amount_minor,
            "merchant": one.merchant,
            "happened_at": one.happened_at,
        }
        for one in moved
    ]
    made = insert(CardMovement).on_conflict_do_nothing(index_elements=["card_id", "token"])
    return len(session.scalars(made.returning(CardMovement.id), rows).all())

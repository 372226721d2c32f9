"""The life of a card after it was issued: every allowed move stands in one table, and each leaves an event.

What makes a card safer (blocking, closing) is written down here first and told to the provider then; what makes it
usable again the other way round. So a provider that does not answer never leaves a card more open than we think.
"""

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session, aliased

from app.db.first import First, first
from app.db.transaction import Sessions, transaction
from app.domain.saying.wording import marked
from app.domain.states import CardState, CardWord, Identity, TopUpKind, TopUpStatus
from app.models.distributors import Distributor
from app.models.prepaid import Card, CardEvent, CardMovement, TopUp
from app.services import audit
from prepaid.cards.cards import happened, refuse_in_use
from prepaid.errors import PrepaidError
from prepaid.providers import Ability, CardProvider

_ = marked
MOVES: Mapping[CardState, frozenset[CardState]] = {
    CardState.ORDERED: frozenset({CardState.ISSUED, CardState.REPLACED, CardState.CLOSED}),
    CardState.ISSUED: frozenset({CardState.ACTIVE, CardState.BLOCKED, CardState.REPLACED, CardState.CLOSED}),
    CardState.ACTIVE: frozenset({CardState.BLOCKED, CardState.REPLACED, CardState.CLOSED}),
    CardState.BLOCKED: frozenset({CardState.ACTIVE, CardState.REPLACED, CardState.CLOSED}),
    CardState.REPLACED: frozenset(),  # the very card may be registered again (`cards.register`)
    CardState.CLOSED: frozenset(),
}

_WORD = {
    CardState.BLOCKED: CardWord.BLOCKED,
    CardState.CLOSED: CardWord.CLOSED,
}
_SAFER = (CardState.BLOCKED, CardState.CLOSED)
_MOST_SHOWN = 200


class NoSuchCard(LookupError):
    """No card has this number."""


class CardMoveRefused(PrepaidError):
    """A card is not where this can be done."""

    def __init__(self, state: CardState, to: CardState) -> None:
        """Say where it is, and what was wanted."""
        super().__init__(_("A card that is %(state)s cannot become %(to)s."), state=state.value, to=to.value)
        self.state, self.to = state, to


def change(
    registry: Sessions, provider: CardProvider, card_id: int, to: CardState, *, why: str, actor: str, now: dt.datetime
) -> None:
    """Activate, block, unblock or close a card, here and at its provider. Asking again is harmless.

    Raises:
        NoSuchCard, CardMoveRefused: There is no such card to change.
        CardInUse: Top-ups are on their way to a card that is to be closed.
        CardNumberFound: The reason holds what looks like the number of a card.
        ProviderError: The provider did not do it. A card that was to be blocked or closed is so here all the same.
    """
    with transaction(registry) as session:
        card = _locked(session, card_id)
        already = card.state is to
        if not already and to not in MOVES[card.state]:
            raise CardMoveRefused(card.state, to)
        if to is CardState.CLOSED:
            refuse_in_use(session, card.id)
        token = card.token
        if to in _SAFER and not already:
            _move(session, card, to, why=why, actor=actor, now=now)
    if token is not None and Ability.STATE in provider.abilities:
        provider.set_state(token, to)
    if to not in _SAFER and not already:
        with transaction(registry) as session:
            card = _locked(session, card_id)
            if to not in MOVES[card.state]:
                raise CardMoveRefused(card.state, to)
            _move(session, card, to, why=why, actor=actor, now=now)


def _move(session: Session, card: Card, to: CardState, *, why: str, actor: str, now: dt.datetime) -> None:
    was = card.state
    word = _WORD.get(to) or (CardWord.UNBLOCKED if was is CardState.BLOCKED else CardWord.ACTIVATED)
    card.state = to
    if to is CardState.CLOSED:
        card.active = False
    happened(session, card.id, word, actor=actor, now=now, text=why)
    audit.note(
        session,
        actor,
        f"card.{word.value}",
        f"card {card.id}",
        now=now,
        program_id=card.program_id,
        before={"state": was.value},
        after={"state": to.value},
        reason=why or None,
    )


def identify(session: Session, card_id: int, identity: Identity, *, why: str, actor: str, now: dt.datetime) -> None:
    """Write down what is known of who holds a card. The caller commits.

    Raises:
        NoSuchCard: There is none.
        CardNumberFound: The words hold what looks like the number of a card.
    """
    card = _locked(session, card_id)
    if card.identity is identity:
        return
    was, card.identity = card.identity, identity
    happened(session, card.id, CardWord.IDENTIFIED, actor=actor, now=now, text=why or identity.value)
    subject = f"card {card.id}"
    audit.note(
        session,
        actor,
        "card.identified",
        subject,
        now=now,
        program_id=card.program_id,
        before={"identity": was.value},
        after={"identity": identity.value},
        reason=why or None,
    )


def remark(session: Session, card_id: int, text: str, *, actor: str, now: dt.datetime) -> None:
    """Write a note to a card. The caller commits.

    Raises:
        NoSuchCard: There is none.
        CardNumberFound: It holds what looks like the number of a card.
    """
    happened(session, _locked(session, card_id).id, CardWord.NOTE, actor=actor, now=now, text=text)


def _locked(session: Session, card_id: int) -> Card:
    card = session.get(Card, card_id, with_for_update=True, populate_existing=True)
    if card is None:
        raise NoSuchCard(card_id)
    return card


@dataclass(frozen=True)
class Moment:
    """Something in the life of a card: an event, a top-up, or something spent. ``on_earlier``: of one it replaced."""

    at: dt.datetime
    kind: str  # event, top_up, movement
    what: str  # the word of the event, the state of the top-up, the merchant
    text: str | None
    actor: str | None
    amount_minor: int | None
    on_earlier: bool


@dataclass(frozen=True)
class Life:
    """A card with its owner and all that happened to it and to those that it replaced, newest first."""

    card: Card
    distributor_id: int
    distributor_code: str
    distributor_name: str
    earlier: Card | None
    later: Card | None
    loaded_minor: int
    moments: First[Moment]


def life_of(session: Session, card_id: int) -> Life:
    """Tell the life of a card.

    Raises:
        NoSuchCard: There is none.
    """
    row = session.execute(
        select(Card, Distributor.id, Distributor.code, Distributor.name)
        .join(Distributor, Distributor.id == Card.distributor_id)
        .where(Card.id == card_id)
    ).one_or_none()
    if row is None:
        raise NoSuchCard(card_id)
    card, owner, code, name = row
    line = _line(session, card.id)
    told = (_events(session, line), _top_ups(session, line), _movements(session, line))
    newest = sorted(itertools.chain(*told), key=lambda one: one.at, reverse=True)
    moments = First(newest, sum(one.more for one in told))
    earlier = session.get(Card, card.replaces_id) if card.replaces_id else None
    after = select(Card).where(Card.replaces_id == card.id).order_by(Card.id.desc()).limit(1)
    later = session.scalars(after).one_or_none()
    return Life(card, owner, code, name, earlier, later, _loaded(session, line), moments)


def _loaded(session: Session, line: Mapping[int, bool]) -> int:
    """Sum all loads of a card and of those before it, however many of them are shown."""
    together = select(cast(func.coalesce(func.sum(TopUp.amount_minor), 0), BigInteger))
    return session.scalars(together.where(TopUp.card_id.in_(line), TopUp.status == TopUpStatus.LOADED)).one()


def _line(session: Session, card_id: int) -> dict[int, bool]:
    """Give a card and those that it replaced, one after the other; each with whether it is an earlier one."""
    chain = select(Card.id, Card.replaces_id).where(Card.id == card_id).cte(recursive=True)
    before = aliased(Card)
    chain = chain.union_all(select(before.id, before.replaces_id).join(chain, before.id == chain.c.replaces_id))
    return {found: found != card_id for found in session.scalars(select(chain.c.id))}


def _events(session: Session, line: Mapping[int, bool]) -> First[Moment]:
    def moment(one: CardEvent) -> Moment:
        return Moment(one.at, "event", one.word.value, one.text, one.actor, None, line[one.card_id])

    events = select(CardEvent).where(CardEvent.card_id.in_(line)).order_by(CardEvent.id.desc())
    return first(session, events, _MOST_SHOWN, moment)


def _top_ups(session: Session, line: Mapping[int, bool]) -> First[Moment]:
    def moment(one: TopUp) -> Moment:
        return Moment(
            at=one.settled_at or one.created_at,
            kind="top_up",
            what=one.status.value,
            text=one.failure if one.failure else one.kind.value if one.kind is TopUpKind.COMPENSATION else None,
            actor=None,
            amount_minor=one.amount_minor,
            on_earlier=line[one.card_id or 0],
        )

    loads = select(TopUp).where(TopUp.card_id.in_(line)).order_by(TopUp.id.desc())
    return first(session, loads, _MOST_SHOWN, moment)


def _movements(session: Session, line: Mapping[int, bool]) -> First[Moment]:
    def moment(one: CardMovement) -> Moment:
        return Moment(one.happened_at, "movement", one.merchant, None, None, one.amount_minor, line[one.card_id])

    movements = select(CardMovement).where(CardMovement.card_id.in_(line)).order_by(CardMovement.happened_at.desc())
    return first(session, movements, _MOST_SHOWN, moment)

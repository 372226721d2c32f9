"""Our books of what a provider's interface was asked for: written and committed before each call.

A provider whose card has a limit and no balance is told the sum of all its loads. So the loads of one card follow one
another, each is asked for under a key of its own, and whoever comes after a lost answer finds here what was asked.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Engine, Select, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.many import among_texts
from app.domain.program_file.prepaid_settings import PrepaidPart, Stripe
from app.domain.states import AskedState, CardState, CardWord
from app.models.distributors import Distributor
from app.models.prepaid import Card, CardLoad, CardMovement, ProviderKey
from app.models.programs import Program
from prepaid.cards.cards import happened


@dataclass(frozen=True)
class Load:
    """A load as it stands in the books. ``again``: it was asked for before, and its answer is not known."""

    reference: str
    token: str
    amount_minor: int
    limit_minor: int
    state: AskedState
    failure: str
    asked_at: dt.datetime
    activates: bool = False
    again: bool = True


@dataclass(frozen=True)
class Waits:
    """Another load of the card has no answer yet; it comes first."""

    load: Load


@dataclass(frozen=True)
class Denied:
    """A load that the provider is not asked for."""

    code: str
    message: str


@dataclass(frozen=True)
class Order:
    """A card that is to be issued, and what its provider must know for it."""

    card_id: int
    reference: str
    holder_reference: str
    holder: str
    holder_token: str | None
    currency: str
    settings: Stripe
    replaces: str | None
    carried_minor: int | None


@dataclass(frozen=True)
class Key:
    """The key that something is asked for under. ``fresh``: nobody asked before."""

    text: str
    asked_at: dt.datetime
    fresh: bool


class Books:
    """The books of one provider. Each call is a transaction of its own."""

    def __init__(self, engine: Engine, provider: str, clock: Callable[[], dt.datetime]) -> None:
        """Take the database, the provider and the clock."""
        self._engine, self._provider, self._clock = engine, provider, clock

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with Session(self._engine) as session, session.begin():
            yield session

    def key(self, about: str, *, anew: bool = False) -> Key:
        """Give the key for something, and write down that it is asked for. ``anew`` gives one that was never used."""
        with self._writing() as session:
            return self._key(session, about, anew=anew)

    def _key(self, session: Session, about: str, *, anew: bool = False) -> Key:
        now = self._clock()
        row = insert(ProviderKey).values(provider=self._provider, about=about, attempt=1, asked_at=now)
        made = session.scalars(row.on_conflict_do_nothing().returning(ProviderKey.id)).one_or_none()
        found = session.scalars(
            select(ProviderKey)
            .where(ProviderKey.provider == self._provider, ProviderKey.about == about)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        if anew and made is None:
            found.attempt += 1
            found.asked_at = now
        return Key(f"{about}/{found.attempt}", found.asked_at, made is not None)

    def begin(self, reference: str, token: str, amount_minor: int) -> Load | Waits | Denied:
        """Write down that a card is to be loaded, and with what its limit becomes; or give what was written before."""
        with self._writing() as session:
            card = session.scalars(
                select(Card)
                .where(Card.provider == self._provider, Card.token == token)
                .with_for_update()
                .execution_options(populate_existing=True)
            ).one_or_none()
            if card is None:
                return Denied("unknown_card", "No card has this token.")
            known = session.scalars(select(CardLoad).where(CardLoad.reference == reference)).one_or_none()
            if known is not None:
                if (known.card_id, known.amount_minor) != (card.id, amount_minor):
                    return Denied("reference_reused", "The reference was used for another card or amount.")
                return _load(known, card)
            if card.state not in (CardState.ISSUED, CardState.ACTIVE):
                code = "card_blocked" if card.state is CardState.BLOCKED else "card_closed"
                return Denied(code, "The card cannot be loaded.")
            waits = session.scalars(
                select(CardLoad).where(CardLoad.card_id == card.id, CardLoad.state == AskedState.ASKED)
            ).one_or_none()
            if waits is not None:
                return Waits(_load(waits, card))
            fresh = CardLoad(
                card_id=card.id,
                reference=reference,
                amount_minor=amount_minor,
                limit_minor=_limit(session, card) + amount_minor,
                state=AskedState.ASKED,
                asked_at=self._clock(),
            )
            session.add(fresh)
            session.flush()
            return _load(fresh, card, again=False)

    def end(self, reference: str, state: AskedState, failure: str = "") -> None:
        """Write down what became of a load. What ended once does not change."""
        now = self._clock()
        with self._writing() as session:
            row = session.scalars(
                select(CardLoad)
                .where(CardLoad.reference == reference)
                .with_for_update()
                .execution_options(populate_existing=True)
            ).one()
            if row.state is not AskedState.ASKED:
                return
            row.state, row.failure, row.ended_at = state, failure or None, now
            card = session.get_one(Card, row.card_id, with_for_update=True, populate_existing=True)
            if state is AskedState.LOADED and card.state is CardState.ISSUED:
                card.state = CardState.ACTIVE
                happened(session, card.id, CardWord.ACTIVATED, actor=self._provider, now=now)

    def loads(self, references: Collection[str]) -> list[Load]:
        """Give the loads of some references, of those that were ever asked for."""
        with self._writing() as session:
            rows = session.execute(
                select(CardLoad, Card)
                .join(Card, Card.id == CardLoad.card_id)
                .where(Card.provider == self._provider, among_texts(CardLoad.reference, references))
                .order_by(CardLoad.id)
            )
            return [_load(load, card) for load, card in rows]

    def limit_minor(self, token: str) -> int | None:
        """Give what was ever put on a card; None: it is not ours."""
        with self._writing() as session:
            card = session.scalars(
                select(Card).where(Card.provider == self._provider, Card.token == token)
            ).one_or_none()
            return None if card is None else _limit(session, card)

    def order(self, reference: str) -> Order | None:
        """Give a card that is to be issued."""
        with self._writing() as session:
            row = session.execute(
                select(Card, Distributor, Program)
                .join(Distributor, Distributor.id == Card.distributor_id)
                .join(Program, Program.id == Card.program_id)
                .where(Card.provider == self._provider, Card.reference == reference)
            ).one_or_none()
            if row is None:
                return None
            card, holder, program = row
            settings = PrepaidPart.model_validate(program.prepaid).stripe
            if settings is None:
                return None
            before = session.get(Card, card.replaces_id) if card.replaces_id else None
            same_holder = session.scalars(
                select(Card.holder_token)
                .where(
                    Card.provider == self._provider,
                    Card.distributor_id == holder.id,
                    Card.holder_token.is_not(None),
                )
                .limit(1)
            ).one_or_none()
            carried = session.scalars(
                select(ProviderKey.id).where(
                    ProviderKey.provider == self._provider, ProviderKey.about == f"carry:{reference}"
                )
            ).one_or_none()
            return Order(
                card_id=card.id,
                reference=card.reference,
                holder_reference=f"holder:{holder.id}",
                holder=holder.name,
                holder_token=same_holder,
                currency=program.currency.lower(),
                settings=settings,
                replaces=before.token if before else None,
                carried_minor=card.carried_minor if carried or before is None else None,
            )

    def carry(self, card_id: int, reference: str, amount_minor: int) -> int:
        """Write down what moves over from the card before, once; give what was written."""
        with self._writing() as session:
            card = session.get_one(Card, card_id, with_for_update=True, populate_existing=True)
            if self._key(session, f"carry:{reference}").fresh:
                card.carried_minor = max(amount_minor, 0)
            return card.carried_minor

    def name_holder(self, card_id: int, token: str) -> None:
        """Write down the provider's name of whoever holds a card."""
        with self._writing() as session:
            session.get_one(Card, card_id).holder_token = token

    def outstanding_minor(self, currency: str) -> int:
        """Sum what stands on all cards in a currency, as far as we know what was spent."""
        with self._writing() as session:
            cards = (
                select(Card.id)
                .join(Program, Program.id == Card.program_id)
                .where(
                    Card.provider == self._provider,
                    Program.currency == currency,
                    Card.state.not_in((CardState.REPLACED, CardState.CLOSED)),
                )
            )
            loaded = _sum(CardLoad.amount_minor).where(CardLoad.card_id.in_(cards), CardLoad.state == AskedState.LOADED)
            carried = _sum(Card.carried_minor).where(Card.id.in_(cards))
            moved = _sum(CardMovement.amount_minor).where(CardMovement.card_id.in_(cards))
            return sum(session.scalars(one).one() for one in (loaded, carried, moved))


def _sum(column: Any) -> Select[int]:
    return select(cast(func.coalesce(func.sum(column), 0), BigInteger))


def _limit(session: Session, card: Card) -> int:
    """Sum what was ever put on a card."""
    loaded = session.scalars(
        _sum(CardLoad.amount_minor).where(CardLoad.card_id == card.id, CardLoad.state == AskedState.LOADED)
    ).one()
    return card.carried_minor + loaded


def _load(row: CardLoad, card: Card, *, again: bool = True) -> Load:
    return Load(
        reference=row.reference,
        token=card.token or "",
        amount_minor=row.amount_minor,
        limit_minor=row.limit_minor,
        state=row.state,
        failure=row.failure or "",
        asked_at=row.asked_at,
        activates=card.state is CardState.ISSUED,
        again=again,
    )

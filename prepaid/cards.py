"""The registry of cards: tokens and last four digits, never a number; registered by hand, or issued by the provider."""

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.bulk import rows_of
from app.db.transaction import Sessions, transaction
from app.domain.card_numbers import holds_card_number
from app.domain.codes import code_key
from app.models.distributors import Distributor
from app.models.prepaid import Card
from app.models.programs import Program
from app.services import audit
from app.services.balances import NoSuchDistributor
from prepaid.errors import CardNumberFound, PrepaidError
from prepaid.providers import CardProvider, CardRequest, IssuedCard, ProviderError
from prepaid.terms import provider_of

_AT_ONCE = 1_000
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{3,63}")
_LAST4 = re.compile(r"[0-9]{4}")


class CardInvalid(PrepaidError):
    """What was given is no token of a card, or belongs to somebody else."""


@dataclass(frozen=True)
class CardLine:
    """A card as lists show it. ``last4`` is None where it is ordered and not issued yet."""

    distributor_code: str
    distributor_name: str
    provider: str
    token: str | None
    last4: str | None
    active: bool
    issued_at: dt.datetime | None


@dataclass(frozen=True)
class OwnCard:
    """The card that a distributor's top-ups go to. ``last4`` is None where it is ordered and not issued yet."""

    provider: str
    last4: str | None
    issued_at: dt.datetime | None


def card_of(session: Session, distributor_id: int) -> OwnCard | None:
    """Give a distributor's card; None where it has none."""
    row = session.execute(_CARD_OF, {"distributor_id": distributor_id}).one_or_none()
    return None if row is None else OwnCard(*row)


_CARD_OF = (
    select(Card.provider, Card.last4, Card.issued_at)
    .where(Card.distributor_id == bindparam("distributor_id"), Card.active)
    .order_by(Card.id.desc())
    .limit(1)
)


def random_letters(count: int, length: int) -> list[str]:
    """Draw texts of capital letters: unique for all practical purposes, and never digits that look like a card's."""
    drawn = np.frombuffer(secrets.token_bytes(count * length), dtype=np.uint8) % 26 + ord("A")
    return [row.tobytes().decode() for row in drawn.astype(np.uint8).reshape(count, length)]


def cards_of(session: Session, program_id: int, *, all_cards: bool = False) -> list[CardLine]:
    """List a programme's cards by the distributors' names: those that are loaded, or all there ever were."""
    query = (
        select(Distributor.code, Distributor.name, Card.provider, Card.token, Card.last4, Card.active, Card.issued_at)
        .join(Distributor, Distributor.id == Card.distributor_id)
        .where(Card.program_id == program_id)
        .order_by(Distributor.sort_key, Distributor.id, Card.id)
    )
    if not all_cards:
        query = query.where(Card.active)
    return [CardLine(*row) for row in session.execute(query)]


def check_card(token: str, last4: str) -> None:
    """Make sure that a card is named by a token and its last four digits.

    Raises:
        CardNumberFound: A number of a card was given.
        CardInvalid: It is no token, or not four digits. What was given is not repeated: it may be a number.
    """
    if holds_card_number(token) or holds_card_number(last4):
        raise CardNumberFound("What was given as the card's token or last four digits")
    if not _TOKEN.fullmatch(token):
        raise CardInvalid("A token has 4 to 64 letters, digits, dots, colons, hyphens or underscores.")
    if not _LAST4.fullmatch(last4):
        raise CardInvalid("Of a card's number the last four digits are kept, and nothing else.")


def register(
    session: Session,
    program: Program,
    distributor_code: str,
    *,
    token: str,
    last4: str,
    actor: str,
    now: dt.datetime,
) -> None:
    """Register a card that a distributor has; from now on it is the one that is loaded. The caller commits.

    Raises:
        PrepaidError: It is no card, or somebody else's.
        NoSuchDistributor: The programme has none of this code.
    """
    check_card(token, last4)
    owner = _distributor_id(session, program.id, distributor_code)
    provider = provider_of(program)
    known = session.scalars(select(Card).where(Card.provider == provider, Card.token == token)).one_or_none()
    if known is not None and (known.distributor_id != owner or known.last4 != last4):
        raise CardInvalid("This token is registered already, for another distributor or with other last four digits.")
    _retire(session, owner, provider)
    if known is not None:
        known.active = True
    else:
        session.add(
            Card(
                program_id=program.id,
                distributor_id=owner,
                provider=provider,
                reference=_references(1)[0],
                token=token,
                last4=last4,
                active=True,
                created_at=now,
                issued_at=now,
            )
        )
    session.flush()
    after = {"provider": provider, "last4": last4}
    audit.note(session, actor, "card.register", distributor_code, now=now, program_id=program.id, after=after)


def without_card(session: Session, program: Program) -> list[int]:
    """Name the distributors that may redeem and have no card."""
    return list(
        session.scalars(
            select(Distributor.id)
            .where(
                Distributor.program_id == program.id,
                ~Distributor.blocked,
                ~select(Card.id)
                .where(Card.distributor_id == Distributor.id, Card.active, Card.token.is_not(None))
                .exists(),
            )
            .order_by(Distributor.sort_key, Distributor.id)
        )
    )


def order_cards(
    session: Session,
    program: Program,
    distributor_ids: Sequence[int],
    *,
    actor: str,
    now: dt.datetime,
    provider_name: str | None = None,
) -> int:
    """Order cards for distributors that have none: each order has its reference before the provider is asked.

    Returns how many were ordered; ``issue_ordered`` asks the provider, which is the programme's where none is named.
    The caller commits.
    """
    if not distributor_ids:
        return 0
    provider = provider_name or provider_of(program)
    rows = [
        {
            "program_id": program.id,
            "distributor_id": owner,
            "provider": provider,
            "reference": reference,
            "active": True,
            "created_at": now,
        }
        for owner, reference in zip(distributor_ids, _references(len(distributor_ids)), strict=True)
    ]
    ordered = session.execute(insert(Card).on_conflict_do_nothing().returning(Card.id), rows).all()
    if ordered:
        after = {"provider": provider, "cards": len(ordered)}
        audit.note(session, actor, "card.order", program.code, now=now, program_id=program.id, after=after)
    return len(ordered)


def replace(session: Session, program: Program, distributor_code: str, *, actor: str, now: dt.datetime) -> None:
    """Order a new card for a distributor in the place of the one it has. The caller commits.

    Raises:
        NoSuchDistributor: The programme has none of this code.
    """
    owner = _distributor_id(session, program.id, distributor_code)
    _retire(session, owner, provider_of(program))
    order_cards(session, program, [owner], actor=actor, now=now)


def issue_ordered(registry: Sessions, provider: CardProvider, program_id: int, *, now: dt.datetime) -> int:
    """Ask the provider for every card that is ordered. Returns how many were issued.

    Each thousand is asked for between two transactions. Whatever stops this, it can be done again: a reference gets
    the card that it got before.

    Raises:
        ProviderError: The provider did not issue what was ordered.
        CardNumberFound: A name looks like the number of a card, or the provider gave one for a token.
    """
    issued = 0
    while True:
        with transaction(registry) as session:
            waiting = _ordered(session, program_id, provider.name)
        if not waiting:
            return issued
        cards = provider.issue_cards(waiting)
        got = {card.reference: card for card in cards}
        missing = [one.reference for one in waiting if one.reference not in got]
        if missing:
            raise ProviderError(f"The provider issued {len(got)} of {len(waiting)} cards; try again.")
        for card in cards:
            check_card(card.token, card.last4)
        with transaction(registry) as session:
            _record(session, [got[one.reference] for one in waiting], now)
        issued += len(waiting)


def _ordered(session: Session, program_id: int, provider_name: str) -> list[CardRequest]:
    rows = session.execute(
        select(Card.reference, Distributor.name, Program.currency)
        .join(Distributor, Distributor.id == Card.distributor_id)
        .join(Program, Program.id == Card.program_id)
        .where(Card.program_id == program_id, Card.provider == provider_name, Card.active, Card.token.is_(None))
        .order_by(Card.id)
        .limit(_AT_ONCE)
    )
    waiting = [CardRequest(*row) for row in rows]
    if any(holds_card_number(one.holder) for one in waiting):
        raise CardNumberFound("The name of a distributor that a card is ordered for")
    return waiting


def _record(session: Session, cards: Sequence[IssuedCard], now: dt.datetime) -> None:
    given = rows_of(
        reference=[card.reference for card in cards],
        token=[card.token for card in cards],
        last4=[card.last4 for card in cards],
    )
    session.execute(
        update(Card)
        .where(Card.reference == given.c.reference, Card.token.is_(None))
        .values(token=given.c.token, last4=given.c.last4, issued_at=now)
        .execution_options(synchronize_session=False)
    )


def _retire(session: Session, distributor_id: int, provider_name: str) -> None:
    session.execute(
        update(Card)
        .where(Card.distributor_id == distributor_id, Card.provider == provider_name, Card.active)
        .values(active=False)
    )


def _references(count: int) -> list[str]:
    return [f"card-{letters}" for letters in random_letters(count, 20)]


def _distributor_id(session: Session, program_id: int, code: str) -> int:
    found = session.scalars(
        select(Distributor.id).where(Distributor.program_id == program_id, Distributor.code_key == code_key(code))
    ).one_or_none()
    if found is None:
        raise NoSuchDistributor(code)
    return found

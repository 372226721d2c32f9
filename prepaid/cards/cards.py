"""The registry of cards: tokens and last four digits, never a number; registered by hand, or issued by the provider."""

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, Text, and_, bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app.db.bulk import rows_of
from app.db.many import among
from app.db.questions import Question
from app.db.transaction import Sessions, transaction
from app.domain.saying.wording import marked
from app.domain.states import CardState, CardWord, TopUpStatus
from app.domain.typed.card_numbers import holds_card_number, holds_issued_number
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.prepaid import Card, CardEvent, TopUp
from app.models.programs import Program
from app.services import audit
from app.services.tracing.balances import NoSuchDistributor
from prepaid.errors import CardNumberFound, PrepaidError
from prepaid.providers import CardProvider, CardRequest, IssuedCard, ProviderError
from prepaid.terms import provider_of

_ = marked
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{3,63}")
_LAST4 = re.compile(r"[0-9]{4}")
_STAYS = {
    CardState.CLOSED: _("This card is closed, for good; register another one."),
    CardState.BLOCKED: _("This card is blocked; it is loaded again once that is lifted."),
}
"""Cards that registering does not bring back, and why: what ended them says how they go on, if they do."""


FIRST_TOP_UP = "first top-up"
"""What activates a card, where it is not a person."""

_ON_THEIR_WAY = (TopUpStatus.ORDERED, TopUpStatus.SENDING, TopUpStatus.UNKNOWN)

LOADABLE: ColumnElement[bool] = and_(
    Card.active, Card.token.is_not(None), Card.state.in_((CardState.ISSUED, CardState.ACTIVE))
)
"""Whether a card may be loaded."""


class CardInvalid(PrepaidError):
    """What was given is no token of a card, or belongs to somebody else."""


class CardInUse(PrepaidError):
    """Top-ups are on their way to the card."""

    def __init__(self, count: int) -> None:
        """Say how many."""
        super().__init__(_("Top-ups are on their way to this card. Settle their runs first."))
        self.count = count


def happened(
    session: Session, card_id: int, word: CardWord, *, actor: str, now: dt.datetime, text: str | None = None
) -> None:
    """Write down what happened to a card.

    Raises:
        CardNumberFound: The words hold what looks like the number of a card.
    """
    if text is not None and holds_card_number(text):
        raise CardNumberFound("What was written about a card")
    session.add(CardEvent(card_id=card_id, word=word, text=text or None, actor=actor, at=now))


def happened_to_all(session: Session, card_ids: Sequence[int], word: CardWord, *, actor: str, now: dt.datetime) -> None:
    """Write down that the same happened to many cards, in one statement."""
    if card_ids:
        rows = select(Card.id, literal(word, CardEvent.word.type), literal(actor, Text), literal(now)).where(
            among(Card.id, card_ids)
        )
        session.execute(insert(CardEvent).from_select(["card_id", "word", "actor", "at"], rows.order_by(Card.id)))


def activate_loaded(session: Session, top_up_ids: Sequence[int], *, now: dt.datetime) -> None:
    """Write down that cards are used which were loaded for the first time."""
    first = session.execute(
        update(Card)
        .where(Card.state == CardState.ISSUED, Card.id.in_(select(TopUp.card_id).where(among(TopUp.id, top_up_ids))))
        .values(state=CardState.ACTIVE)
        .returning(Card.id)
        .execution_options(synchronize_session=False)
    ).scalars()
    happened_to_all(session, first.all(), CardWord.ACTIVATED, actor=FIRST_TOP_UP, now=now)


def refuse_in_use(session: Session, card_id: int) -> None:
    """Make sure that nothing is on its way to a card.

    Raises:
        CardInUse: Something is.
    """
    waiting = session.scalars(select(TopUp.id).where(TopUp.card_id == card_id, TopUp.status.in_(_ON_THEIR_WAY))).all()
    if waiting:
        raise CardInUse(len(waiting))


@dataclass(frozen=True)
class CardLine:
    """A card as lists show it. ``last4`` is None where it is ordered and not issued yet."""

    card_id: int
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
    row = _CARD_OF.first(session, distributor_id=distributor_id)
    return None if row is None else OwnCard(*row)


_CARD_OF = Question(
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
        select(
            Card.id,
            Distributor.code,
            Distributor.name,
            Card.provider,
            Card.token,
            Card.last4,
            Card.active,
            Card.issued_at,
        )
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
    if holds_issued_number(token) or holds_card_number(last4):
        raise CardNumberFound("What was given as the card's token or last four digits")
    if not _TOKEN.fullmatch(token):
        raise CardInvalid(_("A token has 4 to 64 letters, digits, dots, colons, hyphens or underscores."))
    if not _LAST4.fullmatch(last4):
        raise CardInvalid(_("Of a card's number the last four digits are kept, and nothing else."))


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
        words = _("This token is registered already, for another distributor or with other last four digits.")
        raise CardInvalid(words)
    if known is not None and known.state in _STAYS:
        raise CardInvalid(_STAYS[known.state])
    before = _active(session, owner, provider)
    if before is not None:
        _retire(session, before, actor=actor, now=now)
    if known is not None:
        known.active, known.state = True, CardState.ACTIVE
    else:
        known = Card(
            program_id=program.id,
            distributor_id=owner,
            provider=provider,
            reference=_references(1)[0],
            token=token,
            last4=last4,
            active=True,
            state=CardState.ACTIVE,
            replaces_id=None if before is None else before.id,
            created_at=now,
            issued_at=now,
        )
        session.add(known)
    session.flush()
    happened(session, known.id, CardWord.REGISTERED, actor=actor, now=now)
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
    replaces_id: int | None = None,
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
            "state": CardState.ORDERED,
            "replaces_id": replaces_id,
            "created_at": now,
        }
        for owner, reference in zip(distributor_ids, _references(len(distributor_ids)), strict=True)
    ]
    ordered = session.scalars(insert(Card).on_conflict_do_nothing().returning(Card.id), rows).all()
    if ordered:
        happened_to_all(session, ordered, CardWord.ORDERED, actor=actor, now=now)
        after = {"provider": provider, "cards": len(ordered)}
        audit.note(session, actor, "card.order", program.code, now=now, program_id=program.id, after=after)
    return len(ordered)


def replace(session: Session, program: Program, distributor_code: str, *, actor: str, now: dt.datetime) -> None:
    """Order a new card for a distributor in the place of the one it has. The caller commits.

    What stands on the one before goes over to it when the provider issues it, and so does its history. One that is
    ordered already and was not issued yet is that card: whoever asks again, because the provider did not answer, orders
    no second one, which would have nothing to go on with.

    Raises:
        NoSuchDistributor: The programme has none of this code.
        CardInUse: Top-ups are on their way to the card that it has.
    """
    owner = _distributor_id(session, program.id, distributor_code)
    before = _active(session, owner, provider_of(program))
    if before is not None:
        if before.token is None and before.state is CardState.ORDERED:
            return
        _retire(session, before, actor=actor, now=now)
    replaces_id = None if before is None else before.id
    order_cards(session, program, [owner], actor=actor, now=now, replaces_id=replaces_id)


def issue_ordered(registry: Sessions, provider: CardProvider, program_id: int, *, now: dt.datetime) -> int:
    """Ask the provider for every card that is ordered. Returns how many were issued.

    As many as the provider takes at once are asked for between two transactions. Whatever stops this, it can be done
    again: a reference gets the card that it got before.

    Raises:
        ProviderError: The provider did not issue what was ordered.
        CardNumberFound: A name looks like the number of a card, or the provider gave one for a token.
    """
    issued = 0
    while True:
        with transaction(registry) as session:
            waiting = _ordered(session, program_id, provider)
        if not waiting:
            return issued
        cards = provider.issue_cards(waiting)
        got = {card.reference: card for card in cards}
        missing = [one.reference for one in waiting if one.reference not in got]
        if missing:
            words = _("The provider issued %(count)s of %(all)s cards; try again.")
            raise ProviderError(words, count=len(got), all=len(waiting))
        for card in cards:
            check_card(card.token, card.last4)
        with transaction(registry) as session:
            _record(session, [got[one.reference] for one in waiting], provider.name, now)
        issued += len(waiting)


def _ordered(session: Session, program_id: int, provider: CardProvider) -> list[CardRequest]:
    before = aliased(Card)
    rows = session.execute(
        select(Card.reference, Distributor.name, Program.currency, before.token)
        .join(Distributor, Distributor.id == Card.distributor_id)
        .join(Program, Program.id == Card.program_id)
        .outerjoin(before, before.id == Card.replaces_id)
        .where(Card.program_id == program_id, Card.provider == provider.name, Card.active, Card.token.is_(None))
        .order_by(Card.id)
        .limit(provider.cards_at_once)
    )
    waiting = [CardRequest(*row) for row in rows]
    if any(holds_card_number(one.holder) for one in waiting):
        raise CardNumberFound("The name of a distributor that a card is ordered for")
    return waiting


def _record(session: Session, cards: Sequence[IssuedCard], provider_name: str, now: dt.datetime) -> None:
    given = rows_of(
        reference=[card.reference for card in cards],
        token=[card.token for card in cards],
        last4=[card.last4 for card in cards],
    )
    issued = session.scalars(
        update(Card)
        .where(Card.reference == given.c.reference, Card.token.is_(None))
        .values(token=given.c.token, last4=given.c.last4, issued_at=now, state=CardState.ISSUED)
        .returning(Card.id)
        .execution_options(synchronize_session=False)
    ).all()
    happened_to_all(session, issued, CardWord.ISSUED, actor=provider_name, now=now)


def _active(session: Session, distributor_id: int, provider_name: str) -> Card | None:
    """Lock the card that a distributor uses at a provider; None where it has none."""
    return session.scalars(
        select(Card)
        .where(Card.distributor_id == distributor_id, Card.provider == provider_name, Card.active)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _retire(session: Session, card: Card, *, actor: str, now: dt.datetime) -> None:
    """Take a card out of use."""
    refuse_in_use(session, card.id)
    card.active, card.state = False, CardState.REPLACED
    happened(session, card.id, CardWord.REPLACED, actor=actor, now=now)
    session.flush()


def _references(count: int) -> list[str]:
    return [f"card-{letters}" for letters in random_letters(count, 20)]


def _distributor_id(session: Session, program_id: int, code: str) -> int:
    found = session.scalars(
        select(Distributor.id).where(Distributor.program_id == program_id, Distributor.code_key == code_key(code))
    ).one_or_none()
    if found is None:
        raise NoSuchDistributor(code)
    return found

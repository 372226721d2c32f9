"""How much may still go on a card: what a country's rules against money laundering let through, as its programme says.

The month is that in which a load was written down, in the programme's time zone; all cards of a distributor count as
one, and so do those of whoever was merged into it, so that neither makes a new month. On a card stands what the issuer
said last, with all that it cannot have counted: loads on their way, and those that arrived since. What people corrected
of an answer counts as they corrected it (`app.services.loads.arrivals`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, or_, select
from sqlalchemy.orm import Session

from app.db.many import among
from app.domain.measures.calendar import midnight
from app.domain.measures.money import decimal_text, smallest_units
from app.domain.program_file.prepaid_settings import CardLimits, PrepaidPart
from app.domain.states import Identity
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, Redemption, TopUp
from app.models.programs import Program
from app.services.loads.arrivals import corrected_loads, stands
from app.services.persons.rosters import WHO_NOW

NOT_IDENTIFIED, OVER_LIMIT = "not_identified", "over_card_limit"


@dataclass(frozen=True)
class Holder:
    """Who is to be loaded: how well the issuer knows them, and what stands on their card as far as we know."""

    distributor_id: int
    identity: Identity
    balance_minor: int


@dataclass(frozen=True)
class Room:
    """What still fits on a card, and what to say of more."""

    minor: int
    code: str
    message: str


def rooms(session: Session, program: Program, holders: Sequence[Holder], today: dt.date) -> list[Room | None]:
    """Give the room of each holder; None: nothing limits it. One query, and none where nothing is limited."""
    limits = PrepaidPart.model_validate(program.prepaid).limits.get(program.country)
    if limits is None:
        return [None] * len(holders)
    loads = _loads(session, program, [one.distributor_id for one in holders], today)
    return [_room(program, limits, one, *loads.get(one.distributor_id, (0, 0))) for one in holders]


def _loads(session: Session, program: Program, ids: Sequence[int], today: dt.date) -> dict[int, tuple[int, int]]:
    """Sum the loads of this month, and those that the balance of a card does not have yet."""
    read_at = (
        select(func.max(Card.balance_at))
        .where(Card.distributor_id == WHO_NOW, Card.active)
        .correlate(Distributor)
        .scalar_subquery()
    )
    of_month = TopUp.created_at >= midnight(today.replace(day=1), program.time_zone)
    not_counted = or_(TopUp.settled_at.is_(None), read_at.is_(None), TopUp.settled_at > read_at)
    corrected = corrected_loads()
    amount = func.greatest(TopUp.amount_minor + func.coalesce(corrected.c.more_minor, 0), 0)
    rows = session.execute(
        select(
            WHO_NOW,
            *(cast(func.coalesce(func.sum(amount).filter(which), 0), BigInteger) for which in (of_month, not_counted)),
        )
        .join(Account, Account.distributor_id == Distributor.id)
        .join(Redemption, Redemption.account_id == Account.id)
        .join(TopUp, TopUp.redemption_id == Redemption.id)
        .outerjoin(corrected, corrected.c.top_up_id == TopUp.id)
        .where(
            Redemption.program_id == program.id,
            stands(TopUp),
            or_(among(Distributor.id, ids), among(Distributor.merged_into_id, ids)),
        )
        .group_by(WHO_NOW)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _room(program: Program, limits: CardLimits, one: Holder, loaded: int, beside: int) -> Room | None:
    """Give the least of what the limits leave."""
    found: list[Room] = []
    verified = one.identity is Identity.VERIFIED
    for what, most, before, code in (
        ("a month", limits.a_month, loaded, OVER_LIMIT),
        (
            "a month while the issuer has not verified who holds the card",
            None if verified else limits.a_month_unidentified,
            loaded,
            NOT_IDENTIFIED,
        ),
        ("on a card at a time", limits.on_card, max(one.balance_minor, 0) + beside, OVER_LIMIT),
    ):
        if most is None:
            continue
        limit = smallest_units(most, program.currency_decimals)
        shown, used = (decimal_text(minor, program.currency_decimals) for minor in (limit, before))
        message = f"At most {shown} {program.currency} {what}; {used} are there already."
        found.append(Room(max(limit - before, 0), code, message))
    return min(found, key=lambda room: room.minor, default=None)

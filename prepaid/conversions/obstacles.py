"""Who of a run could not be loaded as things are now: blocked since it was prepared, or without a card to load.

A run is ordered as it was previewed, or not at all. So what has happened to its people and cards since then is told
beside the preview, with the reason, before it stops the order.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from app.domain.states import CardState, RunStatus, TopUpStatus
from app.domain.typed.card_numbers import holds_issued_number
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, ConversionRun, Redemption, TopUp
from prepaid.conversions.refusals import of_card, of_distributor
from prepaid.conversions.selection import hidden
from prepaid.loads.recipients import RECEIVES, Recipient
from prepaid.loads.topups import redeemed_with_top_up
from prepaid.taxing.tax import Refused


@dataclass(frozen=True)
class Obstacle:
    """Somebody of a run who cannot be loaded now: code, name, with how many points and how much money, and why.

    ``points`` are in the unit of the run.
    """

    distributor: str
    name: str
    points: int
    amount_minor: int
    why: Refused


def obstacles(session: Session, run: ConversionRun) -> list[Obstacle]:
    """Find who of a run that waits to be ordered cannot be loaded as things are now, by name. One query."""
    if run.status not in (RunStatus.PREVIEW, RunStatus.APPROVED):
        return []
    issues_cards = run.terms["cards"] == "on_first_load"
    rows: Any = session.execute(
        select(
            Recipient.code,
            Recipient.name,
            cast(func.sum(redeemed_with_top_up()), BigInteger),
            cast(func.sum(TopUp.amount_minor), BigInteger),
            Recipient.blocked,
            Card.state,
        )
        .select_from(TopUp)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .join(Recipient, RECEIVES)
        .outerjoin(Card, and_(Card.distributor_id == Recipient.id, Card.provider == run.provider, Card.active))
        .where(
            TopUp.run_id == run.id,
            TopUp.status == TopUpStatus.RESERVED,
            or_(Recipient.blocked, _cannot_be_loaded(issues_cards=issues_cards)),
        )
        .group_by(Recipient.id, Card.id)
        .order_by(Recipient.sort_key, Recipient.id)
    )
    found = []
    for code, name, points, amount_minor, blocked, state in rows:
        why = of_distributor(blocked=blocked) or of_card(state, issues_cards=issues_cards)
        assert why is not None, "the query asks for nobody else"
        found.append(Obstacle(hidden(code, holds_issued_number), hidden(name), points, amount_minor, why))
    return found


def _cannot_be_loaded(*, issues_cards: bool) -> ColumnElement[bool]:
    """Say that a card is blocked, or that there is none; one that is ordered is issued before the order is written."""
    blocked = Card.state == CardState.BLOCKED
    return blocked if issues_cards else or_(blocked, Card.id.is_(None))

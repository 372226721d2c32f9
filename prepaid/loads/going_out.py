"""Top-ups as they go out with an order file: in columns, in the order of the file, with the cards that they go to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Select, Text, and_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from app.db.many import among_texts
from app.db.types import members
from app.domain.measures.exact import Ints
from app.domain.states import TopUpKind, TopUpStatus
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, ConversionRun, Redemption, TopUp
from prepaid.cards.cards import LOADABLE
from prepaid.errors import CardsMissing
from prepaid.files.order_files import OrderLines
from prepaid.loads.recipients import RECEIVES, Recipient


@dataclass(frozen=True)
class GoingOut:
    """Top-ups, the cards that they go to, and their lines."""

    top_up_id: Ints
    card_id: Ints
    lines: OrderLines

    def __len__(self) -> int:
        return len(self.top_up_id)

    def of(self, kind: TopUpKind) -> Ints:
        """Give the amounts of one kind."""
        return self.lines.amount_minor[np.asarray([one is kind for one in self.lines.kind], dtype=np.bool_)]


def going_out(
    session: Session, run: ConversionRun, states: Sequence[TopUpStatus], references: Collection[str] | None = None
) -> GoingOut:
    """Give the top-ups of a run that are in some states; ``references`` are those that are looked at, none: all.

    Raises:
        CardsMissing: Some have no card to go to.
    """
    query = _asked(run, states)
    if references is not None:
        query = query.where(among_texts(TopUp.reference, references))
    rows = session.execute(query).all()
    top_up_id, reference, kind, amount_minor, requires, code, name, card_id, token, last4 = (
        list(column) for column in (zip(*rows, strict=True) if rows else ((),) * 10)
    )
    if token.count(None):
        missing = [(of, TopUpKind(to)) for of, to, there in zip(code, kind, token, strict=True) if there is None]
        rewards = [of for of, to in missing if to is TopUpKind.REWARD]
        raise CardsMissing(run.id, rewards or [of for of, _ in missing])
    return GoingOut(
        top_up_id=np.asarray(top_up_id, dtype=np.int64),
        card_id=np.asarray(card_id, dtype=np.int64),
        lines=OrderLines(
            reference=reference,
            requires=requires,
            token=token,
            last4=last4,
            amount_minor=np.asarray(amount_minor, dtype=np.int64),
            kind=members(TopUpKind, kind),
            distributor_code=code,
            holder=name,
        ),
    )


def _asked(run: ConversionRun, states: Sequence[TopUpStatus]) -> Select[*tuple[Any, ...]]:
    reward = aliased(TopUp)
    return (
        select(
            TopUp.id,
            TopUp.reference,
            type_coerce(TopUp.kind, Text),
            TopUp.amount_minor,
            reward.reference,
            Recipient.code,
            Recipient.name,
            Card.id,
            Card.token,
            Card.last4,
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .outerjoin(
            reward,
            and_(
                TopUp.kind == TopUpKind.COMPENSATION,
                reward.redemption_id == Redemption.id,
                reward.run_id == TopUp.run_id,
                reward.kind == TopUpKind.REWARD,
            ),
        )
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .join(Recipient, RECEIVES)
        .outerjoin(
            Card,
            and_(
                Card.distributor_id == Recipient.id,
                Card.provider == run.provider,
                # what is on its way goes to its card whatever became of that: the provider judges it
                LOADABLE if TopUpStatus.RESERVED in states else and_(Card.active, Card.token.is_not(None)),
            ),
        )
        .where(TopUp.run_id == run.id, TopUp.status.in_(states))
        .order_by(Redemption.id, TopUp.kind.desc(), TopUp.attempt)
    )

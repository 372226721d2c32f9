"""The register of what was levied: of every reward that stands, with the figures as they were frozen.

A reward stands unless it was called off or is not on its card; one that was called off and is on its card all the same
stands (`app.services.loads.arrivals`). It belongs to the day on which it was redeemed, goods to the day on which they
came. Whoever was merged into another is one recipient with it. Of the tax that is paid back stands here what is on
cards: one load may fail, or wait, while its reward has arrived.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.db.first import First, first
from app.domain.states import TaxStatus, TopUpKind, TopUpStatus
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Redemption, TopUp
from app.services.loads.arrivals import ENDED_WITHOUT, on_card_minor, stands
from app.services.participants.tax_statuses import status_of_day

Who = aliased(Distributor)
"""The recipient: the distributor, or the one that it was merged into."""

_REWARD = aliased(TopUp)
STATE = case(
    (Redemption.order_line_id.is_not(None), "goods"),
    (_REWARD.status.in_([TopUpStatus.LOADED, *ENDED_WITHOUT]), "loaded"),  # of those that stand
    else_="open",
)
"""Goods that came, money that is on the card, or money on its way."""


def _known(amount: SQLColumnExpression[int | None]) -> SQLColumnExpression[int]:
    return func.coalesce(amount, 0)


def _paid_back() -> ColumnElement[int]:
    """Sum the compensations of a reward that are on its card; only of some rewards there is one to look for."""
    load = aliased(TopUp)
    return (
        select(cast(func.coalesce(func.sum(on_card_minor(load)), 0), BigInteger))
        .where(load.redemption_id == Redemption.id, load.kind == TopUpKind.COMPENSATION)
        .correlate(Redemption)
        .scalar_subquery()
    )


FORM = Redemption.tax_form
"""The form on which the reward is reported; none: on no form."""
PARTICIPANT = Redemption.taxed_as
RULE_CODE: SQLColumnExpression[str] = func.split_part(Redemption.tax_rule, " v", 1)
VALUE, GROSS = _known(Redemption.tax_value_minor), _known(Redemption.tax_gross_minor)
COMPENSATION = case((Redemption.compensation_minor > 0, _paid_back()), else_=0)
BASE, LEVIED = _known(Redemption.tax_base_minor), _known(Redemption.tax_levied_minor)
WITHHELD = _known(Redemption.tax_withheld_minor)
DECLARED, REMITTED = _known(Redemption.tax_declared_minor), _known(Redemption.tax_remitted_minor)


def standing(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Let a query of nothing be of every reward that stands, with its recipient (`Who`)."""
    return (
        query.select_from(Redemption)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .join(Who, Who.id == func.coalesce(Distributor.merged_into_id, Distributor.id))
        .outerjoin(
            _REWARD,
            and_(
                _REWARD.redemption_id == Redemption.id,
                _REWARD.kind == TopUpKind.REWARD,
                stands(_REWARD),
            ),
        )
        .where(
            or_(
                _REWARD.id.is_not(None),
                and_(
                    Redemption.ended_at.is_(None),
                    or_(Redemption.order_line_id.is_not(None), Redemption.run_id.is_(None)),
                ),
            )
        )
    )


def of_year(year: int) -> ColumnElement[bool]:
    """Say that a reward is of a calendar year."""
    return Redemption.redeemed_on.between(dt.date(year, 1, 1), dt.date(year, 12, 31))


@dataclass(frozen=True)
class Totals:
    """What some rewards come to, in minor units."""

    rewards: int = 0
    recipients: int = 0
    value_minor: int = 0
    compensation_minor: int = 0
    gross_minor: int = 0
    base_minor: int = 0
    levied_minor: int = 0
    withheld_minor: int = 0
    declared_minor: int = 0
    remitted_minor: int = 0


SUMS = (
    func.count(),
    func.count(Who.id.distinct()),
    *(
        cast(func.coalesce(func.sum(one), 0), BigInteger)
        for one in (VALUE, COMPENSATION, GROSS, BASE, LEVIED, WITHHELD, DECLARED, REMITTED)
    ),
)
"""Sums in the order of `Totals`."""


def totals(session: Session, program_id: int, first: dt.date, last: dt.date) -> Totals:
    """Sum the rewards of some days, the last included."""
    row = session.execute(
        standing(select(*SUMS)).where(Redemption.program_id == program_id, Redemption.redeemed_on.between(first, last))
    ).one()
    return Totals(*row)


@dataclass(frozen=True)
class Otherwise:
    """A reward whose tax was computed for another status than its recipient had on that day, as is known now."""

    redemption_id: int
    redeemed_on: dt.date
    computed_as: TaxStatus
    was: TaxStatus
    rule: str
    levied_minor: int


def computed_otherwise(session: Session, distributor_id: int, most: int = 50) -> First[Otherwise]:
    """Find what was computed for a distributor under another status than it turned out to have, oldest first."""
    was = status_of_day(Who, Redemption.redeemed_on)
    found = (
        standing(select(Redemption.id, Redemption.redeemed_on, PARTICIPANT, was, Redemption.tax_rule, LEVIED))
        .where(Who.id == distributor_id, was != PARTICIPANT)
        .order_by(Redemption.redeemed_on, Redemption.id)
    )
    return first(
        session,
        found,
        most,
        lambda id_, on, as_, then, rule, levied: Otherwise(id_, on, TaxStatus(as_), TaxStatus(then), rule, levied),
    )

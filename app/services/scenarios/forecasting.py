"""What a forecast is drawn from: months of sales, what a scenario's rules gave for them, what became of points."""

import datetime as dt
from dataclasses import asdict
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from app.domain.measures.exact import Ints
from app.domain.rules.forecast import PPM, Forecast, History, Range, forecast
from app.domain.states import SumOf, TransactionKind, Unit
from app.models.figures import PointsMonth, SalesMonth
from app.models.ledger import Account
from app.models.scenarios import Scenario, ScenarioSum

_ISSUED = (
    TransactionKind.AWARD,
    TransactionKind.REVERSAL,
    TransactionKind.VOID,
    TransactionKind.PROMOTION,
    TransactionKind.EVENT,
    TransactionKind.INSTANT,
)
_SPENT = (TransactionKind.SETTLE, TransactionKind.REFUND, TransactionKind.EXPIRE)
_FEWEST = 3
"""Of fewer months nothing is foretold."""


def foretell(session: Session, scenario: Scenario) -> dict[str, Any] | None:
    """Draw what the rules of a scenario would cost in the months to come; None where there is too little to go by."""
    sold = _sold(session, scenario.program_id)
    months = _complete(sorted(sold))
    if len(months) < _FEWEST:
        return None
    history = History(
        last_month=months[-1],
        net_minor=np.asarray([sold.get(month, 0) for month in months], dtype=np.int64),
        rate_ppm=_rates(session, scenario),
        spent_ppm=_spent(session, scenario.program_id),
        outstanding=_outstanding(session, scenario.program_id),
    )
    found = forecast(history)
    return None if found is None else asdict(found)


def read(stored: dict[str, Any] | None) -> Forecast | None:
    """Read a forecast that a scenario keeps."""
    if stored is None:
        return None
    ranges = {name: [Range(**one) for one in stored[name]] for name in ("issued", "owed")}
    return Forecast(**{**stored, **ranges, "total": Range(**stored["total"])})


def _number(month: dt.date) -> int:
    return (month.year - 1970) * 12 + month.month - 1


def _complete(months: list[int]) -> list[int]:
    """Give all months from the first to the last but one: the last may not be over yet."""
    return list(range(months[0], months[-1])) if months else []


def _sold(session: Session, program_id: int) -> dict[int, int]:
    rows = session.execute(
        select(SalesMonth.month_on, cast(func.sum(SalesMonth.net_minor), BigInteger))
        .where(SalesMonth.program_id == program_id)
        .group_by(SalesMonth.month_on)
    )
    return {_number(month): net for month, net in rows}


def _rates(session: Session, scenario: Scenario) -> Ints:
    """Give what the rules gave in each replayed month, for a million minor units sold."""
    rows = session.execute(
        select(ScenarioSum.drafted, ScenarioSum.net_minor).where(
            ScenarioSum.scenario_id == scenario.id,
            ScenarioSum.about == SumOf.MONTH,
            ScenarioSum.unit == Unit.POINTS,
            ScenarioSum.net_minor > 0,
        )
    )
    return np.asarray([max(drafted, 0) * PPM // net for drafted, net in rows], dtype=np.int64)


def _spent(session: Session, program_id: int) -> Ints:
    """Give how much was spent or expired in each month, for a million points issued in it."""
    rows = session.execute(
        select(
            func.sum(PointsMonth.amount).filter(PointsMonth.kind.in_(_ISSUED)),
            func.sum(PointsMonth.amount).filter(PointsMonth.kind.in_(_SPENT)),
        )
        .where(PointsMonth.program_id == program_id, PointsMonth.unit == Unit.POINTS)
        .group_by(PointsMonth.month_on)
    )
    return np.asarray(
        [min(int(-(spent or 0)) * PPM // int(issued), 100 * PPM) for issued, spent in rows if (issued or 0) > 0],
        dtype=np.int64,
    )


def _outstanding(session: Session, program_id: int) -> int:
    owed = func.greatest(Account.available, 0) + Account.pending + Account.reserved
    total = select(func.coalesce(func.sum(owed), 0)).where(
        Account.program_id == program_id, Account.unit == Unit.POINTS, Account.distributor_id.is_not(None)
    )
    return int(session.execute(total).scalar_one())

"""Which accounts a conversion run takes, with how many points of which lots, and why the others are left out.

Everything is set-wise: some queries for all accounts, and columns in between. Only the tax of each distinct reward, and
the words for the accounts that are left out, are made one by one.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.db.bulk import read_columns, rows_of
from app.domain.card_numbers import holds_card_number
from app.domain.conversion import convert
from app.domain.exact import Ints, running_before, sums_by
from app.domain.money import decimal_text
from app.domain.states import LotState, TaxStatus, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, Lot
from app.models.prepaid import Card
from app.models.programs import Program
from app.services.ledger import LotsToReserve
from prepaid.tax import Levied, ProgramTax, Refused
from prepaid.terms import Terms


@dataclass(frozen=True)
class Period:
    """What a run converts: what was earned between two days, both included, in one unit."""

    unit: Unit
    from_on: dt.date
    to_on: dt.date


@dataclass(frozen=True)
class Candidates:
    """Locked accounts that have something of the period, in the order of the distributors' names; and their lots.

    ``lot_owner`` is the position of a lot's account. ``card_id`` is 0 where there is none.
    """

    account_id: Ints
    distributor_id: Ints
    available: Ints
    card_id: Ints
    code: list[str]
    name: list[str]
    tax_status: list[TaxStatus]
    blocked: list[bool]
    lot_id: Ints
    lot_owner: Ints
    remaining: Ints
    points: Ints


def candidates(
    session: Session,
    program: Program,
    period: Period,
    terms: Terms,
    today: dt.date,
    distributor_id: int | None = None,
) -> Candidates:
    """Lock the accounts that have open points of the period, or earned in it and owe now; then read what they have.

    ``distributor_id`` leaves all but one out. Points whose last day is over are not looked at: they only wait to be
    written off.
    """
    in_period = and_(Lot.account_id == Account.id, Lot.earned_on.between(period.from_on, period.to_on))
    spendable = and_(Lot.state == LotState.OPEN, or_(Lot.expires_on.is_(None), Lot.expires_on >= today))
    locked = session.scalars(
        select(Account.id)
        .where(
            Account.program_id == program.id,
            Account.distributor_id.is_not(None) if distributor_id is None else Account.distributor_id == distributor_id,
            Account.unit == period.unit,
            or_(
                select(Lot.id).where(in_period, spendable).exists(),
                and_(Account.available < 0, select(Lot.id).where(in_period).exists()),
            ),
        )
        .order_by(Account.id)
        .with_for_update()
    ).all()
    given = rows_of(id=np.asarray(locked, dtype=np.int64))
    rows = session.execute(
        select(
            Account.id,
            Account.distributor_id,
            Account.available,
            Card.id,
            Distributor.code,
            Distributor.name,
            Distributor.tax_status,
            Distributor.blocked,
        )
        .join(given, given.c.id == Account.id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(
            Card,
            and_(
                Card.distributor_id == Distributor.id,
                Card.provider == terms.provider,
                Card.active,
                Card.token.is_not(None),
            ),
        )
        .order_by(Distributor.sort_key, Distributor.id)
    ).all()
    columns = list(zip(*rows, strict=True)) or [()] * 8
    account_id = _ints(columns[0])
    lots = read_columns(
        session,
        select(Lot.id, Lot.account_id, Lot.remaining)
        .join(given, given.c.id == Lot.account_id)
        .where(Lot.earned_on.between(period.from_on, period.to_on), spendable)
        .order_by(Lot.account_id, Lot.expires_on.nulls_last(), Lot.id),
        {"id": "int64", "account_id": "int64", "remaining": "int64"},
    )
    by_id = np.argsort(account_id)
    owner = by_id[np.searchsorted(account_id[by_id], lots["account_id"])] if len(by_id) else lots["account_id"]
    return Candidates(
        account_id=account_id,
        distributor_id=_ints(columns[1]),
        available=_ints(columns[2]),
        card_id=_ints([one or 0 for one in columns[3]]),
        code=list(columns[4]),
        name=list(columns[5]),
        tax_status=list(columns[6]),
        blocked=list(columns[7]),
        lot_id=lots["id"],
        lot_owner=owner,
        remaining=lots["remaining"],
        points=sums_by(owner, lots["remaining"], len(account_id)),
    )


def _ints(values: Any) -> Ints:
    return np.asarray(values, dtype=np.int64)


@dataclass(frozen=True)
class Chosen:
    """What becomes of each candidate: ``levied`` for those that are taken, in their order, and the others' exceptions.

    ``at`` are the positions of those that are taken, ``points`` what they give, ``lots`` the parts of lots.
    """

    at: Ints
    points: Ints
    levied: list[Levied]
    lots: LotsToReserve
    exceptions: list[dict[str, Any]]


def choose(found: Candidates, levied: list[Levied | Refused], points: Ints, amount: Ints) -> Chosen:
    """Part the candidates into those that are taken and the exceptions, and draw their points from their lots.

    A lot that expires first is drawn from first (rules.md 8); what makes no full minor unit stays in the last.
    """
    taken = np.asarray([isinstance(one, Levied) for one in levied], dtype=bool)
    wanted = np.where(taken, points, 0)
    order = np.argsort(found.lot_owner, kind="stable")
    owner, remaining = found.lot_owner[order], found.remaining[order]
    before = running_before(remaining, np.append(True, owner[1:] != owner[:-1]) if len(owner) else owner == 0)
    take = np.clip(wanted[owner] - before, 0, remaining)
    exceptions = [
        {
            "distributor": _safe(found.code[at]),
            "name": _safe(found.name[at]),
            "code": one.code,
            "message": one.message,
            "points": int(found.points[at]),
            "amount_minor": int(amount[at]),
        }
        for at, one in enumerate(levied)
        if isinstance(one, Refused)
    ]
    at = np.flatnonzero(taken)
    return Chosen(
        at=at,
        points=points[at],
        levied=[one for one in levied if isinstance(one, Levied)],
        lots=LotsToReserve(found.account_id[owner], found.lot_id[order], remaining, take),
        exceptions=exceptions,
    )


def _safe(text: str) -> str:
    return "(hidden: looks like a card number)" if holds_card_number(text) else text


class Judge:
    """Says of each candidate what is loaded and what the tax is, or why it is left out."""

    def __init__(self, program: Program, period: Period, terms: Terms, tax: ProgramTax) -> None:
        """Take the terms of the run."""
        self._terms, self._tax = terms, tax
        self._unit = "points" if period.unit is Unit.POINTS else program.currency
        self._decimals = program.point_decimals if period.unit is Unit.POINTS else program.currency_decimals
        self._currency, self._currency_decimals = program.currency, program.currency_decimals

    def judge(self, session: Session, found: Candidates) -> Chosen:
        """Convert, check the limits, and levy the tax, once for all rewards with the same figures."""
        converted = convert(found.points, self._terms.point_value_micro)
        before = self._tax.earlier(session, found.distributor_id, found.tax_status)
        outcome: list[Levied | Refused] = []
        for at, amount in enumerate(converted.amount_minor.tolist()):
            refused = self._refused(found, at, amount)
            outcome.append(refused or self._levied(found.tax_status[at], amount, before[at]))
        return choose(found, outcome, converted.points, converted.amount_minor)

    def _refused(self, found: Candidates, at: int, amount: int) -> Refused | None:
        terms, points = self._terms, int(found.points[at])
        if found.blocked[at]:
            return Refused("blocked", "The distributor is blocked: it may neither earn nor redeem.")
        if found.available[at] < 0:
            owed = decimal_text(-int(found.available[at]), self._decimals)
            return Refused("owes", f"The account owes {owed} {self._unit}; new awards pay that off first.")
        if holds_card_number(found.code[at]) or holds_card_number(found.name[at]):
            return Refused(
                "card_number", "The distributor's code or name looks like a card number, which no order may hold."
            )
        if not terms.issues_cards and not found.card_id[at]:
            return Refused("no_card", "No card is registered; see `kontor cards register`.")
        if points < terms.minimum_points:
            least = decimal_text(terms.minimum_points, self._decimals)
            return Refused("below_minimum", f"The programme converts {self._unit} from {least} on.")
        if amount == 0:
            return Refused("nothing_whole", f"This is worth less than the smallest amount of {self._currency}.")
        return self._over(amount, "The amount is")

    def _over(self, amount: int, what: str) -> Refused | None:
        most = self._terms.maximum_minor
        if most is None or amount <= most:
            return None
        shown, limit = (decimal_text(one, self._currency_decimals) for one in (amount, most))
        return Refused("over_limit", f"{what} {shown}; a top-up has at most {limit} {self._currency}.")

    def _levied(self, status: TaxStatus, amount: int, year_before: int) -> Levied | Refused:
        levied = self._tax.levy(status, amount, year_before)
        if isinstance(levied, Levied):
            return self._over(levied.compensation_minor, "The compensation of the tax is") or levied
        return levied

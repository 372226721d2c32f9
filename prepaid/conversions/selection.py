"""Which accounts a conversion run takes, with how many points of which lots, and why the others are left out.

Everything is set-wise: some queries for all accounts, and columns in between. Only the tax of each distinct reward, and
the words for the accounts that are left out, are made one by one.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from app.db.bulk import read_numbers, rows_of
from app.db.many import among
from app.db.types import members
from app.domain.measures.exact import Ints, running_before, sums_by
from app.domain.measures.money import decimal_text
from app.domain.points.conversion import convert
from app.domain.states import CardState, Identity, LotState, RewardKind, TaxStatus, Unit
from app.domain.taxes.tax import YearSoFar
from app.domain.typed.card_numbers import first_card_number, holds_card_number, holds_issued_number
from app.models.distributors import Distributor
from app.models.ledger import Account, Lot
from app.models.prepaid import Card
from app.models.programs import Program
from app.services.ledger import expiring, lot_terms
from app.services.ledger.ledger import LotsToReserve
from app.services.ledger.wallets import lock_accounts
from app.services.participants import tax_statuses
from app.services.placing import tiers
from app.services.placing.companies import company_of
from prepaid.cards.card_limits import Holder, Room, rooms
from prepaid.conversions.refusals import of_receiver, over_maximum
from prepaid.conversions.segments import EVERYBODY, Segment
from prepaid.conversions.shares import redeemable_now
from prepaid.taxing.tax import Levied, ProgramTax, Refused
from prepaid.terms import Terms

_COMPANY = aliased(Distributor)
"""Beside whose an account of a person stands: its tier is the company's."""


@dataclass(frozen=True)
class Period:
    """What a run converts: what was earned between two days, both included, in one unit."""

    unit: Unit
    from_on: dt.date
    to_on: dt.date


@dataclass(frozen=True)
class Candidates:
    """Locked accounts that have something of the period, in the order of the distributors' names; and their lots.

    ``lot_owner`` is the position of a lot's account. ``card_id`` is 0 where there is none. ``held`` is what the lots
    come to, ``points`` what of it may be redeemed: a tier may leave only a share.
    """

    account_id: Ints
    distributor_id: Ints
    available: Ints
    card_id: Ints
    code: list[str]
    name: list[str]
    tax_status: list[TaxStatus]
    blocked: list[bool]
    card_state: list[CardState | None]
    room: list[Room | None]
    lot_id: Ints
    lot_owner: Ints
    remaining: Ints
    held: Ints
    points: Ints


def drawn_up(session: Session, program: Program, period: Period, today: dt.date, segment: Segment = EVERYBODY) -> Ints:
    """Name the accounts that have open points of the period, or earned in it and owe now; nothing is locked.

    They come in the order of the distributors' names; ``segment`` says whose.
    """
    asked = _with_something(session, program.id, period, segment, _spendable(session, program, today))
    named = asked.join(Distributor, Distributor.id == Account.distributor_id)
    return read_numbers(session, named.order_by(Distributor.sort_key, Distributor.id), ("id",))["id"]


def candidates(
    session: Session,
    program: Program,
    period: Period,
    terms: Terms,
    today: dt.date,
    accounts: Iterable[int],
    *,
    looking: bool = False,
) -> Candidates:
    """Lock accounts that were drawn up, and read what they have of the period; those that have nothing now are left.

    Points whose last day is over are written off; not looked at are those whose terms do not let them buy top-ups.
    ``looking`` locks nothing and writes nothing off: it is for a look at what would be.
    """
    stand = Account.id, Account.available, Account.may_owe
    asked = select(*stand).where(among(Account.id, accounts)).order_by(Account.id)
    rows = session.execute(asked).all() if looking else lock_accounts(session, accounts)
    if rows and not looking:
        # points whose day is over are no part of a share
        expiring.write_off(session, program.id, today, [row.id for row in rows])
    lots = _lots(session, [row.id for row in rows], period, _spendable(session, program, today))
    holding = set(lots["account_id"].tolist())
    given = rows_of(id=_ints([row.id for row in rows if row.id in holding or row.available < 0]))
    columns = _columns(session, given, terms.provider, today)
    account_id = _ints(columns[0])
    by_id = np.argsort(account_id)
    owner = by_id[np.searchsorted(account_id[by_id], lots["account_id"])] if len(by_id) else lots["account_id"]
    held = sums_by(owner, lots["remaining"], len(account_id))
    available = _ints(columns[2]) - (_ended(session, account_id, today) if looking else 0)
    most = None
    if period.unit is Unit.POINTS:
        most = redeemable_now(program, columns[12], available, _ints(columns[11]))
    return Candidates(
        account_id=account_id,
        distributor_id=_ints(columns[1]),
        available=available,
        card_id=_ints([one or 0 for one in columns[3]]),
        code=list(columns[4]),
        name=list(columns[5]),
        tax_status=members(TaxStatus, columns[6]),
        blocked=list(columns[7]),
        card_state=members(CardState, columns[8]),
        room=rooms(session, program, _holders(columns), today),
        lot_id=lots["id"],
        lot_owner=owner,
        remaining=lots["remaining"],
        held=held,
        points=held if most is None else np.minimum(held, most),
    )


def _spendable(session: Session, program: Program, today: dt.date) -> ColumnElement[bool]:
    """Ask for lots that may buy top-ups today."""
    allowed = lot_terms.allowed(session, program.id, RewardKind.TOP_UP, None)
    return and_(Lot.state == LotState.OPEN, lot_terms.lasts(today), lot_terms.of_terms(allowed))


def _with_something(
    session: Session, program_id: int, period: Period, segment: Segment, spendable: ColumnElement[bool]
) -> Select[int]:
    """Ask for the accounts that have something of the period, or earned in it and owe now."""
    in_period = and_(Lot.account_id == Account.id, Lot.earned_on.between(period.from_on, period.to_on))
    return select(Account.id).where(
        Account.program_id == program_id,
        _whose(session, program_id, segment),
        Account.unit == period.unit,
        or_(
            select(Lot.id).where(in_period, spendable).exists(),
            and_(Account.available < 0, select(Lot.id).where(in_period).exists()),
        ),
    )


def _ended(session: Session, account_id: Ints, today: dt.date) -> Ints:
    """Sum what waits on each account to be written off."""
    rows = session.execute(
        select(Lot.account_id, cast(func.sum(Lot.remaining), BigInteger))
        .join(Account, Account.id == Lot.account_id)
        .where(among(Account.id, account_id.tolist()), Lot.state == LotState.OPEN, ~lot_terms.lasts(today))
        .group_by(Lot.account_id)
    )
    ended: dict[int, int] = dict(rows.all())
    return _ints([ended.get(one, 0) for one in account_id.tolist()])


def _columns(session: Session, given: FromClause, provider: str, today: dt.date) -> list[Sequence[Any]]:
    """Read the accounts, whose they are and the cards that are loaded, in the order of the distributors' names."""
    rows = session.execute(
        select(
            Account.id,
            Account.distributor_id,
            Account.available,
            Card.id,
            Distributor.code,
            Distributor.name,
            type_coerce(tax_statuses.status_of_day(Distributor, literal(today, Date())), Text),
            Distributor.blocked,
            type_coerce(Card.state, Text),
            type_coerce(Card.identity, Text),
            Card.balance_minor,
            tiers.GONE,
            func.coalesce(_COMPANY.tier, Distributor.tier),
        )
        .join(given, given.c.id == Account.id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(_COMPANY, _COMPANY.id == company_of(Distributor))
        .outerjoin(
            Card,
            and_(
                Card.distributor_id == Distributor.id,
                Card.provider == provider,
                Card.active,
                Card.token.is_not(None),
            ),
        )
        .order_by(Distributor.sort_key, Distributor.id)
    ).all()
    return list(zip(*rows, strict=True)) or [()] * 13


def _lots(session: Session, accounts: list[int], period: Period, spendable: ColumnElement[bool]) -> dict[str, Ints]:
    """Read what the accounts have of the period, what ends first before the rest.

    Account by account, by its index: a plan for thousands of them would read the lots of all others too.
    """
    given = rows_of(id=_ints(accounts))
    own = (
        select(Lot.id, Lot.account_id, Lot.remaining, Lot.expires_on)
        .join(Account, Account.id == Lot.account_id)
        .where(Lot.account_id == given.c.id, Lot.earned_on.between(period.from_on, period.to_on), spendable)
        .offset(0)
        .lateral()
    )
    return read_numbers(
        session,
        select(own.c.id, own.c.account_id, own.c.remaining)
        .select_from(given.join(own, literal(value=True)))
        .order_by(own.c.account_id, own.c.expires_on.nulls_last(), own.c.id),
        ("id", "account_id", "remaining"),
    )


def _whose(session: Session, program_id: int, segment: Segment) -> ColumnElement[bool]:
    if segment.everybody:
        return Account.distributor_id.is_not(None)
    narrowed = segment.conditions(session, program_id)
    return Account.distributor_id.in_(select(Distributor.id).where(Distributor.program_id == program_id, *narrowed))


def _holders(columns: Sequence[Sequence[Any]]) -> list[Holder]:
    """Say who is to be loaded; of whom has no card yet nothing is known."""
    who = zip(columns[1], members(Identity, columns[9]), columns[10], strict=True)
    return [Holder(owner, identity or Identity.UNKNOWN, balance or 0) for owner, identity, balance in who]


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
            "distributor": hidden(found.code[at], holds_issued_number),
            "name": hidden(found.name[at]),
            "code": one.code,
            "message": one.message,
            "points": int(found.held[at]),
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


def hidden(text: str, holds_one: Callable[[str], bool] = holds_card_number) -> str:
    """Hide a text that looks like the number of a card, which nobody wants in a list."""
    return "(hidden: looks like a card number)" if holds_one(text) else text


class Judge:
    """Says of each candidate what is loaded and what the tax is, or why it is left out."""

    def __init__(self, program: Program, period: Period, terms: Terms, tax: ProgramTax) -> None:
        """Take the terms of the run."""
        self._program, self._terms, self._tax = program, terms, tax
        self._unit = "points" if period.unit is Unit.POINTS else program.currency
        self._decimals = program.point_decimals if period.unit is Unit.POINTS else program.currency_decimals

    def judge(self, session: Session, found: Candidates) -> Chosen:
        """Convert, check the limits, and levy the tax, once for all rewards with the same figures."""
        converted = convert(found.points, self._terms.point_value_micro)
        before = self._tax.earlier(session, found.distributor_id, found.tax_status)
        doubtful = self._doubtful(found, converted.amount_minor).tolist()
        outcome: list[Levied | Refused] = []
        for at, amount in enumerate(converted.amount_minor.tolist()):
            refused = self._refused(found, at, amount) if doubtful[at] else None
            levied = refused or self._levied(found.tax_status[at], amount, before[at])
            outcome.append(self._in_room(found.room[at], levied))
        return choose(found, outcome, converted.points, converted.amount_minor)

    def _doubtful(self, found: Candidates, amount: Ints) -> npt.NDArray[np.bool_]:
        """Find those that may have to be left out, by one look at each column: most have nothing against them."""
        terms = self._terms
        doubtful: npt.NDArray[np.bool_] = np.asarray(found.blocked, dtype=np.bool_)
        doubtful |= (found.available < 0) | (amount == 0)
        doubtful |= found.points < max(terms.minimum_points, 1)
        doubtful |= np.asarray([one is CardState.BLOCKED for one in found.card_state], dtype=np.bool_)
        if not terms.issues_cards:
            doubtful |= found.card_id == 0
        if terms.maximum_minor is not None:
            doubtful |= amount > terms.maximum_minor
        numbers = first_card_number(found.code, holds_issued_number), first_card_number(found.name)
        if numbers != (None, None):
            doubtful[:] = True
        return doubtful

    def _refused(self, found: Candidates, at: int, amount: int) -> Refused | None:
        terms, points = self._terms, int(found.points[at])
        if found.available[at] < 0 and not found.blocked[at]:
            owed = decimal_text(-int(found.available[at]), self._decimals)
            return Refused("owes", f"The account owes {owed} {self._unit}; new awards pay that off first.")
        refused = of_receiver(
            terms,
            code=found.code[at],
            name=found.name[at],
            blocked=found.blocked[at],
            card_state=found.card_state[at],
        )
        if refused is not None:
            return refused
        if points == 0 < found.held[at]:
            return Refused("tier_share", "Its tier lets it redeem a share of its points, and that is redeemed.")
        if points < terms.minimum_points:
            least = decimal_text(terms.minimum_points, self._decimals)
            return Refused("below_minimum", f"The programme converts {self._unit} from {least} on.")
        if amount == 0:
            return Refused("nothing_whole", f"This is worth less than the smallest amount of {self._program.currency}.")
        return self._over(amount, "The amount is")

    def _over(self, amount: int, what: str) -> Refused | None:
        return over_maximum(self._terms, self._program, amount, what)

    def _in_room(self, room: Room | None, levied: Levied | Refused) -> Levied | Refused:
        """Leave out what does not fit on the card any more, a compensation that goes out with it included."""
        if room is None or isinstance(levied, Refused):
            return levied
        total = levied.load_minor + (levied.compensation_minor if self._terms.compensates_at_once else 0)
        return levied if total <= room.minor else Refused(room.code, room.message)

    def _levied(self, status: TaxStatus, amount: int, year: YearSoFar) -> Levied | Refused:
        levied = self._tax.levy(status, amount, year)
        if isinstance(levied, Levied):
            return self._over(levied.compensation_minor, "The compensation of the tax is") or levied
        return levied

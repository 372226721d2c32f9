"""What points may buy and who pays for them: the terms of rules, kept once for all lots that have them."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Date, Interval, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.program_file.point_terms import PointTerms
from app.domain.states import LotState, RewardKind
from app.models.ledger import Account, Lot
from app.models.lot_terms import LotTerms


@dataclass(frozen=True)
class Kept:
    """Terms with the number under which lots bear them."""

    id: int
    terms: PointTerms


def keep(session: Session, program_id: int, terms: PointTerms | None) -> int | None:
    """Give the number of a rule's terms, new ones are kept first. Whoever publishes a version of a rule calls this."""
    if terms is None:
        return None
    made = insert(LotTerms).values(
        program_id=program_id, sha256=terms.digest, definition=terms.document, funded_by=terms.funded_by
    )
    session.execute(made.on_conflict_do_nothing(index_elements=["program_id", "sha256"]))
    return session.scalars(
        select(LotTerms.id).where(LotTerms.program_id == program_id, LotTerms.sha256 == terms.digest)
    ).one()


def of_program(session: Session, program_id: int) -> list[Kept]:
    """Give all terms that a programme's rules ever had. They are few."""
    rows = session.execute(
        select(LotTerms.id, LotTerms.definition).where(LotTerms.program_id == program_id).order_by(LotTerms.id)
    )
    return [Kept(id_, PointTerms.model_validate(definition)) for id_, definition in rows]


def allowed(session: Session, program_id: int, kind: RewardKind, category: str | None) -> list[int] | None:
    """Give the terms whose points may buy a reward of a kind and a category; None: all points may.

    Points without terms of their own may buy everything, and are not in the list: `ledger.reserve` adds them.
    """
    all_of_them = of_program(session, program_id)
    may = [one.id for one in all_of_them if one.terms.buys is None or one.terms.buys.allow(kind, category)]
    return None if len(may) == len(all_of_them) else may


def spendable(session: Session, account_id: int, terms: Collection[int] | None, on: dt.date) -> int:
    """Count the points of an account that can be spent on a day, for what these terms allow (None: for anything).

    An account that owes can spend nothing.
    """
    total = select(cast(func.coalesce(func.sum(Lot.remaining), 0), BigInteger)).join(
        Account, Account.id == Lot.account_id
    )
    return session.execute(
        total.where(Lot.account_id == account_id, Lot.state == LotState.OPEN, lasts(on), of_terms(terms))
    ).scalar_one()


def of_terms(terms: Collection[int] | None) -> ColumnElement[bool]:
    """Keep lots that may be spent where these terms are allowed: what has no terms of its own always may."""
    if terms is None:
        return literal(value=True)
    return or_(Lot.terms_id.is_(None), Lot.terms_id == any_of(sorted(terms)))


def idle_last_day() -> ColumnElement[dt.datetime]:
    """Give the last day that an account's last activity sets for a lot (`app.domain.points.expiry.last_day_of`)."""
    months = func.make_interval(0, Lot.idle_months, type_=Interval)
    return func.greatest(Account.active_on, Lot.earned_on) + months


def last_day() -> ColumnElement[dt.date]:
    """Give the last day of a lot: its own, or the one that idleness sets. The statement joins each lot's account."""
    return cast(func.coalesce(Lot.expires_on, idle_last_day()), Date)


def lasts(on: dt.date) -> ColumnElement[bool]:
    """Keep lots whose last day is not over on a day. The statement joins each lot's account."""
    of_its_own = or_(Lot.expires_on.is_(None), Lot.expires_on >= on)
    return and_(of_its_own, or_(Lot.idle_months.is_(None), idle_last_day() >= on))


def some_end_idle(session: Session, program_id: int) -> bool:
    """Tell whether a programme has points that end by idleness, by what it says now or said once."""
    idle = select(Lot.id).join(Account, Account.id == Lot.account_id)
    of_program = (Account.program_id == program_id, Lot.state == LotState.OPEN, Lot.idle_months.is_not(None))
    return session.execute(select(idle.where(*of_program).exists())).scalar_one()

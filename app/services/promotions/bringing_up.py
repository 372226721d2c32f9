"""Bringing a promotion up to date: those whose sales changed are measured anew, placed, paid and taken back from.

It costs what changed costs: other participants, other months and the length of the history are not looked at.
"""

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, Date, cast, delete, exists, func, insert, or_, select, union
from sqlalchemy.orm import Session

from app.db.bulk import read_numbers
from app.domain.measures.exact import Ints, order_of
from app.domain.promoting.promotion_terms import CompiledPromotion
from app.domain.promoting.promotions import changes, forgiven_still
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import DocumentStatus, PromotionState
from app.models.promotions import Promotion, PromotionMonth, PromotionTouched
from app.models.sales import SalesDocument
from app.services.ledger.accounts import lock_wallets
from app.services.promotions import gifts, standings
from app.services.promotions.gathering import Months, gather
from app.services.promotions.paying import Due, pay
from app.services.promotions.reading import compiled, definition_of, locked
from app.services.promotions.standings import Placed
from app.services.rulebooks import rules_of


@dataclass(frozen=True)
class BroughtUp:
    """What bringing up to date came to: months that were measured, participants that were placed, what was posted."""

    months: int = 0
    participants: int = 0
    given: int = 0
    taken: int = 0


def waiting(session: Session, program_ids: Collection[int] | None = None) -> list[tuple[int, bool]]:
    """Name the promotions that are published and have something to bring up to date, and whether they were measured."""
    touched = exists().where(PromotionTouched.promotion_id == Promotion.id)
    query = (
        select(Promotion.id, Promotion.measured)
        .where(Promotion.state == PromotionState.PUBLISHED, or_(~Promotion.measured, touched))
        .order_by(Promotion.id)
    )
    if program_ids is not None:
        query = query.where(Promotion.program_id.in_(program_ids))
    return list(session.execute(query))


def let_others_finish(session: Session, promotion_id: int) -> None:
    """Wait until nobody counts documents who may not have seen that the promotion is published. The caller commits.

    Whoever counts documents holds their distributor's wallet until the end. Who holds it later sees the promotion.
    """
    rules = rules_of(session, session.get_one(Promotion, promotion_id).program_id)
    lock_wallets(session, np.unique(rules.book.catalogue.distributor_ids))


def bring_up(
    session: Session, promotion_id: int, *, now: dt.datetime, closing: bool = False, actor: str | None = None
) -> BroughtUp:
    """Bring a published promotion up to date. Safe to run as often as one likes; the caller commits.

    ``closing``: what is paid at the end is paid as well.
    """
    promotion = locked(session, promotion_id)
    if promotion.state is not PromotionState.PUBLISHED:
        return BroughtUp()
    rules = rules_of(session, promotion.program_id)
    definition = compiled(session, rules, definition_of(session, promotion))
    whole = not promotion.measured
    if whole:
        _touch_all(session, promotion)
    months = _touched(session, promotion_id)
    gather(session, promotion_id, definition, months)
    placed = standings.place(
        session, promotion, definition, None if whole or closing else np.unique(months.distributor_id), now
    )
    promotion.measured = True
    session.flush()
    if whole or closing or definition.terms.prizes is not None:  # an older version may have ranked
        standings.rank(session, promotion_id, definition, now)
    given, taken = _settle(session, rules, promotion, definition, placed, now, closing=closing, actor=actor)
    if closing or not definition.terms.at_end:
        gifts.bring_up(session, definition, placed, now)
    return BroughtUp(len(months), len(placed.standing_id), given, taken)


def _touch_all(session: Session, promotion: Promotion) -> None:
    """Let every month be measured anew of whoever sold in the promotion's days, or in its base period."""
    session.execute(
        delete(PromotionMonth)
        .where(PromotionMonth.promotion_id == promotion.id)
        .execution_options(synchronize_session=False)
    )
    days = [SalesDocument.issued_on.between(promotion.first_on, promotion.last_on)]
    if promotion.base_first_on is not None:
        days.append(SalesDocument.issued_on.between(promotion.base_first_on, promotion.base_last_on))
    month = cast(func.date_trunc("month", SalesDocument.issued_on), Date)
    sold = [
        select(cast(promotion.id, BigInteger), SalesDocument.distributor_id, month).where(
            SalesDocument.program_id == promotion.program_id, SalesDocument.status == DocumentStatus.ACCEPTED, within
        )
        for within in days
    ]
    session.execute(insert(PromotionTouched).from_select(["promotion_id", "distributor_id", "month_on"], union(*sold)))


def _touched(session: Session, promotion_id: int) -> Months:
    """Take what was touched. What is not committed yet was not said yet either: it stays for the next time."""
    gone = (
        delete(PromotionTouched)
        .where(PromotionTouched.promotion_id == promotion_id)
        .returning(PromotionTouched.distributor_id, PromotionTouched.month_on)
        .cte("gone")
    )
    day = cast(gone.c.month_on - dt.date(1970, 1, 1), BigInteger)
    told = read_numbers(session, select(gone.c.distributor_id, day), ("distributor_id", "day"))
    order = order_of(told["distributor_id"], told["day"])
    who, month = told["distributor_id"][order], told["day"][order].astype("datetime64[D]")
    first = np.ones(len(order), dtype=bool)
    first[1:] = (who[1:] != who[:-1]) | (month[1:] != month[:-1])
    return Months(who[first], month[first])


def _settle(
    session: Session,
    rules: ProgramRules,
    promotion: Promotion,
    definition: CompiledPromotion,
    placed: Placed,
    now: dt.datetime,
    *,
    closing: bool,
    actor: str | None,
) -> tuple[int, int]:
    """Post the difference between what standings earn and what they were paid. Gives what was given and taken."""
    if definition.terms.at_end and not closing:
        return 0, 0
    to_people = rules.has_people and rules.settings.accounts.shares.of_person > 0
    known = standings.to_pay(session, promotion.id, placed, to_people=to_people)
    whole = known.earned + (known.prize if closing else 0)
    earned = known.parted(whole)
    wanted = changes(earned, known.paid, known.forgiven, None, known.order)
    if wanted.any():
        # all wallets before the first is moved: two postings follow
        lock_wallets(session, known.owner_id[wanted != 0])

    def moved(amount: Ints) -> Ints:
        some = np.flatnonzero(amount)
        due = Due(
            standing_id=known.standing_id[some],
            owner_id=known.owner_id[some],
            number=known.payments[some] + 1,
            amount=amount[some],
            version=promotion.version,
            made=[_made(known, earned, at) for at in some.tolist()],
        )
        posted = np.zeros_like(amount)
        posted[some] = pay(session, rules, due, now=now, actor=actor, reason=definition.definition.name)
        return posted

    taken = moved(np.minimum(wanted, 0))
    # what a wallet did not have is forgiven, as the programme says, and has not come home to the budget
    short = taken - np.minimum(wanted, 0)
    budget = definition.terms.budget
    left = None if budget is None else budget - standings.spent(session, promotion.id) - int(taken.sum())
    after = known.paid + taken
    forgiven = forgiven_still(earned, after, known.forgiven) + short
    given = moved(changes(known.given(earned, after), after, forgiven, left, known.order))
    paid = after + given
    forgiven = forgiven_still(earned, paid, known.forgiven) + short
    payments = known.payments + (paid != known.paid)
    standings.note_paid(session, known, whole, paid, forgiven, payments)
    return int(given.sum()), -int(taken.sum())


def _made(known: standings.ToPay, earned: Ints, at: int) -> str:
    """Say what made a posting, in figures that stay."""
    figures = {
        "value": known.value,
        "target": known.target,
        "step": known.step,
        "prize": known.prize,
        "place": known.place,
        "earned": earned,
        "paid": known.paid,
    }
    return json.dumps({name: int(column[at]) for name, column in figures.items()})

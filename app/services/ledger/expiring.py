"""Points whose last day is over are written off: by the night's chores, and by whoever is about to move points."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.points.lots import Leg
from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.models.ledger import Account, Lot
from app.models.programs import Program
from app.services.ledger import lot_terms
from app.services.ledger.accounts import program_accounts
from app.services.ledger.lot_terms import idle_last_day
from app.services.ledger.posting import Posting, post, transaction_ids
from app.services.ledger.wallets import OpenWallets


def expire_due(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Write off the points whose last day is over, in the programme's time zone. Returns how many points.

    Safe to run as often as one likes: a lot that is written off has nothing left. Days end at midnight (rules.md 8).
    """
    return write_off(session, program.id, local_date(now, program.time_zone))


def write_off(session: Session, program_id: int, today: dt.date, account_ids: Iterable[int] = ()) -> int:
    """Write off the points whose last day was before ``today``, of some accounts or of all. Returns how many points.

    Whoever takes points back calls this first for the accounts it is about, so that it makes no difference whether the
    chores of the night have run: points whose day is over can pay for nothing.
    """
    owners = _owners(session, program_id, today, sorted(set(account_ids)))
    if not owners:
        return 0
    opened = OpenWallets(session, owners)
    program = program_accounts(session, program_id)
    posting = Posting(program_id)
    total = 0
    for (account, unit, last_day), lots in sorted(_over(session, owners, today).items()):
        legs = opened.of[account].draw_from(lots)
        transaction = transaction_ids(session, 1)
        posting.add_transactions(
            transaction,
            TransactionKind.EXPIRE,
            [f"expire:{account}:{last_day}:{int(transaction[0])}:{min(lots)}"],
            np.asarray([last_day + dt.timedelta(days=1)], dtype="datetime64[D]"),
        )
        posting.add_legs(int(transaction[0]), account, legs)
        gone = -sum(leg.amount for leg in legs)
        posting.add_legs(int(transaction[0]), program[unit], [Leg(Bucket.EXPIRED, gone, None)])
        total += gone
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    return total


def _owners(session: Session, program_id: int, today: dt.date, limited: list[int]) -> list[int]:
    """Find the accounts that have something to write off. Each of the two ways to end has an index of its own."""
    found: set[int] = set()
    for ended in (Lot.expires_on < today, (Lot.idle_months.is_not(None)) & (idle_last_day() < today)):
        query = (
            select(Lot.account_id)
            .join(Account, Account.id == Lot.account_id)
            .where(Account.program_id == program_id, Lot.state == LotState.OPEN, ended)
            .distinct()
        )
        if limited:
            query = query.where(Lot.account_id == any_of(limited))
        found.update(session.scalars(query))
    return sorted(found)


def _over(session: Session, owners: list[int], today: dt.date) -> dict[tuple[int, Unit, dt.date], list[int]]:
    """Find the lots of locked accounts that have ended, by account and last day."""
    last_day = lot_terms.last_day()
    found: dict[tuple[int, Unit, dt.date], list[int]] = defaultdict(list)
    for account, unit, day, lot in session.execute(
        select(Lot.account_id, Account.unit, last_day, Lot.id)
        .join(Account, Account.id == Lot.account_id)
        .where(
            Lot.account_id == any_of(owners),  # one parameter, however many
            Lot.state == LotState.OPEN,
            or_(Lot.expires_on.is_not(None), Lot.idle_months.is_not(None)),
            last_day < today,
        )
        .order_by(Lot.account_id, Lot.id)
    ):
        found[account, unit, day].append(lot)
    return found

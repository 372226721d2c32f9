"""What time brings: points that cooled off, expired or soon will, a ledger to seal, sessions and secrets to forget."""

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.db.turns import Turns
from app.domain.measures.calendar import local_date
from app.models.programs import Program
from app.services.access import erasure, one_time, signing_in
from app.services.by_hand import granted_disputes
from app.services.goods.catalogue import begin_change
from app.services.ledger import expiring, figures, ledger, seals
from app.services.occasions import anniversaries, referrals
from app.services.orders import purchase_credits
from app.services.participants import tax_statuses
from app.services.persons.opening import open_missing
from app.services.placing import placements
from app.services.promotions import running as promotions
from app.services.telling import expiry_notices
from app.services.tiering import tier_judging, tier_reminders


@dataclass
class Done:
    """What the chores came to."""

    released: int = 0
    expired: int = 0
    sealed: int = 0
    reminded: int = 0
    events: int = 0
    moved: int = 0
    tiers: int = 0


def run(registry: Sessions, now: dt.datetime, program_code: str | None = None) -> Done:
    """Do the chores of one programme or of all, each in a transaction of its own. Safe to run as often as one likes.

    A chore that fails does not keep the others from their turn.

    Raises:
        ExceptionGroup: What failed, after everything else was done.
        sqlalchemy.exc.OperationalError: The database went away.
    """
    done = Done()
    turns = Turns()

    def alone(chore: Callable[[Session], None]) -> None:
        with transaction(registry) as session:
            chore(session)

    def do(chore: Callable[[Session], None]) -> None:
        turns.take(functools.partial(alone, chore))

    with transaction(registry) as session:
        query = select(Program.id)
        if program_code is not None:
            query = query.where(Program.code == program_code)
        programs = session.scalars(query.order_by(Program.id)).all()
    for program_id in programs:
        do(functools.partial(_release, done, program_id, now))
        do(functools.partial(_end_credits, program_id, now))
        do(functools.partial(_expire, done, program_id, now))
        do(functools.partial(_reopen, program_id, now))
        do(functools.partial(_remind, done, program_id, now))
        do(functools.partial(_open, program_id, now))
        do(functools.partial(_tell_events, done, program_id, now))
    with transaction(registry) as session:
        touched = figures.waiting(session, now)
    for program_id in touched:
        do(functools.partial(_sum, program_id, now))
    for program_id in programs:
        do(functools.partial(_place, done, program_id, now))
    with transaction(registry) as session:
        steps = promotions.due(session, now, programs)
    for step in steps:
        do(step)
    do(functools.partial(_seal, done, now))
    do(functools.partial(_forget, now))
    turns.end("some chores failed; the others are done")
    return done


def _release(done: Done, program_id: int, now: dt.datetime, session: Session) -> None:
    done.released += ledger.release_due(session, session.get_one(Program, program_id), now=now)


def _expire(done: Done, program_id: int, now: dt.datetime, session: Session) -> None:
    done.expired += expiring.expire_due(session, session.get_one(Program, program_id), now=now)


def _end_credits(program_id: int, now: dt.datetime, session: Session) -> None:
    """Give back what was set aside for purchases and not taken in its days."""
    purchase_credits.end_due(session, session.get_one(Program, program_id), now=now)


def _reopen(program_id: int, now: dt.datetime, session: Session) -> None:
    """Open disputes again that wait for points which will not come."""
    granted_disputes.reopen_due(session, session.get_one(Program, program_id), now=now)


def _remind(done: Done, program_id: int, now: dt.datetime, session: Session) -> None:
    done.reminded += expiry_notices.remind(session, session.get_one(Program, program_id), now=now)


def _open(program_id: int, now: dt.datetime, session: Session) -> None:
    """Open the accounts of sales reps who have none yet, where the programme shares points with them."""
    open_missing(session, session.get_one(Program, program_id), actor="kontor", now=now)


def _tell_events(done: Done, program_id: int, now: dt.datetime, session: Session) -> None:
    program = session.get_one(Program, program_id)
    done.events += anniversaries.tell_due(session, program, now=now)
    referrals.take_back_due(session, program, now=now)
    done.events += referrals.reward_due(session, program, now=now)


def _place(done: Done, program_id: int, now: dt.datetime, session: Session) -> None:
    """Make what was noted for today the present group and tax status, and bring tiers up to date by the new sums."""
    program = session.get_one(Program, program_id)
    today = local_date(now, program.time_zone)
    begin_change(session, program_id)  # before its products and distributors, as whoever moves them does
    done.moved += placements.settle(session, program_id, today)
    tax_statuses.settle(session, program_id, today)
    done.tiers += tier_judging.judge(session, program, now=now)
    done.reminded += tier_reminders.remind(session, program, now=now)


def _forget(now: dt.datetime, session: Session) -> None:
    """Remove sessions that were over, links and codes of no use, long ago, and where went what the erased got."""
    signing_in.forget(session, now)
    one_time.forget(session, now=now)
    erasure.forget_arrived(session)


def _sum(program_id: int, now: dt.datetime, session: Session) -> None:
    figures.refresh(session, program_id, now)


def _seal(done: Done, now: dt.datetime, session: Session) -> None:
    done.sealed = seals.seal(session, now)

"""What time brings: points that have cooled off, points whose last day is over, a ledger to seal."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from app.db.transaction import Sessions, transaction
from app.models.programs import Program
from app.services import ledger, seals


@dataclass
class Done:
    """What the chores came to."""

    released: int = 0
    expired: int = 0
    sealed: int = 0


def run(registry: Sessions, now: dt.datetime, program_code: str | None = None) -> Done:
    """Do the chores of one programme or of all, each in a transaction of its own. Safe to run as often as one likes."""
    done = Done()
    with transaction(registry) as session:
        query = select(Program.id)
        if program_code is not None:
            query = query.where(Program.code == program_code)
        programs = session.scalars(query.order_by(Program.id)).all()
    for program_id in programs:
        with transaction(registry) as session:
            done.released += ledger.release_due(session, session.get_one(Program, program_id), now=now)
        with transaction(registry) as session:
            done.expired += ledger.expire_due(session, session.get_one(Program, program_id), now=now)
    with transaction(registry) as session:
        done.sealed = seals.seal(session, now)
    return done

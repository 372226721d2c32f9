"""What is done by itself: cards are looked at anew, daily and when their provider tells; scheduled runs are prepared.

It stands by itself because the sweeper loads it, which has no use for the rest of the room.
"""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date, months_after
from app.domain.states import RunStatus
from app.jobs import board
from app.models.prepaid import Card, ConversionRun
from app.models.programs import Program

HEED = "prepaid.heed"
HEAL = "prepaid.heal"
PREPARE = "prepaid.prepare"

_TELLING = ("stripe",)
"""Providers whose cards change by what others do: by those who pay with them, and by themselves."""


def ask_to_heed(session: Session, provider: str, event_id: str) -> None:
    """Put up a job that looks at what a provider told of. The caller commits, then wakes a worker."""
    board.put_up(session, HEED, f"{HEED}:{provider}:{event_id}", {"provider": provider}, lane=f"events of {provider}")


def ask_to_heal(session: Session, now: dt.datetime) -> None:
    """Put up today's job for each provider with cards that tells of them, once a day. The caller commits."""
    asked = select(Card.provider).where(Card.token.is_not(None), Card.provider.in_(_TELLING)).distinct()
    for provider in session.scalars(asked).all():
        board.put_up(session, HEAL, f"{HEAL}:{provider}:{now:%Y-%m-%d}", {"provider": provider})


def ask_to_prepare(session: Session, now: dt.datetime) -> None:
    """Put up a job for each programme whose scheduled run is due, daily until it is there. The caller commits.

    What stops it, as a tax part that cannot be used, is put right by people in their time; a later job finds it so.
    """
    scheduled = select(Program).where(Program.prepaid["scheduled_run"].astext.is_not(None))
    for program in session.scalars(scheduled.order_by(Program.id)).all():
        today = local_date(now, program.time_zone)
        month = month_due(session, program.id, int(program.prepaid["scheduled_run"]["day"]), today)
        if month is not None and not is_prepared(session, program.id, month):
            key = f"{PREPARE}:{program.id}:{month:%Y-%m}:{today}"
            board.put_up(session, PREPARE, key, {"program": program.id})


def month_due(session: Session, program_id: int, day: int, today: dt.date) -> dt.date | None:
    """Give the first day of the month whose run is due by now, by the day of the schedule; None: none is, or not yet.

    A month that ended while its run could not be prepared is due still, before this one: its points are nobody else's.
    That it was to be prepared at all is known where the month before it was.
    """
    this = today.replace(day=1)
    last, before_last = months_after(this, -1), months_after(this, -2)
    if is_prepared(session, program_id, before_last) and not is_prepared(session, program_id, last):
        return last
    return this if today.day >= day else None


def is_prepared(session: Session, program_id: int, month: dt.date) -> bool:
    """Tell whether a programme's scheduled run of a month is there, and shows what it comes to."""
    made = select(ConversionRun.id).where(
        ConversionRun.program_id == program_id,
        ConversionRun.scheduled_on == month,
        ConversionRun.status != RunStatus.PREPARING,
    )
    return session.scalars(made).first() is not None

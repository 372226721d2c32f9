"""Anniversaries of enrolment, and birthdays: told once a year for each, on their day or as soon as somebody looks."""

import datetime as dt

from sqlalchemy import Date, Integer, Interval, Text, cast, exists, extract, func, literal, select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.states import Event
from app.models.distributors import Distributor
from app.models.events import HappenedEvent
from app.models.programs import Program
from app.services.occasions import events
from app.services.rulebooks import rules_of

LOOKS_BACK = dt.timedelta(days=30)
"""Whoever was away for so long still finds the anniversaries of those days."""


def tell_due(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Tell the anniversaries and birthdays of today and of the days before that nobody told. Returns how many were new.

    Nothing is looked for where no rule rewards them. Whoever was enrolled or born on 29 February has theirs on the 28th
    in common years. The caller commits.
    """
    rewarded = {rule.event for rule in rules_of(session, program.id).book.of_events}
    if not rewarded & {Event.ANNIVERSARY, Event.BIRTHDAY}:
        return 0
    today = local_date(now, program.time_zone)
    told = [
        one
        for event, of_year in ((Event.ANNIVERSARY, _anniversaries), (Event.BIRTHDAY, _birthdays))
        if event in rewarded
        for year in sorted({(today - LOOKS_BACK).year, today.year})
        for one in of_year(session, program, year, today)
    ]
    return events.record(session, program.id, told, now=now).new


def _anniversaries(session: Session, program: Program, year: int, today: dt.date) -> list[events.Told]:
    """Give the anniversaries of a year that are over or today, and that nobody told yet."""
    years = literal(year) - cast(extract("year", Distributor.enrolled_on), Integer)
    day = cast(Distributor.enrolled_on + func.make_interval(years, type_=Interval), Date)
    told_before = exists().where(
        HappenedEvent.distributor_id == Distributor.id,
        HappenedEvent.event == Event.ANNIVERSARY,
        HappenedEvent.key == cast(years, Text),
    )
    rows = session.execute(
        select(Distributor.id, years, day).where(
            Distributor.program_id == program.id,
            Distributor.person_of_id.is_(None),
            years >= 1,
            day.between(today - LOOKS_BACK, today),
            ~told_before,
        )
    )
    return [events.Told(id_, Event.ANNIVERSARY, str(number), on) for id_, number, on in rows]


def _birthdays(session: Session, program: Program, year: int, today: dt.date) -> list[events.Told]:
    """Give the birthdays of a year that are over or today, of companies' owners and of people, that nobody told yet."""
    years = literal(year) - cast(extract("year", Distributor.birthday_on), Integer)
    day = cast(Distributor.birthday_on + func.make_interval(years, type_=Interval), Date)
    told_before = exists().where(
        HappenedEvent.distributor_id == Distributor.id,
        HappenedEvent.event == Event.BIRTHDAY,
        HappenedEvent.key == str(year),
    )
    rows = session.execute(
        select(Distributor.id, day).where(
            Distributor.program_id == program.id,
            Distributor.birthday_on.is_not(None),
            Distributor.merged_into_id.is_(None),
            # what was before somebody came in is nothing of the programme's
            day.between(func.greatest(literal(today - LOOKS_BACK), Distributor.enrolled_on), today),
            ~told_before,
        )
    )
    return [events.Told(id_, Event.BIRTHDAY, str(year), on) for id_, on in rows]

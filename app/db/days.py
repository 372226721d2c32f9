"""The day of an instant in a time zone, told as Python tells it.

PostgreSQL brings rules of time zones of its own, which are of another year than those of the machine: where clocks
change otherwise by now, an hour a day would be of two days, and a day would not be all that lies between its midnights.
"""

import datetime as dt
import zoneinfo
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, Integer, SQLColumnExpression, cast, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import Grouping

_FROM, _UNTIL = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2060, 1, 1, tzinfo=dt.UTC)
"""When something may have happened that we keep."""


def day_there(instant: SQLColumnExpression[Any], time_zone: str) -> ColumnElement[dt.date]:
    """Give the day of an instant in a time zone, as `app.domain.measures.calendar.local_date` does."""
    moments, ahead = _changes(time_zone)
    stretch = func.width_bucket(instant, literal(list(moments), ARRAY(DateTime(timezone=True))))
    minutes = Grouping(literal(list(ahead), ARRAY(Integer)))[stretch + 1]
    return cast(func.timezone("UTC", instant) + func.make_interval(0, 0, 0, 0, 0, minutes), Date)


@cache
def _changes(time_zone: str) -> tuple[tuple[dt.datetime, ...], tuple[int, ...]]:
    """Give the moments at which a zone's clocks change, and by how many minutes they are ahead before and after."""
    zone, moments = zoneinfo.ZoneInfo(time_zone), []
    ahead = [_ahead(_FROM, zone)]
    day = _FROM
    while day < _UNTIL:
        after = day + dt.timedelta(days=1)
        if _ahead(after, zone) != ahead[-1]:
            moments.append(_change_between(day, after, zone))
            ahead.append(_ahead(after, zone))
        day = after
    return tuple(moments), tuple(ahead)


def _change_between(before: dt.datetime, after: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Find the minute from which on clocks are ahead as they are afterwards."""
    while after - before > dt.timedelta(minutes=1):
        middle = before + (after - before) // 2
        middle -= dt.timedelta(seconds=middle.second, microseconds=middle.microsecond)
        before, after = (before, middle) if _ahead(middle, zone) == _ahead(after, zone) else (middle, after)
    return after


def _ahead(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None, "a zone knows how far it is ahead"
    return offset // dt.timedelta(minutes=1)

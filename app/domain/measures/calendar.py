"""Periods and dates, in the calendar of the programme's time zone."""

import calendar
import datetime as dt
import zoneinfo

import numpy as np
import numpy.typing as npt

from app.domain.measures.exact import Ints
from app.domain.states import Cut

Days = npt.NDArray[np.datetime64]


def period_of(span: Cut, days: Days) -> Ints:
    """Number the period of each day: two days have one number when they lie in one day, month, quarter, year."""
    if span is Cut.DAY:
        return days.astype("datetime64[D]").astype(np.int64)
    months = days.astype("datetime64[M]").astype(np.int64)
    if span is Cut.MONTH:
        return months
    if span is Cut.QUARTER:
        return months // 3
    if span is Cut.YEAR:
        return months // 12
    return np.zeros(len(days), dtype=np.int64)


def weekday_of(days: Days) -> Ints:
    """Number the weekday of each day, Monday 0."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday


def months_after(day: dt.date, months: int) -> dt.date:
    """Give the same day so many months later, or the last day of that month where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))


def midnight(day: dt.date, time_zone: str) -> dt.datetime:
    """Give the moment at which a day begins in a time zone."""
    return dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(time_zone))


def end_of(day: dt.date, time_zone: str) -> dt.datetime:
    """Give the moment at which a day ends in a time zone; the last day there is ends with the last moment there is."""
    if day == dt.date.max:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    return midnight(day + dt.timedelta(days=1), time_zone)


def local_date(now: dt.datetime, time_zone: str) -> dt.date:
    """Give the date at an instant in a time zone."""
    return now.astimezone(zoneinfo.ZoneInfo(time_zone)).date()

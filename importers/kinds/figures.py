"""Figures and days in the cells of things: whole numbers and dates, by row. What is none is a problem of its row."""

import datetime as dt
from dataclasses import replace

import numpy as np

from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.states import Outcome
from importers.kinds.desk import Desk
from importers.kinds.rows import ThingRows
from importers.layout.written.magnitudes import written_out
from importers.problems.problems import Problems
from importers.typed import parsing
from importers.typed.bare_numbers import bare_numbers

_NONE = int(np.iinfo(np.int64).min)


def points_of(desk: Desk, rows: ThingRows, field: str, problems: Problems) -> dict[int, int]:
    """Give the points of a field, in the programme's smallest unit."""
    return _figures(desk, rows, field, problems, desk.program.point_decimals)


def rates_of(desk: Desk, rows: ThingRows, field: str, problems: Problems) -> dict[int, int]:
    """Give the rates of a field, in millionths of a point."""
    return _figures(desk, rows, field, problems, 6)


def counts_of(desk: Desk, rows: ThingRows, field: str, problems: Problems) -> dict[int, int]:
    """Give the whole numbers of a field."""
    return _figures(desk, rows, field, problems, 0)


def quantities_of(desk: Desk, rows: ThingRows, field: str, problems: Problems) -> dict[int, int]:
    """Give the quantities of a field, in thousandths."""
    return _figures(desk, rows, field, problems, 3)


def targets_of(desk: Desk, rows: ThingRows, field: str, problems: Problems) -> dict[int, int]:
    """Give the targets of a field, in thousandths: amounts perhaps, of which one in another currency is none.

    People plan in round numbers: 12,5 tys. and 1,2 mln are read as what they say.
    """
    return _figures(desk, rows, field, problems, 3, desk.program.currency, in_words=True)


def money_of(desk: Desk, rows: ThingRows, field: str, problems: Problems) -> dict[int, int]:
    """Give the amounts of a field, in minor units."""
    return _figures(desk, rows, field, problems, desk.program.currency_decimals, desk.program.currency)


def days_of(desk: Desk, rows: ThingRows, field: str, problems: Problems) -> dict[int, dt.date]:
    """Give the days of a field."""
    column = rows.typed.get(field)
    if column is None:
        return {}
    days, _ = parsing.dates(column, rows.row_number, problems, desk.profile.dates, desk.program.time_zone)
    found = zip(rows.row_number.tolist(), days.tolist(), strict=True)
    return {row: day for row, day in found if day is not None}


def days_until(
    desk: Desk, rows: ThingRows, field: str, problems: Problems, *, days_ahead: int = 0
) -> dict[int, dt.date]:
    """Give the days of a field on which something happened: one that is still to come is refused.

    ``days_ahead`` of today are taken all the same.
    """
    latest = local_date(desk.now, desk.program.time_zone) + dt.timedelta(days=days_ahead)
    days, cells = days_of(desk, rows, field, problems), dict(rows)
    for row in [row for row, day in days.items() if day > latest and row in cells]:
        told = {"field": rows.columns[field], "found": repr(cells[row][field]), "latest": latest.isoformat()}
        problems.add(row, Outcome.REFUSED, "issued_later", **told)
        del days[row]
    return days


def past_days_of(desk: Desk, rows: ThingRows, field: str, problems: Problems) -> dict[int, dt.date]:
    """Give the days of a field that are over: of two digits for a year that is to come they are of the last century."""
    today, cells = local_date(desk.now, desk.program.time_zone), dict(rows)
    return {
        row: day if day <= today or _says_year(cells[row][field], day) else day.replace(year=day.year - 100)
        for row, day in days_of(desk, rows, field, problems).items()
        if row in cells
    }


def _says_year(text: str | None, day: dt.date) -> bool:
    return str(day.year) in (text or "")


def _figures(
    desk: Desk,
    rows: ThingRows,
    field: str,
    problems: Problems,
    decimals: int,
    currency: str | None = None,
    *,
    in_words: bool = False,
) -> dict[int, int]:
    column = rows.typed.get(field)
    if column is None:
        return {}
    decimal, thousands = desk.profile.signs_of(field)
    if in_words:
        column = replace(column, values=written_out(column.values, decimal, thousands), written=column.values)
    column = bare_numbers(column, desk.table, thousands, currency, problems)
    read: Ints = parsing.points(column, rows.row_number, problems, desk.table.signs(decimal), decimals, _NONE)
    return {row: value for row, value in zip(rows.row_number.tolist(), read.tolist(), strict=True) if value != _NONE}

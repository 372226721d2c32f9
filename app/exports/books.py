"""What was owed at a day, and what months brought, as a workbook for finance."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from app.exports.files import Written
from app.exports.tables import Column, Kind, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.programs import Program
from app.services.books.history import MonthOfBooks
from app.services.books.owed import MICRO, Part


def write_books(path: Path, program: Program, parts: Sequence[Part], months: Sequence[MonthOfBooks]) -> Written:
    """Write the parts of what was owed, and the months, each as a sheet."""
    return write_workbook(path, [_owed(program, parts), _months(program, months)])


def _owed(program: Program, parts: Sequence[Part]) -> Sheet:
    layout = Layout(
        (
            Column("tier", "Tier"),
            Column("funded_by", "Funded by"),
            Column("ends", "Ends"),
            Column("month_on", "Month of expiry", Kind.DATE),
            Column("points", "Points", Kind.POINTS, program.point_decimals),
            Column("worth", f"Worth {program.currency}", Kind.MONEY, program.currency_decimals),
        ),
        totals=("points",),
    )
    return Sheet(
        "Owed",
        layout,
        {
            "tier": pa.array([one.tier for one in parts], pa.string()),
            "funded_by": pa.array([one.funded_by or program.sponsor for one in parts], pa.string()),
            "ends": pa.array([_ending(one) for one in parts], pa.string()),
            "month_on": pa.array([one.month_on for one in parts], pa.date32()),
            "points": pa.array([one.points for one in parts], pa.int64()),
            "worth": pa.array([one.worth_micro // MICRO for one in parts], pa.int64()),
        },
    )


def _ending(part: Part) -> str:
    if part.debt:
        return "owed by accounts"
    if part.idle:
        return "when idle"
    return "never" if part.month_on is None else "on a day"


def _months(program: Program, months: Sequence[MonthOfBooks]) -> Sheet:
    names = ("opening", "issued", "redeemed", "expired", "adjusted", "closing")
    columns = [Column("month_on", "Month", Kind.DATE)]
    filled: dict[str, pa.Array] = {"month_on": pa.array([one.month_on for one in months], pa.date32())}
    for name in names:
        title = name.capitalize()
        columns += [
            Column(name, title, Kind.POINTS, program.point_decimals),
            Column(f"{name}_worth", f"{title}, worth {program.currency}", Kind.MONEY, program.currency_decimals),
        ]
        changes = [getattr(one, name) for one in months]
        filled[name] = pa.array([change.points for change in changes], pa.int64())
        filled[f"{name}_worth"] = pa.array([change.worth_minor for change in changes], pa.int64())
    return Sheet("Months", Layout(tuple(columns)), filled)


def file_name(program: Program, day: dt.date) -> str:
    """Name the workbook of a day."""
    return f"{program.code}-liability-{day.isoformat()}.xlsx"

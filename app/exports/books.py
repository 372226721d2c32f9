"""What was owed at a day, and what months brought, as a workbook for finance, in the language of who takes it."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from app.domain.saying.wording import marked as _
from app.exports.files import Written
from app.exports.tables import Column, Kind, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.programs import Program
from app.services.books.history import MonthOfBooks
from app.services.books.owed import Part, worths_of
from app.services.telling.languages import DEFAULT
from app.services.telling.texts import filled, translated

_CHANGES = {
    "opening": _("Opening"),
    "issued": _("Issued"),
    "redeemed": _("Redeemed"),
    "expired": _("Expired"),
    "adjusted": _("By hand"),
    "closing": _("Closing"),
}
_OWED, _MONTHS, _LIABILITY, _TOTAL = _("Owed"), _("Months"), _("Liability"), _("Total")
_TIER, _FUNDED_BY, _ENDS, _EXPIRY = _("Tier"), _("Funded by"), _("Ends"), _("Month of expiry")
_POINTS, _WORTH, _MONTH = _("Points"), _("Worth, %(currency)s"), _("Month")
_WORTH_OF = _("%(what)s, worth in %(currency)s")
_DEBT, _IDLE, _NEVER, _ON_A_DAY = _("owed by accounts"), _("when the account is idle"), _("never"), _("on a day")


def write_books(
    path: Path, program: Program, parts: Sequence[Part], months: Sequence[MonthOfBooks], language: str = DEFAULT
) -> Written:
    """Write the parts of what was owed, and the months, each as a sheet."""
    return write_workbook(path, [_owed(program, parts, language), _months(program, months, language)])


def _owed(program: Program, parts: Sequence[Part], language: str) -> Sheet:
    worth = filled(translated(_WORTH, language), {"currency": program.currency})
    layout = Layout(
        (
            Column("tier", translated(_TIER, language)),
            Column("funded_by", translated(_FUNDED_BY, language)),
            Column("ends", translated(_ENDS, language)),
            Column("month_on", translated(_EXPIRY, language), Kind.DATE),
            Column("points", translated(_POINTS, language), Kind.POINTS, program.point_decimals),
            Column("worth", worth, Kind.MONEY, program.currency_decimals),
        ),
        totals=("points", "worth"),
        total_label=translated(_TOTAL, language),
    )
    return Sheet(
        translated(_OWED, language),
        layout,
        {
            "tier": pa.array([one.tier for one in parts], pa.string()),
            "funded_by": pa.array([one.funded_by or program.sponsor for one in parts], pa.string()),
            "ends": pa.array([translated(_ending(one), language) for one in parts], pa.string()),
            "month_on": pa.array([one.month_on for one in parts], pa.date32()),
            "points": pa.array([one.points for one in parts], pa.int64()),
            "worth": pa.array(worths_of(parts), pa.int64()),
        },
    )


def _ending(part: Part) -> str:
    if part.debt:
        return _DEBT
    if part.idle:
        return _IDLE
    return _NEVER if part.month_on is None else _ON_A_DAY


def _months(program: Program, months: Sequence[MonthOfBooks], language: str) -> Sheet:
    columns = [Column("month_on", translated(_MONTH, language), Kind.DATE)]
    filling: dict[str, pa.Array] = {"month_on": pa.array([one.month_on for one in months], pa.date32())}
    for name, word in _CHANGES.items():
        title = translated(word, language)
        worth = filled(translated(_WORTH_OF, language), {"what": title, "currency": program.currency})
        columns += [
            Column(name, title, Kind.POINTS, program.point_decimals),
            Column(f"{name}_worth", worth, Kind.MONEY, program.currency_decimals),
        ]
        changes = [getattr(one, name) for one in months]
        filling[name] = pa.array([change.points for change in changes], pa.int64())
        filling[f"{name}_worth"] = pa.array([change.worth_minor for change in changes], pa.int64())
    return Sheet(translated(_MONTHS, language), Layout(tuple(columns)), filling)


def file_name(program: Program, day: dt.date, language: str) -> str:
    """Name the workbook of a day."""
    return f"{program.code}-{translated(_LIABILITY, language).lower()}-{day.isoformat()}.xlsx"

"""The history of top-ups, for finance: as a workbook or CSV, sorted, with totals.

A top-up belongs to the day on which it was settled (loaded, failed or cancelled); one that is still open to the day on
which it was written down. Days are those of the programme's time zone.
"""

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Date, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from app.domain.states import TopUpKind, TopUpStatus
from app.exports.csvfile import write_csv
from app.exports.files import Written
from app.exports.tables import Column, Kind, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, Redemption, TopUp
from app.models.programs import Program
from prepaid.topups import points_of_top_up

Format: TypeAlias = Literal["xlsx", "csv"]

_PIECE_ROWS = 20_000
_NAMES = (
    "day",
    "program",
    "code",
    "name",
    "last4",
    "kind",
    "points",
    "amount",
    "currency",
    "status",
    "reference",
    "run",
    "batch",
    "tax_rule",
    "failure",
)


@dataclass(frozen=True)
class HistoryTotal:
    """How many top-ups of a currency and kind are in a state, and what they come to."""

    currency: str
    kind: TopUpKind
    status: TopUpStatus
    top_ups: int
    amount_minor: int
    decimals: int


@dataclass(frozen=True)
class Exported:
    """An export that was written, and what is in it. Amounts are in minor units, by currency."""

    written: Written
    totals: list[HistoryTotal] = field(default_factory=list)

    def amount_minor(self, *states: TopUpStatus) -> dict[str, int]:
        """Sum the top-ups by currency; of some states, or of all."""
        sums: dict[str, int] = {}
        for one in self.totals:
            if not states or one.status in states:
                sums[one.currency] = sums.get(one.currency, 0) + one.amount_minor
        return sums


@dataclass(frozen=True)
class _Scope:
    """Which programmes and days."""

    programs: Sequence[Program]
    from_on: dt.date
    to_on: dt.date

    @property
    def day(self) -> ColumnElement[dt.date]:
        """The day to which a top-up belongs."""
        return cast(func.timezone(Program.time_zone, self.instant), Date)

    @property
    def instant(self) -> ColumnElement[dt.datetime]:
        return func.coalesce(TopUp.settled_at, TopUp.created_at)

    def condition(self) -> ColumnElement[bool]:
        """Ask for the top-ups of the days, each programme by its own midnights."""
        return or_(
            *(
                and_(
                    Redemption.program_id == program.id,
                    self.instant >= _midnight(self.from_on, program.time_zone),
                    self.instant < _midnight(self.to_on + dt.timedelta(days=1), program.time_zone),
                )
                for program in self.programs
            )
        )


def _midnight(day: dt.date, time_zone: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(time_zone))


def export_top_ups(
    session: Session,
    path: Path,
    *,
    from_on: dt.date,
    to_on: dt.date,
    program: Program | None = None,
    fmt: Format = "xlsx",
) -> Exported:
    """Write the top-ups of some days, both included, of one programme or of all.

    They are sorted by day and programme, then as in the previews. The workbook has a second sheet with what is loaded,
    failed and open, by currency. Where there is one currency alone, the last row has the totals: of all rows, and of
    the money that is loaded. The points of a compensation are none, so that no point counts twice. CSV is written
    piece by piece.

    Raises:
        ValueError: The period ends before it begins, or there is no programme.
    """
    if from_on > to_on:
        raise ValueError(f"The period ends on {to_on}, before it begins on {from_on}.")
    programs = [program] if program is not None else list(session.scalars(select(Program).order_by(Program.id)))
    if not programs:
        raise ValueError("There is no programme yet.")
    scope = _Scope(programs, from_on, to_on)
    totals = _totals(session, scope)
    layout = _layout(programs, one_currency=len({one.currency for one in totals}) <= 1)
    pieces = _pieces(session, scope, programs)
    path.parent.mkdir(parents=True, exist_ok=True)
    if fmt == "csv":
        return Exported(write_csv(path, layout, pieces, totals=True), totals)
    columns = _joined(layout, pieces)
    sheets = [Sheet("Top-ups", layout, columns), Sheet("Totals", *_summary(programs, totals))]
    written = write_workbook(path, sheets)
    return Exported(Written(written.path, written.sha256, written.size, len(columns["day"]), written.cut_texts), totals)


def _decimals(programs: Sequence[Program]) -> int:
    """Give the decimals that amounts of all programmes fit."""
    return max(program.currency_decimals for program in programs)


def _layout(programs: Sequence[Program], *, one_currency: bool) -> Layout:
    point_decimals = max(program.point_decimals for program in programs)
    return Layout(
        (
            Column("day", "Date", Kind.DATE),
            Column("program", "Programme"),
            Column("code", "Distributor code"),
            Column("name", "Distributor"),
            Column("last4", "Card (last 4)"),
            Column("kind", "Kind"),
            Column("points", "Points", Kind.POINTS, decimals=point_decimals),
            Column("amount", "Amount", Kind.MONEY, decimals=_decimals(programs)),
            Column("loaded", "Loaded", Kind.MONEY, decimals=_decimals(programs)),
            Column("currency", "Currency"),
            Column("status", "Status"),
            Column("reference", "Reference"),
            Column("run", "Run", Kind.INTEGER),
            Column("batch", "Batch", Kind.INTEGER),
            Column("tax_rule", "Tax rule"),
            Column("failure", "Failure"),
        ),
        totals=("points", "amount", "loaded") if one_currency else (),
    )


def _pieces(session: Session, scope: _Scope, programs: Sequence[Program]) -> Iterator[dict[str, list[Any]]]:
    """Read the rows piece by piece: at no time are all of them in memory."""
    point_decimals, decimals = max(one.point_decimals for one in programs), _decimals(programs)
    amount_scale = {one.id: 10 ** (decimals - one.currency_decimals) for one in programs}
    point_scale = {one.id: 10 ** (point_decimals - one.point_decimals) for one in programs}
    rows: Any = session.execute(
        select(
            Program.id,
            scope.day,
            Program.code,
            Distributor.code,
            Distributor.name,
            Card.last4,
            TopUp.kind,
            points_of_top_up(),
            TopUp.amount_minor,
            Redemption.currency,
            TopUp.status,
            TopUp.reference,
            Redemption.run_id,
            TopUp.load_batch_id,
            Redemption.tax_rule,
            TopUp.failure,
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Program, Program.id == Redemption.program_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(Card, Card.id == TopUp.card_id)
        .where(scope.condition())
        .order_by(scope.day, Program.code, Redemption.id, TopUp.kind.desc(), TopUp.attempt)
        .execution_options(yield_per=_PIECE_ROWS)
    )
    empty = True
    for piece in rows.partitions():
        empty = False
        program_ids, *values = (list(column) for column in zip(*piece, strict=True))
        columns = dict(zip(_NAMES, values, strict=True))
        for name, scale in (("points", point_scale), ("amount", amount_scale)):
            columns[name] = [one * scale[owner] for one, owner in zip(columns[name], program_ids, strict=True)]
        columns["loaded"] = [
            amount if status is TopUpStatus.LOADED else 0
            for amount, status in zip(columns["amount"], columns["status"], strict=True)
        ]
        columns["kind"] = [one.value for one in columns["kind"]]
        columns["status"] = [one.value for one in columns["status"]]
        yield columns
    if empty:
        yield {name: [] for name in (*_NAMES, "loaded")}


def _joined(layout: Layout, pieces: Iterator[dict[str, list[Any]]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {column.key: [] for column in layout.columns}
    for piece in pieces:
        for key, values in columns.items():
            values.extend(piece[key])
    return columns


def _totals(session: Session, scope: _Scope) -> list[HistoryTotal]:
    rows = session.execute(
        select(
            Redemption.currency,
            TopUp.kind,
            TopUp.status,
            func.count(),
            func.sum(TopUp.amount_minor),
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Program, Program.id == Redemption.program_id)
        .where(scope.condition())
        .group_by(Redemption.currency, TopUp.kind, TopUp.status)
        .order_by(Redemption.currency, TopUp.kind.desc(), TopUp.status)
    )
    decimals = {one.currency: one.currency_decimals for one in scope.programs}
    return [HistoryTotal(*row[:4], int(row[4]), decimals[row[0]]) for row in rows]


def _summary(programs: Sequence[Program], totals: Sequence[HistoryTotal]) -> tuple[Layout, dict[str, list[Any]]]:
    decimals = _decimals(programs)
    layout = Layout(
        (
            Column("currency", "Currency"),
            Column("kind", "Kind"),
            Column("status", "Status"),
            Column("top_ups", "Top-ups", Kind.INTEGER),
            Column("amount", "Amount", Kind.MONEY, decimals=decimals),
        )
    )
    return layout, {
        "currency": [one.currency for one in totals],
        "kind": [one.kind.value for one in totals],
        "status": [one.status.value for one in totals],
        "top_ups": [one.top_ups for one in totals],
        "amount": [one.amount_minor * 10 ** (decimals - one.decimals) for one in totals],
    }

"""A described table: what each column is, so that every writer shows it alike.

Amounts, points and rates come in as integers in their smallest unit and leave as exact decimals. A float is refused.
"""

import enum
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from app.exports.cells import text_column

Rows: TypeAlias = pd.DataFrame | Mapping[str, Any]
"""A frame, or columns by key: lists, numpy or Arrow arrays, series."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Rows that come piece by piece, as often as they are read: a table may be larger than the memory."""

    read: Callable[[], Iterable[Rows]]


MOST_DECIMALS = 6


class Kind(enum.StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"  # integers in minor units; the column's decimals are the currency's
    POINTS = "points"  # integers in the smallest unit; the column's decimals are the programme's
    DATE = "date"
    INSTANT = "instant"  # aware; shown in the column's time zone
    PERCENT_BP = "percent_bp"  # integers in basis points


_WHOLE = frozenset({Kind.INTEGER, Kind.MONEY, Kind.POINTS, Kind.PERCENT_BP})
_SUMMED = frozenset({Kind.INTEGER, Kind.MONEY, Kind.POINTS})


class TableError(ValueError):
    """The rows do not fit the description of the table."""

    def __init__(self, key: str, text: str) -> None:
        """Name the column."""
        super().__init__(f"column {key!r}: {text}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: its name in the rows.
        header: what stands above it; the header of an instant is followed by its time zone.
        kind: what its values are.
        decimals: for money and points: how many digits of the integer stand after the point.
        zone: for instants: the time zone in which they are shown.
    """

    key: str
    header: str
    kind: Kind = Kind.TEXT
    decimals: int = 0
    zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse what cannot be shown."""
        if not 0 <= self.decimals <= MOST_DECIMALS or (self.decimals and self.kind not in {Kind.MONEY, Kind.POINTS}):
            raise TableError(self.key, f"{self.kind.value} with {self.decimals} decimals")
        if self.kind is Kind.INSTANT:
            zoneinfo.ZoneInfo(self.zone)

    @property
    def title(self) -> str:
        """Give the header as it is written."""
        return f"{self.header} ({self.zone})" if self.kind is Kind.INSTANT else self.header

    @property
    def whole(self) -> bool:
        """Say whether the values are integers."""
        return self.kind in _WHOLE


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table in their order, and which of them are summed.

    Attributes:
        columns: in the order in which they are written.
        totals: keys of the columns that are summed; empty: no row of totals.
        total_label: what stands first in that row, where the first column is not summed itself.
    """

    columns: tuple[Column, ...]
    totals: tuple[str, ...] = ()
    total_label: str = "Total"

    def __post_init__(self) -> None:
        """Refuse names that stand twice and sums that mean nothing."""
        for names in ([one.key for one in self.columns], [one.title for one in self.columns]):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise TableError(twice, "stands there twice")
        kinds = {one.key: one.kind for one in self.columns}
        for key in self.totals:
            if kinds.get(key) not in _SUMMED:
                raise TableError(key, "cannot be summed")

    def typed(self, rows: Rows) -> Any:
        """Give the rows as an Arrow table of this layout: text, 64-bit integers, days, instants in UTC.

        Raises:
            TableError: A column is missing, or its values are not what the layout says.
        """
        arrays = []
        for column in self.columns:
            if column.key not in rows:
                raise TableError(column.key, "is missing in the rows")
            arrays.append(_typed(column, rows[column.key]))
        if len({len(one) for one in arrays}) > 1:
            lengths = ", ".join(f"{column.key} {len(one)}" for column, one in zip(self.columns, arrays, strict=True))
            raise TableError(self.columns[0].key, f"the columns have different lengths: {lengths}")
        return pa.table(arrays, names=[one.key for one in self.columns])

    def sums(self, table: Any) -> dict[str, int]:
        """Sum the columns that have totals, exactly."""
        return {key: exact_sum(table.column(key)) for key in self.totals}


def exact_sum(values: Any) -> int:
    """Sum an Arrow array of integers without overflow; what is missing counts as zero."""
    extremes = pc.min_max(values).as_py()
    largest = max(abs(extremes["min"] or 0), abs(extremes["max"] or 0))
    if largest * len(values) < 1 << 63:
        return int(pc.sum(values).as_py() or 0)
    return sum(one for one in values.to_pylist() if one is not None)


def decimal_texts(values: Any, decimals: int) -> Any:
    """Write an Arrow array of integers as decimals with so many digits after the point: 12345 as ``123.45``. Exact."""
    if not decimals:
        return pc.cast(values, pa.large_string())
    wide = pc.cast(values, pa.decimal128(38, 0))
    chunks = wide.chunks if isinstance(wide, pa.ChunkedArray) else [wide]
    kind = pa.decimal128(38, decimals)  # the same integers, read as so many digits after the point
    shifted = [
        pa.Array.from_buffers(kind, len(one), one.buffers(), null_count=one.null_count, offset=one.offset)
        for one in chunks
    ]
    return pc.cast(pa.chunked_array(shifted, kind), pa.large_string())


def _typed(column: Column, values: Any) -> Any:
    try:
        if column.kind is Kind.TEXT:
            made = text_column(values)
        elif column.kind is Kind.DATE:
            made = _days(pa.array(values, from_pandas=True))
        elif column.kind is Kind.INSTANT:
            made = _instants(pa.array(values, from_pandas=True))
        else:
            made = _integers(pa.array(values, from_pandas=True))
    except (TypeError, ValueError, OverflowError) as error:  # pyarrow's own errors are ValueErrors and TypeErrors
        raise TableError(column.key, str(error)) from error
    return made


def _integers(made: Any) -> Any:
    if not (pa.types.is_integer(made.type) or pa.types.is_null(made.type)):
        raise TypeError(f"expected integers, found {made.type}")
    return pc.cast(made, pa.int64())


def _days(made: Any) -> Any:
    if pa.types.is_timestamp(made.type) and made.type.tz is None:
        days = pc.cast(made, pa.date32(), safe=False)
        if not pc.all(pc.equal(pc.cast(days, made.type), made)).as_py() and made.null_count < len(made):
            raise TypeError("expected days, found times of day")
        return days
    if not (pa.types.is_date(made.type) or pa.types.is_null(made.type)):
        raise TypeError(f"expected days, found {made.type}")
    return pc.cast(made, pa.date32())


def _instants(made: Any) -> Any:
    if pa.types.is_null(made.type):
        return pc.cast(made, pa.timestamp("us", "UTC"))
    if not pa.types.is_timestamp(made.type) or made.type.tz is None:
        raise TypeError(f"expected aware instants, found {made.type}")
    return pc.cast(made, pa.timestamp("us", "UTC"), safe=False)


def local_seconds(instants: Any, zone: str) -> Any:
    """Give instants in UTC as whole seconds in a time zone, still aware."""
    return pc.cast(pc.floor_temporal(instants, unit="second"), pa.timestamp("s", zone), safe=False)

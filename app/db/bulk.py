"""Loading columns into tables by binary COPY, and reading columns back: nothing here looks at a single row.

Measured (docs/decisions/0006): binary COPY of arrays costs PostgreSQL 1.4 µs a row and the client 0.3 µs; an INSERT
through the ORM costs 170 µs. A COPY takes two waits and 0.5 ms to begin, so a few rows go by one INSERT of arrays.
"""

import datetime as dt
import functools
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnClause,
    Connection,
    Date,
    DateTime,
    Executable,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    String,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.db.arrays import written
from app.db.driver import connection_of, driver_of, goes_together, send, together, translated
from app.db.prepared import DIALECT, Prepared

Array: TypeAlias = npt.NDArray[Any]

_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_EPOCH_DAYS = (dt.date(2000, 1, 1) - dt.date(1970, 1, 1)).days
_CHUNK = 1 << 20
FEW = 200
"""So many rows are sent by an INSERT in less time than a COPY needs to begin."""
_LENGTH = np.dtype(">i4")
"""Before each field stands its length; -1 says that it is NULL."""
_CACHED = 4096
"""Rows that are put together at once: they stay in the processor's cache meanwhile."""


@dataclass(frozen=True)
class Nullable:
    """Values of a column of which some are missing: where ``present`` is false, NULL is stored."""

    values: Array
    present: npt.NDArray[np.bool_]

    def present_values(self, name: str) -> Array:
        """Give the values that are there; ``name`` is the column's, for whoever marked too few or too many."""
        if len(self.values) != len(self.present):
            raise ValueError(f"column {name} has {len(self.values)} values, of which {len(self.present)} are marked")
        values: Array = self.values[self.present]
        return values


Column: TypeAlias = Array | Nullable | pa.Array | Sequence[str | bytes | None]
"""What ``copy_into`` takes: an array of numbers, dates (``datetime64[D]``) or instants (``datetime64[us]``,
UTC), or texts."""


def copy_into(session: Session, model: type[DeclarativeBase], columns: Mapping[str, Column]) -> int:
    """Append columns of equal length to a table, in the session's transaction. Returns the number of rows.

    Nothing is sent of columns of which one cannot be stored as it is: ``OverflowError`` where a number does not fit the
    column's type, or a date or an instant is none of the years 1 to 9999 (``NaT`` is none); ``TypeError`` where an
    array is of another kind than the column; ``ValueError`` where columns have different lengths. Texts must not hold
    NUL, which PostgreSQL cannot store. What the database refuses raises SQLAlchemy's errors, as with any statement.
    """
    table = table_of(model)
    connection = connection_of(session)
    if _rows_of(next(iter(columns.values()))) <= FEW or goes_together(connection):
        return _insert(connection, table, columns)
    return _copy(connection, table, iter((columns,)))


def copy_pieces(session: Session, model: type[DeclarativeBase], pieces: Iterable[Mapping[str, Column]]) -> int:
    """Append pieces of the same columns to a table by one COPY: the database takes one in while the next is made.

    Meanwhile nothing else can be asked of the session. As ``copy_into``; what cannot be stored as it is of a later
    piece than the first spoils the transaction.
    """
    return _copy(connection_of(session), table_of(model), iter(pieces))


def _copy(connection: Connection, table: Table, pieces: Iterator[Mapping[str, Column]]) -> int:
    first = next(pieces, None)
    if first is None:
        return 0
    names, rows = list(first), 0
    tuples = (_tuples(table, names, piece) for piece in chain((first,), pieces))
    piece = next(tuples)  # what cannot be stored is told before anything is sent
    listed = ", ".join(f'"{name}"' for name in names)
    statement = f'copy "{table.name}" ({listed}) from stdin (format binary)'
    with translated(connection, statement), driver_of(connection).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_HEADER)
        for count, body in chain((piece,), tuples):
            rows += count
            for start in range(0, len(body), _CHUNK):
                copy.write(body[start : start + _CHUNK])
        copy.write(_TRAILER)
    return rows


def _tuples(table: Table, names: Sequence[str], columns: Mapping[str, Column]) -> tuple[int, memoryview]:
    """Write columns as the tuples of a COPY, and say how many there are."""
    encoded = [_encode(table.c[name].type, columns[name], name) for name in names]
    rows = _common_length(names, encoded)
    return rows, _assemble(encoded, rows)


def stored_together(session: Session, rows: int) -> AbstractContextManager[None]:
    """Send what a block stores in one go where it is few rows: many go by COPY, each in its turn."""
    return together(session) if rows <= FEW else nullcontext()


def _rows_of(column: Column) -> int:
    return len(column.values if isinstance(column, Nullable) else column)


def _common_length(names: Sequence[str], columns: Sequence[Sized]) -> int:
    rows = len(columns[0])
    for name, column in zip(names, columns, strict=True):
        if len(column) != rows:  # numpy would give a single value to every row
            raise ValueError(f"column {name} has {len(column)} values, column {names[0]} has {rows}")
    return rows


def _insert(connection: Connection, table: Table, columns: Mapping[str, Column]) -> int:
    """Append a few rows by one statement: a column is an array."""
    names = tuple(columns)
    listed = [_listed(table.c[name].type, columns[name], name) for name in names]
    rows = _common_length(names, listed)
    if rows:
        send(connection, _inserting(table, names), [written(one) for one in listed])
    return rows


@functools.cache
def _inserting(table: Table, names: tuple[str, ...]) -> str:
    into = ", ".join(f'"{name}"' for name in names)
    arrays = ", ".join(f"%s::{_array_type(table.c[name].type)}[]" for name in names)
    return f'insert into "{table.name}" ({into}) select * from unnest({arrays})'  # noqa: S608  # the models' names


def _array_type(kind: TypeEngine[Any]) -> str:
    """Name a column's type; of texts without their length, to which a longer text would be cut in silence."""
    kind = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return "text" if isinstance(kind, String) else kind.compile(DIALECT)


def _listed(kind: TypeEngine[Any], column: Column, name: str) -> list[Any]:
    """Give a column's values one by one, None where there is none, as ``_encode`` would store them."""
    number = _number_of(kind)
    if number is None:
        if isinstance(column, Nullable):
            raise TypeError(f"column {name}: a missing text is None")
        return column.to_pylist() if isinstance(column, pa.Array) else list(column)
    if not isinstance(column, Nullable):
        values = np.asarray(column)
        _numbers(number, values, name)
        return list(values.tolist())
    _numbers(number, column.present_values(name), name)
    marked = zip(column.values.tolist(), column.present.tolist(), strict=True)
    return [value if there else None for value, there in marked]


def read_columns(session: Session, query: Executable, types: Mapping[str, str]) -> dict[str, Array]:
    """Run a query and give its columns as arrays: ``types`` maps each selected name, in order, to a numpy type.

    Missing values have no place in an array of integers: select ``coalesce`` where a column may be NULL.
    """
    return columns_of(session.execute(query).all(), types)


def read_numbers(session: Session, query: Select[*tuple[Any, ...]], names: Sequence[str]) -> dict[str, Array]:
    """Run a query that selects whole numbers of 64 bits alone, none of them missing, and give them as columns.

    PostgreSQL lays each column out as one array, whose bytes are read as they are: nothing looks at a single row.
    """
    rows = query.subquery()
    packed = session.execute(select(*(func.array_send(func.array_agg(column)) for column in rows.c))).one()
    return {name: _unpacked(name, body) for name, body in zip(names, packed, strict=True)}


_PACKED = np.dtype([("length", ">i4"), ("value", ">i8")])
_PACKED_HEADER = 20
"""Of an array of one dimension: how many there are, whether any is NULL, their type, how many, where they begin."""


def _unpacked(name: str, body: bytes | None) -> Array:
    if body is None:
        return np.empty(0, dtype=np.int64)
    count = int.from_bytes(body[12:16], "big")
    if len(body) != _PACKED_HEADER + count * _PACKED.itemsize:
        raise TypeError(f"column {name}: whole numbers of 64 bits are read, and none may be missing")
    return np.frombuffer(body, dtype=_PACKED, offset=_PACKED_HEADER)["value"].astype(np.int64)


def columns_of(rows: Sequence[Sequence[Any]], types: Mapping[str, str]) -> dict[str, Array]:
    """Turn rows into columns, as ``read_columns`` does."""
    if not rows:
        return {name: np.empty(0, dtype=kind) for name, kind in types.items()}
    return {
        name: np.array(values, dtype=types[name]) for name, values in zip(types, zip(*rows, strict=True), strict=True)
    }


def table_of(model: type[DeclarativeBase]) -> Table:
    """Give a mapped class's table, for statements that go to the database as they are."""
    assert isinstance(model.__table__, Table), "a mapped class has a table of its own"
    return model.__table__


def new_ids(session: Session, model: type[DeclarativeBase], count: int) -> npt.NDArray[np.int64]:
    """Draw keys from a table's sequence, rising. Other sessions may draw between them."""
    return ask_new_ids(session, model, count)()


def ask_new_ids(session: Session, model: type[DeclarativeBase], count: int) -> Callable[[], npt.NDArray[np.int64]]:
    """Draw keys as ``new_ids`` does; within `app.db.driver.together` they may come when they are called for."""
    if count == 0:
        return lambda: np.zeros(0, dtype=np.int64)
    drawn = _drawing(table_of(model)).ask(session, count=count)

    def ids() -> npt.NDArray[np.int64]:
        low, high, listed = drawn()[0]
        return np.arange(low, high + 1) if listed is None else np.sort(np.asarray(listed, dtype=np.int64))

    return ids


@functools.cache
def _drawing(table: Table) -> Prepared:
    # a constant: of a parameter, PostgreSQL would look up for every key which sequence it names
    name = f"'{table.name}_{next(iter(table.primary_key)).name}_seq'::regclass"
    sequence: ColumnClause[Any] = literal_column(name)
    count = bindparam("count", type_=BigInteger)
    drawn = select(func.nextval(sequence).label("id")).select_from(func.generate_series(1, count)).subquery()
    first, last = func.min(drawn.c.id), func.max(drawn.c.id)
    # only where somebody drew between do the keys have to be told one by one
    return Prepared(select(first, last, case((last - first < count, None), else_=func.array_agg(drawn.c.id))))


def given_rows(**kinds: TypeEngine[Any]) -> FromClause:
    """Give a statement that is built once a table, whose columns are told each time it runs: see ``given``."""
    told = [bindparam(f"given_{name}", type_=ARRAY(kind)) for name, kind in kinds.items()]
    return func.unnest(*told).table_valued(*kinds).render_derived()


def given(**columns: Array | Sequence[str]) -> dict[str, Array | Sequence[str]]:
    """Tell a statement the columns of its ``given_rows``."""
    return {f"given_{name}": values for name, values in columns.items()}


def rows_of(**columns: Array | Sequence[str | None]) -> FromClause:
    """Give columns to a statement as a table, to join with or to update from.

    Whole numbers and dates come as arrays, texts as lists; a text may be missing.
    """
    parts = []
    for values in columns.values():
        kind: TypeEngine[Any] = Text()
        if isinstance(values, np.ndarray):
            kind = Date() if values.dtype.kind == "M" else BigInteger()
        parts.append(literal(list(values) if not isinstance(values, np.ndarray) else values.tolist(), ARRAY(kind)))
    return func.unnest(*parts).table_valued(*columns).render_derived()


@dataclass(frozen=True)
class _Fixed:
    """A column that has the same width in every row: whole numbers, and the type in which COPY wants them."""

    number: np.dtype[Any]
    values: Array

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class _Varying:
    """A column whose width varies: each row's length (-1: NULL), and the bytes of all rows one after the other."""

    lengths: npt.NDArray[np.int64]
    data: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True)
class _Missing:
    """A column that has nothing in any row."""

    rows: int

    def __len__(self) -> int:
        return self.rows


_Encoded: TypeAlias = _Fixed | _Varying | _Missing


@dataclass(frozen=True)
class _Number:
    """How PostgreSQL stores a type of fixed width: as which whole number, and which of them it may be."""

    dtype: np.dtype[Any]
    least: int
    most: int
    unit: str = ""
    """Of a date or an instant: what the array counts since 1970."""
    epoch: int = 0
    """Where PostgreSQL begins to count."""


def _whole(dtype: str) -> _Number:
    limits = np.iinfo(np.dtype(dtype))
    return _Number(np.dtype(dtype), int(limits.min), int(limits.max))


_DAY = 86_400_000_000
_FIRST_DAY = (dt.date.min - dt.date(1970, 1, 1)).days
_LAST_DAY = (dt.date.max - dt.date(1970, 1, 1)).days
_NUMBERS: Sequence[tuple[type[TypeEngine[Any]], _Number]] = (
    (BigInteger, _whole(">i8")),
    (SmallInteger, _whole(">i2")),
    (Integer, _whole(">i4")),
    (Boolean, _Number(np.dtype("i1"), 0, 1)),
    # the years that Python has: PostgreSQL takes more, and nobody here could read them back
    (Date, _Number(np.dtype(">i4"), _FIRST_DAY, _LAST_DAY, "D", _EPOCH_DAYS)),
    (DateTime, _Number(np.dtype(">i8"), _FIRST_DAY * _DAY, (_LAST_DAY + 1) * _DAY - 1, "us", _EPOCH_DAYS * _DAY)),
)
"""The first that fits a column's type counts: large and small integers are integers as well."""


@functools.cache
def _number_of(kind: TypeEngine[Any]) -> _Number | None:
    """Say how a column's type is stored; None: as a text."""
    stored = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return next((number for of, number in _NUMBERS if isinstance(stored, of)), None)


def _encode(kind: TypeEngine[Any], column: Column, name: str) -> _Encoded:
    number = _number_of(kind)
    if number is None:
        return _encode_texts(kind, column, name)
    if not isinstance(column, Nullable):
        return _Fixed(number.dtype, _numbers(number, np.asarray(column), name))
    present = _numbers(number, column.present_values(name), name).astype(number.dtype)
    if len(present) == len(column.values):
        return _Fixed(number.dtype, present)
    if not len(present):
        return _Missing(len(column.values))
    lengths = np.where(column.present, number.dtype.itemsize, -1).astype(np.int64)
    return _Varying(lengths, present.view(np.uint8).reshape(-1))


def _numbers(number: _Number, values: Array, name: str) -> Array:
    """Give values as the whole numbers that PostgreSQL stores; what it would store as something else is an error."""
    if number.unit:
        if values.dtype != np.dtype(f"M8[{number.unit}]"):
            raise TypeError(f"column {name}: stored from datetime64[{number.unit}], not from {values.dtype}")
        whole = values.astype(np.int64)
    elif values.dtype.kind in "iub":
        whole = values
    else:
        raise TypeError(f"column {name}: numbers are stored from integer arrays, not from {values.dtype}")
    if whole.size and not _all_fit(number, whole.dtype) and (whole.min() < number.least or whole.max() > number.most):
        raise OverflowError(f"column {name}: {values.min()} to {values.max()} does not fit its type")
    return whole - number.epoch if number.epoch else whole


@functools.cache
def _all_fit(number: _Number, dtype: np.dtype[Any]) -> bool:
    """Say whether whatever an array of this type holds can be stored: then nobody need look."""
    if dtype.kind == "b":
        return True
    limits = np.iinfo(dtype)
    return number.least <= limits.min and limits.max <= number.most


def _encode_texts(kind: TypeEngine[Any], column: Column, name: str) -> _Varying | _Missing:
    if isinstance(column, Nullable):
        raise TypeError(f"column {name}: a missing text is None")
    if isinstance(column, np.ndarray):
        column = column.tolist()
    if not isinstance(column, pa.Array) and column.count(None) == len(column):
        return _Missing(len(column))
    if isinstance(column, pa.Array):
        array = (
            column.cast(pa.large_binary()) if pa.types.is_large_binary(column.type) else column.cast(pa.large_string())
        )
        array = array.cast(pa.large_binary())
    elif isinstance(kind, LargeBinary | JSONB):
        array = pa.array(column, type=pa.large_binary())  # of texts it stores the UTF-8
    else:
        array = pa.array(column, type=pa.large_string()).cast(pa.large_binary())
    if isinstance(kind, JSONB):
        # the binary form of jsonb is its version, 1, before the text
        array = pc.binary_join_element_wise(pa.scalar(b"\x01", pa.large_binary()), array, pa.scalar(b"", array.type))
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    buffer = array.buffers()[2]
    data = (
        np.frombuffer(buffer, dtype=np.uint8)[offsets[0] : offsets[-1]] if buffer is not None else np.empty(0, np.uint8)
    )
    lengths = np.diff(offsets)
    if array.null_count:
        lengths = np.where(np.asarray(array.is_valid()), lengths, -1)
    return _Varying(lengths, data)


def _assemble(columns: Sequence[_Encoded], rows: int) -> memoryview:
    """Interleave encoded columns into COPY tuples: a field count, then each field's length and bytes."""
    parts: list[pa.Array] = []
    pending: list[tuple[np.dtype[Any], Array | int]] = [(np.dtype(">i2"), len(columns))]
    for column in columns:
        if isinstance(column, _Fixed):
            pending += [(_LENGTH, column.number.itemsize), (column.number, column.values)]
        elif isinstance(column, _Missing):
            pending.append((_LENGTH, -1))
        else:
            pending.append((_LENGTH, column.lengths))
            parts += [_block(pending, rows), _binary(np.maximum(column.lengths, 0), column.data)]
            pending = []
    if pending:
        parts.append(_block(pending, rows))
    joined = pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.large_binary())) if len(parts) > 1 else parts[0]
    return memoryview(joined.buffers()[2])


def _block(fields: Sequence[tuple[np.dtype[Any], Array | int]], rows: int) -> pa.Array:
    """Lay neighbouring fields of fixed width side by side; a single value is that of every row."""
    stored = np.dtype([(f"f{at}", kind) for at, (kind, _) in enumerate(fields)])
    same = np.array([tuple(one if isinstance(one, int) else 0 for _, one in fields)], dtype=stored)
    block = np.empty((rows, stored.itemsize), dtype=np.uint8)
    swapped = block.reshape(-1).view(stored.newbyteorder())
    for start in range(0, rows, _CACHED):
        part = slice(start, start + _CACHED)
        block[part] = same.view(np.uint8)
        for at, (kind, values) in enumerate(fields):
            if not isinstance(values, int):  # swapped side by side, which is quicker than on the way
                swapped[f"f{at}"][part] = values[part].astype(kind.newbyteorder()).byteswap()
    return _binary(np.full(rows, stored.itemsize), block.reshape(-1))


def _binary(lengths: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> pa.Array:
    """Give bytes that lie one after the other as a column of them."""
    offsets = np.append(0, np.cumsum(lengths))
    return pa.Array.from_buffers(pa.large_binary(), len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(data)])

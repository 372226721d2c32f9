"""Bulk loading: what goes in by COPY comes out the same, and what cannot go in whole does not go in at all."""

import datetime as dt
import enum
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    create_engine,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.db import bulk
from app.db.bulk import Nullable, copy_into, copy_pieces, new_ids, read_columns, rows_of
from app.db.types import Coded, Named
from app.local.servers import Addresses
from app.models.programs import Program
from tests.app.domain.profiles import searching
from tests.support.databases import sessions_of


class Colour(enum.IntEnum):
    """A state that is stored as a number."""

    RED = 1
    BLUE = 2


class Shape(enum.StrEnum):
    """A state that is stored as a text."""

    ROUND = "round"
    FLAT = "flat"


class Base(DeclarativeBase):
    """Of the tests alone: nothing of this is in the project's metadata."""


class Everything(Base):
    """A column of every type that a table of ours has."""

    __tablename__ = "everything"
    __table_args__ = (CheckConstraint("big <> 13", name="unlucky"), {"prefixes": ["TEMPORARY"]})

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    big: Mapped[int | None] = mapped_column(BigInteger)
    whole: Mapped[int | None] = mapped_column(Integer)
    small: Mapped[int | None] = mapped_column(SmallInteger)
    flag: Mapped[bool | None]
    on: Mapped[dt.date | None]
    at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    words: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(String(64))
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    told: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    colour: Mapped[Colour | None] = mapped_column(Coded(Colour))
    shape: Mapped[Shape | None] = mapped_column(Named(Shape))


class Strided(Base):
    """A table whose keys have gaps, as where others draw between."""

    __tablename__ = "strided"
    __table_args__ = ({"prefixes": ["TEMPORARY"]},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(increment=3), primary_key=True)


TABLE = Everything.__table__
COLUMNS = [column.name for column in TABLE.columns]


@pytest.fixture(scope="module")
def sessions(addresses: Addresses) -> Iterator[Session]:
    """A session whose own temporary table has every type."""
    with sessions_of(addresses.database_url) as (_, registry):
        session: Session = registry()
        Base.metadata.create_all(session.connection())
        session.commit()
        yield session
        session.rollback()


@pytest.fixture(params=[bulk.FEW, -1], ids=["few", "many"])
def session(sessions: Session, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Everything holds whether it goes in as few rows, by an INSERT, or as many, by COPY."""
    monkeypatch.setattr(bulk, "FEW", request.param)
    yield sessions
    sessions.rollback()
    sessions.execute(text("truncate everything"))
    sessions.commit()


def _rows(session: Session) -> list[tuple[Any, ...]]:
    """Read the table with SQLAlchemy's own types, by id."""
    return [tuple(row) for row in session.execute(select(*TABLE.columns).order_by(TABLE.c.id))]


def signed(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


# PostgreSQL's texts hold every character but NUL; and a lone surrogate is not a character
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(WORDS, below, max_size=3),
    max_leaves=5,
)
# a JSON null is not the database's NULL, and reads as None like it
ROW = st.fixed_dictionaries(
    {
        "big": maybe(signed(64).filter(lambda number: number != 13)),
        "whole": maybe(signed(32)),
        "small": maybe(signed(16)),
        "flag": maybe(st.booleans()),
        "on": maybe(st.dates()),
        "at": maybe(st.datetimes(timezones=st.just(dt.UTC))),
        "words": maybe(WORDS),
        "code": maybe(WORDS),
        "raw": maybe(st.binary(max_size=12)),
        "told": maybe(NESTED.filter(lambda value: value is not None)),
        "colour": maybe(st.sampled_from(Colour)),
        "shape": maybe(st.sampled_from(Shape)),
    }
)

DTYPES = {
    "big": "int64",
    "whole": "int32",
    "small": "int16",
    "flag": "bool",
    "on": "datetime64[D]",
    "at": "datetime64[us]",
    "colour": "int8",
}


def _array(values: Sequence[Any], dtype: str) -> Any:
    plain = [value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value for value in values]
    return np.array(plain, dtype=dtype)


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Lay rows out as a caller does: numbers as arrays, with what is missing marked; texts as lists."""
    columns: dict[str, Any] = {"id": np.arange(1, len(rows) + 1)}
    for name in ROW_NAMES:
        values = [row[name] for row in rows]
        present = np.array([value is not None for value in values], dtype=bool)
        if name in DTYPES:
            filler = next((value for value in values if value is not None), _FILLER[name])
            array = _array([filler if value is None else value for value in values], DTYPES[name])
            columns[name] = array if present.all() else Nullable(array, present)
        elif name == "told":
            columns[name] = [None if value is None else json.dumps(value) for value in values]
        else:
            columns[name] = values
    return columns


ROW_NAMES = [name for name in COLUMNS if name != "id"]
_FILLER = {
    "big": 0,
    "whole": 0,
    "small": 0,
    "flag": False,
    "on": dt.date(1970, 1, 1),
    "at": dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
    "colour": 1,
}


def test_what_goes_in_comes_out_the_same(session: Session) -> None:
    """Read back by SQLAlchemy, which knows nothing of how it went in."""

    @searching(60)
    @given(st.lists(ROW, max_size=8))
    def whatever_it_is(rows: list[dict[str, Any]]) -> None:
        saved = session.begin_nested()
        assert copy_into(session, Everything, _columns(rows)) == len(rows)
        assert _rows(session) == [
            (number, *(row[name] for name in ROW_NAMES)) for number, row in enumerate(rows, start=1)
        ]
        saved.rollback()

    whatever_it_is()


def test_nothing_can_go_in(session: Session) -> None:
    assert copy_into(session, Everything, {"id": np.arange(0), "words": []}) == 0
    assert _rows(session) == []


def test_columns_that_are_left_out_take_their_default(session: Session) -> None:
    assert copy_into(session, Everything, {"big": np.array([5, 6])}) == 2
    assert [row[1] for row in _rows(session)] == [5, 6]
    assert {row[2:] for row in _rows(session)} == {(None,) * 11}


def test_pieces_go_in_one_after_the_other(session: Session) -> None:
    def pieces(*sizes: int) -> Iterator[dict[str, Any]]:
        for size in sizes:
            yield {"big": np.arange(size), "told": [json.dumps([size])] * size}

    assert copy_pieces(session, Everything, pieces(2, 0, 3)) == 5
    assert [(row[1], row[10]) for row in _rows(session)] == [(0, [2]), (1, [2]), (0, [3]), (1, [3]), (2, [3])]
    assert copy_pieces(session, Everything, pieces()) == 0
    with pytest.raises(TypeError, match="column big"), session.begin_nested():
        copy_pieces(session, Everything, [{"big": np.arange(1)}, {"big": np.arange(1.0)}])
    assert len(_rows(session)) == 5


def test_more_than_a_chunk_goes_in_whole(session: Session) -> None:
    """Texts of every length around numbers: 6 MB, some times what is written at once."""
    count = 12_000
    words = ["ł" * (number % 500) for number in range(count)]
    numbers = np.arange(count, dtype=np.int64)
    columns = {"id": numbers, "words": words, "whole": numbers.astype(np.int32), "code": [str(n) for n in range(count)]}
    assert copy_into(session, Everything, columns) == count
    summed = session.execute(
        select(
            func.count(),
            func.sum(func.length(TABLE.c.words)),
            func.count().filter(func.length(TABLE.c.words) == TABLE.c.id % 500),
            func.count().filter(TABLE.c.whole == TABLE.c.id),
            func.count().filter(TABLE.c.code == TABLE.c.id.cast(Text)),
        )
    ).one()
    assert tuple(summed) == (count, sum(len(one) for one in words), count, count, count)


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_a_number_is_the_same_whatever_the_width_of_its_array(session: Session, kind: str) -> None:
    values = np.array([0, 1, 100], dtype=kind)
    copy_into(session, Everything, {"id": values, "big": values, "whole": values, "small": values})
    assert [row[:4] for row in _rows(session)] == [(n, n, n, n) for n in (0, 1, 100)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("small", np.array([1, 2**15])),
        ("small", np.array([1, 2**15], dtype=np.uint16)),
        ("small", np.array([-(2**15) - 1, 1])),
        ("whole", np.array([1, 2**31])),
        ("whole", np.array([1, 2**31], dtype=np.uint32)),
        ("whole", np.array([-(2**31) - 1, 1])),
        ("big", np.array([1, 2**63], dtype=np.uint64)),
        ("colour", np.array([1, 2**15])),
        ("flag", np.array([1, 2])),
        ("flag", np.array([-1, 0])),
        ("on", np.array(["2026-01-01", "6000000-01-01"], dtype="datetime64[D]")),
        ("on", np.array(["2026-01-01", "NaT"], dtype="datetime64[D]")),
        ("at", np.array(["2026-01-01", "NaT"], dtype="datetime64[us]")),
        ("at", np.array([0, 2**63 - 1], dtype="datetime64[us]")),
        ("at", np.array([0, -(2**63) + 1], dtype="datetime64[us]")),
        ("at", np.array(["0000-12-31", "2026-01-01"], dtype="datetime64[us]")),
        ("on", np.array(["2026-01-01", "10000-01-01"], dtype="datetime64[D]")),
    ],
)
def test_what_does_not_fit_is_an_error_before_anything_is_sent(session: Session, column: str, values: Any) -> None:
    """Also under the marked ones of a column with missing values."""
    for given_ in (values, Nullable(values, np.array([True, True]))):
        with pytest.raises(OverflowError, match=column):
            copy_into(session, Everything, {"id": np.arange(2), column: given_})
    assert _rows(session) == []  # the transaction goes on: the database was not asked


def test_what_does_not_fit_where_nothing_is_stored_does_not_matter(session: Session) -> None:
    masked = Nullable(np.array([1, 2**40]), np.array([True, False]))
    copy_into(session, Everything, {"id": np.arange(2), "whole": masked})
    assert [row[2] for row in _rows(session)] == [1, None]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("big", np.array([1.0, 2.0])),
        ("big", np.array(["1", "2"])),
        ("big", np.array([1, None], dtype=object)),
        ("big", np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[D]")),
        ("on", np.array([1, 2])),
        ("on", np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[us]")),
        ("at", np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[D]")),
        ("at", np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[ns]")),
        ("at", np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[s]")),
        ("at", np.array([1, 2])),
        ("words", Nullable(np.array([1, 2]), np.array([True, False]))),
    ],
)
def test_what_is_of_another_kind_is_an_error_before_anything_is_sent(
    session: Session, column: str, values: Any
) -> None:
    with pytest.raises(TypeError, match=column):
        copy_into(session, Everything, {"id": np.arange(2), column: values})
    assert _rows(session) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(3), np.arange(2)),
        (np.arange(3), np.arange(1)),
        (np.arange(0), np.arange(2)),
        (np.arange(3), Nullable(np.arange(2), np.array([True, False]))),
        (np.arange(3), Nullable(np.arange(1), np.array([True]))),
        (np.arange(3), Nullable(np.arange(3), np.array([True]))),
    ],
)
def test_columns_of_different_lengths_are_an_error(session: Session, one: Any, other: Any) -> None:
    """Even one value, which an array would give to every row."""
    with pytest.raises(ValueError, match="column big has"):
        copy_into(session, Everything, {"id": one, "big": other})
    with pytest.raises(ValueError, match="column words has"):
        copy_into(session, Everything, {"id": one, "words": ["a"] * (len(one) + 1)})
    assert _rows(session) == []


def test_texts_come_from_arrow_as_well(session: Session) -> None:
    """Whole, sliced, in either width, with what is missing."""
    words = pa.array(["zażółć", None, "", "gęślą", "jaźń"])
    for array, wanted in (
        (words, ["zażółć", None, "", "gęślą", "jaźń"]),
        (words.slice(1, 3), [None, "", "gęślą"]),
        (words.cast(pa.large_string()).slice(3), ["gęślą", "jaźń"]),
        (words.dictionary_encode(), ["zażółć", None, "", "gęślą", "jaźń"]),
        (pa.array([None, None], type=pa.string()), [None, None]),
    ):
        saved = session.begin_nested()
        copy_into(session, Everything, {"id": np.arange(len(array)), "words": array})
        assert [row[7] for row in _rows(session)] == wanted
        saved.rollback()


def test_texts_come_from_an_array_of_objects_as_well(session: Session) -> None:
    copy_into(session, Everything, {"id": np.arange(3), "words": np.array(["a", None, ""], dtype=object)})
    assert [row[7] for row in _rows(session)] == ["a", None, ""]


def test_bytes_that_are_no_text_come_through(session: Session) -> None:
    raw = [bytes(range(256)), b"", None]
    copy_into(session, Everything, {"id": np.arange(3), "raw": raw})
    assert [row[9] for row in _rows(session)] == raw


def test_a_text_with_nul_is_refused_as_the_database_refuses_it(session: Session) -> None:
    with pytest.raises(DataError), session.begin_nested():
        copy_into(session, Everything, {"id": np.arange(1), "words": ["a\0b"]})
    assert _rows(session) == []


def test_what_is_no_json_is_refused_as_the_database_refuses_it(session: Session) -> None:
    with pytest.raises(DataError), session.begin_nested():
        copy_into(session, Everything, {"id": np.arange(1), "told": ["{"]})


def test_a_key_that_is_there_is_the_error_it_is_everywhere(session: Session) -> None:
    copy_into(session, Everything, {"id": np.array([1, 2])})
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        copy_into(session, Everything, {"id": np.array([3, 2])})
    assert refused.value.orig.sqlstate == "23505"  # type: ignore[union-attr]
    assert ("copy" if bulk.FEW < 0 else "insert") in str(refused.value)
    assert [row[0] for row in _rows(session)] == [1, 2]


def test_a_check_that_fails_is_the_error_it_is_everywhere(session: Session) -> None:
    with pytest.raises(IntegrityError, match="unlucky"), session.begin_nested():
        copy_into(session, Everything, {"id": np.array([1]), "big": np.array([13])})


def test_a_column_that_is_not_there_is_an_error_before_anything_is_sent(session: Session) -> None:
    with pytest.raises(KeyError, match="colours"):
        copy_into(session, Everything, {"id": np.array([1]), "colours": np.array([1])})


def test_what_went_in_is_undone_with_the_transaction(session: Session) -> None:
    copy_into(session, Everything, {"id": np.array([1])})
    session.rollback()
    assert _rows(session) == []


def test_a_connection_that_was_lost_is_let_go_and_the_next_one_works(addresses: Addresses, code: str) -> None:
    """As with any statement: an OperationalError, and after the rollback the session goes on with another."""
    killer = create_engine(addresses.database_url)
    with sessions_of(addresses.database_url) as (_, registry), killer.connect() as other:
        session: Session = registry()
        process = session.scalar(select(func.pg_backend_pid()))
        other.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": process}).scalar_one()
        with pytest.raises(OperationalError) as lost:
            copy_into(session, Program, {"code": [code], "name": ["of columns that never arrive"]})
        assert lost.value.connection_invalidated
        session.rollback()
        assert session.scalar(select(func.pg_backend_pid())) != process
    killer.dispose()


def test_new_ids_rise_and_are_nobody_elses(addresses: Addresses) -> None:
    with sessions_of(addresses.database_url) as (_, one), sessions_of(addresses.database_url) as (_, other):
        drawn = [new_ids(registry(), Program, 50) for registry in (one, other, one)]
        for ids in drawn:
            assert ids.dtype == np.int64
            assert (np.diff(ids) > 0).all()
        together = np.concatenate(drawn)
        assert len(np.unique(together)) == 150
        assert len(new_ids(one(), Program, 0)) == 0


def test_ids_between_which_others_were_drawn_are_told_one_by_one(session: Session) -> None:
    first, *others = new_ids(session, Strided, 3).tolist()
    assert others == [first + 3, first + 6]
    assert new_ids(session, Strided, 1).tolist() == [first + 9]


def test_columns_are_read_as_the_types_that_are_asked_for(session: Session) -> None:
    copy_into(
        session,
        Everything,
        {
            "id": np.array([1, 2]),
            "small": np.array([7, 8]),
            "on": np.array(["2026-02-28", "0001-01-01"], dtype="datetime64[D]"),
            "words": ["a", "b"],
        },
    )
    types = {"id": "int64", "small": "int16", "on": "datetime64[D]", "words": "object"}
    query = select(*(TABLE.c[name] for name in types)).order_by(TABLE.c.id)
    found = read_columns(session, query, types)
    assert {name: array.dtype.name for name, array in found.items()} == types
    assert found["small"].tolist() == [7, 8]
    assert found["on"].tolist() == [dt.date(2026, 2, 28), dt.date(1, 1, 1)]
    nothing = read_columns(session, query.where(TABLE.c.id < 0), types)
    assert {name: (array.dtype.name, len(array)) for name, array in nothing.items()} == {
        name: (kind, 0) for name, kind in types.items()
    }


def test_a_column_with_nothing_in_it_is_not_read_as_a_number(session: Session) -> None:
    copy_into(session, Everything, {"id": np.array([1])})
    with pytest.raises(TypeError):
        read_columns(session, select(TABLE.c.big), {"big": "int64"})


def test_columns_are_given_to_a_statement_as_a_table(session: Session) -> None:
    days = np.array(["2026-02-28", "2026-03-01"], dtype="datetime64[D]")
    given_ = rows_of(number=np.array([2**40, -1]), day=days, word=["ł", "'; drop table program"])
    rows = session.execute(select(given_.c.number, given_.c.day, given_.c.word)).all()
    assert [tuple(row) for row in rows] == [
        (2**40, dt.date(2026, 2, 28), "ł"),
        (-1, dt.date(2026, 3, 1), "'; drop table program"),
    ]
    assert session.execute(select(rows_of(number=np.arange(0)).c.number)).all() == []


def test_errors_of_the_database_are_those_of_any_statement(session: Session) -> None:
    with pytest.raises(DBAPIError) as by_statement, session.begin_nested():
        session.execute(text("insert into everything (id, big) values (1, 13)"))
    with pytest.raises(DBAPIError) as by_copy, session.begin_nested():
        copy_into(session, Everything, {"id": np.array([1]), "big": np.array([13])})
    assert type(by_copy.value) is type(by_statement.value)
    assert type(by_copy.value.orig) is type(by_statement.value.orig)

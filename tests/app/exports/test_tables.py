"""Described tables: what fits a layout, exact decimals and exact sums."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.measures.money import decimal_text
from app.exports.tables import Column, Kind, Layout, TableError, decimal_texts, exact_sum

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)


def one(kind: Kind, values: Any, **said: Any) -> list[Any]:
    layout = Layout((Column("x", "X", kind, **said),))
    made: list[Any] = layout.typed({"x": values}).column("x").to_pylist()
    return made


@given(value=st.integers(-(10**18), 10**18), decimals=st.integers(0, 6))
def test_integers_become_exact_decimals(value: int, decimals: int) -> None:
    exact = f"{Decimal(value).scaleb(-decimals):.{decimals}f}" if value or not decimals else f"0.{'0' * decimals}"
    assert decimal_text(value, decimals) == exact
    assert decimal_texts(pa.chunked_array([[value, None], [], [value]]), decimals).to_pylist() == [exact, None, exact]


def test_a_slice_of_a_column_becomes_its_own_decimals() -> None:
    column = pa.chunked_array([[1, 2, 3, None, 5]]).slice(2, 2)
    assert decimal_texts(column, 2).to_pylist() == ["0.03", None]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=50))
def test_sums_do_not_overflow(values: list[int | None]) -> None:
    assert exact_sum(pa.chunked_array([values], pa.int64())) == sum(value or 0 for value in values)


@pytest.mark.parametrize(
    ("kind", "values", "made"),
    [
        (Kind.TEXT, ["a", None], ["a", None]),
        (Kind.TEXT, pd.Series(["a", None]), ["a", None]),
        (Kind.TEXT, pd.Series(["a", "b", "a"], dtype="category"), ["a", "b", "a"]),
        (Kind.TEXT, [None, None], [None, None]),
        (Kind.INTEGER, np.array([1, 2], dtype=np.int32), [1, 2]),
        (Kind.MONEY, pd.Series([1, None], dtype="Int64"), [1, None]),
        (Kind.POINTS, [2**62, -1], [2**62, -1]),
        (Kind.DATE, [dt.date(2026, 1, 5), None], [dt.date(2026, 1, 5), None]),
        (Kind.DATE, np.array(["2026-01-05"], dtype="datetime64[D]"), [dt.date(2026, 1, 5)]),
        (Kind.DATE, pd.to_datetime(pd.Series(["2026-01-05", None])), [dt.date(2026, 1, 5), None]),
        (Kind.INSTANT, [NOON, None], [NOON, None]),
        (Kind.INSTANT, pd.Series([NOON]), [NOON]),
        (Kind.INSTANT, [NOON.astimezone(dt.timezone(dt.timedelta(hours=5)))], [NOON]),
    ],
)
def test_what_fits_is_taken(kind: Kind, values: Any, made: list[Any]) -> None:
    assert one(kind, values) == made


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.MONEY, [1.5]),
        (Kind.MONEY, pd.Series([1, None])),  # pandas made floats of it
        (Kind.MONEY, [Decimal("1.50")]),
        (Kind.INTEGER, ["1"]),
        (Kind.POINTS, [True]),
        (Kind.POINTS, [2**63]),
        (Kind.TEXT, [1]),
        (Kind.DATE, ["2026-01-05"]),
        (Kind.DATE, pd.to_datetime(pd.Series(["2026-01-05 10:00"]))),
        (Kind.INSTANT, [NOON.replace(tzinfo=None)]),
    ],
)
def test_what_does_not_fit_is_refused_by_its_column(kind: Kind, values: Any) -> None:
    with pytest.raises(TableError, match="column 'x'"):
        one(kind, values)


def test_missing_columns_and_unequal_lengths_are_refused() -> None:
    layout = Layout((Column("a", "A"), Column("b", "B")))
    with pytest.raises(TableError, match="column 'b': is missing"):
        layout.typed({"a": []})
    with pytest.raises(TableError, match="a 1, b 2"):
        layout.typed({"a": ["x"], "b": ["y", "z"]})


def test_a_layout_that_means_nothing_is_refused() -> None:
    with pytest.raises(TableError, match="stands there twice"):
        Layout((Column("a", "A"), Column("b", "A")))
    with pytest.raises(TableError, match="cannot be summed"):
        Layout((Column("a", "A"),), totals=("a",))
    with pytest.raises(TableError, match="cannot be summed"):
        Layout((Column("a", "A", Kind.INTEGER),), totals=("b",))
    with pytest.raises(TableError, match="text with 2 decimals"):
        Column("a", "A", Kind.TEXT, 2)
    with pytest.raises(KeyError):
        Column("a", "A", Kind.INSTANT, zone="Nowhere/City")

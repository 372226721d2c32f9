"""Checks of documents: pure functions over columns."""

import datetime as dt
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.domain.numbering import number_key
from app.domain.sales import NO_AMOUNT, Sales
from app.domain.states import DocumentKind
from app.domain.verification_settings import DEFAULTS, Check
from tests.support.sales import Sold, incoming
from verification.checks.facts import Allowed, Facts, Finding, History, Proofs, Run
from verification.checks.table import CHECKS, look_at


def facts_of(sales: Sales, **told: Any) -> Facts:
    """Lay out what checks look at; what is not told is harmless."""
    count = len(sales.documents)
    nobody = np.full(count, None, dtype=object)
    numbers = [number_key(one, 2026) for one in sales.documents.number.tolist()]
    allowed = {
        "starts_on": np.datetime64("2026-01-01"),
        "ends_on": np.datetime64("2026-06-30"),
        "today": np.datetime64("2026-07-01"),
        "decimals": 2,
    }
    harmless: dict[str, Any] = {
        "number_key": np.asarray([*numbers, None], dtype=object)[:-1],
        "seller_key": np.full(count, "distributor:1", dtype=object),
        "buyer": nobody,
        "key": np.asarray([*(f"1|distributor:1|{one}" for one in numbers), None], dtype=object)[:-1],
        "total_minor": np.full(count, NO_AMOUNT, dtype=np.int64),
        "blocked": np.zeros(count, dtype=bool),
        "tax_id": nobody,
        "enrolled_on": np.full(count, np.datetime64("2025-01-01")),
        "lately": np.zeros(count, dtype=np.int64),
        "proofs": Proofs.none(),
        "history": History.none(),
    }
    given = {name: told.pop(name) for name in list(told) if name in Allowed.__dataclass_fields__}
    return Facts(sales=sales, allowed=Allowed(**(allowed | given)), **(harmless | told))


def found_by(check: Check, sales: Sales, **told: Any) -> list[Finding]:
    run: Run = CHECKS[check]
    return list(run(facts_of(sales, **told), DEFAULTS["portal"][check]))


def sales_of(*amounts: list[int], days: list[str] | None = None) -> Sales:
    """Lay out documents whose lines have these amounts."""
    named = days or ["2026-03-01"] * len(amounts)
    lines = [
        Sold(f"{number:03}", 1, 1, 1, amount, named[number]) for number, one in enumerate(amounts) for amount in one
    ]
    return incoming(lines).sales


def test_documents_outside_the_programmes_dates_are_refused() -> None:
    days = ["2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01"]
    reasons = look_at(facts_of(sales_of([1], [1], [1], [1], days=days)), DEFAULTS["import"])
    assert list(reasons) == [0, 3]
    assert reasons[3] == [
        {
            "code": "outside_program",
            "severity": "block",
            "found": "2026-07-01",
            "from_on": "2026-01-01",
            "until_on": "2026-06-30",
        }
    ]


def test_what_comes_back_counts_after_the_end_and_of_the_blocked() -> None:
    sold = [Sold("1", 1, 1, 2, 10, "2026-07-01"), Sold("2", 1, 1, -1, -10, "2026-07-01")]
    mixed = [Sold("3", 1, 1, -1, -10, "2026-07-01"), Sold("3", 1, 2, 1, 10, "2026-07-01")]
    noted = Sold("4", 1, 1, -1, -10, "2026-07-01", kind=DocumentKind.CREDIT_NOTE)
    early = Sold("5", 1, 1, -1, -10, "2025-12-31")
    sales = incoming([*sold, *mixed, noted, early]).sales
    refused = found_by(Check.OUTSIDE_PROGRAM, sales)
    assert [sales.documents.number[one.document] for one in refused] == ["5", "1", "3"]
    blocked = found_by(Check.DISTRIBUTOR_BLOCKED, sales, blocked=np.ones(len(sales.documents), dtype=bool))
    assert [sales.documents.number[one.document] for one in blocked] == ["1", "3"]


def test_a_programme_without_an_end_has_none() -> None:
    sales = sales_of([1], [1], days=["2025-12-31", "9999-12-31"])
    (found,) = found_by(Check.OUTSIDE_PROGRAM, sales, ends_on=None)
    assert (found.document, found.evidence["until_on"]) == (0, "no end")


def test_documents_of_blocked_distributors_are_refused() -> None:
    blocked = np.asarray([False, True, False])
    assert found_by(Check.DISTRIBUTOR_BLOCKED, sales_of([1], [1], [1]), blocked=blocked) == [Finding(1)]
    reasons = look_at(facts_of(sales_of([1], [1], [1]), blocked=blocked), DEFAULTS["import"])
    assert reasons == {1: [{"code": "distributor_blocked", "severity": "block"}]}


def test_a_total_that_is_not_the_sum_of_the_lines_goes_to_review() -> None:
    sales = sales_of([10_00, 5_00], [10_00, -3_00], [1_00])
    stated = np.asarray([15_00, 7_01, NO_AMOUNT], dtype=np.int64)
    assert found_by(Check.TOTAL_DIFFERS, sales, total_minor=stated) == [
        Finding(1, {"found": "7.00", "expected": "7.01"})
    ]
    assert DEFAULTS["import"][Check.TOTAL_DIFFERS].severity == "review"


def test_amounts_are_written_with_the_decimals_of_the_currency() -> None:
    stated = np.asarray([7], dtype=np.int64)
    found = [
        found_by(Check.TOTAL_DIFFERS, sales_of([1234]), total_minor=stated, decimals=decimals) for decimals in (0, 2, 3)
    ]
    assert [one.evidence["found"] for (one,) in found] == ["1234", "12.34", "1.234"]


@given(
    st.lists(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=4), min_size=1, max_size=8),
    st.lists(st.none() | st.integers(-(10**10), 10**10) | st.just("right"), min_size=8, max_size=8),
)
def test_exactly_the_wrong_totals_are_found(amounts: list[list[int]], told: list[int | str | None]) -> None:
    right = [sum(one) for one in amounts]
    stated = [sum_ if said == "right" else said for sum_, said in zip(right, told, strict=False)]
    column = np.asarray([NO_AMOUNT if said is None else said for said in stated], dtype=np.int64)
    wrong = [at for at, said in enumerate(stated) if said is not None and said != right[at]]
    found = found_by(Check.TOTAL_DIFFERS, sales_of(*amounts), total_minor=column)
    assert [one.document for one in found] == wrong


@given(
    st.lists(st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31)), min_size=1, max_size=8),
    st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31)),
    st.none() | st.integers(0, 400),
)
def test_exactly_the_days_outside_are_refused(days: list[dt.date], starts_on: dt.date, length: int | None) -> None:
    ends_on = None if length is None else starts_on + dt.timedelta(days=length)
    days = sorted(days)  # documents stand in counting order
    sales = sales_of(*[[1] for _ in days], days=[str(day) for day in days])
    last = None if ends_on is None else np.datetime64(ends_on)
    outside = [at for at, day in enumerate(days) if day < starts_on or (ends_on is not None and day > ends_on)]
    found = found_by(Check.OUTSIDE_PROGRAM, sales, starts_on=np.datetime64(starts_on), ends_on=last)
    assert [one.document for one in found] == outside

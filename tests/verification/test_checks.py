"""Checks of documents: pure functions over columns."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.documents.numbering import number_key
from app.domain.documents.sales import NO_AMOUNT, Sales
from app.domain.program_file.verification_settings import DEFAULTS, Check
from app.domain.saying.reasons import SENTENCES
from app.domain.states import DocumentKind
from tests.support.sales import Sold, incoming
from tests.verification.told import earlier, facts_of, found_by, history, one_sale, told
from verification.checks.facts import (
    Finding,
    Habits,
    Pdfs,
    Proofs,
    Readings,
    Usual,
)
from verification.checks.table import CHECKS, look_at


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


# parties and dates


def test_who_else_may_have_issued_an_invoice_is_said() -> None:
    sales = sales_of([1], [1], [1])
    sellers = np.asarray(["distributor:1", "tax:PL5260001246", "tax:1111111111"], dtype=object)
    found = found_by(Check.SELLER_NOT_ALLOWED, sales, seller_key=sellers, sellers=frozenset({"5260001246"}))
    assert found == [Finding(2, {"found": "1111111111"})]
    assert not found_by(Check.SELLER_NOT_ALLOWED, sales, seller_key=sellers)


def test_nobody_sells_to_themselves() -> None:
    sales = sales_of([1], [1], [1])
    parties = {
        "seller_key": np.asarray(["distributor:1", "tax:PL7", "distributor:1"], dtype=object),
        "tax_id": np.asarray(["5", "5", "5"], dtype=object),
        "buyer": np.asarray(["5", "6", None], dtype=object),
    }
    assert [one.document for one in found_by(Check.OWN_PURCHASE, sales, **parties)] == [0]
    parties["buyer"][1] = "7"
    parties["seller_key"][1] = "tax:7"
    assert [one.document for one in found_by(Check.OWN_PURCHASE, sales, **parties)] == [0, 1]
    parties["buyer"][:] = ["8", "9", None]
    family = {1: frozenset({"8"})}
    assert [one.document for one in found_by(Check.OWN_PURCHASE, sales, **parties, family=family)] == [0]


def test_days_that_a_claim_must_keep() -> None:
    sales = sales_of([1], [1], [1], days=["2026-01-10", "2026-06-30", "2026-07-02"])
    assert told(found_by(Check.ISSUED_IN_FUTURE, sales), sales) == ["002"]
    assert told(found_by(Check.CLAIMED_LATE, sales, claim_within_days=60), sales) == ["000"]
    assert not found_by(Check.CLAIMED_LATE, sales)
    joined = np.full(3, np.datetime64("2026-02-01"))
    assert told(found_by(Check.BEFORE_ENROLMENT, sales, enrolled_on=joined), sales) == ["000"]


# amounts


def test_a_line_is_quantity_times_price() -> None:
    sales = sales_of([10_00], [10_01], [10_02])
    priced = dataclasses.replace(sales.lines, unit_price_micro=np.full(3, 1_000_000_000))
    found = found_by(Check.LINE_AMOUNT_DIFFERS, Sales(sales.documents, priced))
    assert [(one.document, one.evidence["expected"]) for one in found] == [(2, "10.00")]


@pytest.mark.parametrize(
    ("gross", "wrong"), [(100_00, False), (123_00, False), (130_00, False), (131_00, True), (99_99, True)]
)
def test_gross_goes_with_net_by_some_rate_of_vat(gross: int, wrong: bool) -> None:
    sales = incoming([Sold("1", 1, 1, 1, 100_00, gross_minor=gross)]).sales
    assert bool(found_by(Check.VAT_DIFFERS, sales)) is wrong


def test_invoices_of_one_day_just_below_the_limit_are_told_together() -> None:
    near = [*one_sale("1", (1, 1, 900_00)), *one_sale("2", (1, 1, 950_00)), *one_sale("3", (1, 1, 500_00))]
    other = one_sale("4", (1, 1, 990_00), who=2)
    sales = incoming([*near, *other]).sales
    found = found_by(Check.JUST_BELOW, sales, second_person_above_minor=1000_00)
    assert told(found, sales) == ["1", "2"]
    assert found[0].evidence == {"found": "900.00", "most": "1000.00", "documents": 2}
    past = history(recent=earlier({"distributor_id": 2, "net_minor": 930_00}))
    assert told(found_by(Check.JUST_BELOW, sales, second_person_above_minor=1000_00, history=past), sales)[-1] == "4"
    assert not found_by(Check.JUST_BELOW, sales)


def test_a_round_total_is_told_where_totals_seldom_are_round() -> None:
    sales = sales_of([500_00], [500_01])
    seldom, often = np.full(100, 12_34), np.tile([100_00, 12_34], 50)
    assert [one.document for one in found_by(Check.ROUND_TOTAL, sales, history=history(totals_of_late=seldom))] == [0]
    assert not found_by(Check.ROUND_TOTAL, sales, history=history(totals_of_late=often))
    assert not found_by(Check.ROUND_TOTAL, sales)  # nothing is known of totals here


# habits

USUAL = Usual(np.asarray([1]), np.asarray([10_00 * 1_000_000]), np.asarray([4_000]))


@pytest.mark.parametrize(("net", "far"), [(30_00, False), (120_00, False), (121_00, True), (7_50, False), (7_40, True)])
def test_a_price_far_from_what_others_take_is_told(net: int, far: bool) -> None:
    sales = incoming(one_sale("1", (1, 3, net))).sales
    assert bool(found_by(Check.PRICE_UNUSUAL, sales, history=history(usual=USUAL))) is far


def habit(lines: int, most: int) -> Habits:
    return Habits(*(np.asarray([one]) for one in (1, 1, lines, 2_000, 3_000, 4_000, most)))


@pytest.mark.parametrize(("pieces", "most", "far"), [(32, 0, False), (33, 0, True), (33, 20, False), (41, 20, True)])
def test_a_quantity_that_nobody_sells_is_told_unless_its_distributor_does(pieces: int, most: int, far: bool) -> None:
    sales = incoming(one_sale("1", (1, pieces, 100_00))).sales
    own = habit(9, most * 1_000) if most else Habits.none()
    assert bool(found_by(Check.QUANTITY_UNUSUAL, sales, history=history(usual=USUAL, habits=own))) is far


@pytest.mark.parametrize(("pieces", "lines", "far"), [(17, 9, False), (18, 9, True), (18, 4, False)])
def test_a_quantity_is_held_against_what_its_distributor_usually_sells(pieces: int, lines: int, far: bool) -> None:
    sales = incoming(one_sale("1", (1, pieces, 100_00))).sales
    past = history(usual=USUAL, habits=habit(lines, 5_000))
    assert bool(found_by(Check.QUANTITY_UNLIKE_OWN, sales, history=past)) is far


def test_many_invoices_of_the_last_days_of_a_month_are_a_burst() -> None:
    late = [one_sale(f"{at}", (1, 1, 5_00), day="2026-03-30") for at in range(5)]
    sales = incoming([line for one in late for line in one]).sales
    assert len(found_by(Check.BURST, sales)) == 5
    busy = earlier(*({"issued_on": f"2026-0{month}-{day:02}"} for month in (1, 2, 3) for day in range(1, 26)))
    assert not found_by(Check.BURST, sales, history=history(recent=busy))
    middle = incoming([line for one in late[:4] for line in one]).sales
    assert not found_by(Check.BURST, middle)


def test_more_claims_than_anybody_types_within_an_hour_are_told() -> None:
    sales = sales_of([1], [1])
    assert not found_by(Check.VELOCITY, sales, lately=np.asarray([28, 28]))
    assert [one.evidence for one in found_by(Check.VELOCITY, sales, lately=np.asarray([29, 29]))] == [
        {"documents": 31}
    ] * 2


# proofs


def proofs(*rows: tuple[int, bytes, int | None]) -> Proofs:
    document, file, look = zip(*rows, strict=True)
    return Proofs(
        np.asarray(document),
        np.asarray([*file, None], dtype=object)[:-1],
        np.asarray([one or 0 for one in look], dtype=np.int64),
        np.asarray([one is not None for one in look]),
    )


def test_a_file_proves_one_document() -> None:
    sales = sales_of([10_00], [20_00], [30_00])
    mine = proofs((0, b"a", None), (1, b"b", None), (2, b"b", None))
    past = history(proofs=proofs((77, b"a", None)), totals={77: 11_00})
    found = found_by(Check.SAME_FILE, sales, proofs=mine, history=past)
    assert [(one.document, one.evidence) for one in found] == [
        (0, {"document": 77, "other_total": True}),
        (2, {"number": "001"}),
    ]


@pytest.mark.parametrize(
    ("bits", "same", "alike"),
    [(0, True, False), (5, True, False), (6, False, True), (12, False, True), (13, False, False)],
)
def test_pictures_are_told_by_how_many_bits_differ(bits: int, same: bool, alike: bool) -> None:
    sales = sales_of([10_00])
    past = history(proofs=proofs((77, b"old", (1 << bits) - 1)))
    for check, wanted in ((Check.SAME_PICTURE, same), (Check.PICTURE_ALIKE, alike)):
        found = found_by(check, sales, proofs=proofs((0, b"new", 0)), history=past)
        assert [one.evidence for one in found] == ([{"document": 77, "bits": bits}] if wanted else [])


def test_every_check_has_a_sentence_and_is_on_somewhere() -> None:
    assert set(Check) <= set(SENTENCES)
    assert set(CHECKS) == set(Check) == set(DEFAULTS["portal"])


def _pdfs(*said: tuple[int, str | None, str | None]) -> Pdfs:
    """Lay out what PDFs say: whose they are, when they were made and changed."""
    return Pdfs(
        document=np.asarray([one for one, _, _ in said], dtype=np.int64),
        maker=np.asarray([*(["Writer"] * len(said)), None], dtype=object)[:-1],
        made_at=np.asarray([made for _, made, _ in said], dtype="datetime64[s]"),
        changed_at=np.asarray([changed for _, _, changed in said], dtype="datetime64[s]"),
    )


def test_pdfs_that_were_changed_or_are_older_than_their_invoice_are_found() -> None:
    sales = sales_of([1], [2], [3], [4], days=["2026-03-01"] * 4)
    pdfs = _pdfs(
        (0, "2026-03-01T10:00:00", "2026-03-01T11:00:00"),
        (1, "2026-03-01T10:00:00", "2026-03-01T11:00:01"),
        (2, "2026-02-27T23:59:59", None),
        (3, None, "2026-03-09T00:00:00"),
    )
    (changed,) = found_by(Check.PDF_CHANGED, sales, pdfs=pdfs)
    assert (changed.document, changed.evidence["changed"]) == (1, "2026-03-01 11:00")
    (older,) = found_by(Check.PDF_BEFORE_ISSUE, sales, pdfs=pdfs)
    assert (older.document, older.evidence) == (
        2,
        {"made": "2026-02-27 23:59", "issued_on": "2026-03-01", "found": "Writer"},
    )
    assert found_by(Check.PDF_CHANGED, sales, pdfs=pdfs.within(2, 4)) == []
    moved = found_by(Check.PDF_CHANGED, sales, pdfs=pdfs.moved(np.asarray([3, 2, 1, 0])))
    assert [one.document for one in moved] == [2]


def test_what_was_read_and_sent_otherwise_is_found() -> None:
    sales = sales_of([1], [2], [3], [4], [5], days=["2026-03-01"] * 5)
    sent = sales.documents.number.tolist()
    read = Readings(
        document=np.arange(5),
        number=np.asarray(["FV/9", sent[1], None, "FV/8", None], dtype=object),
        number_key=np.asarray(
            [number_key("FV/9", 2026), number_key(sent[1], 2026), None, number_key("FV/8", 2026), None], dtype=object
        ),
        issued_on=np.asarray(["2026-03-01", "2026-03-01", "2026-02-27", "2026-02-28", None], dtype="datetime64[D]"),
        printed=np.asarray([True, True, True, False, True]),
    )
    number, day = found_by(Check.ALTERED_READING, sales, readings=read)
    assert (number.document, number.evidence) == (0, {"found": "FV/9", "expected": sent[0]})
    assert (day.document, day.evidence) == (2, {"found": "2026-02-27", "expected": "2026-03-01"})
    (both,) = found_by(Check.ALTERED_SCAN, sales, readings=read)
    assert both.evidence == {"found": "FV/8, 2026-02-28", "expected": f"{sent[3]}, 2026-03-01"}
    assert [one.document for one in found_by(Check.ALTERED_READING, sales, readings=read.within(2, 5))] == [0]
    moved = read.moved(np.asarray([4, 3, 2, 1, 0]))
    assert 4 in {one.document for one in found_by(Check.ALTERED_READING, sales, readings=moved)}


def test_what_one_of_several_proofs_says_is_enough() -> None:
    sales = sales_of([1], [2], days=["2026-03-01"] * 2)
    sent = sales.documents.number.tolist()
    said = [
        (0, "ORDER/5", "2026-02-20"),
        (0, sent[0], "2026-03-01"),
        (1, "ORDER/6", "2026-03-01"),
        (1, None, "2026-02-20"),
    ]
    read = Readings(
        document=np.asarray([at for at, _, _ in said]),
        number=np.asarray([number for _, number, _ in said], dtype=object),
        number_key=np.asarray([number and number_key(number, 2026) for _, number, _ in said], dtype=object),
        issued_on=np.asarray([day for _, _, day in said], dtype="datetime64[D]"),
        printed=np.ones(4, dtype=bool),
    )
    (found,) = found_by(Check.ALTERED_READING, sales, readings=read)
    assert (found.document, found.evidence) == (1, {"found": "ORDER/6", "expected": sent[1]})


def test_a_device_of_several_distributors_is_found() -> None:
    lines = [Sold("1", who, 1, 1, 10) for who in (1, 2, 3, 4)]
    sales = incoming(lines).sales
    who = sales.documents.distributor_id.tolist()
    device = np.asarray([*({1: b"a", 2: b"a", 3: b"b", 4: None}[one] for one in who), None], dtype=object)[:-1]
    senders = {b"a": frozenset({1, 9}), b"b": frozenset({3})}
    found = found_by(Check.SHARED_DEVICE, sales, device=device, senders=senders)
    assert {who[one.document]: one.evidence["count"] for one in found} == {1: 2, 2: 2}, "the others, without oneself"
    assert found_by(Check.SHARED_DEVICE, sales) == []

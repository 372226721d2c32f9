"""Numbers as people write them, against a reading that is slow and plain."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.layout.written.numbers import Proof, currencies_of, proof, tidy
from tests.importers.layout.reports import HEADER, laid, line, profile, read_text, typed


def texts(*values: str) -> pa.Array:
    return pa.array(values, type=pa.large_string())


def amounts(*values: str, currency: str = "PLN", typed_cells: bool = False, **said: Any) -> dict[str, int | str]:
    """Read amounts by a profile: minor units, or why not."""
    rows = [HEADER, *(line(f"FV/{at}", product=f"P{at}", net=value) for at, value in enumerate(values))]
    rows += [line(product="P", net="1,00")] * len(values)  # a file of nothing but discounts is refused
    form = profile(**{"decimal": ","} | said)
    found = typed(laid(rows, form, typed=typed_cells), form, currency=currency)
    return {
        value: found.outcomes[row][1] if row in found.outcomes else int(found.rows.net_minor[row - 2])
        for row, value in enumerate(values, 2)
    }


def test_what_accompanies_a_number_is_taken_away() -> None:
    assert amounts(
        "469,79 zł",
        "PLN 1 409,37",
        "(600,26)",
        "780,82-",
        "−1 229,46",
        "1\u202f000,5 zł",
        "2’000,00",
        "+7,50",
        ",5",
        "-,50 zł",
        "12,-",
        "-1 200,-- zł",
        "45,00 Cr",
        "£1 030,00cr.",
        "90,00 Dr",
    ) == {
        "469,79 zł": 46979,
        "PLN 1 409,37": 140937,
        "(600,26)": -60026,
        "780,82-": -78082,
        "−1 229,46": -122946,
        "1\u202f000,5 zł": 100050,
        "2’000,00": 200000,
        "+7,50": 750,
        ",5": 50,
        "-,50 zł": -50,
        "12,-": 1200,
        "-1 200,-- zł": -120000,
        "45,00 Cr": -4500,
        "£1 030,00cr.": "other_currency",
        "90,00 Dr": 9000,
    }
    assert set(amounts("-45,00 CR", "(45,00) DR", "CR", "45,00 CRD").values()) == {"not_a_number"}


def test_amounts_that_nobody_can_read_are_not_reckoned_of_prices_instead(tmp_path: Path) -> None:
    lines = "F;13.01.2026;K;P;2;50,00;90,00 {0}\nG;14.01.2026;L;P;-1;50,00;-45,00 {0}\n"
    content = f"Nr faktury;Data;Odbiorca;Kod;Ilość;Cena;Wartość netto\n{lines}"
    unread = read_text(tmp_path, content.format("po rabacie"))
    assert (unread.good, unread.outcomes[2]) == ([], ("refused", "not_a_number"))
    assert [one[-1] for one in read_text(tmp_path, content.format("zł")).good] == [9000, -4500]


def test_thousands_are_parted_as_the_profile_says_and_no_other_way() -> None:
    said = ("- 1.103,64", "5.449,5", "1.234", "1.23,4", "12.34.567,00")
    assert list(amounts(*said, thousands=".").values()) == [-110364, 544950, 123400, "not_a_number", "not_a_number"]
    assert list(amounts(*said).values()) == ["not_a_number"] * 5
    assert amounts("$1,466.01", "(1,000)", decimal=".", thousands=",", currency="USD") == {
        "$1,466.01": 146601,
        "(1,000)": -100000,
    }


def test_thousands_are_parted_as_india_parts_them_where_commas_part_thousands() -> None:
    said = ("12,34,567.00", "-1,00,000", "1,234.50", "12,345", "12,34", "1,23,45.00")
    read = amounts(*said, decimal=".", thousands=",")
    assert list(read.values()) == [123456700, -10000000, 123450, 1234500, "not_a_number", "not_a_number"]
    assert proof(texts("12,34,567.00", "1,234"), typed=False) == Proof(".", ",", needed=True)
    assert proof(texts("1,00,000", "500"), typed=False) == Proof(".", ",", needed=True)


def test_exponents_are_read_that_left_out_no_digits() -> None:
    exact = {"1E+3": 100000, "1.25E+2": 12500, "-1.234567E7": -1234567000, "1,5E+3": 150000, "0E-8": 0}
    assert amounts(*exact) == exact
    rounded = ("1E+03", "1,23E+05", "1.2345E+3", "1e+05", "5E-7")  # as spreadsheets show them, and what is not whole
    assert list(amounts(*rounded).values()) == ["not_a_number"] * len(rounded)


@pytest.mark.parametrize("text", ["dwa", "1e3", "#ARG!", "=1+1", "z5ł", "(5)-", "--5", "50 %", "zł", "1 2", "5 zł 3"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert amounts(text) == {text: "not_a_number"}


def test_an_amount_in_another_currency_waits() -> None:
    assert amounts("5,00 €", "5,00 zł", "5,00 pln", "5,00 kr") == {
        "5,00 €": "other_currency",
        "5,00 zł": 500,
        "5,00 pln": 500,
        "5,00 kr": "other_currency",
    }
    assert amounts("5,00 kr", currency="SEK") == {"5,00 kr": 500}
    assert currencies_of("$") >= {"USD", "CAD"}
    assert not currencies_of("szt")


@pytest.mark.parametrize("code", ["5,90123E+12", "1.23457E+17", "5.90123456789012e+17", "1E+05"])
def test_a_code_whose_last_digits_are_lost_is_refused(code: str) -> None:
    form = profile(decimal=",")
    found = typed(laid([HEADER, line(product=code), line(code), line("FV/1E+2", product="12E+1")], form), form)
    assert found.outcomes == {2: ("refused", "digits_lost"), 3: ("refused", "digits_lost")}


def test_a_code_of_which_a_spreadsheet_program_made_a_day_is_refused() -> None:
    day = "2026-02-01 00:00:00"
    form = profile(decimal=",")
    found = typed(laid([HEADER, line(product=day), line(day), line(product="2026-02-01")], form), form)
    assert found.outcomes == {2: ("refused", "day_for_code"), 3: ("refused", "day_for_code")}


def test_pieces_may_stand_behind_a_quantity() -> None:
    form = profile(decimal=",")
    found = typed(laid([HEADER, line(quantity="6 szt."), line("B", quantity="2,5")], form), form)
    assert found.rows.quantity_milli.tolist() == [6000, 2500]


def test_of_a_workbook_text_cells_are_told_from_number_cells() -> None:
    rows = [HEADER, line("A", net="1.234"), line("B", net="1.234"), line("C", net="12.5"), line("D", net="1.234,50")]
    marked = np.array([False, True, False, False, False])
    form = profile(decimal=",", thousands=".")
    found = typed(laid(rows, form, typed=True, texts={5: marked}), form)
    assert found.rows.net_minor.tolist() == [123400, 123, 1250, 123450]
    without = typed(laid(rows, form, typed=True), form)
    assert without.rows.net_minor.tolist() == [123, 123, 1250, 123450], "all are number cells"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("12,50", "7"), (",", None)),
        (("12.50", "7"), (".", None)),
        (("1.234,5",), (",", ".")),
        (("1,234.5",), (".", ",")),
        (("1 234,567",), (",", None)),
        (("1.234", "12,50"), (",", ".")),
        (("1.234.567",), (",", ".")),
        (("0,125",), (",", None)),
        (("1234,567",), (",", None)),
        (("1.234", "5"), (None, None)),
        (("12,50", "12.50"), (None, None)),
        (("7", "8 zł", "x"), (".", None)),
    ],
)
def test_a_column_proves_its_signs_or_leaves_them_open(
    values: tuple[str, ...], expected: tuple[str | None, str | None]
) -> None:
    found = proof(texts(*values), typed=False)
    assert (found.decimal, found.thousands) == expected


def test_number_cells_prove_nothing_and_text_cells_beside_them_do() -> None:
    assert proof(texts("28.84", "1.234"), typed=True) == Proof(".", None, needed=False)
    assert proof(texts("28.84", "180,13 zł"), typed=True).decimal == ","
    beside = proof(texts("28.84", "1.234"), typed=True, as_text=["1.234"])
    assert (beside.decimal, beside.needed, beside.examples) == (None, True, ("1.234",))


def naive(text: str, decimal: str, thousands: str | None) -> int | None:
    """Read an amount in cents, letter by letter."""
    text = text.replace("\u00a0", " ").strip()
    negative = False
    for word in ("zł", "PLN"):
        text = text.removesuffix(word).removeprefix(word).strip()
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1]
    elif text.endswith("-"):
        negative, text = True, text[:-1]
    elif text.startswith("-"):
        negative, text = True, text[1:]
    whole, sign, part = text.partition(decimal)
    groups = whole.replace(" ", thousands or " ").split(thousands or " ")
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(one) != 3 for one in groups[1:])):
        return None
    digits = "".join(groups)
    if not digits.isdecimal() or (sign and part and not part.isdecimal()):
        return None
    cents = int(digits) * 100 + int(f"{part[:2]:0<2}") + (len(part) > 2 and part[2] >= "5")
    return -cents if negative else cents


@st.composite
def written(draw: st.DrawFn) -> str:
    cents = draw(st.integers(0, 10**9))
    whole, part = divmod(cents, 100)
    parting = draw(st.sampled_from(["", ".", " ", "\u00a0"]))
    text = f"{whole:,}".replace(",", parting) + draw(st.sampled_from([f",{part:02}", "", f",{part:02}5", ","]))
    signed = ["{}", "-{}", "({})"] if text.endswith(",") else ["{}", "-{}", "{}-", "({})"]  # "5,-" is five, or less
    text = draw(st.sampled_from(signed)).format(text)
    return draw(st.sampled_from(["{}", "{} zł", "{}\u00a0zł", "PLN {}"])).format(text)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(written(), min_size=1, max_size=12, unique=True))
def test_amounts_are_read_as_letter_by_letter(values: list[str]) -> None:
    found = amounts(*values, thousands=".")
    expected = {one: naive(one, ",", ".") for one in values}
    assert {one: cents for one, cents in found.items() if cents != "not_a_number"} == {
        one: cents for one, cents in expected.items() if cents is not None
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("0123456789.,-+() 'złPLN€%e\u00a0\u2212", max_size=14), min_size=1, max_size=10, unique=True))
def test_whatever_stands_there_is_read_or_refused(values: list[str]) -> None:
    tidied = tidy(texts(*values), ".")
    assert len(tidied.values) == len(values)
    for value, outcome in amounts(*values, thousands=".").items():
        assert (
            isinstance(outcome, int)
            or outcome in {"not_a_number", "number_too_large", "other_currency", "missing"}
            or ("other_currency" in outcome)
        ), value

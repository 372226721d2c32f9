"""How numbers and times are written."""

from decimal import Decimal

import pytest
from flask import Flask, g
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from app.domain.states import Unit
from app.models.programs import Program
from app.services.telling.languages import writing
from app.web.context import Scope
from app.web.formats import (
    amount_told,
    cash,
    cash_of_file,
    duration,
    figure,
    file_stem,
    quantity,
    shown,
    size,
    some_of,
    worded,
)


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "text"),
    [
        (0, 0, False, "0"),
        (1234567, 0, False, "1,234,567"),
        (1234567, 2, False, "12,345.67"),
        (-5, 2, False, "−0.05"),
        (999, 0, True, "+999"),
        (0, 2, True, "0.00"),
        (-1000, 3, True, "−1.000"),
    ],
)
def test_figures(value: int, decimals: int, signed: bool, text: str) -> None:
    assert figure(value, decimals, signed=signed).replace("\u202f", " ") == text


@pytest.mark.parametrize(
    ("names", "text"), [("", ""), ("ab", "a, b"), ("abc", "a, b and 1 more"), ("abcd", "a, b and 2 more")]
)
def test_names_that_are_left_out_are_counted(names: str, text: str) -> None:
    assert some_of(list(names), 2) == text


@given(st.integers(-(10**24), 10**24), st.integers(0, 6))
def test_no_digit_is_lost(value: int, decimals: int) -> None:
    text = figure(value, decimals).replace("\u202f", "").replace("−", "-").replace(".", "").replace(",", "")
    assert int(text) == value


@pytest.mark.parametrize(
    ("milli", "text"), [(1000, "1"), (184500, "184.5"), (-2000, "−2"), (1, "0.001"), (0, "0"), (100000, "100")]
)
def test_quantities(milli: int, text: str) -> None:
    assert quantity(milli) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (59.6, "1 min 0 s"), (61, "1 min 1 s"), (3700, "1 h 1 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds).replace("\u202f", " ") == text


@pytest.mark.parametrize(
    ("count", "text"), [(999, "999 B"), (1500, "2 kB"), (41_000_000, "41 MB"), (3 * 10**12, "3,000 GB")]
)
def test_sizes(count: int, text: str) -> None:
    assert size(count).replace("\u202f", " ") == text


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("sales.xlsx", "sales"),
        ("../../etc/passwd", "etc-passwd"),
        ("Продажи за май.csv", "Продажи-за-май"),
        ("a\r\nSet-Cookie: x.csv", "a-Set-Cookie-x"),
        ("\u202egpj.exe", "gpj"),
        ("...", "import"),
        ("x" * 300 + ".csv", "x" * 60),
        ("", "import"),
    ],
)
def test_names_of_files_are_harmless(name: str, stem: str) -> None:
    assert file_stem(name) == stem


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("pl", "2026-11-18", "18 lis 2026"),
        ("pl", "-5263.00", "−5\u202f263,00"),
        ("en", "5263.00", "5,263.00"),
        ("pl", "'1257.00'", "'1257.00'"),
        ("pl", "2026-13-40", "2026-13-40"),
        ("pl", "FV/1", "FV/1"),
        ("pl", 3, 3),
    ],
)
def test_what_a_stored_reason_names_is_written_as_pages_write_it(language: str, value: object, text: object) -> None:
    with Flask(__name__).test_request_context():
        g.writing = writing(language)
        assert shown(value) == text


@pytest.mark.parametrize(("amount", "text"), [(1, "+1 point"), (-1, "−1 point"), (-2, "−2 points"), (0, "0 points")])
def test_points_with_a_sign_are_counted_in_words(amount: int, text: str) -> None:
    plain = Flask(__name__)
    Babel(plain)
    with plain.test_request_context():
        g.writing, g.scope = writing("en"), Scope(Program(point_decimals=0, settings={}))
        assert worded(amount, Unit.POINTS, signed=True) == text


@pytest.mark.parametrize(
    ("language", "whole", "parts"), [("pl", "2\u202f500,00 zł", "0,0025 zł"), ("en", "PLN 2,500.00", "PLN 0.0025")]
)
def test_money_has_one_currency_wherever_it_is_written(language: str, whole: str, parts: str) -> None:
    with Flask(__name__).test_request_context():
        g.writing = writing(language)
        g.scope = Scope(Program(currency="PLN", currency_decimals=2, point_decimals=0, settings={}))
        told = (cash(250_000), cash_of_file(Decimal("2500")), amount_told(250_000, Unit.MONEY))
        assert {one.replace("\xa0", " ").replace("PLN\u202f", "PLN ") for one in told} == {whole}
        assert cash_of_file(Decimal("0.0025")).replace("\xa0", " ").replace("\u202f", " ") == parts
        assert amount_told(-12, Unit.POINTS, signed=True) == "−12"

"""What plans are written in: thousands and millions in words, and never what only looks like one."""

import pyarrow as pa
import pytest

from importers.layout.written.magnitudes import without_magnitudes, written_out


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "whole"),
    [
        ("12,5 tys.", ",", None, "12500"),
        ("1,2 mln", ",", None, "1200000"),
        ("150 tys. zł", ",", None, "150000 zł"),
        ("150k", ".", ",", "150000"),
        ("1,250k", ".", ",", "1250000"),
        ("1.250 tys.", ",", ".", "1250000"),
        ("1 250 тыс. руб.", ",", None, "1250000 руб."),
        ("80 TEUR", ",", ".", "80000 EUR"),
        ("80 T€", ",", ".", "80000 €"),
        ("1,23456 tys.", ",", None, "1234,56"),
        ("2 tys. szt.", ",", None, "2000 szt."),
    ],
)
def test_a_number_in_words_is_written_out(text: str, decimal: str, thousands: str | None, whole: str) -> None:
    assert written_out(pa.array([text], pa.large_string()), decimal, thousands).to_pylist() == [whole]


@pytest.mark.parametrize("text", ["12.5 tys.", "150 k", "80 t", "5 kg", "3 tysiak", "1 mil", "1500", "tys.", "7 kits"])
def test_what_is_none_stays(text: str) -> None:
    assert written_out(pa.array([text], pa.large_string()), ",", None).to_pylist() == [text]


def test_a_look_sees_how_the_number_is_written() -> None:
    texts = pa.array(["12,5 tys.", "80 TEUR", "1500", None, "5 kg"], pa.large_string())
    assert without_magnitudes(texts).to_pylist() == ["12,5", "80 EUR", "1500", None, "5 kg"]

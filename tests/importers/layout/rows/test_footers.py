"""What a report says below its lines, of what is to be paid or of itself, is no line."""

import pytest

from tests.importers.layout.reports import HEADER, laid, line, numbers, recognised


@pytest.mark.parametrize(
    "words", ["Do zapłaty", "Do zapłaty PLN:", "zzgl. MwSt 19%", "Zu zahlen", "Amount due", "К оплате"]
)
def test_what_is_to_be_paid_stands_below_a_total_and_is_no_line(words: str) -> None:
    for at in (0, 3, 4):  # wherever a program puts the words
        row: list[str | None] = [None] * 5 + ["24,60"]
        row[at] = words
        assert recognised(laid([HEADER, line(), line("FV/2"), row])) == {"heading": [4]}, at
    assert numbers(laid([HEADER, [words, *[None] * 4, "24,60"], line()])) == [2, 3], "above lines it is refused"


def test_what_a_report_says_of_itself_below_its_lines_is_no_line() -> None:
    said: list[list[str | None]] = [
        ["Razem", *[None] * 4, "20,00"],
        ["VAT 23%", *[None] * 4, "4,60"],
        ["Słownie złotych", "dwadzieścia cztery 60/100"],
        ["Sporządził:", "Jan Kowalski"],
        ["Data wydruku:", None, None, "2026-02-01"],
    ]
    assert recognised(laid([HEADER, line(), *said])) == {"total": [3], "heading": [4, 5, 6, 7]}
    for row in (["FV/2", "2026-01-06"], ["FV/2:", "2026-01-06", "D1"]):
        assert numbers(laid([HEADER, line(), row])) == [2, 3], (
            "a line that lacks the rest is refused with what it lacks"
        )
    assert numbers(laid([HEADER, ["Uwaga:", "2026-01-06"], line()])) == [2, 3]


@pytest.mark.parametrize("sign", ["-", "—", "——", "---", "x", "X", "n/a", "b/d", "н/д"])
def test_a_total_that_has_a_sign_for_nothing_in_what_lines_are_of_is_no_line(sign: str) -> None:
    total: list[str | None] = ["Razem", sign, sign, sign, "4", "40,00"]
    assert recognised(laid([HEADER, line(), line("FV/2"), total])) == {"total": [4]}
    assert recognised(laid([HEADER, line(), [sign, sign, sign, "Suma:", "2", "20,00"], line("FV/2")])) == {"total": [3]}
    for row in (["FV/3", sign, sign, sign, "4", "40,00"], ["Razem", sign, "D1", "P1", "4", "40,00"]):
        assert numbers(laid([HEADER, line(), row])) == [2, 3], "what names anything else is a line with what it lacks"


def test_figures_below_a_line_that_has_none_are_no_sum() -> None:
    pushed = line("FV/2", quantity=None, net=None)
    figures: list[str | None] = [None] * 4 + ["2", "20,00"]
    assert numbers(laid([HEADER, line(), pushed, figures])) == [2, 3, 4], "a long name pushed them into the next row"
    assert recognised(laid([HEADER, line(), figures])) == {"total": [3]}


@pytest.mark.parametrize("above", [["Razem"], ["--------"], ["Sporządził: Jan Nowak"]])
def test_figures_below_a_row_that_is_no_line_are_the_sum_still(above: list[str | None]) -> None:
    figures: list[str | None] = [None] * 4 + ["4", "40,00"]
    table = laid([HEADER, line(), line("FV/2"), above + [None] * 5, figures])
    assert numbers(table) == [2, 3]
    assert 5 in recognised(table)["total"]

"""What comes back takes back what it earned: worked out by hand."""

from __future__ import annotations

import random
from datetime import date

from tests.reference.by_hand import a_catalogue, back, flat, programme, sale, times
from tests.reference.run import Result, count
from tests.reference.sales import (
    CREDIT_NOTE,
    INVOICE,
)

# ------------------------------------------------------------------------------------------------ 6. returns

SEVEN = {"code": "r", "kind": "per_unit", "points": "0.7"}


def returns_of(result: Result) -> list[tuple[str, str, int, int]]:
    """Show reversals as (return document, sale document, sale line, points)."""
    return [(r.return_document[2], r.sale_document[2], r.sale_line, r.points) for r in result.reversals]


def test_the_example_ten_pieces_earned_seven_points() -> None:
    lines = [sale(quantity="10"), back("c1", "3", 20), back("c2", "-4", 21), back("c3", "3", 22)]
    result = count(programme(SEVEN), a_catalogue(), lines)
    # In all: 2.1 -> 2, 4.9 -> 5, 7.
    assert [r.points for r in result.reversals] == [2, 3, 2]
    totals = result.per_distributor()["A"]
    assert (totals.awarded, totals.reversed, totals.net) == (7, 7, 0)
    assert result.unmatched == []
    assert result.taken_back_by() == {
        ("A", INVOICE, "1"): 0,
        ("A", CREDIT_NOTE, "C1"): 2,
        ("A", CREDIT_NOTE, "C2"): 3,
        ("A", CREDIT_NOTE, "C3"): 2,
    }
    assert result.per_document()[("A", INVOICE, "1")].net == 0
    (entry,) = result.per_line()[("A", INVOICE, "1"), 1]
    assert (entry.rule, entry.awarded, entry.reversed) == ("r", 7, 7)


def test_a_return_takes_the_latest_sale_first_by_date_number_and_line() -> None:
    lines = [
        sale(number="5", day=date(2025, 3, 1), quantity="10"),
        sale(number="10", day=date(2025, 3, 2), quantity="10"),
        sale(number="9", day=date(2025, 3, 2), quantity="10"),
        sale(number="9", day=date(2025, 3, 2), quantity="10"),
        back("c", "35"),
    ]
    result = count(programme(SEVEN), a_catalogue(), lines)
    # "9" is after "10" as text; its line 2 before its line 1; half of document 5: 3.5 -> 4.
    assert returns_of(result) == [("C", "9", 2, 7), ("C", "9", 1, 7), ("C", "10", 1, 7), ("C", "5", 1, 4)]


def test_a_return_does_not_match_later_sales_other_products_or_other_distributors() -> None:
    lines = [
        sale(number="1", day=date(2025, 3, 21), quantity="10"),
        sale("TOOL", number="2", day=date(2025, 3, 1), quantity="10"),
        sale(number="3", day=date(2025, 3, 1), distributor="B", quantity="10"),
        back("c", "2", 20),
    ]
    result = count(programme(SEVEN), a_catalogue(), lines)
    assert result.reversals == []
    assert [(u.document[2], u.product, u.unmatched_milli, u.is_whole) for u in result.unmatched] == [
        ("C", "BIKE", 2000, True)
    ]


def test_a_credit_note_counts_after_the_invoices_of_its_day() -> None:
    lines = [back("1", "10", 12), sale(number="2", quantity="10")]
    assert returns_of(count(programme(SEVEN), a_catalogue(), lines)) == [("1", "2", 1, 7)]


def test_a_sale_is_returned_up_to_its_quantity_and_the_rest_is_a_return_without_a_sale() -> None:
    lines = [sale(quantity="10"), back("c1", "8", 20), back("c2", "5", 21)]
    result = count(programme(SEVEN), a_catalogue(), lines)
    assert [r.points for r in result.reversals] == [6, 1]  # 5.6 -> 6, then 7 in all
    (rest,) = result.unmatched
    assert (rest.document[2], rest.returned_milli, rest.unmatched_milli, rest.is_whole) == ("C2", 5000, 3000, False)


def test_a_named_document_is_the_only_one_searched() -> None:
    lines = [
        sale(number="FV/1/2025", day=date(2025, 3, 1), quantity="10"),
        sale(number="FV/2/2025", day=date(2025, 3, 2), quantity="10"),
        back("c1", "5", 20, corrects="fv 1/25"),
        back("c2", "10", 21, corrects="FV/1/2025"),
        back("c3", "1", 22, corrects="FV/99/2025"),
        back("c4", "1", 23, product="TOOL", corrects="FV/2/2025"),
    ]
    result = count(programme(SEVEN), a_catalogue(), lines)
    assert returns_of(result) == [("C1", "1.25", 1, 4), ("C2", "1.25", 1, 3)]
    assert [(u.document[2], u.unmatched_milli) for u in result.unmatched] == [("C2", 5000), ("C3", 1000), ("C4", 1000)]


def test_the_document_names_what_it_corrects_for_all_its_lines() -> None:
    lines = [
        sale(number="1", day=date(2025, 3, 1), quantity="10"),
        sale(number="2", day=date(2025, 3, 2), quantity="10"),
        back("c", "1", product="TOOL", corrects="1"),
        back("c", "10"),
    ]
    assert returns_of(count(programme(SEVEN), a_catalogue(), lines)) == [("C", "1", 1, 7)]


def test_a_negative_line_of_an_invoice_returns_its_own_positive_lines_first() -> None:
    lines = [
        sale(number="1", day=date(2025, 3, 1), quantity="10"),
        sale(number="2", quantity="-12", amount=-12000),
        sale(number="2", quantity="10"),
    ]
    result = count(programme(SEVEN), a_catalogue(), lines)
    # The sale on line 2 of document 2 first, then two of ten from document 1: 1.4 -> 1.
    assert returns_of(result) == [("2", "2", 2, 7), ("2", "1", 1, 1)]


def test_a_return_reverses_every_award_of_the_line_for_itself() -> None:
    rules = [flat("a", 5), flat("m", 3, unit="money"), times("x2", 15000)]
    lines = [sale(quantity="4"), back("c", "2")]
    result = count(programme(*rules), a_catalogue(), lines)
    # a: 2.5 -> 3. x2: 3 points (2.5 -> 3), half of it 1.5 -> 2. m: 300 -> 150.
    assert [(r.rule, r.unit, r.points) for r in result.reversals] == [
        ("a", "points", 3),
        ("m", "money", 150),
        ("x2", "points", 2),
    ]
    assert {code: (t.awarded, t.reversed) for code, t in result.per_rule().items()} == {"a": (5, 3), "x2": (3, 2)}


def test_totals_add_up_over_rules_lines_and_documents() -> None:
    lines = [sale(quantity="2"), sale(quantity="2"), sale(number="2", quantity="2", day=date(2025, 3, 13))]
    result = count(programme(flat("a", 4), flat("b", 6)), a_catalogue(), [*lines, back("c", "5")])
    # Two of document 2, two of line 2 and one of line 1 of document 1: 10 + 10 + 5.
    one, two, credit = ("A", INVOICE, "1"), ("A", INVOICE, "2"), ("A", CREDIT_NOTE, "C")
    totals = result.per_document()
    assert {key: (t.awarded, t.reversed, t.net) for key, t in totals.items()} == {
        one: (20, 15, 5),
        two: (10, 10, 0),
        credit: (0, 0, 0),
    }
    assert result.taken_back_by() == {one: 0, two: 0, credit: 25}
    assert {code: (t.awarded, t.reversed) for code, t in result.per_rule().items()} == {"a": (12, 10), "b": (18, 15)}
    assert [(e.rule, e.awarded, e.reversed) for e in result.per_line()[one, 1]] == [("a", 4, 2), ("b", 6, 3)]
    assert result.per_distributor()["A"].net == 5


def test_a_returned_quantity_of_zero_and_a_blank_named_document_say_nothing() -> None:
    lines = [sale(quantity="10"), back("c1", "0"), back("c2", "10", corrects=" "), sale(number="2", quantity="0")]
    result = count(programme(SEVEN), a_catalogue(), lines)
    assert returns_of(result) == [("C2", "1", 1, 7)]
    assert result.unmatched == []


def test_a_return_reverses_what_was_awarded_after_caps() -> None:
    lines = [sale(quantity="2"), back("c", "1")]
    result = count(programme({**flat("r", 10), "caps": {"budget": 6}}), a_catalogue(), lines)
    assert [r.points for r in result.reversals] == [3]


def test_a_return_of_a_line_that_earned_nothing_matches_and_takes_nothing() -> None:
    lines = [sale(amount=0, quantity="2"), back("c", "2")]
    result = count(programme(flat("r", 10)), a_catalogue(), lines)
    assert (result.reversals, result.unmatched) == ([], [])


def test_a_sale_outside_the_programmes_dates_is_matched_too() -> None:
    lines = [sale(day=date(2024, 12, 30), quantity="2"), back("c", "2")]
    result = count(programme(flat("r", 10)), a_catalogue(), lines)
    assert (result.reversals, result.unmatched) == ([], [])


def test_a_full_return_in_any_steps_leaves_exactly_zero() -> None:
    dice = random.Random(6)
    for _ in range(200):
        quantity = dice.randint(1, 40)
        rules = [{"code": "u", "kind": "per_unit", "points": "1.37"}, flat("l", dice.randint(1, 9)), times("x", 13700)]
        lines = [sale(quantity=str(quantity))]
        left = quantity
        while left:
            part = dice.randint(1, left)
            left -= part
            lines.append(back(f"c{left}x", str(part), 20 + dice.randint(0, 5)))
        result = count(programme(*rules), a_catalogue(), lines)
        assert result.per_distributor()["A"].net == 0
        assert result.unmatched == []
        assert all(reversal.points > 0 for reversal in result.reversals)


def test_a_return_of_january_names_an_invoice_of_december() -> None:
    lines = [
        sale(number="FV/7/2025", day=date(2025, 12, 30), quantity="10"),
        sale(number="FV/7/2026", day=date(2026, 1, 2), quantity="10"),
        sale(number="K1", day=date(2026, 1, 5), quantity="4", kind=CREDIT_NOTE, corrects="fv 7/25"),
    ]
    result = count(programme(SEVEN, program={"ends_on": None}), a_catalogue(), lines)
    assert returns_of(result) == [("K1", "7.25", 1, 3)]

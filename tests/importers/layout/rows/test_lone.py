"""Texts alone in their rows: names of the lines below them."""

import numpy as np
import pytest

from importers.layout.rows.lone import Lone, groups
from tests.importers.layout.reports import HEADER, laid, line, numbers, recognised


def test_names_of_goods_above_their_lines_are_no_lines() -> None:
    table = laid([HEADER, ["Elektronarzędzia"], line("A"), line("B"), ["Narzędzia ręczne"], line("C")])
    assert (numbers(table), recognised(table)) == ([3, 4, 6], {"heading": [2, 5]})


@pytest.mark.parametrize("text", ["FV/9/2026", "2026-01-05", "17"])
def test_a_line_that_lost_what_it_says_is_one_still(text: str) -> None:
    table = laid([HEADER, ["Elektronarzędzia"], line("A"), [text], line("B")])
    assert (numbers(table), recognised(table)) == ([3, 4, 5], {"heading": [2]})


def test_names_stand_in_one_column_and_the_first_of_them_above_all_lines() -> None:
    lines = np.asarray([3, 4, 8])
    lone = {1: Lone(2, "Raport"), 2: Lone(0, "Wiertarki"), 5: Lone(1, "Pilne"), 6: Lone(0, "Młotki"), 9: Lone(0, "Z")}
    assert groups(lone, lines, 5) == {2: "Wiertarki", 6: "Młotki"}
    assert groups({row: lone[row] for row in (5, 6, 9)}, lines, 5) == {}
    assert groups(lone, lines, 3) == {}
    assert groups(lone, lines[:0], 5) == {}
    assert groups({}, lines, 5) == {}


def test_rows_of_a_text_in_a_wide_table() -> None:
    table = laid([HEADER, ["", "", "", "Wiertarki"], line("A"), ["Wiertarki"], line("B")])
    assert (numbers(table), recognised(table)) == ([3, 4, 5], {"heading": [2]}), "the other one is in another column"

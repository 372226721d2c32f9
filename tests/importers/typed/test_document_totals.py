"""A saved profile meets a file in which what a document comes to is written beside each of its lines."""

from collections.abc import Sequence

import pytest

from importers.errors import FileRefused
from tests.importers.layout.reports import HEADER, laid, line, profile, typed

SAID = profile(decimal=",")


def nets(rows: Sequence[tuple[str, str, str]]) -> list[int]:
    lines = [line(number, product=f"P{at}", quantity=pieces, net=net) for at, (number, pieces, net) in enumerate(rows)]
    return [one[-1] for one in typed(laid([HEADER, *lines], SAID), SAID).good]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 3, 1, 4, 2)], ids=["by documents", "by goods"])
def test_what_documents_come_to_is_refused_beside_their_lines(order: tuple[int, ...]) -> None:
    rows = [("A", "1", "90,00"), ("A", "2", "90,00"), ("B", "5", "45,00"), ("B", "3", "45,00"), ("C", "1", "7,00")]
    with pytest.raises(FileRefused, match=r"Column 'Wartość': all lines of a document have the same amount .* in 2 d"):
        nets([rows[at] for at in order])


def test_amounts_that_are_alike_by_chance_are_read() -> None:
    alike = [("A", "1", "90,00"), ("A", "2", "90,00")]
    assert nets(alike) == [9000] * 2, "one document"
    assert nets([*alike, ("B", "1", "90,00"), ("B", "3", "90,00")]) == [9000] * 4, "one amount"
    assert nets([*alike, ("B", "1", "45,00"), ("B", "1", "45,00")]) == [9000] * 2 + [4500] * 2, "alike in all"
    assert len(nets([*alike, ("B", "1", "45,00"), ("C", "2", "5,00"), ("B", "2", "46,00")])) == 5
    assert nets([("A", "1", "0,00"), ("A", "2", "0,00"), ("B", "1", "5,00")]) == [0, 0, 500]

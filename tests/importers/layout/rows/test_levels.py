"""Pivot tables in outline form: a row for each customer, document and day, and the lines below them."""

from collections.abc import Sequence
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from importers.layout.laying import lay
from importers.layout.looks.looking import look
from importers.layout.looks.proposing import propose
from tests.importers.layout.reports import Typed, grid, recognised, typed

LEVELS = ("Kontrahent", "Nr faktury", "Data")
SUMS = ("Ilość", "Wartość netto")

Line = tuple[str, str, str, str, int, int]
"""Customer, number, day, goods, pieces, amount."""


def outlined(lines: Sequence[Line], order: Sequence[int], *, sums: bool) -> list[list[str]]:
    """Write lines as such a table does: each level in a column and a row of its own, ``sums`` beside it or not."""

    def below(rows: Sequence[Line], depth: int) -> list[list[str]]:
        if depth == len(order):
            return [["", "", "", goods, str(pieces), str(amount)] for *_, goods, pieces, amount in rows]
        found = []
        for value, several in groupby(rows, key=lambda one: str(one[order[depth]])):
            own = list(several)
            said = [value if at == depth else "" for at in range(4)]
            added = [str(sum(one[4] for one in own)), str(sum(one[5] for one in own))] if sums else ["", ""]
            found += [[*said, *added], *below(own, depth + 1)]
        return found

    return [[*(LEVELS[at] for at in order), "Kod towaru", *SUMS], *below(lines, 0)]


def read(rows: list[list[str]]) -> Typed:
    seen = look([grid(rows)], [], "sales")
    said = propose(seen)
    found = lay(grid(rows), said, "report.csv")
    assert found is not None
    return typed(found.table, said)


DOCUMENTS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(5, 9), st.lists(st.integers(1, 9), min_size=1, max_size=3)),
    min_size=1,
    max_size=5,
)


@given(order=st.permutations(range(3)), documents=DOCUMENTS, sums=st.booleans())
@settings(max_examples=40, deadline=None)
def test_each_line_has_what_the_levels_above_it_say(
    order: Sequence[int], documents: list[tuple[int, int, list[int]]], sums: bool
) -> None:
    lines: list[Line] = [
        (f"D{who}", f"F/{at}", f"2026-01-0{day}", f"P{of}", pieces, 10 * pieces)
        for at, (who, day, several) in enumerate(documents)
        for of, pieces in enumerate(several)
    ]
    lines.sort(key=lambda one: (one[order[0]], one[1]))
    found = read(outlined(lines, order, sums=sums))
    assert [(one[2], one[0], one[1], one[3], one[5] // 1000, one[7] // 100) for one in found.good] == lines
    assert found.outcomes == {}


def test_a_row_without_lines_is_one_that_lost_its_goods() -> None:
    lines: list[Line] = [("D1", f"F/{at}", "2026-01-05", "P1", 2, 20) for at in range(3)]
    rows = outlined(lines, (0, 1, 2), sums=True)
    rows.insert(5, ["", "F/9", "", "", "5", "50"])
    found = read(rows)
    assert recognised(found.table)["heading"] == [2, 3, 4, 7, 8, 10, 11]
    assert found.outcomes == {6: ("refused", "missing missing")}


def test_a_number_with_pieces_and_no_goods_is_no_head_where_others_have_none() -> None:
    rows = outlined([("D1", f"F/{at}", "2026-01-05", "P1", 2, 20) for at in range(2)], (0, 1, 2), sums=False)
    rows[1][-2:] = ["5", "50"]
    assert 2 in read(rows).outcomes


def test_a_line_that_says_a_level_itself_is_of_no_such_table() -> None:
    rows = outlined([("D1", "F/1", "2026-01-05", "P1", 2, 20)], (0, 1, 2), sums=True)
    rows[-1][0] = "D1"
    seen = look([grid(rows)], [], "sales")
    assert "distributor" not in seen.fill_down

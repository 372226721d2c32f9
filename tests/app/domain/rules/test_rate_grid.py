"""A matrix as a grid says what the engine would do; what is pasted is read cell by cell."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.documents.catalogue import GroupTree
from app.domain.program_file.definition import Matrix
from app.domain.rules.rate_grid import PasteProblem, grid_of, laid_out, own_rates, pasted, with_rates
from tests.app.domain.profiles import searching

PRODUCTS = GroupTree(
    code=["tools", "drills", "big", "paint"],
    name=["Tools", "Drills", "Big drills", "Paint"],
    aliases=[[], ["bohrer"], [], []],
    parent=[-1, 0, 1, -1],
)
DISTRIBUTORS = GroupTree(code=["gold", "lead"], name=["Gold", "Lead"], aliases=[[], []], parent=[-1, -1])
PLACES = [(row, column) for row in range(4) for column in range(2)]


def _matrix(rates: dict[tuple[int, int], Decimal], default: Decimal | None = None) -> Matrix:
    written: dict[str, dict[str, Decimal]] = {}
    for (row, column), rate in rates.items():
        written.setdefault(PRODUCTS.code[row], {})[DISTRIBUTORS.code[column]] = rate
    return Matrix.model_validate({"code": "m", "name": "M", "kind": "per_unit", "default": default, "rates": written})


@searching(100)
@given(
    st.dictionaries(st.sampled_from(PLACES), st.integers(0, 9).map(Decimal), max_size=8),
    st.none() | st.integers(0, 9).map(Decimal),
)
def test_every_cell_has_the_rate_that_a_person_would_look_up(
    rates: dict[tuple[int, int], Decimal], default: Decimal | None
) -> None:
    matrix = _matrix(rates, default)
    grid = grid_of(matrix, PRODUCTS, DISTRIBUTORS)
    above = {0: [0], 1: [1, 0], 2: [2, 1, 0], 3: [3]}
    for row, column in PLACES:
        found = next((rates[one, column] for one in above[row] if (one, column) in rates), default)
        cell = grid.cells[row, column]
        assert cell.rate == found
        assert (cell.source == "own") == ((row, column) in rates)
    assert own_rates(matrix, PRODUCTS, DISTRIBUTORS) == rates
    written = with_rates(matrix, rates, PRODUCTS, DISTRIBUTORS)
    assert (
        own_rates(
            matrix.model_copy(update={"rates": Matrix.model_validate({**_head(), "rates": written}).rates}),
            PRODUCTS,
            DISTRIBUTORS,
        )
        == rates
    )


def _head() -> dict[str, str]:
    return {"code": "m", "name": "M", "kind": "per_unit"}


def test_groups_stand_below_those_above_them() -> None:
    assert laid_out(PRODUCTS) == [(3, 0), (0, 0), (1, 1), (2, 2)]


def test_rates_of_groups_that_are_not_there_yet_stay() -> None:
    matrix = Matrix.model_validate({**_head(), "rates": {"saws": {"gold": "3"}, "tools": {"gold": "1"}}})
    assert with_rates(matrix, {(3, 1): Decimal("2.50")}, PRODUCTS, DISTRIBUTORS) == {
        "paint": {"lead": "2.5"},
        "saws": {"gold": "3"},
    }


def test_what_is_pasted_is_read_cell_by_cell() -> None:
    text = "\n\tGOLD\tlead\tzinc\nBohrer\t1.5\t\t9\nPaint\t-1\tmany\nSaws\t1\t1\n\nTools\t7\n"
    rates, problems = pasted(text, PRODUCTS, DISTRIBUTORS, _read)
    assert rates == {(1, 0): Decimal("1.5"), (1, 1): None, (0, 0): Decimal(7), (0, 1): None}
    assert problems == [
        PasteProblem(1, 4, "zinc", "distributor_group"),
        PasteProblem(3, 2, "-1", "negative"),
        PasteProblem(3, 3, "many", "number"),
        PasteProblem(4, 1, "Saws", "product_group"),
    ]
    assert pasted("", PRODUCTS, DISTRIBUTORS, _read) == ({}, [])


def _read(typed: str) -> Decimal:
    if typed == "many":
        raise ValueError
    return Decimal(typed)

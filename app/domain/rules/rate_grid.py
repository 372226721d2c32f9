"""A matrix as people see it: every product group by every distributor group, with where each rate comes from.

A cell without a rate of its own has that of the nearest product group above it, then the default, then nothing
(rules.md 2). What is pasted from a spreadsheet comes in here, too: cells apart by tabs, rows by lines.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from app.domain.documents.catalogue import GroupTree
from app.domain.program_file.definition import Matrix

Source: TypeAlias = Literal["own", "above", "default", "none"]
Place: TypeAlias = tuple[int, int]
"""A product group and a distributor group, by their positions in the trees."""
MOST_PASTED = 200_000


@dataclass(frozen=True)
class Cell:
    """What holds for a pair of groups. ``above`` is the position of the product group that a rate is inherited from."""

    rate: Decimal | None
    source: Source
    above: int | None = None


@dataclass(frozen=True)
class Grid:
    """Rows of product groups and columns of distributor groups, as positions in their trees, with their depths."""

    rows: Sequence[tuple[int, int]]
    columns: Sequence[tuple[int, int]]
    cells: Mapping[Place, Cell]


@dataclass(frozen=True)
class PasteProblem:
    """A cell of what was pasted that is not taken: its line and column, counted from 1, what stood there, and why."""

    line: int
    column: int
    found: str
    why: Literal["number", "negative", "product_group", "distributor_group"]


def laid_out(tree: GroupTree) -> list[tuple[int, int]]:
    """Give the groups in the order of their names, each followed by those below it: position and depth."""
    below: dict[int, list[int]] = {}
    for at in sorted(range(len(tree.code)), key=lambda at: (tree.name[at].casefold(), tree.code[at])):
        below.setdefault(tree.parent[at], []).append(at)
    laid: list[tuple[int, int]] = []
    waiting = [(at, 0) for at in reversed(below.get(-1, []))]
    while waiting:
        at, depth = waiting.pop()
        laid.append((at, depth))
        waiting += [(one, depth + 1) for one in reversed(below.get(at, []))]
    return laid


def own_rates(matrix: Matrix, products: GroupTree, distributors: GroupTree) -> dict[Place, Decimal]:
    """Give the rates that stand in a matrix. Of two names of one group the later holds, as in the engine."""
    return {
        (row, column): rate
        for product_group, by_group in matrix.rates.items()
        for distributor_group, rate in by_group.items()
        for row in products.find([product_group])
        for column in distributors.find([distributor_group])
    }


def grid_of(matrix: Matrix, products: GroupTree, distributors: GroupTree) -> Grid:
    """Lay a matrix out over every pair of groups."""
    own = own_rates(matrix, products, distributors)
    rows, columns = laid_out(products), laid_out(distributors)
    return Grid(
        rows,
        columns,
        {(row, column): _cell(own, matrix.default, products, row, column) for row, _ in rows for column, _ in columns},
    )


def _cell(own: Mapping[Place, Decimal], default: Decimal | None, products: GroupTree, row: int, column: int) -> Cell:
    if (row, column) in own:
        return Cell(own[row, column], "own")
    for above in products.path(row)[1:]:
        if (above, column) in own:
            return Cell(own[above, column], "above", above)
    return Cell(None, "none") if default is None else Cell(default, "default")


def with_rates(
    matrix: Matrix, rates: Mapping[Place, Decimal], products: GroupTree, distributors: GroupTree
) -> dict[str, dict[str, str]]:
    """Write rates as a matrix has them. What it says of groups that are not there yet stays as it is."""
    written: dict[str, dict[str, str]] = {}
    for (row, column), rate in sorted(rates.items()):
        written.setdefault(products.code[row], {})[distributors.code[column]] = plain(rate)
    for product_group, by_group in matrix.rates.items():
        for distributor_group, rate in by_group.items():
            if not products.find([product_group]) or not distributors.find([distributor_group]):
                written.setdefault(product_group, {})[distributor_group] = plain(rate)
    return written


def plain(rate: Decimal) -> str:
    """Write a rate as a programme file does, with the decimals that it has."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def pasted(
    text: str, products: GroupTree, distributors: GroupTree, read: Callable[[str], Decimal]
) -> tuple[dict[Place, Decimal | None], list[PasteProblem]]:
    """Read a table that was copied from a spreadsheet: distributor groups above, product groups on the left.

    An empty cell takes the rate away. Groups are known by their codes, names and other names. Nothing that is wrong
    keeps the rest from being read. ``read`` makes a number of a text, or raises ValueError.
    """
    lines = [line.split("\t") for line in text[:MOST_PASTED].splitlines()]
    while lines and not any(cell.strip() for cell in lines[0]):
        del lines[0]
    if not lines:
        return {}, []
    problems: list[PasteProblem] = []
    columns: dict[int, int] = {}
    for at, title in enumerate(lines[0][1:], start=1):
        found = distributors.find([title])
        if found:
            columns[at] = found[0]
        elif title.strip():
            problems.append(PasteProblem(1, at + 1, title.strip(), "distributor_group"))
    rates: dict[Place, Decimal | None] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        rows = products.find([line[0]])
        if not rows:
            problems.append(PasteProblem(number, 1, line[0].strip(), "product_group"))
            continue
        for at, column in columns.items():
            typed = line[at].strip() if at < len(line) else ""
            try:
                rate = read(typed) if typed else None
            except ValueError:
                problems.append(PasteProblem(number, at + 1, typed, "number"))
                continue
            if rate is not None and rate < 0:
                problems.append(PasteProblem(number, at + 1, typed, "negative"))
                continue
            rates[rows[0], column] = rate
    return rates, problems

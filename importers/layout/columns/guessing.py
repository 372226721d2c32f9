"""In which rows the header of a sheet seems to stand that nobody knows yet, by what they say and how they look."""

import re
from collections.abc import Sequence

from importers.files.grid import Grid
from importers.layout.columns.months import may_be_month, month_columns, number_months
from importers.layout.columns.months_seen import YEAR
from importers.layout.rows.rows import likeness
from importers.layout.tables.header import MOST_ROWS, Header, kept_columns, name_key, names_at, top_of
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.amounts_named import is_unit

_MOST_ABOVE = 60
_TYPICAL = 20
_KNOWN_NAMES = 4
"""Names of columns that a row has which is surely a header, whatever stands beside them."""
_LEAST_GROUPS = 2
"""Joined cells of a row that groups the columns below it: one alone is a title."""
_QUARTER = re.compile(r"(?i)(?<!\w)(?:[qhkт]\s?[1-4]|[1-4]\s?(?=kw|кв|trim|quart))")


def guessed(grid: Grid, kind: str) -> tuple[Header | None, int]:
    """Guess the header of a sheet of a kind, and say how sure that is, in basis points; None where there is none."""
    top = top_of(grid, _MOST_ABOVE + _TYPICAL)
    known = frozenset().union(*names_of(kind).values())
    firsts = {likeness(row): at for at, row in reversed([*enumerate(top[:_MOST_ABOVE])])}  # not those of later pages
    best, negative = max(((_score(top, at, known), -at) for at in firsts.values()), default=(0.0, 0))
    if best <= 0:
        return None, 0
    return _with_rows(grid, top, -negative, kind), min(10_000, int(best * 100))


def _score(top: Sequence[Sequence[str]], at: int, known: frozenset[str]) -> float:
    """Say how much a row looks like a header, to 100: its names are known, no figures, and as wide as what follows."""
    said = [cell for cell in top[at] if cell]
    if len(said) < 2:
        return 0
    widths = [width for row in top[at + 1 : at + 1 + _TYPICAL] if (width := sum(map(bool, row)))]
    typical = sorted(widths)[len(widths) // 2] if widths else len(said)
    below_years = at > 0 and number_months(top[at - 1], top[at])
    wordy = sum(_is_name(cell) or (below_years and cell.isdecimal()) for cell in said) / len(said)
    named = sum(spoken(cell) in known for cell in said)
    if wordy <= 0.5 and named < _KNOWN_NAMES:
        return 0
    return 50 * min(1.0, named / _KNOWN_NAMES) + 25 * wordy + 25 * min(1.0, len(said) / max(1, typical))


def _with_rows(grid: Grid, top: Sequence[Sequence[str]], at: int, kind: str) -> Header:
    """Take more rows to a header whose row leaves columns without a name of their own, or is said in two languages."""
    rows = [list(row) for row in top]
    if at + 1 < len(rows) and _is_of_units(rows[at], rows[at + 1]):
        return Header(at, rows[at : at + 2], names_at(grid, rows, at, 2))
    for first in (at, at - 1):
        if first >= 0 and first + 1 < len(rows) and name_the_same(rows[first], rows[first + 1], kind):
            return Header(first, rows[first : first + 2], names_at(grid, rows, first, 2))
    one = Header(at, rows[at : at + 1], names_at(grid, rows, at, 1))
    if _complete(grid, one):
        if not _is_grouped(grid, rows, at, kind):
            return one
        return Header(at - 1, rows[at - 1 : at + 1], names_at(grid, rows, at - 1, 2))
    for count in range(2, MOST_ROWS + 1):
        for first in (at, at - count + 1):
            several = rows[first : first + count]
            if first < 0 or len(several) < count or not _name_columns(several):
                continue
            joined = Header(first, several, names_at(grid, rows, first, count))
            if _complete(grid, joined):
                return joined
    return one


def _is_grouped(grid: Grid, rows: Sequence[Sequence[str]], at: int, kind: str) -> bool:
    """Say whether the row above groups the columns, and says of which ones the codes and names are those of customers.

    Its cells go over several columns each; what groups them otherwise stands above the header as titles do.
    """
    if at == 0 or not _is_wordy(rows[at - 1]):
        return False
    above = int(grid.row_number[at - 1])
    wide = [one for one in grid.merged if one.first_row == one.last_row == above and one.first_column < one.last_column]
    customers = names_of(kind).get("distributor", {})
    named = any(spoken(cell) in customers for cell in rows[at - 1] if cell)
    return named and len(wide) >= _LEAST_GROUPS and above + 1 == int(grid.row_number[at])


def _is_of_units(names: Sequence[str], row: Sequence[str]) -> bool:
    """Say whether the row below names says in which units some of the columns are, and nothing else."""
    said = [(name, cell) for name, cell in zip(names, row, strict=True) if cell]
    return bool(said) and all(name and is_unit(cell) for name, cell in said)


def name_the_same(one: Sequence[str], other: Sequence[str], kind: str) -> bool:
    """Say whether two rows name the same columns, as headers in two languages do."""
    if list(map(name_key, one)) == list(map(name_key, other)) or [*map(bool, one)] != [*map(bool, other)]:
        return False
    if not (_is_wordy(one) and _is_wordy(other)):
        return False
    pairs = [(spoken(cell), spoken(below)) for cell, below in zip(one, other, strict=True) if cell]
    named = sum(any(cell in names and below in names for names in names_of(kind).values()) for cell, below in pairs)
    return named >= _KNOWN_NAMES and 2 * named > len(pairs)


def _complete(grid: Grid, header: Header) -> bool:
    names = [name_key(header.names[at]) for at in kept_columns(grid, header)]
    return all(names) and len(set(names)) == len(names)


def _name_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether rows may be those of one header: their cells are names, or numbers of months below their years."""
    return all(
        _is_wordy(row) or (at > 0 and number_months(rows[at - 1], row) and all(map(_may_stand_beside, row)))
        for at, row in enumerate(rows)
    )


def _may_stand_beside(cell: str) -> bool:
    return cell.isdecimal() or _is_name(cell)


def _is_wordy(row: Sequence[str]) -> bool:
    said = [cell for cell in row if cell]
    return len(said) > 1 and all(map(_is_name, said))


def _is_name(cell: str) -> bool:
    """Say whether a column may be called so: names have no figures, but those of months."""
    bare = _QUARTER.sub("", YEAR.sub("", cell))
    return not any(sign.isdigit() for sign in bare) or bool(month_columns([cell])) or may_be_month(cell)

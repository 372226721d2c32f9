"""A short history on paper: what was asked, what the rows come to, and the rows, with their totals."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.exports.files import Written
from app.exports.histories.keeping import Shown, ShownColumn
from app.exports.paper import Grid, Paper, Section, write_paper
from app.exports.tables import Kind
from app.services.telling.languages import Writing, writing

_LEAST, _MOST, _ROOM = 4, 28, 3
"""Letters that a column is wide at least, and at most, and those left free: longer texts go on in the next line."""


def print_rows(path: Path, shown: Shown, tables: Sequence[Any]) -> Written:
    """Draw rows, whose codes are words already."""
    write = writing(shown.language)
    rows = [row for table in tables for row in _rows(table, shown.columns, write)]
    sums = dict.fromkeys(shown.totals, 0)
    for one in shown.sums:
        for key in sums:
            sums[key] += one.amounts[key]
    total = None
    if sums and rows:
        total = [_text(column, sums.get(column.key), write) for column in shown.columns]
        total[0] = total[0] or shown.labels["total"]
    paper = Paper(
        title=shown.title,
        subtitle=shown.about[1][1],
        sections=(
            Section("", facts=[(name, said) for name, said in shown.about]),
            Section(shown.labels["totals"], grid=_totals(shown, write)),
            Section(shown.title, grid=_grid(shown.columns, rows, total)),
        ),
        foot=" · ".join(said for _name, said in shown.about[:2]),
        page=shown.labels["page"].replace("%(page)s", "{page}").replace("%(pages)s", "{pages}"),
        wide=True,
    )
    written = write_paper(path, paper)
    return Written(written.path, written.sha256, written.size, len(rows))


def _rows(table: Any, columns: Sequence[ShownColumn], write: Writing) -> list[list[str]]:
    values = [table.column(one.key).to_pylist() for one in columns]
    return [[_text(*pair, write) for pair in zip(columns, row, strict=True)] for row in zip(*values, strict=True)]


def _totals(shown: Shown, write: Writing) -> Grid:
    columns = (*shown.by, ShownColumn("rows", shown.labels["rows"], Kind.INTEGER), *shown.measures)
    rows = [
        [
            *(one.words.get(sum_.of[one.key] or "", sum_.of[one.key] or "") for one in shown.by),
            write.figure(sum_.rows),
            *(_text(one, sum_.amounts[one.key], write) for one in shown.measures),
        ]
        for sum_ in shown.sums
    ]
    return _grid(columns, rows, None)


def _grid(columns: Sequence[ShownColumn], rows: Sequence[Sequence[str]], total: Sequence[str] | None) -> Grid:
    shown = [*rows, total] if total is not None else rows
    words = [max(map(len, one.title.split())) for one in columns]
    longest = [max([words[at], *(len(row[at]) for row in shown)]) for at in range(len(columns))]
    widths = [max(_LEAST, min(_MOST, one)) + _ROOM for one in longest]
    right = frozenset(at for at, one in enumerate(columns) if one.column.whole)
    return Grid([one.title for one in columns], rows, widths, right, total)


def _text(column: ShownColumn, value: Any, write: Writing) -> str:
    if value is None:
        return ""
    if column.kind is Kind.DATE:
        return write.day(value)
    if column.kind is Kind.INSTANT:
        return write.instant(value, column.zone)
    if column.kind in (Kind.MONEY, Kind.POINTS):
        return write.figure(value, column.decimals)
    return str(value)

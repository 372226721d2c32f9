"""Columns of what rows say above the lines that they are for: a document's number, its day, whose it is.

A system that prints its documents one below the other writes ``Faktura: FV/1  Data: 05.01.2026`` once, and below it
lines that have goods alone; one that lists the documents of each customer writes ``Klient: Północ`` above them. What
such rows say becomes columns of the lines; from there on it is read, asked about, and handed back with a problem, as
any other column is.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.files.grid import Grid, Lifted
from importers.layout.columns.date_parts import days_of_parts
from importers.layout.columns.guessing import guessed
from importers.layout.columns.outlined import Outline, outlined
from importers.layout.rows.blocks import Block, Rows, blocks_of, labelled_rows
from importers.layout.rows.body import blank_rows
from importers.layout.rows.labelled import (
    CUSTOMERS,
    DAY,
    NUMBER,
    Labelled,
    calls_documents,
    day_behind,
    names_customer,
    says_day,
)
from importers.layout.rows.lone import Lone, above_lines, coded_names, days, groups, lone_texts, perhaps_documents
from importers.layout.rows.named_beside import GROUP
from importers.layout.tables.handed_back import is_handed_back
from importers.layout.tables.header import JOINT, MOST_ABOVE, Header, row_of, top_of
from importers.layout.words.synonyms import names_of, spoken

_UNKNOWN = "Document"
"""What the column of numbers is called where we know none of the words that stand before them."""
_MOSTLY = 0.8
"""So many of the numbers of documents have their day behind them where others are told by it."""
_KIND = "{} (type)"
"""What the column beside it is called, which says before what word each number stood: a credit note is told by it."""


def with_lifted(grid: Grid, kind: str, header: int | None = None) -> Grid:
    """Give a grid whose rows that say of which document lines are became columns; the same one where there are none.

    Where columns name the documents and none has their days, or none says whose they are, rows that say so of the lines
    below them become columns, or names that stand alone; or what stands behind the numbers does, as in ``Реализация 12
    от 05.01.2026``, or in columns of years, months and days. Of an outline (`outlined`) all that its levels say does.

    Args:
        grid: the cells of a sheet, or of a text file.
        kind: of import; not all have documents, or say whose something is.
        header: the row in which the names of columns stand, where somebody says so.
    """
    if not names_of(kind).keys() & {NUMBER, *CUSTOMERS} or is_handed_back(grid):
        return grid
    head = grid.head(MOST_ABOVE)
    said = labelled_rows(head)
    head = head.without(said)
    found = _header(head, kind, header)
    of = {} if found is None else _columns_of(found, kind)
    if found is None:
        return grid
    last, cells = row_of(head, found), found.rows[-1]
    days = days_of_parts(grid, found.names, last, of.get(DAY)) if DAY in names_of(kind) else None
    if of.keys() >= {NUMBER, DAY} and of.keys() & CUSTOMERS:
        return grid if days is None else _attached(grid, days, cells)
    rows = head.row_number[found.at : found.below].tolist()
    if NUMBER in names_of(kind) and (outline := outlined(grid, found, rows)) is not None:
        return _of_outline(outline, kind)
    if days is None and NUMBER in of and DAY not in of:
        days = _days_behind(grid, last, of[NUMBER])
    lacks = names_of(kind).keys() - of.keys() - ({DAY} if days is not None else set())
    may_be_alone = NUMBER in names_of(kind) and (lacks >= CUSTOMERS or DAY in lacks)
    goods = [of[field] for field in ("product", "product_name") if field in of]
    above = None
    if said or (may_be_alone and (lone_texts(head) or coded_names(head, goods))):
        above = _told_above(grid, last, cells, lacks, goods)
    lifted = _joined(days, above)
    return grid if lifted is None else _attached(grid.without(lifted.headings.tolist()), lifted, cells)


def _joined(days: Lifted | None, above: Lifted | None) -> Lifted | None:
    """Give the columns of days that each row says itself beside those of what stands above several."""
    if days is None or above is None:
        return days or above
    values = (*days.values, *above.of(days.rows))
    return replace(days, names=(*days.names, *above.names), values=values, headings=above.headings)


def _of_outline(outline: Outline, kind: str) -> Grid:
    """Give the grid of an outline, whose rows of documents and customers became columns."""
    grid, names = outline.grid, outline.header.rows[-1]
    header = outline.header_row
    lines = _lines(grid, {*outline.said, *outline.others}, header, _like(grid, names))
    blocks = blocks_of(outline.said, lines)
    lifted = _lifted(blocks, _held(blocks, header, names_of(kind).keys() - _columns_of(outline.header, kind).keys()))
    headings = np.sort(np.concatenate([lifted.headings, np.asarray(outline.others, dtype=np.int64)]))
    return _attached(grid.without(headings.tolist()), replace(lifted, headings=headings), names)


def _told_above(
    grid: Grid, header: int, cells: Sequence[str], lacks: AbstractSet[str], goods: Collection[int]
) -> Lifted | None:
    """Give the columns of what rows say of fields that a table ``lacks``; None where they say nothing that it needs."""
    said, like = labelled_rows(grid), _like(grid, cells)
    lone = {row: one for row, one in lone_texts(grid).items() if row not in said}
    lines = _lines(grid, said.keys() | lone.keys(), header, like)
    lone = above_lines(lone, lines)
    said |= (perhaps_documents(lone) if NUMBER in lacks else {}) | (days(lone) if DAY in lacks else {})
    if lacks >= CUSTOMERS and not any(names_customer(one) for pairs in said.values() for one in pairs):
        coded = {row: one for row, one in coded_names(grid, goods).items() if row not in said}
        among = lines[~np.isin(lines, list(coded))]
        several = dict(sorted((lone | coded).items()))
        said |= _grouped(several, among, header, grid.row_number[like], grid.width, numbered=NUMBER not in lacks)
    if not said:
        return None
    said = dict(sorted(said.items()))
    blocks = blocks_of(said, lines := _lines(grid, said, header, like))
    held = (_held(blocks, header, lacks) if NUMBER in lacks else {}) or _held_among(blocks, header, lacks)
    firsts = [min(rows) for one in blocks if (rows := [one.rows_of[key] for key in held if key in one.rows_of])]
    below_its_lines = bool(firsts) and len(lines) > 0 and lines[0] < min(firsts)
    return None if not held or below_its_lines else _lifted(blocks, held)


def _grouped(
    lone: Mapping[int, Lone], lines: np.ndarray, header: int, repeated: np.ndarray, width: int, *, numbered: bool
) -> Rows:
    """Give the rows of names that stand alone above lines: whoever reads the file may know that they bought these.

    Above the table, where its header does not come again, stand titles; and what is the same above each is one as well.
    """
    among = lone if len(repeated) > 1 else {row: one for row, one in lone.items() if row > header}
    names = groups(among, lines, width, numbered=numbered)
    if min(names, default=header) < header and len(set(names.values())) == 1:
        return {}
    return {row: [Labelled(GROUP, "distributor", text)] for row, text in names.items()}


def _days_behind(grid: Grid, header: int, numbers: int) -> Lifted | None:
    """Give a column of the days that stand behind the numbers of documents in theirs; None where most have none."""
    below = grid.row_number > header
    texts = pc.utf8_trim_whitespace(grid.cells.column(numbers).filter(pa.array(below))).combine_chunks()
    first = pc.unique(texts.slice(0, MOST_ABOVE)).drop_null()
    found = list(map(day_behind, first.filter(pc.match_substring_regex(first, r"\d")).to_pylist()))
    days = list(filter(None, found))
    if len(days) <= _MOSTLY * len(found):
        return None
    coded = pc.dictionary_encode(texts)
    said = [day_behind(text or "") for text in coded.dictionary.to_pylist()]
    of = pa.array([one.text if one is not None else None for one in said], pa.large_string()).take(coded.indices)
    return Lifted((days[0].label,), grid.row_number[below], (of,), np.zeros(0, dtype=np.int64), (days[0].label,))


def _header(grid: Grid, kind: str, last: int | None) -> Header | None:
    """Give the header; ``last`` is its last row, where somebody says so."""
    if last is None:
        return guessed(grid, kind)[0]
    at = int(np.searchsorted(grid.row_number, last))
    top = top_of(grid, at + 1)
    return Header(at, top[at:], top[at]) if at < len(top) else None


def _columns_of(header: Header, kind: str) -> dict[str, int]:
    """Give the fields that a header has a column of, by its name or by a part of it, and where that is."""
    called = [(at, spoken(part)) for at, name in enumerate(header.names) for part in name.split(JOINT)]
    return {field: at for field, names in names_of(kind).items() for at, name in reversed(called) if names.get(name)}


def _like(grid: Grid, cells: Sequence[str]) -> np.ndarray:
    """Mark the rows that say what a header does."""
    alike = np.ones(grid.cells.num_rows, dtype=bool)
    for text, column in zip(cells, grid.cells.columns, strict=True):
        alike &= np.asarray(pc.equal(pc.fill_null(pc.utf8_trim_whitespace(column), ""), text), dtype=bool)
        if not alike.any():
            break
    return alike


def _lines(grid: Grid, said: Collection[int], header: int, repeated: np.ndarray) -> np.ndarray:
    """Give the numbers of the rows below a header that may be lines, or add some up."""
    others = ~blank_rows(grid.cells) & ~repeated & ~np.isin(grid.row_number, list(said)) & (grid.row_number > header)
    broken = [row for row in grid.broken if row > header and row not in said]
    return np.sort(np.concatenate([grid.row_number[others], np.asarray(broken, dtype=grid.row_number.dtype)]))


def _held(blocks: Sequence[Block], header: int, lacks: AbstractSet[str]) -> dict[str, bool]:
    """Give which columns there are, and of each whether it is of one document alone, or holds for several of them.

    Each is of a field that the table ``lacks``. A row above the table that names a document may be the report's title,
    unless we know what it calls it, and it says its day as well, which the table does not. What is said again below the
    last lines stands below its lines: it would be given to the next ones.
    """
    documents = [one for one in blocks if one.number is not None]
    if len(documents) == 1 and (documents[0].number or 0) < header:
        dated = any(one.field == DAY for one in documents[0].said.values())
        documents = documents if dated and DAY in lacks and calls_documents(documents[0].said[NUMBER].label) else []
    below = set() if blocks[-1].number is not None else _below(blocks)
    held = {
        key: _is_of_one(key, documents)
        for key, field in _fields_said(blocks).items()
        if documents and field in lacks and key not in below and not _is_title(key, blocks, documents, header)
    }
    return held if NUMBER in held else {}


def _held_among(blocks: Sequence[Block], header: int, lacks: AbstractSet[str]) -> dict[str, bool]:
    """Give which columns there are where no row names documents: of days, say, above the lines of each day.

    What is said above the table alone is of the whole report: the day on which somebody printed it, perhaps.
    """
    among = {key for block in blocks for key, row in block.rows_of.items() if row > header}
    no_days = {key for block in blocks for key, one in block.said.items() if one.field == DAY and not says_day(one)}
    may_be = among - no_days - _below(blocks) - {NUMBER}
    held = {key: field for key, field in _fields_said(blocks).items() if field in lacks and key in may_be}
    return dict.fromkeys(held, False) if {DAY, *CUSTOMERS} & set(held.values()) else {}


def _fields_said(blocks: Sequence[Block]) -> dict[str, str | None]:
    return {key: one.field for block in blocks for key, one in block.said.items()}


def _below(blocks: Sequence[Block]) -> set[str]:
    """Give what is said once more below the last lines."""
    return set() if blocks[-1].has_lines else set(blocks[-1].said)


def _is_of_one(key: str, documents: Sequence[Block]) -> bool:
    """Say whether something is said of each document, or below what names one."""
    return all(key in one.said for one in documents) or any(
        one.rows_of.get(key, -1) >= (one.number or 0) for one in documents
    )


def _is_title(key: str, blocks: Sequence[Block], documents: Sequence[Block], header: int) -> bool:
    """Say whether something is said once above the table, of several documents: the day of the report, say."""
    rows = [one.rows_of[key] for one in blocks if key in one.rows_of]
    return not _is_of_one(key, documents) and len(rows) == 1 and len(documents) > 1 and rows[0] < header


def _values(blocks: Sequence[Block], held: Mapping[str, bool]) -> dict[str, list[str | None]]:
    """Give what each column holds below each block; nothing is kept of a document once another one may have begun."""
    found: dict[str, list[str | None]] = {key: [] for key in held}
    now: dict[str, str | None] = {}
    for block in blocks:
        said = {key: one.text for key, one in block.said.items() if key in held}
        names = block.number is not None
        if names or block.perhaps_another or any(now.get(key) != text for key, text in said.items()):
            now = {key: text for key, text in now.items() if not held[key]}
        now |= said if names else {key: text for key, text in said.items() if not held[key]}
        for key, texts in found.items():
            texts.append(now.get(key))
    return found


def _lifted(blocks: Sequence[Block], held: Mapping[str, bool]) -> Lifted:
    """Give the columns, and one more beside the numbers."""
    values = _values(blocks, held)
    firsts = {key: one.label for block in reversed(blocks) for key, one in block.said.items() if key in held}
    labels = [block.said[NUMBER].label if block.number is not None else None for block in blocks]
    called = next(filter(calls_documents, filter(None, labels)), _UNKNOWN)
    columns = {called if key == NUMBER else firsts[key]: values[key] for key in held}
    kinds = [label if number else None for label, number in _on(labels, values.get(NUMBER, [None] * len(labels)))]
    columns |= {_KIND.format(called): kinds} if any(kinds) else {}
    return Lifted(
        names=tuple(columns),
        rows=np.asarray([min(_taken(block, held), default=max(block.rows)) for block in blocks], dtype=np.int64),
        values=tuple(pa.array(texts, pa.large_string()) for texts in columns.values()),
        headings=np.asarray([row for block in blocks for row in _taken(block, held)], dtype=np.int64),
    )


def _on(labels: Sequence[str | None], numbers: Sequence[str | None]) -> Iterator[tuple[str | None, str | None]]:
    """Give with each number the last label."""
    last: str | None = None
    for label, number in zip(labels, numbers, strict=True):
        last = label or last
        yield last, number


def _taken(block: Block, held: Collection[str]) -> list[int]:
    """Give the rows of a block that are of the columns, and what else is said below the name of a document."""
    from_ = block.number if block.number is not None and NUMBER in held else np.inf
    return [row for row in block.rows if row >= from_ or row in {block.rows_of.get(key) for key in held}]


def _attached(grid: Grid, lifted: Lifted, names: Sequence[str]) -> Grid:
    """Put the columns behind those of the grid; in rows that say what its header does stand their names."""
    header = _like(grid, names)
    empty = pa.array(blank_rows(grid.cells) & ~header)
    cells = grid.cells
    for name, texts in zip(lifted.names, lifted.of(grid.row_number), strict=True):
        texts = pc.if_else(empty, pa.scalar(None, pa.large_string()), texts)
        cells = cells.append_column(str(cells.num_columns), pc.if_else(pa.array(header), name, texts))
    return replace(grid, cells=cells, lifted=lifted)

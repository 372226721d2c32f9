"""Stacking: the tables of a workbook's sheets become one, whatever each calls its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from importers.layout.laying import Laid
from importers.layout.tables.header import distinct, name_key
from importers.layout.tables.table import Recognised, Stretch, TextTable, as_frame


def aligned(sheets: Sequence[tuple[str, Laid]]) -> list[tuple[str, Laid]]:
    """Call the columns that are read as the first sheet does: otherwise each name would be a column of its own."""
    first = sheets[0][1].columns
    return [(name, _called(laid, {old: first[field] for field, old in laid.columns.items()})) for name, laid in sheets]


def _called(laid: Laid, names: Mapping[str, str]) -> Laid:
    """Give some columns other names; another column that is called so already makes room."""
    if all(old == new for old, new in names.items()):
        return laid
    table = laid.table
    taken = {name_key(new) for new in names.values()}
    called = [names.get(old) or (f"{old} (2)" if name_key(old) in taken else old) for old in table.header]
    found = dict(zip(table.header, distinct(called, ()), strict=True))
    totals = {
        row: {found.get(name, name): cell for name, cell in cells.items()}
        for row, cells in table.recognised.totals.items()
    }
    moved = replace(
        table,
        frame=table.frame.rename(columns=found),
        grouped={found[name]: marked for name, marked in table.grouped.items()},
        recognised=replace(table.recognised, totals=totals),
    )
    return replace(laid, table=moved, columns={field: names[old] for field, old in laid.columns.items()})


def stack(sheets: Sequence[tuple[str, Laid]]) -> TextTable:
    """Lay the tables of several sheets one beneath the other, their rows numbered through."""
    if len(sheets) == 1:
        return sheets[0][1].table
    above, parts = 0, []
    for name, laid in sheets:
        part = laid.table
        stretches = tuple(replace(one, above=one.above + above) for one in part.stretches) or (Stretch(name, above),)
        parts.append(_moved(part, above, stretches))
        above += laid.last_row * max(1, len(part.stretches))
    frames = [pa.Table.from_pandas(part.frame, preserve_index=False) for part in parts]
    recognised = Recognised()
    for part in parts:
        for kind, rows in part.recognised.rows.items():
            recognised.add(kind, rows)
        recognised.totals |= part.recognised.totals
        recognised.headings |= part.recognised.headings
    frame = as_frame(pa.concat_tables(frames, promote_options="default"))
    lengths = [len(part.row_number) for part in parts]
    return TextTable(
        frame,
        np.concatenate([part.row_number for part in parts]),
        [one for part in parts for one in part.wrong_width],
        {row: cells for part in parts for row, cells in part.broken.items()},
        typed=parts[0].typed,
        from_1904=parts[0].from_1904,
        grouped={
            column: np.concatenate(
                [part.grouped.get(column, np.zeros(length, bool)) for part, length in zip(parts, lengths, strict=True)]
            )
            for column in {column for part in parts for column in part.grouped}
        },
        given={field: pa.chunked_array([part.given[field] for part in parts]) for field in parts[0].given},
        stretches=tuple(one for part in parts for one in part.stretches),
        recognised=recognised,
        returned=_returned(parts),
        around=tuple(dict.fromkeys(one for part in parts for one in part.around)),
        warnings=[one for part in parts for one in part.warnings],
    )


def _returned(parts: Sequence[TextTable]) -> np.ndarray | None:
    """Join the marks of what came back; None where none has any."""
    if all(part.returned is None for part in parts):
        return None
    return np.concatenate(
        [np.zeros(len(part.row_number), bool) if part.returned is None else part.returned for part in parts]
    )


def _moved(table: TextTable, by: int, stretches: tuple[Stretch, ...]) -> TextTable:
    recognised = Recognised(
        {kind: rows + by for kind, rows in table.recognised.rows.items()},
        {row + by: cells for row, cells in table.recognised.totals.items()},
        {row + by: text for row, text in table.recognised.headings.items()},
    )
    return replace(
        table,
        row_number=table.row_number + by,
        wrong_width=[(row + by, width) for row, width in table.wrong_width],
        broken={row + by: cells for row, cells in table.broken.items()},
        stretches=stretches,
        recognised=recognised,
    )

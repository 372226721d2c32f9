"""Aligning: the tables of a workbook's sheets name their columns alike, though each sheet calls them in its own way."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from importers.layout.laying import Laid
from importers.layout.tables.header import distinct, name_key


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

"""Files of records: the letters in front of each row tell what the row is, such as H of a document and L of its lines.

Nobody can know what stands in which cell of a record, so that such a file is told from one without a table.
"""

import re
from collections import Counter, defaultdict
from itertools import islice

from importers.files.grid import Grid

_LETTERS = re.compile(r"[A-Z]{1,4}\d{0,2}")
_MOST_KINDS = 8
_LOOKED_AT = 1_000
_LEAST_ROWS = 3


def kinds_of_records(grid: Grid) -> tuple[str, ...]:
    """Give the letters that tell the kinds of rows, in their order; none where rows are not told so.

    There are a few, one of them comes again and again, and not all have as many cells.
    """
    cells = grid.cells.slice(0, _LOOKED_AT)
    said = [[cell or "" for cell in row] for row in zip(*(one.to_pylist() for one in cells.columns), strict=True)]
    rows = [row for row in (*said, *islice(grid.broken.values(), _LOOKED_AT)) if any(row)]
    widths: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        widths[row[0].strip()].add(max(at for at, cell in enumerate(row) if cell))
        if len(widths) > _MOST_KINDS:
            return ()
    often = Counter(row[0].strip() for row in rows).most_common(1)
    told = len(widths) > 1 and all(map(_LETTERS.fullmatch, widths)) and len({*map(max, widths.values())}) > 1
    return tuple(sorted(widths)) if told and often[0][1] >= _LEAST_ROWS else ()

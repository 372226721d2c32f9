"""Days whose parts stand in columns of their own: year, month and day, as programs of reports part a date.

What they come to becomes a column of the lines, as what rows say above them does (`lifted`).
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.files.grid import Grid, Lifted
from importers.layout.columns.naming import adds_up
from importers.layout.tables.header import empty_cells
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.dates import read_moment

_PARTS = (
    frozenset({"year", "rok", "año", "ano", "год", "jahr", "année", "annee"}),
    frozenset({"month", "miesiąc", "mes", "месяц", "monat", "mois", "month name", "nazwa miesiąca", "nr miesiąca"}),
    frozenset({"day", "dzień", "día", "dia", "день", "tag", "jour", "day of month", "dzień miesiąca"}),
)
"""What columns of years, of months and of days are called."""
_DAY = "Date"
"""What the column of days is called that they become."""
_BESIDE = "|"
_MOSTLY = 0.8
"""So many of the rows that say all three are days; else these are columns of something else."""


def days_of_parts(grid: Grid, header: Sequence[str], last: int, dated: int | None) -> Lifted | None:
    """Give a column of the days that a table says in three columns; None where it has no such columns.

    Args:
        grid: the cells.
        header: the names of its columns.
        last: the number of the header's last row.
        dated: the column that seems to have the days; it may be called as that of the last part is.
    """
    called = [spoken(name) for name in header]
    places = [[at for at, name in enumerate(called) if name in names] for names in _PARTS]
    if any(len(one) != 1 for one in places) or dated not in (None, *places[-1]):
        return None
    below = grid.row_number > last
    if _holds_days(grid, called, places[-1], below):
        return None
    texts = [pc.utf8_trim_whitespace(grid.cells.column(at).filter(pa.array(below))) for [at] in places]
    texts = _filled_down(texts) if any(map(adds_up, header)) else texts
    joined = pc.binary_join_element_wise(*texts, pa.scalar(_BESIDE, pa.large_string()))
    coded = pc.dictionary_encode(joined.combine_chunks())
    days = [None if text is None else _day(*text.split(_BESIDE)) for text in coded.dictionary.to_pylist()]
    of = pa.array(days, pa.large_string()).take(coded.indices)
    said = len(joined) - joined.null_count
    if not said or len(of) - of.null_count < _MOSTLY * said:
        return None
    return Lifted((_DAY,), grid.row_number[below], (of,), np.zeros(0, dtype=np.int64), (_DAY,))


def _holds_days(grid: Grid, called: Sequence[str], but: Sequence[int], below: np.ndarray) -> bool:
    """Say whether the whole day stands in a column of its own: it is called so, and all rows of the table have one."""
    known = names_of("sales")["issued_on"]
    for at, name in enumerate(called):
        if known.get(name) and at not in but:
            texts = grid.cells.column(at).filter(pa.array(below))
            with_figures = pc.sum(pc.match_substring_regex(texts, r"\d")).as_py() or 0
            if with_figures >= _MOSTLY * max(1, len(texts)):
                return True
    return False


def _filled_down(parts: Sequence[pa.ChunkedArray]) -> list[pa.ChunkedArray]:
    """Give years and months to all rows below them, as pivot tables say them once; a month not beyond its year."""
    *uppers, day = parts
    found, begins = [], np.zeros(len(day), dtype=np.int64)
    for texts in uppers:
        last = np.maximum.accumulate(np.where(empty_cells(texts), -1, np.arange(len(texts))))
        found.append(texts.take(pa.array(last, mask=last < begins)))
        begins = np.maximum(begins, last)
    return [*found, day]


def _day(year: str, month: str, day: str) -> str | None:
    """Give a day in ISO form; None where the parts are those of no day."""
    text = f"{year}-{month:0>2}-{day:0>2}" if month.isdecimal() else f"{day} {month} {year}"
    found = set(read_moment(text).days.values()) if len(year) == 4 and year.isdecimal() else set()
    return found.pop().isoformat() if len(found) == 1 else None

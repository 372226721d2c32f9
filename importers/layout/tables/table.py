"""A file's table as text, and what stood around it: what the layout gives and the pipeline reads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.tables.handed_back import Proved

HIDDEN = "•••"
"""What stands for a cell that nobody may see."""
_NUMBER_CELL = r"^(-?\d+)\.(\d+)( \S+)?$"
"""What is written of a number cell: the number, and perhaps the sign that its format writes beside it."""


class Kind(StrEnum):
    """What a row is that is no line of the table. The header itself is not among them."""

    HEADING = "heading"
    BLANK = "blank"
    TOTAL = "total"
    REPEATED_HEADER = "repeated_header"


@dataclass(frozen=True)
class Stretch:
    """Rows of one sheet, or of one month of it, which follow ``above`` rows of others: they are numbered through."""

    sheet: str
    above: int
    month: str | None = None


@dataclass
class Recognised:
    """Rows that are no lines: which, of which kind; and of totals what stands in them, by column.

    ``headings`` are the texts that stand alone in a row among the lines.
    """

    rows: dict[Kind, np.ndarray] = field(default_factory=dict)
    totals: dict[int, dict[str, str]] = field(default_factory=dict)
    headings: dict[int, str] = field(default_factory=dict)

    def add(self, kind: Kind, rows: Iterable[int] | np.ndarray) -> None:
        """Note rows of a kind."""
        more = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows), dtype=np.int64)
        if len(more):
            self.rows[kind] = np.sort(np.concatenate([self.rows.get(kind, more[:0]), more]))

    def count(self) -> dict[Kind, int]:
        """Count the rows of each kind."""
        return {kind: len(rows) for kind, rows in self.rows.items()}

    def __len__(self) -> int:
        """Count the rows."""
        return sum(self.count().values())


@dataclass
class TextTable:
    """A file's table as text.

    Attributes:
        frame: one column a header, in the file's order and with the file's names; ``str`` cells, missing where empty.
        row_number: the row of each line as a spreadsheet counts: the first below the header is 2. Of several sheets
            each counts on from the last row of the one above (`Stretch`).
        wrong_width: rows whose number of cells is not the header's: (row, cells found).
        broken: what stands in the cells of those rows, by row.
        typed: whether numbers came from number cells, which are read with a point whatever the country.
        from_1904: whether a number cell that is a day counts from 1904.
        grouped: by column, the rows in which a text cell holds something such as 1.234, where a comma is the decimal
            sign: a thousand perhaps, and no number that may be read with a point.
        given: our field -> the texts of what no column of the file holds.
        stretches: of which sheets and months the rows are; empty where there is one sheet.
        recognised: the rows that are no lines.
        returned: marks the lines below a heading that says that goods came back; none where there is none.
        around: what the file is called, its sheet, and what stands above the table.
        warnings: what was noticed and stops nothing, each a code and what fills its sentence.
        proved: how it is read, as far as the profile leaves that to the file: what the file proved of which these rows
            come back, and then what they prove themselves.
    """

    frame: pd.DataFrame
    row_number: np.ndarray
    wrong_width: list[tuple[int, int]] = field(default_factory=list)
    broken: dict[int, list[str]] = field(default_factory=dict)
    typed: bool = False
    from_1904: bool = False
    grouped: dict[str, np.ndarray] = field(default_factory=dict)
    given: dict[str, pa.Array] = field(default_factory=dict)
    stretches: tuple[Stretch, ...] = ()
    recognised: Recognised = field(default_factory=Recognised)
    returned: np.ndarray | None = None
    around: tuple[str, ...] = ()
    warnings: list[dict[str, Any]] = field(default_factory=list)
    proved: Proved = field(default_factory=Proved)

    @property
    def header(self) -> list[str]:
        """Give the names of the columns."""
        return [str(name) for name in self.frame.columns]

    @property
    def rows_read(self) -> int:
        """Count the rows below the header and around it: lines, rows of another width, and what was recognised."""
        return len(self.row_number) + len(self.wrong_width) + len(self.recognised)

    def write_numbers(self, columns: Iterable[str]) -> None:
        """Write what number cells of these columns hold with a comma, where a text cell with a point would mislead."""
        for name in columns:
            if name in self.grouped:
                texts = self.column(name)
                written = pc.replace_substring_regex(texts, _NUMBER_CELL, r"\1,\2\3")
                kept = pc.if_else(pa.array(self.grouped[name]), texts, written)
                self.frame[name] = pd.array(kept, dtype=pd.ArrowDtype(pa.large_string()))

    def write_days(self, columns: Iterable[str], written: Callable[[str], str]) -> None:
        """Write anew what stands in these columns, each text once: ``written`` gives another for one, or the same."""
        for name in columns:
            found = pc.dictionary_encode(pa.chunked_array([self.column(name)]).combine_chunks())
            texts = [None if text is None else written(text) for text in found.dictionary.to_pylist()]
            told = pa.DictionaryArray.from_arrays(found.indices, pa.array(texts, pa.large_string()))
            self.frame[name] = pd.array(told.cast(pa.large_string()), dtype=pd.ArrowDtype(pa.large_string()))

    def masked(self, columns: Iterable[str]) -> pd.DataFrame:
        """Give the frame with dots in the place of what these columns hold."""
        dots: Any = pd.array(pa.array([HIDDEN] * len(self.frame)), dtype=pd.ArrowDtype(pa.large_string()))
        return self.frame.assign(**dict.fromkeys(columns, dots))

    def signs(self, decimal: str) -> str:
        """Give the decimal signs of its numbers, the source's first: a number cell has a point whatever the country."""
        return "".join(dict.fromkeys((decimal, "." if self.typed else decimal)))

    def column(self, name: str) -> pa.Array:
        """Give one column as an Arrow array, without copying."""
        return pa.array(self.frame[name].array)


def stretches_of(noted: Iterable[Mapping[str, Any]] | None) -> tuple[Stretch, ...]:
    """Give back stretches as they were noted."""
    return tuple(Stretch(**one) for one in noted or ())


def place_of(row: int, stretches: Sequence[Stretch]) -> tuple[Stretch | None, int]:
    """Tell of which sheet a row is, and its number there."""
    stretch = next((one for one in reversed(stretches) if one.above < row), None)
    return stretch, row - stretch.above if stretch else row


def as_frame(table: pa.Table) -> pd.DataFrame:
    """Give a table of texts as a frame, without copying."""
    columns = {str(name): pc.cast(table[name], pa.large_string()) for name in table.column_names}
    return pd.DataFrame(
        {name: pd.array(column, dtype=pd.ArrowDtype(pa.large_string())) for name, column in columns.items()}
    )

"""Kept rows become a file: a pure function of them, so that the same rows are the same file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.export_wish import LONGEST_PDF
from app.domain.states import ExportForm
from app.exports.csvfile import Dialect, write_csv
from app.exports.files import Written
from app.exports.histories.keeping import Kept, Shown, ShownColumn
from app.exports.tables import Column, Kind, Layout, Pieces
from app.exports.workbook import Sheet, write_workbook
from app.services.telling.languages import writing


class TooLong(ValueError):
    """There are more rows than a PDF is for."""

    def __init__(self, rows: int) -> None:
        """Say how many there are."""
        self.rows = rows
        super().__init__(f"{rows} rows are too many for a PDF, which holds {LONGEST_PDF}; take a workbook")


def render(kept_path: Path, form: ExportForm, path: Path) -> Written:
    """Write kept rows as a file.

    Raises:
        TooLong: They are too many for a PDF.
    """
    kept = Kept(kept_path)
    shown = kept.shown
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    layout = Layout(tuple(one.column for one in shown.columns), tuple(shown.totals), shown.labels["total"])
    pieces = Pieces(lambda: _in_words(kept, shown.columns))
    if form is ExportForm.CSV:
        return write_csv(path, layout, pieces.read(), dialect=dialect_of(shown.language), totals=True)
    if form is ExportForm.PDF:
        from app.exports.histories.printing import print_rows  # what draws takes long to load, and others do without

        if kept.rows > LONGEST_PDF:
            raise TooLong(kept.rows)
        return print_rows(path, shown, [layout.typed(piece) for piece in pieces.read()])
    sheets = [
        Sheet(shown.title, layout, pieces),
        Sheet(shown.labels["totals"], *totals_of(shown)),
        Sheet(shown.labels["about"], *_about(shown)),
    ]
    written = write_workbook(path, sheets, made_at=shown.made_at)
    return Written(written.path, written.sha256, written.size, kept.rows, written.cut_texts)


def dialect_of(language: str) -> Dialect:
    """Give the CSV that spreadsheet programs of a language open as they should."""
    comma = writing(language).decimal == ","
    return Dialect(delimiter=";" if comma else ",", bom=comma, decimal_comma=comma)


def _in_words(kept: Kept, columns: Sequence[ShownColumn]) -> Iterator[Mapping[str, Any]]:
    for piece in kept.pieces():
        yield {one.key: _words_of(piece.column(one.key), one.words) for one in columns}


def _words_of(values: Any, words: Mapping[str, str]) -> Any:
    """Put words in the place of codes; a code without a word stands as it is."""
    if not words:
        return values
    places = pc.index_in(values, value_set=pa.array(list(words), pa.large_string()))
    return pc.coalesce(pc.take(pa.array(list(words.values()), pa.large_string()), places), values)


def totals_of(shown: Shown) -> tuple[Layout, dict[str, list[Any]]]:
    """Give what the rows come to, by what they are told apart by."""
    rows = "rows"
    layout = Layout(
        (
            *(one.column for one in shown.by),
            Column(rows, shown.labels["rows"], Kind.INTEGER),
            *(one.column for one in shown.measures),
        )
    )
    found: dict[str, list[Any]] = {one.key: [] for one in layout.columns}
    for one in shown.sums:
        for column in shown.by:
            code = one.of[column.key]
            found[column.key].append(code if code is None else column.words.get(code, code))
        found[rows].append(one.rows)
        for column in shown.measures:
            found[column.key].append(one.amounts[column.key])
    return layout, found


def _about(shown: Shown) -> tuple[Layout, dict[str, list[str]]]:
    layout = Layout((Column("what", shown.labels["what"]), Column("said", shown.labels["said"])))
    return layout, {"what": [one[0] for one in shown.about], "said": [one[1] for one in shown.about]}

"""Questions point at the file: in which rows stands what they are about, and where what they miss may stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow.compute as pc

from importers.files.grid import Lifted
from importers.layout.documents.returned import PerhapsReturned
from importers.layout.looks.questions import Question
from importers.layout.rows.body import Body
from importers.layout.rows.named_beside import places_of

_SHOWN = 3
"""Rows of headings that a question names."""


def with_places(
    questions: Sequence[Question], sheets: Sequence[str], above: Sequence[Sequence[str]], lifted: Lifted | None
) -> list[Question]:
    """Tell with what holds for every row where it may stand instead: in names of sheets, above, or alone in rows."""
    return [
        replace(one, examples=places_of(one.about, sheets, above, lifted)) if one.topic == "fixed" else one
        for one in questions
    ]


def with_rows(
    lines: Body, questions: Sequence[Question], returned: PerhapsReturned | None, around: Mapping[int, str]
) -> Iterator[Question]:
    """Tell with what stands in a column in which rows of the sheet it does; ``around`` the lines stand headings."""
    for one in questions:
        if one.topic == "headed_returns":
            yield replace(one, rows=tuple(row for row, text in around.items() if text == one.about)[:_SHOWN])
            continue
        column, texts = one.about, one.examples
        if one.topic == "returned" and returned is not None:
            column = returned.credit_note.get("column", "")
            texts = tuple(text.removeprefix(f"{column}: ") for text in returned.told)
        if not column and "document_number" in lines.columns:
            column = lines.cells.column_names[lines.columns["document_number"]]
        if not texts or column not in lines.cells.column_names:
            yield one
            continue
        cells = pc.utf8_trim_whitespace(lines.cells.column(column))
        places = [pc.index(cells, text).as_py() for text in texts]
        yield replace(one, rows=tuple(int(lines.row_number[at]) for at in places if at >= 0))

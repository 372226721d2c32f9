"""Whose rows they are where no column says it: what the sheet is called, or what stands above its table.

A sponsor's system exports a sheet for each distributor, or a file with ``Customer: North`` in its title. One name for
all rows would give what all of them bought to one of them.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import Said, marked
from importers.errors import FileRefused
from importers.files.grid import Lifted
from importers.layout.rows.labelled import CUSTOMERS, field_of, labelled, names_customer
from importers.layout.tables.handed_back import NAMES
from importers.layout.tables.table import TextTable
from importers.layout.words.synonyms import names_of, spoken

_ = marked
SHEET, TITLE = "<sheet>", "<title>"
"""What a profile says instead of a text that holds for every row: each sheet's name, or what its title says."""
GROUP = "Heading"
"""What the column is called of names that stand alone above the lines of each."""
_PLACE = re.compile(r"<\w+>")
_SHOWN = 3
_NOT_THERE = _(
    "%(place)s: the profile takes %(field)s from the name of the sheet or from what stands above the table, and "
    "nothing says it there; add a column that does."
)


def titled(above: Sequence[Sequence[str]], field: str) -> str | None:
    """Give what stands above a table behind the name of a field, such as ``Customer: North``; None: nothing, or two."""
    names = names_of("sales").get(field, {})
    found: set[str] = set()
    for row in above:
        cells = [cell for cell in row if cell]
        for at, cell in enumerate(cells):
            behind = cells[at + 1] if at + 1 < len(cells) else ""
            label, colon, value = (part.strip() for part in cell.partition(":"))
            if spoken(label) in names and (colon or at == 0) and (value or behind):
                found.add(value or behind)
    return found.pop() if len(found) == 1 else None


def places_of(
    field: str, sheets: Sequence[str], above: Sequence[Sequence[str]], lifted: Lifted | None = None
) -> tuple[str, ...]:
    """Give where beside the table a field may stand, each with what it would be: for a profile, or a column's name."""
    found = [f"{SHEET}: {', '.join(sheets[:_SHOWN])}"] if len(sheets) > 1 else []
    if (said := titled(above, field)) is not None:
        found.append(f"{TITLE}: {said}")
    if lifted is not None and GROUP in lifted.names:
        names = dict.fromkeys(filter(None, lifted.values[lifted.names.index(GROUP)].to_pylist()))
        found.append(f"{GROUP}: {', '.join([*names][:_SHOWN])}")
    return tuple(found)


def beside(
    text: str, field: str, sheet: str, above: Sequence[Sequence[str]], handed_back: TextTable | None, place: Said
) -> pa.Array | str:
    """Give what holds for the rows of a sheet: the text of a profile, or what it stands for.

    Rows that were handed back have the sheets' names in a column, where there were several.

    Raises:
        FileRefused: The profile takes it from beside the table, and it is not there.
    """
    if not _PLACE.fullmatch(text):
        return text
    said: pa.Array | str | None = None
    if handed_back is not None:
        said = _sheets_of(handed_back) if text == SHEET else None
    elif text in (SHEET, TITLE):
        said = sheet if text == SHEET else titled(above, field)
    if said is None or (isinstance(said, str) and not said):
        raise FileRefused(_NOT_THERE, place=place, field=Said(field))
    return said


def other_title(
    text: str, above: Sequence[Sequence[str]], headings: Iterable[str], lifted: Lifted | None
) -> dict[str, Any] | None:
    """Warn of a title that says something else than the profile, by which all rows are of one distributor.

    So may what stands among the lines, in ``headings`` or in columns ``lifted`` from there.
    """
    if text == SHEET:
        return None
    titles = titled(above, "distributor")
    text = (titles or "") if text == TITLE else text
    told = [titles, *(one.text for said in headings for one in labelled([said]) if names_customer(one))]
    for name, texts in zip(lifted.names, lifted.values, strict=True) if lifted is not None else ():
        told += texts.to_pylist() if field_of(name) in CUSTOMERS else []
    other = next((one for one in told if one is not None and one.casefold() != text.casefold()), None)
    return None if other is None else {"code": "title_says_otherwise", "found": other, "expected": text}


def _sheets_of(rows: TextTable) -> pa.Array | None:
    """Give the column of the sheets' names in rows that were handed back."""
    named = [name for name in rows.header if name in {one.sheet for one in NAMES.values()}]
    if not named:
        return None
    return pc.fill_null(rows.column(named[-1]), "")

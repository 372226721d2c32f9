"""Whose rows they are where no column says it: what the sheet is called, or what stands above its table, or among it.

A sponsor's system exports a sheet for each distributor, a file with ``Customer: North`` in its title, or such a row
above the lines of each. One name for all rows would give what all of them bought to one of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import Said, marked
from importers.errors import FileRefused
from importers.layout.tables.handed_back import NAMES
from importers.layout.tables.table import TextTable
from importers.layout.words.around import TOTAL
from importers.layout.words.synonyms import names_of, spoken

_ = marked
SHEET, TITLE, HEADING = "<sheet>", "<title>", "<heading>"
"""What a profile says instead of a text that holds for every row: each sheet's name, or what its title says, or what
stands alone in the row above them."""
_HEADS = ("distributor", "distributor_name")
"""Fields behind whose names a row among the lines may say whose those below it are."""
_CUSTOMERS = frozenset(
    (
        *("odbiorca", "nabywca", "kontrahent", "klient", "dystrybutor", "płatnik", "customer", "client", "buyer"),
        *("distributor", "cliente", "comprador", "distribuidor", "контрагент", "клиент", "покупатель", "получатель"),
        *("заказчик", "kunde", "käufer", "debitor", "abnehmer", "acheteur", "distributeur"),
    )
)
"""Words that may stand before a name without a colon; others, such as ``Firma`` and ``Hurtownia``, begin names."""
_SHOWN = 3
_NOT_THERE = _(
    "%(place)s: the profile takes %(field)s from the name of the sheet or from what stands above the table, and "
    "nothing says it there; add a column that does."
)
_NOT_AMONG = _(
    "%(place)s: the profile takes %(field)s from rows such as %(example)s above the lines, and there are none, or they "
    "were lost where rows are handed back; add a column that says it, or correct them in the whole file."
)
_BELOW = _(
    "%(place)s, row %(row)s: found %(example)s below lines of nobody, and no line below the last row of the kind, "
    "expected such rows above their lines; add a column that says whose each line is."
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


def heads(text: str) -> bool:
    """Say whether a row that says nothing else says whose the lines below it are: ``Klient: Hurtownia Północ``."""
    return ":" in text and any(titled([[text]], field) is not None for field in _HEADS)


def heads_alone(cell: str) -> bool:
    """Say the same of a cell that stands alone in its row, where no colon need follow: ``Klient Hurtownia Północ``."""
    return heads(cell) or _behind_word(cell) is not None


def _behind_word(text: str) -> str | None:
    """Give what stands behind a word for customers that is no part of what they are called."""
    word, _, name = " ".join(text.split()).partition(" ")
    return name if ":" not in text and spoken(word) in _CUSTOMERS and name and not TOTAL.match(text) else None


def _headed(headings: Mapping[int, str], field: str) -> dict[int, str]:
    """Give what rows among the lines say of a field, by row."""
    fields = _HEADS if field in _HEADS else (field,)
    said = {row: next(filter(None, (titled([[text]], one) for one in fields)), None) for row, text in headings.items()}
    if field in _HEADS and not any(said.values()):
        said = {row: _behind_word(text) for row, text in headings.items()}
    return {row: text for row, text in sorted(said.items()) if text is not None}


def places_of(
    field: str, sheets: Sequence[str], above: Sequence[Sequence[str]], headings: Mapping[int, str]
) -> tuple[str, ...]:
    """Give how a profile may take a field from beside the table, each with what it would be."""
    found = [f"{SHEET}: {', '.join(sheets[:_SHOWN])}"] if len(sheets) > 1 else []
    if (said := titled(above, field)) is not None:
        found.append(f"{TITLE}: {said}")
    if among := list(dict.fromkeys(_headed(headings, field).values())):
        found.append(f"{HEADING}: {', '.join(among[:_SHOWN])}")
    return tuple(found)


def rows_headed(field: str, headings: Mapping[int, str]) -> list[int]:
    """Give the rows of headings that say something of a field, the first of each that say the same."""
    first: dict[str, int] = {}
    for row, text in _headed(headings, field).items():
        first.setdefault(text, row)
    return list(first.values())


def beside(
    text: str, field: str, sheet: str, above: Sequence[Sequence[str]], handed_back: TextTable | None, place: Said
) -> pa.Array | str:
    """Give what holds for the rows of a sheet: the text of a profile, or what it stands for.

    Rows that were handed back have the sheets' names in a column, where there were several.

    Raises:
        FileRefused: The profile takes it from beside the table, and it is not there.
    """
    if text not in (SHEET, TITLE):
        return text
    if handed_back is not None:
        said = _sheets_of(handed_back) if text == SHEET else None
    else:
        said = sheet if text == SHEET else titled(above, field)
    if said is None or (isinstance(said, str) and not said):
        raise FileRefused(_NOT_THERE, place=place, field=Said(field))
    return said


def among(
    field: str,
    rows: np.ndarray,
    above: Sequence[Sequence[str]],
    headings: Mapping[int, str],
    place: Said,
    *,
    handed_back: bool,
) -> pa.Array:
    """Give what the last heading above each row says of a field; the first may stand above the table itself.

    Raises:
        FileRefused: No heading says it, or rows were handed back, beside which none stands.
    """
    said = _headed(headings, field)
    if not said or handed_back:
        raise FileRefused(_NOT_AMONG, place=place, field=Said(field), example=repr("Klient: …"))
    last = np.searchsorted(np.asarray(list(said)), rows, side="right")
    first = titled(above, field) or next(filter(None, (titled(above, one) for one in _HEADS)), "")
    if not first and len(last) and not last.min() and last.max() < len(said):
        raise FileRefused(_BELOW, place=place, example=repr(headings[next(iter(said))]), row=str(next(iter(said))))
    return pa.array([first, *said.values()], pa.large_string()).take(pa.array(last))


def other_title(
    field: str, text: str, above: Sequence[Sequence[str]], headings: Mapping[int, str]
) -> dict[str, Any] | None:
    """Warn of a title that says something else of a field than the profile, by which one text holds for every row."""
    if text in (SHEET, HEADING):
        return None
    text = (titled(above, field) or "") if text == TITLE else text
    told: Iterable[str | None] = (titled(above, field), *_headed(headings, field).values())
    other = next((one for one in told if one is not None and one.casefold() != text.casefold()), None)
    return None if other is None else {"code": "title_says_otherwise", "found": other, "expected": text}


def _sheets_of(rows: TextTable) -> pa.Array | None:
    """Give the column of the sheets' names in rows that were handed back."""
    named = [name for name in rows.header if name in {one.sheet for one in NAMES.values()}]
    if not named:
        return None
    return pc.fill_null(rows.column(named[-1]), "")

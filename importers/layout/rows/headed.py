"""Headings that say that what stands below came back: a title, the name of a sheet, a row above some of the lines.

Quantities below it are often written without a sign: whoever does not read the heading counts them as sales.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.rows.corrected import heads_a_correction
from importers.layout.tables.header import JOINT

_RETURNS = re.compile(
    r"(?<!\w)(?:zwrot(?:y|ów|u|ami|ach)?|returns|returned|return of|devoluci(?:ón|on|ones)|возврат\w*|retouren?"
    r"|retours?|rücksendung\w*|rückgaben?|gutschrift\w*|credit[ -]?notes?|credit[ -]?memos?|refunds?|abonos|avoirs?"
    r"|notas? de crédito|not[ae] (?:di )?credito|resi|reklamacj\w+|korekt(?:y|a|ami)|faktury korygujące"
    r"|корректировк\w*)(?!\w)",
    re.IGNORECASE,
)
_SALES = re.compile(
    r"(?<!\w)(?:sprzeda\w*|sales|sold|ventas?|продаж\w*|реализаци\w*|отгруз\w*|verk[aä]uf\w*|umsatz\w*|ventes?|absatz"
    r"|vendit[ae]|purchases|zakup\w*|obr[oó]t\w*|wydani\w*|dostaw\w*)(?!\w)",
    re.IGNORECASE,
)
_NAMED_RETURNS = re.compile(
    r"(?<!\w)(?:zwr[oó]con\w+|zwrot\w*|return(?:s|ed)|devuelt\w+|devoluci\w+|retour\w*|retoure\w*|возвра[тщ]\w*)(?!\w)",
    re.IGNORECASE,
)
_PIECES = r"^\s*[+-]?(?:\d[\d\s]*[.,])?\d*[1-9]\d*(?:[.,]0+)?(?:\s*[^\d\s]{1,5})?\s*$"
_LONGEST = 80
"""Letters of a heading; what is longer is a note."""


def returns_beside(cells: pa.Table, columns: Mapping[str, int]) -> list[dict[str, Any]]:
    """Warn of columns that hold pieces that came back beside those that were sold, and are not read."""
    if not {"document_number", "quantity"} <= columns.keys():
        return []
    found = []
    for at in sorted(set(range(cells.num_columns)) - set(columns.values())):
        name = cells.column_names[at]
        if not _NAMED_RETURNS.search(name) and not says_returns(words_over(name)):
            continue
        pieces = pc.filter(cells.column(at), pc.match_substring_regex(cells.column(at), _PIECES))
        if len(pieces):
            found.append(
                {"code": "returns_beside", "field": cells.column_names[at], "found": pieces[0].as_py().strip()}
            )
    return found


def text_of(cells: Sequence[str]) -> str:
    """Give what a row says in all its cells."""
    return " ".join(filter(None, cells))


def says_returns(text: str) -> bool:
    """Say whether a heading says that goods came back, and nothing of such as were sold."""
    return len(text) <= _LONGEST and bool(_RETURNS.search(text)) and not _SALES.search(text)


def parts_lines(text: str) -> bool:
    """Say whether a text that stands alone in a row says of the lines below it what they are."""
    said = bool(_RETURNS.search(text) or _SALES.search(text)) or heads_a_correction(text)
    return len(text) <= _LONGEST and said


def words_over(column: str | None) -> str:
    """Give what stands over the name of a column in the upper rows of a header."""
    return (column or "").rpartition(JOINT)[0]


def below_returns(row_number: np.ndarray, above: Iterable[str], headings: Mapping[int, str]) -> np.ndarray | None:
    """Mark the lines below a heading that says that goods came back; None where there are none.

    Args:
        row_number: of the lines.
        above: what stands above all of them, and what their sheet is called.
        headings: what stands alone in a row among them, by row. Each that says either holds up to the next one.
    """
    found = np.full(len(row_number), any(map(says_returns, above)))
    for row, text in sorted(headings.items()):
        if parts_lines(text) and not heads_a_correction(text):
            found[row_number > row] = says_returns(text)
    return found if found.any() else None

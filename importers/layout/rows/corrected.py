"""Columns that say of rows whether they are as before a correction or as after it: both together are no two sales.

A report of corrections lists a line as it was and as it is. What changed is the difference: the row before it is taken
back, the row after it is sold.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_MOST = 20
"""Values of a column that says it; of more it is another one."""
_LOOKED_AT = 10_000
_LONGEST = 80
"""Letters of a heading; what is longer is a note."""
_TOLD = 3
_OF_WHAT = (
    r"(?:\s+(?:the|la|las|el|los|le|der|des|einer))?\s+(?:kore[kc]\w*|zmian\w*|poprawk\w*|correct\w*|adjust\w*|change\w*"
    r"|correcci[oó]n\w*|rectif\w*|modific\w*|корр\w*|измен\w*|исправ\w*|korrektur\w*|änderung\w*|aenderung\w*)"
)
_SAID_BEFORE = "przed|sprzed|before|prior to|pre|antes(?: de)?|до|vor|avant"
_SAID_AFTER = "po|after|post|despu[eé]s(?: de)?|после|nach|apr[eè]s"
_BEFORE = re.compile(rf"(?i)(?<!\w)(?:(?:{_SAID_BEFORE}){_OF_WHAT}|antes del cambio|stanprzed)")
_AFTER = re.compile(rf"(?i)(?<!\w)(?:(?:{_SAID_AFTER}){_OF_WHAT}|despu[eé]s del cambio|stanpo)")
_HEADED = re.compile(
    rf"(?i)(?<!\w)(?:{_SAID_BEFORE}|{_SAID_AFTER})(?:\s+(?:the|la|el|der|einer))?\s+"
    r"(?:korek\w*|correc\w*|rectif\w*|корр\w*|исправ\w*|korrektur\w*|storno\w*)"
)
_NAMED = re.compile(rf"(?i)(?<!\w)(?:{_SAID_BEFORE}|{_SAID_AFTER}|vorher|nachher|było|jest)\W*$")
_ALONE = {
    *(("przed", "po"), ("było", "jest"), ("było", "winno być"), ("było", "powinno być"), ("before", "after")),
    *(("antes", "después"), ("antes", "despues"), ("до", "после"), ("было", "стало"), ("vorher", "nachher")),
    *(("avant", "après"), ("stare", "nowe"), ("old", "new"), ("alt", "neu"), ("was", "is"), ("pre", "post")),
}
"""What such a column may hold and nothing else, the row before and the row after."""


@dataclass(frozen=True)
class PerhapsCorrected:
    """A column that seems to say which rows are as before or after a correction, and what it holds for such."""

    column: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def told(self) -> tuple[str, ...]:
        """Give some of what stands there."""
        return (*self.before, *self.after)[:_TOLD]


def perhaps_corrected(columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> PerhapsCorrected | None:
    """Find the column that says of rows that they are as before or after a correction, of those that are not read."""
    for name, texts in columns.items():
        if any(pc.count_distinct(some).as_py() > _MOST for some in (texts.slice(0, _LOOKED_AT), texts)):
            continue
        values = list(filter(None, pc.unique(pc.utf8_trim_whitespace(texts)).to_pylist()))
        before, after = said_before(values), said_after(values)
        if before or after:
            return PerhapsCorrected(name, tuple(before), tuple(after))
    return None


def of_a_correction(name: str) -> bool:
    """Say whether a column is called as one of figures before a correction, or after it: neither is what was sold."""
    return bool(_BEFORE.search(name) or _AFTER.search(name) or _NAMED.search(name))


def heads_a_correction(text: str) -> bool:
    """Say whether a heading, or the name of a sheet, says that what stands below is as before or after a correction."""
    return len(text) <= _LONGEST and bool(_HEADED.search(text))


def said_before(values: Sequence[str], known: Collection[str] = ()) -> list[str]:
    """Give those of a column's values that say that a row is as before a correction; ``known`` do as well."""
    return _said(values, 0, _BEFORE, known)


def said_after(values: Sequence[str], known: Collection[str] = ()) -> list[str]:
    """Give those of a column's values that say that a row is as after a correction; ``known`` say before it."""
    known = {value.casefold() for value in known}
    return [value for value in _said(values, 1, _AFTER, ()) if value.casefold() not in known]


def _said(values: Sequence[str], side: int, pattern: re.Pattern[str], known: Collection[str]) -> list[str]:
    keys = [value.casefold().rstrip(".:") for value in values]  # one of several spellings is not the only one
    known = {value.casefold() for value in known}
    alone = {pair[side] for pair in _ALONE if set(keys) == set(pair)}
    return [
        value
        for key, value in zip(keys, values, strict=True)
        if key in alone or pattern.search(value) or value.casefold() in known
    ]

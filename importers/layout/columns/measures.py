"""A column that says of each row what its figures are: pieces in one row, and amounts in the next.

A matrix whose months hold a row of pieces and one of amounts for each of the goods looks like any other, and so does a
table with ``Measure Names`` and ``Measure Values``: what goods came to would be read as so many pieces of them.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.numbers import currencies_of

_ = marked
_MEASURES = ("quantity", "unit_price", "net_amount", "gross_amount")
_MOST, _LOOKED_AT = 12, 10_000
"""Values of such a column; of more it is another one."""


def refuse_measures(beside: Mapping[str, pa.ChunkedArray], place: object, *, months: bool) -> None:
    """Refuse a table of which a column says that its rows are of several measures.

    Args:
        beside: the columns that are not read, by name.
        place: the file and its sheet.
        months: whether months stand side by side. Else one of the measures is that of pieces: of net amounts or of
            gross ones whole invoices are reckoned, and say so.

    Raises:
        FileRefused: One does.
    """
    for name, texts in beside.items():
        if any(pc.count_distinct(some).as_py() > _MOST for some in (texts.slice(0, _LOOKED_AT), texts)):
            continue
        values = list(filter(None, pc.unique(pc.utf8_trim_whitespace(texts)).to_pylist()))
        measures = [one for one in map(_measures, values) if one]
        if not months and not any("quantity" in one for one in measures):
            continue
        if 2 * len(measures) >= len(values) and not frozenset.intersection(frozenset(_MEASURES), *measures):
            words = _(
                "%(place)s, column %(column)s: it says that rows hold %(found)s, expected rows that all hold the same; "
                "put pieces and amounts beside each other, in columns of their own."
            )
            raise FileRefused(words, place=place, column=repr(name), found=list(map(repr, values)))


def _measures(text: str) -> frozenset[str]:
    """Give the fields of figures that are called so."""
    names, said = names_of("sales"), spoken(text)
    bare, _, unit = said.rpartition(" ")
    heads = {said, bare} if bare and currencies_of(unit) else {said}
    return frozenset(field for field in _MEASURES if not heads.isdisjoint(names[field]))

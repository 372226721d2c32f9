"""What lines tell of their documents: what is written once for several rows, how credit notes are numbered."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow.compute as pc

from importers.layout.columns.naming import Guesses, adds_up
from importers.layout.rows.body import Body
from importers.layout.rows.levels import levels
from importers.layout.tables.header import empty_cells
from importers.layout.written.numbers import tidy

_FILLED_DOWN_FROM = 0.2
_OUTLINED = ("document_number", "issued_on", "distributor", "distributor_name", "product", "product_name")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_BELOW_ZERO = r"^-[0-9.,' ]*[1-9]"


def filled_down(lines: Body, guesses: Guesses) -> tuple[str, ...]:
    """Find fields that are written once for several rows: a number is often missing where goods are named."""
    if not {"document_number", "product"} <= lines.columns.keys() or not len(lines):
        return ()
    if of_levels := levels(lines):
        return of_levels
    lacks = {name: empty_cells(lines.cells.column(at)) for name, at in lines.columns.items()}
    if any(map(adds_up, guesses.columns.values())):
        return _outlined(lines, lacks)
    named = ~lacks["product"]
    without = lacks["document_number"] & named
    if lacks["document_number"][0]:
        return ()
    if not without.any():
        return _first_of_document(lines, lacks, guesses)
    if without.mean() < _FILLED_DOWN_FROM:
        return ()
    own = named & ~without
    found = ["document_number"]
    for name in ("issued_on", "distributor", "distributor_name"):
        # what every document's first row has, and most of the others have not, belongs to the document
        if name in lacks and not lacks[name][own].any() and lacks[name][without].mean() > 0.5:
            found.append(name)
    return tuple(one for one in found if one in guesses.columns)


def _outlined(lines: Body, lacks: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Find what a pivot table says once for all rows below it, from left to right: what is missing it calls empty."""
    found = [name for name in _OUTLINED if name in lacks and lacks[name].any() and not lacks[name][0]]
    return tuple(sorted(found, key=lines.columns.__getitem__))


def _first_of_document(lines: Body, lacks: Mapping[str, np.ndarray], guesses: Guesses) -> tuple[str, ...]:
    """Find what only the first row of each document says, though all have its number: as merged cells leave it."""
    lacking = [
        name
        for name in ("issued_on", "distributor", "distributor_name")
        if name in lacks and name in guesses.columns and lacks[name].any()
    ]
    if not lacking:
        return ()
    numbers = pc.dictionary_encode(lines.cells.column(lines.columns["document_number"]).combine_chunks()).indices
    codes = np.asarray(numbers.fill_null(-1))
    begins = np.append(True, codes[1:] != codes[:-1])
    return tuple(name for name in lacking if not lacks[name][begins].any())


def credit_notes(lines: Body) -> dict[str, Any]:
    """Find the letters that the numbers of all documents with returned goods begin with, and no other's.

    They have signs: of what is above zero in such a document next month nothing is known.
    """
    if not {"document_number", "quantity"} <= lines.columns.keys():
        return {}
    quantities = tidy(lines.cells.column(lines.columns["quantity"]).combine_chunks()).values
    returned = np.asarray(pc.fill_null(pc.match_substring_regex(quantities, _BELOW_ZERO), False))  # noqa: FBT003
    if not returned.any():
        return {}
    numbers = pc.dictionary_encode(lines.cells.column(lines.columns["document_number"]).combine_chunks())
    texts = [text.strip() for text in numbers.dictionary.to_pylist()]
    of = np.asarray(numbers.indices.fill_null(-1))
    numbered = of >= 0
    back, sold = (
        {_beginning(texts[one]) for one in np.unique(of[some & numbered]).tolist() if texts[one]}
        for some in (returned, ~returned)
    )
    prefix = next(iter(back)) if len(back) == 1 else None
    if prefix is None or any(one.startswith(prefix) for one in sold if one):
        return {}
    return {"credit_note": {"number_prefix": prefix, "signed": True}}


def _beginning(number: str) -> str | None:
    letters = _LETTERS.match(number)
    return letters[0] if letters else None

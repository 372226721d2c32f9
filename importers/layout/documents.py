"""What lines tell of their documents: what is written once for several rows, how credit notes are numbered."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from importers.layout.header import empty_cells
from importers.layout.naming import Guesses
from importers.layout.proving import floats
from importers.layout.rows import Body
from importers.layout.synonyms import spoken

_FILLED_DOWN_FROM = 0.2
_MOST_LINES = 100_000
_MOST_KINDS = 20
_TOLD = 3
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_BEGINNINGS = frozenset(
    {
        *("kor", "korekta", "kfs", "kfv", "fkor", "fvk", "zwrot", "gutschrift", "storno", "abono", "avoir", "ret"),
        *("возврат", "корр", "crn", "cn", "nc"),
    }
)
"""What numbers of credit notes begin with; the short ones only beside numbers that begin otherwise."""
_KINDS = re.compile(
    r"(?i)(?<!\w)(?:kor(?:ekta|ygując\w*)?|kfs|kfv|zwrot\w*|credit|return\w*|refund|gutschrift\w*|storno\w*|retoure\w*"
    r"|abono|rectificativa|devoluci[oó]n\w*|nota de cr[eé]dito|avoir|retour|возврат\w*|корректир\w*|сторно)(?!\w)"
)
"""What a column of kinds of documents says of one that takes back."""
_NAMED_KINDS = frozenset(
    {
        *("typ", "rodzaj", "kind", "type", "tipo", "clase", "тип", "вид", "belegart", "dokumentart", "art", "vorgang"),
        *("operacja", "operation", "operación", "операция", "nature"),
    }
)
"""Words in the names of such columns."""


@dataclass(frozen=True)
class PerhapsReturned:
    """Documents that are called so as if goods came back, though their quantities are above zero.

    ``told`` are some of the names, ``credit_note`` is what a profile would say of them.
    """

    told: tuple[str, ...]
    credit_note: dict[str, Any]


def filled_down(lines: Body, guesses: Guesses) -> tuple[str, ...]:
    """Find fields that are written once for several rows: a number is often missing where goods are named."""
    if not {"document_number", "product"} <= lines.columns.keys() or not len(lines):
        return ()
    lacks = {name: empty_cells(lines.cells.column(at)) for name, at in lines.columns.items()}
    named = ~lacks["product"]
    without = lacks["document_number"] & named
    if lacks["document_number"][0] or without.mean() < _FILLED_DOWN_FROM:
        return ()
    own = named & ~without
    found = ["document_number"]
    for name in ("issued_on", "distributor", "distributor_name"):
        # what every document's first row has, and most of the others have not, belongs to the document
        if name in lacks and not lacks[name][own].any() and lacks[name][without].mean() > 0.5:
            found.append(name)
    return tuple(one for one in found if one in guesses.columns)


def credit_notes(lines: Body) -> dict[str, Any]:
    """Find the letters that the numbers of all documents with returned goods begin with, and no other's."""
    if not {"document_number", "quantity"} <= lines.columns.keys() or len(lines) > _MOST_LINES:
        return {}
    numbers_ = lines.cells.column(lines.columns["document_number"]).to_pylist()
    pieces = floats(lines.cells, lines.cells.column_names[lines.columns["quantity"]])
    numbers_ = numbers_[: len(pieces)]
    of = {
        sign: Counter(
            letters[0]
            for text, one in zip(numbers_, pieces, strict=True)
            if text and (one < 0) is sign
            if (letters := _LETTERS.match(text.strip()))
        )
        for sign in (True, False)
    }
    returned = sum(1 for text, one in zip(numbers_, pieces, strict=True) if text and one < 0)
    prefix = next(iter(of[True]), None)
    if prefix is None or of[True][prefix] != returned or any(one.startswith(prefix) for one in of[False]):
        return {}
    return {"credit_note": {"number_prefix": prefix}}


def perhaps_returned(lines: Body) -> PerhapsReturned | None:
    """Find documents of which nobody can tell whether they are sales: called credit notes, and their goods are sold.

    Some systems write what came back without a sign; corrections may add goods, too.
    """
    if not {"document_number", "quantity"} <= lines.columns.keys() or not 0 < len(lines) <= _MOST_LINES:
        return None
    names = lines.cells.column_names
    pieces = floats(lines.cells, names[lines.columns["quantity"]])

    def sold(at: int) -> list[str]:
        texts = lines.cells.column(at).to_pylist()[: len(pieces)]
        return [text.strip() for text, one in zip(texts, pieces, strict=True) if text and one > 0]

    numbers = dict.fromkeys(sold(lines.columns["document_number"]))
    letters = {text: found[0] for text in numbers if (found := _LETTERS.match(text))}
    begin = sorted({one for one in letters.values() if one.casefold() in _BEGINNINGS})
    told = [text for text, one in letters.items() if one in begin]
    if len(begin) == 1 and len(told) < len(numbers):
        return PerhapsReturned(tuple(told[:_TOLD]), {"number_prefix": begin[0]})
    for at in sorted(set(range(len(names))) - set(lines.columns.values())):
        if not _NAMED_KINDS & set(spoken(names[at]).split()):
            continue
        kinds = dict.fromkeys(sold(at))
        called = [kind for kind in kinds if _KINDS.search(kind)]
        if called and len(called) < len(kinds) <= _MOST_KINDS:
            return PerhapsReturned(tuple(called[:_TOLD]), {"column": names[at], "values": called})
    return None

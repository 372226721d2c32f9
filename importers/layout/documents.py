"""What lines tell of their documents: what is written once for several rows, how credit notes are numbered."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.cancelled import ANYTHING
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
        *("возврат", "корр", "crn", "cn", "nc", "fk", "fkv", "fks", "fkw", "kf", "kfa", "cm", "rma", "gs", "zw", "zwr"),
        *("ncr", "dev", "devol", "вз", "возв", "кс", "korr"),
    }
)
"""What numbers of credit notes begin with; the short ones only beside numbers that begin otherwise."""
_PARTS = frozenset(
    {"kor", "korekta", "zwrot", "storno", "gutschrift", "abono", "avoir", "ret", "cn", "возврат", "корр", "credit"}
)
"""Those of them that may stand anywhere in a number."""
_KINDS = re.compile(
    r"(?i)(?<!\w)(?:kor(?:ekta|ygując\w*)?|kfs|kfv|zwrot\w*|credit|return\w*|refund|gutschrift\w*|storno\w*|retoure\w*"
    r"|abono|rectificativa|devoluci[oó]n\w*|nota de cr[eé]dito|avoir|retour|возврат\w*|корректир\w*|сторно)(?!\w)"
)
"""What a column of kinds of documents says of one that takes back."""
_SIGNS = frozenset({"+", "-", "\u2212", "\u2013", "+1", "-1", "1", "plus", "minus"})
_MINUSES = frozenset({"-", "\u2212", "\u2013", "-1", "minus"})
"""What a column of nothing but signs holds, as systems write whose amounts have none."""
_SIDES = {
    *(("d", "c"), ("dr", "cr"), ("dt", "ct"), ("debit", "credit"), ("s", "h"), ("soll", "haben"), ("wn", "ma")),
    *(("d", "h"), ("debe", "haber"), ("д", "к"), ("дт", "кт"), ("дебет", "кредит"), ("débit", "crédit")),
}
"""Both sides of an account; goods that are sold stand on the first."""
_MOVEMENTS = {
    *(("out", "in"), ("wz", "pz"), ("wz", "zw"), ("wydanie", "przyjęcie"), ("rozchód", "przychód"), ("wa", "we")),
    *(("salida", "entrada"), ("расход", "приход"), ("warenausgang", "wareneingang"), ("sortie", "entrée")),
}
"""How goods left a store, and how they came into it."""
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
    if not {"document_number", "quantity"} <= lines.columns.keys():
        return None
    names = lines.cells.column_names
    at_number = lines.columns["document_number"]
    numbers = _values(lines, at_number)
    parts = {text: part for text in numbers if (part := _part_of_returned(text))}
    if parts and len(parts) < len(numbers) and _are_sold(lines, at_number, list(parts)):
        words = list(dict.fromkeys(parts.values()))
        beginning = len(words) == 1 and all(text.startswith(words[0]) for text in parts)
        said: dict[str, Any] = {"number_prefix": words[0]} if beginning else {"number_parts": words}
        return PerhapsReturned(tuple(parts)[:_TOLD], said)
    if (corrected := _corrected(lines)) is not None:
        return corrected
    for at in sorted(set(range(len(names))) - set(lines.columns.values())):
        if pc.count_distinct(lines.cells.column(at)).as_py() > _MOST_KINDS:
            continue
        kinds = _values(lines, at)
        back = _came_back(kinds)
        if back and _are_sold(lines, at, back):
            return PerhapsReturned((f"{names[at]}: {back[0]}",), {"column": names[at], "values": back})
        if not _NAMED_KINDS & set(spoken(names[at]).split()):
            continue
        called = [kind for kind in kinds if _KINDS.search(kind)]
        if called and len(called) < len(kinds) and _are_sold(lines, at, called):
            return PerhapsReturned(tuple(called[:_TOLD]), {"column": names[at], "values": called})
    return None


def _part_of_returned(number: str) -> str | None:
    """Give the letters in a document's number that say that it is a credit note; None where there are none."""
    for match in _LETTERS.finditer(number):
        if match[0].casefold() in (_BEGINNINGS if match.start() == 0 else _PARTS):
            return match[0]
    return None


def _corrected(lines: Body) -> PerhapsReturned | None:
    """Find documents that name one that they correct."""
    at = lines.columns.get("corrects")
    if at is None:
        return None
    values = _values(lines, at)
    name = lines.cells.column_names[at]
    if not values or not empty_cells(lines.cells.column(at)).any() or not _are_sold(lines, at, values):
        return None
    return PerhapsReturned((f"{name}: {values[0]}",), {"column": name, "values": [ANYTHING]})


def _values(lines: Body, at: int) -> list[str]:
    """Give what stands in a column, each once."""
    return list(filter(None, pc.unique(pc.utf8_trim_whitespace(lines.cells.column(at))).to_pylist()))


def _are_sold(lines: Body, at: int, values: Sequence[str]) -> bool:
    """Say whether a row of these has a quantity above zero."""
    column = lines.cells.column(at)
    these = pc.is_in(pc.utf8_trim_whitespace(column), value_set=pa.array(values, column.type))
    quantity = lines.cells.column_names[lines.columns["quantity"]]
    return bool((floats(lines.cells.filter(these), quantity) > 0).any())


def _came_back(kinds: Sequence[str]) -> list[str]:
    """Give those of a column's values that say that goods came back, where it holds nothing but signs or two sides."""
    of = {kind.casefold().rstrip("."): kind for kind in kinds}
    if of.keys() <= _SIGNS:
        return [kind for key, kind in of.items() if key in _MINUSES] if of.keys() - _MINUSES else []
    return [of[back] for out, back in (*_SIDES, *_MOVEMENTS) if of.keys() == {out, back}]

"""Documents that are called credit notes though their quantities are above zero: perhaps they are no sales.

Some systems write what came back without a sign; corrections may add goods, too.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.columns.proving import floats
from importers.layout.documents.credit_notes import both
from importers.layout.rows.body import Body
from importers.layout.rows.cancelled import ANYTHING, cancels, names_cancelled
from importers.layout.rows.corrected import PerhapsCorrected
from importers.layout.tables.header import empty_cells
from importers.layout.words.synonyms import spoken

Texts: TypeAlias = pa.Array | pa.ChunkedArray
Sells = Callable[[Texts, Collection[str]], bool]
"""Says whether one of the rows sells goods in whose cell of a column one of these texts stands."""

_MOST_KINDS = 20
_LOOKED_AT = 10_000
_TOLD = 3
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_BEGINNINGS = frozenset(
    {
        *("kor", "korekta", "kfs", "kfv", "fkor", "fvk", "zwrot", "gutschrift", "storno", "abono", "avoir", "ret"),
        *("возврат", "корр", "crn", "cn", "nc", "fk", "fkv", "fks", "fkw", "kf", "kfa", "cm", "rma", "gs", "zw", "zwr"),
        *("ncr", "dev", "devol", "вз", "возв", "кс", "korr", "fsk", "rinv", "rfact", "rfac", "scm", "scr", "crm", "rk"),
        *("dob", "dobr", "dbp", "av", "avo", "abo", "rect", "ксф", "укд"),
    }
)
"""What numbers of credit notes begin with; the short ones only beside numbers that begin otherwise."""
_PARTS = frozenset(
    {
        *("kor", "korekta", "zwrot", "storno", "gutschrift", "abono", "avoir", "ret", "cn", "cr", "возврат", "корр"),
        "credit",
    }
)
"""Those of them that may stand anywhere in a number."""
_SURE = _PARTS - {"ret", "cn", "cr"}
"""Those that no invoice has in its number, also where every document has one."""
_MAYBE = rf"(?i)(?:^|\PL)(?:{'|'.join(sorted(_BEGINNINGS | _PARTS))})(?:\PL|$)"
_KINDS = re.compile(
    r"(?i)(?<!\w)(?:kor(?:ekt\w*|ygując\w*)?|kfs|kfv|zwrot\w*|zwróc\w*|nota kredytowa|cr[eé]dit|return\w*|refund\w*"
    r"|gutschrift\w*|storno\w*|retoure\w*|(?:rechnungs)?korrektur\w*|(?:rück)?erstatt\w*|abono|rectificativa"
    r"|devoluci[oó]n\w*|devuelt\w*|reembols\w*|nota (?:d[ei] )?(?:cr[eé]dito|accredito)|res[oi]"
    r"|avoir|retour|rembours\w*|возврат\w*|возвращ\w*"
    r"|корректир\w*|исправл\w*|кредит нота|сторно|dobropis\w*|opravný daňový doklad|vr[aá]cen\w*|reklamac\w*)(?!\w)"
)
"""What a column of kinds of documents says of one that takes back."""
_PARTED = re.compile(r"[_\-]")
_SURE_KINDS = re.compile(
    r"(?i)(?<!\w)(?:kor(?:ekta|ygując\w*)|zwrot\w*|gutschrift\w*|rectificativa|nota (?:d[ei] )?cr[eé]dito|dobropis\w*)"
)
"""What says so also where all documents are of that kind."""
_CODES = (
    ("380", frozenset({"381", "384"})),
    ("f2", frozenset({"g2", "re", "s1"})),
    ("rv", frozenset({"dg"})),
    ("zf2", frozenset({"zg2", "zre"})),
    ("si", frozenset({"sc"})),
    ("inv", frozenset({"cr", "cre", "crd"})),
    ("re", frozenset({"gu", "sr"})),
    ("rg", frozenset({"gu", "sr"})),
    ("fv", frozenset({"ab"})),
    ("fac", frozenset({"abo", "rec"})),
    ("fa", frozenset({"av"})),
    ("fs", frozenset({"fsk", "ks", "zs"})),
    ("pa", frozenset({"pak", "kpa"})),
)
"""Codes of invoices, and those of what takes back beside them: of UN/CEFACT, and of widespread programs."""
_LETTERED = {("s", "z"), ("f", "k"), ("v", "d"), ("v", "a"), ("f", "a"), ("i", "c"), ("r", "g"), ("s", "r"), ("s", "c")}
"""Letters of sales and of what takes back, where a column of kinds holds these two and nothing else."""
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
        *("druh", "operacja", "operation", "operación", "операция", "nature", "transaction", "transakcja"),
        "transacción",
    }
)
"""Words in the names of such columns."""
_COMPOUND_KINDS = re.compile(r"\w{3,}(?:art|typ|type)")
"""Words that end in one of them, as ``Fakturaart`` and ``DocType``."""
_STATES = frozenset(
    {"status", "stan", "state", "estado", "статус", "состояние", "zustand", "statut", "état", "etat", "stav"}
)
"""Words in the names of columns of states, which may say it as well."""
_REMARKS = frozenset(
    {
        *("uwagi", "uwaga", "notes", "note", "remarks", "comment", "comments", "observaciones", "nota", "notas"),
        *("примечание", "примечания", "комментарий", "bemerkung", "bemerkungen", "remarque", "remarques", "opis"),
        *("komentarz", "comentarios", "info", "adnotacje"),
    }
)
"""Words in the names of columns of remarks."""
_BACK = (
    r"zwrot\w*|zwróc\w*|korekt\w*|korygując\w*|returns?|returned|refund\w*|credit (?:memo|note)|gutschrift\w*"
    r"|retoure\w*|rückgabe|rücksendung|devoluci[oó]n\w*|devuelt\w*|abono|rectificativa|avoir|retour\w*|возврат\w*|возвращ\w*"
    r"|корректировк\w*|reklamacj\w*"
)
_REMARKED = rf"(?i)^(?:{_BACK})(?:\s\S+){{0,2}}$"
"""A remark of a few words that begins so; longer ones say more than that."""
_NAMED_BACK = re.compile(
    rf"(?i)(?<!\w)(?:{_BACK}|rma|korygowan\w*|pierwotn\w*|corrected|original (?:invoice|document)|rectificad[oa]"
    r"|исправляем\w*|корректируем\w*)(?!\w)"
)
"""Names of columns in which whatever stands says so."""
_FIGURES = re.compile(r"[-+]?(?:[2-9]|\d{2,}|\d+[.,]\d+)(?:\s?\S{1,5})?")
"""Pieces or amounts that came back: what is not read of them is told."""
_COUNTS = re.compile(
    r"(?i)(?<!\w)(?:ilość|ilosc|liczba|szt|sztuk|qty|quantity|pcs|pieces|units|amount|value|kwota|wartość|menge|anzahl"
    r"|betrag|wert|cantidad|cant|uds|unidades|importe|valor|кол во|количество|сумма|qté|quantité|montant|valeur"
    r"|quantità|qtà|importo|valore|množství|částka)(?!\w)"
)
"""What the name of a column says that holds them: also a 1 is so many there, where it would mark a row elsewhere."""
_COUNTED = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:\s?\S{1,5})?")
_GOODS = r"zwrot(?:y|ów)?|devoluci[oó]n(?:es)?|devuelt[oa]s?|возврат|retoure|rücksendung|gutschrift"
_NAMED_GOODS = re.compile(
    rf"(?i)^\s*[(\[*]?\s*(?:(?:{_GOODS})(?:\s*[:)\]\-–—/*]|\s(?=\s*\w))|(?:returns?|returned|refund|retour|rückgabe)"
    rf"\s*[:)\]–—*]|(?:return(?:ed)?|refund|retour|rückgabe)\s-\s)|[(\[]\s*(?:{_GOODS}|returned|return|refund)\s*[)\]]\s*$"
)
"""Goods that are called returned, as ``ZWROT: Farba`` is: a ``Klapa zwrotna`` and a ``Return valve`` are not."""

_MOST_WAYS = 8
_LONGEST_KIND = 80


@dataclass(frozen=True)
class PerhapsReturned:
    """Documents that are called so as if goods came back, though their quantities are above zero.

    ``told`` are some of the names, ``credit_note`` is what a profile would say of them if goods came back, and
    ``words`` what it would say are sold if not.
    """

    told: tuple[str, ...]
    credit_note: dict[str, Any]
    words: tuple[str, ...] = ()


def perhaps_returned(lines: Body, corrected: PerhapsCorrected | None = None) -> PerhapsReturned | None:
    """Find such documents among the lines of a file that nobody knows, but for those that a correction is of."""
    if "quantity" not in lines.columns:
        return None
    if corrected is not None and corrected.column in lines.cells.column_names:
        texts = lines.cells.column(corrected.column)
        marks = pc.fill_null(among(texts, (*corrected.before, *corrected.after)), False)  # noqa: FBT003
        lines = lines.without(np.asarray(marks, dtype=bool))
    names = lines.cells.column_names
    quantity = names[lines.columns["quantity"]]
    told, words = list[str](), list[str]()
    note: dict[str, Any] = {}
    for _way in range(_MOST_WAYS):  # a source may have several ways of saying it
        seen = _called_in(lines, quantity, words)
        if seen is None:
            break
        told += seen.told
        words += seen.words
        note = both(note, seen.credit_note)
    return PerhapsReturned(tuple(told[:_TOLD]), note, tuple(words)) if note else None


def _called_in(lines: Body, quantity: str, sold: Collection[str]) -> PerhapsReturned | None:
    """Find one way in which lines say so, beside those that are known."""
    names, cells = lines.cells.column_names, lines.cells

    def sells(texts: Texts, values: Collection[str]) -> bool:
        return bool((floats(cells.filter(among(texts, values)), quantity) > 0).any())

    def of(field: str) -> tuple[str, Texts] | None:
        at = lines.columns.get(field)
        return None if at is None else (names[at], cells.column(at))

    others = sorted(set(range(len(names))) - set(lines.columns.values()))
    numbers = of("document_number")
    if numbers is None:  # any column may hold them, so one must say by its name that it tells kinds
        others = [other for other in others if _names_kinds(names[other])]
    return called_returned(
        pa.nulls(cells.num_rows, pa.string()) if numbers is None else numbers[1],
        {names[other]: cells.column(other) for other in others},
        of("corrects"),
        sells,
        sold,
        goods=of("product_name") or of("product"),
    )


def called_returned(
    numbers: Texts,
    others: Mapping[str, Texts],
    corrects: tuple[str, Texts] | None,
    sells: Sells,
    sold: Collection[str] = (),
    distinct: pa.Array | None = None,
    goods: tuple[str, Texts] | None = None,
    distinct_goods: pa.Array | None = None,
) -> PerhapsReturned | None:
    """Find documents that are called credit notes, and of which ``sells`` says that they sell.

    Args:
        numbers: of the documents, of each row.
        others: the columns that are not read, and what a profile reads to tell kinds of documents; by name.
        corrects: the column that names what a document corrects, and its name.
        sells: whether rows sell.
        sold: words that a profile says are those of sales.
        distinct: the numbers, each once, where that is known.
        goods: the column that names goods, and its name.
        distinct_goods: its texts, each once, where that is known.
    """
    sold = {word.casefold() for word in sold}
    if distinct is None:
        distinct = pc.unique(pc.utf8_trim_whitespace(numbers)).drop_null()
    if (numbered := _numbered(numbers, distinct, sells, sold)) is not None:
        return numbered
    if corrects is not None and corrects[0].casefold() not in sold:
        name, texts = corrects
        values = _values(texts)
        if values and empty_cells(texts).any() and sells(texts, values):
            return PerhapsReturned((f"{name}: {values[0]}",), {"column": name, "values": [ANYTHING]}, (name,))
    for name, texts in others.items():
        if (seen := _said_beside(name, texts, sells, sold)) is not None:
            return seen
        kinds = _kinds(texts)
        back = [kind for kind in came_back(kinds) if kind.casefold() not in sold]
        if back and sells(texts, back):
            return PerhapsReturned((f"{name}: {back[0]}",), {"column": name, "values": back}, tuple(back))
        if not _names_kinds(name):
            continue
        said = [kind for kind in called_back(kinds) if kind.casefold() not in sold]
        called = [kind for kind in said if sells(texts, (kind,))]
        if called and (len(said) < len(kinds) or any(map(_SURE_KINDS.search, called))):
            return PerhapsReturned(tuple(called[:_TOLD]), {"column": name, "values": called}, tuple(called))
    return None if goods is None else _named_returned(*goods, sells, sold, distinct_goods)


def _named_returned(
    name: str, texts: Texts, sells: Sells, sold: Collection[str], distinct: pa.Array | None
) -> PerhapsReturned | None:
    """Find goods whose names begin so, or end in brackets, as if they came back."""
    if distinct is None:
        distinct = pc.unique(texts).drop_null()
    said = distinct.filter(pc.match_substring_regex(distinct, rf"(?i){_GOODS}|return|refund|retour|rückgabe"))
    by_way: dict[str, list[str]] = {}
    for text in said.to_pylist():
        if match := _NAMED_GOODS.search(text):
            way = f"{match[0].lstrip()}*" if match.start() == 0 else f"*{match[0].strip()}"
            by_way.setdefault(way, []).append(text.strip())
    ways = {way.casefold(): way for way, called in by_way.items() if way.casefold() not in sold}
    found = [way for way in ways.values() if sells(texts, by_way[way])]
    if not found or len(found) > _MOST_KINDS:
        return None
    examples = tuple(f"{name}: {by_way[way][0]}" for way in found)
    return PerhapsReturned(examples[:_TOLD], {"column": name, "values": found}, tuple(found))


def _said_beside(name: str, texts: Texts, sells: Sells, sold: Collection[str]) -> PerhapsReturned | None:
    """Find a column that is named after what came back and marks rows, or remarks that say so of some rows."""
    marks_rows = _NAMED_BACK.search(name) is not None and not names_cancelled(name)
    remarked = bool(_REMARKS & set(spoken(name).split()))
    if name.casefold() in sold or not (marks_rows or remarked):
        return None
    said = pc.unique(pc.utf8_trim_whitespace(texts)).drop_null()
    if marks_rows:
        marks = [text for text in said.to_pylist() if text and cancels(text, (ANYTHING,))]
        every = len(marks) == len(said) and not empty_cells(texts).any()
        figures = _COUNTED if _COUNTS.search(spoken(name)) else _FIGURES
        if marks and not every and not any(map(figures.fullmatch, marks)) and sells(texts, marks):
            return PerhapsReturned((f"{name}: {marks[0]}",), {"column": name, "values": [ANYTHING]}, (name,))
    if remarked:
        remarks = [
            text
            for text in said.filter(pc.match_substring_regex(said, _REMARKED)).to_pylist()
            if text.casefold() not in sold
        ]
        if remarks and len(remarks) <= _MOST_KINDS and sells(texts, remarks):
            return PerhapsReturned((f"{name}: {remarks[0]}",), {"column": name, "values": remarks}, tuple(remarks))
    return None


def among(texts: Texts, values: Collection[str]) -> Texts:
    """Mark the cells in which one of these texts stands."""
    return pc.is_in(pc.utf8_trim_whitespace(texts), value_set=pa.array(sorted(values), texts.type))


def _numbered(numbers: Texts, distinct: pa.Array, sells: Sells, sold: Collection[str]) -> PerhapsReturned | None:
    """Find the words in the numbers of documents that say of them that they are credit notes."""
    distinct = distinct.filter(pc.not_equal(distinct, ""))
    by_word: dict[str, list[str]] = {}
    for text in distinct.filter(pc.match_substring_regex(distinct, _MAYBE)).to_pylist():
        word = _part_of_returned(text)
        if word is not None:
            by_word.setdefault(word, []).append(text)
    few = sum(map(len, by_word.values())) < len(distinct)
    words = [
        word
        for word, called in by_word.items()
        if word.casefold() not in sold and (few or word.casefold() in _SURE) and sells(numbers, called)
    ]
    if not words:
        return None
    called = [text for word in words for text in by_word[word]]
    beginning = len(words) == 1 and all(text.startswith(words[0]) for text in called)
    said: dict[str, Any] = {"number_prefix": words[0]} if beginning else {"number_parts": words}
    return PerhapsReturned(tuple(called[:_TOLD]), said, tuple(words))


def _part_of_returned(number: str) -> str | None:
    """Give the letters in a document's number that say that it is a credit note; None where there are none."""
    for at, match in enumerate(_LETTERS.finditer(number)):
        if match[0].casefold() in (_BEGINNINGS | _PARTS if at == 0 else _PARTS):
            return match[0]
    return None


def _names_kinds(name: str) -> bool:
    """Say whether a column is called as one of kinds of documents, or of states."""
    words = spoken(name).split()
    return not (_NAMED_KINDS | _STATES).isdisjoint(words) or any(map(_COMPOUND_KINDS.fullmatch, words))


def called_back(kinds: Sequence[str]) -> list[str]:
    """Give those of the kinds of documents that say that goods came back, in words or as abbreviations."""
    keys = {kind.casefold() for kind in kinds}
    codes = frozenset().union(*(back for sold, back in _CODES if sold in keys))
    codes |= {back for sold, back in _LETTERED if keys == {sold, back}}
    return [
        kind
        for kind in kinds
        if _KINDS.search(_PARTED.sub(" ", kind)) or kind.casefold().rstrip(".") in _BEGINNINGS | codes
    ]


def _kinds(texts: Texts) -> list[str]:
    """Give what stands in a column of kinds, each once; nothing of one that holds too much for that."""
    for some in (texts.slice(0, _LOOKED_AT), texts):
        if pc.count_distinct(some).as_py() > _MOST_KINDS:
            return []
    values = _values(texts)
    return values if all(len(value) <= _LONGEST_KIND for value in values) else []


def _values(texts: Texts) -> list[str]:
    """Give what stands in a column, each once."""
    return list(filter(None, pc.unique(pc.utf8_trim_whitespace(texts)).to_pylist()))


def came_back(kinds: Sequence[str]) -> list[str]:
    """Give those of a column's values that say that goods came back, where it holds nothing but signs or two sides."""
    keys = [kind.casefold().rstrip(".") for kind in kinds]
    said = set(keys)
    if said <= _SIGNS:
        back = _MINUSES if said - _MINUSES else frozenset()
    else:
        back = frozenset(back for out, back in (*_SIDES, *_MOVEMENTS) if said == {out, back})
    return [kind for key, kind in zip(keys, kinds, strict=True) if key in back]

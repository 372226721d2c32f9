"""Columns that name kinds of documents of which nobody knows whether they are of sales.

Whether 2 takes back what 1 sold, and whether by a ``FZP`` something was sold, only the source knows. What is an
invoice in so many words is not asked about.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.columns.proving import floats
from importers.layout.documents.other_documents import others_among, says_sold
from importers.layout.documents.returned import Sells, Texts, among, called_back, came_back
from importers.layout.rows.body import Body
from importers.layout.words.synonyms import spoken

_NUMBER = re.compile(r"\d{1,4}")
_MOST, _LONGEST = 20, 40
"""Kinds, and letters of one; a column of more is another one."""
_LOOKED_AT = 10_000
_MOST_DOCUMENTS = 0.5
"""Of documents so many have one kind for all their lines: numbers that begin anew in each kind are of two."""
_KINDS = frozenset(
    {
        *("typ", "rodzaj", "kod", "kind", "type", "code", "tipo", "clase", "código", "codigo", "тип", "вид", "код"),
        *("art", "vorgang", "druh", "nature", "category", "rodz"),
    }
)
_DOCUMENTS = frozenset(
    {
        *("dokument", "dokumentu", "dok", "dokum", "faktury", "faktura", "transakcji", "transakcja", "operacji"),
        *("document", "doc", "invoice", "transaction", "trans", "trx", "operation", "billing", "voucher"),
        *("documento", "factura", "comprobante", "cbte", "transacción", "operación", "movimiento"),
        *("документа", "документ", "операции", "док", "накладной", "beleg", "dokuments", "rechnung", "vorgangs"),
        *("dokladu", "doklad", "pièce", "facture", "opération"),
    }
)
"""What a kind is of, where its column says it."""
_ABBREVIATED = frozenset({"gid", "trn", "tr", "n", "nag", "of", "de", "del", "la", "des", "du", "di"})
"""What stands before it in the names of a database's columns, and little words between."""
_ALONE = frozenset({"typ", "rodzaj", "kind", "type", "tipo", "тип", "вид", "druh"})
"""What a column is called that may be one of goods as well, unless there are numbers alone, or an invoice."""
_COMPOUND = re.compile(r"(?:beleg|dokument|faktura?|rechnungs?|vorgangs?|doc|dok|dokumenten?)(?:art|typ|type)")
_SOLD = re.compile(
    r"(?<!\w)(?:rachun(?:ek|ki)|receipts?|bills?|накладная|счет фактура|счёт фактура|prodej\w*|daňový doklad"
    r"|универсальный передаточный документ|fattur[ae]|faturas?|factuur|facturen)(?!\w)"
)
_PERHAPS_NOT = re.compile(
    r"(?<!\w)(?:zalicz\w*|advance|prepay\w*|deposit|anticip\w*|anzahlung\w*|vorauszahlung\w*|аванс\w*|acomptes?"
    r"|záloh\w*|zakup\w*|purchas\w*|compras?|eink[aä]uf\w*|покуп\w*|achats?|nákup\w*|obciążeniow\w*|debit\w*|débit"
    r"|duplika\w*|duplicat\w*|kopi[ae]|copy|wewnętrzn\w*|internal|intern[ao]?|test\w*|próbn\w*|end of year)(?!\w)"
)
"""Words that make another kind of an invoice: what was paid ahead is invoiced again when it is sold."""
_CODES = frozenset(
    {
        *("fs", "fv", "fvs", "fa", "fak", "fvat", "fkt", "vat", "pa", "par", "fd", "fp", "fw", "fe", "rf", "vf"),
        *("inv", "si", "ri", "iv", "re", "rg", "rv", "ar", "f2", "zf2", "rch", "fac", "fc", "ft", "fr", "tk", "tic"),
        *("сф", "упд", "тн", "ттн", "реал", "рту", "380", "wz"),
    }
)
"""What abbreviates invoices and receipts."""


@dataclass(frozen=True)
class UnknownKinds:
    """A column that names kinds of documents, and those of them of which nobody knows what they are.

    Goods are sold in all of these, as far as is known.
    """

    column: str
    values: tuple[str, ...]


def unknown_kinds(lines: Body) -> UnknownKinds | None:
    """Find such a column among the lines of a file that nobody knows."""
    if not {"quantity", "document_number"} <= lines.columns.keys():
        return None
    cells, names = lines.cells, lines.cells.column_names
    pieces = names[lines.columns["quantity"]]

    def sells(texts: Texts, values: Collection[str]) -> bool:
        return bool((floats(cells.filter(among(texts, values)), pieces) > 0).any())

    others = sorted(set(range(len(names))) - set(lines.columns.values()))
    columns = [(names[at], cells.column(at)) for at in others]
    return unknown_among(cells.column(lines.columns["document_number"]), columns, sells, ())


def unknown_among(
    numbers: Texts, columns: Iterable[tuple[str, Texts]], sells: Sells, known: Collection[str]
) -> UnknownKinds | None:
    """Find the first of these columns that names kinds of documents, where rows sell by some that nobody knows.

    Where rows sell by one of them alone, and none is known, the signs of the others tell what they are.

    Args:
        numbers: of the documents, of each row.
        columns: those that may name kinds, and their names.
        sells: whether rows sell.
        known: kinds of which it is said what they are.
    """
    for name, texts in columns:
        kinds = _kinds(texts) if _names_kinds(name) else []
        numbered = all(map(_NUMBER.fullmatch, kinds))
        if not kinds or (_is_alone(name) and not (numbered or any(map(_is_sold, kinds)))):
            continue
        if came_back(kinds) or (numbered and called_back(kinds)):
            continue  # two sides, or widespread codes, tell it themselves
        unknown = tuple(kind for kind in _not_told(kinds) if kind not in known and sells(texts, (kind,)))
        if not unknown:
            return None
        if not _of_documents(numbers, texts):
            continue
        several = any(kind in known or (kind != unknown[0] and sells(texts, (kind,))) for kind in kinds)
        return UnknownKinds(name, unknown) if several or any(map(_perhaps_not, unknown)) else None
    return None


def _not_told(kinds: list[str]) -> list[str]:
    """Leave out the kinds that say themselves what they are."""
    others = {*called_back(kinds), *others_among(kinds)}
    return [kind for kind in kinds if kind not in others and (_perhaps_not(kind) or not _is_sold(kind))]


def _is_sold(kind: str) -> bool:
    return kind.casefold().rstrip(".") in _CODES or says_sold(kind) or _SOLD.search(spoken(kind)) is not None


def _perhaps_not(kind: str) -> bool:
    return _PERHAPS_NOT.search(spoken(kind)) is not None


def _names_kinds(name: str) -> bool:
    """Say whether a column is called as one of kinds of documents, and not as one of kinds of goods or customers."""
    words = set(spoken(name).split()) - _ABBREVIATED
    if _is_alone(name) or any(map(_COMPOUND.fullmatch, words)):
        return True
    return bool(words & _KINDS) and bool(words & _DOCUMENTS) and words <= _KINDS | _DOCUMENTS


def _is_alone(name: str) -> bool:
    words = set(spoken(name).split()) - _ABBREVIATED
    return bool(words) and words <= _ALONE


def _kinds(texts: Texts) -> list[str]:
    """Give what stands in a column of few short texts, each once; nothing of another one."""
    for some in (texts.slice(0, _LOOKED_AT), texts):
        if pc.count_distinct(some).as_py() > _MOST:
            return []
    kinds = list(filter(None, pc.unique(pc.utf8_trim_whitespace(texts)).to_pylist()))
    return kinds if all(len(kind) <= _LONGEST for kind in kinds) else []


def _of_documents(numbers: Texts, texts: Texts) -> bool:
    """Say whether most documents have one of these texts in all their lines."""
    said = pa.table({"number": pc.utf8_trim_whitespace(numbers), "kind": pc.utf8_trim_whitespace(texts)})
    each = said.group_by("number").aggregate([("kind", "min"), ("kind", "max")])
    return bool(pc.mean(pc.equal(each["kind_min"], each["kind_max"])).as_py() > _MOST_DOCUMENTS)

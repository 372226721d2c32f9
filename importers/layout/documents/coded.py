"""Columns that tell kinds of documents by bare numbers: whether 2 takes back what 1 sold, only the source knows."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.columns.proving import floats
from importers.layout.documents.returned import Sells, Texts, among, called_back
from importers.layout.rows.rows import Body
from importers.layout.words.synonyms import spoken

_CODE = re.compile(r"\d{1,4}")
_MOST = 12
"""Numbers of kinds; a column of more is another one."""
_LOOKED_AT = 10_000
_MOST_DOCUMENTS = 0.5
"""Of documents so many have one kind for all their lines: numbers that begin anew in each kind are of two."""
_KINDS = frozenset(
    {
        *("typ", "rodzaj", "kod", "kind", "type", "code", "tipo", "clase", "código", "codigo", "тип", "вид", "код"),
        *("art", "vorgang", "druh", "nature", "category"),
    }
)
_DOCUMENTS = frozenset(
    {
        *("dokument", "dokumentu", "dok", "dokum", "faktury", "faktura", "transakcji", "transakcja", "operacji"),
        *("document", "doc", "invoice", "transaction", "trans", "trx", "operation", "billing", "voucher"),
        *("documento", "factura", "comprobante", "cbte", "transacción", "operación", "movimiento"),
        *("документа", "документ", "операции", "док", "накладной", "beleg", "dokuments", "rechnung", "vorgangs"),
        *("dokladu", "doklad", "faktury", "pièce", "facture", "opération"),
    }
)
"""What a kind is of, where its column says it."""
_ABBREVIATED = frozenset({"gid", "trn", "tr", "n", "nag", "of", "de", "del", "la", "des", "du"})
"""What stands before it in the names of a database's columns, and little words between."""
_ALONE = frozenset({"typ", "rodzaj", "kind", "type", "tipo", "тип", "вид", "druh"})
_COMPOUND = re.compile(r"(?:beleg|dokument|faktura?|rechnungs?|vorgangs?|doc|dok|dokumenten?)(?:art|typ|type)")


@dataclass(frozen=True)
class PerhapsCoded:
    """A column that seems to tell kinds of documents by numbers, and those of them of which nobody knows what they are.

    Goods are sold in all of these, as far as is known.
    """

    column: str
    values: tuple[str, ...]


def perhaps_coded(lines: Body) -> PerhapsCoded | None:
    """Find such a column among the lines of a file that nobody knows."""
    if not {"quantity", "document_number"} <= lines.columns.keys():
        return None
    cells, names = lines.cells, lines.cells.column_names
    pieces = names[lines.columns["quantity"]]

    def sells(texts: Texts, values: Collection[str]) -> bool:
        return bool((floats(cells.filter(among(texts, values)), pieces) > 0).any())

    others = sorted(set(range(len(names))) - set(lines.columns.values()))
    columns = [(names[at], cells.column(at)) for at in others]
    return coded(cells.column(lines.columns["document_number"]), columns, sells, ())


def coded(
    numbers: Texts, columns: Iterable[tuple[str, Texts]], sells: Sells, known: Collection[str]
) -> PerhapsCoded | None:
    """Find the first of these columns that tells kinds by numbers, where rows sell by some that nobody knows.

    Where rows sell by one of them alone, and none is known, the signs of the others tell what they are.

    Args:
        numbers: of the documents, of each row.
        columns: those that may tell kinds, and their names.
        sells: whether rows sell.
        known: numbers of kinds of which it is said what they are.
    """
    for name, texts in columns:
        codes = _codes(texts) if _names_kinds(name) else []
        if len(codes) <= 1 or called_back(codes) or not _of_documents(numbers, texts):
            continue
        selling = [code for code in codes if sells(texts, (code,))]
        unknown = tuple(code for code in selling if code not in known)
        told = len(selling) > 1 or any(code in known for code in codes)
        return PerhapsCoded(name, unknown) if unknown and told else None
    return None


def _names_kinds(name: str) -> bool:
    """Say whether a column is called as one of kinds of documents, and not as one of kinds of goods or customers."""
    words = set(spoken(name).split()) - _ABBREVIATED
    if words <= _ALONE or any(map(_COMPOUND.fullmatch, words)):
        return bool(words)
    return bool(words & _KINDS) and bool(words & _DOCUMENTS) and words <= _KINDS | _DOCUMENTS


def _codes(texts: Texts) -> list[str]:
    """Give the numbers that stand in a column of nothing else, each once; nothing of one that holds too many."""
    for some in (texts.slice(0, _LOOKED_AT), texts):
        if pc.count_distinct(some).as_py() > _MOST:
            return []
    codes = list(filter(None, pc.unique(pc.utf8_trim_whitespace(texts)).to_pylist()))
    return codes if all(map(_CODE.fullmatch, codes)) else []


def _of_documents(numbers: Texts, texts: Texts) -> bool:
    """Say whether most documents have one of these texts in all their lines."""
    said = pa.table({"number": pc.utf8_trim_whitespace(numbers), "kind": pc.utf8_trim_whitespace(texts)})
    each = said.group_by("number").aggregate([("kind", "min"), ("kind", "max")])
    return bool(pc.mean(pc.equal(each["kind_min"], each["kind_max"])).as_py() > _MOST_DOCUMENTS)

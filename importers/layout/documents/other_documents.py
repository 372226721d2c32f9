"""Columns that say of rows of what kind they are: by an offer, an order, a transfer or a plan nothing was sold.

A register of documents lists offers, orders, pro formas, delivery notes and movements between stores beside invoices,
with all their amounts, and a report what was planned, or sold in another year, beside what was sold. Whoever does not
know that column counts them as sales.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.columns.months_seen import of_another_time
from importers.layout.documents.returned import came_back
from importers.layout.words.synonyms import spoken

_OFFERED = (
    r"ofert\w*|wycen[ay]|offers?|quotes?|quotations?|presupuestos?|angebote?|devis|(?:коммерческое )?предложени[ея]"
)
_ORDERED = (
    r"zam[oó]wieni[ea]|zam|orders?|pedidos?|auftr[aä]ge?|auftragsbestätigung|bestellung(?:en)?|commandes?|заказы?"
    r"|rezerwacj[ae]|reservations?|reservas?|резерв\w*"
)
_PRO_FORMA = r"(?:\w+ )?pro ?forma\w*|проформа"
_MOVED = (
    r"przesunięci[ea]|traspasos?|traslados?|umlagerung(?:en)?|umbuchung(?:en)?|перемещени[ея]"
    r"|przyjęci[ea]|przych[oó]d|goods receipts?|wareneing[aä]nge?|поступлени[ея]|inwentaryzacja|inventory|stock ?taking"
    r"|inventario|inventur|инвентаризация|bilans otwarcia|opening balance"
)
_USED = (
    r"(?:zużycie|rozch[oó]d) (?:własne|wewnętrzn[ey])|zużycie|na własne potrzeby|potrzeby własne|own use|internal use"
    r"|own consumption|internal consumption|consumo (?:propio|interno)|uso (?:propio|interno)|autoconsumo"
    r"|eigenverbrauch|eigenbedarf|собственн(?:ые нужды|ое потребление)|внутренне[ей] потреблени[ея]|списани[ея]"
)
_DELIVERED = (
    r"wydani[ea] zewnętrzn[ea]|dow[oó]d dostawy|delivery notes?|deliver(?:y|ies)|packing slips?|albar[aá]n(?:es)?"
    r"|lieferscheine?|bons? de livraison"
)
_ALONE = (
    r"transfers?|transferts?|сч[её]т(?: на оплату)?|wz|mm|mm[ -]?[+-]|mmp|mmw|pw|rw|pz|zk|zd|zo|fpf|pf|fvp|prof|oft"
)
_NO_SALE = re.compile(
    rf"(?:{_OFFERED}|{_ORDERED}|{_PRO_FORMA}|{_MOVED}|{_USED})(?: (?!spec|promo)[^\W\d_]+){{0,3}}"
    rf"|{_DELIVERED}|{_ALONE}",
    re.IGNORECASE,
)
"""What a cell says and nothing else, but for a few words behind it such as ``Zamówienie od klienta``."""
_EXPECTED = re.compile(
    r"forecasts?|prognoz[ay]|prognosen?|pronósticos?|prévisions?|прогноз|planowan[aeyi]|planned|geplant|planificad[oa]"
    r"|плановы[йе]|poprzedni(?: okres)?|(?:previous|prior|last)(?: period)?|(?:período )?anterior|vorperiode"
    r"|предыдущий(?: период)?",
    re.IGNORECASE,
)
"""Words of what was expected, or of another period, beside those that figures are called by."""
_WORDS_OF_A_PLAN = 3
_OF_WHAT = re.compile(
    r"(?:sales|stock|price|purchase|store|warehouse|inventory|interstore|internal|customer|web|back) (?=\w)",
    re.IGNORECASE,
)
"""What stands before such a kind in English: a sales order is none of a sale."""
_DELIVERS = re.compile(rf"{_DELIVERED}|wz", re.IGNORECASE)
"""Those by which goods went to a customer, as some systems report what was sold."""
_SOLD = re.compile(
    r"(?<!\w)(?:faktur\w*|fv|paragon\w*|invoice\w*|receipt of sale|factur[ao]s?|ticket|rechnung\w*|facture\w*|продаж\w*"
    r"|реализаци\w*|sprzeda\w*|sales?|sold|ventas?|verkauf\w*|vente|zrealizowan\w*|completed|shipped|wydan[aeo])(?!\w)",
    re.IGNORECASE,
)
"""Words of an invoice: ``Zamówienie zrealizowane`` was sold."""
_TOLD_IN = frozenset(
    {
        *("typ", "rodzaj", "kind", "type", "tipo", "clase", "тип", "вид", "belegart", "dokumentart", "art", "vorgang"),
        *("operacja", "operation", "operación", "операция", "nature", "dokument", "document", "documento", "документ"),
        *("beleg", "dok", "doc", "symbol", "status", "stan", "state", "estado", "статус", "zustand", "statut", "état"),
        *("stav", "wersja", "version", "versión", "версия", "scenario", "scenariusz", "szenario", "escenario"),
        *("сценарий", "dane", "danych", "datos", "daten", "данные", "данных", "okres", "period", "periodo", "zeitraum"),
        *("период", "miara", "measure", "wskaźnik", "kennzahl", "medida", "показатель", "indicator", "metric"),
        *("uwagi", "notes", "remarks", "comment", "observaciones", "примечание", "комментарий", "bemerkung", "opis"),
    }
)
"""Words in the names of columns in which it may be told."""
_SEPARATORS = re.compile(r"[\s_.\-–/]+")
_MOST = 20
"""Values of a column of kinds; of more it is another one."""
_LOOKED_AT = 10_000
_TOLD = 3


@dataclass(frozen=True)
class PerhapsOthers:
    """A column that seems to name documents by which nothing was sold, and what it holds for such.

    ``delivered`` are those of ``values`` by which goods went to a customer.
    """

    column: str
    values: tuple[str, ...]
    delivered: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """Give some of what stands there."""
        return self.values[:_TOLD]


def perhaps_others(
    columns: Mapping[str, pa.Array | pa.ChunkedArray], known: Mapping[str, Collection[str]] | None = None
) -> PerhapsOthers | None:
    """Find the column that names documents by which nothing was sold; ``known`` is what of a column is told already."""
    for name, texts in columns.items():
        if not _TOLD_IN & set(spoken(name).split()):
            continue
        if any(pc.count_distinct(some).as_py() > _MOST for some in (texts.slice(0, _LOOKED_AT), texts)):
            continue
        kinds = list(filter(None, pc.unique(pc.utf8_trim_whitespace(texts)).to_pylist()))
        if came_back(kinds):
            continue  # two sides alone, such as WZ and PZ, say which way goods went
        values = others_among(kinds, (known or {}).get(name, ()))
        if values:
            return PerhapsOthers(name, tuple(values), tuple(filter(_delivers, values)))
    return None


def others_among(kinds: Sequence[str], known: Collection[str] = ()) -> list[str]:
    """Give those of a column's values that name documents by which nothing was sold, and are not ``known``."""
    known = {one.casefold() for one in known}
    return [kind for kind in kinds if kind.casefold() not in known and _sells_nothing(kind)]


def _sells_nothing(kind: str) -> bool:
    plain = _SEPARATORS.sub(" ", kind).strip()
    bare = _OF_WHAT.sub("", plain, count=1)
    if plain.count(" ") < _WORDS_OF_A_PLAN and (of_another_time(plain) or _EXPECTED.fullmatch(plain)):
        return True
    if not any(map(_NO_SALE.fullmatch, (plain, bare))):
        return False
    return bool(re.search(r"(?i)pro ?forma", plain)) or not _SOLD.search(bare)


def says_sold(kind: str) -> bool:
    """Say whether a kind of documents is called so that goods were sold by it."""
    return _SOLD.search(kind) is not None


def _delivers(kind: str) -> bool:
    return bool(_DELIVERS.fullmatch(_SEPARATORS.sub(" ", kind).strip()))

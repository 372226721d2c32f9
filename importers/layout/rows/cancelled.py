"""Columns that say of rows that they are cancelled, not yet issued, or not yet paid: what such a row says was not sold.

A register of invoices keeps those that were cancelled, with ``Status = Anulowana`` or a mark under ``Storno``, and with
all their amounts. Whoever does not know that column counts them as sales.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.words.synonyms import spoken

ANYTHING = "*"
"""Of a column that is called so: whatever stands in it cancels the row, but a no."""
_CANCELLED = (
    r"anulo\w*|unieważ\w*|wycofan\w*|usunięt\w*|odrzucon\w*|cancel\w*|void(?:ed)?|deleted|rejected|anulad[oa]s?"
    r"|rechazad[oa]s?|аннулир\w*|отмен[её]н\w*|удал[её]н\w*|storn(?:o|iert\w*|owan\w*)|сторнирован\w*|gelöscht|annulé\w*"
    r"|nieważn\w*|invalid|ungültig|недействит\w*|inválid[oa]|failed|fehlgeschlagen|fallid[oa]|zrušen\w*|stornován\w*"
)
_NOT_YET = (
    r"szkic|robocz[aey]|w buforze|bufor|draft|borrador|черновик|entwurf|brouillon|pending|on[ -]hold|awaiting payment"
    r"|oczekuj\w*|wstrzyman[aey]|pendientes?|en espera|ausstehend|en attente|ожида\w*|в ожидании"
)
_SAYS = re.compile(rf"(?<!\w)(?:{_CANCELLED}|{_NOT_YET})(?!\w)", re.IGNORECASE)
_SAYS_NOT = re.compile(r"(?<!\w)(?:nie|not|no|не|nicht|non|un|never|przed)[\s-]", re.IGNORECASE)
_NAMED = re.compile(
    r"(?<!\w)(?:anulo\w*|anulad[oa]|anulaci[oó]n|storno|storniert|stornierung|cancell?ed|cancell?ation|cancel|void(?:ed)?"
    r"|annul\w*|аннулир\w*|отмен\w*|сторно|usunięt[aey]|deleted)(?!\w)",
    re.IGNORECASE,
)
"""Names of columns that say it themselves."""
_TOLD_IN = frozenset(
    {
        *("status", "stan", "state", "estado", "статус", "состояние", "zustand", "statut", "état", "etat", "stav"),
        *("uwagi", "uwaga", "notes", "note", "remarks", "comment", "comments", "observaciones", "nota", "notas"),
        *("примечание", "примечания", "комментарий", "bemerkung", "bemerkungen", "remarque", "remarques", "adnotacje"),
        *("flag", "flaga", "znacznik", "marca", "отметка", "kennzeichen", "info", "komentarz", "comentarios", "opis"),
        *("typ", "rodzaj", "kind", "type", "tipo", "тип", "вид", "belegart", "dokumentart", "art"),
    }
)
"""Words in the names of columns in which it may be told."""
_NO = frozenset(
    {
        *("n", "no", "nie", "nein", "non", "нет", "false", "falsch", "faux", "falso", "fałsz", "ложь", "brak"),
        *("none", "null", "nan", "n/a", "ok", "active", "aktywna", "aktywny", "activa", "activo", "aktiv"),
    }
)
_NOTHING = re.compile(r"[\W_0]*")
_STEMS = rf"(?i){_CANCELLED}|{_NOT_YET}".replace(r"\w*", "")
_LOOKED_AT = 10_000
_MOST = 20
"""Values that a profile names; of more the column is no one of kinds."""
_TOLD = 3


@dataclass(frozen=True)
class PerhapsCancelled:
    """A column that seems to say which rows are cancelled, what it holds for such, and some of what stands there."""

    column: str
    values: tuple[str, ...]
    told: tuple[str, ...]


def perhaps_cancelled(columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> PerhapsCancelled | None:
    """Find the column that says of rows that they are cancelled, of those that hold nothing that is read."""
    found = None
    for name, texts in columns.items():
        named = names_cancelled(name)
        if not named and not _TOLD_IN & set(spoken(name).split()):
            continue
        distinct = pc.unique(texts).drop_null()
        if not named:  # notes may all differ
            distinct = distinct.filter(pc.match_substring_regex(distinct, _STEMS))
        said = distinct.slice(0, _LOOKED_AT).to_pylist()
        values = list(dict.fromkeys(text.strip() for text in said if cancels(text, (ANYTHING,) if named else None)))
        if not values or (not named and len(values) > _MOST):
            continue
        seen = PerhapsCancelled(name, (ANYTHING,) if named else tuple(values), tuple(values[:_TOLD]))
        if named:
            return seen
        found = found or seen
    return found


def names_cancelled(name: str) -> bool:
    """Say whether a column is called so that whatever stands in it cancels its row."""
    return _NAMED.search(spoken(name)) is not None


def cancels(text: str, values: Collection[str] | None) -> bool:
    """Say whether what stands in such a column cancels its row: one of ``values``, or without them what reads so."""
    text = text.strip()
    if values is None:
        return bool(_SAYS.search(text)) and not _SAYS_NOT.search(text)
    if ANYTHING in values:
        return text.casefold() not in _NO and not _NOTHING.fullmatch(text)
    return text.casefold() in {value.casefold() for value in values}


def not_named(texts: Sequence[str], values: Collection[str]) -> list[str]:
    """Give what reads as if it cancelled a row, and is none of what a profile says does."""
    return [text for text in texts if cancels(text, None) and not cancels(text, values)][:_TOLD]

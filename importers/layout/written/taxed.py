"""What is said around a table, or in a column of it, of amounts: that they are with a tax.

12,30 below ``All amounts with VAT`` is none of 12,30, and 12,30 beside ``Price type: gross`` neither. Whoever reads
them as net amounts counts a quarter too much, and nothing shows it.
"""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.layout.words.around import TOTAL
from importers.layout.words.known import NO, YES
from importers.layout.words.synonyms import spoken

_ = marked
_TAX = (
    r"(?:\d{1,2} )?(?:vat|tax(?:es)?|podat(?:ek|kiem)(?: vat)?|iva|impuestos|ндс|mwst|mw st|ust|umsatzsteuer|tva|dph)"
)
_GROSS = re.compile(
    r"(?<!\w)(?:(?<!waga )(?<!masa )(?<!gewicht )brutto(?!gewicht|masse)\w*|(?<!peso )(?<!pesos )(?:brutos?|lord[oi])"
    r"|gross (?:amount|value|sale|price)s?|ttc|toutes taxes comprises"
    rf"|(?:incl|including|inclusive of|with|z|zawiera\w*|wliczon\w*|con(?: el)?|incluyen?(?: el)?|с|включая|включают"
    rf"|с учетом|с учётом|inkl\w*|einschliesslich|mit|s|vč|včetně|includ\w+(?: \w+)?|(?:в том числе|в т ч)) {_TAX}"
    rf"|{_TAX} (?:(?:is|are|jest|ya) )?(?:incl\w*|wliczon\w*|включ\w*|enthalten|inbegriffen|comprise|incluse))(?!\w)"
)
_NET = re.compile(
    r"(?<!\w)(?:netto\w*|net|neto|ht|hors|base|nie zawiera\w*|(?:not|don t|no|не|nicht|plus|zzgl|más) \w+"
    r"|(?:bez|без|sin|excl|excluding|ohne) \w+)(?!\w)"
)
"""What says of amounts that they are with a tax, and what that they are not."""
_AMOUNTS = re.compile(
    r"(?<!\w)cen[ay](?!\w)|wartoś|kwot|price|amount|value|precio|importe|valor|цен[аы]|сумм|стоимост|preis|betr[aä]g"
    r"|prix|montant|částk|hodnot|prezz|importo"
)
"""What a note speaks of: what adds amounts up with a tax below a table says nothing of those above it."""
_RATE = re.compile(r"\d{1,2} ?%")
_OF_WEIGHTS = re.compile(r"(?<!\w)(?:wag[ai]|masa|weight|peso|вес|poids)(?!\w)|gewicht")
_MOST, _LOOKED_AT = 6, 10_000
"""Values of a column that says net and gross; of more it is another one."""
_LONGEST = 200


def refuse_taxed(columns: Mapping[str, str], said: Iterable[str], place: object) -> None:
    """Refuse amounts that are with a tax by what stands above them, unless their own name says that they are not.

    Args:
        columns: the field of each column, by the column's name.
        said: the titles, and what the sheet is called.
        place: the file and its sheet.

    Raises:
        FileRefused: They are.
    """
    amount = _amounts_of(columns)
    told = next(filter(says_gross, said), None) if amount is not None else None
    if amount is not None and told is not None:
        words = _(
            "%(place)s, column %(column)s: %(found)s stands above it, so its amounts seem to be with tax, expected net "
            "amounts; write such, and say in the name of the column that they are net."
        )
        raise FileRefused(words, place=place, column=repr(amount), found=repr(told))


def refuse_taxed_beside(
    columns: Mapping[str, str], notes: Iterable[str], beside: Mapping[str, pa.ChunkedArray], place: object
) -> None:
    """Refuse amounts that are with a tax by a note below or beside them, or by what a column says of their rows.

    Args:
        columns: the field of each column, by the column's name.
        notes: what rows say that are no lines.
        beside: the columns that are not read, by name.
        place: the file and its sheet.

    Raises:
        FileRefused: They are.
    """
    amount = _amounts_of(columns)
    if amount is None:
        return
    said = next(filter(_is_a_note, notes), None)
    if said is not None:
        words = _(
            "%(place)s, column %(column)s: %(found)s stands below or beside it, so its amounts seem to be with tax, "
            "expected net amounts; write such, and say in the name of the column that they are net."
        )
        raise FileRefused(words, place=place, column=repr(amount), found=repr(said))
    for name, texts in beside.items():
        found = _gross_in(name, texts)
        if found is not None:
            words = _(
                "%(place)s, column %(column)s: %(found)s stands beside it in the column %(other)s, so amounts seem to "
                "be with tax, expected net amounts; write such, and say in the name of the column that they are net."
            )
            raise FileRefused(words, place=place, column=repr(amount), found=repr(found), other=repr(name))


def says_gross(text: str) -> bool:
    """Say whether a text says of amounts that they are with a tax, and not as well that some are without it."""
    said = spoken(text)
    return bool(_GROSS.search(said)) and not _NET.search(said)


def says_net(name: str) -> bool:
    """Say whether a name says of amounts that they are without a tax."""
    return bool(_NET.search(spoken(name)))


def _amounts_of(columns: Mapping[str, str]) -> str | None:
    """Give the column of the amounts that count; None where another one is of gross amounts, or its name says net."""
    of = {field: name for name, field in columns.items()}
    amount = of.get("net_amount") or of.get("unit_price")
    return None if amount is None or "gross_amount" in of or says_net(amount) else amount


def _is_a_note(text: str) -> bool:
    """Say whether a text speaks of all amounts as if they were with a tax; one with a figure in it is a sum."""
    if len(text) > _LONGEST or any(letter.isdecimal() for letter in _RATE.sub("", text)) or TOTAL.match(text):
        return False
    return bool(_AMOUNTS.search(text.casefold())) and says_gross(text)


def _gross_in(name: str, texts: pa.ChunkedArray) -> str | None:
    """Give what a column says of some of its rows, where it is one of nothing but net and gross, or a note."""
    for some in (texts.slice(0, _LOOKED_AT), texts):
        if pc.count_distinct(some).as_py() > _MOST:
            return None
    values: list[str] = list(filter(None, pc.unique(pc.utf8_trim_whitespace(pc.unique(texts))).to_pylist()))
    if says_gross(name) and {value.casefold() for value in values} <= YES | NO:
        return next((value for value in values if value.casefold() in YES), None)
    if note := next(filter(_is_a_note, values), None):
        return note
    gross = [value for value in values if says_gross(value) or spoken(value) == "gross"]
    if _OF_WEIGHTS.search(spoken(name)) or not all(value in gross or _NET.search(spoken(value)) for value in values):
        return None
    return next(iter(gross), None)

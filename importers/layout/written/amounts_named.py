"""What the names of columns, and what stands above them, say of the amounts below: a currency, thousands, or a tax.

``Value [EUR]`` is no amount of a programme in zlotys, 12,5 under ``Value [thousand]`` is none of 12,50, and 12,30 below
``All amounts with VAT`` is none of 12,30. Neither shows in the cells, so a report would be taken in with all its
amounts wrong, and nothing would be said.
"""

import re
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import Said, marked
from app.domain.typed.fields import FIGURES, MONEY
from importers.errors import FileRefused
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.numbers import PIECES, currencies_of
from importers.layout.written.taxed import refuse_taxed

_ = marked
_COINS = r"eur|€|pln|zł|usd|\$|gbp|£|chf|czk|kč|rub|₽"
_THOUSANDS = r"tys|tysięcy|tysiące|tysiącach|tsd|tausend|thousands?|тыс|тысячи?|тысячах|miles|milliers|tis"
_MILLIONS = r"mln|mio|millions?|millionen|milionach|miliony|millones|млн|миллион\w*"
_MANY = re.compile(
    rf"(?<!\w)(?:{_THOUSANDS}|{_MILLIONS}|[tkm](?:{_COINS}))(?!\w)|[\[(]\s*'?(?:000s?|k)\s*[\])]", re.IGNORECASE
)
_HUNDREDTHS = r"cents|pence|groszy|grosze|groszach|céntimos|centimes|коп|копе(?:ек|йки|йках)"
_PARTS = re.compile(rf"(?<!\w)(?:{_HUNDREDTHS}|w gr)(?!\w)|[\[(]\s*gr\.?\s*[\])]", re.IGNORECASE)
_WITH_PARTS = re.compile(
    rf"(?<!\w)(?:руб\w*|zł\w*|euros?|pounds?|dollars?)\W{{1,3}}(?:(?:and|et|i|und|y|и)\W)?(?:{_HUNDREDTHS}|gr)(?!\w)",
    re.IGNORECASE,
)
"""What stands over amounts in full, which have hundredths as well: ``руб. коп.``"""
_EACH = re.compile(
    r"(?:(?<!\w)(?:za|per|je|pro|por|na|за|на|pour)|(?<!\d)/)\s*(?:10|100|1[\s.,']?000)(?!\d|[./-]\d)", re.IGNORECASE
)
_ABOVE = re.compile(
    rf"(?<!\w)(?<!\d\s)(?:(?:{_THOUSANDS}|{_MILLIONS})\W{{1,3}}(?:(?:de|of)\W)?(?:{_COINS}|руб\w*|euros?|złotych)"
    rf"|[tkm](?:{_COINS}))(?!\w)",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?<![^\W_])[A-Z]{3}(?![^\W_])|[€£₽₴₺₸$¥]|(?<!\w)(?:zł|kč|руб|грн|euro)(?!\w)", re.IGNORECASE)
_LETTERS = 3
"""Of a currency's code, which is written in capitals."""
_WORDS = frozenset({"ALL", "TOP", "PEN", "CUP", "SOS", "STD", "NAD"})
"""Codes of currencies that are words as well."""
_CURRENCIES = frozenset(
    {
        *names_of("statements")["currency"],
        *("currency code", "document currency", "invoice currency", "kod waluty", "waluta dokumentu", "waluta faktury"),
        *("código de moneda", "код валюты", "валюта документа", "währungscode", "code devise", "wkz"),
    }
)
_IN_CURRENCY = re.compile(
    r"(?<!\w)(?:w walucie|walutow\w+|(?:in|foreign|transaction|document) currency|fcy|fw|(?:in )?fremdwährung"
    r"|en (?:la )?(?:divisa|moneda)|в валюте|en devise)(?!\w)"
)
"""What an amount is called that stands in the currency that a column beside it names: others are in one's own."""
_OWN = re.compile(
    r"(?<!\w)(?:lcy|local currency|hauswährung|w walucie (?:krajowej|systemowej|lokalnej)|moneda local)(?!\w)"
)
"""What it is called where it stands in one's own, whatever the column beside it names."""
_FIGURE = r"^[\s(+\-\x{2212}\x{2013}]*\d[\d\s.,'\x{2019}\x{00a0}\x{202f}]*[\s)\-]*$"


def refuse_other_amounts(
    columns: Mapping[str, str], above: Sequence[Sequence[str]], place: Said, sheet: str = ""
) -> None:
    """Refuse a table whose amounts or pieces are counted in thousands, say, or in hundredths, or are with a tax.

    Args:
        columns: the field of each column, by the column's name.
        above: the rows above its header.
        place: the file and its sheet.
        sheet: what the sheet is called.

    Raises:
        FileRefused: A column's name says so, or what stands above.
    """
    refuse_taxed(columns, [*(cell for row in above for cell in row), sheet], place)
    for name, field in columns.items():
        found = _size_said(name, field)
        if found is not None:
            words = _(
                "%(place)s, column %(column)s: its name says %(found)s, expected figures in full, one by one; write "
                "them so, and name the column without it."
            )
            raise FileRefused(words, place=place, column=repr(name), found=repr(found))
    said = next((one for row in above for cell in row if (one := _ABOVE.search(cell))), None)
    if said is not None and MONEY & set(columns.values()):
        words = _(
            "%(place)s: above the table stands %(found)s, expected amounts in full; write them so, and remove what "
            "says otherwise."
        )
        raise FileRefused(words, place=place, found=repr(said[0]))


def _size_said(name: str, field: str) -> str | None:
    if field not in FIGURES:
        return None
    found = _MANY.search(name)
    if found is None and field in MONEY:
        found = _PARTS.search(_WITH_PARTS.sub("", name))
    if found is None and field == "unit_price":
        found = _EACH.search(name)
    return None if found is None else found[0].strip()


def with_currencies(
    cells: pa.Table, money: Collection[int], taken: Collection[int], above: Sequence[Sequence[str]], currency: str
) -> pa.Table:
    """Write another currency beside amounts that the table says are in it, where nothing stands beside them.

    The name of a column says it of that column; a column of currencies of each row of the others, or of those alone
    that are called so as if they were in it, and what stands above of the rest. With it written there such an amount
    waits as one does beside which it stood.

    Args:
        cells: the lines of a table, with the names of its columns.
        money: the places of the columns that hold amounts.
        taken: the places of those that hold anything that is read.
        above: the rows above the header.
        currency: the programme's.
    """
    names = cells.column_names
    kind = next((at for at, name in enumerate(names) if at not in taken and spoken(name) in _CURRENCIES), None)
    in_currency = {
        at
        for at, name in enumerate(names)
        if at != kind and _IN_CURRENCY.search(spoken(name)) and not _OWN.search(spoken(name))
    }
    by_rows = None if kind is None else _of_rows(cells.column(kind), currency)
    of_all = pa.scalar(_other(_said_above(above), currency), pa.large_string())
    for at in sorted(money):
        own = _OWN.search(spoken(names[at])) is not None
        of_rows = None if own or (in_currency and at not in in_currency) else by_rows
        named = currency_named(names[at])
        if named is not None:
            beside = pa.scalar(_other(named, currency), pa.large_string())
        else:
            beside = of_all if of_rows is None else pc.coalesce(of_rows, of_all)
        if isinstance(beside, pa.Scalar) and not beside.is_valid:
            continue
        column = cells.column(at)
        bare = pc.fill_null(pc.match_substring_regex(column, _FIGURE), False)  # noqa: FBT003
        written = pc.binary_join_element_wise(column, beside, pa.scalar(" ", pa.large_string()))
        cells = cells.set_column(at, names[at], pc.if_else(bare, pc.coalesce(written, column), column))
    return cells


def is_unit(text: str) -> bool:
    """Say whether a text is nothing but a unit: of pieces, of a currency, per cent, perhaps so many thousands of it."""
    words = [word for word in _MANY.sub(" ", text).replace("%", " % ").split() if word.strip("[](){}.,:")]
    units = [word.strip("[](){}.,:") for word in words]
    return all(one == "%" or one.casefold() in PIECES or _is_code(one) for one in units) and (
        bool(units) or _MANY.search(text) is not None
    )


def currency_named(name: str) -> str | None:
    """Give the currency that the name of a column names, as it stands there; None where it names none, or several."""
    found = {one for one in _CODE.findall(name) if _is_code(one)}
    return found.pop() if len(found) == 1 else None


def _is_code(text: str) -> bool:
    if text in _WORDS or not currencies_of(text):
        return False
    return len(text) != _LETTERS or not text.isascii() or text.isupper()


def _other(text: str | None, currency: str) -> str | None:
    """Give a sign of another currency than the programme's; None where it is of that one, or of none."""
    known = currencies_of(text) if text else frozenset()
    return text if known and currency not in known else None


def _of_rows(column: pa.ChunkedArray, currency: str) -> pa.ChunkedArray | None:
    """Give each row the other currency that it names; None where no row does."""
    coded = pc.dictionary_encode(column.combine_chunks())
    others = [_other((text or "").strip(), currency) for text in coded.dictionary.to_pylist()]
    if not any(others):
        return None
    return pa.chunked_array([pa.array(others, pa.large_string()).take(coded.indices)])


def _said_above(above: Sequence[Sequence[str]]) -> str | None:
    """Give the currency that a row above the table says: ``Currency: EUR``, in one cell or in two."""
    for row in above:
        said = " ".join(filter(None, row)).split()
        for size in (1, 2):
            code = said[size].strip(".,;()[]") if len(said) > size else ""
            if spoken(" ".join(said[:size])) in _CURRENCIES and _is_code(code):
                return code
    return None

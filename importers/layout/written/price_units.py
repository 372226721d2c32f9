"""Columns that say of how many pieces a price is: amounts that are reckoned of it as of one would be too much."""

from collections.abc import Mapping

import pyarrow.compute as pc

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.layout.tables.table import TextTable
from importers.layout.words.synonyms import spoken

_ = marked
_NAMES = frozenset(
    {
        *("pe", "preiseinheit", "preis pro", "preis je", "price unit", "price per", "pricing unit", "price base"),
        *("cena za", "jedn ceny", "jednostka ceny", "jedn cenowa", "unidad de precio", "precio por", "цена за"),
        *("unité de prix", "prix par", "prix pour"),
    }
)
_MANY = r"^\s*(?:10|100|1[\s.,']?000)(?:[.,]0+)?(?:\s*[^\d\s]{1,5})?\s*$"


def refuse_price_units(table: TextTable, columns: Mapping[str, str], file: str) -> None:
    """Refuse a table without amounts that says that its prices are those of ten, a hundred or a thousand pieces.

    Args:
        table: the lines of a file.
        columns: our field -> the file's column.
        file: what the person calls it; for messages.

    Raises:
        FileRefused: It is such a one.
    """
    if "unit_price" not in columns or "net_amount" in columns:
        return
    for name in table.header:
        if name in columns.values() or spoken(name) not in _NAMES:
            continue
        texts = table.column(name)
        many = texts.filter(pc.match_substring_regex(texts, _MANY))
        if len(many):
            words = _(
                "%(file)s, column %(column)s: found %(found)s, so prices are not those of one piece, expected a column "
                "of net amounts beside them; add it, or write what one piece costs."
            )
            raise FileRefused(words, file=file, column=repr(name), found=repr(many[0].as_py().strip()))

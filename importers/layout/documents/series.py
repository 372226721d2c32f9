"""Columns of a series, or of a year, beside a number that begins anew in each: two documents would be one.

Some systems part the number of a document over two columns, ``Serie = A`` and ``Número = 1``. Whoever reads the second
one alone takes the first invoice of each series for lines of the same document.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.layout.tables.table import TextTable
from importers.layout.words.synonyms import spoken

_ = marked
_NAMES = frozenset(
    {
        *("series", "serie", "seria", "ser", "prefix", "prefiks", "prefijo", "серия", "префикс", "präfix", "préfixe"),
        *("seria dokumentu", "seria faktury", "serie factura", "serie documento", "document series", "invoice series"),
        *("year", "rok", "año", "ejercicio", "год", "jahr", "geschäftsjahr", "année", "exercice", "fiscal year"),
        *("rok obrachunkowy", "document year", "rok dokumentu"),
    }
)
_BETWEEN = pa.scalar("|", pa.large_string())
_ABOUT = ("issued_on", "distributor")
"""What a document has one of: two of the same number that differ in it are two."""


def refuse_several_series(table: TextTable, columns: Mapping[str, str], file: str) -> None:
    """Refuse a table that has a number twice, in two series or years, for documents of other days or customers.

    Lines of one document may be of several series of goods as well: they are of one day and one customer.

    Args:
        table: the lines of a file.
        columns: our field -> the file's column.
        file: what the person calls it; for messages.

    Raises:
        FileRefused: It has.
    """
    about = [pc.fill_null(table.column(columns[field]), "") for field in _ABOUT if field in columns]
    others = [name for name in table.header if name not in columns.values() and spoken(name) in _NAMES]
    if "document_number" not in columns or not about:
        return
    numbers = pc.utf8_trim_whitespace(table.column(columns["document_number"]))
    for name in others:
        series = pc.utf8_trim_whitespace(table.column(name))
        said = pa.table({"number": numbers, "series": series, "about": pc.binary_join_element_wise(*about, _BETWEEN)})
        found = _twice(said.filter(pc.and_(pc.not_equal(numbers, ""), pc.not_equal(series, ""))))
        if found is not None:
            words = _(
                "%(file)s, column %(column)s: the number %(number)s stands with %(found)s, for documents of other "
                "days or customers, which would be taken for one; write what is in both columns into the number."
            )
            number, values = found
            raise FileRefused(words, file=file, column=repr(name), number=repr(number), found=list(map(repr, values)))


def _twice(said: pa.Table) -> tuple[str, list[str]] | None:
    """Give a number that several documents have, and the series of two of them; None where none has."""
    each = said.group_by(["number", "series"]).aggregate([("about", "min"), ("about", "max")])
    each = each.filter(pc.equal(each["about_min"], each["about_max"]))  # lines of many days are of a report
    several = each.group_by("number").aggregate([("about_min", "count_distinct")])
    several = several.filter(pc.greater(several["about_min_count_distinct"], 1))
    if not several.num_rows:
        return None
    number = several["number"][0].as_py()
    return number, sorted(each.filter(pc.equal(each["number"], number))["series"].to_pylist())[:2]

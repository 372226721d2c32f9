"""Tell when two writings of a seller are one seller: a part of what makes two documents the same (rules.md 9).

A document's key holds its seller: the distributor itself, or another one by its tax id. Files, people and e-invoices
write a tax id with and without the country, with dashes, dots and spaces, and mean one company.
"""

import functools
import re
import unicodedata

TAX = "tax:"
"""Before the tax id of a seller that a document names."""

_APART = re.compile(r"[\W_]+")
_SPACES = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_FIGURE = re.compile(r"[0-9]")
_LEAST_FIGURES = 7
"""A tax id has no fewer; what has is a code of somebody's own, in which 1-12 and 11-2 are two."""
_WITH_COUNTRY = re.compile(
    "(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)([0-9]+)"
)
"""Letters that stand before a number for VAT: those of the European Union, Northern Ireland and Great Britain."""


@functools.lru_cache(maxsize=1 << 12)
def seller_key(tax_id: str) -> str:
    """Give what a document's key says of a seller that the document names by its tax id.

    NFKC, upper case, letters and figures alone, without the country's letters where nothing but figures follows them.
    What has fewer than seven figures is no tax id: of that only spaces are dropped, for two codes that differ in a mark
    are two sellers. Companies of two countries with the same figures are one, for a country that is written once and
    left out once would be rewarded twice otherwise (decision 7).
    """
    written = unicodedata.normalize("NFKC", tax_id).upper()
    plain = _APART.sub("", written)
    if len(_FIGURE.findall(plain)) < _LEAST_FIGURES:
        return TAX + _SPACES.sub("", written)
    country = _WITH_COUNTRY.fullmatch(plain)
    return TAX + (country[1] if country else plain)


def own_key(distributor_id: int) -> str:
    """Give what a document's key says where its distributor issued it."""
    return f"distributor:{distributor_id}"

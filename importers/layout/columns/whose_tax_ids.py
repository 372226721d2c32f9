"""Tax ids of which the name does not say whose they are: beside customers they are theirs, and no seller's.

Documents have their keys by the seller: with the customer's tax id in its place one would be another document than the
same one of a file without that column, and count twice.
"""

from importers.layout.columns.naming import Candidate
from importers.layout.tables.header import JOINT
from importers.layout.words.synonyms import names_of, spoken

_OF_CUSTOMERS = frozenset({"distributor", "distributor_name"})
_SURELY = 90

Found = dict[str, list[Candidate]]


def without_customers(found: Found) -> Found:
    """Take the seller's tax id from columns that are called ``NIP`` and nothing else, where another one has customers.

    Args:
        found: what each column may hold.
    """
    customers = {
        name
        for name, several in found.items()
        if several and several[0].field in _OF_CUSTOMERS and several[0].score >= _SURELY
    }
    return {
        name: [
            one for one in several if one.field != "seller_tax_id" or not (customers - {name} and _says_not_whose(name))
        ]
        for name, several in found.items()
    }


def _says_not_whose(name: str) -> bool:
    """Say whether a name is that of any tax id, with nothing over it but perhaps the customer."""
    over, _, last = name.rpartition(JOINT)
    named, customers = names_of("sales")["seller_tax_id"], names_of("sales")["distributor"]
    return named.get(spoken(last)) is False and (not over or spoken(over) in customers)

"""Months side by side as a look sees them: the names over their pieces and amounts, and of which year they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from importers.layout.columns.months import MonthColumn
from importers.layout.tables.header import JOINT
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.numbers import PIECES, currencies_of

YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_GROSS = ("brutto", "gross", "bruto", "ttc", "iva", "vat", "ндс", "mwst")
_PLANNED = ("plan", "budżet", "budget", "cel", "target", "ziel", "план", "бюджет", "presupuesto", "objetivo")
_EARLIER = re.compile(
    r"(?<!\w)(?:ly|py|ytd|vj|vorjahr\w*|(?:last|previous|prior) year|(?:rok|roku) (?:ubiegł\w+|poprzedni\w*)"
    r"|(?:ubiegł\w+|poprzedni\w*) rok\w*|narastająco|año anterior|acumulad[oa]|kumuliert|année précédente"
    r"|прошл\w+ год\w*|нарастающим итогом)(?!\w)"
)
"""What names say of figures that are of another year, or of all of it so far."""
_NOT_SOLD = frozenset((*_GROSS, *_PLANNED))
"""Words of names under which no net amounts stand that were sold, or perhaps none."""
_WITHOUT = re.compile(r"(?<!\w)(?:bez|без|sin|excl|without|ohne|hors|ex)\s+(?:vat|ндс|iva|mwst|tva)(?!\w)")
_BOTH = 2


@dataclass(frozen=True)
class MonthsSeen:
    """Months side by side: what stands over their quantities and amounts, and the year where their names have none.

    ``open`` are those of the two of which nobody can tell under which of the ``labels`` they stand.
    """

    months: tuple[str, ...]
    quantity: str | None
    net_amount: str | None
    year: int | None
    labels: tuple[str, ...] = ()
    open: frozenset[str] = frozenset()

    @property
    def fields(self) -> frozenset[str]:
        """Name the fields that the months give, or will once somebody says where they stand."""
        given = {"document_number", "issued_on", "quantity"}
        return frozenset(given if self.net_amount is None and "net_amount" not in self.open else given | {"net_amount"})


def months_seen(months: Sequence[MonthColumn], above: Sequence[Sequence[str]]) -> MonthsSeen:
    """Say under which names the pieces and amounts of months stand: what is called so; otherwise somebody is asked.

    ``above`` is what stands above the header, where a year may be named for all of them.
    """
    labels = list(dict.fromkeys(one.label for one in months))
    sold = [label for label in labels if not not_sold(label)]
    pieces = [label for label in sold if _says(label, "quantity") or _last_word(label) in PIECES]
    money = [label for label in sold if _says(label, "net_amount") or currencies_of(_last_word(label))]
    net = [label for label in money if label not in pieces]
    quantity = (pieces or labels)[0] if len(pieces) == 1 or len(labels) == 1 else None
    if quantity is None and len(labels) == _BOTH and "" in labels and len(net) == 1:
        quantity = ""  # beside what is called amounts, nothing but the month stands over pieces
    others = [label for label in labels if label != quantity]
    asked = {"quantity"} if quantity is None else set()
    amount = net[0] if len(net) == 1 else None
    if amount is None and others:
        asked.add("net_amount")
    years = {int(year) for row in above for cell in row for year in YEAR.findall(cell)}
    return MonthsSeen(
        tuple(dict.fromkeys(one.text(0) for one in months)),
        quantity or None,
        amount,
        years.pop() if len(years) == 1 and any(one.year is None for one in months) else None,
        tuple(labels),
        frozenset(asked),
    )


def not_sold(label: str) -> set[str]:
    """Give the words of a name that say that what stands below it was planned, is with its tax, or of another year."""
    said = _WITHOUT.sub(" ", spoken(label))
    return {*_NOT_SOLD.intersection(said.split()), *_EARLIER.findall(said)}


def of_another_time(name: str) -> bool:
    """Say whether figures are called as those that were planned, or that are of another year: no line sold them."""
    said = spoken(name)
    return bool(_EARLIER.search(said)) or not frozenset(_PLANNED).isdisjoint(said.split())


def _says(label: str, wanted: str) -> bool:
    return spoken(label.rpartition(JOINT)[2]) in names_of("sales")[wanted]


def _last_word(label: str) -> str:
    return label.rpartition(JOINT)[2].split(" ")[-1].casefold().rstrip(".")

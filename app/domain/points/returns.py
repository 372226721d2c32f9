"""Returns: which sale a returned quantity belongs to, and how much of its awards it takes back (rules.md 6)."""

import bisect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.domain.documents.numbering import number_key
from app.domain.measures.exact import Ints


@dataclass(frozen=True)
class SoldLine:
    """A line that sold something and may be returned.

    ``at`` sorts sales: issue day, number as text, line (and the document's id, where two sellers gave one number).
    ``counted`` is None for a sale of an earlier import, which any later return may meet; for one of this batch it is
    the position of its document in counting order. ``discounts`` marks a line that takes off an amount, whatever
    quantity it tells: it sold no goods, and none come back to it. ``seller`` is who the document says sold it, by its
    key; None where it names nobody.
    """

    document: int
    line_number: int
    distributor_id: int
    product_id: int
    at: tuple[int, str, int]
    year: int
    number_key: str
    quantity_milli: int
    counted: int | None = None
    discounts: bool = False
    seller: str | None = None


@dataclass(frozen=True)
class ReturnedLine:
    """A line that gives back. ``counted`` is its document's position in counting order, ``day`` its issue day.

    ``discounts`` marks a line of a credit note that gives no goods back but takes a discount back. ``seller`` is who
    issued its document, as with `SoldLine`.
    """

    document: int
    line_number: int
    distributor_id: int
    product_id: int
    day: int
    counted: int
    quantity_milli: int
    corrects: str | None
    discounts: bool = False
    seller: str | None = None


@dataclass(frozen=True)
class Match:
    """A quantity that a returned line takes from a sold line. ``before`` was returned of it already."""

    returned: ReturnedLine
    sold: SoldLine
    quantity_milli: int
    before_milli: int


@dataclass
class Matches:
    """What was matched, in counting order, and the quantity of each returned line that met no sale."""

    found: list[Match] = field(default_factory=list)
    unmatched: list[tuple[ReturnedLine, int]] = field(default_factory=list)


def match_returns(
    returned: Sequence[ReturnedLine], sold: Sequence[SoldLine], already_milli: dict[tuple[int, int], int]
) -> Matches:
    """Find the sales that returns belong to.

    A return that names a document takes from that document's lines of the product, and not from those of another
    seller's of the same number where both say who sold; any other takes from the distributor's sales of the product
    that were issued on or before its day and counted before it (or stand in the same document), latest first by date,
    then number, then line. Goods meet goods, and discounts that are taken back meet discounts.

    Args:
        returned: in counting order.
        sold: every line that may be met, in any order.
        already_milli: quantity returned before, by (document, line) of the sale.
    """
    taken = dict(already_milli)
    shelves: dict[tuple[int, int, bool], _Shelf] = defaultdict(lambda: _Shelf(taken))
    for sale in sorted(sold, key=lambda one: (one.at, one.document)):
        shelves[sale.distributor_id, sale.product_id, sale.discounts].put(sale)
    matches = Matches()
    for line in returned:
        left = line.quantity_milli
        for candidate in shelves[line.distributor_id, line.product_id, line.discounts].latest_first(line):
            key = (candidate.document, candidate.line_number)
            before = taken.get(key, 0)
            part = min(left, candidate.quantity_milli - before)
            if part > 0:
                matches.found.append(Match(line, candidate, part, before))
                taken[key] = before + part
                left -= part
            if left == 0:
                break
        if left:
            matches.unmatched.append((line, left))
    return matches


class _Shelf:
    """The sales of one product to one distributor, as returns look for them: by day, and by year and number.

    What came back whole is taken off when a return next comes upon it: thousands of returns may meet one shelf.
    """

    def __init__(self, taken: dict[tuple[int, int], int]) -> None:
        self._taken = taken
        self._sales: list[SoldLine] = []
        self._by_name: dict[tuple[int, str], list[SoldLine]] = defaultdict(list)
        self._years: set[int] = set()

    def put(self, sale: SoldLine) -> None:
        """Put a sale behind the earlier ones."""
        self._sales.append(sale)
        self._by_name[sale.year, sale.number_key].append(sale)
        self._years.add(sale.year)

    def latest_first(self, line: ReturnedLine) -> Iterator[SoldLine]:
        """Give the sales that a returned line may meet."""
        if line.corrects is None:
            end = bisect.bisect_right(self._sales, line.day, key=lambda one: one.at[0])
            yield from self._from(self._sales, end, line)
            return
        # a credit note of January may name an invoice of December: the number is read with the sale's own year
        for year in sorted(self._years, reverse=True):
            named = self._by_name.get((year, number_key(line.corrects, year)), [])
            yield from (sale for sale in self._from(named, len(named), line) if _of_one_seller(sale, line))

    def _from(self, sales: list[SoldLine], end: int, line: ReturnedLine) -> Iterator[SoldLine]:
        for at in range(end - 1, -1, -1):
            sale = sales[at]
            if sale.counted is None or sale.counted <= line.counted:
                yield sale
            if self._taken.get((sale.document, sale.line_number), 0) >= sale.quantity_milli:
                del sales[at]


def _of_one_seller(sale: SoldLine, line: ReturnedLine) -> bool:
    return sale.seller is None or line.seller is None or sale.seller == line.seller


def taken_back(awards: Ints, quantity_milli: Ints, before_milli: Ints, now_milli: Ints) -> Ints:
    """Give how much of each award a return reverses, where every return before it did so and still counts.

    Reversed in all is round half up(award x returned in all / quantity), so steps never drift and a full return leaves
    exactly 0: 10 pieces earned 7; returns of 3, 4 and 3 take back 2, 3 and 2.

    Args:
        awards: what was given to the sold line, row by row.
        quantity_milli: its quantity.
        before_milli: what had been returned of it before.
        now_milli: what is returned now.
    """
    return reversed_in_all(awards, before_milli + now_milli, quantity_milli) - reversed_in_all(
        awards, before_milli, quantity_milli
    )


def reversed_in_all(awards: Ints, returned: Ints, quantity: Ints) -> Ints:
    """Give how much of each award is reversed once so much came back: round half up(award x returned / quantity)."""
    if not awards.size:
        return awards
    if max(int(np.abs(awards).max()) * int(returned.max()), int(quantity.max())) < 1 << 61:
        return (2 * awards * returned + quantity) // (2 * quantity)
    wide = 2 * awards.astype(object) * returned.astype(object) + quantity.astype(object)
    return np.asarray(wide // (2 * quantity.astype(object)), dtype=np.int64)

"""What sales come to in a promotion's scopes, less what came back of them, by participant and month.

A line counts with what was not returned of it (rules.md 6 and 7): so a return lowers what its own sale brought, and
goods sold before the promotion take nothing from it. Sums by month are kept: what changes is measured anew, no more.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.documents.sales import Flags, Sales
from app.domain.measures.exact import Ints, order_of, sums_by
from app.domain.points.returns import taken_back
from app.domain.promoting.promotion_terms import CompiledPromotion
from app.domain.promoting.promotions import Totals
from app.domain.rules.scoping import Facts, Sets, sets_of


@dataclass(frozen=True)
class Measured:
    """Sums, one row a participant, month, measure and product; product 0: all together.

    ``participant`` is a number that the caller gave to each document; ``month`` counts since 1970.
    """

    participant: Ints
    month: Ints
    measure: Ints
    product_id: Ints
    net_minor: Ints
    quantity_milli: Ints
    points: Ints
    documents: Ints

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.participant)


def measure(
    promotion: CompiledPromotion, sales: Sales, participant: Ints, returned_milli: Ints, points: Ints
) -> Measured:
    """Measure documents that are accepted.

    Args:
        promotion: the scopes.
        sales: the documents; returns among them match nothing.
        participant: whose each document is; below zero: nobody's.
        returned_milli: what came back of each line.
        points: what each line earned, less what returns took.
    """
    nobody = np.zeros(len(sales.documents), dtype=bool)
    facts = Facts.of(promotion.book, sales, nobody)
    parts = [
        _measured(facts, sets_of(facts, [number]), number, number in promotion.by_product, returned_milli, points)
        for number in range(promotion.measures)
    ]
    document, measures, product, *sums = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    whose, month = participant[document], sales.documents.issued_on.astype("datetime64[M]").astype(np.int64)[document]
    some = whose >= 0
    keys = [column[some] for column in (whose, month, measures, product)]
    order = order_of(*keys)
    keys = [column[order] for column in keys]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = np.any([column[1:] != column[:-1] for column in keys], axis=0)
    group, count = np.cumsum(begins) - 1, int(begins.sum())
    summed = [sums_by(group, column[some][order], count) for column in sums]
    return Measured(*(column[begins] for column in keys), *summed)


def _measured(facts: Facts, sets: Sets, number: int, by_product: bool, returned: Ints, points: Ints) -> list[Ints]:  # noqa: FBT001  # one of columns
    """Give the rows of one measure: document, measure, product, net, quantity, points, documents."""
    lines, count = facts.sales.lines, len(sets.rule)
    quantity, amount = lines.quantity_milli[sets.line], facts.amount[sets.line]
    back = np.minimum(returned[sets.line], quantity)
    gone = taken_back(amount, quantity, np.zeros_like(back), back)
    kept = quantity - back
    document = lines.document[sets.line]
    of_set = np.zeros(count, dtype=np.int64)
    of_set[sets.of] = document
    whole = [
        of_set,
        np.full(count, number, dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.maximum(sets.sum - sums_by(sets.of, gone, count), 0),
        sums_by(sets.of, kept, count),
        sums_by(sets.of, points[sets.line], count),
        (sums_by(sets.of, kept, count) > 0).astype(np.int64),
    ]
    if not by_product:
        return whole
    nothing = np.zeros(len(kept), dtype=np.int64)
    products = [document, nothing + number, lines.product_id[sets.line], nothing, kept, nothing, nothing]
    return [np.concatenate(pair) for pair in zip(whole, products, strict=True)]


def totals_of(promotion: CompiledPromotion, measured: Measured, participants: int) -> Totals:
    """Add months up, for participants 0 to ``participants`` less 1."""
    cells = (promotion.measures, participants)
    at = measured.measure * participants + measured.participant
    whole = measured.product_id == 0

    def summed(column: Ints, rows: Flags) -> Ints:
        return sums_by(at[rows], column[rows], cells[0] * cells[1]).reshape(cells)

    return Totals(
        net_minor=summed(measured.net_minor, whole),
        quantity_milli=summed(measured.quantity_milli, whole),
        points=summed(measured.points, whole),
        documents=summed(measured.documents, whole),
        products=_distinct(at[~whole], measured.product_id[~whole], measured.quantity_milli[~whole], cells),
    )


def _distinct(at: Ints, product: Ints, quantity: Ints, cells: tuple[int, int]) -> Ints:
    """Count the products of which something was sold and not all came back."""
    counted = np.zeros(cells[0] * cells[1], dtype=np.int64)
    if len(at):
        order = order_of(at, product)
        at, product, quantity = at[order], product[order], quantity[order]
        begins = np.ones(len(at), dtype=bool)
        begins[1:] = (at[1:] != at[:-1]) | (product[1:] != product[:-1])
        sold = sums_by(np.cumsum(begins) - 1, quantity, int(begins.sum())) > 0
        np.add.at(counted, at[begins][sold], 1)
    return counted.reshape(cells)

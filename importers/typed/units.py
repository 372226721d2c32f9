"""From a source's units to ours: a box of twelve is twelve pieces. Exact, or the row waits."""

from dataclasses import replace

import numpy as np

from app.domain.documents.sales import NO_PRICE
from app.domain.measures.exact import Ints, floor_product
from app.domain.measures.money import decimal_text
from app.domain.states import Outcome
from app.services.imported.aliases import SAME_UNIT
from importers.problems.problems import Problems
from importers.typed import parsing
from importers.typed.sales_rows import SalesRows

_LARGEST = 10 ** (parsing.LIMIT_DIGITS + 3)
"""Thousandths: as large as a quantity that a file may say itself."""
_DEAREST = 1e18
"""Millionths of a minor unit: what 64 bits hold."""


def in_our_units(rows: SalesRows, unit_milli: Ints, problems: Problems) -> SalesRows:
    """Give rows whose quantities and unit prices are of our units; what a line is worth stays.

    A quantity that would not be whole thousandths, or too large, is a problem of its row. A price is rounded half up to
    a millionth of a minor unit, which is as much as any price keeps.
    """
    at = np.flatnonzero(unit_milli != SAME_UNIT)
    if not at.size:
        return rows
    unit, quantity, price = unit_milli[at], rows.quantity_milli[at], rows.unit_price_micro[at]
    priced = price != NO_PRICE
    price = np.where(priced, price, 0)
    large = np.abs(quantity).astype(np.float64) * unit >= float(_LARGEST) * SAME_UNIT
    dear = np.abs(price).astype(np.float64) * SAME_UNIT >= _DEAREST * unit
    times = floor_product(np.where(large, 0, quantity), unit, 1)
    exact = times % SAME_UNIT == 0
    for code, places in (("number_too_large", large | dear), ("unit_not_exact", ~exact)):
        for place in np.flatnonzero(places).tolist():
            found = f"{_plain(int(quantity[place]))} × {_plain(int(unit[place]))}"
            problems.add(int(rows.row_number[at[place]]), Outcome.REFUSED, code, field="quantity", found=found)
    good = exact & ~large & ~dear
    quantity_milli, unit_price_micro = rows.quantity_milli.copy(), rows.unit_price_micro.copy()
    quantity_milli[at[good]] = times[good] // SAME_UNIT
    for one in np.unique(unit[good & priced]).tolist():
        mine = good & priced & (unit == one)
        each = floor_product(np.abs(price[mine]), 2 * SAME_UNIT, 2 * one, add=one)
        unit_price_micro[at[mine]] = np.sign(price[mine]) * each
    return replace(rows, quantity_milli=quantity_milli, unit_price_micro=unit_price_micro)


def _plain(milli: int) -> str:
    return decimal_text(milli, 3).rstrip("0").rstrip(".")

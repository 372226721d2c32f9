"""Which prices and amounts are what was paid for a line: without tax, and after a discount.

A column that is called an amount may hold it with its tax, and one called a price may be that of a list. What stands
beside them tells: a tax that is a part of an amount was added to it, a discount is not yet taken off a price.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.layout.columns.naming import PROVED, Because, Candidate, after_discount, is_of_others
from importers.layout.columns.proving import floats, is_taxed
from importers.layout.words.synonyms import is_tax, spoken
from importers.layout.written.taxed import says_gross, says_net

_ = marked
_ALIKE, _SOME = 0.9, 0.5
"""The share of rows that must agree, and that of the rows that must have a tax: others may be without."""
_LEAST_TAX, _MOST_TAX = 0.03, 0.27
_CENT = 0.011
_LEAST_ALIKE = 2
"""Amounts that are alike in a document whose lines have other pieces: of one alone it may be chance."""
_AMOUNTS = frozenset({"net_amount", "gross_amount", "document_total"})
_DISCOUNT = re.compile(
    r"(?<!\w)(?:rabat\w*|upust\w*|discount|disc|descuento|dto|dcto|скидк\w*|nachlass|remise)(?!\w)", re.IGNORECASE
)

Found = dict[str, list[Candidate]]


def paid(body: pa.Table, found: Found) -> Found:
    """Say of columns what they hold where others beside them tell whether it is what was paid.

    Args:
        body: what stands below the header, a column of texts for each name.
        found: what each column may hold.
    """
    return _of_prices(body, _of_documents(body, _of_taxes(body, _of_rebates(body, _of_discounts(found)))))


def with_tax(body: pa.Table, columns: Mapping[str, str], place: object) -> list[dict[str, Any]]:
    """Warn of net amounts that figures beside them show to be with a tax; refuse them where they are called net.

    A profile may have been made of a file of another month, or of amounts with tax because a source has no others.

    Args:
        body: what stands below the header, a column of texts for each name.
        columns: our field -> the file's column.
        place: the file and its sheet.

    Raises:
        FileRefused: They are called net, and are not.
    """
    amount = columns.get("net_amount")
    told = None if amount is None or says_gross(amount) else _tells_tax(body, amount, columns)
    if amount is None or told is None:
        return []
    if says_net(amount) and told != columns.get("unit_price"):
        words = _(
            "%(place)s, column %(column)s: its amounts are with tax by what stands beside them in the column "
            "%(other)s, expected net amounts; write such."
        )
        raise FileRefused(words, place=place, column=repr(amount), other=repr(told))
    return [{"code": "amounts_perhaps_taxed", "field": amount, "found": told}]


def _tells_tax(body: pa.Table, amount: str, columns: Mapping[str, str]) -> str | None:
    """Give the column of a tax that is within amounts, or that others are without; or of prices without it."""
    figures = floats(body, amount)
    names: list[str] = [name for name in body.column_names if name != amount]
    for tax in (name for name in names if is_tax(name)):
        added, others = floats(body, tax), (name for name in names if name != tax and not is_of_others(name, "sales"))
        if _is_within(added, figures) or any(_adds_up(floats(body, one), added, figures) for one in others):
            return tax
    price = columns.get("unit_price")
    if price is None or "quantity" not in columns:
        return None
    return price if is_taxed(figures, floats(body, columns["quantity"]) * floats(body, price)) else None


def _of_discounts(found: Found) -> Found:
    """Leave out what is called as another column but for words such as ``po rabacie``: it is before the discount."""
    before = {bare for name in found if (bare := after_discount(name)) is not None}
    return {
        name: [one for one in several if spoken(name) not in before or one.field not in {*_AMOUNTS, "unit_price"}]
        for name, several in found.items()
    }


def _of_rebates(body: pa.Table, found: Found) -> Found:
    """Tell what was paid of the amount that is left of another one without the discount that stands beside both."""
    called = [name for name, several in found.items() if several and several[0].field in _AMOUNTS]
    for discount in (name for name in found if _DISCOUNT.search(spoken(name)) and name not in called):
        rebate = np.abs(np.nan_to_num(floats(body, discount)))
        for full in called:
            paid = next(
                (
                    name
                    for name, several in found.items()
                    if name != discount
                    and (not several or name in called)
                    and _is_left(floats(body, name), rebate, floats(body, full))
                ),
                None,
            )
            if paid is not None:
                return found | {paid: [_proved(found[full][0].field, paid)], full: []}
    return found


def _of_taxes(body: pa.Table, found: Found) -> Found:
    """Tell amounts with a tax from those without it, by the tax that stands beside them."""
    amounts = {
        name: floats(body, name)
        for name, several in found.items()
        if not is_of_others(name, "sales") and (not several or several[0].field in _AMOUNTS)
    }
    called = [name for name in amounts if any(one.field == "net_amount" for one in found[name])]
    for tax in (floats(body, name) for name in found if is_tax(name)):
        for gross in called:
            net = next((one for one in amounts if _adds_up(amounts[one], tax, amounts[gross])), None)
            if net is not None:
                return found | {net: [_proved("net_amount", net)], gross: [_proved("gross_amount", gross)]}
            if _is_within(tax, amounts[gross]):
                return found | {gross: [_proved("gross_amount", gross)]}
    return found


def _of_documents(body: pa.Table, found: Found) -> Found:
    """Tell what documents come to by what all lines of a document have alike, whatever their pieces are."""
    of = {several[0].field: name for name, several in reversed(found.items()) if several}
    if not {"document_number", "quantity", "net_amount"} <= of.keys():
        return found
    pieces, amounts = floats(body, of["quantity"]), floats(body, of["net_amount"])  # of the first rows
    numbers = pc.utf8_trim_whitespace(body.column(of["document_number"]).slice(0, len(pieces))).to_pandas()
    lines = pd.DataFrame({"number": numbers, "pieces": pieces, "amount": amounts}).dropna()
    documents = lines[(lines["number"] != "") & (lines["amount"] != 0)].groupby("number")
    several = documents["pieces"].nunique() > 1
    if (
        documents["amount"].first()[several].nunique() < _LEAST_ALIKE
        or (documents["amount"].nunique()[several] > 1).any()
    ):
        return found
    name = of["net_amount"]
    return found | {name: [Candidate("document_total", PROVED, Because.NAMED, name)]}


def _of_prices(body: pa.Table, found: Found) -> Found:
    """Leave out a price that amounts would be reckoned of, where it is with tax, or a discount is still to come off."""
    of = {several[0].field: name for name, several in reversed(found.items()) if several}
    price = of.get("unit_price")
    if price is None or "quantity" not in of or "net_amount" in of:
        return found
    worth = floats(body, of["quantity"]) * floats(body, price)
    taxed = "gross_amount" in of and _is(worth, floats(body, of["gross_amount"]))
    if not taxed and not (after_discount(price) is None and any(_gives_discounts(body, name, of) for name in found)):
        return found
    return found | {price: [one for one in found[price] if one.field != "unit_price"]}


def _gives_discounts(body: pa.Table, name: str, of: dict[str, str]) -> bool:
    if not _DISCOUNT.search(spoken(name)) or name in {of.get(one) for one in (*_AMOUNTS, "unit_price")}:
        return False
    return bool(pc.any(pc.match_substring_regex(body.column(name), "[1-9]")).as_py())


def _proved(field: str, name: str) -> Candidate:
    return Candidate(field, PROVED, Because.TAXED, name)


def _is(one: np.ndarray, other: np.ndarray) -> bool:
    """Say whether two columns hold the same amounts on nearly every row."""
    told = ~np.isnan(one * other)
    return bool(one[told].any() and (np.abs(one - other)[told] <= _CENT).mean() >= _ALIKE)


def _adds_up(net: np.ndarray, tax: np.ndarray, gross: np.ndarray) -> bool:
    """Say whether an amount with a tax is another one, and the tax, on nearly every row."""
    taxed = ~np.isnan(tax) & (tax != 0)
    return _is(net + tax, gross) and taxed.mean() > _SOME and not _is(net, gross)


def _is_left(paid: np.ndarray, rebate: np.ndarray, full: np.ndarray) -> bool:
    """Say whether an amount is another one without a discount, wherever there is one, and is the same elsewhere."""
    given = (rebate != 0) & ~np.isnan(paid * full)
    left = np.abs(full) - rebate
    return given.sum() > 1 and _is(np.abs(paid), left) and _is(np.abs(paid)[given], left[given])


def _is_within(tax: np.ndarray, amount: np.ndarray) -> bool:
    """Say whether a tax is so many whole per cent of what is left of an amount, and not of all of it."""
    told = ~np.isnan(tax * amount) & (amount != 0) & (tax != 0)
    if not told.any():
        return False
    tax, amount = tax[told], amount[told]
    return _is_of(tax, amount - tax) and not _is_of(tax, amount)


def _is_of(tax: np.ndarray, net: np.ndarray) -> bool:
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.round(tax / net * 100) / 100
    alike = (np.abs(net * rate - tax) <= _CENT) & (rate >= _LEAST_TAX) & (rate <= _MOST_TAX)
    return bool(alike.mean() >= _ALIKE)

"""What the figures and codes of a file's columns prove, whatever the columns are called."""

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.columns.naming import PROVED, Because, Candidate, Guesses, is_of_others
from importers.layout.tables.header import NAMELESS
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.numbers import tidy

_ALIKE = 0.9
_LEAST_SHARE = 0.3
"""Of quantity times price: less than that is no amount after a discount."""
_LEAST_TAX, _MOST_TAX, _SOME = 0.03, 0.27, 0.5
"""Rates of value added tax, and the share of the rows that must have one: others may be without."""
_CENT = 0.011
"""What amounts that are the same may differ by, as each is rounded."""
_SAMPLE = 500
_NO_FIGURE = 1e15
"""As much is no figure of a report: it would be too much to reckon with."""
_CODE = re.compile(r"(?=\S*\d)\S{2,40}")


def proved(body: pa.Table, found: dict[str, list[Candidate]]) -> dict[str, list[Candidate]]:
    """Raise what figures prove: a column that is quantity x unit price on nearly every row is the net amount.

    ``body`` is what stands below the header, a column of texts for each name; ``found`` what each may hold.
    """
    first = {
        wanted: next((name for name, several in found.items() if several and several[0].field == wanted), None)
        for wanted in ("quantity", "unit_price")
    }
    if not all(first.values()):
        return found
    pieces, price = (floats(body, str(name)) for name in first.values())
    raised = dict(found)
    for name, several in found.items():
        if not any(one.field == "net_amount" for one in several):
            continue
        amount = floats(body, name)
        told = ~np.isnan(pieces * price * amount)
        alike = np.abs(pieces * price - amount)[told] <= _CENT * np.maximum(1, np.abs(pieces[told]))
        if told.sum() > 1 and alike.mean() >= _ALIKE:
            raised[name] = [
                replace(one, score=PROVED, because=Because.PROVED) if one.field == "net_amount" else one
                for one in several
            ]
    return raised


def overlooked(body: pa.Table, guesses: Guesses) -> dict[str, list[str]]:
    """Find what nobody named so that we know it, and may be what is read elsewise.

    A code for each name, where names serve for codes, or stand below what may be called both; an amount less than
    quantity times price, where that would be reckoned; and an amount that is as much more as a tax comes to.
    """
    columns, found = guesses.columns, _codes_beside(body, guesses)
    for named in sorted(guesses.stand_ins):
        perhaps = [
            name for name in guesses.ignored if not is_of_others(name, "sales")
        ]  # each customer has a phone, too
        codes = [name for name in perhaps if _are_codes_of(body, name, columns[named])]
        if codes:
            found[named] = [columns[named], *codes]
    if "unit_price" in columns and "net_amount" not in columns and (amounts := _amounts_beside(body, guesses)):
        found["net_amount"] = amounts
    if {"quantity", "unit_price", "net_amount"} <= columns.keys():
        worth = floats(body, columns["quantity"]) * floats(body, columns["unit_price"])
        if is_taxed(floats(body, columns["net_amount"]), worth):
            found["net_amount"] = [columns["net_amount"]]
    return found


def _amounts_beside(body: pa.Table, guesses: Guesses) -> list[str]:
    """Find what is quantity times price, or less; where no column is called quantity, by any that may hold it."""
    price = floats(body, guesses.columns["unit_price"])
    perhaps = [name for name in guesses.ignored if not is_of_others(name, "sales")]  # what they cost is less, too
    quantities = [guesses.columns["quantity"]] if "quantity" in guesses.columns else perhaps
    worth = {name: floats(body, name) * price for name in quantities}
    return [
        name
        for name in perhaps
        if any(_is_part_of(floats(body, name), of) for other, of in worth.items() if other != name)
    ]


def _codes_beside(body: pa.Table, guesses: Guesses) -> dict[str, list[str]]:
    """Find codes beside names that were taken for codes: below a joined ``Product`` stand both, in any order."""
    found = {}
    for wanted, name_of in (("product", "product_name"), ("distributor", "distributor_name")):
        names = guesses.columns.get(wanted)
        if names is None or wanted in guesses.stand_ins or not _are_names(body, names):
            continue
        beside = filter(None, (guesses.columns.get(name_of), *guesses.ignored))
        known = names_of("sales")[wanted].keys() | names_of("sales")[name_of].keys()
        called = (one for one in beside if one.startswith(NAMELESS) or spoken(one) in known)
        codes = [one for one in called if _are_codes_of(body, one, names)]
        if codes:
            found[wanted] = [names, *codes]
    return found


def _are_names(body: pa.Table, name: str) -> bool:
    """Say whether a column holds texts most of which are no codes: they have blanks, or no figure."""
    texts = [text.strip() for text in body.column(name).slice(0, _SAMPLE).to_pylist() if text and text.strip()]
    return sum(_CODE.fullmatch(text) is None for text in texts) > _SOME * len(texts)


def is_taxed(amount: np.ndarray, worth: np.ndarray) -> bool:
    """Say whether a column is quantity times price with a tax of so many whole per cent added, on nearly every row."""
    told = ~np.isnan(amount * worth) & (worth != 0)
    if told.sum() < 2:
        return False
    amount, worth = amount[told], worth[told]
    rate = np.round((amount / worth - 1) * 200) / 200  # some countries have halves
    alike = np.abs(worth * (1 + rate) - amount) <= _CENT
    taxed = (rate >= _LEAST_TAX) & (rate <= _MOST_TAX)
    return bool((alike & (taxed | (rate == 0))).mean() >= _ALIKE and (alike & taxed).mean() > _SOME)


def _are_codes_of(body: pa.Table, codes: str, names: str) -> bool:
    """Say whether a column has one text without blanks, with a figure in it, for each name, and another for another."""
    rows = zip(*(body.column(name).slice(0, _SAMPLE).to_pylist() for name in (codes, names)), strict=True)
    pairs = {(one.strip(), other.strip()) for one, other in rows if one and other}
    said = {one for one, _ in pairs}
    return (
        len(said) > 1
        and len(said) == len(pairs) == len({other for _, other in pairs})
        and all(_CODE.fullmatch(one) for one in said)
    )


def _is_part_of(amount: np.ndarray, worth: np.ndarray) -> bool:
    """Say whether a column is quantity times price, or not much less, on nearly every row."""
    told = ~np.isnan(amount * worth) & (worth != 0)
    if told.sum() < 2:
        return False
    amount, worth = amount[told], worth[told]
    share = np.where(amount * worth > 0, amount / worth, np.nan)
    share /= 1000.0 ** np.round(np.log(share) / np.log(1000))  # 1.500 was read as so many or as a thousandth of it
    return bool(((share > _LEAST_SHARE) & (share <= 1 + _CENT / np.abs(worth))).mean() >= _ALIKE)


def floats(body: pa.Table, name: str) -> np.ndarray:
    """Read the first figures of a column, near enough to compare them; what is none is no number (``nan``)."""
    return as_floats(body.column(name).slice(0, _SAMPLE))


def as_floats(texts: pa.ChunkedArray) -> np.ndarray:
    """Read figures, near enough to compare them; what is none is no number (``nan``)."""
    plain = pc.replace_substring_regex(tidy(texts.combine_chunks()).values, r"[ ']", "")
    read = []
    for text in plain.to_pylist():
        sign = max(text.rfind(","), text.rfind(".")) if text else -1
        digits = text if sign < 0 else text[:sign].replace(",", "").replace(".", "") + "." + text[sign + 1 :]
        try:
            read.append(float(digits))
        except (TypeError, ValueError):
            read.append(np.nan)
    found = np.asarray(read, dtype=np.float64)
    return np.where(np.abs(found) < _NO_FIGURE, found, np.nan)

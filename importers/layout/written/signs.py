"""In which way the numbers of each column of a file are written: most files have one way, some a column with another.

A system may write prices with a point, as its database does, beside amounts with a comma. A column that proves its own
signs is read by them; one that leaves them open is settled by what quantity times price comes to, then by the columns
that agree with each other. Where neither tells, somebody is asked.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.written.numbers import Proof, tidy

_FACTORS = ("quantity", "unit_price", "net_amount")
_SAMPLE = 500
_ALIKE = 0.9
_LEAST_ROWS = 2
_OTHER = {",": ".", ".": ","}

Texts = Callable[[str], pa.Array | pa.ChunkedArray]


@dataclass(frozen=True)
class Signs:
    """What parts the decimals of a column's numbers, and their thousands."""

    decimal: str
    thousands: str | None = None


@dataclass(frozen=True)
class Agreed:
    """How the numbers of a file are written: by most of its columns, and by those that write them otherwise.

    ``open`` is a column of which nobody can tell; ``most`` is none where no other column tells either.
    """

    most: Signs | None
    others: dict[str, Signs] = field(default_factory=dict)
    open: str | None = None


def agree(proofs: Mapping[str, Proof], texts: Texts) -> Agreed:
    """Find the signs of each field.

    Args:
        proofs: what the numbers of each field prove.
        texts: gives the column of a field, for what quantity times price comes to.
    """
    known = {name: Signs(one.decimal, one.thousands) for name, one in proofs.items() if one.needed and one.decimal}
    unclear = [name for name, one in proofs.items() if one.decimal is None]
    known |= _reckoned(proofs, known, unclear, texts)
    left = [name for name in unclear if name not in known]
    signs = {one.decimal for one in known.values()}
    counted = "quantity" if "quantity" in left and proofs["quantity"].alike else None
    if left and (len(signs) != 1 or counted):
        return Agreed(_most(known) if signs else None, known, open=counted or left[0])
    if not known:
        return Agreed(Signs("."))
    most = _most(known)
    if left and most.thousands is None:
        most = Signs(most.decimal, _OTHER[most.decimal])
    others = {name: one for name, one in known.items() if one.decimal != most.decimal}
    return Agreed(most, others)


def _most(known: Mapping[str, Signs]) -> Signs:
    """Give the signs of most columns, of as many those of the first; any of them may tell what parts thousands."""
    decimal = Counter(one.decimal for one in known.values()).most_common(1)[0][0]
    parted = (one.thousands for one in known.values() if one.decimal == decimal and one.thousands)
    return Signs(decimal, next(parted, None))


def _reckoned(
    proofs: Mapping[str, Proof], known: Mapping[str, Signs], unclear: list[str], texts: Texts
) -> dict[str, Signs]:
    """Settle what is open by the one way in which quantity times price is the amount on nearly every row."""
    asked = [name for name in _FACTORS if name in unclear and not proofs[name].mixed]
    if not asked or not proofs.keys() >= set(_FACTORS):
        return {}
    columns = {name: texts(name).slice(0, _SAMPLE) for name in _FACTORS}
    fitting = []
    for signs in product(",.", repeat=len(asked)):
        said = {name: one.decimal for name, one in known.items()} | dict(zip(asked, signs, strict=True))
        pieces, price, amount = (_floats(columns[name], said.get(name, ".")) for name in _FACTORS)
        told = ~np.isnan(pieces * price * amount)
        # rounded to cents, and the price perhaps to less than it was
        alike = np.abs(pieces * price - amount)[told] <= 0.011 * np.maximum(1, np.abs(pieces[told]))
        if told.sum() >= _LEAST_ROWS and alike.mean() >= _ALIKE and np.abs(amount[told]).max() > 0:
            fitting.append(dict(zip(asked, signs, strict=True)))
    if len(fitting) != 1:
        return {}
    return {name: Signs(sign, proofs[name].parted_by(sign)) for name, sign in fitting[0].items()}


def _floats(texts: pa.Array | pa.ChunkedArray, decimal: str) -> np.ndarray:
    """Read numbers by a decimal sign, near enough to compare them; what is none is no number (``nan``)."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    plain = pc.replace_substring(pc.replace_substring_regex(tidy(whole).values, r"[ ']", ""), _OTHER[decimal], "")
    read = []
    for text in pc.replace_substring(plain, decimal, ".").to_pylist():
        try:
            read.append(float(text))
        except (TypeError, ValueError):
            read.append(np.nan)
    return np.asarray(read)

"""Number cells whose format writes something beside the number: they are written as text cells of the same would be.

An amount shown as 100,00 EUR becomes ``100 €`` or ``100 EUR``, which waits as such a text does, and says so when it is
handed back. A share that is shown as 5 % is kept as 0.05, and becomes ``5%``.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.program_file.import_profile import ImportProfile
from app.domain.typed.fields import MONEY, SHARES
from importers.files.shown.signs import PERCENT
from importers.layout.written.numbers import signs_of_others


def signs_wanted(profile: ImportProfile, currency: str | None) -> frozenset[str]:
    """Give the signs that matter beside numbers of a file: of other currencies than the programme's, and per cent."""
    found: frozenset[str] = frozenset()
    if currency is not None and (profile.months is not None or profile.fields & MONEY):
        found |= signs_of_others(currency)
    return found | {PERCENT} if profile.fields & SHARES else found


def with_signs(
    cells: pa.Table, signs: Mapping[int, pa.Array], money: Collection[int], shares: Collection[int]
) -> pa.Table:
    """Write the signs of formats beside numbers, in the columns of amounts and of shares; ``signs`` is the grid's."""
    for at, written in signs.items():
        column = cells.column(at)
        per_cent = pc.equal(written, PERCENT)
        if at in shares:
            told = [
                None if not of else f"{Decimal(number) * 100:f}" + PERCENT
                for of, number in zip(per_cent.to_pylist(), column.to_pylist(), strict=True)
            ]
            texts = pa.array(told, pa.large_string())
        elif at in money:
            texts = pc.if_else(
                pc.invert(per_cent),
                pc.binary_join_element_wise(column, written, pa.scalar(" ", pa.large_string())),
                None,
            )
        else:
            continue
        cells = cells.set_column(at, cells.column_names[at], pc.coalesce(texts, column))
    return cells

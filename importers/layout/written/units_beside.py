"""Columns of units that are not read: goods that stand in pieces once and in packs another time are told."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.words.synonyms import spoken
from importers.layout.written.numbers import PIECES

_NAMES = frozenset(
    {
        *("jm", "j m", "jedn", "jednostka", "jednostka miary", "jedn miary", "unit", "units", "uom", "unit of measure"),
        *("um", "u m", "unidad", "unidades", "unidad de medida", "ед", "ед изм", "единица", "единица измерения", "ме"),
        *("einheit", "mengeneinheit", "me", "unité", "unite", "pack", "packaging", "opakowanie", "envase", "упаковка"),
    }
)
_MOST = 40
"""Units of one report; of more the column is another one."""
_LOOKED_AT = 10_000
_TOLD = 4


def units_beside(cells: pa.Table, columns: Mapping[str, int]) -> list[dict[str, Any]]:
    """Warn of goods of which a column that is not read has several units: a pack would count as one piece."""
    if not {"document_number", "product", "quantity"} <= columns.keys():
        return []
    found = []
    for at in sorted(set(range(cells.num_columns)) - set(columns.values())):
        name = cells.column_names[at]
        if spoken(name) in _NAMES and (seen := _several(cells.column(columns["product"]), cells.column(at))):
            found.append({"code": "units_differ", "field": name, **seen})
    return found


def _several(goods: pa.ChunkedArray, units: pa.ChunkedArray) -> dict[str, Any] | None:
    """Give how many goods stand with several units, one of them and its units; None where none does."""
    if pc.count_distinct(units.slice(0, _LOOKED_AT)).as_py() > _MOST:
        return None
    unit_of, written = _coded(units)
    if not 1 < len(set(unit_of.tolist())) <= _MOST:
        return None
    good_of, names = _coded(goods)
    pairs = np.unique(good_of * (_MOST + 1) + unit_of)
    good, unit = pairs // (_MOST + 1), pairs % (_MOST + 1)
    told = (names[good] != "") & (written[unit] != "")
    good, unit = good[told], unit[told]
    several, times = np.unique(good, return_counts=True)
    several = several[times > 1]
    if not len(several):
        return None
    of_first = written[unit[good == several[0]]]
    return {
        "found": str(names[several[0]]),
        "expected": ", ".join(map(str, of_first[:_TOLD])),
        "count": len(several),
    }


def _coded(texts: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Give a number for each row, and the text of each number: units of pieces are one."""
    coded = pc.dictionary_encode(pc.fill_null(texts, "")).combine_chunks()
    written = [text.strip() for text in coded.dictionary.to_pylist()]
    keys = [text.casefold().rstrip(".") for text in written]
    first: dict[str, int] = {}
    onto = [first.setdefault("" if key in PIECES else key or "-", len(first)) for key in keys]
    spelt = [""] * len(first)
    for at, text in zip(onto, written, strict=True):
        spelt[at] = spelt[at] or text
    return np.asarray(onto, dtype=np.int64)[np.asarray(coded.indices)], np.asarray(spelt, dtype=object)

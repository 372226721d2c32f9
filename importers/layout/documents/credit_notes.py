"""How a profile tells credit notes: what was learned in several ways is put together, and holds for cells."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.rows.cancelled import ANYTHING, cancels


def columns_told(note: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the columns by which credit notes are told, and what each holds for one."""
    column = note.get("column")
    return ({column: list(note.get("values", ()))} if column else {}) | {
        name: list(values) for name, values in note.get("others", {}).items()
    }


def both(was: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Give how credit notes are told where both ways tell them."""
    prefixes = list(dict.fromkeys(one["number_prefix"] for one in (was, more) if one.get("number_prefix")))
    parts = list(dict.fromkeys([*was.get("number_parts", ()), *more.get("number_parts", ()), *prefixes[1:]]))
    columns: dict[str, list[str]] = {}
    for name, values in (*columns_told(was).items(), *columns_told(more).items()):
        columns[name] = list(dict.fromkeys([*columns.get(name, ()), *values]))
    first = next(iter(columns), None)
    ways = [one for one in (was, more) if any(one.get(way) for way in ("number_prefix", "number_parts", "column"))]
    found = {
        "number_prefix": prefixes[0] if prefixes else None,
        "number_parts": parts,
        "column": first,
        "values": columns.pop(first) if first else [],
        "others": columns,
        "signed": bool(ways) and all(one.get("signed") for one in ways),
    }
    return {name: one for name, one in found.items() if one}


def with_prefix(was: Mapping[str, Any], prefix: str | None) -> dict[str, Any]:
    """Give how credit notes are told where somebody says with what their numbers begin, or that nothing does.

    What a signed source taught holds of its own prefix alone.
    """
    if prefix and prefix == was.get("number_prefix"):
        return both(was, {})
    told = both({**was, "number_prefix": None}, {})
    return both({"number_prefix": prefix} if prefix else {}, told)


def with_parts(parts: Sequence[str]) -> str:
    """Give the pattern of numbers with one of these words: no letter stands beside it."""
    return rf"(?i)(?:^|\PL)(?:{'|'.join(map(re.escape, parts))})(?:\PL|$)"


def told_by(texts: pa.Array, values: Collection[str]) -> np.ndarray:
    """Mark the texts that say that a row is of a credit note: one of ``values``, in which * stands for anything.

    A * alone is anything but a no.
    """
    if ANYTHING in values:
        return np.asarray([cancels(text, (ANYTHING,)) for text in texts.to_pylist()], dtype=bool)
    ways = "|".join(".*".join(map(re.escape, value.strip().split("*"))) for value in values)
    marks = pc.match_substring_regex(texts, rf"(?is)^\s*(?:{ways})\s*$")
    return np.asarray(pc.fill_null(marks, False), dtype=bool)  # noqa: FBT003

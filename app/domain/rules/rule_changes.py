"""What is different between two versions of a rule, part by part, as the programme file writes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

TEXTS = frozenset({"name", "code", "stack"})
"""Parts that are texts, though they may look like numbers."""


@dataclass(frozen=True)
class Change:
    """A part that reads otherwise: where it stands in the definition, and what it was and is. None: not there."""

    path: str
    was: Any
    now: Any


def changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Compare two definitions as they are stored. The rates of a matrix differ cell by cell; 100.00 and 100 do not."""
    return sorted(_changes("", was, now), key=lambda one: one.path)


def _changes(path: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for key in {*was, *now}:
        place = f"{path}.{key}" if path else str(key)
        before, after = was.get(key), now.get(key)
        if isinstance(before, Mapping) or isinstance(after, Mapping):
            yield from _changes(place, before or {}, after or {})
        elif before != after and (place in TEXTS or not _same(before, after)):
            yield Change(place, before, after)


def _same(before: Any, after: Any) -> bool:
    """Tell whether two parts say the same: numbers by what they come to, however many zeros were written."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):  # a band
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    if isinstance(before, list) and isinstance(after, list) and {*map(type, before), *map(type, after)} == {dict}:
        return len(before) == len(after) and all(map(_same, before, after))
    return bool(before == after) or (_number(before) is not None and _number(before) == _number(after))


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None

"""What is different between two versions of a rule, part by part, as the programme file writes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """A part that reads otherwise: where it stands in the definition, and what it was and is. None: not there."""

    path: str
    was: Any
    now: Any


def changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Compare two definitions as they are stored. The rates of a matrix differ cell by cell."""
    return sorted(_changes("", was, now), key=lambda one: one.path)


def _changes(path: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for key in {*was, *now}:
        place = f"{path}.{key}" if path else str(key)
        before, after = was.get(key), now.get(key)
        if isinstance(before, Mapping) or isinstance(after, Mapping):
            yield from _changes(place, before or {}, after or {})
        elif before != after:
            yield Change(place, before, after)

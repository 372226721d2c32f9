"""Lists a page at a time, by the last row seen: never by counting rows off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

_Row = TypeVar("_Row")

ROWS = 50


@dataclass(frozen=True)
class Page(Generic[_Row]):
    """The rows of one page, whether more follow, and whether others came before."""

    rows: Sequence[_Row]
    more: bool
    first: bool


def page(rows: Sequence[_Row], *, first: bool, size: int = ROWS) -> Page[_Row]:
    """Make a page of rows that were asked for with one more than a page has."""
    return Page(rows[:size], more=len(rows) > size, first=first)

"""A page of a list as it is shown: rows, heads, filters in force, and the addresses of what comes before and after."""

import re
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from app.web.languages import language
from app.web.lists.asking import Asked, asked_of, mark_of, place_of
from app.web.lists.cells import address_of, cells_of, learn_together
from app.web.lists.describing import RIGHT, Kind, Listing

ROWS = 50
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Row:
    """A row as it is shown: its key, its cells, and where it leads where no cell leads there first.

    ``name`` is what its box is called where rows are chosen: what stands in its first two cells.
    """

    id: Any
    cells: Markup
    href: Markup | None
    name: str = ""


@dataclass(frozen=True)
class Head:
    """The head of a column: its title, and where it is sorted by it."""

    title: str
    css: str
    href: str | None
    order: str | None


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the address without it."""

    title: str
    text: str
    href: str


@dataclass(frozen=True)
class Page:
    """One page of a list, ready to be shown. ``done``: only what waits was asked for, and nothing does."""

    listing: Listing
    heads: Sequence[Head]
    rows: Sequence[Row]
    chips: Sequence[Chip]
    next: str | None
    previous: str | None
    first: str | None
    asked: Mapping[str, str]
    sort: str
    query_string: str
    count: int | None = None
    counted_all: bool = True
    done: bool = False
    exports: Mapping[str, str] = field(default_factory=dict)


def page(session: Session, listing: Listing, *, rows: int = ROWS, counted: bool = False) -> Page:
    """Fetch the page of a list that the address asks for. One query, or two where it is counted."""
    asked = asked_of(listing)
    cursor, backwards = place_of(asked, "before"), True
    if cursor is None:
        cursor, backwards = place_of(asked, "after"), False
    found = asked.rows(session, cursor, backwards=backwards, most=rows + 1)
    more = len(found) > rows
    found = found[:rows]
    if backwards:
        found = found[::-1]
    come_from = cursor is not None and (not backwards or more)
    go_on = more if not backwards else True
    count = asked.count(session, MOST_COUNTED) if counted else None
    titles = _titles(listing, language())
    export = {form: asked.address(form=form) for form in ("xlsx", "csv")}
    return Page(
        listing=listing,
        heads=_heads(asked, titles),
        rows=_rows(asked, titles, found),
        chips=_chips(asked),
        next=asked.address(after=mark_of(found[-1])) if go_on and found else None,
        previous=asked.address(before=mark_of(found[0])) if come_from and found else None,
        first=asked.address() if cursor is not None else None,
        asked=asked.values,
        sort=asked.sort,
        query_string=asked.query_string,
        count=None if count is None else min(count, MOST_COUNTED),
        counted_all=count is None or count <= MOST_COUNTED,
        done=not found and cursor is None and _only_what_waits(asked),
        exports=export,
    )


_TITLES: weakref.WeakKeyDictionary[Listing, dict[str, Sequence[str]]] = weakref.WeakKeyDictionary()
"""What stands above the columns of lists, by language: of one that a page makes for itself it goes with the page."""


def _titles(listing: Listing, language: str) -> Sequence[str]:
    """Give what stands above the columns of a list, in the language of the page (``language``)."""
    said = _TITLES.setdefault(listing, {})
    if language not in said:
        said[language] = tuple(str(column.title) for column in listing.columns)
    return said[language]


def _rows(asked: Asked, titles: Sequence[str], found: Sequence[Any]) -> list[Row]:
    if not found:
        return []
    columns, kept = asked.listing.columns, asked.query_string
    learn_together(columns, found)
    cells = cells_of(columns, titles, kept)
    href = address_of(next(column.link for column in columns if column.shown), kept)
    called = _called if asked.listing.actions else lambda cells: ""
    return [_row(one.row_id, cells(one), href(one), called) for one in found]


def _row(key: Any, cells: str, address: str | None, called: Callable[[str], str]) -> Row:
    if address is not None and cells.partition('href="')[2].startswith(address):
        address = None
    return Row(key, Markup(cells), None if address is None else Markup(address), called(cells))  # noqa: S704  # it is escaped


def _called(cells: str) -> str:
    """Say which row this is, by what stands in its first two cells."""
    first, _, others = cells.partition("</th>")
    told = [" ".join(_TAG.sub(" ", cell).split()) for cell in (first, others.partition("</td>")[0])]
    return Markup(", ".join(filter(None, told))).unescape()  # noqa: S704  # what was escaped becomes text again


_TAG = re.compile("<[^>]*>")


def _heads(asked: Asked, titles: Sequence[str]) -> list[Head]:
    heads = []
    for column, title in zip(asked.listing.columns, titles, strict=True):
        if not column.shown:
            continue
        href, order = None, None
        if column.sort is not None:
            mine = column.key == asked.column.key
            order = ("descending" if asked.falling else "ascending") if mine else None
            falls_first = column.kind in RIGHT or column.kind in (Kind.DAY, Kind.INSTANT)
            falling = not asked.falling if mine else falls_first
            href = asked.address(sort=("-" if falling else "") + column.key)
        heads.append(Head(title, column.css, href, order))
    return heads


def _only_what_waits(asked: Asked) -> bool:
    in_force = [one for one in asked.listing.filters if one.said(asked.values) is not None]
    return len(in_force) == 1 and in_force[0].waits(asked.values)


def _chips(asked: Asked) -> list[Chip]:
    return [
        Chip(str(one.title), said, asked.address(**dict.fromkeys(one.parameters)))
        for one in asked.listing.filters
        if (said := one.said(asked.values)) is not None
    ]

"""A page of a list as it is shown: rows, heads, filters in force, and the addresses of what comes before and after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.web import formats
from app.web.lists.asking import Asked, asked_of, mark_of, place_of
from app.web.lists.describing import RIGHT, Column, Kind, Listing

ROWS = 50
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Cell:
    """A cell as it is shown."""

    html: Markup
    css: str
    title: str


@dataclass(frozen=True)
class Row:
    """A row as it is shown: its key, its first cell, the others, and where it leads."""

    id: Any
    first: Cell
    cells: Sequence[Cell]
    href: str | None


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
    """One page of a list, ready to be shown."""

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
    exports: Mapping[str, str] = field(default_factory=dict)


def page(session: Session, listing: Listing, *, rows: int = ROWS, counted: bool = False) -> Page:
    """Fetch the page of a list that the address asks for. One query, or two where it is counted."""
    asked = asked_of(listing)
    cursor, backwards = place_of(asked, "before"), True
    if cursor is None:
        cursor, backwards = place_of(asked, "after"), False
    query = asked.selected()
    if cursor is not None:
        query = asked.beyond(query, cursor, backwards=backwards)
    found = session.execute(asked.ordered(query, backwards=backwards).limit(rows + 1)).all()
    more = len(found) > rows
    found = found[:rows]
    if backwards:
        found = found[::-1]
    come_from = cursor is not None and (not backwards or more)
    go_on = more if not backwards else True
    count = None
    if counted:
        within = asked.narrowed().with_only_columns(listing.id).limit(MOST_COUNTED + 1).subquery()
        count = session.execute(select(func.count()).select_from(within)).scalar_one()
    columns = [(column, str(column.title), column.css) for column in listing.columns if column.shown]
    export = {form: asked.address(form=form) for form in ("xlsx", "csv")}
    return Page(
        listing=listing,
        heads=_heads(asked),
        rows=[_row(columns, one) for one in found],
        chips=_chips(asked),
        next=asked.address(after=mark_of(found[-1])) if go_on and found else None,
        previous=asked.address(before=mark_of(found[0])) if come_from and found else None,
        first=asked.address() if cursor is not None else None,
        asked=asked.values,
        sort=asked.sort,
        query_string=asked.query_string,
        count=None if count is None else min(count, MOST_COUNTED),
        counted_all=count is None or count <= MOST_COUNTED,
        exports=export,
    )


def _row(columns: Sequence[tuple[Column, str, str]], row: Any) -> Row:
    """Make a row. Titles are translated once a page, not once a cell."""
    cells = [_cell(column, title, css, row) for column, title, css in columns]
    first = columns[0][0]
    return Row(row.row_id, cells[0], cells[1:], first.link(row) if first.link is not None else None)


def _cell(column: Column, title: str, css: str, row: Any) -> Cell:
    value = getattr(row, column.key)
    if column.badge is not None and value is not None:
        badge = column.badge(value)
        html = Markup('<span class="state state-{}">{}</span>').format(badge.tone, badge.text)
        return Cell(html, f"{css} bare".strip(), title)
    text = shown(column, value)
    if column.kind in RIGHT and value is not None:
        css += " zero" if not value else " bad" if value < 0 else ""
    html = escape(text)
    href = column.link(row) if column.link is not None else None
    if href is not None and text:
        html = Markup('<a href="{}">{}</a>').format(href, html)  # escapes what it is given
    under = column.small(row) if column.small is not None else None
    if under:
        html = Markup("{}<small>{}</small>").format(html, under)
    return Cell(html, css.strip(), title)


def shown(column: Column, value: Any) -> str:
    """Write a value as its column does."""
    if value is None:
        return ""
    if column.words is not None:
        return str(column.words(value))
    return _WRITERS[column.kind](value)


_WRITERS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.TEXT: str,
    Kind.CODE: str,
    Kind.NUMBER: formats.figure,
    Kind.POINTS: formats.points,
    Kind.MONEY: formats.money,
    Kind.QUANTITY: formats.quantity,
    Kind.DAY: formats.day,
    Kind.MONTH: formats.month,
    Kind.INSTANT: formats.instant,
}


def _heads(asked: Asked) -> list[Head]:
    heads = []
    for column in asked.listing.columns:
        if not column.shown:
            continue
        href, order = None, None
        if column.sort is not None:
            mine = column.key == asked.column.key
            order = ("descending" if asked.falling else "ascending") if mine else None
            falls_first = column.kind in RIGHT or column.kind in (Kind.DAY, Kind.INSTANT)
            falling = not asked.falling if mine else falls_first
            href = asked.address(sort=("-" if falling else "") + column.key)
        heads.append(Head(str(column.title), column.css, href, order))
    return heads


def _chips(asked: Asked) -> list[Chip]:
    return [
        Chip(str(one.title), said, asked.address(**dict.fromkeys(one.parameters)))
        for one in asked.listing.filters
        if (said := one.said(asked.values)) is not None
    ]

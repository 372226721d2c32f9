"""The cells of a list: how a column writes its values is settled once for a page, and then done row after row.

A page has hundreds of cells, so nothing is looked up for each: not the language, not the programme, not the address of
the page that a value leads to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from markupsafe import escape

from app.web import formats
from app.web.access.guarding import permitted
from app.web.access.permissions import ROUTES
from app.web.addresses import leading_to
from app.web.context import scope
from app.web.lists.describing import RIGHT, Badge, Column, Kind, To, ToPageOf
from app.web.long_words import breakable, has_long_word
from app.web.people_named import learn, who

Row: TypeAlias = Any
"""A row of the query."""

_SHORT, _HALF = 12, 16
"""Of so few letters a state stands in one line, however many columns there are, and half a state in each of two."""
NO_BREAK = "\N{NO-BREAK SPACE}"
_BARE = (Kind.TEXT, Kind.CODE)
"""Kinds whose values anybody may have written; of the others nothing has to be escaped."""


def cells_of(columns: Sequence[Column], titles: Sequence[str], kept: str = "") -> Callable[[Row], str]:
    """Give what writes the cells of a row as HTML; the first of them heads it. ``kept``: what is asked of the list."""
    shown = [place for place, column in enumerate(columns) if column.shown]
    writers = [_cell(columns, place, titles[place], kept, heads=number == 0) for number, place in enumerate(shown)]
    return lambda row: "".join([write(row) for write in writers])  # each escapes what it writes


def learn_together(columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Look up what the values of some rows stand for, together: whose sign-in names are, and what columns ask for."""
    places = [place for place, column in enumerate(columns) if column.kind is Kind.PERSON]
    if places:
        learn(row[place] for row in rows for place in places)
    for place, column in enumerate(columns):
        if column.learn is not None:
            column.learn(row[place] for row in rows)


def address_of(to: To | ToPageOf | None, kept: str = "") -> Callable[[Row], str | None]:
    """Give what tells, ready for an attribute, where a row leads."""
    if to is None:
        return lambda row: None
    if isinstance(to, ToPageOf):
        return _page_of(to)
    endpoint: str | None = to.endpoint
    if to.asks and ROUTES[to.endpoint].permission not in permitted():
        endpoint = to.others
    if endpoint is None:
        return lambda row: None
    before, after = map(escape, leading_to(endpoint, to.parameter))
    if kept and to.keeps:
        after += escape(f"?{kept}")
    key = to.key

    def address(row: Row) -> str | None:
        named = getattr(row, key)
        return None if named is None else f"{before}{named}{after}"

    return address


def _page_of(to: ToPageOf) -> Callable[[Row], str | None]:
    may, parts = permitted(), {}

    def address(row: Row) -> str | None:
        found = to.where(getattr(row, to.key))
        if found is None or ROUTES[found[0]].permission not in may:
            return None
        endpoint, parameter, number = found
        if endpoint not in parts:  # one of few kinds
            parts[endpoint] = tuple(map(escape, leading_to(endpoint, parameter)))
        before, after = parts[endpoint]
        return f"{before}{number}{after}"

    return address


def _cell(columns: Sequence[Column], place: int, title: str, kept: str, *, heads: bool) -> Callable[[Row], str]:
    column = columns[place]
    text, under = _text(column), _under(column, columns)
    badge = _badge(column.badge) if column.badge is not None else None
    address = address_of(column.link, kept) if column.link is not None else None
    plain, bare, zero, below = _openings(column, title, "", "bare", "zero", "bad", heads=heads)
    closing = "</th>" if heads else "</td>"
    counts = column.kind in RIGHT

    def write(row: Row) -> str:
        value = row[place]
        opening, html = plain, ""
        if value is not None:
            if badge is not None:
                opening, html = bare, badge(value)
            else:
                html = text(value)
            if counts and value <= 0:
                opening = below if value else zero
            if html and address is not None and (href := address(row)) is not None:
                html = f'<a href="{href}">{html}</a>'
        if under is not None and (quiet := under(row)):
            html = f"{html}<small>{quiet}</small>"
        return f"{opening}{html}{closing}"

    return write


def _openings(column: Column, title: str, *more: str, heads: bool) -> Iterator[str]:
    """Give the tags that a cell begins with, for each class that it may have besides the column's."""
    tag = 'th scope="row"' if heads else "td"
    # on phones, where nothing stands above the columns, a cell says its title itself
    told = f' data-title="{escape(title)}"' if column.phone and not heads else ""
    always = column.css
    for one in more:
        classes = f"{always} {one}".strip()
        yield f'<{tag} class="{classes}"{told}>' if classes else f"<{tag}{told}>"


def _badge(badge: Callable[[Any], Badge]) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        found = badge(value)
        return f'<span class="state state-{found.tone}">{escape(in_two_lines(str(found.text)))}</span>'

    return _once(write)


def in_two_lines(state: str) -> str:
    """Let a state break once where it must, into halves as long as each other; a short one not at all."""
    words = state.split(" ")
    breaks = range(1, len(words)) if len(state) > _SHORT else ()
    halves = [(NO_BREAK.join(words[:at]), NO_BREAK.join(words[at:])) for at in breaks]
    if not halves:
        return NO_BREAK.join(words)
    best = min(halves, key=lambda two: max(map(len, two)))
    return " ".join(best) if max(map(len, best)) <= _HALF else state


def _once(write: Callable[[Any], str]) -> Callable[[Any], str]:
    """Write a value once a page: states and kinds are few, and to say one in a language takes longer than a cell."""
    written: dict[Any, str] = {}

    def write_once(value: Any) -> str:
        if isinstance(value, list | dict):
            return write(value)
        if value not in written:
            written[value] = write(value)
        return written[value]

    return write_once


def _under(column: Column, columns: Sequence[Column]) -> Callable[[Row], str] | None:
    """Give what writes the second line of a cell as HTML."""
    told = column.small
    if told is None:
        return None
    if callable(told):
        return lambda row: breakable(str(told(row)))
    place = next(place for place, other in enumerate(columns) if other.key == told)
    text = _text(columns[place])
    return lambda row: "" if row[place] is None else text(row[place])


def _text(column: Column) -> Callable[[Any], str]:
    """Give what writes a value as HTML."""
    if column.words is not None:
        words = column.words
        return _once(lambda value: breakable(str(words(value))))
    return (lambda value: _bare(str(value))) if column.kind in _BARE else _WRITERS[column.kind]()


def _bare(text: str) -> str:
    """Write a text; one with a long word, as a sign-in name is, may break in it: its column is no wider for it."""
    return f'<span class="long">{breakable(text)}</span>' if has_long_word(text) else escape(text)


def _figures(decimals: int) -> Callable[[Any], str]:
    figure = formats.here().figure
    return lambda value: figure(value, decimals)


def _instants() -> Callable[[Any], str]:
    instant, zone = formats.here().instant, formats.zone()

    def write(value: Any) -> str:
        # where there is no room for both, the hour stands below the day, which stays whole
        day, _space, hour = instant(value, zone).rpartition(" ")
        return f"{day.replace(' ', NO_BREAK)} {hour}"

    return write


_WRITERS: Mapping[Kind, Callable[[], Callable[[Any], str]]] = {
    Kind.PERSON: lambda: who,
    Kind.NUMBER: lambda: _figures(0),
    Kind.POINTS: lambda: _figures(scope().program.point_decimals),
    Kind.MONEY: lambda: _figures(scope().program.currency_decimals),
    Kind.QUANTITY: lambda: formats.here().quantity,
    Kind.SHARE: lambda: formats.here().share,
    Kind.DAY: lambda: formats.here().day,
    Kind.MONTH: lambda: formats.here().month,
    Kind.INSTANT: _instants,
}
"""What writes the values of a kind on this page: asked for once, it stands in the page's language and programme."""

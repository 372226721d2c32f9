"""What an address asks of a list: filters, order, and the place where its page begins.

Pages follow one another by the last row seen (keyset), so that page 1,000 is as quick as page 1.
"""

import base64
import datetime as dt
import enum
import functools
import json
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request, url_for
from sqlalchemy import BigInteger, Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from app.db.questions import Question
from app.web.addresses import text_asked, whole_number
from app.web.context import scope_or_none, today
from app.web.lists.describing import Column, Listing

MOST_CHOSEN = 5_000
_UNQUOTED = "!$'()*,/:;?@"
"""What stands in a query as it is, as in every other address of ours."""


@dataclass(frozen=True)
class Asked:
    """What the address asks of a list."""

    listing: Listing
    values: Mapping[str, str]
    sort: str
    column: Column
    falling: bool

    def address(self, **changes: str | None) -> str:
        """Give the address of the list with some of its parameters changed; a change to None leaves one out."""
        given: dict[str, Any] = {**self.values, "sort": self.sort if self.sort != self.listing.default else None}
        for key, value in changes.items():
            given[key] = value
        kept = urlencode({key: value for key, value in given.items() if value}, safe=_UNQUOTED)
        return f"{self._page}?{kept}" if kept else self._page

    @functools.cached_property
    def _page(self) -> str:
        assert request.endpoint is not None, "a list is shown by a page"
        return url_for(request.endpoint, **(request.view_args or {}))

    @property
    def query_string(self) -> str:
        """Give what a saved view keeps: filters and order, not the place."""
        return self.address().partition("?")[2]

    def whole(self) -> Select[Any]:
        """Give the query of the list as it is without any filter."""
        query = self.listing.query
        return query if isinstance(query, Select) else query()

    def narrowed(self) -> Select[Any]:
        """Give the query with the filters in force."""
        query = self.whole()
        for one in self.listing.filters:
            condition = one.condition(self.values)
            if condition is not None:
                query = query.where(condition)
        return query

    def count(self, session: Session, most: int) -> int:
        """Count the rows, as far as one more than ``most``."""
        within = self.narrowed().with_only_columns(self.listing.id).limit(most + 1).subquery()
        return session.execute(select(func.count()).select_from(within), self.told).scalar_one()

    def selected(self) -> Select[Any]:
        """Give the narrowed query with every column, the key and what the list is sorted by."""
        assert self.column.sort is not None, "only such columns are chosen"
        named: list[Any] = [one.value.label(one.key) for one in self.listing.columns]
        named += [self.listing.id.label("row_id"), self.column.sort.label("row_place")]
        return self.narrowed().add_columns(*named)

    def ordered(self, query: Select[Any], *, backwards: bool = False) -> Select[Any]:
        """Sort by the chosen column, then by key: the same direction, so that one comparison tells what comes after."""
        falling = self.falling != backwards
        assert self.column.sort is not None, "only such columns are chosen"
        order = (self.column.sort, self.listing.id)
        return query.order_by(*(one.desc() if falling else one.asc() for one in order))

    def beyond(self, query: Select[Any], *, backwards: bool = False) -> Select[Any]:
        """Leave out what comes before a place, which is told when it is asked."""
        falling = self.falling != backwards
        assert self.column.sort is not None, "only such columns are chosen"
        place = func.row(self.column.sort, self.listing.id)
        kind, key = _wide(type_of(self.column.sort)), _wide(type_of(self.listing.id))
        mark: Any = func.row(bindparam("place_value", type_=kind), bindparam("place_key", type_=key))
        return query.where(place < mark if falling else place > mark)

    @property
    def told(self) -> dict[str, Any]:
        """Give what has to be told with every query of the list."""
        here = scope_or_none()
        return {} if here is None else {"program_id": here.program.id, "today": today()}

    def rows(self, session: Session, place: tuple[Any, Any] | None, *, backwards: bool, most: int) -> Sequence[Any]:
        """Fetch rows from a place on.

        Where nothing is filtered, the question is that of the list, its order and direction: built once for all who
        look at it. Else it is asked of the connection: there is nothing for the session to map.
        """
        beyond = place is not None
        told = {**self.told, "most": most}
        if place is not None:
            told |= {"place_value": place[0], "place_key": place[1]}
        kept = _kept(self, beyond=beyond, backwards=backwards)
        if kept is not None:
            return kept.ask(session, **told)
        statement = _statement(self, beyond=beyond, backwards=backwards)
        return session.connection().execute(statement, told).all()


def _statement(asked: Asked, *, beyond: bool, backwards: bool) -> Select[Any]:
    query = asked.selected()
    if beyond:
        query = asked.beyond(query, backwards=backwards)
    return asked.ordered(query, backwards=backwards).limit(bindparam("most", type_=Integer))


_KEPT: weakref.WeakKeyDictionary[Listing, dict[tuple[str, bool, bool], Question]] = weakref.WeakKeyDictionary()
"""The questions of lists: one that a page makes for itself goes with the page, and takes along what was kept of it."""


def _kept(asked: Asked, *, beyond: bool, backwards: bool) -> Question | None:
    """Give the question of a list that is asked for again, unfiltered, in an order and direction."""
    if asked.values or not isinstance(asked.listing.query, Select):
        return None
    if asked.listing not in _KEPT:
        _KEPT[asked.listing] = {}
        return None  # it may be one of a single page: to compile its question would take longer than to ask it
    of_list, at = _KEPT[asked.listing], (asked.sort, beyond, backwards)
    if at not in of_list:
        of_list[at] = Question(_statement(asked, beyond=beyond, backwards=backwards))
    return of_list[at]


def asked_of(listing: Listing) -> Asked:
    """Read what the address asks of a list; what it does not know is left out."""
    return _asked(listing, text_asked)


def asked_in(listing: Listing, query: str) -> Asked:
    """Read what a saved view asks of a list, from the query string that it keeps."""
    return _asked(listing, dict(parse_qsl(query)).get)


def _asked(listing: Listing, given: Callable[[str], str | None]) -> Asked:
    keys = [key for one in listing.filters for key in one.parameters]
    values = {key: text for key in keys if (text := given(key))}
    sort = given("sort") or listing.default
    column = listing.column(sort.lstrip("-"))
    if column is None:
        sort = listing.default
        column = listing.column(sort.lstrip("-"))
    assert column is not None, f"the list {listing.name} is sorted by a column that it has"
    return Asked(listing, values, sort, column, sort.startswith("-"))


def kept_in(listing: Listing, address: str) -> str:
    """Give an address with the filters and the order of a list that this request came with: back to what was seen."""
    kept = asked_of(listing).query_string
    return f"{address}?{kept}" if kept else address


@dataclass(frozen=True)
class Chosen:
    """The rows that a form chose. ``gone``: what was ticked and the list does not have, or has no longer."""

    ids: list[Any]
    gone: Sequence[int] = ()


def chosen_rows(session: Session, listing: Listing) -> Chosen:
    """Read which rows a form chose: those ticked, or, where it says so, all that the filters leave.

    What somebody ticked stays chosen where the filters would leave it out by now, as those of a state do once somebody
    else was quicker: what becomes of it is told. Ids that the list does not have are left out, whoever wrote them into
    the form.
    """
    asked = asked_of(listing)
    if request.form.get("all") == "1":
        query = asked.narrowed().with_only_columns(listing.id)
        return Chosen(list(session.scalars(asked.ordered(query).limit(MOST_CHOSEN), asked.told)))
    sent = [whole_number(one) for one in request.form.getlist("ids")[:MOST_CHOSEN]]
    ticked = {one for one in sent if one is not None}
    query = asked.whole().with_only_columns(listing.id).where(listing.id.in_(ticked))
    ids = list(session.scalars(asked.ordered(query).limit(MOST_CHOSEN), asked.told))
    return Chosen(ids, sorted(ticked.difference(ids)))


def type_of(expression: Any) -> TypeEngine[Any]:
    """Give the type of an expression, a mapped column or not."""
    found: TypeEngine[Any] = expression.type
    return found


def _wide(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Give the type as which the value of a place is told: a number may be larger than the column could hold."""
    try:
        return BigInteger() if type_.python_type is int else type_
    except NotImplementedError:
        return type_


def mark_of(row: Any) -> str:
    """Write the place of a row into an address: what it is sorted by, and its key."""
    value = row.row_place
    told: Any = value
    if isinstance(value, dt.datetime | dt.date):
        told = value.isoformat()
    elif isinstance(value, enum.Enum):
        told = value.value
    return base64.urlsafe_b64encode(json.dumps([told, row.row_id], ensure_ascii=False).encode()).decode().rstrip("=")


def place_of(asked: Asked, name: str) -> tuple[Any, Any] | None:
    """Read a place (``after`` or ``before``) from the address; what is none counts as not given."""
    text = request.args.get(name, "")
    if not text or len(text) > 2_000:
        return None
    try:
        value, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):  # brackets in brackets are deeper than it reads
        return None
    assert asked.column.sort is not None, "only such columns are chosen"
    try:
        return _as(type_of(asked.column.sort).python_type, value), _as(type_of(asked.listing.id).python_type, key)
    except (TypeError, ValueError, NotImplementedError):
        return None


def _as(kind: type, value: Any) -> Any:
    if issubclass(kind, enum.Enum):
        return kind(value)
    if kind is dt.datetime:
        return dt.datetime.fromisoformat(value)
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    if kind is int:
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
            raise ValueError(value)
        return value
    if not isinstance(value, kind) or (isinstance(value, str) and "\x00" in value):
        raise ValueError(value)
    if isinstance(value, str):
        value.encode()  # half of a letter cannot be asked for: its error is a ValueError
    return value

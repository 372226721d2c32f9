"""What a list is: its columns, its filters, what can be done to its rows. Nothing here looks at a request's data.

A `Listing` is a query with columns and filters. Everything that a person chose stands in the address: sort, filters,
place.
"""

import datetime as dt
import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask_babel import gettext as _
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    false,
    or_,
    select,
)

from app.domain.measures.calendar import end_of, midnight
from app.models.people import UserAccount
from app.services.telling.languages import NotADay
from app.web import formats

Text: TypeAlias = Any
"""A text, or a lazily translated one."""


class Kind(enum.Enum):
    """What the values of a column are, and so how they are written and where they stand."""

    TEXT = "text"
    CODE = "code"
    PERSON = "person"
    NUMBER = "number"
    POINTS = "points"
    MONEY = "money"
    QUANTITY = "quantity"
    SHARE = "share"  # hundredths of a per cent
    DAY = "day"
    MONTH = "month"
    INSTANT = "instant"


RIGHT = frozenset({Kind.NUMBER, Kind.POINTS, Kind.MONEY, Kind.QUANTITY, Kind.SHARE})


@dataclass(frozen=True)
class Badge:
    """A state in a word. Tones: good, wait, bad, plain, busy."""

    text: Text
    tone: str = "plain"


def _text(name: "Text | Badge") -> Text:
    return name.text if isinstance(name, Badge) else name


class To:
    """Leads to the page of something that a row names: ``To("documents.show", document_id="row_id")``.

    The address of the page has one id besides the programme that the list is of; none where the row names none.
    """

    def __init__(
        self, endpoint: str, *, asks: bool = False, others: str | None = None, keeps: bool = False, **named: str
    ) -> None:
        """Take the page, and by what key the row has the id that its address wants.

        ``asks``: whoever may not have the page is led nowhere; ``others`` is where they are led instead. ``keeps``: the
        page is told the filters and the order of the list, which it leads back to (`asking.kept_in`).
        """
        self.endpoint = endpoint
        self.asks = asks or others is not None
        self.others = others
        self.keeps = keeps
        ((self.parameter, self.key),) = named.items()


class ToPageOf:
    """Leads to the page of something of which a value says as well what it is, and so which page that is.

    ``where`` gives, of the value of a key, the page, what its address calls the id, and the id; None: it has no page.
    Nobody is led to a page that they may not have.
    """

    def __init__(self, key: str, where: Callable[[Any], tuple[str, str, int] | None]) -> None:
        """Take the key, and what tells where a value leads."""
        self.key, self.where = key, where


@dataclass(frozen=True)
class Column:
    """One column of a list.

    Attributes:
        key: name of the value in the query's rows.
        title: what stands above it.
        value: the SQL expression.
        kind: how it is written; of a person the value is a sign-in name, and their name is shown.
        sort: what the list is sorted by under this column, never NULL; none: it cannot be.
        link: the page that the value leads to.
        badge: gives the state in a word, from the value.
        words: gives what is shown in place of the value: a text, from the value.
        learn: looks up what ``words`` need of the values of many rows, together.
        filed: tells as what a value that pages show in words stands in files, where it is a number; else as the words.
        small: a second, quieter line under the value: the key of the column whose value it is, or what gives a text,
            empty where there is none, from the row.
        phone: whether it stands on a phone, too.
        shown: whether it stands on pages at all; what links and exports need does not have to.
        exported: whether it stands in exports.
        summed: whether an export sums it up, as it does amounts; prices have no sum.
    """

    key: str
    title: Text
    value: SQLColumnExpression[Any]
    kind: Kind = Kind.TEXT
    sort: SQLColumnExpression[Any] | None = None
    link: To | ToPageOf | None = None
    badge: Callable[[Any], Badge] | None = None
    words: Callable[[Any], Text] | None = None
    learn: Callable[[Iterable[Any]], None] | None = None
    filed: Callable[[], Kind] | None = None
    small: str | Callable[[Any], Text] | None = None
    phone: bool = True
    shown: bool = True
    exported: bool = True
    summed: bool = True

    @property
    def css(self) -> str:
        """Give the class of its cells."""
        kinds = {Kind.DAY: "when", Kind.INSTANT: "when at"}
        parts = ["num" if self.kind in RIGHT else kinds.get(self.kind, "")]
        parts += ["code"] if self.kind is Kind.CODE else []
        parts += [] if self.phone else ["desk-only"]
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Choice:
    """One value of a filter, as the address has it and as people read it. ``waits``: its rows wait for somebody."""

    value: str
    text: Text
    waits: bool = False


class Filter:
    """Narrows a list by what the address says under its key."""

    kind = "search"

    def __init__(self, key: str, title: Text) -> None:
        """Name it, in the address and for people."""
        self.key = key
        self.title = title

    @property
    def parameters(self) -> Sequence[str]:
        """Name what it reads of the address."""
        return (self.key,)

    def condition(self, asked: Mapping[str, str]) -> ColumnElement[bool] | None:
        """Give what rows must be; None where nothing, or nothing understandable, was asked."""
        raise NotImplementedError

    def said(self, asked: Mapping[str, str]) -> str | None:
        """Say what was asked, for its chip; None where nothing was."""
        raise NotImplementedError

    def waits(self, asked: Mapping[str, str]) -> bool:
        """Tell whether what was asked for is what waits for somebody: where nothing does, that is good."""
        return False


class Search(Filter):
    """Rows in which one of some texts contains what was typed."""

    def __init__(
        self,
        *texts: SQLColumnExpression[Any],
        people: Sequence[SQLColumnExpression[Any]] = (),
        title: Text,
        also: Any = None,
    ) -> None:
        """Look in these texts, and in the names of these people, whose sign-in names columns have.

        ``also`` gives a further condition from the typed text.
        """
        super().__init__("q", title)
        self._texts = (*texts, *people)
        self._people = people
        self._also = also

    def condition(self, asked: Mapping[str, str]) -> ColumnElement[bool] | None:
        """Compare without case."""
        typed = asked.get(self.key, "")
        if not typed:
            return None
        pattern = "%" + typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        conditions = [text.ilike(pattern) for text in self._texts]
        called = select(UserAccount.login).where(UserAccount.name.ilike(pattern))
        conditions += [login.in_(called) for login in self._people]
        if self._also is not None:
            conditions.append(self._also(typed))
        return or_(*conditions)

    def said(self, asked: Mapping[str, str]) -> str | None:
        """Quote it."""
        typed = asked.get(self.key, "")
        return _("“%(typed)s”", typed=typed) if typed else None


class OneOf(Filter):
    """Rows that have one of some values."""

    kind = "choice"

    def __init__(
        self,
        key: str,
        title: Text,
        choices: Sequence[Choice] | Callable[[], Sequence[Choice]],
        condition: Callable[[str], ColumnElement[bool]],
    ) -> None:
        """Take the choices, or how to find them, and what a chosen value means."""
        super().__init__(key, title)
        self._choices = choices
        self._condition = condition

    @classmethod
    def named(
        cls,
        key: str,
        title: Text,
        column: SQLColumnExpression[Any],
        names: Mapping[Any, "Text | Badge"],
        *,
        waits: Collection[Any] = (),
    ) -> "OneOf":
        """Offer the values of a column that have a name; the address says a number by its name in code.

        ``waits``: those of them whose rows wait for somebody.
        """
        values = {one.name.lower() if isinstance(one, enum.IntEnum) else str(one): one for one in names}
        choices = [Choice(asked, _text(names[one]), one in waits) for asked, one in values.items()]
        return cls(key, title, choices, lambda asked: column == values[asked])

    def choices(self) -> Sequence[Choice]:
        """Give the values that can be chosen."""
        return self._choices() if callable(self._choices) else self._choices

    def condition(self, asked: Mapping[str, str]) -> ColumnElement[bool] | None:
        """Ask for the chosen value; one that cannot be chosen finds nothing."""
        value = asked.get(self.key, "")
        if not value:
            return None
        known = any(choice.value == value for choice in self.choices())
        return self._condition(value) if known else false()

    def said(self, asked: Mapping[str, str]) -> str | None:
        """Name the choice."""
        value = asked.get(self.key, "")
        if not value:
            return None
        return next((str(choice.text) for choice in self.choices() if choice.value == value), value)

    def waits(self, asked: Mapping[str, str]) -> bool:
        """Look whether the choice does."""
        value = asked.get(self.key, "")
        return any(choice.waits for choice in self.choices() if choice.value == value)


class Days(Filter):
    """Rows of some days, first and last included."""

    kind = "days"

    def __init__(self, key: str, title: Text, day: SQLColumnExpression[dt.date]) -> None:
        """Take the column."""
        super().__init__(key, title)
        self._day = day

    @property
    def parameters(self) -> Sequence[str]:
        """Read two: ``…_from`` and ``…_to``."""
        return (f"{self.key}_from", f"{self.key}_to")

    def _asked(self, asked: Mapping[str, str]) -> tuple[dt.date | None, dt.date | None]:
        found = []
        for key in self.parameters:
            try:
                found.append(formats.here().read_day(asked[key]) if asked.get(key) else None)
            except NotADay:
                found.append(None)
        return found[0], found[1]

    def condition(self, asked: Mapping[str, str]) -> ColumnElement[bool] | None:
        """Compare."""
        first, last = self._asked(asked)
        parts = []
        if first is not None:
            parts.append(self._since(first))
        if last is not None:
            parts.append(self._until(last))
        return and_(*parts) if parts else None

    def _since(self, first: dt.date) -> ColumnElement[bool]:
        return self._day >= first

    def _until(self, last: dt.date) -> ColumnElement[bool]:
        return self._day <= last

    def said(self, asked: Mapping[str, str]) -> str | None:
        """Write the days."""
        first, last = self._asked(asked)
        if first is not None and last is not None:
            return f"{formats.day(first)} – {formats.day(last)}"
        if first is not None:
            return str(_("from %(day)s", day=formats.day(first)))
        return str(_("until %(day)s", day=formats.day(last))) if last is not None else None


class Moments(Days):
    """Rows of some days, of moments: a day is that of the page's time zone, in which the moments are written too."""

    def __init__(self, key: str, title: Text, at: SQLColumnExpression[dt.datetime | None]) -> None:
        """Take the column."""
        Filter.__init__(self, key, title)
        self._at = at

    def _since(self, first: dt.date) -> ColumnElement[bool]:
        return self._at >= midnight(first, formats.zone())

    def _until(self, last: dt.date) -> ColumnElement[bool]:
        return self._at < end_of(last, formats.zone())


@dataclass(frozen=True)
class Action:
    """Something that is done to the chosen rows at once; its page gets their ids.

    Without a permission it is for whoever sees the list: on the platform's pages there is nothing finer.
    """

    text: Text
    endpoint: str
    permission: str | None
    danger: bool = False


HERE: BindParameter[int] = bindparam("program_id", type_=BigInteger)
"""The programme of the page, in the query of a list: which one it is is told when the list is asked."""

TODAY: BindParameter[dt.date] = bindparam("today", type_=Date)
"""The date where that programme is, told as well: our clock says it, and never the database's."""


@dataclass(frozen=True, eq=False)
class Listing:
    """A list. Only itself is equal to it: what was built for a list is found again by the list.

    Attributes:
        name: a short name, under which views are saved.
        title: what its rows are, for captions and files.
        columns: in order; the first heads its row.
        query: the FROM and WHERE of it, a select of nothing; what gives it, where it depends on more than `HERE`
            and `TODAY`.
        id: the key of a row.
        default: key of the column that it is sorted by at first; a leading minus: falling.
        filters: what narrows it.
        actions: what can be done to chosen rows.
        export_permission: who may take it away as a file.
    """

    name: str
    title: Text
    columns: Sequence[Column]
    query: Select[Any] | Callable[[], Select[Any]]
    id: SQLColumnExpression[Any]
    default: str
    filters: Sequence[Filter] = ()
    actions: Sequence[Action] = ()
    export_permission: str = "export"

    def column(self, key: str) -> Column | None:
        """Find a column that the list can be sorted by."""
        return next((one for one in self.columns if one.key == key and one.sort is not None), None)

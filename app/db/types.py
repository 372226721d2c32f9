"""Column types decided once: aware instants, whole numbers by unit, enumerations.

The unit of a number stands in the name of its column (``*_minor``, ``*_milli``, ``*_micro``, ``*_bp``); these
annotated types only fix how it is stored.
"""

import datetime as dt
import enum
from collections.abc import Iterable
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Identity, SmallInteger, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""A surrogate key from the table's own sequence."""

Big = Annotated[int, mapped_column(BigInteger)]
"""Points, minor units, milli- and micro-quantities: 64 bits, never a float."""

Instant = Annotated[dt.datetime, mapped_column(DateTime(timezone=True))]
"""A moment in UTC, always aware."""

ShortText = Annotated[str, mapped_column(String(64))]
"""A code or a state: short enough to be a key."""

LongText = Annotated[str, mapped_column(Text)]
"""Words written by people."""

SortKey = Annotated[str, mapped_column(Text(collation="C"))]
"""A name in the order of its readers' language (`app.domain.saying.sorting`): compared by code point in every
database."""


class Coded(TypeDecorator[enum.IntEnum]):
    """An ``IntEnum`` stored as a small integer, for tables with millions of rows."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, members: type[enum.IntEnum]) -> None:
        """Store the members of one enumeration."""
        super().__init__()
        self.members = members
        self._known = {member.value: member for member in members}  # calling an enumeration costs a microsecond

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """Send the member's number; a number that names no member is an error."""
        return None if value is None else int(self.members(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> enum.IntEnum | None:
        """Give the member back; an unknown number is an error, not a guess."""
        return None if value is None else self._known.get(value) or self.members(value)


def members(kind: type[enum.StrEnum], texts: Iterable[str | None]) -> list[Any]:
    """Give the members that a column of `Named`, read as text, names: looked up once a column, not in every row."""
    known: dict[str | None, enum.StrEnum | None] = {None: None} | {one.value: one for one in kind}
    return [known[text] for text in texts]


class Named(TypeDecorator[enum.StrEnum]):
    """A ``StrEnum`` stored as its text, for tables that people read in a console."""

    impl = String(24)
    cache_ok = True

    def __init__(self, members: type[enum.StrEnum]) -> None:
        """Store the members of one enumeration."""
        super().__init__()
        self.members = members
        self._known = {member.value: member for member in members}  # calling an enumeration costs a microsecond

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Send the member's text; a text that names no member is an error."""
        return None if value is None else str(self.members(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> enum.StrEnum | None:
        """Give the member back."""
        return None if value is None else self._known.get(value) or self.members(value)

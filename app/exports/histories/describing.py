"""What a history is: rows of one subject with their columns, days, filters, and what they are summed by.

Texts are English here and become a reader's language when a file is written; values are codes until then, so that rows
that were read once are the same in every language.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, SQLColumnExpression, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.measures.calendar import end_of, midnight
from app.domain.states import ExportSubject
from app.exports.tables import Kind
from app.models.programs import Program


@dataclass(frozen=True)
class Field:
    """One column that a history can have.

    Attributes:
        key: its name.
        title: what stands above it, in English.
        value: the SQL expression.
        kind: what its values are; money and points have the decimals of their programme.
        words: a code's word, in English; a code that has none stands as it is.
        said: the expression in a language, where it holds sentences of our own.
        summed: whether the last row sums it.
        usual: whether it stands where nobody chose columns.
        of_instant: whether the value is the instant whose day it tells, where its programme is.
    """

    key: str
    title: str
    value: SQLColumnExpression[Any]
    kind: Kind = Kind.TEXT
    words: Mapping[str, str] | None = None
    said: Callable[[str], SQLColumnExpression[Any]] | None = None
    summed: bool = False
    usual: bool = True
    of_instant: bool = False


@dataclass(frozen=True)
class History:
    """The rows of one subject.

    Attributes:
        subject: which one.
        title: what its rows are, in English.
        fields: every column that it can have, in the usual order.
        query: FROM and WHERE of it, with the programme of each row.
        moment: when a row happened, by which its day is told; or the day itself.
        order: after the day and the programme.
        program: the column that names a row's programme.
        filters: what narrows it, by name.
        choices: the codes that a filter can name, with their English words.
        by: what its totals are told apart by.
        measure: what they sum.
    """

    subject: ExportSubject
    title: str
    fields: Sequence[Field]
    query: Callable[[], Select[Any]]
    moment: ColumnElement[Any] | InstrumentedAttribute[Any]
    order: Sequence[SQLColumnExpression[Any]]
    program: SQLColumnExpression[int]
    filters: Mapping[str, Callable[[Sequence[Any]], ColumnElement[bool]]]
    choices: Mapping[str, Mapping[str, str]]
    by: Sequence[str]
    measure: str

    def one(self, key: str) -> Field:
        """Give a column that it has."""
        return next(one for one in self.fields if one.key == key)

    def chosen(self, keys: Sequence[str]) -> list[Field]:
        """Give the columns of these keys, in their order; the usual ones where none is named.

        Raises:
            LookupError: There is no such column.
        """
        if not keys:
            return [one for one in self.fields if one.usual]
        found = {one.key: one for one in self.fields}
        unknown = next((key for key in keys if key not in found), None)
        if unknown is not None:
            raise LookupError(unknown)
        return [found[key] for key in keys]

    def within(self, programs: Sequence[Program], from_on: dt.date, to_on: dt.date) -> ColumnElement[bool]:
        """Keep the rows of some programmes and days, each programme by its own midnights."""
        if isinstance(self.moment.type, Date):
            days = self.moment.between(from_on, to_on)
            return and_(self.program.in_([one.id for one in programs]), days)
        return or_(
            *(
                and_(
                    self.program == one.id,
                    self.moment >= midnight(from_on, one.time_zone),
                    self.moment < end_of(to_on, one.time_zone),
                )
                for one in programs
            )
        )

"""Reads a history on one state of the database, piece by piece, and keeps it: no more than a piece is in memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Select, SQLColumnExpression, case, cast, func, select
from sqlalchemy.orm import Session

from app.db.days import day_there
from app.domain.export_wish import Wish
from app.exports.histories import words
from app.exports.histories.catalogue import HISTORIES
from app.exports.histories.describing import Field, History
from app.exports.histories.keeping import TYPES, Shown, ShownColumn, Sum, keep
from app.exports.tables import Kind
from app.models.programs import Program
from app.services.telling.texts import translated

PIECE_ROWS = 20_000

Said = Callable[[int, int], None]
"""Told how many rows of how many are read."""


@dataclass(frozen=True)
class Read:
    """What was read: how many rows, what they come to, and the hash of what is kept."""

    rows: int
    sums: Sequence[Sum]
    sha256: bytes


@dataclass
class _Sums:
    """Adds amounts up, by the codes that tell them apart."""

    by: Sequence[str]
    measures: Sequence[str]
    rows: int = 0
    found: dict[tuple[str | None, ...], list[int]] = field(default_factory=dict)

    def add(self, table: Any) -> None:
        self.rows += table.num_rows
        grouped = table.group_by(list(self.by)).aggregate([([], "count_all"), *((one, "sum") for one in self.measures)])
        keys = [grouped.column(one).to_pylist() for one in self.by]
        amounts = [grouped.column(name).to_pylist() for name in ("count_all", *(f"{one}_sum" for one in self.measures))]
        for key, values in zip(zip(*keys, strict=True), zip(*amounts, strict=True), strict=True):
            mine = self.found.setdefault(key, [0] * len(values))
            for at, value in enumerate(values):
                mine[at] += value or 0

    def told(self) -> list[Sum]:
        return [
            Sum(dict(zip(self.by, key, strict=True)), count, dict(zip(self.measures, amounts, strict=True)))
            for key, (count, *amounts) in sorted(self.found.items(), key=lambda one: [str(part) for part in one[0]])
        ]


class Asked:
    """A wish held against the database: its programmes, its history, and how each of its columns is shown."""

    def __init__(self, session: Session, wish: Wish) -> None:
        """Look up what the wish names.

        Raises:
            LookupError: A programme or a column of it is not there.
        """
        self.wish = wish
        self.history: History = HISTORIES[wish.subject]
        found = {one.code: one for one in session.scalars(select(Program).where(Program.code.in_(wish.programs)))}
        self.programs: list[Program] = [found[code] for code in wish.programs]
        self.fields = self.history.chosen(wish.columns)

    @property
    def one_currency(self) -> bool:
        """Tell whether amounts of all programmes can be added up."""
        return len({one.currency for one in self.programs}) == 1

    @property
    def measures(self) -> list[Field]:
        """Give what is summed: the summed columns that were chosen, or else what the history is about."""
        chosen = [one for one in self.fields if one.summed]
        return chosen or [self.history.one(self.history.measure)]

    @property
    def by(self) -> list[Field]:
        """Give what the sums are told apart by."""
        return [self.history.one(key) for key in self.history.by]

    @property
    def read(self) -> list[Field]:
        """Give every column that is read: those shown, and those that the sums want."""
        together = {one.key: one for one in (*self.fields, *self.by, *self.measures)}
        return list(together.values())

    def narrowed(self) -> Select[Any]:
        """Give the history with the programmes, days and filters of the wish."""
        wish, history = self.wish, self.history
        query = history.query().where(history.within(self.programs, wish.from_on, wish.to_on))
        for name, values in wish.narrowing.used.items():
            query = query.where(history.filters[name](values))
        return query

    def selected(self) -> Select[Any]:
        """Give the query of the rows, in their order."""
        columns: list[Any] = [self._told(one).label(one.key) for one in self.read]
        moment = self.history.moment
        day = next((self._told(one) for one in self.history.fields if one.key == "day"), moment)
        return self.narrowed().add_columns(*columns).order_by(day, *self.history.order)

    def _told(self, one: Field) -> SQLColumnExpression[Any]:
        """Bring amounts of programmes with other decimals to the most that any has, and sentences to the language.

        Of an instant the day is that of its programme.
        """
        if one.said is not None:
            return one.said(self.wish.language)
        if one.of_instant:
            days = {program.id: day_there(one.value, program.time_zone) for program in self.programs}
            return case(days, value=self.history.program)
        if one.kind not in (Kind.MONEY, Kind.POINTS):
            return one.value
        factors = {
            program.id: 10 ** (self._decimals(one) - self._decimals_of(one, program)) for program in self.programs
        }
        if set(factors.values()) == {1}:
            return one.value
        return cast(one.value * case(factors, value=self.history.program), BigInteger)

    def _decimals(self, one: Field) -> int:
        return max(self._decimals_of(one, program) for program in self.programs)

    @staticmethod
    def _decimals_of(one: Field, program: Program) -> int:
        return {Kind.MONEY: program.currency_decimals, Kind.POINTS: program.point_decimals}.get(one.kind, 0)

    def shown(self, one: Field) -> ShownColumn:
        """Say how a column is shown, in the language of the wish."""
        language = self.wish.language
        return ShownColumn(
            one.key,
            translated(one.title, language),
            one.kind,
            self._decimals(one),
            self.programs[0].time_zone if one.kind is Kind.INSTANT else "UTC",
            {code: translated(word, language) for code, word in (one.words or {}).items()},
        )


def count(session: Session, asked: Asked) -> int:
    """Count the rows that a wish has now."""
    query = asked.narrowed().with_only_columns(func.count(), maintain_column_froms=True)
    return session.execute(query.order_by(None)).scalar_one()


def read(session: Session, asked: Asked, path: Path, *, about: Sequence[Sequence[str]], at: str, said: Said) -> Read:
    """Read every row of a wish and keep it. The session's transaction sees one state of the database."""
    of = count(session, asked)
    sums = _Sums([one.key for one in asked.by], [one.key for one in asked.measures])
    schema = pa.schema([pa.field(one.key, TYPES[one.kind]) for one in asked.read])
    said(0, of)

    def pieces() -> Iterator[Any]:
        for table in _pieces(session, asked, schema):
            sums.add(table)
            yield table
            said(sums.rows, of)

    def shown() -> Shown:
        return Shown(
            title=translated(asked.history.title, asked.wish.language),
            language=asked.wish.language,
            columns=[asked.shown(one) for one in asked.fields],
            totals=[one.key for one in asked.fields if one.summed] if asked.one_currency else [],
            by=[asked.shown(one) for one in asked.by],
            measures=[asked.shown(one) for one in asked.measures],
            labels=words.labels(asked.wish.language),
            about=about,
            read_at=at,
            sums=sums.told(),
        )

    sha256 = keep(path, schema, pieces(), shown)
    return Read(sums.rows, sums.told(), sha256)


def _pieces(session: Session, asked: Asked, schema: Any) -> Iterator[Any]:
    result = session.connection().execute(
        asked.selected(), execution_options={"stream_results": True, "yield_per": PIECE_ROWS}
    )
    empty = True
    for rows in result.partitions():
        empty = False
        columns: Any = zip(*rows, strict=True)
        yield pa.table([pa.array(one, kind.type) for one, kind in zip(columns, schema, strict=True)], schema=schema)
    if empty:
        yield schema.empty_table()

"""A list as a file: all that its filters leave, in its order, without the limits of a page."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from flask import request, send_file
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.exports import tables
from app.exports.csvfile import Dialect, write_csv
from app.exports.files import Written
from app.exports.workbook import Sheet, write_workbook
from app.services import audit
from app.web import formats
from app.web.context import now, person, scope, today
from app.web.lists.asking import Asked, asked_of
from app.web.lists.describing import Column, Kind, Listing
from app.web.people_named import learn, name_of

MOST_ROWS = 200_000
"""Rows that a page's export holds: whoever has more narrows the list down, for a part would look like the whole."""

_PIECE_ROWS = 10_000
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


class TooManyRows(Exception):
    """The list has more rows than its file may hold; ``back`` shows it as it was."""

    def __init__(self, back: str) -> None:
        """Say where the list is seen."""
        super().__init__(f"more than {MOST_ROWS} rows")
        self.back = back


def form_asked() -> str | None:
    """Tell whether the address asks for the list as a file, and as which."""
    form = request.args.get("form", "")
    return form if form in _TYPES else None


def send(session: Session, listing: Listing, form: str) -> Response:
    """Write the list as a file and send it; who took what away is written down. The caller commits.

    Raises:
        TooManyRows: It has more than a file of it may hold.
    """
    asked = asked_of(listing)
    if asked.count(session, MOST_ROWS) > MOST_ROWS:
        raise TooManyRows(asked.address())
    with tempfile.TemporaryDirectory(prefix="kontor-export-") as folder:
        path = Path(folder, f"export.{form}")
        written = _write(session, asked, path, form)
        audit.note(
            session,
            person().login,
            "export.list",
            listing.name,
            now=now(),
            program_id=scope().program.id,
            after={"form": form, "filter": asked.query_string, "rows": written.rows, "sha256": written.sha256.hex()},
        )
        content = path.open("rb")  # stays readable after its folder is gone, until it is sent
    name = f"{formats.file_stem(str(listing.title))}-{scope().program.code}-{today()}.{form}"
    return send_file(content, mimetype=_TYPES[form], as_attachment=True, download_name=name)


def _write(session: Session, asked: Asked, path: Path, form: str) -> Written:
    columns = [_in_files(one) for one in asked.listing.columns if one.exported]
    layout = tables.Layout(tuple(_described(one) for one in columns), _totals(columns), str(_("Total")))
    pieces = _pieces(session, asked, columns)
    if form == "csv":
        comma = formats.here().decimal == ","
        dialect = Dialect(delimiter=";" if comma else ",", bom=True, decimal_comma=comma)
        return write_csv(path, layout, pieces, dialect=dialect, totals=False)
    parts = list(pieces)
    rows = {one.key: pa.chunked_array([part[one.key] for part in parts]) for one in columns}
    return write_workbook(path, [Sheet(str(asked.listing.title), layout, rows)])


_KINDS = {
    Kind.NUMBER: tables.Kind.INTEGER,
    Kind.POINTS: tables.Kind.POINTS,
    Kind.MONEY: tables.Kind.MONEY,
    Kind.QUANTITY: tables.Kind.POINTS,
    Kind.SHARE: tables.Kind.PERCENT_BP,
    Kind.DAY: tables.Kind.DATE,
    Kind.MONTH: tables.Kind.DATE,
    Kind.INSTANT: tables.Kind.INSTANT,
}
_ARROW = {
    Kind.NUMBER: pa.int64(),
    Kind.POINTS: pa.int64(),
    Kind.MONEY: pa.int64(),
    Kind.QUANTITY: pa.int64(),
    Kind.SHARE: pa.int64(),
    Kind.DAY: pa.date32(),
    Kind.MONTH: pa.date32(),
    Kind.INSTANT: pa.timestamp("us", "UTC"),
}


def _in_files(column: Column) -> Column:
    return column if column.filed is None else replace(column, kind=column.filed(), words=None, filed=None)


def _described(column: Column) -> tables.Column:
    kind = tables.Kind.TEXT if _as_words(column) else _KINDS.get(column.kind, tables.Kind.TEXT)
    program = scope().program
    decimals = {
        Kind.MONEY: program.currency_decimals,
        Kind.POINTS: program.point_decimals,
        Kind.QUANTITY: 3,
    }.get(column.kind, 0)
    zone = program.time_zone if kind is tables.Kind.INSTANT else "UTC"
    return tables.Column(column.key, str(column.title), kind, 0 if _as_words(column) else decimals, zone)


def _as_words(column: Column) -> bool:
    return column.badge is not None or column.words is not None or column.kind in (Kind.TEXT, Kind.CODE, Kind.PERSON)


def _totals(columns: Sequence[Column]) -> tuple[str, ...]:
    summed = (Kind.POINTS, Kind.MONEY, Kind.QUANTITY)
    return tuple(one.key for one in columns if one.summed and one.kind in summed and not _as_words(one))


def _pieces(session: Session, asked: Asked, columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    query = asked.ordered(asked.selected()).execution_options(yield_per=_PIECE_ROWS)
    empty = True
    for rows in session.execute(query, asked.told).partitions():
        empty = False
        yield {one.key: _values(one, rows) for one in columns}
    if empty:
        yield {one.key: _values(one, []) for one in columns}


def _values(column: Column, rows: Sequence[Any]) -> Any:
    values = [getattr(row, column.key) for row in rows]
    if column.kind is Kind.PERSON:
        learn(values)
    if column.learn is not None:
        column.learn(values)
    if not _as_words(column):
        return pa.array(values, _ARROW[column.kind])
    write: Any = str
    if column.badge is not None:
        badge = column.badge
        write = lambda value: str(badge(value).text)  # noqa: E731
    elif column.kind is Kind.PERSON:
        write = name_of
    elif column.words is not None:
        words = column.words
        write = lambda value: str(words(value))  # noqa: E731
    return pa.array([None if value is None else write(value) for value in values], pa.large_string())

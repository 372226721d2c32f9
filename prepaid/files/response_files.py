"""Response files: what a card provider says of an order file as a whole, or of each load of it.

A table (CSV, or a workbook) with a header, or lines of fixed width. Which columns say what, and in which words, is the
operator's affair: a programme's template says it (`app.domain.program_file.batch_file.Answers`); without one it is
``reference`` and ``result`` (loaded, failed or unknown), and where the provider gives them ``code``, ``message`` and
``amount``. Other columns are not looked at, but no cell of the file may hold the number of a card.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from app.domain.measures.currencies import decimals_of
from app.domain.measures.money import smallest_units
from app.domain.program_file.batch_file import Answers, FileAnswer, LineAnswers
from app.domain.saying.wording import Said, marked
from app.domain.typed.card_numbers import first_card_number, holds_issued_number
from app.exports import tables
from app.exports.csvfile import write_csv
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.layout.tables.table import TextTable
from importers.reading.reading import read
from importers.typed.parsing import Column
from prepaid.errors import AgreedColumnsMissing, CardNumberFound
from prepaid.files.fixed_answers import read_fixed
from prepaid.files.order_files import TOTAL
from prepaid.providers import Answer, LoadResult

OURS = Answers()
"""How the files of providers are read that answer as we would."""

_ = marked
_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,20})?")


@dataclass(frozen=True)
class Verdict:
    """What an operator says of a file as a whole. ``file`` is the name of ours, where it gives it."""

    accepted: bool
    file: str | None
    message: str


@dataclass
class Response:
    """What a response file says: an answer a row, and the rows that say nothing that can be used.

    ``verdict`` is there where the file is of the first wave: it says nothing of single loads then.
    """

    rows: int
    answers: list[tuple[int, Answer]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    verdict: Verdict | None = None


def problem(row: int | None, reference: str | None, code: str, text: str, **values: Any) -> dict[str, Any]:
    """Describe what is wrong with a row, or with an answer that no row gave: in words, and to be said in others."""
    said = Said(text, values)
    return {"row": row, "reference": reference, "code": code, "message": said.words(), "said": said.kept()}


def read_response(path: Path, name: str, *, limits: Limits, decimals: int, said: Answers = OURS) -> Response:
    """Read a response file. Rows are numbered as a spreadsheet does: the first below the header is 2.

    Raises:
        importers.errors.ImportRefused: The file cannot be read, or lacks a column.
        CardNumberFound: A cell holds the number of a card; the file is not taken in.
    """
    fixed = said.fixed_width
    if fixed:
        table = read_fixed(path, name, fixed, limits)
    else:
        table = read(judge(path, name, limits), name, None, said.decimal, figures=[said.lines.amount or ""])
    _refuse_card_numbers(table, name)
    by_key = {header.strip().casefold(): header for header in table.header}
    response = Response(rows=len(table.row_number) + len(table.wrong_width))
    for row, found in table.wrong_width:
        words = _("The row has %(found)s cells, the header %(expected)s; look for a stray separator or quote.")
        response.problems.append(
            problem(row, None, "wrong_number_of_cells", words, found=found, expected=len(table.header))
        )
    if said.lines.reference.casefold() not in by_key and said.file and said.file.column.casefold() in by_key:
        _take_verdict(table, by_key, said.file, response)
    else:
        _take_lines(table, by_key, said, decimals, response)
    return response


def write_response(path: Path, answers: Sequence[Answer], currency: str) -> None:
    """Write the answers of a provider that is asked by its interface as the file that an operator would give."""
    decimals = decimals_of(currency) if currency else 2
    layout = tables.Layout(
        (
            *(tables.Column(name, name) for name in ("reference", "result", "code", "message")),
            tables.Column("amount", "amount", tables.Kind.MONEY, decimals=decimals),
        )
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(
        path,
        layout,
        {
            "reference": [one.reference for one in answers],
            "result": [one.result.value for one in answers],
            "code": [one.code or None for one in answers],
            "message": [one.message or None for one in answers],
            "amount": pd.array([one.amount_minor for one in answers], dtype="Int64"),
        },
    )


def _refuse_card_numbers(table: TextTable, name: str) -> None:
    if first_card_number(table.header, holds_issued_number) is not None:
        raise CardNumberFound(f"{name}, row 1: the header")
    for header in table.header:
        at = first_card_number(table.column(header).to_pylist(), holds_issued_number)
        if at is not None:
            raise CardNumberFound(f"{name}, row {table.row_number[at]}, column {header!r}")
    for row, cells in table.broken.items():
        if first_card_number(cells, holds_issued_number) is not None:
            raise CardNumberFound(f"{name}, row {row}")


def _texts(table: TextTable, by_key: dict[str, str], name: str | None) -> Sequence[str | None]:
    """Give the cells of a column; none where the file does not have it."""
    header = by_key.get((name or "").casefold())
    if header is None:
        return [None] * len(table.row_number)
    texts: list[str | None] = Column.of(header, table.column(header)).texts().tolist()
    return texts


_EXPECTED = _("%(column)s: found %(found)s, expected one of these: %(expected)s.")


def _found(column: str | None, found: str | None, *expected: str) -> dict[str, str]:
    """Give what fills the sentence about a word that is none of the operator's."""
    return {"column": column or "", "found": repr(found), "expected": ", ".join(expected)}


def _take_verdict(table: TextTable, by_key: dict[str, str], said: FileAnswer, response: Response) -> None:
    """Take in whether the file was accepted: one refusal among its rows refuses it."""
    accepted, refused = ({word.casefold() for word in words} for words in (said.accepted, said.refused))
    results, files = _texts(table, by_key, said.column), _texts(table, by_key, said.file)
    messages = _texts(table, by_key, said.message)
    found: list[tuple[bool, int]] = []
    for at, (row, result) in enumerate(zip(table.row_number.tolist(), results, strict=True)):
        word = (result or "").casefold()
        if word in accepted | refused:
            found.append((word in accepted, at))
        else:
            response.problems.append(
                problem(
                    row, None, "no_such_value", _EXPECTED, **_found(said.column, result, *said.accepted, *said.refused)
                )
            )
    if found:
        yes, at = min(found)
        response.verdict = Verdict(yes, next((one for one in files if one), None), messages[at] or "")


def _take_lines(table: TextTable, by_key: dict[str, str], said: Answers, decimals: int, response: Response) -> None:
    lines = said.lines
    missing = [name for name in (lines.reference, lines.result) if name.casefold() not in by_key]
    if missing:
        raise AgreedColumnsMissing(missing, table.header)
    reader = _LineReader(said, decimals, response)
    columns = (lines.reference, lines.result, lines.code, lines.message, lines.amount, "record")
    cells = zip(*(_texts(table, by_key, name) for name in columns), strict=True)
    for row, (reference, result, code, message, amount, record) in zip(table.row_number.tolist(), cells, strict=True):
        if record == TOTAL:  # an order file that came back with what became of its lines
            response.rows -= 1
        else:
            reader.take(row, reference, result, code, message, amount)


class _LineReader:
    """Turns rows into answers, by the operator's words."""

    def __init__(self, said: Answers, decimals: int, response: Response) -> None:
        self._said, self._decimals, self._response = said, decimals, response
        self._results = _results(said.lines)

    def take(
        self,
        row: int,
        reference: str | None,
        result: str | None,
        code: str | None,
        message: str | None,
        amount: str | None,
    ) -> None:
        lines = self._said.lines
        if reference is None:
            self._note(row, None, "missing", _("%(column)s: the cell is empty."), column=lines.reference)
            return
        found = self._results.get((result or "").casefold())
        if found is None:
            expected = (*lines.loaded, *lines.failed, *lines.unknown)
            self._note(row, reference, "no_such_value", _EXPECTED, **_found(lines.result, result, *expected))
            return
        minor = None if amount is None else self._minor(amount)
        if amount is not None and minor is None:
            shown = "123456" if self._said.amounts == "minor" else f"1234{self._said.decimal}56"
            words = _("%(column)s: found %(found)s, expected an amount such as %(example)s.")
            said = {"column": lines.amount, "found": repr(amount), "example": shown}
            self._note(row, reference, "not_a_number", words, **said)
            return
        self._response.answers.append((row, Answer(reference, found, code or "", message or "", minor)))

    def _note(self, row: int, reference: str | None, code: str, text: str, **values: Any) -> None:
        self._response.problems.append(problem(row, reference, code, text, **values))

    def _minor(self, text: str) -> int | None:
        plain = text.replace(",", ".") if self._said.decimal == "," else text
        if not _AMOUNT.fullmatch(plain):
            return None
        try:
            return smallest_units(Decimal(plain), 0 if self._said.amounts == "minor" else self._decimals)
        except ValueError:
            return None


def _results(lines: LineAnswers) -> dict[str, LoadResult]:
    by_result = (
        (LoadResult.LOADED, lines.loaded),
        (LoadResult.FAILED, lines.failed),
        (LoadResult.UNKNOWN, lines.unknown),
    )
    return {word.casefold(): result for result, words in by_result for word in words}

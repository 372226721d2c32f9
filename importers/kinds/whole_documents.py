"""Documents of things come in whole: where one row has a problem, the others of its document wait with it.

The problems workbook holds the document then, and is imported as it is once that row is right. A row that counted
without the others would be replaced by them when they come.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from app.domain.documents.numbering import number_key
from app.domain.states import Outcome
from app.domain.typed.codes import code_key
from importers.kinds.rows import ThingRows
from importers.problems.problems import Problems

_Who = int | str
_Document = tuple[_Who, str]


def hold_whole(
    rows: ThingRows,
    days: Mapping[int, dt.date],
    owners: Mapping[str, int],
    broken: Mapping[int, Sequence[str]],
    problems: Problems,
) -> None:
    """Hold the good rows of documents, each a distributor's, of which another row has a problem.

    Args:
        rows: all rows of the file.
        days: of which day each row is, where that is known: a number may be written with its year, long or short.
        owners: the distributors by code key.
        broken: the cells of the rows that do not fit the header; nobody knows which cell is which there.
        problems: what was found of the rows so far.
    """
    found = _Documents(rows, days, owners)
    first_bad: dict[_Document, int] = {}
    for row in sorted({*problems.outcome, *broken}):
        of_row = found.torn(broken[row]) if row in broken else found.may_be(row)
        for document in of_row:
            first_bad.setdefault(document, row)
    for document, because in first_bad.items():
        good = [row for row in found.rows[document] if row not in problems.outcome]
        number = found.written[document]
        problems.add_all(good, Outcome.HELD, "document_in_part", number=number, because=because)


class _Documents:
    """Which rows are of which document."""

    def __init__(self, rows: ThingRows, days: Mapping[int, dt.date], owners: Mapping[str, int]) -> None:
        self.rows: dict[_Document, list[int]] = defaultdict(list)
        self.written: dict[_Document, str] = {}
        self._named: dict[int, tuple[_Who, str]] = {}
        self._days, self._owners = days, owners
        self._years: dict[_Who, set[int]] = defaultdict(set)
        self._spelt: dict[tuple[_Who, str], set[_Document]] = defaultdict(set)
        texts = (rows.typed[field].texts() for field in ("document_number", "distributor"))
        for row, number, code in zip(rows.row_number.tolist(), *texts, strict=True):
            if number is None or code is None:
                continue
            who = self._who(code)
            self._named[row] = who, number
            if row in days:
                year = days[row].year
                document = who, number_key(number, year)
                self.rows[document].append(row)
                self.written.setdefault(document, number)
                self._years[who].add(year)
                self._spelt[who, number.strip()].add(document)

    def _who(self, code: str) -> _Who:
        key = code_key(code)
        return self._owners.get(key, key)

    def may_be(self, row: int) -> Iterator[_Document]:
        """Give the document of a row; where its day cannot be read, each that it may be of."""
        if row not in self._named:
            return
        who, number = self._named[row]
        years = {self._days[row].year} if row in self._days else self._years[who]
        yield from (one for year in years if (one := (who, number_key(number, year))) in self.rows)

    def torn(self, cells: Sequence[str]) -> Iterator[_Document]:
        """Give the documents of which a row has the number and the distributor, in whatever cells."""
        for who in {self._who(cell) for cell in cells}:
            for cell in cells:
                yield from self._spelt.get((who, cell.strip()), ())

"""A look at a file: what it seems to be, column by column, and what somebody must say before it can be read."""

import functools
import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np
import pyarrow as pa

from app.domain.program_file.import_profile import DATE_ORDERS
from app.domain.saying.wording import marked
from app.domain.typed.fields import FIGURES
from importers.files.grid import Grid, SheetSeen
from importers.layout.columns.bare_names import judged
from importers.layout.columns.guessing import guessed
from importers.layout.columns.lifted import with_lifted
from importers.layout.columns.months import is_sum, may_be_of_month, month_columns, read_month
from importers.layout.columns.months_seen import MonthsSeen, months_seen
from importers.layout.columns.naming import Candidate, Facts, Guesses, can_hold, candidates, facts_of, guess
from importers.layout.columns.paid import paid
from importers.layout.columns.proving import floats, overlooked, proved
from importers.layout.columns.spans import has_quarters
from importers.layout.columns.whose_tax_ids import without_customers
from importers.layout.documents.documents import credit_notes, filled_down
from importers.layout.documents.other_documents import PerhapsOthers, perhaps_others
from importers.layout.documents.returned import PerhapsReturned, perhaps_returned
from importers.layout.documents.unknown_kinds import UnknownKinds, unknown_kinds
from importers.layout.looks.other_sheets import Doubtful, asked_of_sheets, called_otherwise
from importers.layout.looks.pointing import with_places, with_rows
from importers.layout.looks.questions import Question, about_columns, about_encoding, about_rows
from importers.layout.looks.sheets import Sheet, distinct_texts, fitting_sheets, named_so, names_of_sheets, sheet_below
from importers.layout.rows.body import Body
from importers.layout.rows.cancelled import PerhapsCancelled, perhaps_cancelled
from importers.layout.rows.corrected import PerhapsCorrected, perhaps_corrected
from importers.layout.rows.headed import below_returns, says_returns, text_of, words_over
from importers.layout.rows.rows import likeness, recognise
from importers.layout.tables.header import (
    JOINT,
    NAMELESS,
    HeaderNotThere,
    Said,
    name_key,
    said_header,
    top_of,
)
from importers.layout.tables.table import Recognised
from importers.layout.tables.turned import lies_turned
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written import dates, numbers
from importers.layout.written.settling import DATES, NUMBERS
from importers.layout.written.signs import agree

_ = marked
Found = TypeVar("Found")
SHOWN_ROWS = 20
_LEAST_MONTHS = 2
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}.*)?")
_SURE = 5_000


@dataclass(frozen=True)
class ColumnSeen:
    """A column: its name, what stands in it, and which fields it may hold, the likeliest first."""

    name: str
    facts: Facts
    fields: tuple[Candidate, ...]


@dataclass(frozen=True)
class Seen:
    """What a file seems to be. Everything in it is a guess but the questions, which are open.

    ``confidence_bp`` is that of the header; ``rows`` are the first of the sheet, with their numbers; ``columns_of``
    gives the column of each field, ``ignored`` those of none; ``form`` what a profile would say of numbers and dates;
    ``fitting`` names the sheets that have these columns, and ``called`` what they are called, by field, in those that
    perhaps hold lines too, and ``doubtful`` those of which somebody must say it; ``header_names`` are what each row of
    a header of several calls the columns; ``returned`` are documents that are perhaps no sales, ``cancelled`` is a
    column that perhaps says so of rows, and ``corrected`` one of rows before and after a correction; ``others`` is a
    column that perhaps names documents by which nothing was sold, and ``unknown`` one that names kinds of documents
    that nobody knows; ``lifted`` are the columns that stand in no cells of their own, but in rows above, say.
    """

    kind: str
    sheets: tuple[SheetSeen, ...]
    sheet: str
    read: tuple[str, ...] | Literal["first", "visible"]
    encoding: str | None
    delimiter: str | None
    header: int
    header_rows: int
    confidence_bp: int
    hidden_rows: int
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    columns: tuple[ColumnSeen, ...]
    columns_of: dict[str, str]
    ignored: tuple[str, ...]
    months: MonthsSeen | None
    fill_down: tuple[str, ...]
    form: dict[str, Any]
    recognised: dict[str, int]
    questions: tuple[Question, ...]
    fitting: tuple[str, ...] = ()
    returned: PerhapsReturned | None = None
    cancelled: PerhapsCancelled | None = None
    corrected: PerhapsCorrected | None = None
    others: PerhapsOthers | None = None
    unknown: UnknownKinds | None = None
    called: dict[str, dict[str, str]] = field(default_factory=dict)
    doubtful: tuple[Doubtful, ...] = ()
    header_names: tuple[tuple[str, ...], ...] = ()
    lifted: tuple[str, ...] = ()


@dataclass
class _Guess:
    """What the columns of a sheet seem to hold."""

    sheet: Sheet
    kind: str
    columns: list[ColumnSeen]
    months: MonthsSeen | None
    guesses: Guesses

    @property
    def questions(self) -> list[Question]:
        """Ask for what no column holds, or more than one."""
        facts = {one.name: one.facts for one in self.columns}

        def holds(wanted: str, name: str) -> bool:
            named = spoken(name.rpartition(JOINT)[2]) in names_of(self.kind)[wanted]
            return (named or can_hold(wanted, facts[name])) and not (self.months is not None and is_sum(name))

        return about_columns(self.guesses, self.months, self.kind, holds)


@dataclass(frozen=True)
class _NoSales:
    """What tells of rows that they are perhaps no sales; ``headed`` is a heading that says that goods came back."""

    returned: PerhapsReturned | None = None
    headed: str | None = None
    cancelled: PerhapsCancelled | None = None
    corrected: PerhapsCorrected | None = None
    others: PerhapsOthers | None = None
    unknown: UnknownKinds | None = None

    @property
    def questions(self) -> list[Question]:
        """Ask whether they are."""
        return about_rows(self.returned, self.headed, self.cancelled, self.corrected, self.others, self.unknown)


class NothingSeen(Exception):
    """No sheet that people see has a table."""


def look(grids: Sequence[Grid], sheets: Sequence[SheetSeen], kind: str, said: Said | None = None) -> Seen:
    """Look at the sheets of a file that people see; ``said`` is where somebody says that its table stands.

    Raises:
        NothingSeen: There is no table in any of them.
        HeaderNotThere: There is none where somebody says.
    """
    as_read = {one.name: one for one in grids}
    grids = _lifted(grids, kind, said)
    found, guess = _chosen(grids, kind, said)
    main, months, guesses = guess.sheet, guess.months, guess.guesses
    key = fingerprint(main.names)
    if kind == "sales" and months is None:
        guesses.choices |= overlooked(main.body, guesses)
    recognised = Recognised()
    lines, above = _lines_of(main, guesses, recognised), top_of(main.grid, main.header.at)
    notes = credit_notes(lines)
    fitting, beside = fitting_sheets(found, main, guesses.columns, kind)
    rest = [one for one in fitting if one is not main]
    called, doubtful = _called_otherwise(guess, beside, said)
    alike = _alike(found, rest, key)
    form, open_ = _form([*alike, *named_so(beside, called, guesses.columns)], guesses, months)
    no_sales = _NoSales()
    if kind == "sales":
        headed = None if notes else _headed(main, lines, recognised.headings, rest, guesses)
        no_sales = _no_sales(fitting or [main], lines, guesses, headed)
    return Seen(
        kind=kind,
        sheets=tuple(sheets),
        sheet=main.grid.name,
        read=_which(grids, main, fitting),
        encoding=main.grid.encoding,
        delimiter=main.grid.delimiter,
        header=int(main.grid.row_number[main.header.at]),
        header_rows=len(main.header.rows),
        confidence_bp=main.confidence_bp,
        hidden_rows=len(main.grid.hidden_rows),
        rows=_first_rows(as_read[main.grid.name], _figures(main, guesses)),
        columns=tuple(guess.columns),
        columns_of=guesses.columns,
        ignored=tuple(guesses.ignored),
        months=months,
        fill_down=_filled_down([main, *rest], guesses),
        form=form | notes,
        recognised={str(one): count for one, count in recognised.count().items()},
        questions=(
            *about_encoding(main.grid),
            *with_places(guess.questions, names_of_sheets(fitting or [main]), above, main.grid.lifted),
            *with_rows(
                lines, [*open_, *no_sales.questions], no_sales.returned, _texts_above(main, above) | recognised.headings
            ),
            *asked_of_sheets(called, doubtful),
        ),
        returned=no_sales.returned,
        cancelled=no_sales.cancelled,
        corrected=no_sales.corrected,
        others=no_sales.others,
        unknown=no_sales.unknown,
        fitting=tuple(one.grid.name for one in fitting),
        called=called,
        doubtful=doubtful,
        header_names=main.names_of_rows,
        lifted=main.grid.lifted.names if main.grid.lifted is not None else (),
    )


def _lifted(grids: Sequence[Grid], kind: str, said: Said | None) -> list[Grid]:
    """Give the sheets with what stands above the lines of each document as columns."""
    ends = {said.sheet or grids[0].name: said.row + said.rows - 1} if said and said.row and grids else {}
    return [with_lifted(one, kind, ends.get(one.name)) for one in grids]


def _no_sales(sheets: Sequence[Sheet], lines: Body, guesses: Guesses, headed: str | None) -> _NoSales:
    """Find what tells so, by the lines of the first sheet, or by columns of any that nobody reads."""
    seen_of = functools.partial(_first, sheets=sheets, guesses=guesses)
    corrected = seen_of(perhaps_corrected)
    returned = perhaps_returned(lines, corrected)
    cancelled, others = seen_of(perhaps_cancelled), seen_of(perhaps_others)
    return _NoSales(returned, headed, cancelled, corrected, others, unknown_kinds(lines))


def _chosen(grids: Sequence[Grid], kind: str, said: Said | None) -> tuple[list[Sheet], _Guess]:
    """Give the sheets that have a table, and what the columns seem to hold of the one that is looked at first."""
    found = [one for one in (_sheet(grid, kind) for grid in grids) if one is not None]
    if said is None or (said.sheet is None and said.row is None):
        return found, _likeliest(found, kind)
    guess = _guess_of(_said(grids, found, said), kind)
    return [guess.sheet, *(one for one in found if one.grid is not guess.sheet.grid)], guess


def _filled_down(sheets: Sequence[Sheet], guesses: Guesses) -> tuple[str, ...]:
    """Give what documents say once, by the first of these sheets where some have several lines."""
    found = (filled_down(_lines_of(one, guesses, Recognised()), guesses) for one in sheets)
    lifted = sheets[0].grid.lifted
    names = {*lifted.names} - {*lifted.each} if lifted is not None else set[str]()
    return tuple(field for field in next(filter(None, found), ()) if guesses.columns[field] not in names)


def _texts_above(sheet: Sheet, above: Sequence[Sequence[str]]) -> dict[int, str]:
    return dict(zip(sheet.grid.row_number.tolist(), map(text_of, above), strict=False))


def _alike(found: Sequence[Sheet], rest: Sequence[Sheet], key: str) -> list[Sheet]:
    """Give the sheets that name the same columns, and the ``rest`` of those that are read."""
    alike = [one for one in found if fingerprint(one.names) == key]
    return alike + [one for one in rest if all(one is not other for other in alike)]


def _called_otherwise(
    guess: _Guess, beside: Sequence[Sheet], said: Said | None
) -> tuple[dict[str, dict[str, str]], tuple[Doubtful, ...]]:
    """Give what columns are called in the other sheets; nothing where somebody named the sheet that is read."""
    if said is not None and said.sheet is not None:
        return {}, ()
    of_lines = functools.partial(_of_lines, kind=guess.kind)
    return called_otherwise(guess.guesses.columns, beside, guess.kind, of_lines)


def _of_lines(sheet: Sheet, kind: str) -> Guesses | None:
    """Give what the columns of a further sheet seem to hold; None where it surely holds no lines such as the first."""
    guess = _guess_of(sheet, kind)
    return None if sheet.confidence_bp < _SURE or guess.months is not None else guess.guesses


def _lines_of(sheet: Sheet, guesses: Guesses, recognised: Recognised) -> Body:
    """Give the lines of a sheet, and note what its other rows are."""
    body = Body(
        sheet.below(_figures(sheet, guesses)), sheet.grid.row_number[sheet.header.below :], _places(sheet, guesses)
    )
    titles = {likeness(row) for row in top_of(sheet.grid, sheet.header.at)}
    header, lifted = sheet.header.of(sheet.kept), sheet.grid.lifted
    return body.without(recognise(body, header, sheet.names, frozenset(), recognised, titles, lifted))


def fingerprint(names: Sequence[str]) -> str:
    """Give what two headers share that name the same columns, in whatever order; months count as one another."""
    keys, months = set(), {one.name for one in month_columns(names, told=True)}
    for name in names:
        is_month = may_be_of_month if name in months else read_month
        parts = ["month" if is_month(part) else name_key(part) for part in name.split(JOINT)]
        keys.add(JOINT.join(parts))
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:32]


def _likeliest(found: Sequence[Sheet], kind: str) -> "_Guess":
    """Take the first sheet that surely has a header and names all that is needed: a summary may stand before it.

    Where none names all, that of which least is asked; where none surely has a header, the likeliest.
    """
    if not found:
        raise NothingSeen
    sure = [one for one in found if one.confidence_bp >= _SURE] or [max(found, key=lambda one: one.confidence_bp)]
    best: _Guess | None = None
    for one in (_guess_of(sheet, kind) for sheet in sure):
        if best is None or len(one.questions) < len(best.questions):
            best = one
        if not best.questions:
            break
    assert best is not None, "there is one"
    return best


def _guess_of(sheet: Sheet, kind: str) -> "_Guess":
    columns = [_column(sheet, at, kind) for at in range(len(sheet.names))]
    above = top_of(sheet.grid, sheet.header.at)
    months = months_seen(sheet.months, above) if len(sheet.months) >= _LEAST_MONTHS and kind == "sales" else None
    return _Guess(sheet, kind, columns, months, _guesses(sheet, columns, months, kind))


def _said(grids: Sequence[Grid], found: Sequence[Sheet], said: Said) -> Sheet:
    """Take the sheet and the header that somebody named; of a sheet alone the header is found."""
    name = said.sheet if said.sheet is not None else grids[0].name
    grid = next((one for one in grids if one.name == name), None)
    if grid is None:
        raise HeaderNotThere(_("No sheet that people see is called %(sheet)s; choose another one."), sheet=repr(name))
    if said.row is None:
        sheet = next((one for one in found if one.grid is grid), None)
        if sheet is None:
            words = _("There is no table in the sheet %(sheet)s; say the row in which its header stands.")
            raise HeaderNotThere(words, sheet=repr(name))
        return sheet
    return sheet_below(grid, said_header(grid, said), 10_000)


def _sheet(grid: Grid, kind: str) -> Sheet | None:
    header, confidence_bp = guessed(grid, kind) if not lies_turned(grid, kind) else (None, 0)
    if header is None:
        return None
    sheet = sheet_below(grid, header, confidence_bp)
    return None if kind == "sales" and not sheet.months and has_quarters(header.rows) else sheet


def _column(sheet: Sheet, at: int, kind: str) -> ColumnSeen:
    called = {row[sheet.kept[at]] for row in sheet.header.rows} - {""}
    facts = facts_of(sheet.said_of_lines(sheet.body.column(at)), names=called)
    fields = candidates(sheet.names[at], facts, kind)
    if sheet.kept[at] in sheet.grid.shown and not (fields and fields[0].field in FIGURES):
        facts = facts_of(sheet.said_of_lines(sheet.below(()).column(at)), names=called)
        fields = candidates(sheet.names[at], facts, kind)
    return ColumnSeen(sheet.names[at], facts, tuple(fields))


def _guesses(sheet: Sheet, columns: Sequence[ColumnSeen], months: MonthsSeen | None, kind: str) -> Guesses:
    of_months = {one.name for one in sheet.months} if months else set()
    found = {
        one.name: list(one.fields)
        for one in columns
        if one.name not in of_months and not (months and is_sum(one.name)) and not one.name.startswith(NAMELESS)
    }
    if months:
        found = {name: [one for one in several if one.field not in months.fields] for name, several in found.items()}
    if kind == "sales":
        found = paid(sheet.body, judged(sheet.below(()), without_customers(found)))
    guesses = guess(proved(sheet.body, found), kind)
    guesses.ignored += [one.name for one in columns if one.name not in found and one.name not in of_months]
    return guesses


def _places(sheet: Sheet, guesses: Guesses) -> dict[str, int]:
    return {wanted: sheet.names.index(name) for wanted, name in guesses.columns.items()}


def _which(
    grids: Sequence[Grid], main: Sheet, fitting: Sequence[Sheet]
) -> tuple[str, ...] | Literal["first", "visible"]:
    """Say which sheets are read: all that people see, where several have the columns that are read."""
    if len(fitting) > 1:
        return "visible"
    return "first" if main.grid is grids[0] else (main.grid.name,)


def _figures(sheet: Sheet, guesses: Guesses) -> set[int]:
    """Give the columns of the grid that seem to hold figures."""
    names = {name for wanted, name in guesses.columns.items() if wanted in FIGURES}
    names |= {one.name for one in sheet.months}
    return {at for at, name in zip(sheet.kept, sheet.names, strict=True) if name in names}


def _first_rows(grid: Grid, figures: Collection[int]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    top = top_of(replace(grid, cells=grid.seen(figures)), SHOWN_ROWS)
    return tuple((int(row), tuple(cells)) for row, cells in zip(grid.row_number, top, strict=False))


def _form(
    sheets: Sequence[Sheet], guesses: Guesses, months: MonthsSeen | None
) -> tuple[dict[str, Any], list[Question]]:
    """Say what a profile must of numbers and dates, and what it cannot know."""
    form: dict[str, Any] = {}
    questions: list[Question] = []
    _about_numbers(sheets, guesses, months, form, questions)
    texts = {name: distinct_texts(sheets, name).to_pylist() for one in DATES if (name := guesses.columns.get(one))}
    agreed = dates.agreed({name: dates.proof(of) for name, of in texts.items()})
    if agreed.proof.order is None:
        ways = agreed.proof.orders or DATE_ORDERS
        questions.append(Question("dates", "dates", agreed.asked, ways, agreed.proof.examples))
    elif not all(_ISO.fullmatch(text) for of in texts.values() for text in of):
        form["dates"] = agreed.proof.order
    return form, questions


def _about_numbers(
    sheets: Sequence[Sheet],
    guesses: Guesses,
    months: MonthsSeen | None,
    form: dict[str, Any],
    questions: list[Question],
) -> None:
    """Say how numbers are written, by most columns and by those that differ; of months all are written alike."""
    main = sheets[0]
    held = {one: guesses.columns[one] for one in NUMBERS if one in guesses.columns}
    of_months = {f"month {one.name}": one.name for one in main.months} if months else {}
    held |= of_months
    proofs = {
        one: numbers.proof(distinct_texts(sheets, name), typed=main.grid.typed, as_text=_as_text(sheets, name))
        for one, name in held.items()
    }
    agreed = agree(proofs, lambda one: main.body.column(held[one]))
    asked = agreed.open or next((one for one in agreed.others if one in of_months), None)
    if asked is not None:
        questions.append(Question("decimal", "decimal", held[asked], (",", "."), proofs[asked].examples))
    elif agreed.most is not None:
        form |= {"decimal": ","} if agreed.most.decimal == "," else {}
        form |= {"thousands": agreed.most.thousands} if agreed.most.thousands else {}
    others = {one: signs for one, signs in agreed.others.items() if one not in of_months}
    if others:
        form["numbers"] = {one: asdict(signs) for one, signs in others.items()}


def _as_text(sheets: Sequence[Sheet], name: str) -> list[str]:
    """Give some texts such as 1.234 of a column that stand in text cells, beside number cells that look so."""
    found: list[str] = []
    for sheet in sheets:
        marked = sheet.grid.texts.get(sheet.kept[sheet.names.index(name)]) if name in sheet.names else None
        if marked is not None:
            texts = sheet.body.column(name).filter(pa.array(marked[sheet.header.below :]))
            found += texts.slice(0, numbers.EXAMPLES).to_pylist()
    return found


def _first(
    find: Callable[[Mapping[str, pa.ChunkedArray]], Found | None], sheets: Sequence[Sheet], guesses: Guesses
) -> Found | None:
    """Give what is found first of the columns that are not read, sheet by sheet."""
    taken = set(guesses.columns.values())
    for sheet in sheets:
        seen = find({name: sheet.body.column(name) for name in sheet.names if name not in taken})
        if seen is not None:
            return seen
    return None


def _headed(
    main: Sheet, lines: Body, headings: Mapping[int, str], others: Sequence[Sheet], guesses: Guesses
) -> str | None:
    """Give a heading that says that goods came back whose quantities are above zero.

    ``headings`` stand among the ``lines`` of the first sheet; of the others only what stands above is looked at.
    """
    for sheet in (main, *others):
        over = words_over(guesses.columns.get("quantity")) if sheet is main else ""
        above = [sheet.grid.name, *map(text_of, top_of(sheet.grid, sheet.header.at)), over]
        among = headings if sheet is main else {}
        said = next((text for text in (*above, *among.values()) if says_returns(text)), None)
        if said is None:
            continue
        cells, rows = (lines.cells, lines.row_number) if sheet is main else (sheet.body, np.arange(len(sheet.body)))
        marked = below_returns(rows, above, among)
        pieces = [one.name for one in sheet.months] or [guesses.columns.get("quantity", "")]
        below = cells if marked is None else cells.filter(pa.array(marked))
        if any((floats(below, name) > 0).any() for name in pieces if name in cells.column_names):
            return said
    return None

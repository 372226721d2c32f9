"""Kinds of rows: which of those below a header are no lines of the table, and what they are instead."""

import re
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.files.grid import Lifted
from importers.layout.rows.adding_up import lines_called_totals, subtotals
from importers.layout.rows.body import Body, blank_rows
from importers.layout.rows.headed import parts_lines, text_of
from importers.layout.rows.labelled import says_whose
from importers.layout.rows.levels import head_rows, levels
from importers.layout.rows.lone import LEAST_WIDTH, Lone, groups
from importers.layout.tables.header import Header, empty_cells, name_key
from importers.layout.tables.table import Kind, Recognised
from importers.layout.words.around import (
    ADDED,
    DRAWN,
    DUE,
    IN_WORDS,
    NOTHING,
    PAGE,
    STARRED,
    TOTAL,
    TOTAL_WORDS,
    WHOLE_TOTAL,
)
from importers.layout.words.synonyms import is_tax
from importers.layout.written.settling import OF_LINES

KEYS = frozenset({"document_number", "issued_on", "distributor", "product", "code", "name"})
"""Fields that say of what a row is: one that says nothing of the kind is no line."""

_BOOKED = "booked_on"
_OF_BOOKINGS = frozenset({_BOOKED, "reference", "token", "last4", "booking"})
"""Those of a provider's bookings. A row without its day, which each booking has, is a line where others say of what."""

_NUMERIC = re.compile(r"[-+(\u2212]?\s*\d[\d\s.,'\u00a0\u202f]*.{0,5}")


_LINE = re.compile(DRAWN)
_DIGITS = re.compile(r"\d+")
_STARS = re.compile(r"\*{1,9}")

_OF_A_TOTAL = re.compile(
    r"(?:w tym|of which|thereof|davon|в том числе|в т\. ?ч|incluid[oa]s?|de los cuales|dont|di cui|z toho)(?!\w)",
    re.IGNORECASE,
)
"""What begins a row that tells a part of the total above it."""
_OF_A_LABEL = 2
"""Cells of a row that says something of the report: what it says, perhaps behind the name of it."""
_MOST_CROSSED = 7
"""Bytes of the longest sign for nothing in a cell that is looked for; written days are longer."""
_MOST_BELOW = 1_000
"""So many of the last rows are looked at for what they say of the report: a table may have a million."""
_LEAST_NAMES = 3
"""Names of columns that a row has which is a header."""
_ASKED = 3
"""Columns in which another header is looked for: one of them it names, or it is of another table."""


def likeness(cells: Sequence[str]) -> str:
    """Give what two rows share that say the same of two pages: all but their figures."""
    return _DIGITS.sub("0", "|".join(cell for cell in cells if cell)).casefold()


def recognise(
    body: Body,
    header: Header,
    names: Sequence[str],
    hidden: Collection[int],
    recognised: Recognised,
    titles: Collection[str] = (),
    lifted: Lifted | None = None,
) -> np.ndarray:
    """Find the rows that are no lines, note what they are, and mark them.

    Args:
        body: the rows below the header.
        header: the header of these columns, which may come again.
        names: of the columns.
        hidden: rows whose cells are one over several columns: a heading stands in such.
        recognised: takes what is found.
        titles: what stands above the header (`likeness`), and again above it on every page.
        lifted: the last of the columns, where they stand in no cell: what they hold makes no row a line.
    """
    numbers = _numbers(body)
    if lifted is not None:
        recognised.add(Kind.HEADING, lifted.headings)
        names = names[: len(names) - len(lifted.names)]
        body, header = body.narrowed(len(names)), header.of(range(len(names)))
    blank = blank_rows(body.cells)
    drawn = _drawn_lines(body, blank)
    blank |= drawn
    recognised.add(Kind.BLANK, body.row_number[blank])
    repeated = _repeated_headers(body, header)
    recognised.add(Kind.REPEATED_HEADER, body.row_number[repeated])
    found: np.ndarray = blank | repeated
    of_levels = levels(body)
    keys = sorted(KEYS & body.columns.keys() - {*of_levels}) or [_BOOKED] * (_BOOKED in body.columns)
    if not keys:
        return found
    lacks, short = _lack_keys(body, keys, found)
    added = _subtotals(body, keys, short, found) | _level_totals(body) | _crossed_totals(body)
    lacks |= added | _named_totals(body)
    notes = _notes(body, blank) if len(keys) > 1 else np.zeros(len(body), dtype=bool)
    lacks |= notes
    lacks &= ~head_rows(body, of_levels)
    doubtful = np.flatnonzero(lacks & ~found)
    if not len(doubtful):
        return found
    whole = np.flatnonzero(~lacks & ~found)
    last = int(whole[-1]) if len(whole) else -1
    above_headers = _just_above(found, repeated, doubtful)
    doubts = dict(zip(doubtful.tolist(), body.cells_of(doubtful), strict=True))
    headed = {*hidden, *_group_rows(body, doubts, whole)}
    for at, cells in doubts.items():
        row = int(body.row_number[at])
        if added[at]:
            kind: Kind | None = Kind.TOTAL
        elif (notes[at] and at > last) or (at in above_headers and likeness(cells) in titles):
            kind = Kind.HEADING
        else:
            heading = row in headed or at in above_headers
            kind = _kind(cells, body.columns, numbers, trailing=at > last, heading=heading)
            below_a_line = at > 0 and not (lacks[at - 1] or found[at - 1])
            if kind is Kind.TOTAL and below_a_line and _completes(body, at, cells):
                kind = None
        if kind is None:
            continue
        found[at] = True
        recognised.add(kind, [row])
        if kind is Kind.HEADING and (at < last or says_whose([cell for cell in cells if cell])):
            recognised.headings[row] = text_of(cells)
        if kind is Kind.TOTAL:
            recognised.totals[row] = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
    return found


def _completes(body: Body, at: int, cells: Sequence[str]) -> bool:
    """Say whether a row of nothing but figures has those of the line above it, as where a long name pushed them down.

    They are no sum of the lines: it would stand below one that has figures itself.
    """
    if not all(_NUMERIC.fullmatch(cell) for cell in cells if cell):
        return False
    (above,) = body.cells_of(np.array([at - 1]))
    named = any(above[body.columns[field]] for field in KEYS & body.columns.keys())
    return named and not any(above[place] for place, cell in enumerate(cells) if cell)


def _group_rows(body: Body, doubts: Mapping[int, list[str]], whole: np.ndarray) -> AbstractSet[int]:
    """Give the numbers of the rows that name a group of lines, of those that are perhaps none."""
    said = {at: [Lone(place, cell) for place, cell in enumerate(cells) if cell] for at, cells in doubts.items()}
    lone = {int(body.row_number[at]): cells[0] for at, cells in said.items() if len(cells) == 1}
    return groups(lone, body.row_number[whole], body.cells.num_columns).keys()


def _lack_keys(body: Body, keys: Sequence[str], found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mark the rows that lack what names a line, and those that lack all of it but for one."""
    lacking = np.zeros(len(body), dtype=np.int8)
    for field in keys:
        lacking += empty_cells(body.cells.column(body.columns[field]))
    short = lacking >= len(keys) - 1
    if len(keys) == 1:  # a month matrix, say, of goods alone: each row has no more than one word of the kind
        totals = _are_totals(body.cells.column(body.columns[keys[0]]))
        named = (lacking == 0) & ~found & ~totals
        lacks = (lacking == 1) | (totals & ~lines_called_totals(body.cells, body.columns, keys[0], totals, named))
    else:
        lacks = short.copy()
    return lacks, short


def _drawn_lines(body: Body, blank: np.ndarray) -> np.ndarray:
    """Mark the rows in which nothing stands but dashes or the like, in every cell that is filled."""
    drawn: np.ndarray = np.zeros(len(body), dtype=bool)
    if not body.cells.num_columns:
        return drawn
    first = pc.match_substring_regex(body.cells.column(0), rf"^\s*{DRAWN}\s*$")  # where such a line begins
    places = np.flatnonzero(np.asarray(pc.fill_null(first, False), dtype=bool) & ~blank)  # noqa: FBT003
    for at, cells in zip(places.tolist(), body.cells_of(places) if len(places) else (), strict=True):
        drawn[at] = all(_LINE.fullmatch(cell) for cell in cells if cell)
    return drawn


def _notes(body: Body, blank: np.ndarray) -> np.ndarray:
    """Mark the rows below the table that have no goods and no number of a line: ``Rows: 24``.

    They stand behind a blank one, or begin with what they say something of: ``Sporządził: Jan Kowalski``.
    """
    said: np.ndarray = np.zeros(len(body), dtype=bool)
    labels = _labels(body)
    for field in ("product", *OF_LINES):
        if field in body.columns:
            said |= ~empty_cells(body.cells.column(body.columns[field])) & ~labels
    last = int(np.flatnonzero(said)[-1]) if said.any() else -1
    below = np.arange(len(body)) > last
    gaps = np.flatnonzero(blank & below)
    if last < 0:
        return np.zeros(len(body), dtype=bool)
    first = gaps[0] if len(gaps) else len(body)
    return np.asarray(below & ~blank & (labels | (np.arange(len(body)) > first)), dtype=bool)


def _labels(body: Body) -> np.ndarray:
    """Mark the last rows of a text or two of which the first is the name of what is behind it: ``Data wydruku:``."""
    marked, start = np.zeros(len(body), dtype=bool), max(0, len(body) - _MOST_BELOW)
    filled = np.zeros(len(body) - start, dtype=np.int32)
    for column in body.cells.columns:
        filled += ~empty_cells(column.slice(start))
    places = start + np.flatnonzero((filled > 0) & (filled <= _OF_A_LABEL))
    for at, cells in zip(places.tolist(), body.cells_of(places) if len(places) else (), strict=True):
        said = [cell.strip() for cell in cells if cell]
        named = said[0].endswith(":") or IN_WORDS.fullmatch(said[0])
        marked[at] = bool(named) and not _is_total(said[0]) and not _is_part_of_total(said)
    return marked


def _subtotals(body: Body, keys: Sequence[str], alone: np.ndarray, no_lines: np.ndarray) -> np.ndarray:
    """Mark the rows that add up others, and whose goods are called as a total may be.

    Such a row names nothing else, or its goods are called nothing but a total: it may repeat whose lines it adds up.
    """
    if "product" not in body.columns:
        return np.zeros(len(body), dtype=bool)
    texts = body.cells.column(body.columns["product"])
    told = pc.match_substring_regex(texts, TOTAL_WORDS)
    places = np.flatnonzero(np.asarray(pc.fill_null(told, False), dtype=bool))  # noqa: FBT003
    called = np.zeros(len(body), dtype=bool)
    said = [text.strip() for text in texts.take(pa.array(places)).to_pylist()]
    whole = np.asarray([bool(WHOLE_TOTAL.fullmatch(text)) for text in said], dtype=bool)
    called[places] = [bool(TOTAL.match(text)) for text in said]
    called[places] &= alone[places] ^ whole
    return subtotals(body.cells, body.columns, keys, called, ~no_lines & ~called & ~empty_cells(texts))


def _level_totals(body: Body) -> np.ndarray:
    """Mark the rows without goods that say what they add up, and behind it nothing but a word such as ``Result``.

    Stars may stand before it in a column of their own; a line that lost its goods has all that lines have but these.
    """
    marked = np.zeros(len(body), dtype=bool)
    if "product" not in body.columns:
        return marked
    places = {at for field, at in body.columns.items() if field in KEYS}
    others = set(range(body.cells.num_columns)) - {*body.columns.values()}
    bare = np.flatnonzero(empty_cells(body.cells.column(body.columns["product"])))
    for at, cells in zip(bare.tolist(), body.cells_of(bare) if len(bare) else (), strict=True):
        words = [place for place in places if WHOLE_TOTAL.fullmatch(cells[place])]
        ends = bool(words) and not any(cells[place] for place in places if place > min(words))
        starred = any(_STARS.fullmatch(cells[place]) for place in others)
        marked[at] = ends or (starred and sum(not cells[place] for place in places) > 1)
    return marked


def _crossed_totals(body: Body) -> np.ndarray:
    """Mark the rows called a total that have a sign for nothing in all else of what a line is: ``Razem;-;-``.

    The rest of a row is looked at only where its day is such a sign, or its goods in a table without days.
    """
    marked = np.zeros(len(body), dtype=bool)
    asked = next((one for one in ("issued_on", "product") if one in body.columns), None)
    if asked is None:
        return marked
    texts = body.cells.column(body.columns[asked])
    short = np.flatnonzero(np.asarray(pc.fill_null(pc.less_equal(pc.binary_length(texts), _MOST_CROSSED), False)))  # noqa: FBT003
    crossed = pc.match_substring_regex(texts.take(pa.array(short)), f"^(?:{NOTHING.pattern})$", ignore_case=True)
    places = short[np.asarray(crossed, dtype=bool)]  # of a million short codes of goods these alone are looked at
    of_line = sorted(body.columns[field] for field in KEYS & body.columns.keys())
    for at, cells in zip(places.tolist(), body.cells_of(places) if len(places) else (), strict=True):
        said = [cells[place] for place in of_line if cells[place] and not NOTHING.fullmatch(cells[place])]
        marked[at] = bool(cells[body.columns[asked]]) and len(said) == 1 and bool(WHOLE_TOTAL.fullmatch(said[0]))
    return marked


def _named_totals(body: Body) -> np.ndarray:
    """Mark the rows that have no code of goods, and where their name stands nothing but that they are a total."""
    if not {"product", "product_name"} <= body.columns.keys():
        return np.zeros(len(body), dtype=bool)
    coded = ~empty_cells(body.cells.column(body.columns["product"]))
    return np.asarray(_are_totals(body.cells.column(body.columns["product_name"])) & ~coded, dtype=bool)


def _are_totals(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Mark the cells that say nothing but that the row is a total."""
    coded = pc.dictionary_encode(texts).combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    coded = coded if isinstance(coded, pa.DictionaryArray) else pc.dictionary_encode(coded)
    said = [bool(text and WHOLE_TOTAL.fullmatch(text.strip())) for text in coded.dictionary.to_pylist()]
    of: np.ndarray = pc.fill_null(coded.indices, len(said)).to_numpy(zero_copy_only=False)
    marked: np.ndarray = np.asarray([*said, False], dtype=bool)[of]
    return marked


def kind_of_broken(cells: Sequence[str], *, above: bool, trailing: bool, on_page_top: bool) -> Kind | None:
    """Say what a row is whose number of cells is not the table's."""
    said = [cell for cell in cells if cell.strip()]
    if above or ((trailing or on_page_top) and len(said) == 1) or (trailing and _is_part_of_total(said)):
        return Kind.HEADING
    if says_whose(said) or _numbers_a_page(said):
        return Kind.HEADING
    if said and all(_LINE.fullmatch(cell.strip()) for cell in said):
        return Kind.BLANK
    if said and TOTAL.match(said[0]) and all(_NUMERIC.fullmatch(cell.strip()) for cell in said[1:]):
        return Kind.TOTAL
    return None


def _numbers(body: Body) -> frozenset[str]:
    """Give the numbers of the documents: what adds one up may be called by it."""
    if "document_number" not in body.columns:
        return frozenset()
    texts = pc.unique(pc.utf8_trim_whitespace(body.cells.column(body.columns["document_number"])))
    return frozenset(filter(None, texts.to_pylist()))


def _adds_up(text: str, numbers: AbstractSet[str]) -> bool:
    """Say whether a text where a name of goods might stand is that of a total: of all, or of a document."""
    if WHOLE_TOTAL.fullmatch(text):
        return True
    if not TOTAL.match(text):
        return False
    words = text.rstrip(" :").split(" ")
    parts = ((words[at:], words[:at]) for at in range(1, len(words)))
    return any(" ".join(part) in numbers for several in parts for part in several)


def _kind(
    cells: Sequence[str], columns: Mapping[str, int], numbers: AbstractSet[str], *, trailing: bool, heading: bool
) -> Kind | None:
    said = [at for at, cell in enumerate(cells) if cell]
    product = columns.get("product")
    if trailing and _is_part_of_total([cells[at] for at in said]):
        return Kind.HEADING
    words = [at for at in said if (_adds_up(cells[at], numbers) if at == product else _is_total(cells[at]))]
    fields = {place: field for field, place in columns.items()}
    telling = _OF_BOOKINGS if _BOOKED in columns else KEYS
    keyed = [at for at in said if fields.get(at) in telling and at not in words]
    if words and (not keyed or _is_total_named(cells, columns)):
        return Kind.TOTAL
    if len(cells) >= LEAST_WIDTH and says_whose([cells[at] for at in said]):
        return Kind.HEADING
    if _numbers_a_page([cells[at] for at in said]):
        return Kind.HEADING
    if (
        len(said) == 1
        and (heading or (len(cells) >= LEAST_WIDTH and (trailing or parts_lines(cells[said[0]]))))
        and not _NUMERIC.fullmatch(cells[said[0]])
    ):
        return Kind.HEADING
    if trailing and not keyed and len(said) < len(cells) and all(_NUMERIC.fullmatch(cells[at]) for at in said):
        return Kind.TOTAL  # sums that nothing names, below the last line
    return None


def _is_part_of_total(said: Sequence[str]) -> bool:
    """Say whether a row below the last line tells what is in its total, or added to it: ``VAT 23%``, ``w tym korekty``.

    So does one that says what is to be paid.
    Behind these words nothing stands but figures, which add up none of the lines.
    """
    if not said or not (_OF_A_TOTAL.match(said[0]) or is_tax(ADDED.sub("", said[0])) or DUE.fullmatch(said[0])):
        return False
    return all(_NUMERIC.fullmatch(cell.strip()) for cell in said[1:])


def _is_total(text: str) -> bool:
    return bool(TOTAL.match(text) or STARRED.fullmatch(text))


def _numbers_a_page(said: Sequence[str]) -> bool:
    """Say whether a row says nothing but which page of a printed report it is."""
    return len(said) == 1 and PAGE.fullmatch(said[0].strip()) is not None


def _is_total_named(cells: Sequence[str], columns: Mapping[str, int]) -> bool:
    """Say whether a row has no code of goods, and where their name stands nothing but that it is a total."""
    if not {"product", "product_name"} <= columns.keys() or cells[columns["product"]]:
        return False
    return bool(WHOLE_TOTAL.fullmatch(cells[columns["product_name"]]))


def _repeated_headers(body: Body, header: Header) -> np.ndarray:
    found = np.zeros(len(body), dtype=bool)
    for row in header.rows:
        names = [name_key(cell) for cell in row]
        first = next((at for at, name in enumerate(names) if name), None)
        if first is None:
            continue
        texts = body.cells.column(first)
        spoken = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
        alike = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(spoken, row[first].lower()), False)))  # noqa: FBT003
        if len(alike):
            rows = body.cells_of(alike)
            found[alike] |= [[name_key(cell) for cell in cells] == names for cells in rows]
    below = np.flatnonzero(np.append(True, found)[:-1])  # what stands directly below the header, or below one of them
    if len(below):
        found[below] |= [numbers_columns(cells) for cells in body.cells_of(below)]
    return found


def numbers_columns(cells: Sequence[str]) -> bool:
    """Say whether a row numbers the columns, as forms of offices do below their names: 1, 2, 3 or (1), (2), (3)."""
    said = [cell.strip("().") for cell in cells]
    return len(cells) >= LEAST_WIDTH and any(
        said == [str(at) for at in range(first, len(cells) + first)] for first in (0, 1)
    )


def other_header(body: Body, header: Header, names: Sequence[str]) -> int | None:
    """Give the row of another header, which names columns that are read in other places; None where there is none.

    What stands below it would be taken for what it is not: a price for a number of pieces, say.
    """
    keys = {name_key(header.rows[-1][at] or names[at]): at for at in body.columns.values()}
    asked = [at for at in sorted(keys.values()) if at < len(header.rows[-1])][:_ASKED]
    spellings = pa.array(sorted({cell for row in header.rows for cell in row if cell}), pa.large_string())
    found = np.zeros(len(body), dtype=bool)
    for at in asked:
        found |= np.asarray(pc.is_in(pc.utf8_trim_whitespace(body.cells.column(at)), value_set=spellings))
    places = np.flatnonzero(found)
    for place, cells in zip(places.tolist(), body.cells_of(places) if len(places) else (), strict=True):
        said = {name_key(cell): at for at, cell in enumerate(cells) if name_key(cell) in keys}
        if len(said) >= _LEAST_NAMES and any(keys[key] != at for key, at in said.items()):
            return int(body.row_number[place])
    return None


def _just_above(found: np.ndarray, repeated: np.ndarray, doubtful: np.ndarray) -> set[int]:
    """Give the doubtful rows that stand directly above a header that comes again: a new page begins with them."""
    doubted, above = set(doubtful.tolist()), set()
    for header in np.flatnonzero(repeated).tolist():
        at = header - 1
        while at in doubted or (at >= 0 and found[at]):
            above.add(at)
            at -= 1
    return above & doubted

"""Rows become documents: lines with one key belong together, and one bad row holds all of them (rules.md 1, 9)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from app.domain.documents.numbering import number_keys
from app.domain.documents.sales import (
    NO_AMOUNT,
    UNKNOWN,
    Documents,
    Flags,
    Lines,
    Sales,
    Texts,
    in_counting_order,
    told,
)
from app.domain.documents.seller_keys import own_key, seller_key
from app.domain.measures.exact import Ints, by_value, order_of
from app.domain.states import Outcome
from app.domain.typed.codes import code_key
from app.services.persons.rosters import name_key
from importers.problems.problems import Problems
from importers.typed.parsing import Column
from importers.typed.sales_rows import SalesRows
from verification.incoming import Incoming

_SAFE = 2**62
_MOST_NAMED = 10
_DAY = 24 * 60 + 1  # minutes of a day, and one more for those whose time is not known


@dataclass(frozen=True)
class Grouped:
    """Whole documents ready for the gate, the rows that repeat a document of the same file, and each row's document.

    ``several_people`` are the numbers of documents whose rows name different people: each is the first one's.
    """

    incoming: Incoming
    repeated_rows: np.ndarray
    document: Ints
    several_people: list[str]

    def warnings(self) -> list[dict[str, Any]]:
        """Tell what was noticed of the documents and stops nothing."""
        numbers = self.several_people
        if not numbers:
            return []
        found = ", ".join([*numbers[:_MOST_NAMED], *(["…"] if len(numbers) > _MOST_NAMED else [])])
        return [{"code": "several_people", "count": len(numbers), "found": found}]


def group(
    rows: SalesRows,
    distributor_id: Ints,
    product_id: Ints,
    problems: Problems,
    broken: Mapping[int, Sequence[str]] | None = None,
    ignored: Flags | None = None,
) -> Grouped:
    """Put lines together into documents, in counting order.

    The key is seller (tax id, or the distributor), kind and normalised number. Where one key is written in several ways
    in places apart, each place is an occurrence of its own: the first is the document, the others repeat it or
    contradict it. So does another distributor that claims a document of the same seller. A document with a bad row
    waits whole.

    Args:
        rows: typed rows, good and bad.
        distributor_id: of each row, ``UNKNOWN`` where there is none.
        product_id: likewise.
        problems: knows the bad rows; takes what is found here.
        broken: the cells of rows that are not among ``rows``, for they do not fit the header: a document that such a
            row belongs to waits as well.
        ignored: marks the rows that name what does not count: the document that such a row belongs to does not either.
    """
    bad = np.isin(rows.row_number, problems.rows())
    named = rows.distributor.code >= 0
    if rows.seller is not None:
        named = named | (rows.seller.code >= 0)
    key_code, keys = _number_keys(rows)
    seller_code, sellers = _sellers(rows, distributor_id)
    document, _ = _numbered(seller_code, rows.kind.astype(np.int64), key_code)
    document[(rows.number.code < 0) | ~named] = UNKNOWN
    repeated = _occurrences(rows, document, bad, product_id, problems)
    bad |= np.isin(rows.row_number, problems.rows())
    line_number = _line_numbers(rows, document, bad, repeated, problems)
    if ignored is not None and ignored.any():
        _refuse_whole(rows, document, repeated, problems, ignored)
    _hold_whole(rows, document, repeated, problems, _torn(rows, document, broken or {}))
    bad = np.isin(rows.row_number, problems.rows()) | repeated
    good = np.flatnonzero(~bad & (document >= 0))
    sales, first, total_minor, several_people = _as_sales(rows, good, document, line_number, distributor_id, product_id)
    incoming = Incoming(
        sales=sales,
        number_key=np.asarray([keys[one] for one in key_code[first]], dtype=object),
        seller_key=np.asarray([sellers[one] for one in seller_code[first]], dtype=object),
        total_minor=total_minor,
    )
    return Grouped(incoming, rows.row_number[repeated], document, several_people)


def _number_keys(rows: SalesRows) -> tuple[Ints, list[str]]:
    """Normalise each distinct number once a year of issue: a document's year is that of its earliest line."""
    dated = np.where(np.isnat(rows.issued_on), np.datetime64("9999-12-31", "D"), rows.issued_on)
    written, first = _numbered(rows.distributor.code, rows.kind.astype(np.int64), rows.number.code)
    earliest = np.full(len(first), np.iinfo(np.int64).max)
    np.minimum.at(earliest, written, dated.astype(np.int64))
    years = earliest.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    pair, first_pair = _numbered(rows.number.code[first], years)
    spelled = [*rows.number.written, ""]  # a row without a number has the code -1
    made = number_keys([spelled[at] for at in rows.number.code[first[first_pair]].tolist()], years[first_pair].tolist())
    codes, keys = pd.factorize(np.asarray(made, dtype=object))
    return codes.astype(np.int64)[pair][written], [str(key) for key in keys]


def _sellers(rows: SalesRows, distributor_id: Ints) -> tuple[Ints, list[str]]:
    """Give each row's seller: its tax id, or where the file has none the distributor."""
    pair, first = _numbered(distributor_id, rows.distributor.code)
    # a distributor that is not known yet is told apart by its code
    own = [
        own_key(known) if known != UNKNOWN else f"code:{rows.distributor.keys[code]}" if code >= 0 else ""
        for known, code in zip(distributor_id[first].tolist(), rows.distributor.code[first].tolist(), strict=True)
    ]
    taxes = rows.seller.values.to_pylist() if rows.seller is not None else []
    codes, names = pd.factorize(np.asarray([*own, *map(seller_key, taxes)], dtype=object))
    by_distributor = codes.astype(np.int64)[: len(own)][pair]
    if rows.seller is None:
        return by_distributor, [str(name) for name in names]
    by_tax = np.append(codes.astype(np.int64)[len(own) :], UNKNOWN)[rows.seller.code]
    return np.where(rows.seller.code >= 0, by_tax, by_distributor), [str(name) for name in names]


def _numbered(*columns: Ints) -> tuple[Ints, Ints]:
    """Number the distinct combinations of columns of whole numbers. Also gives the first row of each.

    Rows that are alike mostly stand together, as the lines of a document do: only the first of such a run is looked at.
    """
    changes = np.ones(len(columns[0]), dtype=bool)
    if len(changes):
        changes[1:] = False
        for column in columns:
            changes[1:] |= column[1:] != column[:-1]
    runs = np.flatnonzero(changes)
    number, room = np.zeros(len(runs), dtype=np.int64), 1
    for column in columns:
        found = column[runs]
        low = int(found.min(initial=0))
        width = int(found.max(initial=0)) - low + 1
        if room * width > _SAFE:
            number = pd.factorize(number)[0].astype(np.int64)
            room = int(number.max(initial=0)) + 1
        number, room = number * width + (found - low), room * width
    number = pd.factorize(number)[0].astype(np.int64)
    first = runs[np.flatnonzero(np.diff(np.maximum.accumulate(number), prepend=-1))] if len(number) else runs
    return np.repeat(number, np.diff(runs, append=len(changes))), first


def _occurrences(rows: SalesRows, document: Ints, bad: np.ndarray, product_id: Ints, problems: Problems) -> np.ndarray:
    """Find documents that a file brings twice: under numbers written differently, or for several distributors.

    Marks the rows that only repeat. What contradicts is held and belongs to no document any more: what came first
    counts, as it would had they come in two files.
    """
    repeated = np.zeros(len(document), dtype=bool)
    _, first_of = _numbered(document, rows.number.code, rows.distributor.code)
    ways = np.bincount(document[first_of][document[first_of] >= 0])
    several = np.flatnonzero(ways > 1).tolist()
    if not several:
        return repeated
    order = np.argsort(document, kind="stable")
    starts = np.searchsorted(document[order], several)
    ends = np.searchsorted(document[order], several, side="right")

    def contradict(run: Ints) -> None:
        number = rows.number.written[int(rows.number.code[run[0]])]
        problems.add_all(rows.row_number[run[~bad[run]]].tolist(), Outcome.HELD, "changed_document", number=number)
        document[run] = UNKNOWN

    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        own, *others = _by_distributor(order[start:end], rows.distributor.code)
        for run in others:
            contradict(run)
        first, *again = _runs(own, rows.number.code)
        content = _content(rows, first, product_id)
        for run in again:
            if bad[run].any() or bad[first].any():
                continue  # nobody can tell whether they are the same: all wait
            if _content(rows, run, product_id) == content:
                repeated[run] = True
            else:
                contradict(run)
    return repeated


def _by_distributor(rows: Ints, who: Ints) -> list[Ints]:
    """Part the rows of one document by distributor, whoever stands first coming first.

    A row that names none goes with the first.
    """
    named = rows[who[rows] >= 0]
    owners = list(dict.fromkeys(who[named].tolist()))
    if len(owners) < 2:
        return [rows]
    return [rows[np.isin(who[rows], [owners[0], UNKNOWN])], *(rows[who[rows] == one] for one in owners[1:])]


def _runs(rows: Ints, spelling: Ints) -> list[Ints]:
    """Part the rows of one document where they stand apart; parts that share a spelling are one again."""
    parts = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    joined: list[tuple[set[int], list[Ints]]] = []
    for part in parts:
        spelled = set(spelling[part].tolist())
        mine = [one for one in joined if one[0] & spelled]
        for one in mine:
            joined.remove(one)
        joined.append((spelled.union(*(one[0] for one in mine)), [*(p for one in mine for p in one[1]), part]))
    return sorted((np.sort(np.concatenate(run)) for _, run in joined), key=lambda run: int(run[0]))


def _content(rows: SalesRows, run: Ints, product_id: Ints) -> list[Any]:
    """Give what the gate compares of a document (`verification.recognising.content_hashes`)."""
    named = ["" if one is None else str(one) for one in _named(rows.corrects, run)]
    first = next((one for one in named if one), "")
    outlets, channels = (_placed(column, run) for column in (rows.outlet, rows.channel))
    lines = sorted(
        zip(
            product_id[run].tolist(),
            rows.quantity_milli[run].tolist(),
            rows.unit_price_micro[run].tolist(),
            rows.net_minor[run].tolist(),
            rows.gross_minor[run].tolist(),
            rows.discounted[run].tolist(),
            ["" if one == first else one for one in named],
            outlets,
            channels,
            strict=True,
        )
    )
    texts = [
        next((str(column.values[code].as_py()) for code in column.code[run].tolist() if code >= 0), None)
        for column in (rows.corrects, rows.person)
        if column is not None
    ]
    return [rows.issued_on[run].min(), lines, texts]


def _named(column: Column | None, rows: Ints) -> list[str | None]:
    """Give what each of some rows says in a column of text; None: nothing."""
    if column is None:
        return [None] * len(rows)
    return [str(column.values[code].as_py()) if code >= 0 else None for code in column.code[rows].tolist()]


def _placed(column: Column | None, rows: Ints) -> list[str]:
    """Say of each of a document's rows where it was sold; what says nothing is as the first that does."""
    written = _named(column, rows)
    first = next((one for one in written if one is not None), "")
    return [first if one is None or code_key(one) == code_key(first) else one for one in written]


def _line_numbers(
    rows: SalesRows, document: Ints, bad: np.ndarray, repeated: np.ndarray, problems: Problems
) -> np.ndarray:
    """Number the lines within their documents: by place, or as the file numbers them."""
    if rows.line_number is None:
        counted = pd.Series(np.where(repeated, -2, document)).groupby(np.where(repeated, -2, document)).cumcount()
        return counted.to_numpy(dtype=np.int32) + 1
    frame = pd.DataFrame({"document": document, "line": rows.line_number, "row": rows.row_number})
    frame = frame[(document >= 0) & ~bad & ~repeated]
    twice = frame[frame.duplicated(["document", "line"], keep=False)]
    for at in twice.index.tolist():
        problems.add(
            rows.row_number[at],
            Outcome.REFUSED,
            "line_number_repeated",
            number=rows.number.written[int(rows.number.code[at])],
            found=int(rows.line_number[at]),
        )
    return rows.line_number


def _torn(rows: SalesRows, document: Ints, broken: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Find the documents of rows that do not fit the header: (document, row).

    Nobody knows which cell is which in such a row; but where it holds the number and the distributor of a document, it
    is a line of it.
    """
    if not broken:
        return
    code_of = {written: code for code, written in enumerate(rows.number.written)}
    order = np.argsort(rows.number.code, kind="stable")
    numbers = rows.number.code[order]
    for row, cells in broken.items():
        codes = {code_of[cell.strip()] for cell in cells if cell.strip() in code_of}
        keys = {code_key(cell) for cell in cells}
        for code in sorted(codes):
            own = order[np.searchsorted(numbers, code) : np.searchsorted(numbers, code, side="right")]
            for at in own.tolist():
                who = int(rows.distributor.code[at])
                if who >= 0 and document[at] >= 0 and rows.distributor.keys[who] in keys:
                    yield int(document[at]), row


def _refuse_whole(rows: SalesRows, document: Ints, repeated: np.ndarray, problems: Problems, ignored: Flags) -> None:
    """Refuse the other rows of documents of which one names what does not count."""
    there = ignored & (document >= 0)
    lost, at = np.unique(document[there], return_index=True)
    because = dict(zip(lost.tolist(), rows.row_number[there][at].tolist(), strict=True))
    others = np.flatnonzero(np.isin(document, lost) & ~ignored & ~repeated)
    for one, places in by_value(document[others]):
        these = others[places]
        number = rows.number.written[int(rows.number.code[these[0]])]
        problems.add_all(
            rows.row_number[these].tolist(), Outcome.REFUSED, "document_ignored", number=number, because=because[one]
        )


def _hold_whole(
    rows: SalesRows, document: Ints, repeated: np.ndarray, problems: Problems, torn: Iterator[tuple[int, int]]
) -> None:
    """Hold the good rows of documents that have a bad one."""
    bad = np.isin(rows.row_number, problems.rows())
    spoilt, at = np.unique(document[bad & (document >= 0)], return_index=True)
    first_bad = dict(zip(spoilt.tolist(), rows.row_number[bad & (document >= 0)][at].tolist(), strict=True))
    for one, row in torn:
        first_bad[one] = min(row, first_bad.get(one, row))
    if not first_bad:
        return
    waiting = np.flatnonzero(np.isin(document, list(first_bad)) & ~bad & ~repeated)
    for one, places in by_value(document[waiting]):
        held = waiting[places]
        problems.add_all(
            rows.row_number[held].tolist(),
            Outcome.HELD,
            "document_incomplete",
            number=rows.number.written[int(rows.number.code[held[0]])],
            because=int(first_bad[one]),
        )


def _as_sales(
    rows: SalesRows, good: Ints, document: Ints, line_number: np.ndarray, distributor_id: Ints, product_id: Ints
) -> tuple[Sales, Ints, Ints, list[str]]:
    """Lay good rows out as documents and lines in counting order.

    Also gives the first row of each document, the total that it states, and the numbers of those that name several
    people.
    """
    known = np.bincount(document[good]) > 0
    mine = (np.cumsum(known) - 1)[document[good]]
    count = int(known.sum())
    first = np.empty(count, dtype=np.int64)
    first[mine[::-1]] = good[::-1]  # what is written last is what comes first
    issued_on, minute = _earliest(rows, good, mine, count)
    total_minor = _stated(rows, good, mine, count)

    def text(column: Column | None) -> Texts:
        """Take the first text that a document's rows give."""
        found = np.full(count, None, dtype=object)
        if column is not None:
            filled = np.flatnonzero(column.code[good] >= 0)
            which, at = np.unique(mine[filled], return_index=True)
            found[which] = column.texts()[good[filled[at]]]
        return found

    documents = Documents(
        distributor_id=distributor_id[first],
        kind=rows.kind[first],
        number=np.asarray([rows.number.written[one] for one in rows.number.code[first].tolist()] or [], dtype=object),
        issued_on=issued_on,
        minute=minute,
        corrects=text(rows.corrects),
        outlet=text(rows.outlet),
        channel=text(rows.channel),
        person=text(rows.person),
    )
    own = {
        "corrects": _by_line(rows.corrects, good, mine, count, compared=str),
        "outlet": _by_line(rows.outlet, good, mine, count, compared=code_key),
        "channel": _by_line(rows.channel, good, mine, count, compared=code_key),
    }
    people = _by_line(rows.person, good, mine, count, compared=name_key)
    shared = [] if people is None else np.unique(mine[told(people)]).tolist()
    order = in_counting_order(documents)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    of = place[mine]
    by_line = order_of(of, line_number[good])
    line = good[by_line]
    lines = Lines(
        document=of[by_line],
        line_number=line_number[line].astype(np.int32),
        product_id=product_id[line],
        quantity_milli=rows.quantity_milli[line],
        unit_price_micro=rows.unit_price_micro[line],
        net_minor=rows.net_minor[line],
        gross_minor=rows.gross_minor[line],
        discounted=rows.discounted[line],
        source_row=rows.row_number[line].astype(np.int32),
        **{name: texts[by_line] for name, texts in own.items() if texts is not None},
    )
    ordered = Documents(**{name: getattr(documents, name)[order] for name in documents.__dataclass_fields__})
    return Sales(ordered, lines), first[order], total_minor[order], [str(documents.number[one]) for one in shared]


def _earliest(rows: SalesRows, good: Ints, document: Ints, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each document the earliest date of its rows (rules.md 1), and of its times the earliest."""
    minutes = rows.minute[good].astype(np.int64)
    moments = rows.issued_on[good].astype(np.int64) * _DAY + np.where(minutes == UNKNOWN, _DAY - 1, minutes)
    earliest = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(earliest, document, moments)
    minute = np.where(earliest % _DAY == _DAY - 1, UNKNOWN, earliest % _DAY).astype(np.int16)
    return (earliest // _DAY).astype("datetime64[D]"), minute


def _stated(rows: SalesRows, good: Ints, document: Ints, count: int) -> Ints:
    """Give each document the total that its first row with one states."""
    stated = np.flatnonzero(rows.total_minor[good] != NO_AMOUNT)
    totalled, told_at = np.unique(document[stated], return_index=True)
    total_minor = np.full(count, NO_AMOUNT)
    total_minor[totalled] = rows.total_minor[good[stated[told_at]]]
    return total_minor


def _by_line(
    column: Column | None, good: Ints, document: Ints, count: int, *, compared: Callable[[str], str]
) -> Texts | None:
    """Give what lines say where it is something else than their document's first; None: no line does (rules.md 1, 6).

    A line that says nothing is as its document. ``compared`` gives the form in which two texts are the same.
    """
    if column is None:
        return None
    filled = np.flatnonzero(column.code[good] >= 0)
    same = pd.factorize(np.asarray([*map(compared, column.values.to_pylist()), ""], dtype=object)[:-1])[0]
    own, first = same[column.code[good[filled]]], np.full(count, UNKNOWN)
    first[document[filled[::-1]]] = own[::-1]  # what is written last is what comes first
    other = filled[own != first[document[filled]]]
    if not other.size:
        return None
    found = np.full(len(good), None, dtype=object)
    found[other] = column.values.take(pa.array(column.code[good[other]])).to_pylist()
    return found

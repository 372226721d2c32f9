"""Rows become documents: lines with one key belong together, and one bad row holds all of them (rules.md 1, 9)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.domain.exact import Ints
from app.domain.numbering import number_keys
from app.domain.sales import UNKNOWN, Documents, Lines, Sales, Texts, in_counting_order
from app.domain.states import Outcome
from importers.parsing import Column
from importers.problems import Problems
from importers.sales_rows import SalesRows
from verification.gate import Incoming


@dataclass(frozen=True)
class Grouped:
    """Whole documents ready for the gate, and the rows that repeat a document of the same file."""

    incoming: Incoming
    repeated_rows: np.ndarray


def group(rows: SalesRows, distributor_id: Ints, product_id: Ints, problems: Problems) -> Grouped:
    """Put lines together into documents, in counting order.

    The key is seller (tax id, or the distributor), kind and normalised number. Where one key is written in several ways
    in places apart, each place is an occurrence of its own: the first is the document, the others repeat it or
    contradict it. A document with a bad row waits whole.
    """
    bad = np.isin(rows.row_number, problems.rows())
    usable = (rows.number.code >= 0) & (rows.distributor.code >= 0) & ~np.isnat(rows.issued_on)
    key_code, keys = _number_keys(rows)
    seller_code, sellers = _sellers(rows, distributor_id)
    document, _ = _numbered(seller_code, rows.kind.astype(np.int64), key_code)
    document[~usable] = UNKNOWN
    repeated = _occurrences(rows, document, bad, product_id, problems)
    bad |= np.isin(rows.row_number, problems.rows())
    line_number = _line_numbers(rows, document, bad, repeated, problems)
    _hold_whole(rows, document, bad, repeated, problems)
    bad = np.isin(rows.row_number, problems.rows()) | repeated
    good = np.flatnonzero(~bad & (document >= 0))
    sales, first = _as_sales(rows, good, document, line_number, distributor_id, product_id)
    incoming = Incoming(
        sales=sales,
        number_key=np.asarray([keys[one] for one in key_code[first]], dtype=object),
        seller_key=np.asarray([sellers[one] for one in seller_code[first]], dtype=object),
        total_minor=rows.total_minor[first],
    )
    return Grouped(incoming, rows.row_number[repeated])


def _number_keys(rows: SalesRows) -> tuple[Ints, list[str]]:
    """Normalise each distinct number once a year of issue: a document's year is that of its earliest line."""
    dated = np.where(np.isnat(rows.issued_on), np.datetime64("9999-12-31", "D"), rows.issued_on)
    written, first = _numbered(rows.distributor.code, rows.kind.astype(np.int64), rows.number.code)
    earliest = np.full(len(first), np.datetime64("9999-12-31", "D"))
    np.minimum.at(earliest, written, dated)
    years = earliest.astype("datetime64[Y]").astype(np.int64) + 1970
    pair, first_pair = _numbered(rows.number.code, years[written])
    spelled = [*rows.number.written, ""]  # a row without a number has the code -1
    made = number_keys(
        [spelled[at] for at in rows.number.code[first_pair].tolist()], years[written[first_pair]].tolist()
    )
    codes, keys = pd.factorize(np.asarray(made, dtype=object))
    return codes.astype(np.int64)[pair], [str(key) for key in keys]


def _sellers(rows: SalesRows, distributor_id: Ints) -> tuple[Ints, list[str]]:
    """Give each row's seller: its tax id, or where the file has none the distributor."""
    pair, first = _numbered(distributor_id, rows.distributor.code)
    # a distributor that is not known yet is told apart by its code
    own = [
        f"distributor:{known}" if known != UNKNOWN else f"code:{rows.distributor.keys[code]}" if code >= 0 else ""
        for known, code in zip(distributor_id[first].tolist(), rows.distributor.code[first].tolist(), strict=True)
    ]
    taxes = rows.seller.values.to_pylist() if rows.seller is not None else []
    codes, names = pd.factorize(
        np.asarray([*own, *("tax:" + "".join(one.split()).upper() for one in taxes)], dtype=object)
    )
    by_distributor = codes.astype(np.int64)[: len(own)][pair]
    if rows.seller is None:
        return by_distributor, [str(name) for name in names]
    by_tax = np.append(codes.astype(np.int64)[len(own) :], UNKNOWN)[rows.seller.code]
    return np.where(rows.seller.code >= 0, by_tax, by_distributor), [str(name) for name in names]


def _numbered(*columns: Ints) -> tuple[Ints, Ints]:
    """Number the distinct combinations of columns of whole numbers. Also gives the first row of each."""
    number = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        low = int(column.min(initial=0))
        width = int(column.max(initial=0)) - low + 1
        number = pd.factorize(number * width + (column - low))[0].astype(np.int64)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(number), prepend=-1)) if len(number) else number
    return number, first


def _occurrences(rows: SalesRows, document: Ints, bad: np.ndarray, product_id: Ints, problems: Problems) -> np.ndarray:
    """Find documents that a file brings twice under numbers written differently. Marks the rows that only repeat."""
    repeated = np.zeros(len(document), dtype=bool)
    spelling = pd.Series(rows.number.code).groupby(document).nunique()
    several = [one for one in spelling.index[spelling > 1].tolist() if one >= 0]
    if not several:
        return repeated
    order = np.argsort(document, kind="stable")
    starts = np.searchsorted(document[order], several)
    ends = np.searchsorted(document[order], several, side="right")
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        runs = _runs(order[start:end], rows.number.code)
        first = _content(rows, runs[0], product_id)
        for run in runs[1:]:
            if bad[run].any() or bad[runs[0]].any():
                continue
            if _content(rows, run, product_id) == first:
                repeated[run] = True
            else:
                number = rows.number.written[int(rows.number.code[run[0]])]
                problems.add_all(rows.row_number[run].tolist(), Outcome.HELD, "changed_document", number=number)
    return repeated


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


def _content(rows: SalesRows, run: Ints, product_id: Ints) -> list[tuple[int, ...]]:
    return sorted(
        zip(
            product_id[run].tolist(),
            rows.quantity_milli[run].tolist(),
            rows.unit_price_micro[run].tolist(),
            rows.net_minor[run].tolist(),
            strict=True,
        )
    )


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


def _hold_whole(rows: SalesRows, document: Ints, bad: np.ndarray, repeated: np.ndarray, problems: Problems) -> None:
    """Hold the good rows of documents that have a bad one."""
    bad = np.isin(rows.row_number, problems.rows())
    spoilt, at = np.unique(document[bad & (document >= 0)], return_index=True)
    if not spoilt.size:
        return
    first_bad = dict(zip(spoilt.tolist(), rows.row_number[bad & (document >= 0)][at].tolist(), strict=True))
    waiting = np.isin(document, spoilt) & ~bad & ~repeated
    for row in np.flatnonzero(waiting).tolist():
        problems.add(
            rows.row_number[row],
            Outcome.HELD,
            "document_incomplete",
            number=rows.number.written[int(rows.number.code[row])],
            because=int(first_bad[int(document[row])]),
        )


def _as_sales(
    rows: SalesRows, good: Ints, document: Ints, line_number: np.ndarray, distributor_id: Ints, product_id: Ints
) -> tuple[Sales, Ints]:
    """Lay good rows out as documents and lines in counting order. Also gives the first row of each document."""
    _, first_at, mine = np.unique(document[good], return_index=True, return_inverse=True)
    first = good[first_at]
    count = len(first)
    issued_on = np.full(count, np.datetime64("9999-12-31", "D"))
    np.minimum.at(issued_on, mine, rows.issued_on[good])

    def text(column: Column | None) -> Texts:
        """Take the first text that a document's rows give."""
        found = np.full(count, None, dtype=object)
        if column is not None:
            told = np.flatnonzero(column.code[good] >= 0)
            which, at = np.unique(mine[told], return_index=True)
            found[which] = column.texts()[good[told[at]]]
        return found

    documents = Documents(
        distributor_id=distributor_id[first],
        kind=rows.kind[first],
        number=np.asarray([rows.number.written[one] for one in rows.number.code[first].tolist()] or [], dtype=object),
        issued_on=issued_on,
        minute=rows.minute[first],
        corrects=text(rows.corrects),
        outlet=text(rows.outlet),
        channel=text(rows.channel),
        person=text(rows.person),
    )
    order = in_counting_order(documents)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    of = place[mine]
    by_line = np.lexsort((line_number[good], of))
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
    )
    ordered = Documents(**{name: getattr(documents, name)[order] for name in documents.__dataclass_fields__})
    return Sales(ordered, lines), first[order]

"""Checks of a document's number beside its distributor's other numbers."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from app.domain.documents.sales import Flags
from app.domain.measures.exact import Ints
from app.domain.program_file.verification_settings import Tuned
from app.domain.states import DocumentKind
from verification.checks import prints
from verification.checks.facts import Earlier, Facts, Finding
from verification.checks.twins import Pairs, likeness, paired, together

_DIGITS = re.compile(r"\d+")
_USUAL = 3
"""A way of writing numbers that so many documents share is their distributor's own."""
_FEWEST = 3
"""Of fewer numbers in a row nobody tells how they run."""
_FEWEST_IN_A_ROW = 5
"""Of fewer numbers nobody tells how far apart they usually are."""
_DISORDER = 20
"""Numbers of which one in so many runs back say nothing of time."""


def neighbours(mine: Earlier, there: Earlier) -> Pairs:
    """Pair documents with earlier ones of the same distributor and kind whose number is one edit apart."""
    everything = together(mine, there)
    owner = prints.mixed(everything.distributor_id, everything.kind).view(np.int64)
    place, short = prints.shortened(everything.number_key.tolist(), owner)
    found = paired(short, place, len(mine))
    other = everything.number_key[found.document] != everything.number_key[found.like]
    return Pairs(found.document[other], found.like[other])


def number_alike(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find numbers that are one edit apart from an earlier one of the same distributor, within ``days``.

    Invoices are numbered one by one, so their numbers are always near. What counts is an edit that counting does not
    make, a letter more or less, or a number beside which the goods are the same.
    """
    there = together(facts.mine, facts.history.recent)
    found = neighbours(facts.mine, facts.history.recent)
    document, like = found.document, found.like
    near = np.abs(there.issued_on[document] - there.issued_on[like]) <= np.timedelta64(tuned.days, "D")
    odd = _odd_ways(there)
    same = (there.products[document] == there.products[like]) & (there.line_count[document] > 1)
    same |= (there.net_minor[document] == there.net_minor[like]) & (there.issued_on[document] == there.issued_on[like])
    ways = _ways(there.number_key.tolist())
    edited = (ways[document] != ways[like]) & odd[document]
    wanted = near & (same | edited) & (there.kind[document] == DocumentKind.INVOICE)
    for at, one in dict(zip(document[wanted].tolist(), like[wanted].tolist(), strict=True)).items():
        yield Finding(at, likeness(there, one))


def number_backwards(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find numbers that run against time: issued more than ``limit`` days before a lower one, or after a higher one.

    Each group of digits may be the one that counts. Where a distributor's numbers run anyhow, nothing is said.
    """
    mine = len(facts.mine)
    there = together(facts.mine, facts.history.recent)
    at, series, count = _counted(there)
    kept = there.accepted[at]  # what waits or was refused may be made up, with its number
    at, series, count = at[kept], series[kept], count[kept]
    issued = there.issued_on[at].astype(np.int64)
    order = np.lexsort((issued, count, series))
    at, series, count, issued = at[order], series[order], count[order], issued[order]
    follows = series[1:] == series[:-1]
    back = follows & (issued[:-1] > issued[1:] + tuned.limit) & (count[:-1] < count[1:])
    runs, sizes, disorder = _runs(series, back)
    orderly = (sizes >= _FEWEST) & (disorder * _DISORDER <= sizes + _DISORDER)
    told: dict[int, int] = {}
    for place in np.flatnonzero(back & orderly[runs[1:]]).tolist():
        for one, other in ((place, place + 1), (place + 1, place)):
            if at[one] < mine:
                told.setdefault(int(at[one]), int(at[other]))
    for document, other in sorted(told.items()):
        yield Finding(document, likeness(there, other))


def number_gap(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find numbers that stand alone: ``limit`` times as far from the nearest one as numbers of that way usually do.

    Each group of digits is held against the same group of its distributor's other numbers that are written that way,
    where five at least are known: whatever counts goes on, and months and years come again.
    """
    mine = len(facts.mine)
    there = together(facts.mine, facts.history.recent)
    at, group, count = _groups(there)
    known = there.accepted[at] & (at >= mine)
    order = np.lexsort((count[known], group[known]))
    row, number, other = group[known][order], count[known][order], at[known][order]
    first, last = np.searchsorted(row, group, "left"), np.searchsorted(row, group, "right")
    usual = _usual_steps(row, number)
    asking = np.flatnonzero((at < mine) & (last - first >= _FEWEST_IN_A_ROW))
    group, count, first, last = group[asking], count[asking], first[asking], last[asking]
    place = np.searchsorted(row * _BEYOND + number, group * _BEYOND + count)
    before, behind = np.maximum(place - 1, first), np.minimum(place, last - 1)
    nearer = np.abs(number[before] - count) <= np.abs(number[behind] - count)
    near = np.where(nearer, before, behind)
    away, step = np.abs(number[near] - count), usual[first]
    told: set[int] = set()
    for one in np.flatnonzero(away > tuned.limit * step).tolist():
        document = int(at[asking[one]])
        if document not in told:
            told.add(document)
            like = likeness(there, int(other[near[one]]))
            yield Finding(document, {**like, "count": int(away[one]), "usual": int(step[one])})


def _usual_steps(row: Ints, number: Ints) -> Ints:
    """Give beside each number the usual step of its row: the median, and one at least. A row is sorted."""
    within = np.flatnonzero(row[1:] == row[:-1])
    of, steps = row[within], number[within + 1] - number[within]
    order = np.lexsort((steps, of))
    first, last = np.searchsorted(of, row, "left"), np.searchsorted(of, row, "right")
    middle = np.minimum((first + last) // 2, max(len(of) - 1, 0))
    return np.maximum(steps[order][middle], 1) if len(of) else np.ones(len(row), dtype=np.int64)


def _groups(there: Earlier) -> tuple[Ints, Ints, Ints]:
    """Give each group of digits: whose number it stands in, a code of its place in that way of writing, and it."""
    at: list[int] = []
    code: list[int] = []
    count: list[int] = []
    known: dict[tuple[int, int, str, int], int] = {}
    ways = zip(
        there.distributor_id.tolist(), there.kind.tolist(), _ways(there.number_key.tolist()).tolist(), strict=True
    )
    for place, ((who, kind, way), number) in enumerate(zip(ways, there.number_key.tolist(), strict=True)):
        for position, digits in enumerate(_DIGITS.findall(number)):
            if len(digits) <= _LONGEST_COUNT:
                at.append(place)
                code.append(known.setdefault((who, kind, way, position), len(known)))
                count.append(int(digits))
    return tuple(np.asarray(one, dtype=np.int64) for one in (at, code, count))  # type: ignore[return-value]


def _runs(series: prints.Prints, back: Flags) -> tuple[Ints, Ints, Ints]:
    """Number the runs of one series; give each one's size, and how often it runs back."""
    starts = np.concatenate([[True], series[1:] != series[:-1]]) if len(series) else np.zeros(0, dtype=bool)
    run = np.cumsum(starts) - 1
    return run, np.bincount(run), np.bincount(run[1:], weights=back, minlength=int(starts.sum())).astype(np.int64)


def _counted(there: Earlier) -> tuple[Ints, prints.Prints, Ints]:
    """Give each group of digits of a number: whose it is, the series of numbers that it alone tells apart, and it."""
    at: list[int] = []
    rest: list[int] = []
    count: list[int] = []
    known: dict[tuple[str, int], int] = {}
    for place, number in enumerate(there.number_key.tolist()):
        for group in _DIGITS.finditer(number):
            if len(group[0]) > _LONGEST_COUNT:
                continue
            around = (f"{number[: group.start()]}#{number[group.end() :]}", int(there.distributor_id[place]))
            at.append(place)
            rest.append(known.setdefault(around, len(known)))
            count.append(int(group[0]))
    places = np.asarray(at, dtype=np.int64)
    return places, prints.mixed(np.asarray(rest, dtype=np.int64), there.kind[places]), np.asarray(count, dtype=np.int64)


_LONGEST_COUNT = 12
"""Digits of what counts; longer ones are codes."""
_BEYOND = 10**_LONGEST_COUNT
"""More than any number counts to: rows of numbers lie so far apart."""


def _ways(numbers: Sequence[str]) -> np.ndarray:
    """Give how numbers are written: digits count, whichever they are, and how many."""
    return np.asarray([_DIGITS.sub("0", number) for number in [*numbers, ""]], dtype=object)[:-1]


def _odd_ways(there: Earlier) -> Flags:
    """Mark the documents whose number is written as few others of their distributor are."""
    ways = zip(there.distributor_id.tolist(), _ways(there.number_key.tolist()).tolist(), strict=True)
    known: dict[tuple[int, str], int] = {}
    code = np.asarray([known.setdefault(way, len(known)) for way in ways], dtype=np.int64)
    return np.bincount(code, minlength=1)[code] <= _USUAL if len(code) else np.zeros(0, dtype=bool)

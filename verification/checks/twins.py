"""Checks of documents that are here already: under another number, with another seller, or of another distributor."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.domain.documents.sales import Flags
from app.domain.documents.seller_keys import TAX
from app.domain.measures.exact import Ints
from app.domain.program_file.registration import tax_id_key
from app.domain.program_file.verification_settings import Tuned
from app.domain.states import DocumentKind
from verification.checks import prints
from verification.checks.facts import Earlier, Facts, Finding

_NO_DAYS = np.timedelta64(0, "D")


@dataclass(frozen=True)
class Pairs:
    """Which document resembles which: the position of one among those looked at, and of its like among all."""

    document: Ints
    like: Ints


def together(first: Earlier, second: Earlier) -> Earlier:
    """Put documents after others."""
    return Earlier(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in _COLUMNS))


_COLUMNS = tuple(Earlier.__dataclass_fields__)


def twins(mine: Earlier, there: Earlier) -> Pairs:
    """Pair documents with earlier ones of the same kind, amount and lines; what has its own number is itself.

    ``mine`` are the documents themselves; what stands before one among them is earlier as well.
    """
    everything = together(mine, there)
    key = prints.mixed(everything.kind, everything.net_minor, everything.lines.view(np.int64))
    found = paired(key, np.arange(len(everything)), len(mine))
    other = everything.distributor_id[found.document] != everything.distributor_id[found.like]
    other |= everything.number_key[found.document] != everything.number_key[found.like]
    return Pairs(found.document[other], found.like[other])


def paired(key: prints.Prints, place: Ints, mine: int) -> Pairs:
    """Pair what shares a key; ``place`` says whose each is, and those looked at have the places below ``mine``.

    Of two that are looked at the later is paired with the earlier; what is here already is only paired with. Each pair
    is given once.
    """
    order = np.argsort(key, kind="stable")
    sorted_key, sorted_place = key[order], place[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_key[1:] != sorted_key[:-1]])) if len(key) else order
    sizes = np.diff(np.append(starts, len(key)))
    first, second = [], []
    several = np.flatnonzero(sizes > 1)
    run_start, run_size = starts[several], sizes[several]
    for gap in range(1, int(run_size.max(initial=1))):
        # in each run, what stands so far apart; runs are short but where nothing tells documents apart
        reach = run_size > gap
        run_start, run_size = run_start[reach], run_size[reach]
        counts = run_size - gap
        at = np.repeat(run_start, counts) + (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts))
        first.append(sorted_place[at])
        second.append(sorted_place[at + gap])
        if gap >= _MOST_APART:
            break
    if not first:
        return Pairs(order[:0], order[:0])
    one, other = np.concatenate(first), np.concatenate(second)
    here, like = np.maximum(one, other), np.minimum(one, other)
    swap = (here >= mine) & (like < mine)
    document, resembles = np.where(swap, like, here), np.where(swap, here, like)
    wanted = (document < mine) & (document != resembles)
    width = int(place.max(initial=0)) + 1
    pair = np.unique(document[wanted] * width + resembles[wanted])
    return Pairs(pair // width, pair % width)


_MOST_APART = 50
"""Of more documents that are all alike, none has to be compared with each of the others."""


def twin_own(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find what its distributor has here under another number: the same lines for the same sum, ``days`` apart.

    One line alone is ordered again and again: it is a twin on the same day only.
    """
    there = together(facts.mine, facts.history.alike)
    found = twins(facts.mine, facts.history.alike)
    apart = np.abs(there.issued_on[found.document] - there.issued_on[found.like])
    near = (apart <= np.timedelta64(tuned.days, "D")) & ((there.line_count[found.document] > 1) | (apart == _NO_DAYS))
    wanted = near & (there.distributor_id[found.document] == there.distributor_id[found.like])
    yield from _once(facts, there, found, wanted)


def twin_other(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find what another distributor has here: the same day, sum and lines, of which there are at least ``limit``."""
    there = together(facts.mine, facts.history.alike)
    found = twins(facts.mine, facts.history.alike)
    wanted = there.issued_on[found.document] == there.issued_on[found.like]
    wanted &= there.distributor_id[found.document] != there.distributor_id[found.like]
    wanted &= there.line_count[found.document] >= tuned.limit
    yield from _once(facts, there, found, wanted)


@dataclass(frozen=True)
class OneNumber:
    """Pairs of one distributor's documents with one number and other sellers, and what else of the two agrees.

    ``there`` is what the pairs are places in. ``day`` and ``sum`` mark what was issued on the same day, and what comes
    to the same within the days that are looked at; ``two`` those of which both name their seller, and not the same.
    """

    there: Earlier
    pairs: Pairs
    day: Flags
    sum: Flags
    two: Flags


def one_number(facts: Facts, days: int) -> OneNumber:
    """Pair documents with earlier ones of the same distributor, kind and number that have another seller's key.

    The key of a document holds its seller (rules.md 9): one invoice has two keys where its seller was said once and
    once not, or was written in two ways.
    """
    there = together(facts.mine, facts.history.numbered)
    codes: dict[str, int] = {}
    number = np.asarray([codes.setdefault(one, len(codes)) for one in there.number_key.tolist()], dtype=np.int64)
    key = prints.mixed(there.distributor_id, there.kind, number)
    found = paired(key, np.arange(len(there)), len(facts.mine))
    other = there.seller_key[found.document] != there.seller_key[found.like]
    one, like = found.document[other], found.like[other]
    sellers = zip(there.seller_key[one].tolist(), there.seller_key[like].tolist(), strict=True)
    apart = np.abs(there.issued_on[one] - there.issued_on[like])
    return OneNumber(
        there=there,
        pairs=Pairs(one, like),
        day=apart == _NO_DAYS,
        sum=(there.net_minor[one] == there.net_minor[like]) & (apart <= np.timedelta64(days, "D")),
        two=np.asarray([_two_named(*both) for both in sellers], dtype=bool),
    )


def _two_named(one: str, other: str) -> bool:
    """Tell whether both name a seller by a tax id, and not the same, with or without the country before it."""
    if not (one.startswith(TAX) and other.startswith(TAX)):
        return False
    return tax_id_key(one.removeprefix(TAX)) != tax_id_key(other.removeprefix(TAX))


def same_number(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find what its distributor has here under the same number, with another seller said or none.

    Where one of the two says no seller, the same day tells, or the same sum within ``days``: a seller's tax id that is
    typed, or left out, makes no second invoice. Where two sellers are named, both must agree.
    """
    found = one_number(facts, tuned.days)
    wanted = np.where(found.two, found.day & found.sum, found.day | found.sum)
    yield from _once(facts, found.there, found.pairs, wanted)


def number_of_two_sellers(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find numbers that its distributor has of another named seller, with the same day or the same sum.

    Two sellers may number alike: what agrees in all three is for `same_number` to tell.
    """
    found = one_number(facts, tuned.days)
    yield from _once(facts, found.there, found.pairs, found.two & (found.day != found.sum))


def _once(facts: Facts, there: Earlier, found: Pairs, wanted: np.ndarray) -> Iterator[Finding]:
    """Name for each document one that it is like: one that is here rather than one of the same file."""
    last = dict(zip(found.document[wanted].tolist(), found.like[wanted].tolist(), strict=True))
    invoices = facts.sales.documents.kind == DocumentKind.INVOICE
    for at, like in last.items():
        if invoices[at]:
            yield Finding(at, likeness(there, like))


def likeness(there: Earlier, at: int) -> dict[str, object]:
    """Say which document another one is like."""
    told: dict[str, object] = {"number": there.number[at], "issued_on": str(there.issued_on[at])}
    return told | ({"document": int(there.id[at])} if there.id[at] else {})

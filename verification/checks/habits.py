"""Checks of a document beside what is usual: prices, quantities, how many, and how fast."""

from collections.abc import Iterator

import numpy as np

from app.domain.documents.sales import Flags, Sales
from app.domain.measures.exact import Ints, floor_product, running_before
from app.domain.measures.money import decimal_text
from app.domain.program_file.verification_settings import Tuned
from app.domain.states import DocumentKind
from verification.checks import prints
from verification.checks.amounts import BASIS
from verification.checks.facts import Facts, Finding, Usual

_MILLI_MICRO = 10**9
_FEWEST_LINES = 5
"""Of fewer lines nobody tells what a distributor usually sells at once."""
_FEWEST_IN_A_BURST = 5
BEFORE = 90
"""Days before a burst, which tell how fast documents come."""
FAIR = 2
"""A quantity of at most so many times what all usually sell at once, or the most that its distributor did, is fair."""


def price_unusual(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find lines whose price is more than ``limit`` basis points of what others usually take, or so much below it."""
    lines = facts.sales.lines
    usual, known = _usual(facts)
    selling = np.flatnonzero(_sells(facts) & known)
    if not len(selling):
        return
    at = usual[selling]
    expected = facts.history.usual.price_micro[at]
    worth = lines.net_minor[selling] * _MICRO
    # what the line would come to at the usual price, so that small quantities are not rounded
    made = floor_product(expected, lines.quantity_milli[selling], _MILLI)
    far = (worth > floor_product(made, tuned.limit, BASIS)) | (made > floor_product(worth, tuned.limit, BASIS))
    for line, price in zip(
        selling[far & (expected > 0)].tolist(), expected[far & (expected > 0)].tolist(), strict=True
    ):
        found = lines.net_minor[line] * _MILLI // lines.quantity_milli[line]
        yield Finding(
            int(lines.document[line]),
            {
                "line": int(lines.line_number[line]),
                "found": decimal_text(int(found), facts.allowed.decimals),
                "expected": decimal_text(price // _MICRO, facts.allowed.decimals),
            },
        )


_MICRO, _MILLI = 10**6, 1_000


def quantity_unusual(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find lines of more than ``limit`` basis points of what all usually sell at once, unless they did so before."""
    lines = facts.sales.lines
    usual, known = _usual(facts)
    selling = np.flatnonzero(_sells(facts) & known)
    expected = facts.history.usual.quantity_milli[usual[selling]]
    quantity = lines.quantity_milli[selling]
    far = (expected > 0) & (quantity > floor_product(expected, tuned.limit, BASIS))
    place, has = _habit(facts, selling)
    far &= ~(has & (quantity <= FAIR * np.where(has, facts.history.habits.most[place], 0))) if has.any() else True
    for line, mean in zip(selling[far].tolist(), expected[far].tolist(), strict=True):
        yield Finding(int(lines.document[line]), _quantities(facts, line, mean))


def quantity_unlike_own(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find lines whose quantity is ``limit`` deviations above what their distributor usually sells of the product.

    The deviation is robust: the distance of the quartiles by 1.349, at least a quarter of the median, and a piece. Only
    quantities that are much for anybody are looked at.
    """
    lines, habits = facts.sales.lines, facts.history.habits
    selling = np.flatnonzero(_sells(facts))
    place, has = _habit(facts, selling)
    selling, place = selling[has], place[has]
    if not len(selling):
        return
    median, quantity = habits.median[place], lines.quantity_milli[selling]
    deviation = np.maximum.reduce(
        [(habits.upper[place] - habits.lower[place]) * 1_000 // 1_349, median // 4, np.full(len(place), _MILLI)]
    )
    far = (habits.lines[place] >= _FEWEST_LINES) & (quantity - median > tuned.limit * deviation)
    far &= quantity > FAIR * habits.most[place]
    for line, usual in zip(selling[far].tolist(), median[far].tolist(), strict=True):
        yield Finding(int(lines.document[line]), _quantities(facts, line, usual))


def more_than_delivered(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find lines with which more is sold on than ``limit`` basis points of what the sponsor delivered.

    Of a distributor of whom no delivery is known nothing is said; what it sold since the first one counts.
    """
    lines, stock = facts.sales.lines, facts.history.stock
    selling = np.flatnonzero(_sells(facts))
    place, has = _places(facts, selling, stock.distributor_id, stock.product_id)
    selling, place = selling[has], place[has]
    order = np.argsort(place, kind="stable")
    selling, place = selling[order], place[order]
    quantity = lines.quantity_milli[selling]
    starts = np.concatenate([[True], place[1:] != place[:-1]]) if len(place) else np.zeros(0, dtype=bool)
    sold = stock.sold_milli[place] + running_before(quantity, starts) + quantity
    beyond = sold > floor_product(stock.delivered_milli[place], tuned.limit, BASIS)
    for line, found, delivered in zip(
        selling[beyond].tolist(), sold[beyond].tolist(), stock.delivered_milli[place[beyond]].tolist(), strict=True
    ):
        told = {"line": int(lines.line_number[line]), "found": _pieces(found), "expected": _pieces(delivered)}
        yield Finding(int(lines.document[line]), told)


def burst(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find invoices of the last ``days`` of a month, where they come many times as fast as before.

    So many times as in the ninety days before is ``limit`` basis points; fewer than five are no burst.
    """
    documents, recent = facts.sales.documents, facts.history.recent
    mine = len(documents)
    invoices = np.concatenate([documents.kind, recent.kind]) == DocumentKind.INVOICE
    who = np.concatenate([documents.distributor_id, recent.distributor_id])
    issued = np.concatenate([documents.issued_on, recent.issued_on])
    month = issued.astype("datetime64[M]")
    ends = (month + np.timedelta64(1, "M")).astype("datetime64[D]")
    late = invoices & (issued >= ends - np.timedelta64(tuned.days, "D"))
    if not late[:mine].any():
        return
    _, person = np.unique(who, return_inverse=True)
    day = issued.astype(np.int64) - int(issued.astype(np.int64).min(initial=0))
    width = int(day.max(initial=0)) + BEFORE + tuned.days + 2
    spot = np.sort((person * width + day + BEFORE + tuned.days)[invoices])
    at = np.flatnonzero(late[:mine])
    first = person[at] * width + (ends[at].astype(np.int64) - tuned.days - (issued.astype(np.int64) - day)[at])
    first += BEFORE + tuned.days
    within = np.searchsorted(spot, first + tuned.days) - np.searchsorted(spot, first)
    before = np.searchsorted(spot, first) - np.searchsorted(spot, first - BEFORE)
    fast = (within >= _FEWEST_IN_A_BURST) & (within * BEFORE * BASIS > before * tuned.days * tuned.limit)
    for one, many in zip(at[fast].tolist(), within[fast].tolist(), strict=True):
        yield Finding(one, {"documents": many, "days": tuned.days})


def velocity(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find claims of distributors who send more than ``limit`` of them within an hour."""
    _, person, sizes = np.unique(facts.sales.documents.distributor_id, return_inverse=True, return_counts=True)
    many = sizes[person] + facts.lately
    for at in np.flatnonzero(many > tuned.limit).tolist():
        yield Finding(at, {"documents": int(many[at])})


def much(sales: Sales, usual: Usual) -> Flags:
    """Mark the lines of more than anybody usually sells at once: only of those a distributor's own habit is asked."""
    at, known = _among(usual, sales)
    if not known.any():
        return known
    return known & sales.is_sale() & (sales.lines.quantity_milli > FAIR * usual.quantity_milli[at])


def _sells(facts: Facts) -> Flags:
    lines = facts.sales.lines
    return facts.sales.is_sale() & (lines.quantity_milli > 0) & (lines.net_minor > 0)


def _usual(facts: Facts) -> tuple[Ints, Flags]:
    return _among(facts.history.usual, facts.sales)


def _among(usual: Usual, sales: Sales) -> tuple[Ints, Flags]:
    """Give for each line the place of its product among what is usual, and whether it is there."""
    known, wanted = usual.product_id, sales.lines.product_id
    if not len(known):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return at, known[at] == wanted


def _habit(facts: Facts, line: Ints) -> tuple[Ints, Flags]:
    """Give for lines the place of their distributor's habit with the product, and whether there is one."""
    habits = facts.history.habits
    return _places(facts, line, habits.distributor_id, habits.product_id)


def _places(facts: Facts, line: Ints, distributor_id: Ints, product_id: Ints) -> tuple[Ints, Flags]:
    """Find lines among pairs of distributor and product: where each stands, and whether it does."""
    lines = facts.sales.lines
    if not len(product_id):
        return np.zeros(len(line), dtype=np.int64), np.zeros(len(line), dtype=bool)
    known = prints.mixed(distributor_id, product_id)
    wanted = prints.mixed(facts.sales.documents.distributor_id[lines.document[line]], lines.product_id[line])
    order = np.argsort(known)
    at = order[np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)]
    return at, known[at] == wanted


def _quantities(facts: Facts, line: int, usual: int) -> dict[str, object]:
    lines = facts.sales.lines
    return {
        "line": int(lines.line_number[line]),
        "found": _pieces(int(lines.quantity_milli[line])),
        "expected": _pieces(usual),
    }


def _pieces(quantity_milli: int) -> str:
    return decimal_text(quantity_milli, 3).rstrip("0").rstrip(".")

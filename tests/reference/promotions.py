"""Promotions with targets, written from rules.md section 7: line by line, distributor by distributor, slowly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from tests.reference.arith import round_half_up
from tests.reference.earning import Setting, document_matches, earn, limits_hold, line_matches, selling
from tests.reference.programme import Programme, Scope, exact, read_scope
from tests.reference.returns import Book, returned_lines, reversed_in_all
from tests.reference.sales import Catalogue, Document, Key, Line, code_key, find_group


@dataclass(frozen=True)
class Kept:
    """What is left of a line that sold something: of its quantity, and of the points it earned (section 6)."""

    returned_milli: int
    points: int


@dataclass(frozen=True)
class Told:
    """Everything that has happened so far."""

    programme: Programme
    catalogue: Catalogue
    documents: list[Document]
    kept: Mapping[tuple[Key, int], Kept]


def told(programme: Programme, catalogue: Catalogue, documents: list[Document]) -> Told:
    """Count documents, and note what of each line came back (sections 2 to 6)."""
    awards = earn(programme, catalogue, documents)
    book = Book(awards)
    for document in documents:
        book.enter(document)
        for line in returned_lines(document):
            book.take_back(document, line)
    points: dict[tuple[Key, int], int] = {}
    for award in awards:
        if award.unit == "points":
            place = (award.document, award.line_number)
            points[place] = points.get(place, 0) + award.points
    for reversal in book.reversals:
        if reversal.unit == "points":
            points[reversal.sale_document, reversal.sale_line] -= reversal.points
    kept = {}
    for sales in book.by_distributor.values():
        for sale in sales:
            place = (sale.document.key, sale.line.number)
            kept[place] = Kept(sale.returned_milli, points.get(place, 0))
    return Told(programme, catalogue, documents, kept)


@dataclass
class Sold:
    """What a distributor sold in a scope, less what came back (section 7, metric)."""

    net: int = 0
    milli: int = 0
    points: int = 0
    documents: int = 0
    by_product: dict[str, int] = field(default_factory=dict)

    def of(self, metric: str) -> int:
        """Give it in a metric, in the smallest unit."""
        if metric == "products":
            return sum(1 for quantity in self.by_product.values() if quantity > 0)
        return {"net_amount": self.net, "quantity": self.milli, "points": self.points, "documents": self.documents}[
            metric
        ]


def sold_in(happened: Told, distributor: str, scope: Scope, first: date, last: date) -> Sold:
    """Add up what one distributor sold in a scope within days (section 7)."""
    sold = Sold()
    setting = Setting(happened.programme, happened.catalogue, {})
    for document in happened.documents:
        if document.distributor == distributor and first <= document.issued_on <= last:
            add(sold, happened, *matching(setting, scope, document), document)
    return sold


def matching(setting: Setting, scope: Scope, document: Document) -> tuple[list[Line], list[Line]]:
    """Give what M and its discount lines are made of (section 2)."""
    programme = setting.programme
    within = programme.starts_on is None or programme.starts_on <= document.issued_on
    within = within and (programme.ends_on is None or document.issued_on <= programme.ends_on)
    if document.kind != "invoice" or not within or not document_matches(scope, setting, document):
        return [], []
    lines = [line for line in document.lines if line_matches(scope, setting, document, line)]
    sales = [line for line in lines if line.is_sale and limits_hold(scope, line, programme.minor_digits)]
    return sales, [line for line in lines if line.is_discount]


def add(sold: Sold, happened: Told, sales: list[Line], discounts: list[Line], document: Document) -> None:
    """Add one document: each line with what of it was kept (sections 6 and 7)."""
    m = selling(sales, discounts)
    net, milli = m.total, 0
    for line in m.lines:
        kept = happened.kept[document.key, line.number]
        net -= reversed_in_all(line.amount, kept.returned_milli, line.quantity_milli)
        left = line.quantity_milli - kept.returned_milli
        milli += left
        sold.points += kept.points
        product = code_key(line.source.product)
        sold.by_product[product] = sold.by_product.get(product, 0) + left
    if m.lines:
        sold.net += max(net, 0)
        sold.milli += milli
        sold.documents += milli > 0


@dataclass(frozen=True)
class Place:
    """Where somebody stands (section 7)."""

    value: int
    target: int
    steps: int
    is_open: bool
    earned: int


def scaled(programme: Programme, metric: str, written: Any) -> int:
    """Write an amount of a metric in its smallest unit."""
    scale = {
        "net_amount": 10**programme.minor_digits,
        "quantity": 1000,
        "points": 10**programme.point_decimals,
        "documents": 1,
        "products": 1,
    }[metric]
    amount = exact(written) * scale
    assert amount.denominator == 1
    return int(amount)


def day(text: str) -> date:
    """Read a day."""
    return date.fromisoformat(text)


def stands(happened: Told, distributor: str, promotion: Mapping[str, Any], own: Mapping[str, int]) -> Place:
    """Tell where one distributor stands. ``own`` are the targets of a sheet, in the smallest unit (section 7)."""
    programme, metric = happened.programme, promotion.get("metric", "net_amount")
    scope = read_scope(promotion.get("scope"), programme.minor_digits)
    first, last = day(promotion["from"]), day(promotion["until"])
    sold = sold_in(happened, distributor, scope, first, last)
    target = target_of(happened, distributor, promotion, own)
    is_open = True
    for gate in promotion.get("gates", []):
        gated = read_scope(gate.get("scope"), programme.minor_digits)
        amount = sold_in(happened, distributor, gated, first, last).of(gate.get("metric", "net_amount"))
        if amount < scaled(programme, gate.get("metric", "net_amount"), gate["least"]):
            is_open = False
    value = sold.of(metric)
    reached = [
        step
        for step in promotion.get("steps", [])
        if target and Fraction(value, target) >= Fraction(step["reach"], 10_000)
    ]
    paying = reached if promotion.get("pays", "highest") == "each" else reached[-1:]
    earned = sum(reward(programme, step["reward"], sold) for step in paying) if is_open else 0
    return Place(value, target, len(reached), is_open, earned)


def reward(programme: Programme, given: Mapping[str, Any], sold: Sold) -> int:
    """Give the points of a step's reward, for the whole promotion; no fraction of a point exists (section 7)."""
    if "points" in given:
        return scaled(programme, "points", given["points"])
    if "percent_bp" in given:
        return max(sold.points, 0) * given["percent_bp"] // 10_000
    if "per_unit" in given:
        rate = exact(given["per_unit"]) * 10**programme.point_decimals
        whole = rate * Fraction(sold.milli, 1000)
        return whole.numerator // whole.denominator
    return 0


def target_of(happened: Told, distributor: str, promotion: Mapping[str, Any], own: Mapping[str, int]) -> int:
    """Give the target: one's own, else growth, else the nearest group's, else the default; 0: none (section 7)."""
    said, programme = promotion.get("target") or {}, happened.programme
    metric = promotion.get("metric", "net_amount")
    if distributor in own:
        return own[distributor]
    for code, written in said.get("distributors", {}).items():
        if code_key(code) == distributor:
            return scaled(programme, metric, written)
    growth = said.get("growth")
    if growth is not None:
        scope = read_scope({**(promotion.get("scope") or {}), "from": None, "until": None}, programme.minor_digits)
        base = sold_in(happened, distributor, scope, day(growth["from"]), day(growth["until"])).of(metric)
        least = scaled(programme, metric, growth["least"]) if "least" in growth else 0
        if base > 0 or least > 0:
            return max(round_half_up(Fraction(base * (10_000 + growth["growth_bp"]), 10_000)), least)
    groups = happened.catalogue.distributor_groups
    by_group = [(find_group(groups, code), written) for code, written in said.get("groups", {}).items()]
    for climbed in happened.catalogue.distributor_chain(distributor):
        for group, written in by_group:
            if group == climbed:
                return scaled(programme, metric, written)
    return scaled(programme, metric, said["default"]) if said.get("default") is not None else 0


def places(scores: Mapping[str, int]) -> dict[str, int]:
    """Give everybody's place, the most first; those alike share the better place (section 7)."""
    return {one: 1 + sum(1 for other in scores.values() if other > score) for one, score in scores.items()}


def furthest_first(standing: Mapping[str, Place], won: Mapping[str, int] | None = None) -> list[str]:
    """Give the order in which a budget is given out (section 7): by place, share of the target, and what was sold."""

    def goodness(one: str) -> tuple[int, int, int]:
        place, stands_at = (won or {}).get(one, 0), standing[one]
        share = stands_at.value * 10_000 // stands_at.target if stands_at.target else 0
        return (-place if place else -len(standing) - 1, share, stands_at.value)

    return sorted(standing, key=goodness, reverse=True)


def pay(paid: dict[str, int], earned: Mapping[str, int], order: Iterable[str], budget: int | None) -> None:
    """Take back first, then give in order while the budget lasts (section 7, budget)."""
    listed = list(order)
    for one in listed:
        if earned[one] < paid[one]:
            paid[one] = earned[one]
    for one in listed:
        more = earned[one] - paid[one]
        if budget is not None:
            more = min(more, max(budget - sum(paid.values()), 0))
        paid[one] += max(more, 0)

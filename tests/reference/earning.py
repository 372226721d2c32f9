"""What documents earn: the rule kinds but `event`, scopes, the matrix, stacks, multipliers, caps (sections 2 to 4)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.reference.arith import round_half_up, share
from tests.reference.programme import (
    AMOUNT_BANDS,
    CAP_ORDER,
    EVENT,
    LINE_COUNT_BANDS,
    MULTIPLIER,
    PER_AMOUNT,
    PER_DOCUMENT,
    PER_LINE,
    PER_UNIT,
    WEEKDAYS,
    Hours,
    Programme,
    Rule,
    Scope,
)
from tests.reference.sales import INVOICE, Catalogue, Document, Group, Key, Line, code_key, find_group


@dataclass
class Award:
    """What one rule gives one line, in the smallest unit of points or money (rules.md sections 2 to 4).

    `before_caps` is what it was before section 4; `cut_by` names the last cap that reduced it.
    """

    document: Key
    line_number: int
    distributor: str
    issued_on: date
    rule: str
    unit: str
    points: int
    before_caps: int
    cut_by: str | None = None


@dataclass(frozen=True)
class Offer:
    """What a rule would give a line before its stack has chosen (rules.md section 3)."""

    rule: Rule
    line_number: int
    points: int


@dataclass
class Selling:
    """The set M of a rule in a document, and the sum that its discount lines have lowered (rules.md section 2)."""

    lines: list[Line]
    total: int


@dataclass(frozen=True)
class Setting:
    """Everything a scope may ask about (rules.md section 2, scope)."""

    programme: Programme
    catalogue: Catalogue
    first_invoices: dict[str, Key]


def first_invoices(programme: Programme, documents: list[Document]) -> dict[str, Key]:
    """Give each distributor's first invoice within the programme in counting order (section 2, first purchase only)."""
    first: dict[str, Key] = {}
    for document in documents:
        if can_earn(programme, document) and document.distributor not in first:
            first[document.distributor] = document.key
    return first


def listed(wanted: tuple[str, ...] | None, value: str | None) -> bool:
    """Whether a value is in a list of the scope; no list is no condition (rules.md section 2: OR within one kind)."""
    if wanted is None:
        return True
    return value is not None and code_key(value) in wanted


def grouped(wanted: tuple[str, ...] | None, groups: list[Group], climbed: list[Group]) -> bool:
    """Whether one of the groups, or a group above it, is in a list of the scope (rules.md section 2: descendants).

    `groups` are all there are: a reference means one of them, by code before name before alias.
    """
    if wanted is None:
        return True
    return any(find_group(groups, reference) in climbed for reference in wanted)


def product_matches(scope: Scope, catalogue: Catalogue, product: str, day: date | None = None) -> bool:
    """Test products, product groups of the day and what is excluded (rules.md section 2, scope)."""
    climbed = catalogue.product_chain(product, day)
    if scope.exclude_products is not None and listed(scope.exclude_products, product):
        return False
    groups = catalogue.product_groups
    if scope.exclude_product_groups is not None and grouped(scope.exclude_product_groups, groups, climbed):
        return False
    return listed(scope.products, product) and grouped(scope.product_groups, groups, climbed)


def distributor_matches(scope: Scope, catalogue: Catalogue, code: str, day: date | None = None) -> bool:
    """Test distributors, and the distributor groups and tiers of the day (rules.md section 2, scope)."""
    return (
        listed(scope.distributors, code)
        and grouped(scope.distributor_groups, catalogue.distributor_groups, catalogue.distributor_chain(code, day))
        and listed(scope.tiers, catalogue.tier_of(code, day))
    )


def day_matches(scope: Scope, programme: Programme, day: date) -> bool:
    """Test from/until, weekdays and named days by the issue date (rules.md section 2, scope)."""
    if scope.first_day is not None and day < scope.first_day:
        return False
    if scope.last_day is not None and day > scope.last_day:
        return False
    if scope.weekdays is not None and WEEKDAYS[day.weekday()] not in scope.weekdays:
        return False
    if scope.days is None:
        return True
    return any(day in programme.named_days.get(name, frozenset()) for name in scope.days)


def hour_matches(hours: Hours | None, line: Line) -> bool:
    """Test the hours: from is inside, until outside, a line without a time does not match (rules.md section 2)."""
    if hours is None:
        return True
    moment = line.source.issued_at
    if moment is None:
        return False
    # Seconds count: 11:59:59 is before 12:00.
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    if hours.start is not None and seconds < hours.start * 60:
        return False
    return hours.end is None or seconds < hours.end * 60


def unit_price_of(line: Line, minor_digits: int) -> Fraction:
    """Give the unit price in units of currency (rules.md section 1); without one it is amount by quantity.

    That quotient is rounded half up once, to a millionth of a minor unit.
    """
    if line.source.unit_price is not None:
        return Fraction(line.source.unit_price)
    millionths = round_half_up(Fraction(line.amount * 1000 * 10**6, line.quantity_milli))
    return Fraction(millionths, 10**6 * 10**minor_digits)


def limits_hold(scope: Scope, line: Line, minor_digits: int) -> bool:
    """Test least and most line amount, quantity and unit price; these ask sale lines only (rules.md section 2)."""
    if scope.line_amount is not None and not scope.line_amount.hold(Fraction(line.amount)):
        return False
    if scope.quantity is not None and not scope.quantity.hold(Fraction(line.quantity_milli, 1000)):
        return False
    return scope.unit_price is None or scope.unit_price.hold(unit_price_of(line, minor_digits))


def document_matches(scope: Scope, setting: Setting, document: Document) -> bool:
    """Test what is the same for all lines of a document (rules.md section 2, scope)."""
    if scope.first_purchase and setting.first_invoices.get(document.distributor) != document.key:
        return False
    return (
        listed(scope.document_kinds, document.kind)
        and day_matches(scope, setting.programme, document.issued_on)
        and distributor_matches(scope, setting.catalogue, document.distributor, document.issued_on)
    )


def line_matches(scope: Scope, setting: Setting, document: Document, line: Line) -> bool:
    """Test what each line has of its own, but for the limits (rules.md section 2, scope)."""
    if scope.without_discounted and line.source.discounted:
        return False
    return (
        product_matches(scope, setting.catalogue, line.source.product, document.issued_on)
        and listed(scope.outlets, line.source.outlet)
        and listed(scope.channels, line.source.channel)
        and hour_matches(scope.hours, line)
    )


def can_earn(programme: Programme, document: Document) -> bool:
    """Only invoices earn, and nothing outside the programme's own dates does (rules.md section 2)."""
    if document.kind != INVOICE:
        return False
    if programme.starts_on is not None and document.issued_on < programme.starts_on:
        return False
    return programme.ends_on is None or document.issued_on <= programme.ends_on


def matching_lines(rule: Rule, setting: Setting, document: Document) -> tuple[list[Line], list[Line]]:
    """Give the matching sale lines and the matching discount lines (rules.md section 2, M)."""
    sold: list[Line] = []
    discounts: list[Line] = []
    if not can_earn(setting.programme, document) or not document_matches(rule.scope, setting, document):
        return sold, discounts
    for line in document.lines:
        if (
            line.is_sale
            and line_matches(rule.scope, setting, document, line)
            and limits_hold(rule.scope, line, setting.programme.minor_digits)
        ):
            sold.append(line)
        if line.is_discount and line_matches(rule.scope, setting, document, line):
            discounts.append(line)
    return sold, discounts


def selling(sold: list[Line], discounts: list[Line]) -> Selling:
    """Make M: a set whose sum is zero or negative earns nothing, so it is left empty (rules.md section 2)."""
    total = sum(line.amount for line in sold) + sum(line.amount for line in discounts)
    if total <= 0:
        return Selling([], total)
    return Selling(sold, total)


def floored(value: Fraction) -> int:
    """Round down to a whole number (rules.md section 2: floor)."""
    return value.numerator // value.denominator


def band_points(rule: Rule, reached: int) -> Fraction:
    """Give the points of the highest band that is reached (rules.md section 2, bands)."""
    highest = None
    for band in rule.bands:
        if band.start <= reached and (highest is None or band.start > highest.start):
            highest = band
    return Fraction(0) if highest is None else Fraction(highest.points)


def line_points(rule: Rule, rate: Fraction, line: Line) -> int:
    """Give what a kind that earns line by line gives a line of M (rules.md section 2)."""
    if rule.kind == PER_UNIT:
        return floored(rate * Fraction(line.quantity_milli, 1000))
    if rule.kind == PER_LINE:
        return floored(rate)
    assert rule.step is not None
    return floored(rate) * floored(line.amount / rule.step)


def document_points(rule: Rule, rate: Fraction, m: Selling) -> int:
    """Give what a kind that earns per document gives the whole of M (rules.md section 2)."""
    if rule.kind == PER_AMOUNT:
        assert rule.step is not None
        return floored(rate) * floored(m.total / rule.step)
    if rule.kind == PER_DOCUMENT:
        if rule.least_amount is not None and m.total < rule.least_amount:
            return 0
        return floored(rate)
    if rule.kind == AMOUNT_BANDS:
        return floored(band_points(rule, m.total))
    if rule.kind == LINE_COUNT_BANDS:
        return floored(band_points(rule, len(m.lines)))
    raise ValueError(f"{rule.code}: {rule.kind} earns nothing per document")


def earned_by_set(rule: Rule, rate: Fraction, m: Selling) -> dict[int, int]:
    """Give each line number of M its points (rules.md section 2, the table and the sharing below it)."""
    if not m.lines:
        return {}
    by_line = rule.kind in (PER_UNIT, PER_LINE) or (rule.kind == PER_AMOUNT and rule.of == "line")
    if by_line:
        return {line.number: line_points(rule, rate, line) for line in m.lines}
    return share(document_points(rule, rate, m), [(line.number, line.amount) for line in m.lines])


def cell_of(rule: Rule, catalogue: Catalogue, document: Document, product: str) -> tuple[str, Fraction]:
    """Find the cell of a matrix for a product and a document's distributor (rules.md section 2, the matrix).

    From the product's group up to its root; the distributor's own group only, both as of the issue date. Then the
    default rate, then 0.
    """
    own_group = catalogue.distributor_chain(document.distributor, document.issued_on)[:1]
    for product_group in catalogue.product_chain(product, document.issued_on):
        for rate in rule.rates:
            row = find_group(catalogue.product_groups, rate.product_group)
            column = find_group(catalogue.distributor_groups, rate.distributor_group)
            if row == product_group and column in own_group:
                return f"{code_key(product_group.code)} x {code_key(own_group[0].code)}", rate.points
    return "default", rule.points


def earned_by_matrix(rule: Rule, setting: Setting, document: Document) -> dict[int, int]:
    """Give each line its points by a matrix: every cell of a document is its own set M (rules.md section 2)."""
    sold, discounts = matching_lines(rule, setting, document)
    sold_by_cell: dict[str, list[Line]] = defaultdict(list)
    discounts_by_cell: dict[str, list[Line]] = defaultdict(list)
    rates: dict[str, Fraction] = {}
    for line in sold:
        cell, rate = cell_of(rule, setting.catalogue, document, line.source.product)
        sold_by_cell[cell].append(line)
        rates[cell] = rate
    for line in discounts:
        cell, rate = cell_of(rule, setting.catalogue, document, line.source.product)
        discounts_by_cell[cell].append(line)
    earned: dict[int, int] = {}
    for cell, lines in sold_by_cell.items():
        earned.update(earned_by_set(rule, rates[cell], selling(lines, discounts_by_cell[cell])))
    return earned


def earned_by_rule(rule: Rule, setting: Setting, document: Document) -> dict[int, int]:
    """Give each line number what a rule that is no multiplier earns in a document (rules.md section 2)."""
    if rule.is_matrix:
        return earned_by_matrix(rule, setting, document)
    sold, discounts = matching_lines(rule, setting, document)
    return earned_by_set(rule, rule.points, selling(sold, discounts))


def chosen(policy: str, offers: list[Offer]) -> list[Offer]:
    """Let a stack choose among the offers for one line and unit (rules.md section 3)."""
    offers = [offer for offer in offers if offer.points > 0]
    if not offers:
        return []
    if policy == "sum":
        return offers
    if policy == "best":
        return [min(offers, key=lambda offer: (-offer.points, offer.rule.priority, offer.rule.code))]
    if policy == "first":
        return [min(offers, key=lambda offer: (offer.rule.priority, offer.rule.code))]
    raise ValueError(f"no such policy of a stack: {policy}")


def after_stacking(programme: Programme, offers: list[Offer]) -> list[Offer]:
    """Let every stack choose for every line, points and money apart; stacks add up (rules.md section 3)."""
    by_stack: dict[tuple[int, str, str], list[Offer]] = defaultdict(list)
    for offer in offers:
        by_stack[offer.line_number, offer.rule.unit, offer.rule.stack].append(offer)
    kept: list[Offer] = []
    for (_, _, stack), rivals in by_stack.items():
        kept += chosen(programme.stacks.get(stack, "sum"), rivals)
    return kept


def extras(setting: Setting, document: Document, base: list[Offer]) -> list[Offer]:
    """Give what the multipliers add to the base points of the lines of their M (rules.md sections 2 and 3)."""
    offers: list[Offer] = []
    for rule in setting.programme.rules:
        if rule.kind != MULTIPLIER:
            continue
        sold, discounts = matching_lines(rule, setting, document)
        for line in selling(sold, discounts).lines:
            line_base = 0
            for offer in base:
                if offer.line_number == line.number and offer.rule.unit == rule.unit:
                    line_base += offer.points
            extra = round_half_up(Fraction(line_base * (rule.factor - 10000), 10000))
            offers.append(Offer(rule, line.number, extra))
    return after_stacking(setting.programme, offers)


def earned_by_document(setting: Setting, document: Document) -> list[Award]:
    """Give the awards of one document before caps: the rules, their stacks, then the multipliers (sections 2, 3)."""
    offers: list[Offer] = []
    for rule in setting.programme.rules:
        if rule.kind not in (MULTIPLIER, EVENT):
            for number, points in earned_by_rule(rule, setting, document).items():
                offers.append(Offer(rule, number, points))
    base = after_stacking(setting.programme, offers)
    awarded = base + extras(setting, document, base)
    awarded.sort(key=lambda offer: (offer.line_number, offer.rule.code))
    return [
        Award(
            document=document.key,
            line_number=offer.line_number,
            distributor=document.distributor,
            issued_on=document.issued_on,
            rule=offer.rule.code,
            unit=offer.rule.unit,
            points=offer.points,
            before_caps=offer.points,
        )
        for offer in awarded
    ]


def bucket(cap: str, award: Award) -> tuple[object, ...]:
    """Tell what a cap counts together: a document, a distributor's period, or everything (rules.md section 4)."""
    day = award.issued_on
    if cap == "per_document":
        return (award.document,)
    if cap == "budget":
        return ()
    periods: dict[str, tuple[int, ...]] = {
        "day": (day.year, day.month, day.day),
        "month": (day.year, day.month),
        "quarter": (day.year, (day.month - 1) // 3),
        "year": (day.year,),
        "program": (),
    }
    return (award.distributor, *periods[cap])


def apply_caps(programme: Programme, awards: list[Award]) -> None:
    """Cut the awards of each rule by its caps, one award after the other (rules.md section 4).

    The awards must come in the counting order of their documents and lines. An award goes through the caps in turn;
    the room under each is its limit less what the rule has given, so it does not matter how the sales were parted into
    imports. The last cap that made it less is named.
    """
    for rule in programme.rules:
        given: dict[tuple[str, tuple[object, ...]], int] = defaultdict(int)
        for award in awards:
            if award.rule != rule.code:
                continue
            caps = [cap for cap in CAP_ORDER if cap in rule.caps]
            for cap in caps:
                room = rule.caps[cap] - given[cap, bucket(cap, award)]
                if award.points > room:
                    award.points = room
                    award.cut_by = cap
            for cap in caps:
                given[cap, bucket(cap, award)] += award.points


def earn(programme: Programme, catalogue: Catalogue, documents: list[Document]) -> list[Award]:
    """Give all awards of documents that come in counting order (rules.md sections 2 to 4)."""
    setting = Setting(programme, catalogue, first_invoices(programme, documents))
    awards: list[Award] = []
    for document in documents:
        awards += earned_by_document(setting, document)
    apply_caps(programme, awards)
    return awards

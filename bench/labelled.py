"""The labelled set: honest claims made of real lines, and every pattern of abuse put among them, the same for a seed.

Honest documents are those of the reseller sales of AdventureWorks, or of a market of our own making where that file is
not there. Each reseller numbers its invoices in a way of its own, one by one. What abuses them is made of the honest
ones, as people do it: an edited number, a day moved, another's invoice, a price or a quantity more.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from app.domain.documents.numbering import number_key
from bench.honest import (
    LIMIT_MINOR,
    WITHIN_DAYS,
    Claim,
    Line,
    Market,
    device_of,
    file_of,
    look_of,
    number_of,
    tax_id,
)


class Forger:
    """Makes abuse out of honest claims."""

    def __init__(self, market: Market, dice: random.Random, since: date, until: date) -> None:
        """Forge claims that are sent between two days."""
        self.market = market
        self.dice = dice
        self.since, self.until = since, until
        self.by_distributor: dict[str, list[Claim]] = defaultdict(list)
        for one in market.claims:
            self.by_distributor[one.distributor].append(one)

    def honest(self, wanted: Callable[[Claim], bool] = lambda _: True) -> Claim:
        """Choose an honest claim that was sent within the days, and is not among the last."""
        for _ in range(10_000):
            one = self.dice.choice(self.market.claims)
            if self.since <= one.sent_on <= self.until - timedelta(days=30) and wanted(one):
                return one
        raise LookupError("no honest claim is of the kind that this abuse takes")

    def later(self, claim: Claim) -> date:
        """Give a day on which a copy of a claim is sent."""
        return claim.sent_on + timedelta(days=self.dice.randint(8, 25))

    def again(self, claim: Claim, **changes: object) -> Claim:
        """Send a claim once more, with another picture."""
        told = {
            "sent_on": self.later(claim),
            "file": file_of(self.dice),
            "look": look_of(self.dice),
            # the copy of a careful hand: a photo, from its sender's own device
            "pdf_made_at": None,
            "pdf_changed_at": None,
            "read_number": None,
            "read_issued_on": None,
            "device": device_of(str(changes.get("distributor", claim.distributor))),
            **changes,
        }
        return replace(claim, **told)  # type: ignore[arg-type]

    def unused(self, distributor: str, day: date, ahead: int = 400) -> str:
        """Write a number that its reseller has not come to yet."""
        counter = 9_000 + ahead + self.dice.randint(0, 50_000)
        return number_of(distributor, counter, day)

    def next_number(self, claim: Claim, step: int = 1) -> str:
        """Write a number that follows a claim's own, and that its reseller does not come to."""
        first, last = _counter(claim)
        used = {one.number for one in self.by_distributor[claim.distributor]}
        counter = int(claim.number[first:last])
        while True:
            counter += step
            number = f"{claim.number[:first]}{counter:0{last - first}}{claim.number[last:]}"
            if number not in used:
                return number


def _digits(number: str) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for at, letter in enumerate(number):
        if letter.isdigit():
            if runs and runs[-1][1] == at:
                runs[-1] = (runs[-1][0], at + 1)
            else:
                runs.append((at, at + 1))
    return runs


def _counter(claim: Claim) -> tuple[int, int]:
    """Find the digits of a number that count."""
    return _digits(claim.number)[1 if int(claim.distributor) % 4 == 1 else 0]


def _edited(letters: str, dice: random.Random) -> str:
    """Write a number otherwise, so that a person reads the same."""
    ways = (
        lambda text: text.replace("/", " / ").replace("-", " - "),
        lambda text: text.replace("/", "-"),
        lambda text: text.replace("0", "O", 1),
        lambda text: text.lower(),
        lambda text: f"Faktura {text}",
        lambda text: f"{text[:3]}\u200b{text[3:]}",
    )
    fitting = [made for made in (way(letters) for way in ways) if made != letters]
    return dice.choice(fitting)


def same_number(forger: Forger) -> list[Claim]:
    """Send an invoice again under its number, written otherwise."""
    one = forger.honest()
    return [forger.again(one, number=_edited(one.number, forger.dice))]


def edited_number(forger: Forger) -> list[Claim]:
    """Send it again with a letter or a digit changed."""
    one = forger.honest()
    number = forger.dice.choice([f"{one.number}A", f"{one.number}/1", forger.next_number(one, 3)])
    return [forger.again(one, number=number)]


def edited_and_altered(forger: Forger) -> list[Claim]:
    """Send it again with a letter more, and more of each product."""
    one = forger.honest(lambda claim: len(claim.lines) > 1)
    lines = tuple(_more(line, line.pieces + 1 + line.pieces // 4) for line in one.lines)
    return [forger.again(one, number=f"{one.number}/B", lines=lines)]


def moved_into_another_month(forger: Forger) -> list[Claim]:
    """Send it again with another date and the number that goes with it."""
    one = forger.honest(lambda claim: len(claim.lines) > 1)
    day = one.issued_on + timedelta(days=forger.dice.randint(20, 40))
    sent = max(day, forger.later(one))
    return [forger.again(one, number=forger.unused(one.distributor, day), issued_on=day, sent_on=sent)]


def of_another_distributor(forger: Forger) -> list[Claim]:
    """Have another distributor send the same invoice as its own."""
    one = forger.honest()
    joined = forger.market.joined
    others = [who for who in forger.market.distributors if who != one.distributor and joined[who] <= one.issued_on]
    other = forger.dice.choice(others)
    return [forger.again(one, distributor=other, number=forger.unused(other, one.issued_on))]


def from_the_future(forger: Forger) -> list[Claim]:
    """Date an invoice on a day that has not come."""
    one = _invented(forger)
    return [replace(one, issued_on=one.sent_on + timedelta(days=forger.dice.randint(8, 40)))]


def before_joining(forger: Forger) -> list[Claim]:
    """Send an invoice of the days before its reseller took part."""
    joined = forger.market.joined
    one = forger.honest(lambda claim: joined[claim.distributor] > forger.market.first_day and _recent(claim, joined))
    day = joined[one.distributor] - timedelta(days=forger.dice.randint(1, 60))
    sent = max(joined[one.distributor], forger.since)
    number, lines = forger.unused(one.distributor, day), forger.honest().lines
    return [forger.again(one, number=number, issued_on=day, sent_on=sent, lines=lines)]


def _recent(claim: Claim, joined: dict[str, date]) -> bool:
    return (claim.sent_on - joined[claim.distributor]).days < WITHIN_DAYS - 70


def too_late(forger: Forger) -> list[Claim]:
    """Send an invoice after the days within which it had to come."""
    one = _invented(forger)
    return [replace(one, issued_on=one.sent_on - timedelta(days=WITHIN_DAYS + forger.dice.randint(1, 90)))]


def to_oneself(forger: Forger) -> list[Claim]:
    """Sell to oneself."""
    one = _invented(forger)
    return [replace(one, buyer=tax_id(one.distributor))]


def of_an_unknown_seller(forger: Forger) -> list[Claim]:
    """Send the invoice of somebody who is none of the programme's sellers."""
    return [replace(_invented(forger), seller="9999999999")]


def split(forger: Forger) -> list[Claim]:
    """Send one large sale as several invoices, each below what takes two people."""
    one = forger.honest(lambda claim: len(claim.lines) > 4)
    parts = forger.dice.randint(2, 3)
    made = []
    for part in range(parts):
        line = one.lines[part]
        pieces = max(LIMIT_MINOR * forger.dice.randint(86, 97) // 100 // line.price_minor, 1)
        kept = [_more(line, pieces)] if pieces * line.price_minor > LIMIT_MINOR * 8 // 10 else []
        rest = LIMIT_MINOR * 9 // 10
        for other in one.lines[part::parts] if not kept else ():
            if sum(already.net_minor for already in kept) + other.net_minor <= rest:
                kept.append(other)
        filling = LIMIT_MINOR * 95 // 100 - sum(already.net_minor for already in kept)
        if filling > line.price_minor:
            kept.append(_more(line, filling // line.price_minor))
        number = forger.next_number(one, part + 1)
        made.append(forger.again(one, number=number, lines=tuple(kept), sent_on=one.sent_on + timedelta(days=9)))
    return made


def round_total(forger: Forger) -> list[Claim]:
    """Invent an invoice of a round sum."""
    one = _invented(forger)
    total = forger.dice.randint(5, 80) * 100_00
    first = one.lines[0]
    return [replace(one, lines=(Line.at(first.product, 1, total),))]


def price_raised(forger: Forger) -> list[Claim]:
    """Raise the price of a line many times."""
    one = _invented(forger)
    first, *rest = one.lines
    price = first.price_minor * forger.dice.randint(5, 9) + 7
    return [replace(one, lines=(Line.at(first.product, first.pieces, price), *rest))]


def quantity_raised(forger: Forger) -> list[Claim]:
    """Sell many times as many pieces as anybody does."""
    one = _invented(forger)
    first, *rest = one.lines
    return [replace(one, lines=(_more(first, 40 * forger.dice.randint(2, 5)), *rest))]


def burst(forger: Forger) -> list[Claim]:
    """Invent many invoices of the last days of a month."""
    one = forger.honest()
    last = (one.sent_on.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    number = forger.dice.randint(60_000, 90_000)
    made = []
    for at in range(9):
        day = last - timedelta(days=2 - at // 3)
        lines = forger.honest().lines
        written = number_of(one.distributor, number + at, day)
        made.append(forger.again(one, number=written, issued_on=day, lines=lines, sent_on=last + timedelta(days=1)))
    return made


def numbered_backwards(forger: Forger) -> list[Claim]:
    """Invent an invoice whose number was come to long before its day, or is not come to yet."""
    own = forger.by_distributor
    one = forger.honest(lambda claim: _place(own, claim) >= 4)
    day = one.issued_on + timedelta(days=forger.dice.randint(15, 20))
    number = forger.next_number(one, -1)
    lines = forger.honest().lines
    return [forger.again(one, number=number, issued_on=day, lines=lines, sent_on=max(day, forger.later(one)))]


def _place(own: dict[str, list[Claim]], claim: Claim) -> int:
    return own[claim.distributor].index(claim)


def wrong_total(forger: Forger) -> list[Claim]:
    """State a total that the lines do not make."""
    one = _invented(forger)
    return [replace(one, stated_minor=one.net_minor + forger.dice.randint(1, 90_000))]


def wrong_line(forger: Forger) -> list[Claim]:
    """Claim more for a line than quantity times price."""
    one = _invented(forger)
    first, *rest = one.lines
    return [replace(one, lines=(replace(first, net_minor=first.net_minor + forger.dice.randint(2, 9_000)), *rest))]


def wrong_vat(forger: Forger) -> list[Claim]:
    """State a gross amount that no rate of VAT makes."""
    one = _invented(forger)
    return [replace(one, gross_minor=one.net_minor * forger.dice.choice([95, 145, 180]) // 100)]


def same_file(forger: Forger) -> list[Claim]:
    """Prove an invented invoice by the file of another one."""
    one = forger.honest()
    invented = _invented(forger)
    return [replace(invented, file=one.file, sent_on=max(invented.sent_on, forger.later(one)))]


def same_picture(forger: Forger) -> list[Claim]:
    """Prove an invented invoice by another photo of the same paper."""
    one = forger.honest()
    invented = _invented(forger)
    look, sent = _flipped(one.look, forger.dice, 5), max(invented.sent_on, forger.later(one))
    return [replace(invented, look=look, sent_on=sent)]


def many_at_once(forger: Forger) -> list[Claim]:
    """Send dozens of invented invoices within an hour."""
    one = forger.honest()
    sent = forger.later(one)
    claims = []
    for at in range(36):
        day = one.issued_on - timedelta(days=at % 9)
        number = number_of(one.distributor, 70_000 + at, day)
        lines = forger.honest().lines
        claims.append(forger.again(one, number=number, issued_on=day, lines=lines, sent_on=sent))
    return [claim for claim in claims if claim.issued_on >= forger.market.joined[one.distributor]]


def edited_pdf(forger: Forger) -> list[Claim]:
    """Invent an invoice, and edit the PDF of another one for it."""
    one = _invented(forger)
    made = datetime.combine(one.issued_on, time(9))
    return [replace(one, pdf_made_at=made, pdf_changed_at=made + timedelta(hours=forger.dice.randint(2, 90)))]


def pdf_of_before(forger: Forger) -> list[Claim]:
    """Invent an invoice upon an older one, whose PDF says when that was made."""
    one = _invented(forger)
    made = datetime.combine(one.issued_on - timedelta(days=forger.dice.randint(3, 60)), time(9))
    return [replace(one, pdf_made_at=made, pdf_changed_at=made)]


def edited_after_reading(forger: Forger) -> list[Claim]:
    """Invent an invoice on the PDF of another one, and edit the number and the day that were read of it, or one."""
    one = _invented(forger)
    made = datetime.combine(one.issued_on, time(9))
    number = forger.dice.choice([one.number, forger.unused(one.distributor, one.issued_on)])
    day = one.issued_on - timedelta(days=forger.dice.randint(int(number == one.number), 20))
    return [replace(one, pdf_made_at=made, pdf_changed_at=made, read_number=number, read_issued_on=day)]


def one_device(forger: Forger) -> list[Claim]:
    """Invent invoices of several resellers at one desk."""
    first, desk = _invented(forger), forger.dice.randbytes(8)
    others = [who for who in forger.market.distributors if forger.market.joined[who] <= first.issued_on]
    made = []
    for who in forger.dice.sample(others, 3):
        number, lines = forger.unused(who, first.issued_on), forger.honest().lines
        photo = {"file": file_of(forger.dice), "look": look_of(forger.dice)}
        made.append(replace(first, distributor=who, number=number, lines=lines, device=desk, **photo))  # type: ignore[arg-type]
    return made


def number_far_ahead(forger: Forger) -> list[Claim]:
    """Invent an invoice under a number far ahead, of a reseller of whom many numbers are known."""
    try:
        one = forger.honest(lambda claim: _shortly_before(forger.by_distributor, claim) >= FEWEST_BEFORE)
    except LookupError:
        return []
    day, lines = one.issued_on + timedelta(days=forger.dice.randint(1, 5)), forger.honest().lines
    number = forger.next_number(one, forger.dice.randint(2_000, 9_000))
    return [forger.again(one, number=number, issued_on=day, lines=lines, sent_on=max(day, forger.later(one)))]


FEWEST_BEFORE = 6
"""Invoices of a reseller within half a year, after which its numbers tell how they run."""


def _shortly_before(own: dict[str, list[Claim]], claim: Claim) -> int:
    return sum(0 <= (claim.issued_on - one.issued_on).days < 180 for one in own[claim.distributor])


def _invented(forger: Forger) -> Claim:
    """Give an invoice that looks honest: what one reseller sold some days after another one did."""
    one, other = forger.honest(), forger.honest()
    day = one.issued_on + timedelta(days=forger.dice.randint(1, 10))
    sent = max(day, one.sent_on) + timedelta(days=forger.dice.randint(1, 15))
    number = forger.unused(one.distributor, day)
    return forger.again(one, number=number, issued_on=day, sent_on=sent, lines=other.lines)


def _more(line: Line, pieces: int) -> Line:
    return Line.at(line.product, pieces, line.price_minor)


def _flipped(look: int, dice: random.Random, most: int) -> int:
    bits = (look + (1 << 63)) ^ sum(1 << bit for bit in dice.sample(range(64), dice.randint(0, most)))
    return bits - (1 << 63)


Abuse = Callable[[Forger], list[Claim]]
"""Makes the claims of one abuse."""

ABUSES: Sequence[Abuse] = (
    same_number,
    edited_number,
    edited_and_altered,
    moved_into_another_month,
    of_another_distributor,
    from_the_future,
    before_joining,
    too_late,
    to_oneself,
    of_an_unknown_seller,
    split,
    round_total,
    price_raised,
    quantity_raised,
    burst,
    numbered_backwards,
    wrong_total,
    wrong_line,
    wrong_vat,
    same_file,
    same_picture,
    many_at_once,
    edited_pdf,
    pdf_of_before,
    one_device,
    number_far_ahead,
    edited_after_reading,
)


def with_abuse(market: Market, dice: random.Random, each: int, since: date) -> list[Claim]:
    """Give the honest claims that are sent from a day on, and among them each abuse so many times, in order of sending.

    What makes dozens of documents is made less often.
    """
    until = max(one.sent_on for one in market.claims)
    forger = Forger(market, dice, since, until)
    claims = [one for one in market.claims if one.sent_on >= since]
    for abuse in ABUSES:
        times = max(each // 8, 1) if abuse in (burst, many_at_once) else each
        for _ in range(times):
            claims += [replace(one, abuse=abuse.__name__) for one in abuse(forger)]
    return sorted(claims, key=lambda one: (one.sent_on, one.abuse is not None, one.distributor, one.number))


def weeks(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Part claims by the week in which they are sent; a number that comes again comes after the first."""
    by_week: dict[tuple[int, int, int], list[Claim]] = defaultdict(list)
    times: dict[tuple[object, ...], int] = defaultdict(int)
    for one in claims:
        year, week, _ = one.sent_on.isocalendar()
        key = (year, week, one.distributor, one.seller, number_key(one.number, one.issued_on.year))
        by_week[year, week, times[key]].append(one)
        times[key] += 1
    yield from (by_week[week] for week in sorted(by_week))


# --- at the gate ------------------------------------------------------------------------------------------------------

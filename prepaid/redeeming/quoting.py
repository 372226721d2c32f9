"""What points would become now: how many a distributor may redeem, and the money and the tax of a redemption.

It is judged like an account of a conversion run: the same lots, limits, tier's share and tax.
"""

import datetime as dt
from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.points.conversion import MICRO
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.program_file.redemption_settings import Redemptions
from app.domain.states import Unit
from app.models.programs import Program
from app.services.ledger.ledger import LotsToReserve
from prepaid.conversions.segments import Segment
from prepaid.conversions.selection import Candidates, Judge, Period, candidates, drawn_up
from prepaid.errors import PrepaidError, TermsInvalid
from prepaid.taxing.tax import Levied, ProgramTax, Refused
from prepaid.terms import Terms, terms_of

EVER = (dt.date(1970, 1, 1), dt.date(9999, 12, 31))
"""The days of points that may be redeemed one by one: all."""


class RedemptionRefused(PrepaidError):
    """Points that cannot be redeemed, or not so: the code is that of an exception of a run, or one of this room's.

    ``too_many``: more than may be redeemed now; ``no_points``: none can be; ``not_offered``: runs alone convert;
    ``changed``: it comes to something else than what was shown.
    """

    def __init__(self, code: str, message: str) -> None:
        """Say why."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Means:
    """What a distributor may redeem now.

    Attributes:
        available: its points; a tier or terms may let it redeem fewer.
        most: points that it may redeem at once, by what it has, its tier, and the most of one load.
        least: fewer are not converted.
        maximum_minor: most money in one load; None: no limit.
        room_minor: what its card may still take this month; None: nothing limits it.
    """

    available: int
    most: int
    least: int
    maximum_minor: int | None
    room_minor: int | None


@dataclass(frozen=True)
class Quote:
    """What some points become: what is asked for, what of it is used, and the money with its tax."""

    points: int
    levied: Levied
    card_id: int
    account_id: int

    @property
    def total_minor(self) -> int:
        """Give what comes onto the card in all, whenever the compensation does."""
        return self.levied.load_minor + self.levied.compensation_minor

    @property
    def figures(self) -> str:
        """Give what whoever looks at it sees, so that what is done can be held against it."""
        of = self.levied
        return f"{self.points} {of.load_minor} {of.compensation_minor} {of.withheld_minor} {of.rule}"


def settings_of(program: Program) -> Redemptions:
    """Give what a programme says of redemptions that are asked for one by one."""
    return PrepaidPart.model_validate(program.prepaid).redemptions


def may_ask(program: Program, available: int) -> bool:
    """Tell whether so many points are enough to be redeemed by themselves in a programme.

    What else may be in the way, as a tier's share or a card's limit, is told by `means`.
    """
    try:
        least = terms_of(program, Unit.POINTS).minimum_points
    except TermsInvalid:
        return False
    return settings_of(program).offered and available >= max(least, 1)


def means(session: Session, program: Program, distributor_id: int, *, now: dt.datetime) -> Means:
    """Tell what a distributor may redeem now; nothing is locked, so it may be less in a moment.

    Raises:
        TermsInvalid: The programme's prepaid or tax part cannot be used.
    """
    terms, today = terms_of(program, Unit.POINTS), local_date(now, program.time_zone)
    found = _found(session, program, terms, distributor_id, today, looking=True)
    room = found.room[0] if found.room else None
    return Means(
        available=int(found.available[0]) if len(found.available) else 0,
        most=_most(session, program, terms, found, today),
        least=max(terms.minimum_points, _points_for(1, terms.point_value_micro)),
        maximum_minor=terms.maximum_minor,
        room_minor=None if room is None else room.minor,
    )


def _most(session: Session, program: Program, terms: Terms, found: Candidates, today: dt.date) -> int:
    """Give the most points that fit into one load and onto the card, with what is compensated at once."""
    if not len(found.points):
        return 0
    most, room, value = int(found.points[0]), found.room[0], terms.point_value_micro
    limits = [one for one in (terms.maximum_minor, None if room is None else room.minor) if one is not None]
    if not limits:
        return most
    most = min(most, ((min(limits) + 1) * MICRO - 1) // value)
    tax = ProgramTax.of(program, today)
    before = tax.earlier(session, found.distributor_id, found.tax_status)[0]

    def is_over(points: int) -> bool:
        levied = tax.levy(found.tax_status[0], points * value // MICRO, before)
        if isinstance(levied, Refused):  # whoever asks is told so
            return False
        at_once = levied.compensation_minor if terms.compensates_at_once else 0
        return (room is not None and levied.load_minor + at_once > room.minor) or (
            terms.maximum_minor is not None and levied.compensation_minor > terms.maximum_minor
        )

    least = _points_for(1, value)
    if most < least:
        return most
    fits = least - 1 + bisect_left(range(least, most + 1), 1, key=is_over)
    return _points_for(fits * value // MICRO, value)


def _points_for(amount_minor: int, point_value_micro: int) -> int:
    """Give the fewest points that are worth an amount."""
    return -(-amount_minor * MICRO // point_value_micro)


def quote(session: Session, program: Program, distributor_id: int, points: int, *, now: dt.datetime) -> Quote:
    """Tell what points would become now, tax included; nothing is locked or kept.

    Raises:
        RedemptionRefused: They cannot be redeemed.
        TermsInvalid: The programme's prepaid or tax part cannot be used.
    """
    return judged(session, program, distributor_id, points, now, looking=True)[0]


def _found(
    session: Session, program: Program, terms: Terms, distributor_id: int, today: dt.date, *, looking: bool
) -> Candidates:
    period = Period(Unit.POINTS, *EVER)
    accounts = drawn_up(session, program, period, today, Segment.one(distributor_id))
    return candidates(session, program, period, terms, today, accounts.tolist(), looking=looking)


def judged(
    session: Session, program: Program, distributor_id: int, points: int, now: dt.datetime, *, looking: bool
) -> tuple[Quote, LotsToReserve]:
    """Judge a redemption, and draw its points from its lots; the account stays locked unless one is only ``looking``.

    Raises:
        RedemptionRefused: They cannot be redeemed.
        TermsInvalid: The programme's prepaid or tax part cannot be used.
    """
    if not settings_of(program).offered:
        raise RedemptionRefused("not_offered", "The programme converts points by its own runs alone.")
    if points <= 0:
        raise RedemptionRefused("no_points", "Points to redeem are above zero.")
    today, terms = local_date(now, program.time_zone), terms_of(program, Unit.POINTS)
    found = _found(session, program, terms, distributor_id, today, looking=looking)
    if not len(found.account_id):
        raise RedemptionRefused("no_points", "There are no points that can be redeemed.")
    most = int(found.points[0])
    if points > most > 0 and found.available[0] >= 0 and not found.blocked[0]:
        raise RedemptionRefused("too_many", f"At most {most} of the smallest unit of points can be redeemed now.")
    asked = replace(found, points=np.minimum(found.points, points))
    judge = Judge(program, Period(Unit.POINTS, *EVER), terms, ProgramTax.of(program, today))
    chosen = judge.judge(session, asked)
    if chosen.exceptions:
        raise RedemptionRefused(chosen.exceptions[0]["code"], chosen.exceptions[0]["message"])
    made = Quote(int(chosen.points[0]), chosen.levied[0], int(found.card_id[0]), int(found.account_id[0]))
    return made, chosen.lots

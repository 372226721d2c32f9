"""Tiers as rules.md 8 has them, one distributor and one day at a time: add up, look up, compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True)
class Scheme:
    """The tiers of a programme: what each takes, lowest first, and how they are lost."""

    thresholds: tuple[int, ...]
    window: str  # calendar_year, rolling, lifetime
    months: int = 12
    by_one: bool = False
    grace_days: int = 0


@dataclass(frozen=True)
class Earned:
    """Points (or money) of a day, known from a later day on. Below zero: a return."""

    day: date
    known_on: date
    amount: int


@dataclass
class Member:
    """Where one distributor stands: -1 is no tier; `held_until` is the first day after the span it holds through."""

    tier: int = -1
    held_until: date | None = None
    history: list[tuple[date, int]] = field(default_factory=list)


def months_later(day: date, months: int) -> date:
    """The same day of another month, or that month's last one."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError


def reached(scheme: Scheme, amount: int) -> int:
    """The highest tier whose threshold is not above the amount."""
    tier = -1
    for place, threshold in enumerate(scheme.thresholds):
        if amount >= threshold:
            tier = place
    return tier


def total(earned: list[Earned], today: date, first: date = date.min, last: date = date.max) -> int:
    """What is known today of the days from the first to the last."""
    return sum(one.amount for one in earned if one.known_on <= today and first <= one.day <= last)


def lifting(scheme: Scheme, earned: list[Earned], today: date) -> int:
    """The tier that lifts somebody at once, whatever they are in."""
    if scheme.window == "lifetime":
        return reached(scheme, total(earned, today))
    if scheme.window == "rolling":
        first = months_later(today, -scheme.months) + timedelta(1)
        return reached(scheme, total(earned, today, first))
    this_year = total(earned, today, date(today.year, 1, 1), date(today.year, 12, 31))
    # what a year earned is held through the next one, however late it is known
    end = date(today.year - 1, 12, 31) + timedelta(scheme.grace_days)
    last_year = total(earned, today, date(today.year - 1, 1, 1), end)
    return max(reached(scheme, this_year), reached(scheme, last_year))


def keeping(scheme: Scheme, earned: list[Earned], today: date, end: date) -> int:
    """The tier earned in the span that ended before `end`, and in the grace after it."""
    first = months_later(end, -scheme.months) if scheme.window == "rolling" else date(end.year - 1, 1, 1)
    return reached(scheme, total(earned, today, first, end + timedelta(scheme.grace_days - 1)))


def first_end(scheme: Scheme, today: date) -> date | None:
    """When the span ends through which a tier holds that begins today."""
    if scheme.window == "lifetime":
        return None
    if scheme.window == "rolling":
        return months_later(today, scheme.months)
    year = today.year
    while date(year, 1, 1) + timedelta(scheme.grace_days) <= today:
        year += 1
    return date(year, 1, 1)


def play(scheme: Scheme, earned: list[Earned], first: date, last: date) -> Member:
    """Live through the days: up at once; down when the span has ended, and the grace after it."""
    member = Member()
    today = first
    while today <= last:
        tier = max(member.tier, lifting(scheme, earned, today))
        end = member.held_until
        if end is not None and today == end + timedelta(scheme.grace_days):
            deserved = max(keeping(scheme, earned, today, end), lifting(scheme, earned, today))
            if deserved < member.tier:
                tier = max(member.tier - 1, deserved) if scheme.by_one else deserved
            else:
                tier = deserved
            member.held_until = first_end(scheme, end if scheme.window == "rolling" else today)
        if tier != member.tier:
            if tier > member.tier:
                member.held_until = first_end(scheme, today)
            member.tier = tier
            member.history.append((today, tier))
        today += timedelta(1)
    return member

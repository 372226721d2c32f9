"""What events earn (rules.md section 2, the kind `event`): each rule once per event, then stacks, then caps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.reference.earning import Offer, chosen, day_matches, distributor_matches
from tests.reference.programme import CAP_ORDER, EVENT, Programme, Rule
from tests.reference.sales import Catalogue, code_key


@dataclass(frozen=True)
class Event:
    """Something that happened: to whom, what, on which day, and what it is about."""

    distributor: str
    kind: str
    on: date
    about: str | None = None


def period(span: str, day: date) -> Any:
    """Name the span of days in which a cap counts together (section 4)."""
    return {
        "day": day,
        "month": (day.year, day.month),
        "quarter": (day.year, (day.month - 1) // 3),
        "year": day.year,
    }.get(span, "all")


def matches(programme: Programme, catalogue: Catalogue, rule: Rule, told: dict[str, Any], event: Event) -> bool:
    """Test whether a rule rewards an event: what it asks of sales no event rule may ask."""
    if rule.kind != EVENT or told["event"] != event.kind:
        return False
    if programme.starts_on is not None and event.on < programme.starts_on:
        return False
    if programme.ends_on is not None and event.on > programme.ends_on:
        return False
    about = [code_key(one) for one in told.get("about", [])]
    if about and (event.about is None or code_key(event.about) not in about):
        return False
    return day_matches(rule.scope, programme, event.on) and distributor_matches(
        rule.scope, catalogue, event.distributor
    )


def earn_by_events(
    programme: Programme, catalogue: Catalogue, rules: list[dict[str, Any]], events: list[Event]
) -> list[tuple[int, str, int, str | None]]:
    """Give (position of the event, rule, points, what cut it) for events in the order of their days."""
    told = {str(rule["code"]): rule for rule in rules}
    used: dict[Any, int] = defaultdict(int)
    found: list[tuple[int, str, int, str | None]] = []
    for at, event in enumerate(events):
        offers = defaultdict(list)
        for rule in programme.rules:
            if matches(programme, catalogue, rule, told[rule.code], event):
                offers[rule.stack, rule.unit].append(Offer(rule, at, int(rule.points)))
        kept = [
            offer
            for (stack, _), rivals in offers.items()
            for offer in chosen(programme.stacks.get(stack, "sum"), rivals)
        ]
        for offer in sorted(kept, key=lambda one: one.rule.code):
            points, cut_by = offer.points, None
            caps = [cap for cap in CAP_ORDER if cap in offer.rule.caps and cap != "per_document"]
            for cap in caps:
                who = "all" if cap == "budget" else event.distributor
                room = offer.rule.caps[cap] - used[offer.rule.code, cap, who, period(cap, event.on)]
                if points > max(room, 0):
                    points, cut_by = max(room, 0), cap
            for cap in caps:
                who = "all" if cap == "budget" else event.distributor
                used[offer.rule.code, cap, who, period(cap, event.on)] += points
            found.append((at, offer.rule.code, points, cut_by))
    return found

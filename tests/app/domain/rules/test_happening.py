"""Events earn what the naive reference says, over random rules and events."""

import datetime as dt
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.program_file.definition import EventRule
from app.domain.rules.caps import CapUsage
from app.domain.rules.explain import CUT_NAMES
from app.domain.rules.happening import Happened, award_events
from app.domain.states import Cut
from app.domain.states import Event as Kind
from app.domain.typed.codes import code_key
from tests.app.domain.profiles import searching
from tests.app.domain.worlds import World, compiled
from tests.reference.events import Event, earn_by_events
from tests.reference.programme import read_catalogue, read_programme

FIRST = dt.date(2026, 1, 1)
PEOPLE = (("D1", "gold", "top"), ("D2", "silver", None), ("D3", None, "top"))
KINDS = ("training", "custom")
ABOUT = (None, "safety", "SALES")


@st.composite
def rules(draw: st.DrawFn, code: str) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "code": code,
        "name": code,
        "kind": "event",
        "event": draw(st.sampled_from(KINDS)),
        "points": draw(st.integers(1, 9)),
        "stack": draw(st.sampled_from(["base", "extra"])),
        "priority": draw(st.integers(1, 3)),
        "unit": draw(st.sampled_from(["points", "points", "money"])),
    }
    if draw(st.integers(0, 2)) == 0:
        rule["about"] = draw(st.lists(st.sampled_from(["Safety", "sales"]), min_size=1, max_size=2, unique=True))
    scope: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 0:
        scope["distributor_groups"] = ["gold"]
    if draw(st.integers(0, 3)) == 0:
        scope["tiers"] = ["TOP"]
    if draw(st.integers(0, 3)) == 0:
        scope |= {"from": "2026-01-03", "until": "2026-02-20"}
    if draw(st.integers(0, 3)) == 0:
        scope["weekdays"] = draw(st.lists(st.sampled_from(["mon", "tue", "sat"]), min_size=1, unique=True))
    caps: dict[str, Any] = {}
    if draw(st.booleans()):
        caps["per_distributor"] = {
            draw(st.sampled_from(["day", "month", "quarter", "year", "program"])): draw(st.integers(0, 12))
        }
    if draw(st.booleans()):
        caps["budget"] = draw(st.integers(1, 20))
    return rule | ({"scope": scope} if scope else {}) | ({"caps": caps} if caps else {})


happenings = st.lists(
    st.builds(
        Event,
        distributor=st.sampled_from([code for code, _, _ in PEOPLE]),
        kind=st.sampled_from(KINDS),
        on=st.integers(-2, 76).map(lambda days: FIRST + dt.timedelta(days=days)),
        about=st.sampled_from(ABOUT),
    ),
    min_size=3,
    max_size=12,
)


def _file(told: list[dict[str, Any]], policies: dict[str, str]) -> dict[str, Any]:
    return {
        "schema": "kontor/1",
        "program": {
            "code": "p",
            "name": "P",
            "sponsor": "S",
            "currency": "PLN",
            "country": "PL",
            "time_zone": "Europe/Warsaw",
            "starts_on": "2026-01-01",
            "ends_on": "2026-03-15",
            "point": {"value": "0.10"},
        },
        "distributor_groups": [{"code": "gold", "name": "Gold"}, {"code": "silver", "name": "S", "parent": "gold"}],
        "product_groups": [],
        "products": [],
        "stacks": policies,
        "earning_rules": told,
        "matrices": [],
        "distributors": [{"code": code, "name": code, "group": group, "tier": tier} for code, group, tier in PEOPLE],
    }


def test_every_event_earns_what_the_reference_says() -> None:
    met: Counter[str] = Counter()

    @searching(120)
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        told = [data.draw(rules(f"r{at}")) for at in range(data.draw(st.integers(1, 4)))]
        policies = {name: data.draw(st.sampled_from(["sum", "best", "first"])) for name in ("base", "extra")}
        events = sorted(data.draw(happenings), key=lambda one: one.on)
        file = _file(told, policies)
        book = compiled(World(file, ()))
        ids = {key: int(book.catalogue.distributor_ids[at]) for at, key in enumerate(book.catalogue.distributor_keys)}
        happened = Happened(
            distributor_id=np.asarray([ids[code_key(one.distributor)] for one in events], dtype=np.int64),
            event=np.asarray([*(one.kind for one in events), None], dtype=object)[:-1],
            about=np.asarray([*(one.about for one in events), None], dtype=object)[:-1],
            on=np.asarray([one.on for one in events], dtype="datetime64[D]"),
        )
        awards = award_events(book, happened, CapUsage())
        found = sorted(
            (
                int(awards.event[at]),
                book.rules[int(awards.rule[at])].code,
                int(awards.amount[at]),
                None
                if not awards.cut_by[at]
                else CUT_NAMES[Cut(int(awards.cut_by[at]))].removeprefix("per_distributor."),
            )
            for at in range(len(awards))
        )
        expected = earn_by_events(read_programme(file), read_catalogue(file), told, events)
        assert found == sorted(expected)
        met["awards"] += len(found)
        met["cut"] += sum(cut is not None for *_, cut in found)

    compare()
    assert met["awards"] > 50
    assert met["cut"] > 5


def test_an_event_rule_asks_nothing_of_sales() -> None:
    plain = {"code": "e", "name": "E", "kind": "event", "event": Kind.TRAINING, "points": 5}
    assert EventRule.model_validate(plain).event is Kind.TRAINING
    for wrong in ({"scope": {"products": ["A"]}}, {"scope": {"first_purchase": True}}, {"caps": {"per_document": 3}}):
        with pytest.raises(ValidationError, match="an event"):
            EventRule.model_validate(plain | wrong)

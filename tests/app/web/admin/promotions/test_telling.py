"""Whatever a promotion says is told on its page: no part of a definition changes without a word that changes."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import g
from pydantic import BaseModel
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.program_file.promotion_definition import (
    Gate,
    Growth,
    Prize,
    Promotion,
    Ranking,
    Step,
    StepReward,
    Target,
)
from app.domain.program_file.scope import Hours, Range, Scope
from app.extensions import db
from app.models.programs import Program
from app.web.admin.promotions.telling import Changed, differences, told
from app.web.context import Scope as Place
from tests.app.web.world import World

SCOPE: dict[str, Any] = {
    **{name: ["one"] for name in ("products", "product_groups", "exclude_products", "exclude_product_groups")},
    **{name: ["one"] for name in ("distributors", "distributor_groups", "tiers", "outlets", "channels", "days")},
    "document_kinds": ["invoice"],
    "from": "2026-03-02",
    "until": "2026-11-29",
    "weekdays": ["mon"],
    "hours": {"from": "08:00", "until": "18:00"},
    **{name: {"least": "1", "most": "900"} for name in ("line_amount", "quantity", "unit_price")},
    "without_discounted": True,
}
WHOLE: dict[str, Any] = {
    "code": "autumn",
    "name": "Autumn",
    "description": "Sell what cools.",
    "from": "2026-03-01",
    "until": "2026-11-30",
    "closes_on": "2026-12-15",
    "scope": SCOPE,
    "target": {
        "default": "10000",
        "groups": {"platinum": "50000"},
        "distributors": {"D-5": "60000"},
        "growth": {"from": "2026-01-01", "until": "2026-01-31", "growth_bp": 1_000, "least": "10"},
    },
    "steps": [{"reach": 8_000, "reward": {"points": "400"}}],
    "gates": [{"name": "Tools as well", "least": "5", "scope": SCOPE}],
    "ranking": {"least": "7", "prizes": [{"from": 1, "to": 3, "points": "50"}]},
    "budget": "9000",
}
OF_SCOPE: dict[str, Any] = {
    **{name: ["two"] for name, value in SCOPE.items() if value == ["one"]},
    "document_kinds": ["invoice", "credit_note"],
    "from": "2026-03-03",
    "until": "2026-11-28",
    "weekdays": ["tue"],
    "hours": {"from": "09:00", "until": "18:00"},
    **{name: {"least": "2", "most": "900"} for name in ("line_amount", "quantity", "unit_price")},
    "without_discounted": False,
}
OTHER: list[tuple[type[BaseModel], tuple[str | int, ...], Mapping[str, Any]]] = [
    (
        Promotion,
        (),
        {
            "code": "winter",
            "name": "Winter",
            "description": "Sell what warms.",
            "from": "2026-02-28",
            "until": "2026-12-01",
            "closes_on": "2026-12-16",
            "participants": "persons",
            "metric": "points",
            "scope": {},
            "target": {"default": "10000"},
            "steps": [],
            "pays": "each",
            "when": "at_end",
            "gates": [],
            "ranking": None,
            "budget": None,
        },
    ),
    (Scope, ("scope",), OF_SCOPE),
    (Hours, ("scope", "hours"), {"from": "07:00", "until": "19:00"}),
    *((Range, ("scope", name), {"least": "3", "most": "800"}) for name in ("line_amount", "quantity", "unit_price")),
    (
        Target,
        ("target",),
        {"default": "10001", "groups": {"platinum": "50001"}, "distributors": {"D-5": "60001"}, "growth": None},
    ),
    (
        Growth,
        ("target", "growth"),
        {"from": "2026-01-02", "until": "2026-01-30", "growth_bp": -1_000, "least": "11"},
    ),
    (Step, ("steps", 0), {"reach": 9_000, "reward": {"points": "401"}}),
    (Gate, ("gates", 0), {"name": "Drills as well", "metric": "documents", "least": "6", "scope": {}}),
    (Scope, ("gates", 0, "scope"), OF_SCOPE),
    (
        Ranking,
        ("ranking",),
        {"by": "share", "least": "8", "names": "shown", "prizes": [{"from": 1, "to": 3, "points": "51"}]},
    ),
    (Prize, ("ranking", "prizes", 0), {"from": 2, "to": 4, "points": "51"}),
]
"""For each part of a definition, where one stands in `WHOLE`, and what its fields may say instead."""


@pytest.fixture
def here(world: World) -> Iterator[None]:
    """A page of the programme, in English."""
    with world.app.test_request_context(headers={"Accept-Language": "en"}), transaction(db.session) as session:
        g.scope = Place(session.scalars(select(Program).where(Program.code == world.a)).one())
        yield


def changed(path: tuple[str | int, ...], value: Any) -> Promotion:
    document = copy.deepcopy(WHOLE)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return Promotion.model_validate(document)


@pytest.mark.parametrize("part", OTHER, ids=lambda part: ".".join(map(str, part[1])) or "promotion")
@pytest.mark.usefixtures("here")
def test_no_part_changes_without_a_word(part: tuple[type[BaseModel], tuple[str | int, ...], Mapping[str, Any]]) -> None:
    model, path, values = part
    fields = {field.alias or name for name, field in model.model_fields.items()}
    assert set(values) == fields - {"first_purchase"}, "which promotions do not know"
    whole = Promotion.model_validate(WHOLE)
    assert differences(whole, whole) == []
    for name, value in values.items():
        assert differences(whole, changed((*path, name), value)), name


@pytest.mark.parametrize(
    ("reward", "says"),
    [
        ({"points": "1500"}, "1,500 points"),
        ({"percent_bp": 500}, "5% of the points earned"),
        ({"per_unit": "1250.5"}, "1,250.5 points for each piece"),
        ({"reward": "mug"}, "the reward mug"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_a_step_gives_is_told(reward: dict[str, Any], says: str) -> None:
    assert set(reward) <= set(StepReward.model_fields)
    (change,) = differences(Promotion.model_validate(WHOLE), changed(("steps", 0, "reward"), reward))
    assert change == Changed("From 80% of the target", "400 points", says)


@pytest.mark.usefixtures("here")
def test_what_is_gone_and_what_is_new_stand_where_they_belong() -> None:
    steps = [{"reach": 9_000, "reward": {"points": "400"}}]
    found = differences(Promotion.model_validate(WHOLE), changed(("steps",), steps))
    assert found == [
        Changed("From 80% of the target", "400 points", None),
        Changed("From 90% of the target", None, "400 points"),
    ]


@pytest.mark.usefixtures("here")
def test_targets_of_groups_gates_and_prizes_are_read_in_words() -> None:
    said = {term.name: term.says for term in told(Promotion.model_validate(WHOLE)).all}
    plain = {name: text.replace("\u202f", " ") for name, text in said.items()}
    assert plain["Target of platinum"] == "PLN 50,000.00"
    assert plain["Target of all others"] == "PLN 10,000.00"
    assert plain["Target by growth"] == "10% more than from 1 Jan 2026 to 31 Jan 2026"
    assert plain["Only if"].startswith("Tools as well; Net amount: at least PLN 5.00; Product groups: one; ")
    assert plain["Places 1 to 3"] == "50 points each"
    assert plain["Budget"] == "9,000 points"

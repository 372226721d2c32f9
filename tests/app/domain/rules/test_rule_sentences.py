"""A rule of every kind says what it does."""

from typing import Any

import pytest

from app.domain.rules.rule_sentences import Voice, sentence
from app.services.rulebooks import definition_of

VOICE = Voice(
    say=str,
    points=lambda value: f"{value} pts",
    money=lambda value: f"{value} zł",
    figure=str,
    day=lambda day: day.isoformat(),
    name=lambda kind, code: f"<{code}>",
)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "per_unit", "points": "0.5"}, "0.5 pts for every piece."),
        (
            {"kind": "per_amount", "points": 1, "step": "100", "unit": "money"},
            "1 zł for every full 100 zł of a document’s sum.",
        ),
        ({"kind": "per_amount", "points": 1, "step": "10", "of": "line"}, "1 pts for every full 10 zł of each line."),
        ({"kind": "per_line", "points": 3}, "3 pts for every line."),
        (
            {"kind": "per_document", "points": 9, "least_amount": "50"},
            "9 pts once for a document of at least 50 zł.",
        ),
        (
            {"kind": "amount_bands", "bands": [{"from": "10", "points": 1}, {"from": "20", "points": 5}]},
            "Once for a document, by its sum: from 10 zł: 1 pts, from 20 zł: 5 pts.",
        ),
        (
            {"kind": "line_count_bands", "bands": [{"from": 2, "points": 1}]},
            "Once for a document, by the number of its lines: from 2 lines: 1 pts.",
        ),
        ({"kind": "multiplier", "factor": 25000}, "What a line earns otherwise, times 2.5000."),
        (
            {"kind": "event", "event": "training", "points": 20, "about": ["a", "b"]},
            "20 pts for completing a training: <a> or <b>.",
        ),
        (
            {"kind": "per_unit", "rates": {"x": {"y": "2"}}, "default": "1"},
            "For every piece, by product group and distributor group: 1 pts to 2 pts.",
        ),
        (
            {
                "kind": "per_line",
                "points": 1,
                "scope": {
                    "products": ["p", "q", "r"],
                    "exclude_product_groups": ["g"],
                    "distributor_groups": ["gold"],
                    "from": "2026-01-01",
                    "until": "2026-02-01",
                    "weekdays": ["mon", "fri"],
                    "days": ["fair"],
                    "hours": {"from": "8:00", "until": "12:00"},
                    "line_amount": {"least": "5"},
                    "quantity": {"least": 1, "most": 9},
                    "first_purchase": True,
                    "without_discounted": True,
                },
                "caps": {"per_document": 3, "per_distributor": {"month": 30}, "budget": 100},
            },
            "1 pts for every line; of the product <p>, <q> or <r>; not of the product group <g>; "
            "for the distributor group <gold>; from 2026-01-01 until 2026-02-01; on Mondays or Fridays; "
            "on the days of fair; between 08:00 and 12:00; lines of at least 5 zł; at least 1 pieces; "
            "at most 9 pieces; on a distributor’s first purchase only; not on discounted lines; "
            "at most 3 pts for a document; at most 30 pts a month for each distributor; "
            "at most 100 pts for all together.",
        ),
    ],
)
def test_a_rule_says_what_it_does(rule: dict[str, Any], said: str) -> None:
    assert sentence(definition_of({"code": "c", "name": "n", **rule}), VOICE) == said

"""What moved points, and why, in the reader's language where the machine noted it, and as it was typed elsewhere."""

import datetime as dt
from dataclasses import replace

import pytest
from flask import Flask

from app.domain.states import Event, TransactionKind
from app.services.tracing.chain import Movement
from app.web.words import tiers as tier_words
from app.web.words.movements import movement_name, movement_reason
from tests.app.web.world import World


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        ("conversion 12", "Wymiana punktów 12"),
        ("conversion 12: the load failed", "Wymiana punktów 12: doładowanie nie powiodło się"),
        ("conversion 12 cancelled", "Wymiana punktów 12 została odwołana"),
        ("conversion 12 of the fair", "conversion 12 of the fair"),
        ("Za targi", "Za targi"),
        ("This sale is here already.", "Ta sprzedaż już tu jest."),
        ("This sale is here already. FV 12", "Ta sprzedaż już tu jest. FV 12"),
        ("Esta venta ya está aquí. FV 12", "Ta sprzedaż już tu jest. FV 12"),
        ("This sale is here already.s", "This sale is here already.s"),
    ],
)
def test_what_a_run_noted_is_told_in_words(world: World, noted: str, said: str) -> None:
    app: Flask = world.app
    with app.test_request_context(headers={"Accept-Language": "pl"}):
        assert movement_reason(noted) == said


@pytest.mark.parametrize(
    ("event", "about", "said"),
    [
        (Event.REGISTRATION, None, "rejestracja"),
        (Event.TRAINING, "safety", "safety"),
        (Event.TIER_REACHED, "zl", "Złoto"),
        (None, "P-1", "P-1"),
    ],
)
def test_an_event_is_named_by_its_tier_by_what_it_was_about_or_by_its_kind(
    world: World, monkeypatch: pytest.MonkeyPatch, event: Event | None, about: str | None, said: str
) -> None:
    monkeypatch.setattr(tier_words, "name", {"zl": "Złoto"}.get)
    day, nothing = dt.date(2026, 3, 1), None
    moved = Movement(1, TransactionKind.EVENT, day, nothing, nothing, nothing, nothing, nothing, nothing)
    with world.app.test_request_context(headers={"Accept-Language": "pl"}):
        assert movement_name(replace(moved, event=event, name=about)) == said

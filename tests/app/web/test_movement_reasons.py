"""Why points moved is said in the reader's language where the machine noted it, and as it was typed elsewhere."""

import pytest
from flask import Flask

from app.web.movement_reasons import movement_reason
from tests.app.web.world import World


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        ("conversion 12", "Wymiana punktów 12"),
        ("conversion 12: the load failed", "Wymiana punktów 12: doładowanie nie powiodło się"),
        ("conversion 12 cancelled", "Wymiana punktów 12 została odwołana"),
        ("conversion 12 of the fair", "conversion 12 of the fair"),
        ("Za targi", "Za targi"),
    ],
)
def test_what_a_run_noted_is_told_in_words(world: World, noted: str, said: str) -> None:
    app: Flask = world.app
    with app.test_request_context(headers={"Accept-Language": "pl"}):
        assert movement_reason(noted) == said

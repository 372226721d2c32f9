"""What the tests of these pages read leaves no transaction open behind them."""

from collections.abc import Iterator

import pytest

from app.extensions import db
from tests.app.web.world import World


@pytest.fixture(autouse=True)
def _session_gone(world: World) -> Iterator[None]:
    yield
    with world.app.app_context():
        db.session.remove()

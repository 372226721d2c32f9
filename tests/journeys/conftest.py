"""One installation for all journeys that bring programmes of their own."""

from collections.abc import Iterator

import pytest

from tests.support.installation import Kept, kept_installation


@pytest.fixture(scope="session")
def installation() -> Iterator[Kept]:
    """An installation that commands work in, one after the other."""
    with kept_installation() as kept:
        yield kept

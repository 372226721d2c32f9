"""A house for each file of tests of who may do what."""

from collections.abc import Iterator

import pytest

from app.local.servers import Addresses
from tests.app.web.access.house import House, a_house


@pytest.fixture(scope="module")
def house(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Everything there is, and everybody's browser."""
    with a_house(addresses, tmp_path_factory.mktemp("authorisation")) as made:
        yield made

"""Programmes whose loads are answered, and corrected."""

import pytest

from app.domain.states import TaxStatus
from tests.prepaid.conftest import World


@pytest.fixture
def paid(world: World) -> World:
    """A private person with a load to come; compensations are paid by runs of their own."""
    world.load(prepaid="{compensation: {paid: by_run}}")
    world.add("D1", 10_000, TaxStatus.PRIVATE_PERSON)
    return world

"""People of one test alone, and the clock that they turn."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import OF_A_DISTRIBUTOR, Person, Role
from app.extensions import db
from app.models.programs import Program
from app.services.access import people
from tests.app.web.auth.arriving import new_login
from tests.app.web.world import World


@pytest.fixture(autouse=True)
def _now(world: World) -> Iterator[None]:
    """Turn the clock back after a test that moved it."""
    yield
    world.later = dt.timedelta(0)


@pytest.fixture
def somebody(world: World) -> Callable[..., Person]:
    """Makes people of one test alone: with a role in programme A, or none."""

    def make(role: Role | None = None, *, owner: bool = False) -> Person:
        login = new_login()
        with world.app.app_context(), transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            of = world.distributors["D-5"] if role in OF_A_DISTRIBUTOR else None
            id_ = people.create_user(
                session, login, "Ann", world.password, platform_owner=owner, actor="test", now=world.clock()
            )
            if role is not None:
                people.give_role(session, login, program, role, of, actor="test", now=world.clock())
            found = people.person(session, id_)
        assert found is not None
        return found

    return make

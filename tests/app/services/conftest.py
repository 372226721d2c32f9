"""People for tests of services: made in the test's own transaction, which is undone after it."""

import itertools
import time
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.domain.roles import Person, Role
from app.models.programs import Program
from app.services.access import people
from app.services.access.keys import Keys
from tests.support import programs
from tests.support.programs import NOW

GOOD = "a good long password"
_numbers = itertools.count()


def new_login() -> str:
    """Give a sign-in name that no other test uses."""
    return f"somebody-{time.monotonic_ns()}-{next(_numbers)}@example.com"


@pytest.fixture
def keys() -> Keys:
    """Keys of this test alone."""
    return Keys("a secret key of a test")


@pytest.fixture
def program(session: Session, code: str) -> Program:
    """A programme."""
    return programs.load(session, programs.document(code))


@pytest.fixture
def person(session: Session) -> Callable[..., Person]:
    """Makes people: with a role in a programme, or as an owner of the platform."""

    def make(
        program: Program | None = None,
        role: Role | None = None,
        distributor_id: int | None = None,
        *,
        owner: bool = False,
        password: str | None = GOOD,
    ) -> Person:
        login = new_login()
        user_id = people.create_user(session, login, "Sam", password, platform_owner=owner, actor="test", now=NOW)
        if program is not None and role is not None:
            people.give_role(session, login, program, role, distributor_id, actor="test", now=NOW)
        found = people.person(session, user_id)
        assert found is not None
        return found

    return make

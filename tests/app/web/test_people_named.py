"""Who did something stands on pages by name: the sign-in name is in a title, and beside it where two are called so."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import Role
from app.extensions import db
from app.models.programs import Program
from app.services import audit
from app.services.access import people
from app.web.long_words import breakable
from app.web.people_named import learn, name_of, who
from tests.app.web.world import World

As = Callable[[str], FlaskClient]
ANNA, TWIN, OTHER = "anna.wit@names.example", "zofia.maj@names.example", "zm@names.example"


@pytest.fixture(scope="module")
def named(world: World) -> World:
    """A world in which three people did something, of whom two have one name."""
    now = world.clock()
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        elsewhere = session.scalars(select(Program).where(Program.code == world.b)).one()
        people.create_user(session, "anna@elsewhere.example", "Anna Wit", None, actor="test", now=now)
        people.give_role(session, "anna@elsewhere.example", elsewhere, Role.VIEWER, None, actor="test", now=now)
        for login, name in ((ANNA, "Anna Wit"), (TWIN, "Zofia Maj"), (OTHER, "Zofia Maj")):
            people.create_user(session, login, name, None, actor="test", now=now)
            people.give_role(session, login, program, Role.VIEWER, None, actor="test", now=now)
            audit.note(session, login, "names.test", f"by {name}", now=now, program_id=program.id)
        for actor in ("cli:root", "schedule", "gone@names.example"):
            audit.note(session, actor, "names.test", "by something", now=now, program_id=program.id)
    return world


def test_a_list_tells_people_by_name_and_finds_them_by_it(named: World, as_: As) -> None:
    boss, log = as_("administrator"), f"/programs/{named.a}/audit"
    page = boss.get(f"{log}?q=names.test").text
    assert f'<span title="{ANNA}">Anna Wit</span>' in page
    assert f'<span class="long" title="{TWIN}">Zofia Maj ({breakable(TWIN)})</span>' in page
    for words in ("root at the command line", "the programme&#39;s schedule", breakable("gone@names.example")):
        assert words in page, words
    assert 'title="schedule"' not in page, "nobody signs in by it"
    found = boss.get(f"{log}?q=anna+WIT").text
    assert "by Anna Wit" in found
    assert "by Zofia Maj" not in found
    assert "by Anna Wit" in boss.get(f"{log}?q={ANNA}").text
    names = boss.get(f"{log}?q=names.test&sort=actor").text
    assert names.index("Anna Wit") < names.index("Zofia Maj")


def test_a_file_of_a_list_has_the_names_as_well(named: World, as_: As) -> None:
    with as_("administrator").get(f"/programs/{named.a}/audit?q=names.test&form=csv") as answer:
        text = answer.text
    assert "Anna Wit" in text
    assert f"Zofia Maj ({TWIN})" in text


def test_what_is_no_sign_in_name_stands_as_it_is_and_is_looked_up_once(named: World) -> None:
    with named.app.test_request_context(headers={"Accept-Language": "pl"}):
        learn([ANNA, None, "", "<b>"])
        assert who("<b>") == "&lt;b&gt;"
        assert who(None) == ""
        assert name_of("kontor") == "Kontor, sam z siebie"
        db.session.remove()

"""A programme is called otherwise and goes on longer by a form: a file is not needed for it."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.setup import programs
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


@pytest.fixture
def page(world: World) -> str:
    return f"/programs/{world.a}/settings"


def _sent(boss: FlaskClient, page: str, **fields: str) -> tuple[int, str]:
    answer = boss.post(f"{page}/basics", data={"csrf_token": token_of(boss, page), **fields}, follow_redirects=True)
    return answer.status_code, answer.text


def _found(world: World) -> Program:
    return db.session.scalars(select(Program).where(Program.code == world.a)).one()


def test_name_sponsor_and_last_day_are_changed_on_the_page_and_stay_in_the_document(
    world: World, as_: As, page: str
) -> None:
    boss = as_("administrator")
    with world.app.app_context():
        was = _found(world)
        name, sponsor, began = was.name, was.sponsor, was.starts_on
    code, text = _sent(boss, page, name="Club <again>", sponsor="Maker & Sons", ends_on="2031-06-30")
    assert (code, "The programme is changed." in text) == (200, True)
    assert "Club &lt;again&gt;" in text
    with world.app.app_context():
        now = _found(world)
        assert (now.name, now.sponsor, str(now.ends_on)) == ("Club <again>", "Maker & Sons", "2031-06-30")
        written = programs.export(db.session, world.a)["program"]
        assert (written["name"], str(written["ends_on"])) == ("Club <again>", "2031-06-30")
        noted = select(AuditEvent.before, AuditEvent.after).where(AuditEvent.action == "program.basics")
        before, after = db.session.execute(noted.order_by(AuditEvent.id.desc()).limit(1)).one()
        assert before["name"] == name
        assert after == {"name": "Club <again>", "sponsor": "Maker & Sons", "ends_on": "2031-06-30"}
    assert "name or last day changed" in boss.get(f"/programs/{world.a}/audit").text
    same = _sent(boss, page, name="Club <again>", sponsor="Maker & Sons", ends_on="2031-06-30")
    assert "Nothing was changed." in same[1]
    for wrong, said in (
        ({"name": ""}, "Name it."),
        ({"sponsor": " "}, "Say who runs and pays for it."),
        ({"ends_on": began.replace(year=began.year - 1).isoformat()}, "The programme begins on"),
    ):
        code, text = _sent(boss, page, **({"name": name, "sponsor": sponsor, "ends_on": ""} | wrong))
        assert (code, said in text) == (400, True), said
    assert _sent(boss, page, name=name, sponsor=sponsor, ends_on="")[0] == 200
    with world.app.app_context():
        assert (_found(world).name, _found(world).ends_on) == (name, None), "empty: it goes on"

"""A distributor that is taken in by hand: what is wrong is said beside its field, what is doubtful is asked once."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.models.distributors import Distributor, DistributorGroup
from app.models.ledger import Account
from app.models.people import AuditEvent
from app.models.programs import Program
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


@pytest.fixture
def page(world: World) -> str:
    return f"/programs/{world.a}/distributors/new"


@pytest.fixture
def typed(as_: As, page: str) -> dict[str, str]:
    """What is typed of a dealer, with a NIP that can be."""
    return {
        "csrf_token": token_of(as_("administrator"), page),
        "code": "HAND-1",
        "name": "Tartak <Bór>",
        "tax_id": "5260250274",
        "tax_status": "company",
        "group": "",
        "country": "PL",
        "enrolled_on": "2026-02-01",
    }


def _found(world: World, code: str) -> Distributor:
    return db.session.scalars(
        select(Distributor).join(Program).where(Program.code == world.a, Distributor.code == code)
    ).one()


def test_a_distributor_is_taken_in_by_hand(world: World, as_: As, page: str, typed: dict[str, str]) -> None:
    boss = as_("administrator")
    assert f'href="{page}"' in boss.get(f"/programs/{world.a}/distributors").text
    assert page not in as_("viewer").get(f"/programs/{world.a}/distributors").text
    assert as_("viewer").get(page).status_code == 404
    with world.app.app_context():
        of_a = Program.code == world.a
        group = db.session.scalars(select(DistributorGroup.id).join(Program).where(of_a).limit(1)).one()
    done = boss.post(page, data=typed | {"group": str(group)}, follow_redirects=True)
    assert "Tartak &lt;Bór&gt; takes part in the programme now." in done.text
    assert "Taken in by hand" in done.text, "the record's story begins with it"
    with world.app.app_context():
        made = _found(world, "HAND-1")
        assert (made.name, made.group_id, made.tax_id, made.country) == ("Tartak <Bór>", group, "5260250274", "PL")
        assert made.enrolled_on.isoformat() == "2026-02-01"
        assert db.session.scalars(select(Account.available).where(Account.distributor_id == made.id)).all() == [0, 0]
        noted = select(AuditEvent.actor).where(
            AuditEvent.action == "distributor.create", AuditEvent.subject == "HAND-1"
        )
        assert db.session.scalars(noted).all() == [world.login("administrator")]


def test_from_the_record_its_owner_is_invited_without_looking_up_the_code(
    world: World, as_: As, page: str, typed: dict[str, str]
) -> None:
    boss = as_("administrator")
    record = boss.post(page, data=typed | {"code": "HAND-5", "tax_id": ""}, follow_redirects=True).text
    invite = f"/programs/{world.a}/people/invite?distributor=HAND-5"
    assert f'href="{invite}"' in record
    form = boss.get(invite).text
    assert 'value="HAND-5"' in form
    assert '<option selected value="owner">' in form


def test_what_is_wrong_is_said_beside_its_field(world: World, as_: As, page: str, typed: dict[str, str]) -> None:
    boss = as_("administrator")
    assert boss.post(page, data=typed | {"code": "HAND-2", "tax_id": ""}).status_code == 303
    for wrong, said in (
        ({"code": " hand-2 "}, "Another distributor has this code."),
        ({"code": " "}, "Give it a code."),
        ({"name": ""}, "Fill in the name."),
        ({"head_office": "NOBODY"}, "No distributor has this code."),
        ({"code": "HAND-3", "head_office": "hand-3"}, "A distributor is not its own head office."),
        ({"enrolled_on": ""}, "Say since when it takes part."),
    ):
        answer = boss.post(page, data=typed | {"code": "HAND-3", "tax_id": ""} | wrong)
        assert (answer.status_code, said in answer.text) == (400, True), said
    branch = boss.post(page, data=typed | {"code": "HAND-3", "tax_id": "", "head_office": "HAND-2"})
    assert branch.status_code == 303
    with world.app.app_context():
        assert _found(world, "HAND-3").head_office_id == _found(world, "HAND-2").id


def test_a_doubtful_tax_id_is_asked_about_once(world: World, as_: As, page: str, typed: dict[str, str]) -> None:
    boss = as_("administrator")
    meant = "The tax id stands as it is written"
    assert meant not in boss.get(page).text
    wrong = typed | {"code": "HAND-7", "tax_id": "5260250275"}
    doubted = boss.post(page, data=wrong)
    assert doubted.status_code == 400
    assert "its check digits are wrong" in doubted.text
    assert meant in doubted.text
    assert boss.post(page, data=wrong | {"stands": "y"}).status_code == 303
    first = typed | {"code": "HAND-8", "tax_id": "7740001454"}
    assert boss.post(page, data=first).status_code == 303
    again = typed | {"code": "HAND-9", "tax_id": "PL 774-000-14-54"}
    twin = boss.post(page, data=again)
    assert (twin.status_code, "(HAND-8) has this tax id already." in twin.text) == (400, True)
    assert boss.post(page, data=again | {"head_office": "HAND-8"}).status_code == 303, "a branch has its office's"

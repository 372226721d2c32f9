"""Whoever is invited comes in by a link: somebody new with a password or a passkey, others as themselves."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import Person, Role
from app.extensions import db
from app.models.programs import Program
from app.services.access import invitations
from app.web.long_words import breakable
from tests.app.web.auth.arriving import HERE, NEW, add_passkey, new_login, send
from tests.app.web.conftest import sign_in, token_of
from tests.app.web.messages import link_to
from tests.app.web.world import World
from tests.support.authenticator import Authenticator


@pytest.fixture
def invited(world: World) -> Callable[..., str]:
    """Invites somebody to programme A, or another; gives the link's path."""

    def invite(login: str, role: Role = Role.VIEWER, to: str | None = None) -> str:
        with world.app.app_context(), transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == (to or world.a))).one()
            invitations.invite(
                session,
                program,
                login=login,
                name="Ann",
                role=role,
                link=lambda token: f"https://kontor.example/invitation/{token}",
                actor="boss@example.com",
                inviter="The boss",
                now=world.clock(),
            )
        return link_to(world, login)

    return invite


def test_an_invitation_lets_somebody_new_in(world: World, visitor: FlaskClient, invited: Callable[..., str]) -> None:
    login = new_login()
    link = invited(login)
    page = visitor.get(link)
    assert breakable(login) in page.text
    assert 'value="Ann"' in page.text
    for wrong in ({"name": "", "password": NEW}, {"name": "Ann", "password": ""}, {"name": "Ann", "password": "short"}):
        assert send(visitor, link, **wrong).status_code == 400
    assert send(visitor, link, name="Ann Lee", password=NEW).status_code == 303
    assert visitor.get(f"/programs/{world.a}/").status_code == 200
    assert world.app.test_client().get(link).status_code == 404
    assert sign_in(world.app.test_client(), login, NEW).status_code == 303


def test_an_invitation_can_be_taken_with_a_passkey_instead_of_a_password(
    world: World, visitor: FlaskClient, invited: Callable[..., str]
) -> None:
    login = new_login()
    link = invited(login, Role.FINANCE)
    answer = send(visitor, link, name="Ann", **{"with": "passkey"})
    assert answer.location == "/account/passkeys/"
    assert visitor.get("/").location == "/account/second-step"
    assert add_passkey(visitor, Authenticator(HERE, "localhost")).status_code == 200
    assert visitor.get(f"/programs/{world.a}/").status_code == 200
    assert sign_in(world.app.test_client(), login, "").status_code == 400


def test_whoever_has_an_account_is_asked_to_sign_in_first(
    world: World, visitor: FlaskClient, invited: Callable[..., str], somebody: Callable[..., Person]
) -> None:
    who = somebody()
    link = invited(who.login)
    asked = visitor.get(link)
    assert asked.location == f"/sign-in?next={link}"
    took = visitor.post(link, data={"csrf_token": token_of(visitor), "name": "Thief", "password": NEW})
    assert took.location == f"/sign-in?next={link}"
    assert sign_in(visitor, who.login, NEW).status_code == 401
    assert sign_in(visitor, who.login, world.password, asked.location).location == link
    assert send(visitor, link).status_code == 303
    assert visitor.get(f"/programs/{world.a}/").status_code == 200


def test_an_invitation_names_a_role_as_every_page_does(visitor: FlaskClient, invited: Callable[..., str]) -> None:
    assert "Finance approver" in visitor.get(invited(new_login(), Role.APPROVER)).text


def test_an_invitation_to_another_programme_leads_into_that_one(
    world: World, visitor: FlaskClient, invited: Callable[..., str], somebody: Callable[..., Person]
) -> None:
    who = somebody(Role.VIEWER)
    link = invited(who.login, to=world.b)
    sign_in(visitor, who.login, world.password)
    joined = send(visitor, link)
    assert visitor.get(joined.location).location == f"/programs/{world.b}/"
    assert visitor.get("/").location == f"/programs/{world.a}/"
    assert visitor.get("/?program=none").location == f"/programs/{world.a}/"


def test_somebody_else_does_not_take_an_invitation(
    world: World, visitor: FlaskClient, invited: Callable[..., str], somebody: Callable[..., Person]
) -> None:
    who, link = somebody(), invited(new_login(), Role.ADMINISTRATOR)
    sign_in(visitor, who.login, world.password)
    page = visitor.get(link)
    assert "for somebody else" in page.text
    visitor.post(link, data={"csrf_token": token_of(visitor, "/account/")})
    assert visitor.get(f"/programs/{world.a}/").status_code == 404


@pytest.mark.parametrize("name", ["<svg onload=alert(1)>", "=1+1", "Ж" * 120, "ООО «Ромашка»"])
def test_any_name_is_taken_and_run_nowhere(
    world: World, visitor: FlaskClient, invited: Callable[..., str], name: str
) -> None:
    login = new_login()
    assert send(visitor, invited(login), name=name, password=NEW).status_code == 303
    page = visitor.get("/account/").text
    assert "<svg onload" not in page

"""A sales rep leaves a team by themselves: asked before, told after, and what they did stays."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import Role
from app.extensions import db
from app.models.people import AuditEvent, Membership, UserAccount
from app.models.programs import Program
from app.services.access import erasure, people
from tests.app.web.auth.arriving import new_login
from tests.app.web.conftest import enter, token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def _somebody(world: World, *roles: tuple[Role, str | None]) -> tuple[str, FlaskClient]:
    login, client = new_login(), world.app.test_client()
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        people.create_user(session, login, "Ann <Leaving>", world.password, actor="test", now=world.clock())
        for role, owner in roles:
            at = world.distributors[owner] if owner else None
            people.give_role(session, login, program, role, at, actor="test", now=world.clock())
    enter(world, client, login)
    return login, client


def _seats(world: World, login: str) -> dict[tuple[str, int | None], int]:
    with world.app.app_context():
        rows = db.session.execute(
            select(Membership.role, Membership.distributor_id, Membership.id)
            .join(UserAccount, UserAccount.id == Membership.user_id)
            .where(UserAccount.login == login)
        )
        return {(str(role), at): id_ for role, at, id_ in rows}


def test_a_sales_rep_leaves_a_team_and_its_owner_is_told(world: World, as_: As) -> None:
    """They had to wait until its owner, or somebody of the programme, took the role back."""
    first, second = world.distributors["D-5"], world.distributors["D-1"]
    login, client = _somebody(world, (Role.REP, "D-1"), (Role.REP, "D-5"))
    portal = f"/portal/{world.a}/{first}"
    assert client.get(f"{portal}/").status_code != 404
    page = client.get("/account/").text
    assert "What you registered there stays with it." in page, "one is asked before"
    team = _seats(world, login)["rep", first]
    assert re.search(rf'name="team" value="{team}"', page)
    sent = {"csrf_token": token_of(client, "/account/"), "team": str(team)}
    left = client.post("/account/leave", data=sent, follow_redirects=True)
    assert "You have left the team of" in left.text
    assert list(_seats(world, login)) == [("rep", second)], "the other team is another matter"
    assert client.get(f"{portal}/").status_code == 404
    told = as_("distributor").get(f"{portal}/notices").text
    assert "Ann &lt;Leaving&gt; has left your team." in told
    assert f'href="{portal}/team"' in told
    assert "has left your team" not in as_("rep").get(f"{portal}/notices").text
    with world.app.app_context():
        noted = db.session.scalars(
            select(AuditEvent).where(AuditEvent.subject == login, AuditEvent.action == "user.role_taken")
        ).one()
        assert (noted.actor, (noted.before or {})["distributor_id"]) == (login, first)
    assert client.post("/account/leave", data=sent).status_code == 404, "who presses twice leaves once"


def test_no_other_role_and_nobody_else_s_is_left(world: World, as_: As) -> None:
    login, client = _somebody(world, (Role.OWNER, "D-5"), (Role.VIEWER, None))
    assert "Leave the team" not in client.get("/account/").text
    others = _seats(world, world.login("rep"))
    for seat in (*_seats(world, login).values(), *others.values(), 0, "x", 2**63):
        sent = {"csrf_token": token_of(client, "/account/"), "team": str(seat)}
        assert client.post("/account/leave", data=sent).status_code == 404, seat
    assert len(_seats(world, login)) == 2
    assert _seats(world, world.login("rep")) == others


def test_who_asked_to_be_erased_stays_until_it_is_done_and_their_name_goes_from_what_the_owner_was_told(
    world: World, as_: As
) -> None:
    """Whoever left would be found by nobody who erases them; a notice of who left before named them for good."""
    at = world.distributors["D-5"]
    login, client = _somebody(world, (Role.REP, "D-5"), (Role.REP, "D-1"))
    seats = _seats(world, login)

    def leave(distributor: int) -> str:
        sent = {"csrf_token": token_of(client, "/account/"), "team": str(seats["rep", distributor])}
        return client.post("/account/leave", data=sent, follow_redirects=True).text

    assert "You have left the team of" in leave(at)
    client.post("/account/data/erasure", data={"csrf_token": token_of(client, "/account/data/")})
    assert "You asked to be erased there" in leave(world.distributors["D-1"])
    assert len(_seats(world, login)) == 1
    with world.app.app_context(), transaction(db.session) as session:
        owner = session.scalars(select(UserAccount.id).where(UserAccount.login == world.login("owner"))).one()
        boss = people.person(session, owner)
        assert boss is not None
        user = session.scalars(select(UserAccount.id).where(UserAccount.login == login)).one()
        assert erasure.erase(session, user, by=boss, reason="asked", now=world.clock())
    told = as_("distributor").get(f"/portal/{world.a}/{at}/notices").text
    assert f"#{user} has left your team." in told

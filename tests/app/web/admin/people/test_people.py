"""Users of a programme and of the platform: listed, invited, given roles and shut out, each by those who may."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.roles import Role
from app.extensions import db
from app.models.people import AuditEvent, Membership, UserAccount
from app.web.long_words import breakable
from tests.app.web.account.test_account import asked_of_the_database
from tests.app.web.admin.people.sending import HOSTILE, As, added, kept, send
from tests.app.web.auth.arriving import new_login
from tests.app.web.conftest import enter, token_of
from tests.app.web.messages import link_to, written_to
from tests.app.web.world import World

# users


def test_users_are_listed_with_role_and_when_they_were_last_seen(world: World, as_: As) -> None:
    boss = as_("administrator")
    with asked_of_the_database(world) as asked:
        page = boss.get(f"/programs/{world.a}/people?q=verifier")
    assert page.status_code == 200
    assert breakable(world.login("verifier")) in page.text
    assert world.login("viewer") not in page.text
    assert len(asked) <= 9, asked
    assert len(page.data) < 60_000
    assert world.login("stranger") not in as_("administrator").get(f"/programs/{world.a}/people").text


@pytest.mark.parametrize("query", ["role=finance", "factor=yes", "state=out", "role=nonsense", "sort=-last_seen"])
def test_users_are_filtered(world: World, as_: As, query: str) -> None:
    assert as_("administrator").get(f"/programs/{world.a}/people?{query}").status_code == 200


def test_somebody_is_invited_and_comes_in(world: World, as_: As, visitor: FlaskClient) -> None:
    page, login = f"/programs/{world.a}/people/invite", new_login()
    answer = send(as_("administrator"), page, login=login, name="Ann", role="viewer", distributor="")
    assert answer.location == f"/programs/{world.a}/people"
    assert login in as_("administrator").get(answer.location).text
    link = link_to(world, login)
    assert send(visitor, link, name="Ann", password="quite a good password").status_code == 303
    assert visitor.get(f"/programs/{world.a}/").status_code == 200
    assert link not in as_("administrator").get(answer.location).text


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"login": "nobody"}, "no e-mail address"),
        ({"login": ""}, "Fill in the e-mail"),
        ({"name": ""}, "Fill in the full name"),
        ({"name": "x" * 500}, "120"),
        ({"role": "emperor"}, "Not a valid choice"),
        ({"role": ""}, "Choose a role."),
        ({"role": "owner"}, "need a distributor"),
        ({"role": "rep", "distributor": "D-999"}, "No distributor of this programme"),
        ({"role": "viewer", "distributor": "D-5"}, "nobody else has one"),
    ],
)
def test_what_is_no_invitation_is_said_and_what_was_typed_stays(
    world: World, as_: As, sent: dict[str, str], said: str
) -> None:
    page, login = f"/programs/{world.a}/people/invite", new_login()
    answer = send(
        as_("administrator"), page, **{"login": login, "name": "Ann", "role": "viewer", "distributor": "", **sent}
    )
    assert answer.status_code == 400
    assert said in answer.text
    assert "There is a problem" in answer.text
    assert written_to(world, login) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_invited_and_run_nowhere(world: World, as_: As, name: str) -> None:
    page = f"/programs/{world.a}/people/invite"
    send(as_("administrator"), page, login=new_login(), name=name, role="viewer", distributor="")
    shown = as_("administrator").get(f"/programs/{world.a}/people").text
    assert "<svg onload" not in shown
    assert "<script>alert" not in shown


def test_whoever_invites_is_told_that_no_mail_goes_out(world: World, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    page, held = f"/programs/{world.a}/people", "the message is held. Once it is, send it"

    def told() -> str:
        invited = {"login": new_login(), "name": "Ann", "role": "viewer", "distributor": ""}
        return as_("administrator").get(send(as_("administrator"), f"{page}/invite", **invited).location).text

    assert held in told()
    shown = world.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9", "mail_from": "k@k.example"})
    monkeypatch.setitem(world.app.extensions["kontor"], "settings", shown)
    assert held not in told()


def test_an_invitation_is_sent_anew_or_taken_back(world: World, as_: As, visitor: FlaskClient) -> None:
    boss, page, login = as_("administrator"), f"/programs/{world.a}/people", new_login()
    send(boss, f"{page}/invite", login=login, name="Ann", role="viewer", distributor="")
    first = link_to(world, login)
    ids = re.findall(r'name="invitation" value="(\d+)"', boss.get(page).text)
    send(boss, f"{page}/invitations/send-again", page, invitation=ids[0])
    second = link_to(world, login)
    assert (visitor.get(first).status_code, visitor.get(second).status_code) == (404, 200)
    newest = re.findall(r'name="invitation" value="(\d+)"', boss.get(page).text)[0]
    send(boss, f"{page}/invitations/withdraw", page, invitation=newest)
    assert visitor.get(second).status_code == 404
    send(boss, f"{page}/invitations/withdraw", page, invitation=newest)
    assert "does not wait any more" in boss.get(page).text


def test_a_role_is_changed_and_taken_away_and_holds_at_once(world: World, as_: As) -> None:
    boss = as_("administrator")
    login, membership_id = added(world, Role.VIEWER)
    theirs = world.app.test_client()
    enter(world, theirs, login)
    page = f"/programs/{world.a}/people/{membership_id}"
    assert theirs.get(f"/programs/{world.a}/imports/{world.batch}/problems.xlsx").status_code == 404
    assert send(boss, f"{page}/role", page, role="verifier").status_code == 303
    found = theirs.get(f"/programs/{world.a}/imports/{world.batch}/problems.xlsx")
    assert found.status_code == 200
    found.close()
    assert send(boss, f"{page}/role", page, role="owner").status_code == 400, "staff stay staff"
    assert send(boss, f"{page}/take", page, reason="").status_code == 400
    assert send(boss, f"{page}/take", page, reason="Left.").status_code == 303
    assert theirs.get(f"/programs/{world.a}/").status_code == 404
    assert boss.get(page).status_code == 404
    with world.app.app_context():
        noted = db.session.scalars(select(AuditEvent).where(AuditEvent.subject == login)).all()
        assert [(one.action, one.reason) for one in noted[-2:]] == [
            ("user.sign_in", None),
            ("user.role_changed", None),
        ] or noted[-1].reason == "Left."


def test_nobody_changes_their_own_role(world: World, as_: As) -> None:
    boss = as_("administrator")
    with world.app.app_context():
        mine = db.session.scalars(
            select(Membership.id)
            .join(UserAccount, UserAccount.id == Membership.user_id)
            .where(UserAccount.login == world.login("administrator"))
        ).one()
    page = f"/programs/{world.a}/people/{mine}"
    assert "your own role" in boss.get(page).text
    for address, sent in ((f"{page}/role", {"role": "approver"}), (f"{page}/take", {"reason": "x"})):
        answer = send(boss, address, page, **sent)
        assert answer.status_code == 400
        assert "Nobody changes their own role" in answer.text


def test_people_of_another_programme_are_not_found(world: World, as_: As) -> None:
    _, theirs = added(world, Role.VIEWER, world.b)
    for page in ("", "/role", "/take"):
        address = f"/programs/{world.a}/people/{theirs}{page}"
        token = token_of(as_("administrator"), f"/programs/{world.a}/people")
        assert as_("administrator").post(address, data={"csrf_token": token, "reason": "x"}).status_code in (404, 405)
    assert as_("administrator").get(f"/programs/{world.a}/people/{theirs}").status_code == 404


# the platform's users


def test_the_platform_s_owner_sees_everybody_and_others_do_not(world: World, as_: As) -> None:
    page = as_("owner").get("/platform/users/?q=stranger")
    assert breakable(world.login("stranger")) in page.text
    for name in ("administrator", "viewer", "distributor", "nobody"):
        for address in ("/platform/users/", "/platform/outbox/", "/platform/users/1"):
            assert as_(name).get(address).status_code == 404, name


def test_an_account_is_shut_out_and_let_in_again(world: World, as_: As) -> None:
    boss = as_("owner")
    login, membership_id = added(world, Role.VIEWER)
    theirs = world.app.test_client()
    enter(world, theirs, login)
    page = f"/platform/users/{kept(world, Membership, membership_id).user_id}"
    assert send(boss, page, deed="deactivate", reason="").status_code == 400
    assert send(boss, page, deed="explode", reason="x").status_code == 400
    assert send(boss, page, deed="deactivate", reason="Left.").status_code == 303
    assert theirs.get("/").location == "/sign-in"
    assert "Shut out" in boss.get(page).text
    assert send(boss, page, deed="activate", reason="Back.").status_code == 303
    enter(world, theirs, login)
    assert send(boss, page, deed="send_reset", reason="Asked.").status_code == 303
    assert written_to(world, login)[-1].kind == "reset"
    assert send(boss, page, deed="make_owner", reason="Needed.").status_code == 303
    assert theirs.get("/").location == "/account/second-step", "an owner needs a second step, from now on"
    assert send(boss, page, deed="take_owner", reason="Not needed.").status_code == 303
    assert theirs.get("/platform/users/").status_code == 404


def test_an_owner_does_nothing_to_themselves(world: World, as_: As) -> None:
    with world.app.app_context():
        mine = db.session.scalars(select(UserAccount.id).where(UserAccount.login == world.login("owner"))).one()
    for deed in ("deactivate", "take_owner"):
        answer = send(as_("owner"), f"/platform/users/{mine}", "/platform/users/", deed=deed, reason="x")
        assert answer.status_code == 400
    assert as_("owner").get("/platform/users/999999999").status_code == 404


# who may


PAGES = {
    "people": ["owner", "administrator"],
    "people/invite": ["owner", "administrator"],
    "applications": ["owner", "administrator", "verifier"],
    "registration": ["owner", "administrator"],
    "registration/question": ["owner", "administrator"],
    "registration/preview": ["owner", "administrator"],
    "outbox": ["owner", "administrator"],
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "name", ["owner", "administrator", "verifier", "finance", "approver", "viewer", "assistant", "distributor", "rep"]
)
def test_who_sees_what(world: World, as_: As, page: str, name: str) -> None:
    expected = 200 if name in PAGES[page] else 404
    assert as_(name).get(f"/programs/{world.a}/{page}").status_code == expected

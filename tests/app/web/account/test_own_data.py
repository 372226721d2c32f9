"""A person's own data: changed, taken away as a copy, erased; and a company's, kept right by its owner."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import Role
from app.extensions import db
from app.models.distributors import Distributor
from app.models.people import AuditEvent, UserAccount
from app.models.programs import Program
from app.services.access import own_data, people
from app.services.goods.catalogue import product_ids
from app.web.long_words import breakable
from tests.app.web.account.test_account import asked_of_the_database
from tests.app.web.admin.people.sending import added
from tests.app.web.conftest import enter, token_of
from tests.app.web.world import FORMULA, HOSTILE, World
from tests.support.sales import Sold, sell

As = Callable[[str], FlaskClient]


def newcomer(world: World, role: Role = Role.REP) -> tuple[FlaskClient, str, int]:
    """Let somebody new come in. Returns their browser, sign-in name and the id of their role."""
    login, seat = added(world, role)
    client = world.app.test_client()
    enter(world, client, login)
    return client, login, seat


def send(client: FlaskClient, address: str, page: str, **fields: Any) -> Any:
    return client.post(address, data={"csrf_token": token_of(client, page), **fields})


def user_of(world: World, login: str) -> UserAccount | None:
    with world.app.app_context():
        return db.session.scalars(select(UserAccount).where(UserAccount.login == login)).one_or_none()


def test_the_profile_shows_how_one_is_reached_and_where_to_change_it(world: World) -> None:
    client, login, _seat = newcomer(world)
    page = client.get("/account/").text
    assert login in page
    for change in ("/account/email", "/account/phone", "/account/data/"):
        assert f'href="{change}"' in page
        assert client.get(change).status_code == 200


def test_a_copy_of_one_s_data_is_a_file(world: World) -> None:
    client, login, _seat = newcomer(world)
    with asked_of_the_database(world) as asked:
        answer = client.get("/account/data/copy")
    assert len(asked) <= 15, asked
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    copy = json.loads(answer.text)
    assert copy["account"]["email"] == login
    role = {"program": world.a, "role": "rep", "distributor": "D-5", "distributor_name": "Distributor 05"}
    assert copy["roles"] == [{**role, "known_as": copy["account"]["name"]}]
    assert world.login("distributor") not in answer.text
    assert copy["left_out"] == {}


def test_a_copy_says_what_it_leaves_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "MOST", 1)
    client, login, _seat = newcomer(world)
    enter(world, world.app.test_client(), login)
    copy = json.loads(client.get("/account/data/copy").text)
    assert copy["left_out"]["signed_in"] >= 1
    assert len(copy["signed_in"]) == 1


def test_a_name_taken_from_a_colleague_takes_nothing_of_theirs_away(world: World) -> None:
    (mine, login, _), (theirs, colleague, _) = newcomer(world), newcomer(world)
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        who, what = world.distributors["D-58"], product_ids(session, program.id)["p1"]
        for one, name in ((login, "Me"), (colleague, f"Known {colleague}")):
            people.give_role(session, one, program, Role.REP, who, known_as=name, actor="test", now=world.clock())
        sell(session, program, [Sold(f"OF/{colleague}", who, what, 1, 1_000, "2026-04-03", person=colleague)])
        named = f"known {colleague} ".upper()
        sell(session, program, [Sold(f"BY/{colleague}", who, what, 1, 1_000, "2026-04-03", person=named)])
    for name in (colleague, f"Known {colleague}"):
        assert send(mine, "/account/", "/account/", name=name, locale="", theme="").status_code == 303
        copy = json.loads(mine.get("/account/data/copy").text)
        assert (copy["account"]["email"], copy["account"]["name"]) == (login, name)
        assert copy["documents_that_name_them"] == []
    own = json.loads(theirs.get("/account/data/copy").text)["documents_that_name_them"]
    assert {one["number"] for one in own} == {f"OF/{colleague}", f"BY/{colleague}"}


def test_whoever_asks_is_erased_by_an_administrator(world: World, as_: As) -> None:
    client, login, seat = newcomer(world)
    boss, people = as_("administrator"), f"/programs/{world.a}/people"
    assert "Ask to be erased" not in boss.get(people).text
    assert send(client, "/account/data/erasure", "/account/data/").location == "/account/data/"
    assert "You asked on" in client.get("/account/data/").text
    listed = boss.get(people).text
    assert "Ask to be erased" in listed
    assert breakable(login) in listed
    assert "1 person asks to be erased" in boss.get(f"/programs/{world.a}/").text
    member = f"{people}/{seat}"
    assert "They asked for it on" in boss.get(member).text
    assert send(boss, f"{member}/erase", member, **{"erase-reason": " "}).status_code == 400
    assert user_of(world, login) is not None
    answer = boss.post(
        f"{member}/erase", data={"csrf_token": token_of(boss, member), "erase-reason": f"asked {HOSTILE}"}
    )
    assert answer.location == people
    assert user_of(world, login) is None
    assert client.get("/account/").status_code == 303, "they are signed out"
    assert login not in boss.get(people).text
    assert boss.get(member).status_code == 404
    with world.app.app_context():
        note = db.session.scalars(
            select(AuditEvent).where(AuditEvent.action == "user.erased").order_by(AuditEvent.id.desc()).limit(1)
        ).one()
        assert (note.actor, note.reason) == (world.login("administrator"), f"asked {HOSTILE}")


def test_a_request_is_taken_back(world: World, as_: As) -> None:
    client, login, _seat = newcomer(world)
    send(client, "/account/data/erasure", "/account/data/")
    send(client, "/account/data/erasure/withdraw", "/account/data/")
    assert "You asked on" not in client.get("/account/data/").text
    assert f"{login}</small></th><td class=" not in as_("administrator").get(f"/programs/{world.a}/people").text
    assert user_of(world, login) is not None


def test_nobody_erases_without_the_right_to(world: World, as_: As) -> None:
    _client, login, seat = newcomer(world)
    member = f"/programs/{world.a}/people/{seat}/erase"
    for name in ("viewer", "finance", "distributor", "stranger"):
        token = token_of(as_(name), "/account/")
        answer = as_(name).post(member, data={"csrf_token": token, "erase-reason": "x"})
        assert answer.status_code == 404, name
    assert user_of(world, login) is not None


def test_an_administrator_does_not_erase_whoever_is_of_another_programme(world: World, as_: As) -> None:
    from app.db.transaction import transaction
    from app.models.programs import Program
    from app.services.access import people as accounts

    _client, login, seat = newcomer(world, Role.VIEWER)
    with world.app.app_context(), transaction(db.session) as session:
        b = session.scalars(select(Program).where(Program.code == world.b)).one()
        accounts.give_role(session, login, b, Role.VIEWER, actor="test", now=world.clock())
    boss, member = as_("administrator"), f"/programs/{world.a}/people/{seat}"
    answer = boss.post(f"{member}/erase", data={"csrf_token": token_of(boss, member), "erase-reason": "asked"})
    assert answer.status_code == 400
    assert "role in another programme" in answer.text
    user = user_of(world, login)
    assert user is not None
    page = f"/platform/users/{user.id}"
    assert send(as_("owner"), page, page, deed="erase", reason="both agree").status_code == 303
    assert user_of(world, login) is None


@pytest.mark.parametrize("name", ["rep", "other", "viewer", "assistant"])
def test_the_company_page_is_its_owner_s(world: World, as_: As, name: str) -> None:
    page = f"/portal/{world.a}/{world.distributors['D-5']}/company"
    assert as_(name).get(page).status_code == 404
    assert as_("distributor").get(page).status_code == 200


def test_an_owner_keeps_the_place_of_the_company_right_and_nothing_else(world: World, as_: As) -> None:
    client, page = as_("distributor"), f"/portal/{world.a}/{world.distributors['D-5']}/company"
    assert send(client, page, page, city="x" * 201).status_code == 400
    fields = {"city": f"Gdynia {FORMULA}", "region": "", "country": "PL", "name": "Mine", "tax_id": "1", "tier": "gold"}
    assert send(client, page, page, **fields).location == page
    with world.app.app_context():
        kept = db.session.get_one(Distributor, world.distributors["D-5"])
        assert (kept.city, kept.region, kept.name, kept.tier) == (f"Gdynia {FORMULA}", None, "Distributor 05", None)
    record = f"/programs/{world.a}/distributors/{world.distributors['D-5']}/record?kind=data"
    told = as_("administrator").get(record).text
    assert "Data changed" in told
    assert world.login("distributor") in told


def test_whoever_asks_and_loses_their_role_is_erased_by_an_owner_of_the_platform(world: World, as_: As) -> None:
    client, login, seat = newcomer(world)
    send(client, "/account/data/erasure", "/account/data/")
    boss, platform, member = as_("administrator"), as_("owner"), f"/programs/{world.a}/people/{seat}"
    answer = boss.post(f"{member}/take", data={"csrf_token": token_of(boss, member), "reason": "left"})
    assert answer.status_code == 303
    assert "You asked on" in client.get("/account/data/").text
    listed = platform.get("/platform/users/").text
    assert "Ask to be erased" in listed
    who = user_of(world, login)
    assert who is not None
    page = f"/platform/users/{who.id}"
    assert page in listed
    assert "They asked on" in platform.get(page).text
    assert send(platform, page, page, deed="erase", reason="asked").status_code == 303
    assert user_of(world, login) is None
    assert page not in platform.get("/platform/users/").text.partition("<form")[0]
    assert "They asked on" not in platform.get(page).text

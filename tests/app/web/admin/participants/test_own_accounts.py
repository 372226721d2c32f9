"""Accounts of people: how one is opened, who sees which, and what a rep finds at home."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import Role
from app.domain.states import Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from app.services.access import people as accounts
from app.services.ledger import ledger
from app.services.persons.reading import shared_with
from app.services.rulebooks import rules_of
from tests.app.web.conftest import token_of
from tests.app.web.world import PASSWORD, World
from tests.support.programs import document, goods, load, people
from tests.support.sales import Sold, sell

As = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def shop(world: World) -> dict[str, int]:
    """A programme that shares: Ewa sold for D1, and signs in as its rep; D2 has nobody."""
    code = f"{world.a}-shared"
    with world.app.app_context(), transaction(db.session) as session:
        shares = {"accounts": {"shares": {"to": "shares", "person_bp": 7_000}}}
        program = load(session, document(code, program=shares), now=world.clock())
        found = people(session, program, ["D1", "D2"])
        product = goods(session, program, {"P": None})["P"]
        for name, role in (("ewa", Role.REP), ("boss", Role.OWNER)):
            login = world.login(name)
            accounts.create_user(session, login, name.title(), PASSWORD, actor="test", now=world.clock())
            accounts.give_role(session, login, program, role, found["D1"], actor="test", now=world.clock())
        load(session, document(code, program=shares | {"name": "Shared"}), now=world.clock())
        sell(session, program, [Sold("FV/1", found["D1"], product, 1, 100_00, person="ewa")], now=world.clock())
        found["ewa"] = session.scalars(select(Distributor.id).where(Distributor.person_of_id == found["D1"])).one()
        ledger.adjust(
            session,
            rules_of(session, program.id),
            ledger.wallet_of(session, found["ewa"], Unit.POINTS),
            5,
            key=f"{code}:5",
            now=world.clock(),
            actor="ann",
            reason="a good idea",
        )
        found["document"] = session.scalars(
            select(SalesDocument.id).where(SalesDocument.program_id == program.id)
        ).one()
    return found


def code_of(world: World) -> str:
    return f"{world.a}-shared"


def test_a_rep_is_at_home_with_their_own_points(world: World, shop: dict[str, int], as_: As) -> None:
    client = as_("ewa")
    answer = client.get(f"/portal/{code_of(world)}/{shop['D1']}/")
    assert answer.status_code == 303
    assert answer.location == f"/portal/{code_of(world)}/{shop['ewa']}/"
    page = client.get(answer.location).text
    assert "These are your own points" in page
    assert f"/portal/{code_of(world)}/{shop['D1']}/documents" in page
    assert "All documents" not in page
    opened = client.get(f"/programs/{code_of(world)}/distributors/{shop['ewa']}/made-of").text
    assert "7 points for document FV/1" in opened
    assert client.get(f"/programs/{code_of(world)}/distributors/{shop['D1']}").status_code == 404
    for name in ("card", "rewards", "tier", "notices"):
        assert client.get(f"/portal/{code_of(world)}/{shop['ewa']}/{name}").status_code == 200, name
    for name in ("team", "documents", "claims/"):
        assert client.get(f"/portal/{code_of(world)}/{shop['ewa']}/{name}").status_code == 404, name


def test_the_company_has_its_part_and_sees_nobody_elses_account(world: World, shop: dict[str, int], as_: As) -> None:
    client = as_("boss")
    assert "+3" in client.get(f"/programs/{code_of(world)}/distributors/{shop['D1']}").text
    assert client.get(f"/portal/{code_of(world)}/{shop['ewa']}/").status_code == 404


def test_whoever_runs_the_programme_finds_the_account_and_opens_others(
    world: World, shop: dict[str, int], as_: As
) -> None:
    client = as_("owner")
    programme = f"/programs/{code_of(world)}"
    assert ">12<" in client.get(f"{programme}/own-accounts").text
    assert ">Ewa<" not in client.get(f"{programme}/distributors").text
    record = client.get(f"{programme}/distributors/{shop['ewa']}/record").text
    assert "An account of a person, beside that of the company:" in record
    address = f"{programme}/distributors/{shop['D2']}/own-accounts/open"
    for wrong in ("", "4111 1111 1111 1111", "a\x00b"):
        refused = client.post(address, data={"csrf_token": token_of(client, address), "name": wrong})
        assert refused.status_code == 400, wrong
    made = client.post(address, data={"csrf_token": token_of(client, address), "name": "Jan <b>Żuk</b>"})
    assert made.status_code == 303
    assert "Jan &lt;b&gt;Żuk&lt;/b&gt;" in client.get(made.location).text
    person = made.location.removesuffix("/record")
    again = client.post(f"{person}/own-accounts/open", data={"csrf_token": token_of(client, address), "name": "Ola"})
    assert again.status_code == 400
    edit = client.get(f"{person}/record/edit").text
    assert 'name="birthday"' in edit
    assert 'name="head_office"' not in edit


def test_what_a_hand_gave_is_disputed_from_the_movement(world: World, shop: dict[str, int], as_: As) -> None:
    client, base = as_("ewa"), f"/programs/{code_of(world)}/distributors/{shop['ewa']}"
    (adjusted, awarded) = re.findall(rf'href="({base}/movements/\d+)"', client.get(base).text)
    assert client.get(f"{awarded}/dispute").location.endswith(f"/documents/{shop['document']}/dispute")
    address = f"{adjusted}/dispute"
    token = {"csrf_token": token_of(client, address)}
    assert client.post(address, data={**token, "words": ""}).status_code == 400
    said = client.post(address, data={**token, "words": "It was two ideas"}, follow_redirects=True).text
    assert "It was two ideas" in said
    assert "It was two ideas" in client.get(f"/portal/{code_of(world)}/{shop['ewa']}/disputes").text
    assert as_("boss").get(address).status_code == 404
    answering = as_("owner").get(f"/programs/{code_of(world)}/disputes").text
    assert "#" + adjusted.rpartition("/")[2] in answering
    (one,) = set(re.findall(rf'href="(/programs/{code_of(world)}/disputes/\d+)"', answering))
    assert "a good idea" in as_("owner").get(one).text
    declined = {"csrf_token": token_of(as_("owner"), one), "answer": "It was one"}
    as_("owner").post(f"{one}/decline", data=declined)
    assert "About a good idea you were answered" in client.get(f"/portal/{code_of(world)}/{shop['ewa']}/notices").text


def test_a_document_says_with_whom_it_was_shared(world: World, shop: dict[str, int], as_: As) -> None:
    for name in ("owner", "boss", "ewa"):
        page = as_(name).get(f"/programs/{code_of(world)}/documents/{shop['document']}").text
        assert "has 70" in page, name
    with world.app.app_context(), transaction(db.session) as session:
        (shared,) = shared_with(session, shop["document"])
    assert (shared.name, shared.points) == ("Ewa", 7)

"""The counter: a sales assistant finds a customer, sees how they stand, and registers somebody new for them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.extensions import db
from app.models.distributors import Distributor
from app.models.joining import Application
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.joining import registration
from tests.app.web.account.test_account import asked_of_the_database
from tests.app.web.auth.arriving import new_login
from tests.app.web.conftest import token_of
from tests.app.web.messages import written_to
from tests.app.web.world import FORMULA, HOSTILE, World

As = Callable[[str], FlaskClient]


def counter(world: World, page: str = "") -> str:
    return f"/programs/{world.a}/customers{page}"


def found(client: FlaskClient, world: World, typed: str) -> list[int]:
    page = client.get(counter(world), query_string={"q": typed})
    assert page.status_code == 200
    return [int(one) for one in re.findall(r'<th scope="row"><a href="[^"]*/customers/(\d+)"', page.text)]


@pytest.fixture
def taxed(world: World) -> int:
    """A distributor with a tax id."""
    at = world.distributors["D-20"]
    with world.app.app_context(), transaction(db.session) as session:
        session.execute(update(Distributor).where(Distributor.id == at).values(tax_id="PL 526-000-12-46"))
    return at


def test_an_assistant_begins_at_the_counter(world: World, as_: As) -> None:
    assert as_("assistant").get("/").location == counter(world)
    page = as_("assistant").get(counter(world)).text
    assert "Find a customer" in page
    assert f"/programs/{world.a}/distributors" not in page


@pytest.mark.parametrize("typed", ["5260001246", "526-000-12-46", "PL5260001246", "D-20", "d-20", "Distributor 20"])
def test_a_customer_is_found_by_code_name_and_tax_id(world: World, as_: As, taxed: int, typed: str) -> None:
    assert found(as_("assistant"), world, typed)[0] == taxed


@pytest.mark.parametrize("typed", ["", "D", "%%", "__", "526000124", "nobody of this name", "' or 1=1 --"])
def test_what_fits_nobody_finds_nobody(world: World, as_: As, taxed: int, typed: str) -> None:
    assert found(as_("assistant"), world, typed) == []


def test_customers_of_other_programmes_are_not_found(world: World, as_: As) -> None:
    assert world.distributor_of_b not in found(as_("assistant"), world, "D-0")
    foreign = counter(world, f"/{world.distributor_of_b}")
    assert as_("assistant").get(foreign).status_code == 404


def test_status_and_balance_are_seen_in_few_questions(world: World, as_: As) -> None:
    client = as_("assistant")
    for page in (f"/{world.distributors['D-5']}", "?q=D-5", "/new"):
        with asked_of_the_database(world) as asked:
            answer = client.get(counter(world, page))
        assert answer.status_code == 200
        assert len(asked) <= 8, asked
        assert answer.text.count("<h1") == 1
    shown = client.get(counter(world, f"/{world.distributors['D-5']}")).text
    with world.app.app_context():
        from app.domain.states import Unit
        from app.services.tracing import balances

        program = db.session.scalars(select(Program).where(Program.code == world.a)).one()
        stands = balances.balance_of(db.session(), program.id, "D-5", Unit.POINTS)
    assert f"<strong>{stands.available:,}</strong>" in shown
    assert "Takes part" in shown


def test_an_assistant_sees_nothing_else_of_a_customer(world: World, as_: As) -> None:
    mine = world.distributors["D-5"]
    for page in (
        f"/programs/{world.a}/distributors/{mine}",
        f"/programs/{world.a}/distributors/{mine}/record",
        f"/portal/{world.a}/{mine}/",
        f"/programs/{world.a}/search?q=D-5",
        f"/programs/{world.a}/documents/{world.documents['FV/0']}",
    ):
        assert as_("assistant").get(page).status_code == 404, page
    for name in ("viewer", "distributor", "stranger", "nobody"):
        assert as_(name).get(counter(world)).status_code == 404, name


def fields(login: str, **more: str) -> dict[str, str]:
    return {"name": "Ewa Nowak", "login": login, "company": "Nowak i syn", "tax_id": "5260001246", "agreed": "y"} | more


def send(client: FlaskClient, page: str, **given: Any) -> Any:
    return client.post(page, data={"csrf_token": token_of(client, page), **given})


def applications(world: World, login: str) -> list[Application]:
    with world.app.app_context():
        rows = list(db.session.scalars(select(Application).where(Application.login == login)))
        db.session.expunge_all()
        return rows


def answers(world: World, kind: str) -> dict[str, str]:
    """Answer what the programme's own form asks: other tests may have put questions into it."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        return {f"q-{one.key}": "answer" for one in registration.form_of(session, program.id).questions if one.of(kind)}


def test_somebody_new_is_registered_with_the_programme_s_own_form(world: World, as_: As) -> None:
    client, login, page = as_("assistant"), new_login(), counter(world, "/new")
    own = answers(world, "company")
    shown = client.get(page).text
    assert all(f'name="{name}"' in shown for name in own)
    answer = send(client, page, **fields(login, **own, company=f"Nowak {HOSTILE}", name=FORMULA))
    assert answer.location == counter(world)
    (one,) = applications(world, login)
    assert (one.company, one.name, one.state, one.kind) == (f"Nowak {HOSTILE}", FORMULA, "new", "company")
    assert written_to(world, login), "the customer gets a mail"
    with world.app.app_context():
        note = db.session.scalars(
            select(AuditEvent).where(AuditEvent.action == "application.send", AuditEvent.subject == login)
        ).one()
        assert note.actor == world.login("assistant")
    assert as_("administrator").get(f"/programs/{world.a}/applications/{one.id}").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"agreed": ""},
        {"name": " "},
        {"company": "x" * 201},
        {"phone": "call me"},
        {"name": "a\x00b"},
        {"company": "4111 1111 1111 1111"},
    ],
)
def test_a_wrong_form_sends_nothing_and_keeps_what_was_typed(world: World, as_: As, wrong: dict[str, str]) -> None:
    login = new_login()
    answer = send(as_("assistant"), counter(world, "/new"), **fields(login, **wrong))
    assert answer.status_code == 400
    assert 'class="field-problem"' in answer.text
    assert login in answer.text
    assert applications(world, login) == []


def test_what_is_no_address_is_said_beside_it(world: World, as_: As) -> None:
    answer = send(as_("assistant"), counter(world, "/new"), **fields("nobody"))
    assert answer.status_code == 400
    assert "This is no e-mail address." in answer.text


def test_a_rep_is_registered_for_the_customer_who_was_found(world: World, as_: As, taxed: int) -> None:
    shown = as_("assistant").get(counter(world, f"/{taxed}")).text
    assert f"/customers/new?of={taxed}&amp;as=rep" in shown
    form = as_("assistant").get(counter(world, f"/new?of={taxed}&as=rep")).text
    assert 'value="Distributor 20"' in form
    assert 'value="PL 526-000-12-46"' in form
    foreign = as_("assistant").get(counter(world, f"/new?of={world.distributor_of_b}&as=rep"))
    assert foreign.status_code == 200
    assert HOSTILE not in foreign.text
    assert 'id="company" maxlength="200" name="company" required type="text">' in foreign.text
    login = new_login()
    page = counter(world, "/new?as=rep")
    given = answers(world, "rep") | {"company": "Distributor 20", "tax_id": "5260001246"}
    answer = send(as_("assistant"), page, **fields(login, **given))
    assert answer.location == counter(world)
    (one,) = applications(world, login)
    assert (one.kind, one.company) == ("rep", "Distributor 20")

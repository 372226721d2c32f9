"""A head office and its branches: who sees what of whom, where it is set, and that nobody else gains anything."""

import html
import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import Person, Role, Seat, permissions_of
from app.extensions import db
from app.models.distributors import Distributor
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.access import people as accounts
from app.services.participants import distributor_changes
from tests.app.web.admin.participants.test_records import form_of, record
from tests.app.web.conftest import token_of
from tests.app.web.world import PASSWORD, World

As = Callable[[str], FlaskClient]

OFFICE, BRANCH, QUIET = "D-6", "D-5", "D-8"
"""D-6, whose owner is `other`, is the head office of D-5, whose people are `distributor` and `rep`, and of D-8."""


def put_below(world: World, code: str, office: str | None) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        values = {"head_office": office}
        distributor_changes.change(session, program, world.distributors[code], values, actor="test", now=world.clock())


@pytest.fixture(autouse=True, scope="module")
def _one_head_office(world: World) -> Iterator[None]:
    for code in (BRANCH, QUIET):
        put_below(world, code, OFFICE)
    with world.app.app_context(), transaction(db.session) as session:
        login = world.login("office-rep")
        accounts.create_user(session, login, "office-rep", PASSWORD, actor="test", now=world.clock())
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        of = world.distributors[OFFICE]
        accounts.give_role(session, login, program, Role.REP, of, actor="test", now=world.clock())
    yield
    for code in (BRANCH, QUIET):
        put_below(world, code, None)


def portal(world: World, page: str, code: str = BRANCH) -> str:
    return f"/portal/{world.a}/{world.distributors[code]}/{page}"


def statement(world: World, code: str = BRANCH) -> str:
    return f"/programs/{world.a}/distributors/{world.distributors[code]}"


def document(world: World, number: str) -> str:
    return f"/programs/{world.a}/documents/{world.documents[number]}"


def pages_of_a_branch(world: World) -> list[str]:
    return [statement(world), portal(world, "documents"), document(world, "FV/1")]


def test_the_owner_of_the_head_office_reads_statement_and_documents_of_a_branch(world: World, as_: As) -> None:
    client = as_("other")
    for address in pages_of_a_branch(world):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert 'method="post" action="/portal' not in answer.text, address
        assert "Register an invoice" not in answer.text
        assert f"{portal(world, 'branches', OFFICE)}" in answer.text, "the way back to all branches"
    assert "FV/LONG" in client.get(portal(world, "documents")).text
    with client.get(portal(world, "documents?form=csv")) as export:
        assert "FV/1" in export.get_data(as_text=True)


def test_reading_a_branch_is_all_there_is(world: World, as_: As) -> None:
    client = as_("other")
    token = token_of(client, portal(world, "team", OFFICE))
    for page in ("", "card", "team", "company", "applications", "notices", "terms", "branches", "claims/"):
        assert client.get(portal(world, page)).status_code == 404, page
    for page in ("redeem", "redeem/confirm", "team", "team/change", "company", "applications", "terms"):
        assert client.post(portal(world, page), data={"csrf_token": token}).status_code == 404, page
    for deed in ("answer", "appeal"):
        sent = client.post(f"{document(world, 'FV/1')}/{deed}", data={"csrf_token": token, "words": "x"})
        assert sent.status_code == 404, deed
    assert client.get(record(world, BRANCH)).status_code == 404


def test_pages_of_a_branch_offer_nothing_that_is_not_there(world: World, as_: As) -> None:
    client = as_("other")
    for address in pages_of_a_branch(world):
        for lead in set(re.findall(r'href="(/(?:portal|programs)/[^"#]+)"', client.get(address).text)):
            with client.get(html.unescape(lead)) as answer:
                assert answer.status_code == 200, (address, lead)


def test_nobody_else_gains_anything(world: World, as_: As) -> None:
    """Not the reps of the head office, not the branch towards its head office, not one branch towards another."""
    for name in ("office-rep", "stranger", "nobody"):
        for address in pages_of_a_branch(world):
            assert as_(name).get(address).status_code == 404, (name, address)
        assert as_(name).get(portal(world, "branches", OFFICE)).status_code == 404, name
    for name in ("distributor", "rep"):
        for code in (OFFICE, QUIET):
            for address in (statement(world, code), portal(world, "documents", code), portal(world, "branches", code)):
                assert as_(name).get(address).status_code == 404, (name, address)
    assert as_("other").get(statement(world, "D-7")).status_code == 404
    for name in ("administrator", "finance", "viewer", "verifier"):
        assert as_(name).get(portal(world, "branches", OFFICE)).status_code == 404, name


def test_a_seat_opens_branches_in_its_own_programme_and_role_alone() -> None:
    def granted(seat: Seat, program_id: int = 1) -> set[str]:
        person = Person(1, "a@x.example", "A", False, (seat,))
        return {one.value for one in permissions_of(person, program_id, 20, 10)}

    assert granted(Seat(1, Role.OWNER, 10)) == {"see_statement", "list_documents", "see_document"}
    assert granted(Seat(1, Role.REP, 10)) == set()
    assert granted(Seat(1, Role.OWNER, 10), program_id=2) == set()
    assert granted(Seat(1, Role.OWNER, 11)) == set()
    assert granted(Seat(1, Role.OWNER, 20)) > {"use_portal", "convert_points"}


def test_the_head_office_has_a_page_of_its_branches(world: World, as_: As) -> None:
    client = as_("other")
    page = client.get(portal(world, "branches", OFFICE)).text
    assert statement(world, BRANCH) in page
    assert statement(world, QUIET) in page
    assert "<strong>2</strong>" in page
    assert statement(world, "D-7") not in page
    with client.get(portal(world, "branches?form=csv", OFFICE)) as export:
        assert [line.split(",")[1] for line in export.get_data(as_text=True).lstrip("\ufeff").splitlines()[1:]] == [
            BRANCH,
            QUIET,
        ]
    assert statement(world, BRANCH) not in client.get(portal(world, "branches?q=nothing", OFFICE)).text


def test_branches_stand_in_the_navigation_of_head_offices_alone(world: World, as_: As) -> None:
    lead = f'href="{portal(world, "branches", OFFICE)}"'
    for address in (portal(world, "", OFFICE), statement(world), portal(world, "documents")):
        assert lead in as_("other").get(address).text, address
    assert "/branches" not in as_("distributor").get(portal(world, "")).text
    marked = re.findall(r'aria-current="page">.*?<span>([^<]+)</span>', as_("other").get(statement(world)).text)
    assert marked == ["Branches"]


def test_a_branch_is_told_who_reads_it(world: World, as_: As) -> None:
    page = as_("distributor").get(portal(world, "company")).text
    assert "Distributor 06" in page
    assert "The owner of the head office reads" in page


def test_records_lead_from_one_to_the_other(world: World, as_: As) -> None:
    boss = as_("viewer")
    office = boss.get(record(world, OFFICE)).text
    assert f'href="{record(world, BRANCH)}"' in office
    assert "Together" in office
    assert f'href="{record(world, OFFICE)}"' in boss.get(record(world, BRANCH)).text
    listed = boss.get(f"/programs/{world.a}/distributors?head_office={OFFICE}").text
    assert f'href="{record(world, BRANCH)}"' in listed
    assert f'href="{record(world, "D-7")}"' not in listed


def test_a_head_office_is_set_on_the_record_and_kept_in_the_log(world: World, as_: As) -> None:
    boss = as_("administrator")
    address = f"{record(world, 'D-9')}/edit"
    answer = boss.post(address, data=form_of(world, boss, "D-9") | {"head_office": " d-6 ", "reason": "bought"})
    assert answer.location == record(world, "D-9")
    with world.app.app_context():
        one = db.session.get_one(Distributor, world.distributors["D-9"])
        assert one.head_office_id == world.distributors[OFFICE]
        note = db.session.scalars(
            select(AuditEvent)
            .where(AuditEvent.program_id == one.program_id, AuditEvent.subject == "D-9")
            .order_by(AuditEvent.id.desc())
        ).first()
        assert note is not None
        assert (note.before, note.after, note.reason) == ({"head_office": None}, {"head_office": "D-6"}, "bought")
    assert "Head office: – → D-6" in boss.get(f"{record(world, 'D-9')}?kind=data").text
    again = form_of(world, boss, "D-9")
    assert again["head_office"] == "D-6"
    assert boss.post(address, data=again | {"head_office": ""}).status_code == 303
    with world.app.app_context():
        assert db.session.get_one(Distributor, world.distributors["D-9"]).head_office_id is None


@pytest.mark.parametrize(
    ("code", "office", "said"),
    [
        ("D-9", "D-999", "No distributor has this code."),
        ("D-9", "D-9", "A distributor is not its own head office."),
        ("D-9", BRANCH, "a branch has no branches"),
        (OFFICE, "D-9", "it cannot be a branch itself"),
    ],
)
def test_what_cannot_be_is_said_in_words(world: World, as_: As, code: str, office: str, said: str) -> None:
    boss = as_("administrator")
    answer = boss.post(f"{record(world, code)}/edit", data=form_of(world, boss, code) | {"head_office": office})
    assert answer.status_code == 400
    assert said in html.unescape(answer.text)

"""The registration form, applications and consents: each by those who may."""

import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import ApplicationState
from app.extensions import db
from app.models.distributors import Distributor
from app.models.joining import Application, RegistrationForm
from app.models.people import AuditEvent
from app.web.long_words import breakable
from tests.app.web.admin.people.sending import HOSTILE, As, send
from tests.app.web.auth.arriving import new_login
from tests.app.web.messages import link_to, written_to
from tests.app.web.world import World

# the registration form


QUESTION = {"kind": "line", "asked": "both", "label_pl": "Ile sklepów?", "label_en": "How many shops?"}


@pytest.fixture
def form_page(world: World) -> str:
    """The page of programme A's registration form; it begins empty."""
    with world.app.app_context(), transaction(db.session) as session:
        for one in session.scalars(select(RegistrationForm)):
            session.delete(one)
    return f"/programs/{world.a}/registration"


def publish(client: FlaskClient, form_page: str, *, published: bool = True) -> None:
    answer = send(client, f"{form_page}/publish", form_page, published="1" if published else "0")
    assert answer.status_code == 303


def test_a_form_is_built_question_by_question(world: World, as_: As, form_page: str) -> None:
    boss = as_("administrator")
    assert "No questions of your own yet" in boss.get(form_page).text
    for question in (
        QUESTION,
        {"kind": "one", "asked": "company", "label_pl": "Co?", "choices_pl": "Narzędzia\nFarby", "required": "y"},
        {"kind": "tick", "asked": "rep", "label_pl": "Na pewno?", "hint_pl": "Zaznacz."},
    ):
        assert send(boss, f"{form_page}/question", **question).status_code == 303
    page = boss.get(form_page).text
    assert page.index("Ile sklepów?") < page.index("Co?") < page.index("Na pewno?")
    send(boss, f"{form_page}/move", form_page, key="na-pewno", way="up")
    send(boss, f"{form_page}/move", form_page, key="unknown", way="sideways")
    page = boss.get(form_page).text
    assert page.index("Na pewno?") < page.index("Co?")
    changed = send(
        boss, f"{form_page}/question?key=co", kind="several", asked="both", label_pl="Co?", choices_pl="A\nB"
    )
    assert changed.status_code == 303
    send(boss, f"{form_page}/remove", form_page, key="how-many-shops")
    assert "Ile sklepów?" not in boss.get(form_page).text
    assert boss.get(f"{form_page}/question?key=how-many-shops").status_code == 404
    send(boss, form_page, intro_pl="Zapraszamy!\nDo programu.", employer_consent="y")
    for kind in ("company", "rep"):
        preview = boss.get(f"{form_page}/preview?as={kind}").text
        assert ("Na pewno?" in preview) == (kind == "rep")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"label_pl": ""}, "Word the question"),
        ({"label_pl": "x" * 400}, "300"),
        ({"kind": "one"}, "2 to 30 different answers"),
        ({"kind": "one", "choices_pl": "A\nB", "choices_en": "A\nB\nC"}, "2 to 30 different answers"),
        ({"kind": "nonsense"}, "Not a valid choice"),
        ({"asked": "nobody"}, "Not a valid choice"),
    ],
)
def test_what_is_no_question_is_said(world: World, as_: As, form_page: str, sent: dict[str, str], said: str) -> None:
    answer = send(as_("administrator"), f"{form_page}/question", **{**QUESTION, **sent})
    assert answer.status_code == 400
    assert said in answer.text


def test_only_a_published_form_is_found(world: World, as_: As, form_page: str, visitor: FlaskClient) -> None:
    address = f"/join/{world.a}"
    assert visitor.get(address).status_code == 404
    publish(as_("administrator"), form_page)
    assert visitor.get(address).status_code == 200
    assert visitor.get("/join/no-such-programme").status_code == 404
    assert visitor.get(f"/join/{world.b}").status_code == 404
    publish(as_("administrator"), form_page, published=False)
    assert visitor.get(address).status_code == 404
    assert visitor.get(f"{address}/thanks").status_code == 404


# applying and vetting


def applied(world: World, visitor: FlaskClient, kind: str = "company", **changes: Any) -> str:
    """Apply, and give the e-mail address that was given."""
    login = changes.pop("login", new_login())
    sent = {
        "name": "Ann",
        "login": login,
        "phone": "600 100 200",
        "company": "Elektro-Max",
        "tax_id": "526-104-08-28",
        "agreed": "y",
        **changes,
    }
    answer = send(visitor, f"/join/{world.a}?as={kind}", **sent)
    assert answer.location == f"/join/{world.a}/thanks", answer.text
    assert "has reached us" in visitor.get(answer.location).text
    return str(login)


def application_of(world: World, login: str) -> Application:
    with world.app.app_context():
        found = db.session.scalars(select(Application).where(Application.login == login)).one()
        db.session.expunge(found)
        return found


@pytest.fixture
def published(as_: As, form_page: str) -> str:
    """A form with two questions, one of which has to be answered."""
    boss = as_("administrator")
    send(boss, f"{form_page}/question", **QUESTION, required="y")
    choosing = {"kind": "several", "asked": "company", "label_pl": "Co?", "choices_pl": "Narzędzia\nFarby"}
    send(boss, f"{form_page}/question", **choosing)
    publish(boss, form_page)
    return form_page


def test_a_company_applies_is_accepted_and_comes_in(
    world: World, as_: As, visitor: FlaskClient, published: str
) -> None:
    code = f"J-{time.monotonic_ns()}"
    login = applied(world, visitor, **{"q-how-many-shops": "3", "q-co": ["farby", "narzedzia"]})
    found = application_of(world, login)
    assert (found.kind, found.phone, found.state) == ("company", "+48600100200", ApplicationState.NEW)
    verifier, page = as_("verifier"), f"/programs/{world.a}/applications/{found.id}"
    assert breakable(login) in verifier.get(f"/programs/{world.a}/applications").text
    shown = verifier.get(page).text
    assert "Farby, Narzędzia" in shown
    assert "Ile sklepów?" in shown
    assert send(verifier, f"{page}/accept", page, into="new", code="D-5", group="").status_code == 400
    assert send(verifier, f"{page}/accept", page, into="known", code="D-999", group="").status_code == 400
    assert send(verifier, f"{page}/accept", page, into="", code=code, group="").status_code == 400
    assert send(verifier, f"{page}/accept", page, into="new", code=code, group="").status_code == 303
    assert send(verifier, f"{page}/accept", page, into="new", code=code + "b", group="").location == page
    assert "decided already" in verifier.get(page).text
    assert application_of(world, login).state == ApplicationState.ACCEPTED
    with world.app.app_context():
        made = db.session.scalars(select(Distributor).where(Distributor.code == code)).one()
        assert made.name == "Elektro-Max"
    owner = world.app.test_client()
    assert send(owner, link_to(world, login), name="Ann", password="quite a good password").status_code == 303
    assert owner.get("/", follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": ""}, "Fill in your name"),
        ({"login": "nobody"}, "no e-mail address"),
        ({"login": "x" * 300 + "@example.com"}, "254"),
        ({"company": ""}, "Fill in the company"),
        ({"tax_id": ""}, "Fill in the tax id"),
        ({"phone": "12"}, "no phone number"),
        ({"agreed": ""}, "nobody may look"),
        ({"q-how-many-shops": ""}, "How many shops? This has to be answered"),
        ({"q-co": "nonsense"}, "valid choice"),
        ({"name": "a\0b"}, "cannot be printed"),
        ({"company": "4111 1111 1111 1111"}, "payment card"),
    ],
)
def test_what_is_no_application_is_said_beside_its_field_and_what_was_typed_stays(
    world: World, visitor: FlaskClient, published: str, sent: dict[str, str], said: str
) -> None:
    whole = {
        "name": "Ann",
        "login": new_login(),
        "phone": "",
        "company": "Elektro-Max",
        "tax_id": "526-104-08-28",
        "agreed": "y",
        "q-how-many-shops": "3 sklepy",
    }
    answer = send(visitor, f"/join/{world.a}", **{**whole, **sent})
    assert answer.status_code == 400
    assert said in answer.text
    assert "There is a problem" in answer.text
    if "company" not in sent:
        assert 'value="Elektro-Max"' in answer.text


def test_all_that_is_wrong_with_an_application_is_said_at_once(
    world: World, visitor: FlaskClient, published: str
) -> None:
    answer = send(visitor, f"/join/{world.a}", name="", login="nobody", phone="abc", company="B", tax_id="1")
    for name in ("name", "login", "phone", "agreed"):
        assert f'id="{name}-problem"' in answer.text, name


@pytest.mark.parametrize("words", HOSTILE)
def test_whatever_an_applicant_writes_is_shown_and_run_nowhere(
    world: World, as_: As, visitor: FlaskClient, published: str, words: str
) -> None:
    login = applied(world, visitor, name=words, company=words, tax_id=words[:32], **{"q-how-many-shops": words})
    found = application_of(world, login)
    assert found.company == words
    for page in (f"/programs/{world.a}/applications", f"/programs/{world.a}/applications/{found.id}"):
        shown = as_("verifier").get(page).text
        assert "<svg onload" not in shown
        assert "<script>alert" not in shown


def test_nobody_floods_the_form(world: World, visitor: FlaskClient, published: str) -> None:
    login = new_login()
    for _ in range(5):
        applied(world, visitor, login=login, **{"q-how-many-shops": "1"})
    sent = {"name": "A", "login": login, "company": "B", "tax_id": "1", "agreed": "y", "q-how-many-shops": "1"}
    assert send(visitor, f"/join/{world.a}", **sent).status_code == 429


def test_a_refusal_says_why(world: World, as_: As, visitor: FlaskClient, published: str) -> None:
    login = applied(world, visitor, **{"q-how-many-shops": "1"})
    page = f"/programs/{world.a}/applications/{application_of(world, login).id}"
    assert send(as_("verifier"), f"{page}/refuse", page, reason="").status_code == 400
    assert send(as_("verifier"), f"{page}/refuse", page, reason="No shop.").status_code == 303
    assert "No shop." in written_to(world, login)[-1].body
    assert "No shop." in as_("verifier").get(page).text
    assert send(as_("verifier"), f"{page}/refuse", page, reason="x").location == page
    assert "decided already" in as_("verifier").get(page).text


def test_twins_are_shown(world: World, as_: As, visitor: FlaskClient, published: str) -> None:
    tax_id = str(time.monotonic_ns())[-10:]
    first = applied(world, visitor, company="First", tax_id=tax_id, **{"q-how-many-shops": "1"})
    second = applied(world, visitor, company="Second", tax_id=f"PL {tax_id}", **{"q-how-many-shops": "1"})
    address = f"/programs/{world.a}/applications/{application_of(world, second).id}"
    page = as_("verifier").get(address).text
    assert "looks like something that is here already" in page
    assert f"/applications/{application_of(world, first).id}" in page
    send(as_("verifier"), f"{address}/refuse", address, reason="Twice.")
    assert "looks like something that is here already" not in as_("verifier").get(address).text, "it is decided"


def test_a_tax_id_that_cannot_be_is_seen_before_the_applicant_is_let_in(
    world: World, as_: As, visitor: FlaskClient, published: str
) -> None:
    told = "cannot be: its check digits are wrong"
    for tax_id, wrong in (("PL 1234567890", True), ("PL 526-025-02-74", False), ("XX-1", False)):
        login = applied(world, visitor, tax_id=tax_id, **{"q-how-many-shops": "1"})
        page = as_("verifier").get(f"/programs/{world.a}/applications/{application_of(world, login).id}").text
        assert (told in page) is wrong, tax_id


def test_a_tax_id_that_cannot_be_is_corrected_where_it_is_said(
    world: World, as_: As, visitor: FlaskClient, published: str
) -> None:
    verifier, said = as_("verifier"), "cannot be: its check digits are wrong"
    new = {"into": "new", "code": f"J-{time.monotonic_ns()}", "group": ""}

    def corrected_to(tax_id: str, page: str) -> str:
        answer = send(verifier, f"{page}/accept", page, **new, tax_id=tax_id)
        if answer.status_code == 303:
            return "accepted"
        return str(answer.text.partition('id="tax_id-problem"')[2].partition("</p>")[0])

    login = applied(world, visitor, tax_id="PL 1234567890", **{"q-how-many-shops": "1"})
    found = application_of(world, login)
    page = f"/programs/{world.a}/applications/{found.id}"
    assert 'value="PL 1234567890"' in verifier.get(page).text.partition('id="tax_id"')[2].partition(">")[0]
    many = f"/programs/{world.a}/applications"
    assert send(verifier, f"{many}/accept", many, ids=str(found.id)).status_code == 303
    assert "open it and correct it." in verifier.get(many).text
    assert said in corrected_to("PL 526-025-02-75", page)
    assert corrected_to("PL 526-025-02-74", page) == "accepted"
    with world.app.app_context():
        made = db.session.scalars(select(Distributor).where(Distributor.code == new["code"])).one()
        noted = db.session.scalars(select(AuditEvent.after).where(AuditEvent.subject == login)).all()
        assert made.tax_id == "PL 526-025-02-74"
        assert {"distributor_id": made.id, "tax_id": "PL 526-025-02-74"} in noted

    login = applied(world, visitor, tax_id="PL 1234567890", **{"q-how-many-shops": "1"})
    page = f"/programs/{world.a}/applications/{application_of(world, login).id}"
    assert "Elektro-Max has this tax id already." in corrected_to("5260250274", page)

    login = applied(world, visitor, "rep", tax_id="PL 1234567890", **{"q-how-many-shops": "1"})
    rep_s = verifier.get(f"/programs/{world.a}/applications/{application_of(world, login).id}").text
    assert said not in rep_s, "a rep brings no tax id in: there is nothing to correct"
    assert "no employer is found by it: say whose sales rep it is." in rep_s


def test_an_employer_agrees_to_a_rep_before_anybody_lets_them_in(
    world: World, as_: As, visitor: FlaskClient, published: str
) -> None:
    nobody_s = str(time.monotonic_ns())[-10:]
    login = applied(world, visitor, "rep", tax_id=nobody_s, **{"q-how-many-shops": "1"})
    found = application_of(world, login)
    boss, page = as_("administrator"), f"/programs/{world.a}/applications/{found.id}"
    assert "once the employer has agreed" in boss.get(page).text
    assert send(boss, f"{page}/accept", page, code="D-5").status_code == 400
    assert send(boss, f"{page}/ask", page, code="D-999").status_code == 400
    assert send(boss, f"{page}/ask", page, code="D-7").status_code == 400, "nobody there could agree"
    assert send(boss, f"{page}/ask", page, code="D-5").status_code == 303
    asked = link_to(world, world.login("distributor"))
    mine = f"/portal/{world.a}/{world.distributors['D-5']}/applications"
    assert asked == mine
    owner = as_("distributor")
    assert breakable(login) in owner.get(mine).text
    first = mine.removesuffix("applications")
    step = f"Say whether {found.name} may join as a sales rep of yours"
    assert step in owner.get(first).text
    for other in ("other", "rep", "verifier", "stranger"):
        assert as_(other).get(mine).status_code == 404, other
    theirs = f"/portal/{world.a}/{world.distributors['D-6']}/applications"
    send(as_("other"), theirs, application=str(found.id), answer="agree")
    assert application_of(world, login).state == ApplicationState.CONSENT, "nobody agrees for another"
    send(owner, mine, application=str(found.id), answer="agree")
    assert application_of(world, login).consent_by == world.login("distributor")
    assert login not in owner.get(mine).text
    assert step not in owner.get(first).text
    assert send(boss, f"{page}/accept", page, code="D-5").status_code == 303
    assert written_to(world, login)[-1].kind == "application_accepted"


def test_an_employer_declines(world: World, as_: As, visitor: FlaskClient, published: str) -> None:
    nobody_s = str(time.monotonic_ns())[-10:]
    login = applied(world, visitor, "rep", tax_id=nobody_s, **{"q-how-many-shops": "1"})
    page = f"/programs/{world.a}/applications/{application_of(world, login).id}"
    send(as_("administrator"), f"{page}/ask", page, code="D-5")
    mine = f"/portal/{world.a}/{world.distributors['D-5']}/applications"
    send(as_("distributor"), mine, application=str(application_of(world, login).id), answer="decline")
    assert application_of(world, login).state == ApplicationState.REFUSED
    assert "did not agree" in written_to(world, login)[-1].body


def test_an_application_of_another_programme_is_not_found(
    world: World, as_: As, visitor: FlaskClient, published: str
) -> None:
    found = application_of(world, applied(world, visitor, **{"q-how-many-shops": "1"}))
    assert as_("owner").get(f"/programs/{world.b}/applications/{found.id}").status_code == 404
    assert as_("stranger").get(f"/programs/{world.a}/applications/{found.id}").status_code == 404

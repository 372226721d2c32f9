"""Applications: what was said stays readable, employers agree, administrators decide once, twins are found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.registration import COMPANY, REP, AnswerKind, Asked, Choice, Question, QuestionInvalid
from app.domain.roles import Person, Role
from app.domain.states import ApplicationState
from app.models.distributors import Distributor
from app.models.joining import Application, Invitation
from app.models.ledger import Account
from app.models.messages import Message, Notice
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.access.people import LoginInvalid
from app.services.joining import applicant_twins, applications, registration
from app.services.joining.applications import Applicant, ApplicationClosed, ConsentMissing
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.participants.new_distributors import CodeTaken
from tests.app.services.conftest import new_login
from tests.support import programs
from tests.support.programs import NOW

People = Callable[..., Person]
CONSENT = "https://kontor.example/consents/"
QUESTIONS = (
    Question("stores", AnswerKind.LINE, {"pl": "Ile sklepów?", "en": "How many stores?"}),
    Question(
        "lines",
        AnswerKind.SEVERAL,
        {"pl": "Co sprzedajesz?"},
        asked=Asked.COMPANY,
        choices=(Choice("tools", {"pl": "Narzędzia"}), Choice("paint", {"pl": "Farby"})),
    ),
    Question("boss", AnswerKind.LINE, {"pl": "Szef?"}, asked=Asked.REP),
)


def applicant(**changes: str) -> Applicant:
    made = Applicant(COMPANY, new_login(), "Ann", "Elektro-Max", "526-104-08-28", "+48600100200", "en")
    return replace(made, **changes)


def apply(
    session: Session, program: Program, who: Applicant, answers: dict[str, Any] | None = None, **more: Any
) -> int:
    return applications.apply(
        session,
        program,
        who,
        QUESTIONS,
        answers or {},
        **{
            "employer_consent": True,
            "consent_page": lambda id_: CONSENT + id_,
            "address": "192.0.2.1",
            "now": NOW,
            **more,
        },
    )


def accept(session: Session, program: Program, application_id: int, **more: Any) -> int:
    given = {
        "distributor_id": None,
        "new_code": "A-1",
        "employer_consent": True,
        "link": lambda token: f"https://kontor.example/invitation/{token}",
        "actor": "boss",
        "inviter": "The boss",
        "now": NOW,
    }
    return applications.accept(session, program, application_id, **{**given, **more})


def mails(session: Session, to: str) -> list[str]:
    return list(session.scalars(select(Message.kind).where(Message.to == to).order_by(Message.id)))


@pytest.fixture
def employer(session: Session, program: Program) -> int:
    """A distributor with the tax id that applicants name."""
    row = DistributorRow(code="E1", name="Elektro-Max Sp. z o.o.", tax_id="PL 5261040828")
    put_distributors(session, program.id, "pl", [row], enrolled_on=NOW.date(), may_owe=True)
    return session.scalars(
        select(Distributor.id).where(Distributor.program_id == program.id, Distributor.code == "E1")
    ).one()


def test_what_was_said_stays_readable_whatever_becomes_of_the_form(session: Session, program: Program) -> None:
    who = applicant()
    id_ = apply(session, program, who, {"stores": "3", "lines": ["paint", "tools"], "boss": "no company is asked"})
    kept = session.get_one(Application, id_)
    assert kept.state == ApplicationState.NEW
    assert kept.answers == {
        "stores": {"at": 0, "question": "Ile sklepów?", "answer": "3", "said": "3"},
        "lines": {"at": 1, "question": "Co sprzedajesz?", "answer": ["paint", "tools"], "said": "Farby, Narzędzia"},
    }
    assert mails(session, who.login) == ["application_received"]
    noted = session.scalars(select(AuditEvent).where(AuditEvent.actor == who.login)).one()
    assert (noted.action, noted.program_id) == ("application.send", program.id)


def test_an_application_needs_an_address_to_answer_to(session: Session, program: Program) -> None:
    with pytest.raises(LoginInvalid):
        apply(session, program, applicant(login="nobody"))


def test_a_company_that_is_accepted_is_a_distributor_with_an_owner_to_be(session: Session, program: Program) -> None:
    who = applicant()
    id_ = apply(session, program, who)
    distributor_id = accept(session, program, id_)
    made = session.get_one(Distributor, distributor_id)
    assert (made.code, made.name, made.tax_id) == ("A-1", "Elektro-Max", "526-104-08-28")
    assert len(session.scalars(select(Account).where(Account.distributor_id == made.id)).all()) == 2, "its wallets"
    invited = session.scalars(select(Invitation).where(Invitation.login == who.login)).one()
    assert (invited.role, invited.distributor_id) == (Role.OWNER, made.id)
    kept = session.get_one(Application, id_)
    assert (kept.state, kept.decided_by, kept.distributor_id) == (ApplicationState.ACCEPTED, "boss", made.id)
    assert mails(session, who.login) == ["application_received", "application_accepted"]


def test_a_company_can_come_in_as_a_distributor_that_is_here(session: Session, program: Program, employer: int) -> None:
    id_ = apply(session, program, applicant())
    assert accept(session, program, id_, distributor_id=employer) == employer
    assert len(session.scalars(select(Distributor).where(Distributor.program_id == program.id)).all()) == 1


def test_a_code_is_no_other_distributor_s(session: Session, program: Program, employer: int) -> None:
    id_ = apply(session, program, applicant())
    for code in ("e1", " E1 ", ""):
        with pytest.raises(CodeTaken):
            accept(session, program, id_, new_code=code)
    with pytest.raises(applications.DistributorMissing):
        accept(session, program, id_, distributor_id=employer + 10**6)


def test_what_is_decided_is_decided(session: Session, program: Program, code: str) -> None:
    other = programs.load(session, programs.document(code + "-b"))
    first, second = apply(session, program, applicant()), apply(session, program, applicant())
    with pytest.raises(ApplicationClosed):
        accept(session, other, first)
    accept(session, program, first)
    applications.refuse(session, program, second, "No shop.", actor="boss", now=NOW)
    for id_ in (first, second, second + 10**6):
        with pytest.raises(ApplicationClosed):
            accept(session, program, id_, new_code="A-2")
        with pytest.raises(ApplicationClosed):
            applications.refuse(session, program, id_, "x", actor="boss", now=NOW)


def test_whoever_is_refused_is_told_why(session: Session, program: Program) -> None:
    who = applicant()
    id_ = apply(session, program, who)
    applications.refuse(session, program, id_, "No shop.", actor="boss", now=NOW)
    told = session.scalars(select(Message).where(Message.to == who.login).order_by(Message.id)).all()[-1]
    assert told.kind == "application_refused"
    assert "No shop." in told.body
    assert session.get_one(Application, id_).reason == "No shop."


def test_an_employer_that_is_known_by_its_tax_id_is_asked_at_once(
    session: Session, program: Program, person: People, employer: int
) -> None:
    owner = person(program, Role.OWNER, employer)
    who = applicant(kind=REP, company="Elektromax", tax_id="526 104 08 28")
    id_ = apply(session, program, who, {"boss": "Ann"})
    kept = session.get_one(Application, id_)
    assert (kept.state, kept.distributor_id) == (ApplicationState.CONSENT, employer)
    asked = session.scalars(select(Message).where(Message.to == owner.login)).one()
    assert f"{CONSENT}{employer}" in asked.body
    told = session.scalars(select(Notice).where(Notice.user_id == owner.id)).one()
    assert (told.kind, told.address) == ("application_consent", f"/portal/{program.code}/{employer}/applications")
    assert [one.id for one in applications.waiting_for(session, employer)] == [id_]
    with pytest.raises(ConsentMissing):
        accept(session, program, id_)
    _consent(session, program, employer, id_, owner)
    assert applications.waiting_for(session, employer) == []
    assert applications.waiting(session, program.id) == 1
    assert accept(session, program, id_) == employer
    invited = session.scalars(select(Invitation).where(Invitation.login == who.login)).one()
    assert (invited.role, invited.distributor_id) == (Role.REP, employer)


def test_an_employer_that_declines_keeps_them_out(
    session: Session, program: Program, person: People, employer: int
) -> None:
    owner = person(program, Role.OWNER, employer)
    who = applicant(kind=REP)
    id_ = apply(session, program, who)
    _consent(session, program, employer, id_, owner, agrees=False)
    kept = session.get_one(Application, id_)
    assert (kept.state, kept.decided_by) == (ApplicationState.REFUSED, owner.login)
    assert mails(session, who.login)[-1] == "application_refused"
    with pytest.raises(ApplicationClosed):
        _consent(session, program, employer, id_, owner)


def test_nobody_agrees_for_another_employer(session: Session, program: Program, person: People, employer: int) -> None:
    person(program, Role.OWNER, employer)
    others = programs.people(session, program)["D1"]
    id_ = apply(session, program, applicant(kind=REP))
    with pytest.raises(ApplicationClosed):
        _consent(session, program, others, id_, person(program, Role.OWNER, others))


def test_consent_is_for_the_distributor_that_gave_it(
    session: Session, program: Program, person: People, employer: int
) -> None:
    owner = person(program, Role.OWNER, employer)
    others = programs.people(session, program)["D1"]
    id_ = apply(session, program, applicant(kind=REP))
    _consent(session, program, employer, id_, owner)
    with pytest.raises(ConsentMissing):
        accept(session, program, id_, distributor_id=others)


def test_an_employer_whom_nobody_knows_is_found_by_somebody_of_the_programme(
    session: Session, program: Program, person: People
) -> None:
    d1, d2 = (programs.people(session, program)[name] for name in ("D1", "D2"))
    person(program, Role.OWNER, d1)
    id_ = apply(session, program, applicant(kind=REP, tax_id="999"))
    assert session.get_one(Application, id_).state == ApplicationState.NEW

    def ask(distributor_id: int) -> None:
        applications.ask_employer(
            session, program, id_, distributor_id, consent_page=lambda one: CONSENT + one, actor="boss", now=NOW
        )

    with pytest.raises(applications.NobodyToAsk):
        ask(d2)
    with pytest.raises(applications.DistributorMissing):
        ask(d2 + 10**6)
    ask(d1)
    assert session.get_one(Application, id_).state == ApplicationState.CONSENT


def test_where_no_consent_is_needed_a_rep_comes_in_to_the_distributor_that_is_named(
    session: Session, program: Program, employer: int
) -> None:
    id_ = apply(session, program, applicant(kind=REP), employer_consent=False)
    with pytest.raises(applications.DistributorMissing):
        accept(session, program, id_, employer_consent=False)
    assert accept(session, program, id_, employer_consent=False, distributor_id=employer) == employer


def test_twins_are_found_by_tax_id_and_by_address(
    session: Session, program: Program, person: People, employer: int, code: str
) -> None:
    somebody = person(program, Role.OWNER, employer)
    other = programs.load(session, programs.document(code + "-b"))
    apply(session, other, applicant())
    first = apply(session, program, applicant(tax_id="PL5261040828"))
    id_ = apply(session, program, applicant(login=somebody.login, tax_id="526-104-08-28"))
    again = apply(session, program, applicant(login=somebody.login, tax_id="1"))
    found = applicant_twins.duplicates(session, session.get_one(Application, id_))
    assert {(one.by, one.distributor_id, one.application_id, one.name) for one in found} == {
        ("tax_id", employer, None, "Elektro-Max Sp. z o.o."),
        ("tax_id", None, first, "Elektro-Max"),
        ("login", None, again, "Elektro-Max"),
        ("login", None, None, "Sam"),
    }
    alone = apply(session, program, applicant(tax_id="777"))
    assert applicant_twins.duplicates(session, session.get_one(Application, alone)) == []


def test_a_form_is_made_question_by_question_and_published(session: Session, program: Program, code: str) -> None:
    by: dict[str, Any] = {"actor": "boss", "now": NOW}
    assert registration.form_of(session, program.id) == registration.EMPTY
    keys = [registration.put_question(session, program.id, replace(one, key=""), **by) for one in QUESTIONS]
    assert keys == ["ile-sklepow", "co-sprzedajesz", "szef"]
    registration.move_question(session, program.id, "szef", -1, **by)
    changed = replace(QUESTIONS[0], key="ile-sklepow", required=True)
    registration.put_question(session, program.id, changed, **by)
    registration.remove_question(session, program.id, "co-sprzedajesz", **by)
    registration.set_text(session, program.id, {"pl": "Zapraszamy", "en": ""}, employer_consent=False, **by)
    assert registration.published_program(session, code) is None
    registration.publish(session, program.id, published=True, **by)
    found = registration.published_program(session, code)
    assert found is not None
    assert found.id == program.id
    form = registration.form_of(session, program.id)
    assert [(one.key, one.required) for one in form.questions] == [("ile-sklepow", True), ("szef", False)]
    assert (form.intro, form.published, form.employer_consent) == ({"pl": "Zapraszamy"}, True, False)
    with pytest.raises(QuestionInvalid):
        registration.put_question(session, program.id, replace(changed, key="gone"), **by)
    noted = session.scalars(select(AuditEvent).where(AuditEvent.program_id == program.id)).all()
    assert sum(event.action == "registration.change" for event in noted) == 8


def test_a_form_has_no_more_questions_than_anybody_answers(session: Session, program: Program) -> None:
    one = replace(QUESTIONS[0], key="")
    for _ in range(40):
        registration.put_question(session, program.id, one, actor="boss", now=NOW)
    with pytest.raises(QuestionInvalid):
        registration.put_question(session, program.id, one, actor="boss", now=NOW)


def _consent(
    session: Session, program: Program, distributor_id: int, application_id: int, by: Person, *, agrees: bool = True
) -> None:
    applications.consent(session, program, distributor_id, application_id, agrees=agrees, by=by, now=NOW)

"""What is kept about a person: they get a copy of it, and can be erased; what points and money need stays."""

import datetime as dt
import json
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.roles import Person, Role
from app.domain.states import ApplicationState, MessageState
from app.models.claims import Claim, SaleClaim
from app.models.joining import Application, Invitation, TermsAcceptance
from app.models.messages import Message
from app.models.people import AuditEvent, Membership, UserAccount
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.models.signing_in import RecoveryCode, SignInSession
from app.services import audit
from app.services.access import erasure, erasure_requests, invitations, memberships, own_data, people
from app.services.by_hand import adjustments
from app.services.joining import terms
from app.services.telling import messages
from app.services.telling.messages import Kind
from tests.support import programs
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.claiming import claims, picking
from verification.claiming.claimed import ClaimedInvoice
from verification.incoming import Source

Making = Callable[..., Person]
PHONE = "+48600000001"
FILED = {"1": "Ann Lee", "2": None, "3": "Bob"}
"""Invoices of the sponsor's own files, and whom those name."""
FILE = Source(name="import", policy="accept", may_correct=True)


@pytest.fixture
def boss(program: Program, person: Making) -> Person:
    """An administrator."""
    return person(program, Role.ADMINISTRATOR)


@pytest.fixture
def somebody(session: Session, program: Program, person: Making) -> Person:
    """A distributor's owner about whom much is kept."""
    mine = programs.people(session, program, ["D1"])["D1"]
    made = person(program, Role.OWNER, mine)
    user = session.get_one(UserAccount, made.id)
    user.phone, user.phone_proven_at = PHONE, NOW
    session.add(
        SignInSession(
            key_hash=made.login.encode(),
            user_id=made.id,
            method="password",
            created_at=NOW,
            proved_at=NOW,
            seen_at=NOW,
            expires_at=NOW + dt.timedelta(days=1),
            address="203.0.113.9",
            agent="Firefox",
        )
    )
    session.add(RecoveryCode(user_id=made.id, code_hash=b"x"))
    terms.publish(session, program, {"en": "Be fair."}, actor="ann", now=NOW)
    agreed = terms.in_force(session, program.id, made.id)
    assert agreed is not None
    terms.accept(session, program, agreed.id, made.id, login=made.login, locale="en", address="203.0.113.9", now=NOW)
    messages.write(session, Kind.RESET, made.login, locale="en", now=NOW, name="Sam", minutes=1, link="https://secret")
    messages.write(session, Kind.PHONE_CODE, PHONE, locale="en", now=NOW, minutes=1, code="123456")
    invitations.invite(
        session,
        program,
        login=made.login,
        name="Sam",
        role=Role.REP,
        distributor_id=mine,
        link=lambda token: token,
        actor="ann",
        inviter="Ann",
        now=NOW,
    )
    session.add(
        Application(
            program_id=program.id,
            kind="company",
            login=made.login,
            name="Sam",
            company="Sam's shop",
            tax_id="5260001246",
            phone=PHONE,
            locale="en",
            answers={"hobby": {"said": "fishing"}},
            state=ApplicationState.NEW,
            created_at=NOW,
            address="203.0.113.9",
        )
    )
    invoice = ClaimedInvoice("SAM/1")
    claims.keep(session, program, mine, "sams", invoice, person=None, actor=made.login, now=NOW)
    session.flush()
    return made


def again(session: Session, made: Person) -> Person | None:
    session.flush()
    session.expire_all()
    return people.person(session, made.id)


def test_a_copy_holds_what_is_kept_and_nothing_that_opens_anything(session: Session, somebody: Person) -> None:
    copy = own_data.copy_of(session, somebody.id, now=NOW)
    written = json.dumps(copy)
    assert copy["account"]["email"] == somebody.login
    assert copy["account"]["phone"] == PHONE
    assert [role["role"] for role in copy["roles"]] == ["owner"]
    assert {one["address"] for one in copy["signed_in"]} == {"203.0.113.9"}
    assert [one["version"] for one in copy["terms_accepted"]] == [1]
    assert [one["company"] for one in copy["applications"]] == ["Sam's shop"]
    assert {one["kind"] for one in copy["messages"]} == {"reset", "phone_code", "invitation"}
    assert "terms.accept" in {one["action"] for one in copy["log"]}
    assert [(one["number"], one["state"]) for one in copy["claims"]] == [("SAM/1", "draft")]
    user = session.get_one(UserAccount, somebody.id)
    assert user.password_hash
    for secret in (user.password_hash, "https://secret", "123456"):
        assert secret not in written


def test_a_copy_holds_nothing_of_others(session: Session, program: Program, somebody: Person, person: Making) -> None:
    other = person(program, Role.VIEWER)
    copy = own_data.copy_of(session, other.id, now=NOW)
    assert somebody.login not in json.dumps(copy)
    assert not copy["terms_accepted"]
    assert not copy["applications"]


def test_a_copy_of_whoever_manages_people_names_none_of_them(
    session: Session, program: Program, somebody: Person, boss: Person
) -> None:
    memberships.set_active(
        session, somebody.id, active=False, by_user_id=boss.id, actor=boss.login, now=NOW, reason="left"
    )
    copy = own_data.copy_of(session, boss.id, now=NOW)
    assert {"user.deactivate", "user.role"} <= {one["action"] for one in copy["log"]}
    assert ("user.deactivate", True, False) in {
        (one["action"], one["by_them"], one["about_them"]) for one in copy["log"]
    }
    assert somebody.login not in json.dumps(copy)


def test_nothing_names_or_reaches_somebody_who_was_erased(
    session: Session, program: Program, somebody: Person, boss: Person
) -> None:
    assert erasure.erase(session, somebody.id, by=boss, reason="asked for it", now=NOW)
    assert again(session, somebody) is None, "they sign in no more"
    assert people.verify(session, somebody.login, "a good long password") is None
    user = session.get_one(UserAccount, somebody.id)
    assert (user.login, user.name) == (f"erased-{user.id}@erased.invalid", f"#{user.id}")
    assert (user.phone, user.password_hash, user.totp_secret, user.active) == (None, None, None, False)
    for model in (Membership, SignInSession, RecoveryCode):
        assert session.scalar(select(func.count()).select_from(model).where(model.user_id == user.id)) == 0
    for model, column in (
        (Message, Message.to),
        (Invitation, Invitation.login),
        (Application, Application.login),
        (Claim, Claim.author),
    ):
        assert not session.scalars(select(model).where(column.in_([somebody.login, PHONE]))).all()
    letters = session.scalars(select(Message).where(Message.to == user.login)).all()
    assert len(letters) == 3
    assert {(one.body, one.subject, one.state) for one in letters} == {("", None, MessageState.FAILED)}
    invitation = session.scalars(select(Invitation).where(Invitation.login == user.login)).one()
    assert invitation.withdrawn_at == NOW
    application = session.scalars(select(Application).where(Application.login == user.login)).one()
    assert (application.name, application.phone, application.answers, application.address) == (
        user.name,
        None,
        {},
        None,
    )
    assert (application.company, application.state) == ("Sam's shop", ApplicationState.REFUSED)


def test_claims_name_nobody_who_was_erased_and_the_sponsor_s_files_and_namesakes_stay(
    session: Session, program: Program, person: Making, boss: Person
) -> None:
    """Invoices that somebody registered, and sales that they said to be theirs, showed the name of the erased."""
    who, what = programs.people(session, program, ["D1", "D2"]), programs.goods(session, program, {"A": "tools"})["A"]
    rep, _other = person(program, Role.REP, who["D1"]), person(program, Role.REP, who["D2"])
    for seat in session.scalars(select(Membership).where(Membership.program_id == program.id)):
        seat.known_as = "Ann Lee"
    lines = [Sold(number, who["D1"], what, 1, 10_000, "2026-11-01", person=by) for number, by in FILED.items()]
    sell(session, program, [*lines, Sold("4", who["D2"], what, 1, 10_000, "2026-11-01")], now=NOW, source=FILE)

    def documents() -> dict[str, SalesDocument]:
        session.expire_all()
        found = session.scalars(select(SalesDocument).where(SalesDocument.program_id == program.id))
        return {one.number: one for one in found}

    programs.load(session, programs.document(program.code, program={"verification": {"people_per_sale": 2}}))
    for number, by in (("2", "ann lee "), ("3", "Ann Lee"), ("4", "Ann Lee")):
        found = documents()[number]
        picking.claim(session, program, found.distributor_id, found.id, by, actor=boss.login, now=NOW)
    for code in ("D1", "D2"):
        invoice = ClaimedInvoice("5")
        claims.keep(session, program, who[code], code, invoice, person="Ann Lee", actor=boss.login, now=NOW)
    assert erasure.erase(session, rep.id, by=boss, reason="asked for it", now=NOW)
    assert {number: one.person for number, one in documents().items()} == {
        "1": "Ann Lee",
        "2": f"#{rep.id}",
        "3": "Bob",
        "4": "Ann Lee",
    }
    said = session.scalars(select(SaleClaim.person).where(SaleClaim.program_id == program.id).order_by(SaleClaim.id))
    assert said.all() == [f"#{rep.id}", f"#{rep.id}", "Ann Lee"]
    kept = session.execute(select(Claim.key, Claim.person).where(Claim.program_id == program.id)).all()
    assert {tuple(row) for row in kept} == {("D1", f"#{rep.id}"), ("D2", "Ann Lee")}


def test_what_points_and_the_law_need_stays_and_the_erasure_is_on_record(
    session: Session, program: Program, somebody: Person, boss: Person
) -> None:
    mine = somebody.seats[0].distributor_id
    assert mine is not None
    adjustments.request(session, program, mine, 5, reason_code="other", note="gift", actor=somebody.login, now=NOW)
    before = session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.actor == somebody.login))
    erasure.erase(session, somebody.id, by=boss, reason="asked for it", now=NOW)
    session.flush()
    after = session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.actor == somebody.login))
    assert after == before
    assert before
    kept = select(func.count()).select_from(TermsAcceptance).where(TermsAcceptance.user_id == somebody.id)
    assert session.scalar(kept) == 1
    notes = select(AuditEvent).where(AuditEvent.action == erasure_requests.ERASED).order_by(AuditEvent.id)
    note = session.scalars(notes).all()[-1]
    assert (note.actor, note.program_id, note.reason) == (boss.login, program.id, "asked for it")
    assert note.after == {"user_id": somebody.id}
    assert somebody.login not in note.subject


@pytest.mark.parametrize("taken", [False, True], ids=["nobody has it", "somebody new has it"])
def test_what_was_written_under_an_earlier_address_is_theirs_unless_it_is_somebody_else_s_by_now(
    session: Session, somebody: Person, boss: Person, taken: bool
) -> None:
    user, earlier = session.get_one(UserAccount, somebody.id), somebody.login
    user.login = f"now-{earlier}"
    names = {"before": {"login": earlier}, "after": {"login": user.login}}
    audit.note(session, earlier, "user.email", user.login, now=NOW, **names)
    session.flush()
    if taken:
        people.create_user(session, earlier, "Somebody new", None, actor="ann", now=NOW)
    copy = own_data.copy_of(session, somebody.id, now=NOW)
    assert {bool(copy[part]) for part in ("invitations", "applications", "claims")} == {not taken}
    assert (earlier in {one["to"] for one in copy["messages"]}) is not taken
    assert erasure.erase(session, somebody.id, by=boss, reason="asked for it", now=NOW)
    for model, column in (
        (Message, Message.to),
        (Invitation, Invitation.login),
        (Application, Application.login),
        (Claim, Claim.author),
    ):
        assert bool(session.scalars(select(model).where(column == earlier)).all()) is taken


def test_the_address_is_free_for_somebody_new(session: Session, somebody: Person, boss: Person) -> None:
    erasure.erase(session, somebody.id, by=boss, reason="asked", now=NOW)
    session.flush()
    made = people.create_user(session, somebody.login, "Sam again", None, actor="ann", now=NOW)
    assert made != somebody.id
    assert own_data.copy_of(session, made, now=NOW)["roles"] == []


def test_erasure_is_asked_for_once_taken_back_and_asked_for_again(
    session: Session, program: Program, somebody: Person
) -> None:
    later = NOW + dt.timedelta(hours=1)
    assert erasure_requests.own_request(session, somebody) is None
    erasure_requests.ask(session, somebody, now=NOW)
    erasure_requests.ask(session, somebody, now=later)
    assert erasure_requests.own_request(session, somebody) == NOW
    (waiting,) = erasure_requests.waiting(session, program.id)
    assert (waiting.login, waiting.asked_at, waiting.user_id) == (somebody.login, NOW, somebody.id)
    erasure_requests.withdraw(session, somebody, now=later)
    assert erasure_requests.own_request(session, somebody) is None
    assert erasure_requests.waiting(session, program.id) == []
    erasure_requests.ask(session, somebody, now=later)
    assert erasure_requests.own_request(session, somebody) == later


def test_a_request_is_answered_by_the_erasure(
    session: Session, program: Program, somebody: Person, boss: Person
) -> None:
    erasure_requests.ask(session, somebody, now=NOW)
    erasure.erase(session, somebody.id, by=boss, reason="asked", now=NOW)
    session.flush()
    assert erasure_requests.waiting(session, program.id) == []


def test_requests_are_seen_where_somebody_has_a_role_alone(
    session: Session, program: Program, somebody: Person, code: str
) -> None:
    elsewhere = programs.load(session, programs.document(f"{code}-b"))
    erasure_requests.ask(session, somebody, now=NOW)
    assert erasure_requests.waiting(session, elsewhere.id) == []
    assert erasure_requests.asked_at(session, somebody.id, [elsewhere.id]) is None


def test_a_request_is_waited_for_by_the_platform_when_the_last_role_is_taken(
    session: Session, program: Program, somebody: Person, boss: Person, person: Making
) -> None:
    later, owner = NOW + dt.timedelta(days=1), person(owner=True)
    erasure_requests.ask(session, somebody, now=NOW)
    people.give_role(session, somebody.login, program, Role.VIEWER, actor="ann", now=NOW)
    extra, last = session.scalars(
        select(Membership.id).where(Membership.user_id == somebody.id).order_by(Membership.id.desc())
    )
    by = {"by_user_id": boss.id, "actor": boss.login, "now": later}
    assert memberships.take_role(session, program, extra, **by)
    assert not [one for one in erasure_requests.waiting_of_nobody(session) if one.user_id == somebody.id]
    assert memberships.take_role(session, program, last, **by)
    assert erasure_requests.waiting(session, program.id) == []
    (waiting,) = [one for one in erasure_requests.waiting_of_nobody(session) if one.user_id == somebody.id]
    assert (waiting.asked_at, waiting.membership_id) == (later, None)
    bare = people.person(session, somebody.id)
    assert bare is not None
    assert erasure_requests.own_request(session, bare) == later
    assert erasure.erase(session, somebody.id, by=owner, reason="asked", now=later)
    assert not [one for one in erasure_requests.waiting_of_nobody(session) if one.user_id == somebody.id]


def test_whoever_asked_for_nothing_waits_for_nothing_when_their_role_is_taken(
    session: Session, program: Program, somebody: Person, boss: Person
) -> None:
    erasure_requests.ask(session, somebody, now=NOW)
    erasure_requests.withdraw(session, somebody, now=NOW)
    (seat,) = session.scalars(select(Membership.id).where(Membership.user_id == somebody.id))
    assert memberships.take_role(session, program, seat, by_user_id=boss.id, actor=boss.login, now=NOW)
    assert not [one for one in erasure_requests.waiting_of_nobody(session) if one.user_id == somebody.id]


def test_nobody_erases_themselves_an_owner_of_the_platform_or_people_of_others(
    session: Session, program: Program, boss: Person, somebody: Person, person: Making, code: str
) -> None:
    elsewhere = programs.load(session, programs.document(f"{code}-b"))
    owner, viewer = person(owner=True), person(program, Role.VIEWER)
    refused = {
        boss.id: (boss, memberships.OwnRole),
        owner.id: (boss, erasure.OwnsThePlatform),
        somebody.id: (viewer, erasure.RolesElsewhere),
        person().id: (boss, erasure.RolesElsewhere),
    }
    people.give_role(session, viewer.login, elsewhere, Role.VIEWER, actor="ann", now=NOW)
    refused[viewer.id] = (boss, erasure.RolesElsewhere)
    for user_id, (by, why) in refused.items():
        with pytest.raises(why):
            erasure.erase(session, user_id, by=by, reason="?", now=NOW)
        session.flush()
        assert people.person(session, user_id) is not None
    assert not erasure.erase(session, 2**60, by=boss, reason="?", now=NOW)
    assert erasure.erase(session, viewer.id, by=owner, reason="both programmes agree", now=NOW)

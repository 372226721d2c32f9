"""Invitations and roles: a link that works once, roles that others change, and an owner who stays."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.domain.roles import Person, Role, Seat
from app.domain.states import MessageState
from app.models.messages import Message
from app.models.people import AuditEvent, Membership, UserAccount
from app.models.programs import Program
from app.services.access import invitations, memberships, people, signing_in
from app.services.access.invitations import AlreadyThere, InvitationInvalid, InvitedAnother, SignInFirst
from app.services.access.memberships import LastOwner, OwnRole
from app.services.access.people import SeatInvalid
from app.services.access.signing_in import Method
from app.services.telling import messages
from tests.app.services.conftest import GOOD, new_login
from tests.support import programs
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW

People = Callable[..., Person]
PAGE = "https://kontor.example/invitation/"


def invite(
    session: Session, program: Program, login: str, role: Role = Role.VIEWER, of: int | None = None
) -> tuple[int, str]:
    """Invite somebody. Gives the id and the link's token, as it stands in the mail."""
    id_ = invitations.invite(
        session,
        program,
        login=login,
        name="Ann",
        role=role,
        distributor_id=of,
        link=lambda token: PAGE + token,
        actor="boss@example.com",
        inviter="The boss",
        now=NOW,
    )
    mail = session.scalars(select(Message).where(Message.to == people.login_key(login)).order_by(Message.id)).all()[-1]
    return id_, mail.body.split(PAGE)[1].split()[0]


def accept(session: Session, token: str, **more: object) -> Person:
    return invitations.accept(session, token, **{"name": "Ann", "password": GOOD, "now": NOW, **more})  # type: ignore[arg-type]


def test_somebody_new_comes_in_with_a_name_and_a_password(session: Session, program: Program) -> None:
    login = new_login()
    _, token = invite(session, program, login.upper())
    found = invitations.find(session, token, now=NOW)
    assert (found.login, found.role, found.program_code, found.has_account) == (login, Role.VIEWER, program.code, False)
    person = accept(session, token, locale="pl")
    assert (person.login, person.name, person.locale) == (login, "Ann", "pl")
    assert person.seats == (Seat(program.id, Role.VIEWER),)
    assert people.verify(session, login, GOOD) == person


def test_a_link_is_accepted_once_and_for_a_week(session: Session, program: Program) -> None:
    _, token = invite(session, program, new_login())
    late = NOW + dt.timedelta(days=7)
    with pytest.raises(InvitationInvalid):
        invitations.find(session, token, now=late)
    with pytest.raises(InvitationInvalid):
        accept(session, token, now=late)
    accept(session, token)
    for nothing in (token, token + "A", "", "\ud800"):
        with pytest.raises(InvitationInvalid):
            accept(session, nothing)


def test_whoever_is_new_and_takes_two_invitations_at_once_has_one_account(
    app: Flask, session: Session, program: Program
) -> None:
    """The second made the same account once more, and its page failed."""
    login = new_login()
    tokens = [invite(session, program, login, role)[1] for role in (Role.VIEWER, Role.VERIFIER)]
    session.commit()
    person = accept(session, tokens[0])
    with elsewhere(app, lambda beside: accept(beside, tokens[1])) as second:
        wait_for_a_waiter(session)
        session.commit()
        with pytest.raises(SignInFirst):
            second.result(20)
    assert {seat.role for seat in accept(session, tokens[1], somebody=person).seats} == {Role.VIEWER, Role.VERIFIER}
    session.commit()


def test_a_newer_invitation_takes_the_place_of_an_older_one(session: Session, program: Program) -> None:
    login = new_login()
    _, first = invite(session, program, login)
    id_, second = invite(session, program, login)
    with pytest.raises(InvitationInvalid):
        accept(session, first)
    assert [one.id for one in invitations.pending(session, program.id, now=NOW)] == [id_]
    accept(session, second)
    assert invitations.pending(session, program.id, now=NOW) == []


def test_a_weak_password_leaves_the_invitation_as_it_is(session: Session, program: Program) -> None:
    _, token = invite(session, program, new_login())
    with pytest.raises(people.PasswordWeak), session.begin_nested():
        accept(session, token, password="short")
    accept(session, token)


def test_whoever_has_an_account_signs_in_first(session: Session, program: Program, person: People) -> None:
    somebody, other = person(), person()
    _, token = invite(session, program, somebody.login)
    assert invitations.find(session, token, now=NOW).has_account
    with pytest.raises(SignInFirst):
        accept(session, token, password="another password of a stranger")
    assert people.verify(session, somebody.login, GOOD), "a link changes nobody's password"
    with pytest.raises(InvitedAnother):
        accept(session, token, somebody=other)
    assert accept(session, token, somebody=somebody).seats == (Seat(program.id, Role.VIEWER),)


def test_whoever_was_shut_out_does_not_come_in_again_by_an_invitation(
    session: Session, program: Program, person: People
) -> None:
    somebody = person()
    _, token = invite(session, program, somebody.login)
    session.get_one(UserAccount, somebody.id).active = False
    session.flush()
    with pytest.raises(InvitationInvalid):
        accept(session, token)


def test_nobody_is_invited_to_what_they_have(session: Session, program: Program, person: People) -> None:
    somebody = person(program, Role.VIEWER)
    with pytest.raises(AlreadyThere):
        invite(session, program, somebody.login)
    invite(session, program, somebody.login, Role.FINANCE)


def test_owners_and_reps_are_invited_to_a_distributor_of_this_programme(
    session: Session, program: Program, code: str
) -> None:
    other = programs.load(session, programs.document(code + "-b"))
    mine, theirs = programs.people(session, program)["D1"], programs.people(session, other)["D1"]
    for role, of in ((Role.OWNER, None), (Role.REP, theirs), (Role.VIEWER, mine)):
        with pytest.raises(SeatInvalid):
            invite(session, program, new_login(), role, of)
    with pytest.raises(people.LoginInvalid):
        invite(session, program, "nobody")
    _, token = invite(session, program, new_login(), Role.REP, mine)
    person = accept(session, token, name="Somebody else")
    assert person.seats == (Seat(program.id, Role.REP, mine),)
    assert (person.name, person.seats[0].known_as) == ("Somebody else", "Ann"), "what they see goes by who invited them"


def test_an_invitation_is_withdrawn_or_sent_anew_by_those_whose_it_is(session: Session, program: Program) -> None:
    mine, others = (programs.people(session, program)[name] for name in ("D1", "D2"))
    id_, token = invite(session, program, new_login(), Role.REP, mine)
    by: dict[str, object] = {"actor": "boss@example.com", "now": NOW}

    def withdraw(which: int, of: int | None) -> bool:
        return invitations.withdraw(session, program, which, distributor_id=of, **by)  # type: ignore[arg-type]

    assert not withdraw(id_, others)
    again = {"link": lambda token: PAGE + token, "inviter": "The boss", **by}
    assert not invitations.send_again(session, program, id_, distributor_id=others, **again)  # type: ignore[arg-type]
    assert invitations.send_again(session, program, id_, distributor_id=mine, **again)  # type: ignore[arg-type]
    with pytest.raises(InvitationInvalid):
        invitations.find(session, token, now=NOW)
    newest = invitations.pending(session, program.id, distributor_id=mine, now=NOW)[0]
    assert withdraw(newest.id, mine)
    assert not withdraw(newest.id, mine)


def test_an_invitation_that_is_too_old_is_shown_as_such(session: Session, program: Program) -> None:
    invite(session, program, new_login())
    assert [one.expired for one in invitations.pending(session, program.id, now=NOW)] == [False]
    later = NOW + dt.timedelta(days=8)
    assert [one.expired for one in invitations.pending(session, program.id, now=later)] == [True]


def test_the_team_of_a_distributor(session: Session, program: Program, person: People) -> None:
    mine, others = (programs.people(session, program)[name] for name in ("D1", "D2"))
    rep, owner = person(program, Role.REP, mine), person(program, Role.OWNER, mine)
    person(program, Role.REP, others)
    signing_in.begin(session, rep, Method.LINK, address="", agent="", now=NOW)
    assert [(one.login, one.role, one.last_seen_at) for one in memberships.team(session, mine)] == [
        (owner.login, Role.OWNER, None),
        (rep.login, Role.REP, NOW),
    ]


def test_a_role_is_changed_and_taken_away_by_somebody_else_and_holds_at_once(
    session: Session, program: Program, person: People
) -> None:
    boss, somebody = person(program, Role.ADMINISTRATOR), person(program, Role.VIEWER)
    by = {"by_user_id": boss.id, "actor": boss.login, "now": NOW}
    theirs = _membership(session, somebody)
    assert memberships.change_role(session, program, theirs, Role.FINANCE, **by)
    assert _seats(session, somebody) == (Seat(program.id, Role.FINANCE),)
    with pytest.raises(SeatInvalid):
        memberships.change_role(session, program, theirs, Role.REP, **by)
    for change in (
        lambda: memberships.change_role(session, program, _membership(session, boss), Role.APPROVER, **by),
        lambda: memberships.take_role(session, program, _membership(session, boss), **by),
    ):
        with pytest.raises(OwnRole):
            change()
    assert memberships.take_role(session, program, theirs, **by, reason="left")
    assert not memberships.take_role(session, program, theirs, **by)
    assert _seats(session, somebody) == ()
    noted = session.scalars(
        select(AuditEvent).where(AuditEvent.subject == somebody.login, AuditEvent.actor == boss.login)
    ).all()
    assert [(event.action, event.reason) for event in noted] == [
        ("user.role_changed", None),
        ("user.role_taken", "left"),
    ]


def test_a_role_of_another_programme_or_distributor_is_not_found(
    session: Session, program: Program, person: People, code: str
) -> None:
    boss = person(program, Role.ADMINISTRATOR)
    mine, others = (programs.people(session, program)[name] for name in ("D1", "D2"))
    rep = person(program, Role.REP, mine)
    other = programs.load(session, programs.document(code + "-b"))
    by = {"by_user_id": boss.id, "actor": boss.login, "now": NOW}
    assert not memberships.take_role(session, other, _membership(session, rep), **by)
    assert not memberships.take_role(session, program, _membership(session, rep), distributor_id=others, **by)
    assert not memberships.change_role(
        session, program, _membership(session, rep), Role.OWNER, distributor_id=others, **by
    )
    assert memberships.change_role(session, program, _membership(session, rep), Role.OWNER, distributor_id=mine, **by)


def test_a_role_that_somebody_has_already_is_not_held_twice(session: Session, program: Program, person: People) -> None:
    boss, somebody = person(program, Role.ADMINISTRATOR), person(program, Role.VIEWER)
    theirs = _membership(session, somebody)
    people.give_role(session, somebody.login, program, Role.FINANCE, actor="test", now=NOW)
    memberships.change_role(session, program, theirs, Role.FINANCE, by_user_id=boss.id, actor=boss.login, now=NOW)
    assert _seats(session, somebody) == (Seat(program.id, Role.FINANCE),)


def test_whoever_is_shut_out_is_signed_out_and_can_be_let_in_again(session: Session, person: People) -> None:
    boss, somebody = person(owner=True), person()
    by = {"by_user_id": boss.id, "actor": boss.login, "now": NOW}
    key = signing_in.begin(session, somebody, Method.PASSWORD, address="", agent="", now=NOW)
    assert memberships.set_active(session, somebody.id, active=False, **by, reason="left")
    assert signing_in.find(session, key, NOW) is None
    assert people.verify(session, somebody.login, GOOD) is None
    assert memberships.set_active(session, somebody.id, active=True, **by)
    assert people.verify(session, somebody.login, GOOD)
    assert signing_in.find(session, key, NOW) is None, "the old session stays ended"
    with pytest.raises(OwnRole):
        memberships.set_active(session, boss.id, active=False, **by)
    assert not memberships.set_active(session, 2**62, active=False, **by)


def test_somebody_owns_the_platform_always(session: Session, person: People) -> None:
    boss = person(owner=True)
    others = select(UserAccount).where(UserAccount.platform_owner, UserAccount.id != boss.id)
    for one in session.scalars(others):
        one.platform_owner = False
    session.flush()
    somebody = person()
    by = {"by_user_id": somebody.id, "actor": "x", "now": NOW}
    for change in (
        lambda: memberships.set_owner(session, boss.id, owner=False, **by),
        lambda: memberships.set_active(session, boss.id, active=False, **by),
    ):
        with pytest.raises(LastOwner):
            change()
    assert memberships.set_owner(session, somebody.id, owner=True, by_user_id=boss.id, actor="x", now=NOW)
    with pytest.raises(OwnRole):
        memberships.set_owner(session, boss.id, owner=False, by_user_id=boss.id, actor="x", now=NOW)
    assert memberships.set_owner(session, boss.id, owner=False, **by)


def test_two_owners_who_take_it_from_each_other_do_so_one_after_the_other(session: Session, person: People) -> None:
    """Each saw the other as an owner still, and nobody owned the platform afterwards."""
    one, other = person(owner=True), person(owner=True)
    session.commit()
    memberships.set_owner(session, one.id, owner=False, by_user_id=other.id, actor="x", now=NOW)
    with Session(session.connection().engine) as beside:
        beside.execute(text("set local lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            memberships.set_owner(beside, other.id, owner=False, by_user_id=one.id, actor="x", now=NOW)
    for somebody in (one, other):
        session.get_one(UserAccount, somebody.id).platform_owner = False
    session.commit()


def _membership(session: Session, somebody: Person) -> int:
    return session.scalars(select(Membership.id).where(Membership.user_id == somebody.id)).one()


def _seats(session: Session, somebody: Person) -> tuple[Seat, ...]:
    found = people.person(session, somebody.id)
    assert found is not None
    return found.seats


def test_the_mail_of_an_invitation_that_is_over_does_not_go_out(session: Session, program: Program) -> None:
    """Where no mail can be sent they are held for months, and were sent with the others once it could."""

    def mails() -> list[Message]:
        return list(session.scalars(select(Message).where(Message.to == login).order_by(Message.id)))

    def goes(mail: Message, **later: int) -> bool:
        at = NOW + dt.timedelta(**later)
        return messages.send_again(session, mail.id, program_id=program.id, actor="boss", now=at)

    login = new_login()
    invite(session, program, login)
    id_, _ = invite(session, program, login)
    for one in mails():
        one.state = MessageState.HELD
    session.flush()
    replaced, mail = mails()
    assert not goes(replaced)
    assert not goes(mail, days=7)
    assert goes(mail)
    invitations.withdraw(session, program, id_, actor="boss", now=NOW)
    assert messages.give_up_what_opens_nothing(session, NOW) >= 1, "it waited already"
    session.expire_all()
    assert [one.state for one in mails()] == [MessageState.HELD, MessageState.FAILED]
    assert not goes(mail)

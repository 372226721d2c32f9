"""Links, SMS codes and resets as services: who gets one, what it opens, and changes to one's own account."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.roles import Person, Role
from app.domain.typed.phones import NoPhoneNumber
from app.models.messages import Message
from app.models.people import AuditEvent, UserAccount
from app.models.programs import Program
from app.services.access import own_account, people, signing_in, ways_in
from app.services.access.keys import Keys
from app.services.access.signing_in import Method
from app.services.access.ways_in import LinkInvalid
from app.services.same_person import is_same
from tests.app.services.conftest import GOOD, new_login
from tests.support import programs
from tests.support.programs import NOW

People = Callable[..., Person]
LINK = "https://kontor.example/l/"
PAGE = "https://kontor.example/reset"
_phones = iter(range(600_000_000, 700_000_000))


def link(token: str) -> str:
    return LINK + token


def newest(session: Session, to: str) -> Message | None:
    return session.scalars(select(Message).where(Message.to == to).order_by(Message.id.desc()).limit(1)).one_or_none()


def token_for(session: Session, to: str) -> str:
    mail = newest(session, to)
    assert mail is not None
    return mail.body.split(LINK)[1].split()[0]


def code_for(session: Session, to: str) -> str:
    message = newest(session, to)
    assert message is not None
    return next(word for word in message.body.split() if word.isdigit() and len(word) == 6)


@pytest.fixture
def rep(session: Session, program: Program, person: People) -> Person:
    return person(program, Role.REP, programs.people(session, program)["D1"])


def with_phone(session: Session, keys: Keys, somebody: Person) -> str:
    number = own_account.begin_phone(session, keys, somebody, f"+48{next(_phones)}", now=NOW)
    assert own_account.prove_phone(session, keys, somebody, code_for(session, number), now=NOW)
    return number


def test_somebody_of_a_distributor_signs_in_by_a_link_once(session: Session, rep: Person) -> None:
    ways_in.ask_link(session, rep.login.upper(), link=link, now=NOW)
    token = token_for(session, rep.login)
    assert ways_in.link_opens(session, token, now=NOW)
    assert ways_in.by_link(session, token, now=NOW) == rep
    assert ways_in.by_link(session, token, now=NOW) is None
    assert not ways_in.link_opens(session, token, now=NOW)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE, None])
def test_nobody_else_gets_a_link(session: Session, program: Program, person: People, role: Role | None) -> None:
    staff = person(program, role)
    written = select(func.count()).select_from(Message)
    before = session.scalars(written).one()
    for login in (staff.login, new_login(), "no address", "a\0b@c", ""):
        ways_in.ask_link(session, login, link=link, now=NOW)
    assert session.scalars(written).one() == before


def test_whoever_also_runs_the_programme_needs_a_password(session: Session, program: Program, rep: Person) -> None:
    ways_in.ask_link(session, rep.login, link=link, now=NOW)
    token = token_for(session, rep.login)
    people.give_role(session, rep.login, program, Role.FINANCE, actor="test", now=NOW)
    assert ways_in.by_link(session, token, now=NOW) is None, "also with a link that was sent before"


def test_whoever_was_shut_out_gets_no_link_and_no_sign_in_by_an_older_one(session: Session, rep: Person) -> None:
    ways_in.ask_link(session, rep.login, link=link, now=NOW)
    token = token_for(session, rep.login)
    session.get_one(UserAccount, rep.id).active = False
    session.flush()
    assert ways_in.by_link(session, token, now=NOW) is None
    before = newest(session, rep.login)
    for ask in (ways_in.ask_link, ways_in.ask_reset):
        ask(session, rep.login, link=link, now=NOW)
    assert newest(session, rep.login) is before


def test_a_proven_phone_gets_a_code_that_signs_in_once(session: Session, keys: Keys, rep: Person) -> None:
    phone = with_phone(session, keys, rep)
    ways_in.ask_code(session, keys, phone, now=NOW)
    code = code_for(session, phone)
    assert ways_in.by_code(session, keys, phone, code, now=NOW) == rep
    assert ways_in.by_code(session, keys, phone, code, now=NOW) is None


def test_a_phone_that_nobody_proved_gets_nothing(session: Session, keys: Keys, rep: Person) -> None:
    number = own_account.begin_phone(session, keys, rep, f"+48{next(_phones)}", now=NOW)
    before = newest(session, number)
    ways_in.ask_code(session, keys, number, now=NOW)
    assert newest(session, number) is before
    assert ways_in.by_code(session, keys, number, "000000", now=NOW) is None


def test_a_number_that_was_given_to_somebody_else_is_theirs_alone(
    session: Session, keys: Keys, program: Program, person: People, rep: Person
) -> None:
    phone = with_phone(session, keys, rep)
    other = person(program, Role.REP, programs.people(session, program)["D2"])
    own_account.begin_phone(session, keys, other, phone, now=NOW)
    assert own_account.prove_phone(session, keys, other, code_for(session, phone), now=NOW)
    ways_in.ask_code(session, keys, phone, now=NOW)
    assert ways_in.by_code(session, keys, phone, code_for(session, phone), now=NOW) == other
    own_account.remove_phone(session, other, now=NOW)
    before = newest(session, phone)
    ways_in.ask_code(session, keys, phone, now=NOW)
    assert newest(session, phone) is before


def test_a_forgotten_password_is_chosen_anew_and_everybody_else_is_out(session: Session, person: People) -> None:
    somebody = person()
    key = signing_in.begin(session, somebody, Method.PASSWORD, address="", agent="", now=NOW)
    ways_in.ask_reset(session, somebody.login, link=link, now=NOW)
    token = token_for(session, somebody.login)
    with pytest.raises(people.PasswordWeak), session.begin_nested():
        ways_in.reset(session, token, "short", reset_page=PAGE, now=NOW)
    assert ways_in.reset_opens(session, token, now=NOW), "the link holds until a good one is chosen"
    ways_in.reset(session, token, "quite another one", reset_page=PAGE, now=NOW)
    assert people.verify(session, somebody.login, GOOD) is None
    assert people.verify(session, somebody.login, "quite another one") == somebody
    assert signing_in.find(session, key, NOW) is None
    told = newest(session, somebody.login)
    assert told is not None
    assert told.kind == "password_changed"
    with pytest.raises(LinkInvalid):
        ways_in.reset(session, token, "a third one, longer", reset_page=PAGE, now=NOW)


@pytest.mark.parametrize("change", ["password", "everywhere", "address"])
def test_a_link_that_was_sent_before_opens_nothing_once_everybody_else_is_out(
    session: Session, keys: Keys, rep: Person, change: str
) -> None:
    """Whoever reads somebody's mails asked for links: they let them in again after the password was changed."""
    ways_in.ask_link(session, rep.login, link=link, now=NOW)
    sign_in = token_for(session, rep.login)
    ways_in.ask_reset(session, rep.login, link=link, now=NOW)
    reset = token_for(session, rep.login)
    if change == "password":
        people.set_password(session, rep.login, "quite another one", actor=rep.login, now=NOW)
    elif change == "everywhere":
        people.end_sessions(session, rep.id, now=NOW)
    else:
        new = new_login()
        own_account.begin_email(session, keys, rep, new, now=NOW)
        assert own_account.prove_email(session, keys, rep, code_for(session, new), now=NOW)
    assert not ways_in.link_opens(session, sign_in, now=NOW)
    assert not ways_in.reset_opens(session, reset, now=NOW)


def test_a_link_of_one_kind_opens_nothing_of_the_other(session: Session, rep: Person) -> None:
    ways_in.ask_link(session, rep.login, link=link, now=NOW)
    sign_in = token_for(session, rep.login)
    ways_in.ask_reset(session, rep.login, link=link, now=NOW)
    reset = token_for(session, rep.login)
    with pytest.raises(LinkInvalid):
        ways_in.reset(session, sign_in, "quite another one", reset_page=PAGE, now=NOW)
    assert ways_in.by_link(session, reset, now=NOW) is None


def test_whoever_changes_their_password_shows_the_one_that_holds(session: Session, person: People) -> None:
    somebody = person()
    keys_ = [signing_in.begin(session, somebody, Method.PASSWORD, address="", agent="", now=NOW) for _ in range(2)]
    here = signing_in.find(session, keys_[0], NOW)
    assert here is not None

    def change(current: str) -> None:
        own_account.change_password(
            session,
            somebody,
            session_id=here.id,
            current=current,
            password="quite another one",
            reset_page=PAGE,
            now=NOW,
        )

    with pytest.raises(own_account.WrongPassword):
        change("not it, and long enough")
    change(GOOD)
    assert people.verify(session, somebody.login, "quite another one")
    assert [signing_in.find(session, key, NOW) is not None for key in keys_] == [True, False]


def test_whoever_has_no_password_sets_one(session: Session, person: People) -> None:
    somebody = person(password=None)
    own_account.change_password(session, somebody, session_id=1, current="", password=GOOD, reset_page=PAGE, now=NOW)
    assert people.verify(session, somebody.login, GOOD)


def test_an_address_counts_once_its_code_came_back_and_the_old_one_is_told(
    session: Session, keys: Keys, person: People
) -> None:
    somebody, new = person(), new_login()
    own_account.begin_email(session, keys, somebody, f" {new.upper()}", now=NOW)
    assert not own_account.prove_email(session, keys, somebody, "000000x", now=NOW)
    assert people.verify(session, somebody.login, GOOD)
    assert own_account.prove_email(session, keys, somebody, code_for(session, new), now=NOW)
    assert people.verify(session, somebody.login, GOOD) is None
    assert people.verify(session, new, GOOD)
    told = newest(session, somebody.login)
    assert told is not None
    assert (told.kind, new in told.body) == ("email_changed", True)
    events = select(AuditEvent).where(AuditEvent.action == "user.email").order_by(AuditEvent.id)
    noted = session.scalars(events).all()[-1]
    assert (noted.before, noted.after) == ({"login": somebody.login}, {"login": new})
    assert is_same(session, new, somebody.login), "they approve nothing that they asked for before"


def test_somebody_else_s_address_is_never_taken_and_nobody_is_told_whose_it_is(
    session: Session, keys: Keys, person: People
) -> None:
    somebody, other = person(), person()
    own_account.begin_email(session, keys, somebody, other.login, now=NOW)
    assert newest(session, other.login) is None
    new = new_login()
    own_account.begin_email(session, keys, somebody, new, now=NOW)
    people.create_user(session, new, "Quicker", GOOD, actor="test", now=NOW)
    assert not own_account.prove_email(session, keys, somebody, code_for(session, new), now=NOW)
    with pytest.raises(people.LoginInvalid):
        own_account.begin_email(session, keys, somebody, "no address", now=NOW)


def test_what_is_no_phone_number_is_refused(session: Session, keys: Keys, person: People) -> None:
    with pytest.raises(NoPhoneNumber):
        own_account.begin_phone(session, keys, person(), "12", now=NOW)


def test_a_code_for_a_phone_is_good_for_a_quarter_of_an_hour(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    number = own_account.begin_phone(session, keys, somebody, f"+48{next(_phones)}", now=NOW)
    late = NOW + dt.timedelta(minutes=16)
    assert not own_account.prove_phone(session, keys, somebody, code_for(session, number), now=late)


def test_a_profile_is_changed_and_noted(session: Session, person: People) -> None:
    somebody = person()
    own_account.set_profile(session, somebody, name=" Ann ", locale="pl", theme="dark", now=NOW)
    changed = people.person(session, somebody.id)
    assert changed is not None
    assert (changed.name, changed.locale, changed.theme) == ("Ann", "pl", "dark")
    own_account.set_profile(session, changed, name="", locale="xx", theme="pink", now=NOW)
    again = people.person(session, somebody.id)
    assert again is not None
    assert (again.name, again.locale, again.theme) == ("Ann", None, None), "what is unknown is not kept"
    noted = session.scalars(select(AuditEvent).where(AuditEvent.action == "user.profile")).all()[-2:]
    assert noted[0].after == {"name": "Ann", "locale": "pl", "theme": "dark", "reminded": True}

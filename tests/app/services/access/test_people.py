"""People, their passwords and their roles."""

import json
import time
from contextlib import nullcontext

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.programs import people as commands
from app.cli.running.runtime import Runtime
from app.config import settings
from app.db.transaction import Sessions, transaction
from app.domain.roles import Role, Seat
from app.local.servers import Addresses
from app.models.people import AuditEvent, Membership, UserAccount
from app.models.programs import Program
from app.services.access import people, signing_in
from app.services.access.signing_in import Method
from tests.support import programs
from tests.support.programs import NOW

GOOD = "a good long password"
AS_AGREED = people._hasher
"""As it is before the tests begin, which have one that costs little."""


def _login() -> str:
    return f"person-{time.monotonic_ns()}@example.com"


def _create(session: Session, login: str, password: str | None = GOOD, **more: bool) -> int:
    return people.create_user(session, login, "Name", password, actor="test", now=NOW, **more)


@pytest.fixture
def full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash at the cost that the product hashes at."""
    monkeypatch.setattr(people, "_hasher", AS_AGREED)


@pytest.fixture
def program(session: Session, code: str) -> Program:
    return programs.load(session, programs.document(code))


def test_whoever_has_the_password_is_that_person(session: Session) -> None:
    login = _login()
    user_id = _create(session, f"  {login.upper()} ")
    found = people.verify(session, login, GOOD)
    assert found is not None
    assert (found.id, found.login, found.name, found.platform_owner, found.seats) == (user_id, login, "Name", False, ())
    assert people.verify(session, login, GOOD + " ") is None
    assert people.verify(session, "somebody-else@example.com", GOOD) is None


def test_a_password_is_the_same_however_its_letters_are_composed(session: Session) -> None:
    login = _login()
    _create(session, login, "zażółć gęślą jaźń")
    assert people.verify(session, login, "zaz\u0307o\u0301łc\u0301 ge\u0328s\u0301la\u0328 jaz\u0301n\u0301")


@pytest.mark.usefixtures("full_cost")
def test_the_hash_is_argon2id_of_the_agreed_cost_and_salted(session: Session) -> None:
    one, other = _login(), _login()
    _create(session, one)
    _create(session, other)
    hashes = session.scalars(select(UserAccount.password_hash).where(UserAccount.login.in_([one, other]))).all()
    assert len(set(hashes)) == 2
    assert all(found is not None and found.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for found in hashes)


@pytest.mark.usefixtures("full_cost")
def test_a_hash_of_another_cost_is_made_anew_at_the_next_sign_in(session: Session) -> None:
    from argon2 import PasswordHasher

    login = _login()
    user = session.get_one(UserAccount, _create(session, login))
    user.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    session.flush()
    assert people.verify(session, login, GOOD)
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=19456,t=2,p=1$broken"])
def test_without_a_proper_hash_nobody_signs_in(session: Session, kept: str | None) -> None:
    login = _login()
    session.get_one(UserAccount, _create(session, login, None)).password_hash = kept
    session.flush()
    assert people.verify(session, login, "") is None
    assert people.verify(session, login, GOOD) is None


def test_whoever_is_not_active_does_not_sign_in(session: Session) -> None:
    login = _login()
    user = session.get_one(UserAccount, _create(session, login))
    user.active = False
    session.flush()
    assert people.verify(session, login, GOOD) is None
    assert people.person(session, user.id) is None


@pytest.mark.parametrize("password", ["short", "x" * 257, "aaaaaaaaaaaaaa", "abababababab"])
def test_a_weak_password_is_refused(session: Session, password: str) -> None:
    with pytest.raises(people.PasswordWeak):
        _create(session, _login(), password)


def test_the_sign_in_name_is_no_password(session: Session) -> None:
    login = _login()
    for guessed in (login, login.upper(), login.partition("@")[0]):
        with pytest.raises(people.PasswordWeak):
            _create(session, login, guessed)


@pytest.mark.parametrize(
    "login", ["", "name", "@example.com", "name@", "two words@example.com", "a\0@b", "x" * 300 + "@b"]
)
def test_a_sign_in_name_is_an_e_mail_address(session: Session, login: str) -> None:
    with pytest.raises(people.LoginInvalid):
        _create(session, login)


@pytest.mark.parametrize(
    "written", ["J\N{COMBINING CARON}an@x.example", "\N{LATIN SMALL LETTER J WITH CARON}AN@X.example"]
)
def test_a_sign_in_name_has_one_form_however_its_letters_are_composed(written: str) -> None:
    """Else tries are counted under one of its forms, and whose it is is looked up by another."""
    key = people.login_key(written)
    assert key == people.login_key(key) == "\N{LATIN SMALL LETTER J WITH CARON}an@x.example"


def test_a_sign_in_name_belongs_to_one_person(session: Session) -> None:
    login = _login()
    _create(session, login)
    with pytest.raises(people.LoginTaken):
        _create(session, login.upper())


def test_a_new_password_ends_every_session_but_the_one_it_was_set_in(session: Session) -> None:
    login = _login()
    somebody = people.person(session, _create(session, login))
    assert somebody is not None

    def sign_in() -> str:
        return signing_in.begin(session, somebody, Method.PASSWORD, address="", agent="", now=NOW)

    elsewhere, here = sign_in(), sign_in()
    place = signing_in.find(session, here, NOW)
    assert place is not None
    people.set_password(session, login, GOOD, actor="test", now=NOW, but_session_id=place.id)
    assert signing_in.find(session, elsewhere, NOW) is None
    assert signing_in.find(session, here, NOW) is not None
    people.set_password(session, login, GOOD, actor="test", now=NOW)
    assert signing_in.find(session, here, NOW) is None, "even when it is the same password"


def test_nobody_unknown_gets_a_password_or_a_role(session: Session, program: Program) -> None:
    with pytest.raises(people.NoSuchUser):
        people.set_password(session, "unknown@example.com", GOOD, actor="test", now=NOW)
    with pytest.raises(people.NoSuchUser):
        people.give_role(session, "unknown@example.com", program, Role.VIEWER, actor="test", now=NOW)


def test_a_role_is_given_once(session: Session, program: Program) -> None:
    login = _login()
    user_id = _create(session, login)
    for _ in range(2):
        people.give_role(session, login, program, Role.VIEWER, actor="test", now=NOW)
    assert len(session.scalars(select(Membership).where(Membership.user_id == user_id)).all()) == 1
    found = people.person(session, user_id)
    assert found is not None
    assert found.seats == (Seat(program.id, Role.VIEWER),)


def test_only_a_distributor_s_role_has_a_distributor_and_one_of_that_programme(
    session: Session, program: Program, code: str
) -> None:
    login = _login()
    _create(session, login)
    other = programs.load(session, programs.document(code + "-b"))
    mine, theirs = programs.people(session, program)["D1"], programs.people(session, other)["D1"]

    def give(role: Role, distributor_id: int | None) -> None:
        people.give_role(session, login, program, role, distributor_id, actor="test", now=NOW)

    for role, distributor_id in ((Role.VIEWER, mine), (Role.OWNER, None), (Role.REP, theirs)):
        with pytest.raises(people.SeatInvalid):
            give(role, distributor_id)
    give(Role.OWNER, mine)


def test_a_role_of_a_newer_version_gives_nothing(session: Session, program: Program) -> None:
    user_id = _create(session, _login())
    session.add(Membership(user_id=user_id, program_id=program.id, role="emperor"))
    session.flush()
    found = people.person(session, user_id)
    assert found is not None
    assert found.seats == ()


def test_what_is_done_to_people_is_on_record_and_no_password_is(session: Session, program: Program) -> None:
    login = _login()
    _create(session, login)
    people.give_role(session, login, program, Role.FINANCE, actor="test", now=NOW)
    people.set_password(session, login, "another good password", actor="test", now=NOW)
    events = session.scalars(select(AuditEvent).where(AuditEvent.subject == login).order_by(AuditEvent.id)).all()
    assert [event.action for event in events] == ["user.create", "user.role", "user.password"]
    assert not any("password" in str(event.after) or "argon2" in str(event.after) for event in events)


def test_programmes_of_a_person(session: Session, program: Program, code: str) -> None:
    login, owner = _login(), _login()
    user_id = _create(session, login)
    owner_id = _create(session, owner, platform_owner=True)
    programs.load(session, programs.document(code + "-b"))
    people.give_role(session, login, program, Role.FINANCE, actor="test", now=NOW)

    def codes(of: int) -> set[str]:
        found = people.person(session, of)
        assert found is not None
        return {one.code for one in people.programs_of(session, found)}

    assert codes(user_id) == {code}
    assert {code, code + "-b"} <= codes(owner_id)
    assert codes(_create(session, _login())) == set()


class Commands:
    """`kontor user ...` in this process, with the application of the test."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(commands, "runtime", lambda: nullcontext(runtime))

    def __call__(self, *arguments: str, typed: str | None = None) -> tuple[int, str]:
        done = CliRunner().invoke(commands.user, arguments, input=typed)
        return done.exit_code, done.output


@pytest.fixture
def run(app: Flask, addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> Commands:
    return Commands(Runtime(settings(), addresses, app), monkeypatch)


@pytest.fixture
def kept_program(registry: Sessions, code: str) -> str:
    with transaction(registry) as session:
        programs.people(session, programs.load(session, programs.document(code)))
    return code


def test_commands_add_people_and_list_them(run: Commands, kept_program: str, registry: Sessions) -> None:
    login, here = _login(), ("--program", kept_program)
    of = ("--role", "owner", *here, "--distributor", "d1")
    assert run("add", login, *of, "--password-stdin", typed=GOOD) == (0, f"{login} can sign in.\n")
    assert run("role", login, "viewer", *here)[0] == 0
    assert run("password", login, typed=f"{GOOD} 2\n{GOOD} 2\n")[0] == 0
    listed = json.loads(run("list", "--json")[1])["users"]
    assert {"login": login, "name": login, "owner": False, "active": True} | {
        "roles": [f"owner of D1 in {kept_program}", f"viewer in {kept_program}"]
    } in listed
    assert login in run("list")[1]
    with transaction(registry) as session:
        assert people.verify(session, login, f"{GOOD} 2")


def test_whoever_has_lost_their_second_step_is_helped_by_a_command(
    run: Commands, kept_program: str, registry: Sessions
) -> None:
    login = _login()
    assert run("add", login, "--owner", "--password-stdin", typed=GOOD)[0] == 0
    with transaction(registry) as session:
        user = session.scalars(select(UserAccount).where(UserAccount.login == login)).one()
        user.totp_secret, user.totp_since = "sealed", NOW
    assert run("lost", login, "--reason", "phone lost") == (0, f"{login} has no second step any more.\n")
    with transaction(registry) as session:
        user = session.scalars(select(UserAccount).where(UserAccount.login == login)).one()
        assert (user.totp_secret, user.totp_since) == (None, None)
    assert run("lost", "unknown@example.com", "--reason", "x")[0] == 4
    assert run("lost", login)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "typed", "code_of_exit"),
    [
        (["add", "LOGIN", "--owner"], "short", 3),
        (["add", "no-address", "--owner"], GOOD, 3),
        (["add", "LOGIN"], GOOD, 2),
        (["add", "LOGIN", "--role", "viewer"], GOOD, 2),
        (["add", "LOGIN", "--role", "viewer", "--program", "none"], GOOD, 4),
        (["add", "LOGIN", "--role", "viewer", "--program", "CODE", "--distributor", "d1"], GOOD, 2),
        (["add", "LOGIN", "--role", "owner", "--program", "CODE"], GOOD, 2),
        (["add", "LOGIN", "--role", "owner", "--program", "CODE", "--distributor", "none"], GOOD, 4),
        (["password", "LOGIN"], GOOD, 4),
    ],
)
def test_commands_say_what_is_wrong_and_add_nobody(
    run: Commands, kept_program: str, registry: Sessions, arguments: list[str], typed: str, code_of_exit: int
) -> None:
    login = _login()
    given = [{"LOGIN": login, "CODE": kept_program}.get(one, one) for one in arguments]
    assert run(*given, "--password-stdin", typed=typed)[0] == code_of_exit
    with transaction(registry) as session:
        assert login not in {one.login for one in people.everybody(session)}

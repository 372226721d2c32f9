"""Passkeys: proofs of whoever holds them, for this host alone, and none that was seen before."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.roles import Person, Role
from app.models.people import UserAccount
from app.models.programs import Program
from app.models.signing_in import Passkey
from app.services.access import passkeys, second_factors
from app.services.access.keys import Keys
from app.services.access.passkeys import Party, PasskeyRefused
from app.services.access.second_factors import FactorNeeded
from tests.support.authenticator import Authenticator
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW

People = Callable[..., Person]
HERE = Party("kontor.example", "https://kontor.example")
PAGE = "https://kontor.example/reset"


def device(**more: Any) -> Authenticator:
    return Authenticator(HERE.origin, HERE.host, **more)


def register(session: Session, keys: Keys, somebody: Person, one: Authenticator, name: str = "Phone") -> int:
    asked = passkeys.ask_to_register(session, keys, HERE, somebody)
    answer = one.make(asked.challenge)
    return passkeys.register(session, HERE, somebody, asked.challenge, answer, name=name, reset_page=PAGE, now=NOW)


def shown(session: Session, one: Authenticator, user_id: int | None = None, party: Party = HERE) -> Person:
    asked = passkeys.ask_to_show(session, party, user_id)
    return passkeys.show(session, party, asked.challenge, one.show(asked.challenge), user_id=user_id, now=NOW)


def test_a_passkey_says_itself_whose_it_is(session: Session, keys: Keys, person: People) -> None:
    somebody, other = person(), person()
    mine, theirs = device(), device()
    register(session, keys, somebody, mine)
    register(session, keys, other, theirs)
    assert shown(session, mine) == somebody
    assert shown(session, theirs) == other
    used = session.scalars(select(Passkey).where(Passkey.user_id == somebody.id)).one()
    assert (used.sign_count, used.used_at) == (2, NOW)


def test_as_a_second_step_it_has_to_be_one_s_own(session: Session, keys: Keys, person: People) -> None:
    somebody, other = person(), person()
    mine, theirs = device(), device()
    register(session, keys, somebody, mine)
    register(session, keys, other, theirs)
    assert shown(session, mine, somebody.id) == somebody
    with pytest.raises(PasskeyRefused):
        shown(session, theirs, somebody.id)
    asked = passkeys.ask_to_show(session, HERE, somebody.id)
    assert len(asked.options["allowCredentials"]) == 1
    assert not passkeys.ask_to_show(session, HERE).options.get("allowCredentials")


def test_an_answer_that_was_seen_opens_nothing_a_second_time(session: Session, keys: Keys, person: People) -> None:
    one = device()
    register(session, keys, person(), one)
    asked = passkeys.ask_to_show(session, HERE)
    answer = one.show(asked.challenge)
    passkeys.show(session, HERE, asked.challenge, answer, now=NOW)
    with pytest.raises(PasskeyRefused, match="before"):
        passkeys.show(session, HERE, asked.challenge, answer, now=NOW)


def test_an_answer_to_another_question_is_none(session: Session, keys: Keys, person: People) -> None:
    one = device()
    register(session, keys, person(), one)
    first, second = passkeys.ask_to_show(session, HERE), passkeys.ask_to_show(session, HERE)
    with pytest.raises(PasskeyRefused):
        passkeys.show(session, HERE, second.challenge, one.show(first.challenge), now=NOW)


@pytest.mark.parametrize(
    "one",
    [
        device(verifies=False),
        Authenticator("https://evil.example", HERE.host),
        Authenticator("http://kontor.example", HERE.host),
        Authenticator(HERE.origin, "evil.example"),
    ],
    ids=["does not look who holds it", "another page", "without https", "another host"],
)
def test_what_is_no_proof_is_not_registered(session: Session, keys: Keys, person: People, one: Authenticator) -> None:
    with pytest.raises(PasskeyRefused):
        register(session, keys, person(), one)


def test_what_is_no_proof_does_not_get_in(session: Session, keys: Keys, person: People) -> None:
    one = device()
    register(session, keys, person(), one)
    for changes in ({"origin": "https://evil.example"}, {"host": "evil.example"}, {"verifies": False}):
        kept = {name: getattr(one, name) for name in changes}
        for name, value in changes.items():
            setattr(one, name, value)
        with pytest.raises(PasskeyRefused):
            shown(session, one)
        for name, value in kept.items():
            setattr(one, name, value)
    stolen = device(credential_id=one.credential_id)
    with pytest.raises(PasskeyRefused):
        shown(session, stolen)
    one.counter = 0
    with pytest.raises(PasskeyRefused):
        shown(session, one)


@pytest.mark.parametrize("answer", [{}, {"rawId": None}, {"rawId": "%%%"}, {"rawId": "AAAA", "id": "AAAA"}, {"id": 1}])
def test_whatever_comes_back_breaks_nothing(session: Session, person: People, answer: dict[str, Any]) -> None:
    asked = passkeys.ask_to_show(session, HERE)
    with pytest.raises(PasskeyRefused):
        passkeys.show(session, HERE, asked.challenge, answer, now=NOW)
    with pytest.raises(PasskeyRefused):
        passkeys.register(session, HERE, person(), asked.challenge + b"x", answer, name="", reset_page=PAGE, now=NOW)


def test_one_passkey_is_registered_once(session: Session, keys: Keys, person: People) -> None:
    one = device()
    register(session, keys, person(), one)
    with pytest.raises(PasskeyRefused, match="already"):
        register(session, keys, person(), one)


def test_whoever_may_not_sign_in_gets_in_by_no_passkey(session: Session, keys: Keys, person: People) -> None:
    somebody, one = person(), device()
    register(session, keys, somebody, one)
    session.get_one(UserAccount, somebody.id).active = False
    session.flush()
    with pytest.raises(PasskeyRefused):
        shown(session, one)


def test_passkeys_are_named_and_removed_by_their_owner_alone(session: Session, keys: Keys, person: People) -> None:
    somebody, other, one = person(), person(), device()
    id_ = register(session, keys, somebody, one, "  My \n phone ")
    assert [listed.name for listed in passkeys.passkeys_of(session, somebody.id)] == ["My phone"]
    assert not passkeys.rename(session, other, id_, "Stolen")
    assert passkeys.rename(session, somebody, id_, "x" * 99)
    assert [listed.name for listed in passkeys.passkeys_of(session, somebody.id)] == ["x" * 60]
    assert not passkeys.remove(session, other, id_, reset_page=PAGE, now=NOW)
    assert passkeys.remove(session, somebody, id_, reset_page=PAGE, now=NOW)
    with pytest.raises(PasskeyRefused):
        shown(session, one)


def test_the_last_one_of_a_role_that_needs_it_stays(
    session: Session, keys: Keys, program: Program, person: People
) -> None:
    finance = person(program, Role.FINANCE)
    first = register(session, keys, finance, device())
    with pytest.raises(FactorNeeded):
        passkeys.remove(session, finance, first, reset_page=PAGE, now=NOW)
    register(session, keys, finance, device())
    assert passkeys.remove(session, finance, first, reset_page=PAGE, now=NOW)
    assert second_factors.factors_of(session, finance.id).passkeys == 1


def test_of_two_that_are_removed_at_once_one_stays(
    app: Flask, session: Session, keys: Keys, program: Program, person: People
) -> None:
    """Each saw the other, and somebody who moves money signed in with a password alone."""
    finance = person(program, Role.FINANCE)
    first, second = (register(session, keys, finance, device()) for _ in range(2))
    session.commit()
    passkeys.remove(session, finance, first, reset_page=PAGE, now=NOW)
    with elsewhere(app, lambda beside: passkeys.remove(beside, finance, second, reset_page=PAGE, now=NOW)) as removed:
        wait_for_a_waiter(session)
        session.commit()
        with pytest.raises(FactorNeeded):
            removed.result(20)
    assert second_factors.factors_of(session, finance.id).passkeys == 1


def test_the_authenticator_learns_nothing_about_the_person_but_the_name(
    session: Session, keys: Keys, person: People
) -> None:
    somebody = person()
    asked = passkeys.ask_to_register(session, keys, HERE, somebody)
    again = passkeys.ask_to_register(session, keys, HERE, somebody)
    assert asked.options["user"]["id"] == again.options["user"]["id"], "a new one takes the place of an old one"
    assert asked.options["user"]["name"] == somebody.login
    assert asked.options["rp"]["id"] == "kontor.example"
    assert asked.challenge != again.challenge

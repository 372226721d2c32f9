"""Links and codes open one thing, once, for some minutes; and the table tells neither."""

import datetime as dt
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.roles import Person
from app.models.signing_in import OneTimeSecret
from app.services.access import one_time
from app.services.access.keys import Keys
from tests.support.programs import NOW

People = Callable[..., Person]


def test_a_link_opens_once(session: Session, person: People) -> None:
    somebody = person()
    token = one_time.link(session, "reset", somebody.id, now=NOW, payload={"a": 1})
    for _ in range(2):
        peeked = one_time.peek(session, "reset", token, now=NOW)
        assert peeked is not None, "looking at it opens nothing"
    opened = one_time.open_link(session, "reset", token, now=NOW)
    assert opened == peeked
    assert (opened.user_id, opened.payload) == (somebody.id, {"a": 1})
    assert one_time.open_link(session, "reset", token, now=NOW) is None
    assert one_time.peek(session, "reset", token, now=NOW) is None


def test_a_link_opens_what_it_was_made_for_and_for_half_an_hour(session: Session, person: People) -> None:
    token = one_time.link(session, "reset", person().id, now=NOW)
    assert one_time.open_link(session, "sign_in", token, now=NOW) is None
    assert one_time.open_link(session, "reset", token + "A", now=NOW) is None
    assert one_time.open_link(session, "reset", "\ud800", now=NOW) is None
    assert one_time.open_link(session, "reset", token, now=NOW + dt.timedelta(minutes=31)) is None
    assert one_time.open_link(session, "reset", token, now=NOW + dt.timedelta(minutes=29))


def test_the_newest_link_alone_opens(session: Session, person: People) -> None:
    somebody, other = person(), person()
    first = one_time.link(session, "reset", somebody.id, now=NOW)
    theirs = one_time.link(session, "reset", other.id, now=NOW)
    second = one_time.link(session, "reset", somebody.id, now=NOW)
    assert one_time.open_link(session, "reset", first, now=NOW) is None
    assert one_time.open_link(session, "reset", second, now=NOW)
    assert one_time.open_link(session, "reset", theirs, now=NOW)


def test_the_table_tells_no_token_and_no_code(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    token = one_time.link(session, "reset", somebody.id, now=NOW)
    code = one_time.code(session, keys, "phone", somebody.id, now=NOW).digits
    rows = session.execute(select(OneTimeSecret.__table__).where(OneTimeSecret.user_id == somebody.id)).all()
    assert len(rows) == 2
    assert token not in str(rows)
    salts = [row.payload.get("salt") for row in rows]
    found = {
        keys.hash_of("phone", somebody.id, salt, code) == row.secret_hash
        for salt, row in zip(salts, rows, strict=True)
        if salt
    }
    assert found == {True}
    other = Keys("another key")
    assert all(
        other.hash_of("phone", somebody.id, salt, f"{digits:06}") != row.secret_hash
        for salt, row in zip(salts, rows, strict=True)
        if salt
        for digits in (int(code), 0, 1)
    ), "without the key nobody finds a code by trying them all"


def test_a_code_opens_once_and_for_a_quarter_of_an_hour(session: Session, keys: Keys, person: People) -> None:
    somebody = person()

    def opened(typed: str, minutes: float = 0) -> bool:
        at = NOW + dt.timedelta(minutes=minutes)
        return one_time.open_code(session, keys, "phone", somebody.id, typed, now=at) is not None

    code = one_time.code(session, keys, "phone", somebody.id, now=NOW, payload={"phone": "+48"}).digits
    assert len(code) == 6
    assert code.isdigit()
    assert one_time.awaits_code(session, "phone", somebody.id, now=NOW)
    assert not opened(code, minutes=16)
    assert opened(f" {code[:3]} {code[3:]} "), "however it is parted"
    assert not opened(code)
    assert one_time.awaits_code(session, "phone", somebody.id, now=NOW) is None


def test_after_five_wrong_guesses_even_the_right_code_opens_nothing(
    session: Session, keys: Keys, person: People
) -> None:
    somebody = person()
    code = one_time.code(session, keys, "phone", somebody.id, now=NOW).digits
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(one_time.MOST_TRIES):
        assert one_time.open_code(session, keys, "phone", somebody.id, wrong, now=NOW) is None
    assert one_time.open_code(session, keys, "phone", somebody.id, code, now=NOW) is None
    again = one_time.code(session, keys, "phone", somebody.id, now=NOW).digits
    assert one_time.open_code(session, keys, "phone", somebody.id, again, now=NOW)


def test_a_code_is_its_owner_s_alone(session: Session, keys: Keys, person: People) -> None:
    somebody, other = person(), person()
    code = one_time.code(session, keys, "phone", somebody.id, now=NOW).digits
    one_time.code(session, keys, "phone", other.id, now=NOW)
    assert one_time.open_code(session, keys, "email", somebody.id, code, now=NOW) is None
    assert one_time.open_code(session, keys, "phone", somebody.id, code, now=NOW)


def test_what_was_given_out_elsewhere_is_spent_once(session: Session, code: str) -> None:
    value = code.encode()
    assert one_time.spend(session, "challenge", value, now=NOW)
    assert not one_time.spend(session, "challenge", value, now=NOW)


def test_secrets_of_long_ago_are_forgotten(session: Session, person: People) -> None:
    somebody = person()
    one_time.link(session, "reset", somebody.id, now=NOW)
    query = select(OneTimeSecret).where(OneTimeSecret.user_id == somebody.id)
    one_time.forget(session, now=NOW + dt.timedelta(days=29))
    assert session.scalars(query).all()
    assert one_time.forget(session, now=NOW + dt.timedelta(days=31)) >= 1
    assert not session.scalars(query).all()

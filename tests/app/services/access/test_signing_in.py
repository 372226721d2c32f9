"""Sessions of the table: when they hold, when they end, and how far one has come with them."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.domain.roles import BY_HAND, MONEY_ROLES, OF_A_DISTRIBUTOR, Person, Role
from app.models.people import AuditEvent, UserAccount
from app.models.programs import Program
from app.models.signing_in import SignInSession
from app.services.access import people, signing_in
from app.services.access.signing_in import Factor, Method, Place, Step
from tests.support import programs
from tests.support.programs import NOW

People = Callable[..., Person]


def sign_in(session: Session, somebody: Person, **more: Factor) -> str:
    return signing_in.begin(session, somebody, Method.PASSWORD, address="192.0.2.1", agent="Mozilla", now=NOW, **more)


def found(session: Session, key: str, **later: float) -> Place | None:
    return signing_in.find(session, key, NOW + dt.timedelta(**later))


def seen(session: Session, key: str, **later: float) -> None:
    place = found(session, key, **later)
    assert place is not None
    signing_in.seen(session, place, NOW + dt.timedelta(**later))


def test_the_key_finds_the_person_and_nothing_in_the_table_gives_the_key(session: Session, person: People) -> None:
    somebody = person()
    key = sign_in(session, somebody)
    place = found(session, key)
    assert place is not None
    assert (place.person, place.method, place.second_factor) == (somebody, Method.PASSWORD, None)
    kept = session.execute(select(SignInSession.__table__).where(SignInSession.user_id == somebody.id)).one()
    assert key not in str(kept)
    assert found(session, key + "x") is None
    assert found(session, "") is None


def test_a_person_with_roles_is_found_in_one_query(session: Session, program: Program, person: People) -> None:
    somebody = person(program, Role.VIEWER)
    key = sign_in(session, somebody)
    session.flush()
    session.expire_all()
    asked: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
    place = found(session, key)
    assert place is not None
    assert place.person.seats == somebody.seats
    assert place.step() is Step.WHOLE
    assert len(asked) == 1


def test_a_session_ends_after_eight_idle_hours(session: Session, person: People) -> None:
    key = sign_in(session, person())
    assert found(session, key, hours=7.9)
    assert found(session, key, hours=8.1) is None
    seen(session, key, hours=7)
    assert found(session, key, hours=14)


def test_a_session_ends_a_day_after_it_began_however_busy(session: Session, person: People) -> None:
    key = sign_in(session, person())
    for hours in (7, 14, 21, 23.9):
        seen(session, key, hours=hours)
    assert found(session, key, hours=24) is None


def test_whoever_may_not_sign_in_any_more_is_out_at_once(session: Session, person: People) -> None:
    somebody = person()
    key = sign_in(session, somebody)
    session.get_one(UserAccount, somebody.id).active = False
    session.flush()
    assert found(session, key) is None


def test_a_session_is_ended_by_its_owner_alone(session: Session, person: People) -> None:
    somebody, other = person(), person()
    key = sign_in(session, somebody)
    place = found(session, key)
    assert place is not None
    assert not signing_in.end(session, place.id, other.id, NOW)
    assert found(session, key)
    assert signing_in.end(session, place.id, somebody.id, NOW)
    assert not signing_in.end(session, place.id, somebody.id, NOW)
    assert found(session, key) is None


def test_all_other_sessions_are_ended_and_those_of_others_are_not(session: Session, person: People) -> None:
    somebody, other = person(), person()
    keys = [sign_in(session, somebody) for _ in range(3)]
    theirs = sign_in(session, other)
    here = found(session, keys[0])
    assert here is not None
    assert people.end_sessions(session, somebody.id, now=NOW, but_session_id=here.id) == 2
    assert [found(session, key) is not None for key in (*keys, theirs)] == [True, False, False, True]


def test_the_list_shows_what_holds_with_where_and_by_what(session: Session, person: People) -> None:
    somebody = person()
    sign_in(session, somebody)
    ended = found(session, sign_in(session, somebody))
    assert ended is not None
    signing_in.end(session, ended.id, somebody.id, NOW)
    listed = signing_in.sessions_of(session, somebody.id, NOW)
    assert [(one.method, one.address, one.agent) for one in listed] == [(Method.PASSWORD, "192.0.2.1", "Mozilla")]
    assert signing_in.sessions_of(session, somebody.id, NOW + dt.timedelta(hours=9)) == []


def test_what_a_browser_says_of_itself_is_kept_as_far_as_it_can_be_read(session: Session, person: People) -> None:
    somebody = person()
    signing_in.begin(session, somebody, Method.LINK, address="x" * 99, agent="y" * 9_999, now=NOW)
    kept = session.scalars(select(SignInSession).where(SignInSession.user_id == somebody.id)).one()
    assert (kept.address, kept.agent) == ("x" * 64, "y" * 300)


def test_whoever_has_a_second_factor_has_minutes_to_show_it(session: Session, person: People) -> None:
    somebody = person()
    session.get_one(UserAccount, somebody.id).totp_since = NOW
    session.flush()
    key = sign_in(session, somebody)
    place = found(session, key, minutes=14)
    assert place is not None
    assert place.step() is place.step(exempt=True) is Step.SHOW_FACTOR, "no exemption lets anybody past their own"
    assert found(session, key, minutes=16) is None


def test_showing_it_gives_another_key_and_the_whole_day(session: Session, person: People) -> None:
    somebody = person()
    session.get_one(UserAccount, somebody.id).totp_since = NOW
    session.flush()
    key = sign_in(session, somebody)
    place = found(session, key)
    assert place is not None
    stronger = signing_in.strengthen(session, place, Factor.TOTP, NOW + dt.timedelta(minutes=1))
    assert found(session, key) is None, "who has seen the old key has nothing"
    now = found(session, stronger, hours=7)
    assert now is not None
    assert (now.step(), now.second_factor) == (Step.WHOLE, Factor.TOTP)


@pytest.mark.parametrize("role", BY_HAND)
def test_whoever_moves_money_sets_a_second_factor_up_first(
    session: Session, program: Program, person: People, role: Role
) -> None:
    distributor = programs.people(session, program)["D1"] if role in OF_A_DISTRIBUTOR else None
    place = found(session, sign_in(session, person(program, role, distributor)))
    assert place is not None
    assert place.step() is (Step.SET_UP_FACTOR if role in MONEY_ROLES else Step.WHOLE)
    assert place.step(exempt=True) is Step.WHOLE


def test_owners_of_the_platform_need_one_as_well(session: Session, person: People) -> None:
    owner = person(owner=True)
    place = found(session, sign_in(session, owner))
    assert place is not None
    assert place.step() is Step.SET_UP_FACTOR
    with_a_passkey = found(session, sign_in(session, owner, factor=Factor.PASSKEY))
    assert with_a_passkey is not None
    assert with_a_passkey.step() is Step.WHOLE


def test_it_is_a_while_since_somebody_proved_who_they_are(session: Session, person: People) -> None:
    place = found(session, sign_in(session, person()))
    assert place is not None
    assert place.proved_lately(NOW + dt.timedelta(minutes=14))
    assert not place.proved_lately(NOW + dt.timedelta(minutes=15))


def test_signing_in_is_on_record(session: Session, person: People) -> None:
    somebody = person()
    sign_in(session, somebody)
    noted = session.scalars(select(AuditEvent).where(AuditEvent.actor == somebody.login)).one()
    assert (noted.action, noted.after) == ("user.sign_in", {"address": "192.0.2.1", "by": "password"})


def test_sessions_of_long_ago_are_forgotten(session: Session, person: People) -> None:
    somebody = person()
    sign_in(session, somebody)
    signing_in.forget(session, NOW + dt.timedelta(days=170))
    query = select(SignInSession).where(SignInSession.user_id == somebody.id)
    assert session.scalars(query).all()
    signing_in.forget(session, NOW + dt.timedelta(days=190))
    assert not session.scalars(query).all()

"""Authenticator apps and recovery codes: proven before use, right once, and never the last one taken away."""

import datetime as dt
from collections.abc import Callable

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.roles import Person, Role
from app.models.messages import Message
from app.models.people import AuditEvent, UserAccount
from app.models.programs import Program
from app.models.signing_in import RecoveryCode
from app.services.access import second_factors, signing_in
from app.services.access.keys import Keys, SealBroken
from app.services.access.second_factors import FactorNeeded
from app.services.access.signing_in import Method
from tests.support.programs import NOW

People = Callable[..., Person]
PAGE = "https://kontor.example/reset"


def app_of(session: Session, keys: Keys, somebody: Person) -> pyotp.TOTP:
    """Set an authenticator app up, as somebody does who scans the picture."""
    second_factors.begin_totp(session, keys, somebody.id)
    pending = second_factors.pending_totp(session, keys, somebody.id)
    assert pending is not None
    app = pyotp.parse_uri(pending[1])
    assert isinstance(app, pyotp.TOTP)
    assert (app.secret, app.name, app.issuer) == (pending[0], somebody.login, "Kontor")
    return app


def proven(session: Session, keys: Keys, somebody: Person) -> pyotp.TOTP:
    app = app_of(session, keys, somebody)
    assert second_factors.prove_totp(session, keys, somebody.id, app.at(NOW), reset_page=PAGE, now=NOW)
    return app


def right(session: Session, keys: Keys, somebody: Person, code: str, seconds: int = 0) -> bool:
    at = NOW + dt.timedelta(seconds=seconds)
    return second_factors.check_totp(session, keys, somebody.id, code, now=at)


def test_an_app_is_in_use_once_a_first_code_proves_it(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    app = app_of(session, keys, somebody)
    assert not right(session, keys, somebody, app.at(NOW)), "before that no code of it counts"
    assert not signing_in.has_factor(session, somebody.id)
    wrong = f"{(int(app.at(NOW)) + 1) % 10**6:06}"
    assert not second_factors.prove_totp(session, keys, somebody.id, wrong, reset_page=PAGE, now=NOW)
    assert second_factors.prove_totp(session, keys, somebody.id, app.at(NOW), reset_page=PAGE, now=NOW)
    assert signing_in.has_factor(session, somebody.id)
    assert second_factors.pending_totp(session, keys, somebody.id) is None, "its secret is shown no more"


def test_a_code_counts_once_and_none_before_it(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    app = proven(session, keys, somebody)
    assert not right(session, keys, somebody, app.at(NOW)), "it proved the app"
    later = NOW + dt.timedelta(seconds=60)
    assert right(session, keys, somebody, app.at(later), 60)
    assert not right(session, keys, somebody, app.at(later), 60)
    assert not right(session, keys, somebody, app.at(later - dt.timedelta(seconds=30)), 60), "an older one neither"


@pytest.mark.parametrize(("off", "counts"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clocks_may_go_half_a_minute_wrong(
    session: Session, keys: Keys, person: People, off: int, *, counts: bool
) -> None:
    somebody = person()
    app = proven(session, keys, somebody)
    at = NOW + dt.timedelta(minutes=10)
    assert right(session, keys, somebody, app.at(at + dt.timedelta(seconds=off)), 600) is counts


@pytest.mark.parametrize("typed", ["", "      ", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\ud800", "0" * 500])
def test_what_is_no_code_is_not_right(session: Session, keys: Keys, person: People, typed: str) -> None:
    somebody = person()
    proven(session, keys, somebody)
    assert not right(session, keys, somebody, typed, 60)


def test_a_code_may_be_parted_by_spaces(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    app = proven(session, keys, somebody)
    code = app.at(NOW + dt.timedelta(seconds=60))
    assert right(session, keys, somebody, f" {code[:3]} {code[3:]} ", 60)


def test_the_secret_is_sealed_and_another_key_does_not_open_it(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    app = proven(session, keys, somebody)
    kept = session.get_one(UserAccount, somebody.id).totp_secret
    assert kept is not None
    assert app.secret not in kept
    assert keys.unseal(kept) == app.secret
    other = Keys("another key")
    with pytest.raises(SealBroken):
        other.unseal(kept)
    assert not right(session, other, somebody, app.at(NOW + dt.timedelta(seconds=60)), 60)


def test_a_new_secret_does_not_take_the_place_of_one_in_use(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    app = proven(session, keys, somebody)
    second_factors.begin_totp(session, keys, somebody.id)
    assert right(session, keys, somebody, app.at(NOW + dt.timedelta(seconds=60)), 60)


def test_a_recovery_code_is_right_once_however_it_is_typed(session: Session, keys: Keys, person: People) -> None:
    somebody, other = person(), person()
    codes = second_factors.new_recovery_codes(session, keys, somebody.id, now=NOW)
    assert len(set(codes)) == second_factors.RECOVERY_CODES

    def used(typed: str, whose: Person = somebody) -> bool:
        return second_factors.use_recovery_code(session, keys, whose.id, typed, now=NOW)

    assert not used(codes[0], other)
    assert used(codes[0].lower().replace("-", "  "))
    assert not used(codes[0])
    assert not used("AAAAA-AAAAA")
    assert second_factors.factors_of(session, somebody.id).recovery_codes == len(codes) - 1
    hashes = session.scalars(select(RecoveryCode.code_hash).where(RecoveryCode.user_id == somebody.id)).all()
    assert not {code.encode() for code in codes} & set(hashes)


def test_new_recovery_codes_take_the_place_of_the_old_ones(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    old = second_factors.new_recovery_codes(session, keys, somebody.id, now=NOW)
    new = second_factors.new_recovery_codes(session, keys, somebody.id, now=NOW)
    assert not second_factors.use_recovery_code(session, keys, somebody.id, old[1], now=NOW)
    assert second_factors.use_recovery_code(session, keys, somebody.id, new[1], now=NOW)


def test_the_last_second_factor_of_a_role_that_needs_one_stays(
    session: Session, keys: Keys, program: Program, person: People
) -> None:
    finance, viewer = person(program, Role.FINANCE), person(program, Role.VIEWER)
    for somebody in (finance, viewer):
        proven(session, keys, somebody)
        second_factors.new_recovery_codes(session, keys, somebody.id, now=NOW)
    with pytest.raises(FactorNeeded):
        second_factors.remove_totp(session, finance, reset_page=PAGE, now=NOW)
    second_factors.remove_totp(session, viewer, reset_page=PAGE, now=NOW)
    left = second_factors.factors_of(session, viewer.id)
    assert (left.count, left.recovery_codes) == (0, 0), "codes stand in for nothing any more"


def test_whoever_lost_theirs_is_helped_by_somebody_else_and_signed_out(
    session: Session, keys: Keys, program: Program, person: People
) -> None:
    finance = person(program, Role.FINANCE)
    proven(session, keys, finance)
    key = signing_in.begin(session, finance, Method.PASSWORD, address="", agent="", now=NOW)
    second_factors.remove_all(session, finance.login, reset_page=PAGE, actor="boss", now=NOW, reason="phone lost")
    assert second_factors.factors_of(session, finance.id).count == 0
    assert signing_in.find(session, key, NOW) is None
    events = select(AuditEvent).where(AuditEvent.action == "user.factors_removed").order_by(AuditEvent.id)
    noted = session.scalars(events).all()[-1]
    assert (noted.actor, noted.subject, noted.reason) == ("boss", finance.login, "phone lost")
    assert noted.before == {"totp": True, "passkeys": 0}


def test_somebody_is_told_whenever_their_second_step_changes(session: Session, keys: Keys, person: People) -> None:
    somebody = person()
    proven(session, keys, somebody)
    second_factors.remove_totp(session, somebody, reset_page=PAGE, now=NOW)
    told = session.scalars(select(Message).where(Message.to == somebody.login)).all()
    assert [message.kind for message in told] == ["factors_changed", "factors_changed"]
    assert all(PAGE in message.body and "21 Nov 2026" in message.body for message in told)


@given(st.text(max_size=200))
def test_whatever_is_sealed_is_opened_by_the_same_key(text: str) -> None:
    keys = Keys("a key")
    assert keys.unseal(keys.seal(text)) == text


@given(st.lists(st.text(alphabet="ab", max_size=3), min_size=2, max_size=2, unique=True))
def test_no_two_things_have_one_hash(parts: list[str]) -> None:
    keys = Keys("a key")
    assert keys.hash_of("x", *parts) != keys.hash_of("x", "".join(parts))
    assert keys.hash_of("x", *parts) != keys.hash_of("x", *reversed(parts))
    assert keys.hash_of("x", *parts) != keys.hash_of("y", *parts)

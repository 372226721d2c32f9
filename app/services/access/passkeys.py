"""Passkeys (WebAuthn): registered, named, removed, and shown to sign in with or as a second factor.

A challenge is made here, goes through the browser's cookie, and is marked as used when an answer to it comes: an answer
that was seen on its way opens nothing a second time.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.domain.roles import Person
from app.models.signing_in import Passkey
from app.services import audit
from app.services.access import one_time, people, second_factors
from app.services.access.keys import Keys

CHALLENGE_MINUTES = 10
MOST = 20
LONGEST_NAME = 60


class PasskeyRefused(ValueError):
    """What a browser sent is no proof of a passkey."""


@dataclass(frozen=True)
class Party:
    """Whom passkeys are shown to: the host they belong to, and where pages are opened."""

    host: str
    origin: str
    name: str = "Kontor"


@dataclass(frozen=True)
class Listed:
    """A passkey as its owner sees it."""

    id: int
    name: str
    created_at: dt.datetime
    used_at: dt.datetime | None


@dataclass(frozen=True)
class Asked:
    """What a browser is asked, as it takes it, and the challenge in it."""

    options: dict[str, Any]
    challenge: bytes


def passkeys_of(session: Session, user_id: int) -> list[Listed]:
    """List somebody's passkeys, oldest first."""
    rows = session.execute(
        select(Passkey.id, Passkey.name, Passkey.created_at, Passkey.used_at)
        .where(Passkey.user_id == user_id)
        .order_by(Passkey.id)
    )
    return [Listed(*row) for row in rows]


def ask_to_register(session: Session, keys: Keys, party: Party, person: Person) -> Asked:
    """Ask a browser for a new passkey that finds its owner by itself and checks who holds it."""
    return _asked(
        generate_registration_options(
            rp_id=party.host,
            rp_name=party.name,
            # stands for the person on the authenticator, and tells nothing about them
            user_id=keys.hash_of("passkey", person.id),
            user_name=person.login,
            user_display_name=person.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=_descriptors(session, person.id),
        )
    )


def register(
    session: Session,
    party: Party,
    person: Person,
    challenge: bytes,
    answer: dict[str, Any],
    *,
    name: str,
    reset_page: str,
    now: dt.datetime,
) -> int:
    """Keep a new passkey. Returns its id. The caller commits.

    Raises:
        PasskeyRefused: The answer is no proof, or the challenge was answered before.
    """
    if not one_time.spend(session, "challenge", challenge, now=now):
        raise PasskeyRefused("the challenge was answered before")
    if len(passkeys_of(session, person.id)) >= MOST:
        raise PasskeyRefused(f"nobody needs more than {MOST}")
    try:
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as problem:
        raise PasskeyRefused(str(problem)) from None
    if _owner_of(session, verified.credential_id) is not None:
        raise PasskeyRefused("it is registered already")
    passkey = Passkey(
        user_id=person.id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        name=_named(name),
        created_at=now,
    )
    session.add(passkey)
    session.flush()
    after = {"factor": "passkey", "name": passkey.name}
    audit.note(session, person.login, "user.factor_added", person.login, now=now, after=after)
    second_factors.tell_changed(session, person.id, reset_page=reset_page, now=now)
    return passkey.id


def ask_to_show(session: Session, party: Party, user_id: int | None = None) -> Asked:
    """Ask a browser for any passkey that belongs here, which says itself whose it is; or for one of somebody's."""
    return _asked(
        generate_authentication_options(
            rp_id=party.host,
            allow_credentials=None if user_id is None else _descriptors(session, user_id),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def show(
    session: Session,
    party: Party,
    challenge: bytes,
    answer: dict[str, Any],
    *,
    user_id: int | None = None,
    now: dt.datetime,
) -> Person:
    """Tell whose passkey was shown; with ``user_id`` it has to be one of theirs. The caller commits.

    Raises:
        PasskeyRefused: The answer is no proof, the challenge was answered before, or it is nobody's who may sign in.
    """
    if not one_time.spend(session, "challenge", challenge, now=now):
        raise PasskeyRefused("the challenge was answered before")
    try:
        credential_id = base64url_to_bytes(str(answer["rawId"]))
    except (ValueError, TypeError, KeyError):
        raise PasskeyRefused("it says not which it is") from None
    found = session.scalars(
        select(Passkey)
        .where(Passkey.credential_id == credential_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or user_id not in (None, found.user_id):
        raise PasskeyRefused("nobody here has it")
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=found.public_key,
            credential_current_sign_count=found.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as problem:
        raise PasskeyRefused(str(problem)) from None
    found.sign_count, found.used_at = verified.new_sign_count, now
    session.flush()
    person = people.person(session, found.user_id)
    if person is None:
        raise PasskeyRefused("its owner may not sign in")
    return person


def rename(session: Session, person: Person, passkey_id: int, name: str) -> bool:
    """Give a passkey another name; False where it is not theirs. The caller commits."""
    renamed = session.execute(
        update(Passkey)
        .where(Passkey.id == passkey_id, Passkey.user_id == person.id)
        .values(name=_named(name))
        .returning(Passkey.id)
    )
    return renamed.one_or_none() is not None


def remove(session: Session, person: Person, passkey_id: int, *, reset_page: str, now: dt.datetime) -> bool:
    """Remove a passkey; False where it is not theirs. The caller commits.

    Raises:
        FactorNeeded: It is the last second factor, and the role must have one.
    """
    second_factors.keep_one(session, person, without=1)
    removed = session.execute(
        delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == person.id).returning(Passkey.name)
    ).one_or_none()
    if removed is None:
        return False
    before = {"factor": "passkey", "name": removed.name}
    audit.note(session, person.login, "user.factor_removed", person.login, now=now, before=before)
    second_factors.drop_codes_without_factor(session, person.id)
    second_factors.tell_changed(session, person.id, reset_page=reset_page, now=now)
    return True


def _asked(options: Any) -> Asked:
    return Asked(json.loads(options_to_json(options)), options.challenge)


def _descriptors(session: Session, user_id: int) -> list[PublicKeyCredentialDescriptor]:
    ids = session.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id).order_by(Passkey.id))
    return [PublicKeyCredentialDescriptor(id=one) for one in ids]


def _owner_of(session: Session, credential_id: bytes) -> int | None:
    return session.scalars(select(Passkey.user_id).where(Passkey.credential_id == credential_id)).one_or_none()


def _named(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME] or "Passkey"

"""Signing in with a passkey: by itself, or as the second step after a password."""

import logging

from flask import Blueprint, jsonify, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import passkeys
from app.services.access.passkeys import PasskeyRefused
from app.services.access.signing_in import Factor, Method, Step
from app.web.auth import challenges, counting, sessions
from app.web.auth.views import going_to
from app.web.context import now, place_or_none, session, step
from app.web.forms.asked import Sure

_log = logging.getLogger(__name__)

bp = Blueprint("passkeys", __name__)

Answer = Response | tuple[Response, int] | tuple[Response, int, dict[str, str]]
PURPOSE = "sign in"


@bp.post("/sign-in/passkey/options")
def options() -> Answer:
    """Ask for a passkey: any, or, after a password, one of those of whoever has shown it."""
    here = place_or_none() if step() is Step.SHOW_FACTOR else None
    asked = passkeys.ask_to_show(session(), challenges.party(), None if here is None else here.person.id)
    return challenges.put(asked, PURPOSE)


@bp.post("/sign-in/passkey")
def show() -> Answer:
    here = place_or_none() if step() is Step.SHOW_FACTOR else None
    challenge, answer = challenges.take(PURPOSE)
    form = Sure()
    subject = f"passkey:{request.remote_addr}" if here is None else f"second:{here.person.id}"
    refused = counting.count(subject, form)
    if refused:
        return jsonify(problem=str(form.form_errors[0])), *refused
    try:
        with transaction(db.session) as changing:
            person = passkeys.show(
                changing,
                challenges.party(),
                challenge,
                answer,
                user_id=None if here is None else here.person.id,
                now=now(),
            )
    except PasskeyRefused as problem:
        _log.warning("a passkey from %s was not accepted: %s", request.remote_addr, problem)
        return jsonify(problem=_("This passkey is not known here. Use another way to sign in.")), 401
    counting.forget(subject)
    if here is None:
        sessions.begin(person, Method.PASSKEY, Factor.PASSKEY)
    else:
        sessions.strengthen(here, Factor.PASSKEY)
    return jsonify(next=going_to())

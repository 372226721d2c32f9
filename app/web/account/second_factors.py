"""Setting up a second factor: an authenticator app, and recovery codes for when it is lost."""

import segno
from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from app.db.transaction import transaction
from app.extensions import db
from app.services import second_factors
from app.services.signing_in import Factor, Step
from app.web.addresses import outside
from app.web.auth import counting, sessions
from app.web.auth.forms import CodeForm
from app.web.context import keys, now, place, session, step

bp = Blueprint("account", __name__, url_prefix="/account")

Answer = str | AnyResponse | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.get("/second-factor")
def second_factor() -> Answer:
    """Offer the kinds of second factors to somebody who must have one before they go on."""
    if step() is Step.WHOLE:
        return redirect(url_for("home.home"), 303)
    return render_template("account/second_factor.html")


@bp.post("/authenticator/begin")
def begin_authenticator() -> Answer:
    with transaction(db.session) as changing:
        second_factors.begin_totp(changing, keys(), place().person.id)
    return redirect(url_for("account.authenticator"), 303)


@bp.route("/authenticator", methods=["GET", "POST"])
def authenticator() -> Answer:
    """Show the secret to scan, and take the app into use with a first code of it."""
    here, form = place(), CodeForm()
    pending = second_factors.pending_totp(session(), keys(), here.person.id)
    if pending is None:
        return redirect(url_for("account.second_factor"), 303)
    if request.method == "GET":
        return _authenticator_page(form, pending[0])
    if not form.validate():
        return _authenticator_page(form, pending[0]), 400
    subject = f"second:{here.person.id}"
    refused = counting.count(subject, form)
    if refused:
        return _authenticator_page(form, pending[0]), *refused
    with transaction(db.session) as changing:
        right = second_factors.prove_totp(
            changing, keys(), here.person.id, form.code.data or "", reset_page=outside("auth.reset"), now=now()
        )
    if not right:
        form.refuse("code", _("This is not the code that the app shows now. Check the time of your phone."))
        return _authenticator_page(form, pending[0]), 400
    counting.forget(subject)
    sessions.strengthen(here, Factor.TOTP)
    return redirect(url_for("home.home"), 303)


@bp.get("/authenticator.svg")
def authenticator_picture() -> AnyResponse:
    """Draw what an authenticator app scans."""
    pending = second_factors.pending_totp(session(), keys(), place().person.id)
    if pending is None:
        abort(404)
    drawn = segno.make(pending[1], error="m").svg_inline(scale=4, border=4, light="#fff")
    return Response(f'<?xml version="1.0"?>{drawn}', mimetype="image/svg+xml")


def _authenticator_page(form: CodeForm, secret: str) -> str:
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return render_template("account/authenticator.html", form=form, secret=grouped)

"""Setting up a second step: an authenticator app, and recovery codes for when it is lost."""

import io

import segno
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import second_factors
from app.services.access.second_factors import FactorNeeded
from app.services.access.signing_in import Factor, Step
from app.web.account import confirming
from app.web.addresses import outside
from app.web.auth import challenges, counting, sessions
from app.web.auth.forms import CodeForm
from app.web.context import keys, now, person, place, session, step

bp = Blueprint("factors", __name__, url_prefix="/account")

Answer = str | AnyResponse | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.get("/second-step")
def choose() -> Answer:
    """Offer the kinds of second steps to somebody who must have one before they go on."""
    if step() is Step.WHOLE:
        return redirect(url_for("security.index"), 303)
    return render_template("account/second_step.html", passkeys=challenges.possible())


@bp.post("/authenticator/begin")
def begin_authenticator() -> Answer:
    if asked := confirming.first():
        return asked
    with transaction(db.session) as changing:
        second_factors.begin_totp(changing, keys(), place().person.id)
    return redirect(url_for("factors.authenticator"), 303)


@bp.route("/authenticator", methods=["GET", "POST"])
def authenticator() -> Answer:
    """Show the secret to scan, and take the app into use with a first code of it."""
    if asked := confirming.first():
        return asked
    here, form = place(), CodeForm()
    pending = second_factors.pending_totp(session(), keys(), here.person.id)
    if pending is None:
        return redirect(url_for("security.index"), 303)
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
            changing, keys(), here.person.id, form.code.data or "", reset_page=outside("resets.ask"), now=now()
        )
    if not right:
        form.refuse("code", _("This is not the code that the app shows now. Check the time of your phone."))
        return _authenticator_page(form, pending[0]), 400
    counting.forget(subject)
    sessions.strengthen(here, Factor.TOTP)
    flash(_("The authenticator app is set up."), "success")
    return redirect(url_for("factors.recovery_codes"), 303)


@bp.get("/authenticator.svg")
def authenticator_picture() -> AnyResponse:
    """Draw what an authenticator app scans."""
    pending = second_factors.pending_totp(session(), keys(), place().person.id)
    if pending is None or not place().proved_lately(now()):
        abort(404)
    drawn = io.BytesIO()
    segno.make(pending[1], error="m").save(drawn, kind="svg", scale=4, border=4, light="#fff")
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@bp.post("/authenticator/remove")
def remove_authenticator() -> Answer:
    if asked := confirming.first():
        return asked
    try:
        with transaction(db.session) as changing:
            second_factors.remove_totp(changing, person(), reset_page=outside("resets.ask"), now=now())
    except FactorNeeded:
        flash(only_one(), "danger")
    else:
        flash(_("The authenticator app is removed."), "success")
    return redirect(url_for("security.index"), 303)


@bp.route("/recovery-codes", methods=["GET", "POST"])
def recovery_codes() -> Answer:
    """Make recovery codes, and show them this once."""
    if asked := confirming.first():
        return asked
    factors = second_factors.factors_of(session(), person().id)
    if factors.count == 0:
        return redirect(url_for("security.index"), 303)
    if request.method == "GET":
        return render_template("account/recovery_codes.html", codes=None, left=factors.recovery_codes)
    with transaction(db.session) as changing:
        codes = second_factors.new_recovery_codes(changing, keys(), person().id, now=now())
    return render_template("account/recovery_codes.html", codes=codes, left=len(codes))


def only_one() -> str:
    """Say why the last second step stays."""
    return str(_("Your role needs a second step, and this is the only one. Set up another one first."))


def _authenticator_page(form: CodeForm, secret: str) -> str:
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return render_template("account/authenticator.html", form=form, secret=grouped)

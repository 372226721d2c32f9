"""Signing in and out."""

import logging

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services import audit, people
from app.web import samples
from app.web.addresses import our_own
from app.web.attempts import Attempts, TooMany, Uncountable
from app.web.auth import sessions
from app.web.auth.forms import SignInForm
from app.web.context import kontor, now, settings, somebody
from app.web.formats import duration

_log = logging.getLogger(__name__)

bp = Blueprint("auth", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    going_to = our_own(request.args.get("next"))
    if somebody() is not None:
        return redirect(going_to or url_for("home.home"), 303)
    form = SignInForm(request.form)
    if request.method == "GET":
        return _page(form)
    if not form.validate():
        return _page(form, problem="missing"), 400
    login, address = people.login_key(form.login.data or ""), request.remote_addr or ""
    attempts: Attempts = kontor()["attempts"]
    try:
        attempts.begin(login, address)
    except TooMany as problem:
        wait = str(problem.seconds)
        return _page(form, problem="too_many", wait=duration(problem.seconds)), 429, {"Retry-After": wait}
    except Uncountable:
        return _page(form, problem="unavailable"), 503
    with transaction(db.session) as session:
        person = people.verify(session, login, form.password.data or "")
        if person is not None:
            audit.note(session, person.login, "user.sign_in", person.login, now=now(), after={"address": address})
    if person is None:
        _log.warning("a try to sign in from %s failed", address)
        return _page(form, problem="wrong"), 401
    attempts.succeeded(login, address)
    sessions.begin(person)
    return redirect(going_to or url_for("home.home"), 303)


@bp.post("/sign-out")
def sign_out() -> Response:
    sessions.end()
    flash("You are signed out.", "success")
    return redirect(url_for("auth.sign_in"), 303)


def _page(form: SignInForm, problem: str | None = None, wait: str | None = None) -> str:
    offered = samples.offered(db.session()) if settings().demo else []
    return render_template("auth/sign_in.html", form=form, problem=problem, wait=wait, samples=offered)

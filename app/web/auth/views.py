"""Signing in and out: by password, then by the second factor of whoever has one."""

import logging

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.roles import needs_second_factor
from app.extensions import db
from app.services.access import people, second_factors
from app.services.access.signing_in import Factor, Method, Step
from app.web.addresses import our_own
from app.web.auth import challenges, counting, samples, sessions
from app.web.auth.forms import CodeForm, SignInForm
from app.web.context import keys, now, place, settings, step

_log = logging.getLogger(__name__)

bp = Blueprint("auth", __name__)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Answer:
    if step() is not None:
        return redirect(going_to(), 303)
    form = SignInForm()
    if request.method == "GET":
        return _page(form)
    if not form.validate():
        return _page(form), 400
    login = people.login_key(form.login.data or "")
    subject = f"password:{login}"
    refused = counting.count(subject, form)
    if refused:
        return _page(form), *refused
    with transaction(db.session) as session:
        person = people.verify(session, login, form.password.data or "")
    if person is None:
        _log.warning("a try to sign in from %s failed", request.remote_addr)
        form.refuse(None, _("The sign-in name and the password do not belong together. Check both and try again."))
        return _page(form), 401
    counting.forget(subject)
    sessions.begin(person, Method.PASSWORD)
    if person.login in samples.LOGINS and sessions.is_exempt(person) and needs_second_factor(person):
        flash(_("This is the demonstration: elsewhere, this role does not get in without a second factor."), "warning")
    return redirect(going_to(), 303)


@bp.route("/sign-in/second", methods=["GET", "POST"])
def second() -> Answer:
    if step() is not Step.SHOW_FACTOR:
        return redirect(going_to(), 303)
    here, form = place(), CodeForm()
    if request.method == "GET":
        return _second_page(form)
    if not form.validate():
        return _second_page(form), 400
    subject, typed = f"second:{here.person.id}", form.code.data or ""
    refused = counting.count(subject, form)
    if refused:
        return _second_page(form), *refused
    with transaction(db.session) as session:
        factor = _factor_of(typed)
        if factor is Factor.TOTP:
            right = second_factors.check_totp(session, keys(), here.person.id, typed, now=now())
        else:
            right = second_factors.use_recovery_code(session, keys(), here.person.id, typed, now=now())
    if not right:
        form.refuse("code", _("This code is not right, or it was used already. Wait for the next one."))
        return _second_page(form), 401
    counting.forget(subject)
    sessions.strengthen(here, factor)
    return redirect(going_to(), 303)


@bp.post("/sign-out")
def sign_out() -> Response:
    sessions.end()
    flash(_("You are signed out."), "success")
    return redirect(url_for("auth.sign_in"), 303)


def going_to() -> str:
    """Give the page that somebody wanted before they were asked who they are."""
    return our_own(request.args.get("next")) or url_for("home.home")


def _factor_of(typed: str) -> Factor:
    """Tell which kind of code was typed: those of apps are short."""
    return Factor.TOTP if len("".join(typed.split())) <= 6 else Factor.RECOVERY


def _page(form: SignInForm) -> str:
    offered = samples.offered(db.session()) if settings().demo else []
    return render_template("auth/sign_in.html", form=form, samples=offered, passkeys=challenges.possible())


def _second_page(form: CodeForm) -> str:
    factors = second_factors.factors_of(db.session(), place().person.id)
    return render_template("auth/second.html", form=form, factors=factors)

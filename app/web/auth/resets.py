"""A forgotten password: a link by mail, and a new one in its place."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import people, ways_in
from app.services.access.people import PasswordWeak
from app.web.addresses import outside
from app.web.auth import counting
from app.web.auth.forms import AskForm, NewPasswordForm
from app.web.auth.pace import even
from app.web.auth.ways import MOST_MAILS
from app.web.context import now, session, settings

bp = Blueprint("resets", __name__)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.route("/reset", methods=["GET", "POST"])
def ask() -> Answer:
    """Ask for a link. The answer is the same whether or not anybody gets one."""
    form = AskForm()
    if request.method == "GET":
        return render_template("auth/reset.html", form=form)
    if not form.validate():
        return render_template("auth/reset.html", form=form), 400
    login = people.login_key(form.login.data or "")
    refused = counting.count(f"reset:{login}", form, MOST_MAILS)
    if refused:
        return render_template("auth/reset.html", form=form), *refused
    with even(), transaction(db.session) as changing:
        ways_in.ask_reset(changing, login, link=lambda token: outside("resets.choose", token=token), now=now())
    return redirect(url_for("resets.sent"), 303)


@bp.get("/reset/sent")
def sent() -> Answer:
    return render_template("auth/sent.html", goes_out=settings().smtp_url is not None)


@bp.route("/reset/<token>", methods=["GET", "POST"])
def choose(token: str) -> Answer:
    form = NewPasswordForm()
    if not ways_in.reset_opens(session(), token, now=now()):
        return _no_link()
    if request.method == "GET":
        return render_template("auth/choose.html", form=form)
    if not form.validate():
        return render_template("auth/choose.html", form=form), 400
    try:
        with transaction(db.session) as changing:
            ways_in.reset(changing, token, form.password.data or "", reset_page=outside("resets.ask"), now=now())
    except PasswordWeak as problem:
        form.refuse("password", weakness(problem))
        return render_template("auth/choose.html", form=form), 400
    except ways_in.LinkInvalid:
        return _no_link()
    flash(_("Your password is changed. Sign in with it."), "success")
    return redirect(url_for("auth.sign_in"), 303)


def weakness(problem: PasswordWeak) -> str:
    """Say what is wrong with a password."""
    if problem.guessable:
        return str(_("This password is too easy to guess: it is the sign-in name, or hardly more than one letter."))
    return str(_("A password has 10 to 256 characters."))


def _no_link() -> tuple[str, int]:
    return render_template("auth/no_link.html", again=url_for("resets.ask")), 404

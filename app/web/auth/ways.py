"""Signing in without a password, for people of distributors: by a link in a mail, or by a code in an SMS."""

import logging

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.typed.phones import NoPhoneNumber, phone_number, shown
from app.extensions import db
from app.services.access import people, ways_in
from app.services.access.signing_in import Method
from app.web.addresses import outside
from app.web.auth import counting, sessions
from app.web.auth.forms import AskForm, AskPhoneForm, CodeForm
from app.web.auth.pace import even
from app.web.context import keys, now, session, settings
from app.web.forms.asked import Sure

MOST_MAILS = 4
MOST_SMS = 3
_PHONE = "phone"

_log = logging.getLogger(__name__)

bp = Blueprint("ways", __name__)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.route("/sign-in/link", methods=["GET", "POST"])
def link() -> Answer:
    """Ask for a link. The answer is the same whether or not anybody gets one."""
    form = AskForm()
    if request.method == "GET":
        return render_template("auth/link.html", form=form)
    if not form.validate():
        return render_template("auth/link.html", form=form), 400
    login = people.login_key(form.login.data or "")
    refused = counting.count(f"link:{login}", form, MOST_MAILS)
    if refused:
        return render_template("auth/link.html", form=form), *refused
    with even(), transaction(db.session) as changing:
        ways_in.ask_link(changing, login, link=lambda token: outside("ways.open_link", token=token), now=now())
    return redirect(url_for("ways.link_sent"), 303)


@bp.get("/sign-in/link/sent")
def link_sent() -> Answer:
    return render_template("auth/sent.html", goes_out=settings().smtp_url is not None)


@bp.route("/sign-in/link/<token>", methods=["GET", "POST"])
def open_link(token: str) -> Answer:
    """Sign in with a link. Looking at it opens nothing: programs that read mail follow links as well."""
    form = Sure()
    if request.method == "GET":
        if not ways_in.link_opens(session(), token, now=now()):
            return _no_link()
        return render_template("auth/open_link.html", form=form)
    with transaction(db.session) as changing:
        person = ways_in.by_link(changing, token, now=now())
    if person is None:
        _log.warning("a link from %s opened nothing", request.remote_addr)
        return _no_link()
    sessions.begin(person, Method.LINK)
    return redirect(url_for("home.home"), 303)


@bp.route("/sign-in/code", methods=["GET", "POST"])
def code() -> Answer:
    """Ask for a code. The answer is the same whether or not anybody gets one."""
    form = AskPhoneForm()
    if request.method == "GET":
        return render_template("auth/code.html", form=form)
    if not form.validate():
        return render_template("auth/code.html", form=form), 400
    try:
        phone = phone_number(form.phone.data or "")
    except NoPhoneNumber:
        form.refuse("phone", _("This is no phone number. Write it with the country code, for example +48 600 100 200."))
        return render_template("auth/code.html", form=form), 400
    refused = counting.count(f"sms:{phone}", form, MOST_SMS)
    if refused:
        return render_template("auth/code.html", form=form), *refused
    with even(), transaction(db.session) as changing:
        ways_in.ask_code(changing, keys(), phone, now=now())
    cookie[_PHONE] = phone
    return redirect(url_for("ways.enter_code"), 303)


@bp.route("/sign-in/code/enter", methods=["GET", "POST"])
def enter_code() -> Answer:
    phone, form = cookie.get(_PHONE), CodeForm()
    if not isinstance(phone, str):
        return redirect(url_for("ways.code"), 303)
    if request.method == "GET":
        return _enter_page(form, phone)
    if not form.validate():
        return _enter_page(form, phone), 400
    refused = counting.count(f"code:{phone}", form)
    if refused:
        return _enter_page(form, phone), *refused
    with even(), transaction(db.session) as changing:
        person = ways_in.by_code(changing, keys(), phone, form.code.data or "", now=now())
    if person is None:
        _log.warning("a code from %s was not right", request.remote_addr)
        form.refuse("code", _("This code is not right, or too old. Ask for another one where it goes on like this."))
        return _enter_page(form, phone), 401
    counting.forget(f"code:{phone}")
    sessions.begin(person, Method.SMS)
    return redirect(url_for("home.home"), 303)


def _enter_page(form: CodeForm, phone: str) -> str:
    return render_template(
        "auth/enter_code.html", form=form, phone=shown(phone), goes_out=settings().sms_url is not None
    )


def _no_link() -> tuple[str, int]:
    return render_template("auth/no_link.html", again=url_for("ways.link")), 404

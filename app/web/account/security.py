"""What somebody signs in with: password, e-mail address, phone number."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.roles import is_of_distributors_alone, needs_second_factor
from app.domain.typed.phones import NoPhoneNumber, shown
from app.extensions import db
from app.models.people import UserAccount
from app.services.access import one_time, own_account, passkeys, people, second_factors
from app.services.access.people import PasswordWeak
from app.web.account import confirming
from app.web.account.forms import EmailForm, PasswordForm
from app.web.addresses import outside
from app.web.auth import counting
from app.web.auth.forms import AskPhoneForm, CodeForm
from app.web.auth.resets import weakness
from app.web.auth.ways import MOST_MAILS, MOST_SMS
from app.web.context import keys, now, person, place, session, settings

bp = Blueprint("security", __name__, url_prefix="/account")

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.get("/security")
def index() -> str:
    who = person()
    user = session().get_one(UserAccount, who.id)
    return render_template(
        "account/security.html",
        factors=second_factors.factors_of(session(), who.id),
        passkeys=passkeys.passkeys_of(session(), who.id),
        phone=shown(user.phone) if user.phone else None,
        by_phone=is_of_distributors_alone(who),
        needed=needs_second_factor(who),
    )


@bp.route("/password", methods=["GET", "POST"])
def password() -> Answer:
    who, form = person(), PasswordForm()
    has_one = second_factors.factors_of(session(), who.id).has_password
    if not has_one and (asked := confirming.first()):
        return asked

    def page() -> str:
        return render_template("account/password.html", form=form, has_one=has_one)

    if request.method == "GET":
        return page()
    if not form.validate():
        return page(), 400
    refused = counting.count(f"confirm:{who.id}", form)
    if refused:
        return page(), *refused
    try:
        with transaction(db.session) as changing:
            own_account.change_password(
                changing,
                who,
                session_id=place().id,
                current=form.current.data or "",
                password=form.password.data or "",
                reset_page=outside("resets.ask"),
                now=now(),
            )
    except own_account.WrongPassword:
        form.refuse("current", _("This is not your password."))
        return page(), 400
    except PasswordWeak as problem:
        form.refuse("password", weakness(problem))
        return page(), 400
    counting.forget(f"confirm:{who.id}")
    flash(_("Your password is changed. Wherever else you were signed in you are signed out."), "success")
    return redirect(url_for("security.index"), 303)


@bp.route("/email", methods=["GET", "POST"])
def email() -> Answer:
    if asked := confirming.first():
        return asked
    who, form = person(), EmailForm()
    if request.method == "GET":
        return render_template("account/email.html", form=form)
    if not form.validate():
        return render_template("account/email.html", form=form), 400
    refused = counting.count(f"email:{who.id}", form, MOST_MAILS)
    if refused:
        return render_template("account/email.html", form=form), *refused
    try:
        with transaction(db.session) as changing:
            own_account.begin_email(changing, keys(), who, form.login.data or "", now=now())
    except people.LoginInvalid:
        form.refuse("login", _("This is no e-mail address."))
        return render_template("account/email.html", form=form), 400
    return redirect(url_for("security.email_code"), 303)


@bp.route("/email/code", methods=["GET", "POST"])
def email_code() -> Answer:
    who, form = person(), CodeForm()

    def page() -> str:
        waits = one_time.awaits_code(session(), own_account.EMAIL, who.id, now=now())
        to = waits["login"] if waits else None
        return render_template("account/code.html", form=form, to=to, goes_out=settings().smtp_url is not None)

    if request.method == "GET":
        return page()
    if not form.validate():
        return page(), 400
    refused = counting.count(f"code:{who.id}", form)
    if refused:
        return page(), *refused
    with transaction(db.session) as changing:
        right = own_account.prove_email(changing, keys(), who, form.code.data or "", now=now())
    if not right:
        form.refuse("code", _("This code is not right, or too old. Ask for another one where it goes on like this."))
        return page(), 400
    counting.forget(f"code:{who.id}")
    flash(_("You sign in with the new address from now on."), "success")
    return redirect(url_for("security.index"), 303)


@bp.route("/phone", methods=["GET", "POST"])
def phone() -> Answer:
    if asked := confirming.first():
        return asked
    who, form = person(), AskPhoneForm()
    if request.method == "GET":
        return render_template("account/phone.html", form=form)
    if not form.validate():
        return render_template("account/phone.html", form=form), 400
    refused = counting.count(f"phone:{who.id}", form, MOST_SMS)
    if refused:
        return render_template("account/phone.html", form=form), *refused
    try:
        with transaction(db.session) as changing:
            own_account.begin_phone(changing, keys(), who, form.phone.data or "", now=now())
    except NoPhoneNumber:
        form.refuse("phone", _("This is no phone number. Write it with the country code, for example +48 600 100 200."))
        return render_template("account/phone.html", form=form), 400
    return redirect(url_for("security.phone_code"), 303)


@bp.route("/phone/code", methods=["GET", "POST"])
def phone_code() -> Answer:
    who, form = person(), CodeForm()

    def page() -> str:
        waits = one_time.awaits_code(session(), own_account.PHONE, who.id, now=now())
        to = shown(waits["phone"]) if waits else None
        return render_template("account/code.html", form=form, to=to, goes_out=settings().sms_url is not None)

    if request.method == "GET":
        return page()
    if not form.validate():
        return page(), 400
    refused = counting.count(f"code:{who.id}", form)
    if refused:
        return page(), *refused
    with transaction(db.session) as changing:
        right = own_account.prove_phone(changing, keys(), who, form.code.data or "", now=now())
    if not right:
        form.refuse("code", _("This code is not right, or too old. Ask for another one where it goes on like this."))
        return page(), 400
    counting.forget(f"code:{who.id}")
    flash(_("You can sign in by SMS from now on."), "success")
    return redirect(url_for("security.index"), 303)


@bp.post("/phone/remove")
def remove_phone() -> Answer:
    if asked := confirming.first():
        return asked
    with transaction(db.session) as changing:
        own_account.remove_phone(changing, person(), now=now())
    flash(_("Your phone number is removed."), "success")
    return redirect(url_for("security.index"), 303)

"""Proving anew who one is, before one changes what one signs in with."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import passkeys, people, second_factors, signing_in
from app.services.access.passkeys import PasskeyRefused
from app.web.account.forms import ConfirmForm
from app.web.auth import challenges, counting
from app.web.auth.views import going_to
from app.web.context import now, place, session
from app.web.forms.asked import Sure

bp = Blueprint("confirm", __name__, url_prefix="/account")

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]
JsonAnswer = Response | tuple[Response, int] | tuple[Response, int, dict[str, str]]
PURPOSE = "confirm"


def first() -> Response | None:
    """Lead to the question who one is, unless it was answered lately; then back to the page that was asked for."""
    if place().proved_lately(now()):
        return None
    back = request.path
    if request.method != "GET":  # what was sent is not sent again by itself: silence would look like success
        back = url_for("security.index")
        flash(_("Nothing is changed yet. Show who you are, then do it once more."), "warning")
    return redirect(url_for("confirm.ask", next=back), 303)


@bp.route("/confirm", methods=["GET", "POST"])
def ask() -> Answer:
    form, who = ConfirmForm(), place().person
    if request.method == "GET":
        return _page(form)
    if not form.validate():
        return _page(form), 400
    subject = f"confirm:{who.id}"
    refused = counting.count(subject, form)
    if refused:
        return _page(form), *refused
    with transaction(db.session) as changing:
        right = people.verify(changing, who.login, form.password.data or "") is not None
        if right:
            signing_in.prove(changing, place(), now())
    if not right:
        form.refuse("password", _("This is not your password."))
        return _page(form), 401
    counting.forget(subject)
    return redirect(going_to(), 303)


@bp.post("/confirm/passkey/options")
def options() -> JsonAnswer:
    return challenges.put(passkeys.ask_to_show(session(), challenges.party(), place().person.id), PURPOSE)


@bp.post("/confirm/passkey")
def show() -> JsonAnswer:
    challenge, answer = challenges.take(PURPOSE)
    form = Sure()
    refused = counting.count(f"confirm:{place().person.id}", form)
    if refused:
        return jsonify(problem=str(form.form_errors[0])), *refused
    try:
        with transaction(db.session) as changing:
            passkeys.show(changing, challenges.party(), challenge, answer, user_id=place().person.id, now=now())
            signing_in.prove(changing, place(), now())
    except PasskeyRefused:
        return jsonify(problem=_("This passkey is not one of yours.")), 401
    return jsonify(next=going_to())


def _page(form: ConfirmForm) -> str:
    factors = second_factors.factors_of(session(), place().person.id)
    return render_template("account/confirm.html", form=form, factors=factors)

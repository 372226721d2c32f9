"""Coming in by an invitation: a name, a password or a passkey for whoever is new; a sign-in for whoever is not."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import invitations
from app.services.access.invitations import Found, InvitationInvalid, InvitedAnother, SignInFirst
from app.services.access.people import PasswordWeak
from app.services.access.signing_in import Method
from app.web.auth import challenges, sessions
from app.web.auth.forms import InvitedForm
from app.web.auth.resets import weakness
from app.web.context import now, session, somebody
from app.web.languages import language

bp = Blueprint("invited", __name__)

Answer = str | Response | tuple[str, int]


@bp.route("/invitation/<token>", methods=["GET", "POST"])
def accept(token: str) -> Answer:
    try:
        found = invitations.find(session(), token, now=now())
        who = somebody()
        if who is not None and who.login != found.login:
            return render_template("auth/invited_another.html", invitation=found)
        if request.method == "GET" and (who is not None or not found.has_account):
            form = InvitedForm(name=found.name)
            return _page(form, found)
        if who is None and found.has_account:
            raise SignInFirst(found.login)
        return _go_in(token, found) if who is not None else _begin(token, found)
    except SignInFirst:
        return redirect(url_for("auth.sign_in", next=request.path), 303)
    except (InvitationInvalid, InvitedAnother):
        return render_template("auth/no_invitation.html"), 404


def _go_in(token: str, found: Found) -> Answer:
    """Give the role to somebody who is signed in."""
    with transaction(db.session) as changing:
        invitations.accept(changing, token, somebody=somebody(), now=now())
    flash(_("Welcome to %(program)s.", program=found.program_name), "success")
    return redirect(url_for("home.home", program=found.program_code), 303)


def _begin(token: str, found: Found) -> Answer:
    """Make an account for somebody new, and sign them in."""
    form = InvitedForm()
    if not form.validate():
        return _page(form, found), 400
    by_passkey = request.form.get("with") == "passkey" and challenges.possible()
    if not by_passkey and not form.password.data:
        form.refuse("password", _("Choose a password."))
        return _page(form, found), 400
    try:
        with transaction(db.session) as changing:
            person = invitations.accept(
                changing,
                token,
                name=form.name.data or "",
                password=None if by_passkey else form.password.data,
                locale=language(),
                now=now(),
            )
    except PasswordWeak as problem:
        form.refuse("password", weakness(problem))
        return _page(form, found), 400
    sessions.begin(person, Method.INVITATION)
    flash(_("Welcome to %(program)s.", program=found.program_name), "success")
    return redirect(url_for("own_passkeys.index" if by_passkey else "home.home"), 303)


def _page(form: InvitedForm, found: Found) -> str:
    return render_template("auth/invitation.html", form=form, invitation=found, passkeys=challenges.possible())

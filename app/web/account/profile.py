"""How somebody is called, and how pages look and speak to them."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.roles import gets_reminders, is_of_distributors_alone
from app.domain.typed.phones import shown
from app.extensions import db
from app.models.people import UserAccount
from app.services.access import leaving, own_account
from app.web.account.forms import ProfileForm
from app.web.addresses import id_sent
from app.web.context import now, person, session

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.route("/", methods=["GET", "POST"])
def index() -> str | Response | tuple[str, int]:
    who = person()
    account = session().get_one(UserAccount, who.id)
    form = ProfileForm(name=who.name, locale=who.locale or "", theme=who.theme or "", reminded=account.reminded)
    if request.method == "GET":
        return _page(form)
    if not form.validate():
        return _page(form), 400
    with transaction(db.session) as changing:
        own_account.set_profile(
            changing,
            who,
            name=form.name.data or "",
            locale=form.locale.data or None,
            theme=form.theme.data or None,
            reminded=form.reminded.data if gets_reminders(who) else None,
            now=now(),
        )
    flash(_("Your profile is saved."), "success")
    response = redirect(url_for("account.index"), 303)
    for cookie in ("theme", "language"):
        response.delete_cookie(cookie)  # what is kept with the person holds from now on
    return response


@bp.post("/leave")
def leave() -> Response:
    """Leave the team of a distributor whose sales rep one is."""
    try:
        with transaction(db.session) as changing:
            left = leaving.leave(changing, person(), id_sent("team") or 0, now=now())
    except leaving.AsksToBeErased:
        flash(_("You asked to be erased there: that is waited for, or taken back, before you leave."), "danger")
        return redirect(url_for("account.index"), 303)
    if left is None:
        abort(404)
    flash(_("You have left the team of %(company)s.", company=left.distributor), "success")
    return redirect(url_for("account.index"), 303)


def _page(form: ProfileForm) -> str:
    phone = session().get_one(UserAccount, person().id).phone
    return render_template(
        "account/profile.html",
        form=form,
        phone=shown(phone) if phone else None,
        by_phone=is_of_distributors_alone(person()),
        gets_reminders=gets_reminders(person()),
        teams=leaving.teams(session(), person()),
    )

"""Where one is signed in, and signing out elsewhere."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import people, signing_in
from app.web.account.browsers import browser_of
from app.web.addresses import id_sent
from app.web.context import now, person, place, session

bp = Blueprint("own_sessions", __name__, url_prefix="/account/sessions")


@bp.get("/")
def index() -> str:
    found = signing_in.sessions_of(session(), person().id, now())
    return render_template(
        "account/sessions.html", sessions=[(one, browser_of(one.agent)) for one in found], this_one=place().id
    )


@bp.post("/end")
def end() -> Response:
    session_id = id_sent("session")
    with transaction(db.session) as changing:
        ended = session_id is not None and signing_in.end(changing, session_id, person().id, now())
    if ended:
        flash(_("That place is signed out."), "success")
    return redirect(url_for("own_sessions.index"), 303)


@bp.post("/end-others")
def end_others() -> Response:
    with transaction(db.session) as changing:
        ended = people.end_sessions(changing, person().id, now=now(), but_session_id=place().id)
    flash(ngettext("%(num)s other place is signed out.", "%(num)s other places are signed out.", ended), "success")
    return redirect(url_for("own_sessions.index"), 303)

"""Views of lists: filters and order kept under a name, for oneself or for everybody in the programme."""

from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.models.desk import SavedView
from app.web.addresses import our_own
from app.web.context import now, person, scope

LONGEST_NAME = 64
LONGEST_QUERY = 1_000

bp = Blueprint("views", __name__)


@bp.post("/programs/<code:program_code>/views")
def save(program_code: str) -> Response:
    name = " ".join(request.form.get("name", "").split())[:LONGEST_NAME]
    listing = request.form.get("listing", "")[:LONGEST_NAME]
    query = urlencode(parse_qsl(request.form.get("query", "")[:LONGEST_QUERY]))
    if not name.isprintable() or not name or not listing.isidentifier():
        flash(_("Give the view a name."), "warning")
        return _back()
    with transaction(db.session) as session:
        values = {"query": query, "shared": request.form.get("shared") == "1", "created_at": now()}
        session.execute(
            insert(SavedView)
            .values(user_id=person().id, program_id=scope().program.id, listing=listing, name=name, **values)
            .on_conflict_do_update(index_elements=["user_id", "program_id", "listing", "name"], set_=values)
        )
    flash(_("The view “%(name)s” is saved.", name=name), "success")
    return _back()


@bp.post("/programs/<code:program_code>/views/remove")
def remove(program_code: str) -> Response:
    asked = request.form.get("view", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        abort(404)
    with transaction(db.session) as session:
        gone = session.execute(
            delete(SavedView)
            .where(
                SavedView.id == int(asked),
                SavedView.program_id == scope().program.id,
                SavedView.user_id == person().id,
            )
            .returning(SavedView.name)
        ).scalar_one_or_none()
    if gone is None:
        abort(404)
    flash(_("The view “%(name)s” is removed.", name=gone), "success")
    return _back()


def _back() -> Response:
    target = our_own(request.form.get("back")) or url_for("home.home")
    return redirect(target, 303)

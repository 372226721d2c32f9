"""Views of lists: filters and order kept under a name, for oneself or for everybody in the programme."""

from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, delete, or_
from sqlalchemy.dialects.postgresql import insert
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from app.db.transaction import transaction
from app.domain.roles import Permission
from app.extensions import db
from app.models.desk import SavedView
from app.web.access.guarding import permitted
from app.web.addresses import id_sent, our_own
from app.web.context import now, person, scope
from app.web.forms.form import Form

LONGEST_NAME = 64
LONGEST_QUERY = 1_000

bp = Blueprint("views", __name__)


class ViewForm(Form):
    """A view to be kept: what it is of, and where to go back to, are written by the list itself."""

    may_look_like_cards = frozenset({"query", "back"})

    name = StringField(_("Name of this view"), [InputRequired(_("Give the view a name.")), Length(max=LONGEST_NAME)])
    shared = BooleanField(_("Show it to everybody in the programme"), false_values=("", "0"))
    listing = HiddenField(validators=[Length(max=LONGEST_NAME), Regexp(r"^[a-z_]+$")])
    query = HiddenField(validators=[Length(max=LONGEST_QUERY)])
    back = HiddenField(validators=[Length(max=LONGEST_QUERY)])


@bp.post("/programs/<code:program_code>/views")
def save(program_code: str) -> Response | tuple[str, int]:
    form = ViewForm()
    if not form.validate():
        return render_template("admin/finding/view_save.html", form=form, back=_back_to()), 400
    with transaction(db.session) as session:
        values = {
            "query": urlencode(parse_qsl(form.query.data or "")),
            "shared": bool(form.shared.data),
            "created_at": now(),
        }
        session.execute(
            insert(SavedView)
            .values(
                user_id=person().id,
                program_id=scope().program.id,
                listing=form.listing.data,
                name=form.name.data,
                **values,
            )
            .on_conflict_do_update(index_elements=["user_id", "program_id", "listing", "name"], set_=values)
        )
    flash(gettext("The view “%(name)s” is saved.", name=form.name.data), "success")
    return redirect(_back_to(), 303)


@bp.post("/programs/<code:program_code>/views/remove")
def remove(program_code: str) -> Response:
    """Remove a view of one's own; who may change the programme also removes what somebody else shares in it."""
    view_id = id_sent("view")
    if view_id is None:
        abort(404)
    theirs: ColumnElement[bool] = SavedView.user_id == person().id
    if Permission.EDIT_PROGRAM in permitted():
        theirs = or_(theirs, SavedView.shared)
    with transaction(db.session) as session:
        gone = session.execute(
            delete(SavedView)
            .where(
                SavedView.id == view_id,
                SavedView.program_id == scope().program.id,
                theirs,
            )
            .returning(SavedView.name)
        ).scalar_one_or_none()
    if gone is None:
        abort(404)
    flash(gettext("The view “%(name)s” is removed.", name=gone), "success")
    return redirect(_back_to(), 303)


def _back_to() -> str:
    return our_own(request.form.get("back")) or url_for("home.home")

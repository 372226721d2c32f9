"""Views of lists: filters and order kept under a name, for oneself or for everybody in the programme."""

from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from app.db.transaction import transaction
from app.domain.roles import Permission
from app.extensions import db
from app.models.desk import SavedView
from app.models.people import UserAccount
from app.services import audit
from app.web.access.guarding import permitted
from app.web.addresses import id_sent, our_own
from app.web.context import now, person, scope
from app.web.forms.form import Form

LONGEST_NAME = 64
LONGEST_QUERY = 1_000

bp = Blueprint("views", __name__)


class ViewForm(Form):
    """A view to be kept: what it is of, and where to go back to, are written by the list itself.

    ``replaces`` is the name of the view of which whoever saves was told that it is lost: another name is asked anew.
    """

    may_look_like_cards = frozenset({"query", "back"})

    name = StringField(_("Name of this view"), [InputRequired(_("Give the view a name.")), Length(max=LONGEST_NAME)])
    shared = BooleanField(_("Show it to everybody in the programme"), false_values=("", "0"))
    listing = HiddenField(validators=[Length(max=LONGEST_NAME), Regexp(r"^[a-z_]+$")])
    query = HiddenField(validators=[Length(max=LONGEST_QUERY)])
    back = HiddenField(validators=[Length(max=LONGEST_QUERY)])
    replaces = HiddenField(validators=[Length(max=LONGEST_NAME)])


@bp.post("/programs/<code:program_code>/views")
def save(program_code: str) -> Response | tuple[str, int]:
    """Keep a view; where one's own of that name says something else, ask before it is replaced."""
    form = ViewForm()
    if not form.validate():
        return _asked_again(form), 400
    with transaction(db.session) as session:
        kept = _kept(session, form)
        if kept is not None:
            form.replaces.data, form.shared.data = kept.name, kept.shared or form.shared.data
            return _asked_again(form, kept), 409
    flash(gettext("The view “%(name)s” is saved.", name=form.name.data), "success")
    return redirect(_back_to(), 303)


def _kept(session: Session, form: ViewForm) -> SavedView | None:
    """Write a view down; give the one that would be lost by it, unless it was said that it may be."""
    bears = {
        "user_id": person().id,
        "program_id": scope().program.id,
        "listing": form.listing.data,
        "name": form.name.data,
    }
    query, shared = urlencode(parse_qsl(form.query.data or "")), bool(form.shared.data)
    new = (
        insert(SavedView)
        .values(**bears, query=query, shared=shared, created_at=now())
        .on_conflict_do_nothing()
        .returning(SavedView.id)
    )
    if session.scalar(new) is not None:
        return None
    there = select(SavedView).filter_by(**bears).with_for_update().execution_options(populate_existing=True)
    found = session.scalars(there).one_or_none()
    if found is None:  # removed in another window since
        return _kept(session, form)
    if (found.query, found.shared) == (query, shared):
        return None
    if form.replaces.data != found.name:
        return found
    found.query, found.shared, found.created_at = query, shared, now()
    return None


def _asked_again(form: ViewForm, kept: SavedView | None = None) -> str:
    return render_template("admin/finding/view_save.html", form=form, kept=kept, back=_back_to())


@bp.post("/programs/<code:program_code>/views/remove")
def remove(program_code: str) -> Response:
    """Remove a view of one's own; who may change the programme also removes what somebody else shares in it.

    What somebody else shared is missed by others: the log says who took it away, and what it was.
    """
    view_id = id_sent("view")
    if view_id is None:
        abort(404)
    theirs: ColumnElement[bool] = SavedView.user_id == person().id
    if Permission.EDIT_PROGRAM in permitted():
        theirs = or_(theirs, SavedView.shared)
    with transaction(db.session) as session:
        gone = session.scalars(
            delete(SavedView)
            .where(
                SavedView.id == view_id,
                SavedView.program_id == scope().program.id,
                theirs,
            )
            .returning(SavedView)
        ).one_or_none()
        if gone is None:
            abort(404)
        name = gone.name
        if gone.user_id != person().id:
            _note_removal(session, gone)
    flash(gettext("The view “%(name)s” is removed.", name=name), "success")
    return redirect(_back_to(), 303)


def _note_removal(session: Session, gone: SavedView) -> None:
    was = {
        "listing": gone.listing,
        "filter": gone.query,
        "shared_by": session.scalars(select(UserAccount.login).where(UserAccount.id == gone.user_id)).one(),
    }
    audit.note(session, person().login, "view.remove", gone.name, now=now(), program_id=gone.program_id, before=was)


def _back_to() -> str:
    return our_own(request.form.get("back")) or url_for("home.home")

"""Answers a request for a list: as a page with the views that were saved of it, or as a file."""

from typing import Any

from flask import abort, flash, redirect, render_template
from flask_babel import gettext as _
from sqlalchemy import bindparam, func, or_, select
from werkzeug.wrappers import Response

from app.db.first import First
from app.db.questions import Question
from app.db.transaction import transaction
from app.domain.roles import Permission, may
from app.extensions import db
from app.models.desk import SavedView
from app.models.people import UserAccount
from app.web import formats
from app.web.access.guarding import permitted
from app.web.context import person, scope, session
from app.web.lists import exporting, showing
from app.web.lists.describing import Listing


def answer(
    listing: Listing, template: str, *, counted: bool = False, rows: int = showing.ROWS, **more: Any
) -> str | Response:
    """Show a list in a template, which gets it as ``page``; or send it as a file where the address asks for one."""
    form = exporting.form_asked()
    if form is not None:
        if Permission(listing.export_permission) not in permitted():
            abort(404)
        try:
            with transaction(db.session) as writing:
                return exporting.send(writing, listing, form)
        except exporting.TooManyRows as refused:
            most = formats.figure(exporting.MOST_ROWS)
            flash(
                _("A file holds %(most)s rows at most, and the list has more. Narrow it down first.", most=most),
                "warning",
            )
            return redirect(refused.back, 303)
    page = showing.page(session(), listing, rows=rows, counted=counted)
    return render_template(template, page=page, views=saved_views(listing), **more)


def saved_views(listing: Listing) -> First[Any]:
    """Give the views of a list that whoever is signed in saved, or that others share: id, name, query, whose.

    Those of others say who shares them.
    """
    if scope().distributor is not None and not may(person(), Permission.SEE_PROGRAM, scope().program.id):
        return First()
    found = _VIEWS.ask(session(), program_id=scope().program.id, listing=listing.name, user_id=person().id)
    return First(found, found[0].views - len(found) if found else 0)


MOST_OFFERED = 50
_MINE = SavedView.user_id == bindparam("user_id")
_VIEWS = Question(
    select(
        SavedView.id,
        SavedView.name,
        SavedView.query,
        SavedView.shared,
        _MINE.label("mine"),
        UserAccount.name.label("who"),
        func.count().over().label("views"),  # all of them, however many are offered
    )
    .join(UserAccount, UserAccount.id == SavedView.user_id)
    .where(
        SavedView.program_id == bindparam("program_id"),
        SavedView.listing == bindparam("listing"),
        or_(_MINE, SavedView.shared),
    )
    .order_by(_MINE.desc(), SavedView.name)
    .limit(MOST_OFFERED)
)

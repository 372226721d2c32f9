"""The programme's terms, and accepting them."""

import re

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.joining import terms
from app.web.addresses import id_sent
from app.web.context import now, person, scope, session
from app.web.languages import language
from app.web.portal.home import own

bp = Blueprint("portal_terms", __name__)

_BETWEEN = re.compile(r"\r?\n\s*\n")
"""What parts the paragraphs of terms; those that were published stay as a browser sent them."""


@bp.get("/portal/<code:program_code>/<id:distributor_id>/terms")
def show(program_code: str, distributor_id: int) -> str:
    program = scope().program
    found = terms.in_force(session(), program.id, person().id)
    text = found.text(language(), program.locale) if found is not None else None
    return render_template("portal/company/terms.html", terms=found, paragraphs=_BETWEEN.split(text or ""), own=own())


@bp.post("/portal/<code:program_code>/<id:distributor_id>/terms")
def accept(program_code: str, distributor_id: int) -> Response:
    program, who = scope().program, person()
    found = terms.in_force(session(), program.id, who.id)
    if found is None:
        abort(404)
    if id_sent("terms") != found.id:
        flash(_("There is a newer version by now. Please read it."), "warning")
        return redirect(url_for("portal_terms.show", **own()), 303)
    with transaction(db.session) as writing:
        terms.accept(
            writing,
            program,
            found.id,
            who.id,
            login=who.login,
            locale=language(),
            address=request.remote_addr,
            now=now(),
        )
    flash(_("You have accepted the terms."), "success")
    return redirect(url_for("portal.home", **own()), 303)

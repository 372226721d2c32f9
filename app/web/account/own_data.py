"""What is kept about whoever is signed in: a copy to take away, and asking to be erased."""

import json

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import erasure_requests, own_data
from app.web.context import now, person, session

bp = Blueprint("own_data", __name__, url_prefix="/account/data")


@bp.get("/")
def index() -> str:
    return render_template("account/data.html", asked_at=erasure_requests.own_request(session(), person()))


@bp.get("/copy")
def copy() -> Response:
    """Give everything away as a file that people and machines can read."""
    written = json.dumps(own_data.copy_of(session(), person().id, now=now()), ensure_ascii=False, indent=2)
    answer = Response(written, mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@bp.post("/erasure")
def ask() -> AnyResponse:
    with transaction(db.session) as writing:
        erasure_requests.ask(writing, person(), now=now())
    flash(_("You have asked to be erased. An administrator carries it out."), "success")
    return redirect(url_for("own_data.index"), 303)


@bp.post("/erasure/withdraw")
def withdraw() -> AnyResponse:
    with transaction(db.session) as writing:
        erasure_requests.withdraw(writing, person(), now=now())
    flash(_("Your request is taken back."), "success")
    return redirect(url_for("own_data.index"), 303)

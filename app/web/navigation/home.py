"""Where somebody begins: the first page of a programme that is theirs."""

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from app.web.navigation.frame import choices

bp = Blueprint("home", __name__)


@bp.get("/")
def home() -> str | Response:
    found = choices()
    return redirect(found[0].address, 303) if found else render_template("home/nothing.html")

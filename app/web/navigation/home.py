"""Where somebody begins: the first page of a programme that is theirs, of the one that is asked for if it is."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.web.navigation.frame import choices

bp = Blueprint("home", __name__)


@bp.get("/")
def home() -> str | Response:
    found, asked = choices(), request.args.get("program")
    if not found:
        return render_template("home/nothing.html")
    begins = next((one for one in found if one.code == asked), found[0])
    return redirect(begins.address, 303)

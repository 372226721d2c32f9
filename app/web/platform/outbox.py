"""All messages, of every programme and of none: what is held because nothing is set up can be read here."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, url_for
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.models.messages import Message
from app.web.admin.outbox import let_go, listing, message_page, missing
from app.web.context import session
from app.web.lists import showing
from app.web.lists.describing import To

bp = Blueprint("platform_outbox", __name__, url_prefix="/platform/outbox")


def _query() -> Select[Any]:
    return select().select_from(Message)


MESSAGES = listing("all_messages", _query, To("platform_outbox.show", message_id="row_id"))


@bp.get("/")
def index() -> str:
    return render_template("platform/outbox.html", page=showing.page(session(), MESSAGES), missing=missing())


@bp.get("/<id:message_id>")
def show(message_id: int) -> str:
    if session().get(Message, message_id) is None:
        abort(404)
    return message_page(
        message_id,
        back=url_for("platform_outbox.index"),
        again=url_for("platform_outbox.send_again", message_id=message_id),
    )


@bp.post("/<id:message_id>/send-again")
def send_again(message_id: int) -> Response:
    if session().get(Message, message_id) is None:
        abort(404)
    let_go(message_id, None)
    return redirect(url_for("platform_outbox.show", message_id=message_id), 303)

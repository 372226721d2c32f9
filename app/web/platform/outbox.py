"""All messages, of every programme and of none: what is held because nothing is set up can be read here."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, url_for
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.models.messages import Message
from app.web.admin.people.outbox import SEND_AGAIN, let_go, let_many_go, listing, message_page, missing
from app.web.context import session
from app.web.lists import showing, together
from app.web.lists.describing import Action, To

bp = Blueprint("platform_outbox", __name__, url_prefix="/platform/outbox")


def _query() -> Select[Any]:
    return select().select_from(Message)


MESSAGES = listing(
    "all_messages",
    _query,
    To("platform_outbox.show", message_id="row_id"),
    Action(SEND_AGAIN, "platform_outbox.send_many", None),
)


@bp.get("/")
def index() -> str:
    return render_template("platform/outbox.html", page=showing.page(session(), MESSAGES), missing=missing())


@bp.post("/send-again")
def send_many() -> together.Answer:
    return let_many_go(MESSAGES, url_for("platform_outbox.index"), "platform_outbox", None)


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

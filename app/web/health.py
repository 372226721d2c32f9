"""Whether the application can work: for whoever watches it."""

from flask import Blueprint, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from app.web.context import session

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> tuple[Response, int]:
    try:
        session().execute(text("select 1"))
    except SQLAlchemyError:
        return jsonify(status="the database does not answer"), 503
    return jsonify(status="ok"), 200

"""Whether the application can work: for whoever watches it."""

import logging
import tempfile

from flask import Blueprint, jsonify
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.wrappers import Response

from app.db.transaction import met_no_room
from app.web.context import session, settings

SPILLS = "select count(*) from (select n from generate_series(1, 16384) as n order by md5(n::text) offset 0) as sorted"
"""Sorts more than the least of memory holds: PostgreSQL writes it to its disk, and keeps nothing of it."""
_PIECE = bytes(64 * 1024)

bp = Blueprint("health", __name__)
_log = logging.getLogger(__name__)


@bp.get("/healthz")
def healthz() -> tuple[Response, int]:
    """Say whether pages can be read."""
    try:
        session().execute(text("select 1"))
    except SQLAlchemyError:
        return jsonify(status="the database does not answer"), 503
    return jsonify(status="ok"), 200


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether what is sent can be kept as well: the disks of the database and of the home are written to."""
    try:
        session().execute(text("set local work_mem = '64kB'"))
        session().execute(text(SPILLS))
    except SQLAlchemyError as error:
        if isinstance(error, OperationalError) and met_no_room(error):
            return jsonify(status="the disk of the database is full"), 507
        return jsonify(status="the database does not answer"), 503
    try:
        with tempfile.TemporaryFile(dir=settings().home) as probe:
            probe.write(_PIECE)
    except OSError as problem:
        _log.error("nothing can be written to the home: %s", problem)
        return jsonify(status="nothing can be written to the home"), 507
    return jsonify(status="ok"), 200

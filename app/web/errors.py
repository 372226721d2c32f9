"""Pages for what went wrong. They ask nothing of the database, which may be what went wrong."""

import logging

from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Conflict, HTTPException, InternalServerError, RequestURITooLarge, ServiceUnavailable
from werkzeug.wrappers import Response

from app.db.transaction import met_another, met_no_room
from app.files import NO_ROOM

LONGEST_ADDRESS = 4_000
"""Characters of an address, with all that is asked in it: what is longer, browsers and proxies cut or refuse."""

_log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Answer every error with a page of our own."""
    app.register_error_handler(HTTPException, _page)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(OSError, _no_room)
    app.before_request(_not_too_long)


def _not_too_long() -> None:
    if len(request.path) + len(request.query_string) > LONGEST_ADDRESS:
        raise RequestURITooLarge


def _page(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()
    return _answer(error, str(error.code))


def _stale_form(error: CSRFError) -> Response:
    return _answer(error, "form")


def _no_database(error: OperationalError) -> Response:
    if met_another(error):
        _log.warning("%s met another transaction", request.path)
        return _answer(Conflict(), "409")
    if met_no_room(error):
        _log.error("%s has no room in the database: %s", request.path, error.orig)
        return _answer(InsufficientStorage(), "507")
    _log.error("the database does not answer: %s", error.orig)
    return _answer(ServiceUnavailable(), "503")


class InsufficientStorage(HTTPException):
    """There is no room to keep what was sent, or to write what was asked for."""

    code = 507
    description = "Insufficient Storage"


def _no_room(error: OSError) -> Response:
    """Say where the disk is full; any other refusal of the system is a fault like others."""
    if error.errno not in NO_ROOM:
        raise error
    _log.error("%s has no room: %s", request.path, error)
    return _answer(InsufficientStorage(), "507")


def _answer(error: HTTPException, kind: str) -> Response:
    response = error.get_response()
    response.data = render_template("errors/error.html", kind=kind, code=error.code or InternalServerError.code)
    response.mimetype = "text/html"
    return response

"""What the look is made of and no folder holds: drawings cut to those in use."""

from flask import Blueprint, Response, current_app, g, request, url_for

from app.web.context import scope_or_none, settings
from app.web.look.icons import sprite

bp = Blueprint("look", __name__)


@bp.get("/look/icons.svg")
def icons() -> Response:
    return Response(sprite()[0], mimetype="image/svg+xml")


def chart_decimals(unit: str) -> int:
    """Tell how many decimals a chart's figures have: plain ones, quantities, or the programme's money or points."""
    here = scope_or_none()
    if unit == "quantity":
        return 3
    if here is None or unit == "figure":
        return 0
    return here.program.currency_decimals if unit == "money" else here.program.point_decimals


def here_address() -> str:
    """Give the address to come back to from a choice on this page: the page itself, where it can be asked for."""
    if request.method == "GET" and request.url_rule is not None:
        return request.full_path.rstrip("?")
    if request.url_rule is not None and "GET" in (request.url_rule.methods or ()):
        return request.path
    return url_for("home.home")


def is_demo() -> bool:
    """Tell whether everything here is made up."""
    return settings().demo


def is_training() -> bool:
    """Tell whether the page's programme is one to learn and try in."""
    return bool(g.get("training", False))


def route_exists(endpoint: str) -> bool:
    """Tell whether there is such a page."""
    return endpoint in current_app.view_functions

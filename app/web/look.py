"""What the look is made of and no folder holds: drawings cut to those in use."""

from flask import Blueprint, Response

from app.web.context import scope_or_none
from app.web.icons import sprite

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

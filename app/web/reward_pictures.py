"""Pictures of rewards, given out under their hash: whoever knows that has seen a page with it."""

from flask import Blueprint, abort, url_for
from werkzeug.wrappers import Response

from app.services.rewarding import reward_pictures
from app.web.access.security import keep_bare
from app.web.context import session

bp = Blueprint("reward_pictures", __name__)


@bp.get("/look/rewards/<hash:sha256>")
def show(sha256: str) -> Response:
    found = reward_pictures.picture(session(), bytes.fromhex(sha256))
    if found is None:
        abort(404)
    return keep_bare(Response(found, mimetype="image/webp"))


def picture_address(sha256: bytes | None) -> str | None:
    """Give the address of a picture; none where there is none."""
    return url_for("reward_pictures.show", sha256=sha256.hex(), v=1) if sha256 is not None else None

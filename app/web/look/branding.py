"""A sponsor's look: the accent of a programme as a style sheet of its own, and its logo.

Both are given out under what they are (the colour, the hash), not under the programme's code: they never change, any
browser may keep them, and they tell nobody which programmes there are.
"""

from flask import Blueprint, abort, url_for
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from app.domain.colours import shades
from app.models.programs import Program
from app.services.setup.logos import logo as find_logo
from app.web.access.security import keep_bare
from app.web.context import session

bp = Blueprint("branding", __name__)


class ColourConverter(BaseConverter):
    """A colour in an address, without its #."""

    regex = r"[0-9a-f]{6}"
    part_isolating = True


class HashConverter(BaseConverter):
    """A SHA-256 in an address."""

    regex = r"[0-9a-f]{64}"
    part_isolating = True


@bp.get("/look/accents/<colour:accent>.css")
def accent(accent: str) -> Response:
    made = shades(f"#{accent}")
    # from body on: there our tokens are used, and those of :root stay what they are for whatever stands beside it
    sheet = (
        ":root, [data-bs-theme] {\n"
        f"  --accent: light-dark({made.button_light}, {made.button_dark});\n"
        f"  --accent-hover: light-dark({made.hover_light}, {made.hover_dark});\n"
        f"  --accent-line: light-dark({made.text_light}, {made.text_dark});\n"
        f"  --link: light-dark({made.text_light}, {made.text_dark});\n"
        "}\n"
    )
    return Response(sheet, mimetype="text/css")


@bp.get("/look/logos/<hash:sha256>")
def logo(sha256: str) -> Response:
    found = find_logo(session(), bytes.fromhex(sha256))
    if found is None:
        abort(404)
    return keep_bare(Response(found.content, mimetype=found.media_type))


def accent_address(program: Program | None) -> str | None:
    """Give the address of a programme's accent; none where it has Kontor's own."""
    chosen = (program.settings.get("branding") or {}).get("accent") if program is not None else None
    return url_for("branding.accent", accent=str(chosen).removeprefix("#"), v=1) if chosen else None


def logo_address(sha256: bytes) -> str:
    """Give the address of a logo."""
    return url_for("branding.logo", sha256=sha256.hex(), v=1)

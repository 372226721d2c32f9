"""The fonts of the pages. Until they are made, pages show what the device has: nobody waits for them."""

import hashlib
import logging
import subprocess
import sys
import threading
from pathlib import Path

from flask import Blueprint, Response, abort, current_app

from app.config import PROJECT
from app.web.addresses import address
from app.web.context import kontor, settings
from app.web.look.font_making import WEIGHTS, edition

bp = Blueprint("fonts", __name__)

_log = logging.getLogger(__name__)
_SECONDS = 120


@bp.get("/look/fonts/<name>.woff2")
def font(name: str) -> Response:
    if name not in WEIGHTS:
        abort(404)
    try:
        content = _path(name).read_bytes()
    except FileNotFoundError:
        abort(404)
    return Response(content, mimetype="font/woff2")


@bp.get("/look/fonts.css")
def faces() -> Response:
    sheet = "".join(
        f'@font-face {{ font-family: Kontor; font-weight: {weight}; font-display: swap; src: url("{address}") '
        'format("woff2"); }\n'
        for weight, address in zip(WEIGHTS.values(), font_addresses(), strict=True)
    )
    return Response(sheet, mimetype="text/css")


def font_addresses() -> list[str]:
    """Give the addresses of the fonts, in the order of `WEIGHTS`."""
    return [address("fonts.font", name=name, v=edition()) for name in WEIGHTS]


def faces_address() -> str | None:
    """Give the address of the sheet that names the fonts; None as long as they are being made."""
    if not _there():
        return None
    return address("fonts.faces", v=hashlib.sha256("".join(font_addresses()).encode()).hexdigest()[:12])


def _there() -> bool:
    made = kontor()
    if not made.get("fonts"):
        made["fonts"] = all(_path(name).exists() for name in WEIGHTS)
        begun: threading.Lock = made.setdefault("fonts_begun", threading.Lock())
        if not made["fonts"] and not current_app.testing and begun.acquire(blocking=False):
            threading.Thread(target=_make, args=(_folder(),), name="fonts", daemon=True).start()
    return bool(made["fonts"])


def _make(folder: Path) -> None:
    """Make them beside the server, once in a process: two that do it at once make the same."""
    try:
        command = [sys.executable, "-m", "app.web.look.font_making", str(folder)]
        subprocess.run(command, cwd=PROJECT, timeout=_SECONDS, check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError) as problem:
        _log.warning("the fonts could not be made, pages show what devices have: %s", problem)


def _folder() -> Path:
    return settings().home / "fonts"


def _path(name: str) -> Path:
    return _folder() / f"{edition()}-{name}.woff2"

"""Files that never change: their addresses carry a piece of their hash, so a browser may keep them."""

import functools
import gzip
import hashlib
from pathlib import Path

from flask import current_app, request, url_for
from werkzeug.wrappers import Response

_SHRINKS = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


def asset(filename: str) -> str:
    """Give the address of one of our own files."""
    return url_for("static", filename=filename, v=_version(current_app.static_folder or "", filename))


def bootstrap_asset(filename: str) -> str:
    """Give the address of one of Bootstrap's files, as its package carries them."""
    folder = current_app.blueprints["bootstrap"].static_folder or ""
    return url_for("bootstrap.static", filename=filename, v=_version(folder, filename))


def chart_scripts() -> list[str]:
    """Give the addresses of what draws charts, in the order in which they are loaded."""
    folder = current_app.blueprints["chartkick"].static_folder or ""
    return [
        url_for("chartkick.static", filename=name, v=_version(folder, name))
        for name in ("Chart.bundle.js", "chartkick.js")
    ]


def shrink(response: Response) -> Response:
    """Send a style sheet, a script or a drawing compressed to whoever takes it. Pages are not: they carry secrets."""
    if (
        response.status_code != 200
        or response.mimetype not in _SHRINKS
        or "v" not in request.args
        or "Content-Encoding" in response.headers
    ):
        return response
    response.headers.add("Vary", "Accept-Encoding")
    if request.accept_encodings["gzip"] <= 0:
        return response
    response.direct_passthrough = False
    response.set_data(_shrunk(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    etag, _weak = response.get_etag()
    if etag is not None:
        response.set_etag(f"{etag}-gzip")
    return response


@functools.lru_cache(maxsize=64)
def _shrunk(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)


def _version(folder: str, filename: str) -> str:
    path = Path(folder, filename)
    return _hash(path, path.stat().st_mtime_ns)


@functools.cache
def _hash(path: Path, changed_ns: int) -> str:
    """Hash a file; ``changed_ns`` makes an edited one another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]

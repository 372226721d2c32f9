"""Files that never change: their addresses carry a piece of their hash, so a browser may keep them."""

import functools
import gzip
import hashlib
import os
from pathlib import Path

from flask import current_app, request, url_for
from werkzeug.wrappers import Response

_SHRINKS = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


def asset(filename: str) -> str:
    """Give the address of one of our own files."""
    return _address("static", current_app.static_folder or "", filename)


def bootstrap_asset(filename: str) -> str:
    """Give the address of one of Bootstrap's files, as its package carries them."""
    return _address("bootstrap.static", current_app.blueprints["bootstrap"].static_folder or "", filename)


def chart_scripts() -> list[str]:
    """Give the addresses of what draws charts, in the order in which they are loaded."""
    folder = current_app.blueprints["chartkick"].static_folder or ""
    return [_address("chartkick.static", folder, name) for name in ("Chart.bundle.js", "chartkick.js")]


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


def _address(endpoint: str, folder: str, filename: str) -> str:
    path = f"{folder}/{filename}"
    return _written(request.script_root, endpoint, filename, path, os.stat(path).st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _written(root: str, endpoint: str, filename: str, path: str, changed_ns: int) -> str:
    """Write an address, once for each root that we are served under; ``changed_ns`` makes an edited file another."""
    return url_for(endpoint, filename=filename, v=hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12])

"""Addresses of files that never change: each carries a piece of its content's hash, so a browser may keep it."""

import functools
import hashlib
from pathlib import Path

from flask import current_app, url_for


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


def _version(folder: str, filename: str) -> str:
    path = Path(folder, filename)
    return _hash(path, path.stat().st_mtime_ns)


@functools.cache
def _hash(path: Path, changed_ns: int) -> str:
    """Hash a file; ``changed_ns`` makes an edited one another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]

"""Drawings: our names for them, and the sprite of just these, cut from the Bootstrap Icons of Bootstrap-Flask."""

import functools
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import flask_bootstrap
from flask import g, url_for
from markupsafe import Markup, escape

ICONS: Mapping[str, str] = MappingProxyType(
    {
        # places
        "home": "house",
        "inbox": "inbox",
        "upload": "upload",
        "download": "download",
        "users": "people",
        "user": "person",
        "user-add": "person-plus",
        "building": "building",
        "file": "file-earmark-text",
        "sheet": "file-earmark-spreadsheet",
        "box": "box-seam",
        "truck": "truck",
        "boxes": "boxes",
        "tags": "tags",
        "list": "list-ul",
        "ledger": "journal-text",
        "adjust": "plus-slash-minus",
        "rules": "sliders",
        "card": "credit-card",
        "runs": "arrow-left-right",
        "top-ups": "cash-stack",
        "wallet": "wallet2",
        "coin": "coin",
        "gift": "gift",
        "trophy": "trophy",
        "reports": "bar-chart",
        "trend": "graph-up",
        "settings": "gear",
        "audit": "clipboard-check",
        "texts": "chat-left-text",
        "palette": "palette",
        "mail": "envelope",
        "phone": "phone",
        "computer": "laptop",
        "camera": "camera",
        "calendar": "calendar3",
        "receipt": "receipt",
        "shop": "shop",
        "basket": "basket",
        # what one does
        "search": "search",
        "add": "plus-lg",
        "edit": "pencil",
        "delete": "trash",
        "copy": "copy",
        "filter": "funnel",
        "save": "bookmark",
        "star": "star",
        "repeat": "arrow-repeat",
        "undo": "arrow-counterclockwise",
        "send": "send",
        "link": "link-45deg",
        "open": "box-arrow-up-right",
        "leave": "box-arrow-right",
        "menu": "list",
        "more": "three-dots",
        "chevron": "chevron-down",
        "chevron-up": "chevron-up",
        "forward": "chevron-right",
        "back": "chevron-left",
        "arrow-up": "arrow-up",
        "arrow-down": "arrow-down",
        "arrow-right": "arrow-right",
        # how something stands
        "check": "check-lg",
        "check-circle": "check-circle",
        "cross": "x-lg",
        "cross-circle": "x-circle",
        "alert": "exclamation-triangle",
        "info": "info-circle",
        "question": "question-circle",
        "clock": "clock",
        "waiting": "hourglass-split",
        "blocked": "slash-circle",
        "dot": "dot",
        "bell": "bell",
        "eye": "eye",
        "eye-off": "eye-slash",
        # signing in and settings
        "key": "key",
        "lock": "lock",
        "passkey": "fingerprint",
        "language": "translate",
        "dark": "moon-stars",
        "light": "sun",
        "device": "circle-half",
        "keyboard": "keyboard",
    }
)
"""Our name of each drawing, and its name in Bootstrap Icons. Whoever needs another adds it."""

_SPRITE = Path(flask_bootstrap.__file__).parent / "static/bootstrap5/icons/bootstrap-icons.svg"
_SYMBOL = re.compile(r'<symbol [^>]*viewBox="([^"]+)" id="([^"]+)">(.*?)</symbol>', re.DOTALL)


class NoSuchIcon(LookupError):
    """No drawing has this name."""

    def __init__(self, name: str) -> None:
        """Say which, and where they are."""
        super().__init__(f"no icon is called {name!r}; they are in app/web/look/icons.py")


def drawing(name: str, css: str = "") -> Markup:
    """Draw one; it decorates a text that stands beside it. Pages have dozens, so no template writes it.

    Raises:
        NoSuchIcon: None is called this.
    """
    if name not in ICONS:
        raise NoSuchIcon(name)
    sheet = g.get("icons")
    if sheet is None:
        sheet = g.icons = escape(url_for("look.icons", v=sprite()[1]))
    css = f"icon {escape(css)}" if css else "icon"
    return Markup(f'<svg class="{css}" aria-hidden="true"><use href="{sheet}#{name}"></use></svg>')  # noqa: S704  # ours, but for what is escaped


@functools.cache
def sprite() -> tuple[bytes, str]:
    """Give the sprite of our drawings under our names, and a piece of its hash."""
    found = {name: (box, drawing) for box, name, drawing in _SYMBOL.findall(_SPRITE.read_text(encoding="utf-8"))}
    symbols = "".join(
        f'<symbol id="{ours}" viewBox="{found[theirs][0]}">{found[theirs][1]}</symbol>'
        for ours, theirs in ICONS.items()
    )
    content = f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'.encode()
    return content, hashlib.sha256(content).hexdigest()[:12]

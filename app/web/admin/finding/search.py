"""The search box at the top of every page: what it suggests while one types, and the page of all it found."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from app.services import search
from app.web.access.guarding import permitted
from app.web.access.permissions import ROUTES
from app.web.addresses import text_asked
from app.web.context import scope, session
from app.web.forms.proposing import proposed

bp = Blueprint("search", __name__)

KINDS: Mapping[str, tuple[Any, str, tuple[str, ...]]] = {
    "distributor": (_("Distributors"), "distributor_id", ("records.show",)),
    "document": (_("Documents"), "document_id", ("documents.show",)),
    "product": (_("Products"), "q", ("products.index",)),
    "reward": (_("Rewards"), "reward_id", ("reward_editor.edit", "rewards.preview")),
    "promotion": (_("Promotions"), "promotion_id", ("promotions.show",)),
    "card": (_("Cards"), "q", ("cards.index",)),
    "import": (_("Imports"), "batch_id", ("imports.show",)),
}
"""What is found: how it is called, and the page where it is, the first of these that somebody may have, with the key
that its address takes. Whoever may have none of them does not find it."""


@bp.get("/programs/<code:program_code>/search")
def index(program_code: str) -> str:
    typed = text_asked("q")
    return render_template(
        "admin/finding/search.html", typed=typed, found=_found(typed), shortest=search.SHORTEST, most=search.MOST
    )


@bp.get("/programs/<code:program_code>/search/suggest")
def suggest(program_code: str) -> Response:
    groups = _found(text_asked("q"))
    return proposed(sum(len(group["items"]) for group in groups), groups=groups)


def _found(typed: str) -> list[dict[str, Any]]:
    pages = _pages()
    groups: dict[str, list[dict[str, str]]] = {}
    for one in search.search(session(), scope().program.id, typed, list(pages)):
        groups.setdefault(one.kind, []).append(
            {
                "title": _TITLES.get(one.kind, str)(one.title),
                "more": one.more,
                "href": _address(pages[one.kind], one),
            }
        )
    return [{"kind": kind, "title": str(KINDS[kind][0]), "items": items} for kind, items in groups.items()]


def _pages() -> dict[str, str]:
    """Give the kinds that whoever is signed in may find, with the page that each leads to."""
    may, had = permitted(), {}
    for kind, (_title, _key, pages) in KINDS.items():
        page = next((page for page in pages if ROUTES[page].permission in may), None)
        if page is not None:
            had[kind] = page
    return had


def _address(page: str, one: search.Found) -> str:
    key = KINDS[one.kind][1]
    value: Any = one.more if one.kind == "product" else one.title if key == "q" else one.id
    return url_for(page, program_code=scope().program.code, **{key: value})


_TITLES: Mapping[str, Callable[[str], str]] = {"card": lambda last4: f"•••• {last4}"}

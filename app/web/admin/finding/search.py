"""The search box at the top of every page: what it suggests while one types, and the page of all it found."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from app.domain.roles import Permission, may
from app.services import search
from app.web.addresses import text_asked
from app.web.context import person, scope, session
from app.web.forms.proposing import proposed

bp = Blueprint("search", __name__)

KINDS: Mapping[str, tuple[Any, Permission, str, str]] = {
    "distributor": (_("Distributors"), Permission.SEE_DISTRIBUTORS, "records.show", "distributor_id"),
    "document": (_("Documents"), Permission.SEE_DOCUMENT, "documents.show", "document_id"),
    "product": (_("Products"), Permission.SEE_PRODUCTS, "products.index", "q"),
    "card": (_("Cards"), Permission.SEE_MONEY, "cards.index", "q"),
    "import": (_("Imports"), Permission.SEE_IMPORTS, "imports.show", "batch_id"),
}
"""What is found: how it is called, who may see it, and the page where it is."""


@bp.get("/programs/<code:program_code>/search")
def index(program_code: str) -> str:
    typed = text_asked("q")
    return render_template("admin/finding/search.html", typed=typed, found=_found(typed), shortest=search.SHORTEST)


@bp.get("/programs/<code:program_code>/search/suggest")
def suggest(program_code: str) -> Response:
    groups = _found(text_asked("q"))
    return proposed(sum(len(group["items"]) for group in groups), groups=groups)


def _found(typed: str) -> list[dict[str, Any]]:
    code, who = scope().program.code, person()
    seen = [
        kind for kind, (_title, permission, _page, _key) in KINDS.items() if may(who, permission, scope().program.id)
    ]
    groups: dict[str, list[dict[str, str]]] = {}
    for one in search.search(session(), scope().program.id, typed, seen):
        groups.setdefault(one.kind, []).append(
            {"title": _TITLES.get(one.kind, str)(one.title), "more": one.more, "href": _address(code, one)}
        )
    return [{"kind": kind, "title": str(KINDS[kind][0]), "items": items} for kind, items in groups.items()]


def _address(code: str, one: search.Found) -> str:
    _title, _permission, page, key = KINDS[one.kind]
    value: Any = one.more if one.kind == "product" else one.title if key == "q" else one.id
    return url_for(page, program_code=code, **{key: value})


_TITLES: Mapping[str, Callable[[str], str]] = {"card": lambda last4: f"•••• {last4}"}

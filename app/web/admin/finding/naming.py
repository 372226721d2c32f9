"""What forms name by a code, found by its name while somebody types, and called by it where it stands."""

from typing import Any

from flask import Blueprint
from sqlalchemy import func, literal, or_, select
from werkzeug.wrappers import Response

from app.domain.roles import Permission
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from app.web.access.guarding import permitted
from app.web.addresses import text_asked
from app.web.context import scope, session
from app.web.forms.proposing import proposed
from app.web.words.named import BY_CODE, Model, called, names_of, typed

bp = Blueprint("naming", __name__)

_MOST_OFFERED = 12
_NEEDS = {"products": Permission.SEE_PRODUCTS, "product_groups": Permission.SEE_PRODUCTS}


@bp.get("/programs/<code:program_code>/naming")
def suggest(program_code: str) -> Response:
    """Offer what a field may name, while somebody types: to those who may see it."""
    of, said = text_asked("of"), text_asked("q")
    finder = _OFFERED.get(of)
    needed = _NEEDS.get(of, Permission.SEE_DISTRIBUTORS)
    found = session().execute(finder(said)).all() if finder and said and needed in permitted() else []
    return proposed(len(found), found=[{"code": code, "name": name} for code, name in found])


@bp.app_template_global("named")
def named(of: str, text: str | None) -> dict[str, str]:
    """Give the names of codes that stand in a field."""
    return names_of(of, typed(text))


bp.add_app_template_global(called, "called")


def _named(model: Model) -> Any:
    def query(typed: str) -> Any:
        like = or_(model.code.icontains(typed, autoescape=True), model.name.icontains(typed, autoescape=True))
        return (
            select(model.code, model.name)
            .where(model.program_id == scope().program.id, like)
            .order_by(func.length(model.code), model.code)
            .limit(_MOST_OFFERED)
        )

    return query


def _written(column: Any, order: Any) -> Any:
    """Offer what the newest documents, or the distributors, say."""

    def query(typed: str) -> Any:
        newest = (
            select(column.label("text"))
            .where(column.class_.program_id == scope().program.id, column.is_not(None))
            .order_by(order)
            .limit(5_000)
            .subquery()
        )
        return (
            select(newest.c.text, literal(""))
            .where(newest.c.text.icontains(typed, autoescape=True))
            .distinct()
            .order_by(newest.c.text)
            .limit(_MOST_OFFERED)
        )

    return query


_OFFERED = {
    **{name: _named(model) for name, model in BY_CODE.items() if name != "rewards"},
    "tiers": _written(Distributor.tier, Distributor.id.desc()),
    "outlets": _written(SalesDocument.outlet, SalesDocument.issued_on.desc()),
    "channels": _written(SalesDocument.channel, SalesDocument.issued_on.desc()),
}

"""Products and their groups."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response

from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.web.context import scope, session
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Kind, Listing, OneOf, Search

bp = Blueprint("products", __name__)


_QUERY: Select[Any] = (
    select()
    .select_from(Product)
    .outerjoin(ProductGroup, ProductGroup.id == Product.group_id)
    .where(Product.program_id == HERE)
)


def _groups() -> Sequence[Choice]:
    rows = session().execute(
        select(ProductGroup.code, ProductGroup.name)
        .where(ProductGroup.program_id == scope().program.id)
        .order_by(ProductGroup.name)
    )
    return [Choice(code, name) for code, name in rows]


PRODUCTS = Listing(
    name="products",
    title=_("Products"),
    columns=(
        Column("name", _("Product"), Product.name, sort=Product.sort_key),
        Column("code", _("Code"), Product.code, Kind.CODE, Product.code_key),
        Column("ean", _("EAN"), Product.ean, Kind.CODE, phone=False),
        Column("group_name", _("Group"), ProductGroup.name),
    ),
    query=_QUERY,
    id=Product.id,
    default="name",
    filters=(
        Search(Product.name, Product.code, Product.ean, title=_("Name, code or EAN")),
        OneOf("group", _("Group"), _groups, lambda code: ProductGroup.code == code),
        OneOf(
            "grouped",
            _("Grouped"),
            (Choice("yes", _("In a group")), Choice("no", _("Without a group"))),
            lambda value: Product.group_id.is_not(None) if value == "yes" else Product.group_id.is_(None),
        ),
    ),
)


@bp.get("/programs/<code:program_code>/products")
def index(program_code: str) -> str | Response:
    return answer(PRODUCTS, "admin/products.html", counted=True)


@bp.get("/programs/<code:program_code>/groups")
def groups(program_code: str) -> str:
    """Show both trees of groups, each with how much is in it."""
    program_id = scope().program.id
    products = session().execute(
        select(ProductGroup.id, ProductGroup.parent_id, ProductGroup.code, ProductGroup.name, func.count(Product.id))
        .outerjoin(Product, Product.group_id == ProductGroup.id)
        .where(ProductGroup.program_id == program_id)
        .group_by(ProductGroup.id)
        .order_by(ProductGroup.name)
    )
    distributors = session().execute(
        select(
            DistributorGroup.id,
            DistributorGroup.parent_id,
            DistributorGroup.code,
            DistributorGroup.name,
            func.count(Distributor.id),
        )
        .outerjoin(Distributor, Distributor.group_id == DistributorGroup.id)
        .where(DistributorGroup.program_id == program_id)
        .group_by(DistributorGroup.id)
        .order_by(DistributorGroup.name)
    )
    return render_template("admin/groups.html", products=_tree(products), distributors=_tree(distributors))


def _tree(rows: Any) -> list[tuple[int, str, str, int]]:
    """Lay a tree out: depth, code, name, members; each group below the one above it."""
    below: dict[int | None, list[Any]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    laid: list[tuple[int, str, str, int]] = []
    waiting = [(0, row) for row in reversed(below.get(None, []))]
    while waiting:
        depth, row = waiting.pop()
        laid.append((depth, row.code, row.name, row[4]))
        waiting += [(depth + 1, one) for one in reversed(below.get(row.id, []))]
    return laid

"""Products and their groups; many products are moved to another group at once."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.services import catalogue
from app.web.admin.grouping import GroupForm
from app.web.context import now, person, scope, session
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Choice, Column, Kind, Listing, OneOf, Search
from app.web.lists.together import Deed, Row, Stays

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
    actions=(Action(_("Move to a group…"), "products.move_many", "edit_program"),),
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


@bp.post("/programs/<code:program_code>/products/move")
def move_many(program_code: str) -> together.Answer:
    form = GroupForm.of(catalogue.groups_of(session(), scope().program.id))

    def move(writing: Session, product_id: int) -> None:
        moved = catalogue.move(
            writing,
            scope().program,
            product_id,
            form.chosen,
            actor=person().login,
            now=now(),
            reason=form.reason.data or None,
        )
        if not moved:
            raise Stays(gettext("In this group already."))

    return together.decide(
        Deed(
            PRODUCTS,
            url_for("products.index", program_code=program_code),
            "products",
            heading=lambda count: ngettext("Move %(num)s product", "Move %(num)s products", count),
            means=_("Rules and rates of the new group hold for what comes in from now on. What is booked stays."),
            now=_("Group now"),
            button=_("Move"),
            done=lambda count: ngettext("%(num)s product is moved.", "%(num)s products are moved.", count),
            form=form,
            look=_look,
            do=move,
        )
    )


def _look(ids: Sequence[int]) -> Iterator[Row]:
    """Give products with the group that they are in."""
    found = session().execute(
        select(Product.id, Product.name, Product.code, ProductGroup.name)
        .outerjoin(ProductGroup, ProductGroup.id == Product.group_id)
        .where(Product.id.in_(ids))
    )
    for id_, name, code, group in found:
        yield Row(id_, name, code, group or gettext("None"))


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

"""Products; many are moved to another group at once, and each shows in which groups it was."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from app.db.transaction import transaction
from app.domain.typed.codes import ean_key, is_ean
from app.extensions import db
from app.models.catalogue import Product, ProductGroup
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.placing import placements
from app.web.addresses import id_asked
from app.web.admin.goods.grouping import MEANS, GroupForm, with_groups
from app.web.context import now, person, scope, session
from app.web.forms.form import CodeField, Form, choice
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.lists.together import Deed, Stays

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
        Column(
            "name",
            _("Product"),
            Product.name,
            sort=Product.sort_key,
            link=To("products.history", product="product_id"),
        ),
        Column("code", _("Code"), Product.code, Kind.CODE, Product.code_key),
        Column("ean", _("EAN"), Product.ean, Kind.CODE, phone=False),
        Column("group_name", _("Group"), ProductGroup.name),
        Column(
            "has_serials",
            _("Units"),
            Product.has_serials,
            words=lambda has: _("numbered, each counts once") if has else "",
            phone=False,
        ),
        Column("product_id", _("Product"), Product.id, shown=False, exported=False),
    ),
    query=_QUERY,
    id=Product.id,
    default="name",
    actions=(
        Action(_("Move to a group…"), "products.move_many", "edit_program"),
        Action(_("Serial numbers…"), "products.number_many", "edit_program"),
    ),
    filters=(
        Search(Product.name, Product.code, Product.ean, title=_("Name, code or EAN")),
        OneOf("group", _("Group"), _groups, lambda code: ProductGroup.code == code),
        OneOf(
            "grouped",
            _("Grouped"),
            (Choice("yes", _("In a group")), Choice("no", _("Without a group"))),
            lambda value: Product.group_id.is_not(None) if value == "yes" else Product.group_id.is_(None),
        ),
        OneOf(
            "units",
            _("Units"),
            (Choice("numbered", _("With serial numbers")), Choice("alike", _("Without serial numbers"))),
            lambda value: Product.has_serials.is_(value == "numbered"),
        ),
    ),
)


@bp.get("/programs/<code:program_code>/products")
def index(program_code: str) -> str | Response:
    return answer(PRODUCTS, "admin/goods/products.html", counted=True)


class NewProduct(Form):
    """A product by hand."""

    may_look_like_cards = frozenset({"ean"})

    code = CodeField(_("Code"), [InputRequired(_("Give it a code.")), Length(max=64)])
    name = StringField(_("Name"), [InputRequired(_("Fill in the name.")), Length(max=200)])
    ean = StringField(_("EAN"), [Length(max=20)], description=_("8, 12, 13 or 14 figures."))
    group = SelectField(_("Group"))

    def validate_ean(self, field: StringField) -> None:
        if field.data and ean_key(field.data) is None:
            raise ValidationError(gettext("This is no EAN."))
        if field.data and not is_ean(field.data):
            raise ValidationError(gettext("The last figure of an EAN proves the others: one of these is mistyped."))


@bp.route("/programs/<code:program_code>/products/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = NewProduct()
    groups = catalogue.groups_of(session(), scope().program.id)
    form.group.choices = [choice("", gettext("No group")), *(choice(str(id_), name) for id_, name in groups)]
    if request.method == "GET":
        return render_template("admin/goods/product_new.html", form=form)
    if form.validate():
        row = ProductRow(
            code=form.code.data or "",
            name=form.name.data or "",
            group_id=int(form.group.data) if form.group.data else None,
            ean=form.ean.data or None,
        )
        try:
            with transaction(db.session) as writing:
                catalogue.create(writing, scope().program, row, actor=person().login, now=now())
        except catalogue.CodeTaken:
            form.refuse("code", gettext("Another product has this code."))
        except catalogue.EanTaken:
            form.refuse("ean", gettext("Another product has this EAN."))
        else:
            flash(gettext("%(name)s is a product of the programme now.", name=row.name), "success")
            return redirect(url_for("products.index", program_code=program_code), 303)
    return render_template("admin/goods/product_new.html", form=form), 400


@bp.post("/programs/<code:program_code>/products/move")
def move_many(program_code: str) -> together.Answer:
    form = GroupForm.of(catalogue.groups_of(session(), scope().program.id))

    def move(writing: Session, product_id: int) -> None:
        moved = catalogue.move(
            writing,
            scope().program,
            product_id,
            form.chosen,
            form.from_on.data,
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
            means=MEANS,
            now=_("Group now"),
            button=_("Move"),
            done=lambda count: ngettext("%(num)s product is moved.", "%(num)s products are moved.", count),
            form=form,
            look=lambda ids: with_groups(Product, ProductGroup, ids),
            do=move,
        )
    )


class UnitsForm(Form):
    """Whether units are told apart."""

    units = RadioField(_("Units"), [InputRequired(_("Choose one."))])

    @classmethod
    def offered(cls) -> "UnitsForm":
        """Offer both."""
        form = cls()
        form.units.choices = [
            choice("numbered", gettext("Each has a serial number, which is asked for and counts once")),
            choice("alike", gettext("They are not told apart")),
        ]
        return form


@bp.post("/programs/<code:program_code>/products/serials")
def number_many(program_code: str) -> together.Answer:
    """Say of many products whether their units have serial numbers."""
    form = UnitsForm.offered()

    def say(writing: Session, product_id: int) -> None:
        numbered = form.units.data == "numbered"
        if not catalogue.number_units(
            writing, scope().program, product_id, has_serials=numbered, actor=person().login, now=now()
        ):
            raise Stays(gettext("It is so already."))

    return together.decide(
        Deed(
            PRODUCTS,
            url_for("products.index", program_code=program_code),
            "products",
            heading=lambda count: ngettext(
                "Serial numbers of %(num)s product", "Serial numbers of %(num)s products", count
            ),
            means=_("Whoever registers an invoice writes the serial number of each unit; no unit counts twice."),
            now=_("Group now"),
            button=_("Save"),
            done=lambda count: ngettext("%(num)s product is changed.", "%(num)s products are changed.", count),
            form=form,
            look=lambda ids: with_groups(Product, ProductGroup, ids),
            do=say,
        )
    )


@bp.get("/programs/<code:program_code>/products/history")
def history(program_code: str) -> str:
    """Show in which groups the product that the address asks for was, from which day on."""
    product = (
        session()
        .execute(
            select(Product.id, Product.name, Product.code, Product.ean, ProductGroup.name.label("group"))
            .outerjoin(ProductGroup, ProductGroup.id == Product.group_id)
            .where(Product.id == (id_asked("product") or 0), Product.program_id == scope().program.id)
        )
        .one_or_none()
    )
    if product is None:
        abort(404)
    stays = placements.history(session(), placements.PRODUCTS, product.id)
    return render_template("admin/goods/product_history.html", product=product, stays=stays)

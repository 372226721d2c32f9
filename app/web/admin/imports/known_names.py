"""What the names mean that sources have for products and distributors: looked up, changed, forgotten."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.states import NamedThing
from app.domain.typed.codes import code_key
from app.extensions import db
from app.models.aliases import DistributorAlias, ProductAlias
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.services.goods import catalogue
from app.services.imported import aliases
from app.services.imported.aliases import LARGEST_UNIT, LONGEST, SAME_UNIT, AliasRefused, Meaning, NoSuchName
from app.services.participants import distributors
from app.web import formats
from app.web.admin.imports.name_lists import DISTRIBUTOR_NAMES, EVERY_SOURCE, NOTHING, PRODUCT_NAMES
from app.web.context import now, person, scope, session
from app.web.forms.asked import Sure
from app.web.forms.fields import Between, QuantityField
from app.web.forms.form import Form, choice
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import Listing
from app.web.lists.together import Deed, Row, Stays

bp = Blueprint("known_names", __name__)

Name: TypeAlias = ProductAlias | DistributorAlias


class NameForm(Form):
    """What one name means, or that what it stands for does not take part."""

    may_look_like_cards = frozenset({"code"})

    takes_part = RadioField(
        _("Documents that name it"),
        [InputRequired(_("Choose one."))],
        choices=[choice("yes", _("count for what it means")), choice("no", _("are refused: it does not take part"))],
    )
    code = StringField(_("It means"), [Length(max=64)])
    unit = QuantityField(
        _("One unit of theirs is so many of ours"),
        [Between(1, LARGEST_UNIT)],
        description=_("1 where they count as we do; 12 for a box of twelve."),
    )
    reason = StringField(_("Why it does not take part"), [Length(max=200)])


class NewName(Form):
    """A name that no file has brought yet, and what it means."""

    may_look_like_cards = frozenset({"code"})

    name = StringField(_("Name"), [InputRequired(), Length(max=LONGEST)])
    source = SelectField(_("Source"))
    code = StringField(_("It means"), [InputRequired(), Length(max=64)])
    unit = QuantityField(
        _("One unit of theirs is so many of ours"),
        [InputRequired(_("Say how many.")), Between(1, LARGEST_UNIT)],
        description=_("1 where they count as we do; 12 for a box of twelve."),
    )


@dataclass(frozen=True)
class Sort:
    """Names of one sort of thing: their list, where they are kept, and what they mean."""

    what: NamedThing
    listing: Listing
    kept: type[ProductAlias] | type[DistributorAlias]
    things: type[Product] | type[Distributor]
    index: str
    new: str
    change: str
    forget: str
    parameter: str
    picks: str

    def meaning(self, one: Name) -> int | None:
        """Give the id of what a name means; none: it does not take part."""
        return one.product_id if isinstance(one, ProductAlias) else one.distributor_id


PRODUCTS = Sort(
    NamedThing.PRODUCT,
    PRODUCT_NAMES,
    ProductAlias,
    Product,
    "known_names.of_products",
    "known_names.new_product",
    "known_names.change_product",
    "known_names.forget_product",
    "product_name_id",
    "products",
)
DISTRIBUTORS = Sort(
    NamedThing.DISTRIBUTOR,
    DISTRIBUTOR_NAMES,
    DistributorAlias,
    Distributor,
    "known_names.of_distributors",
    "known_names.new_distributor",
    "known_names.change_distributor",
    "known_names.forget_distributor",
    "distributor_name_id",
    "distributors",
)


@bp.get("/programs/<code:program_code>/imports/names")
def of_products(program_code: str) -> str | Response:
    return answer(PRODUCT_NAMES, "admin/imports/known_names.html")


@bp.get("/programs/<code:program_code>/imports/names/distributors")
def of_distributors(program_code: str) -> str | Response:
    return answer(DISTRIBUTOR_NAMES, "admin/imports/known_names.html")


@bp.route("/programs/<code:program_code>/imports/names/new", methods=["GET", "POST"])
def new_product(program_code: str) -> str | Response | tuple[str, int]:
    return _new(PRODUCTS)


@bp.route("/programs/<code:program_code>/imports/names/distributors/new", methods=["GET", "POST"])
def new_distributor(program_code: str) -> str | Response | tuple[str, int]:
    return _new(DISTRIBUTORS)


@bp.get("/programs/<code:program_code>/imports/names/<id:product_name_id>")
def product(program_code: str, product_name_id: int) -> str:
    return _show(PRODUCTS, product_name_id)


@bp.get("/programs/<code:program_code>/imports/names/distributors/<id:distributor_name_id>")
def distributor(program_code: str, distributor_name_id: int) -> str:
    return _show(DISTRIBUTORS, distributor_name_id)


@bp.post("/programs/<code:program_code>/imports/names/<id:product_name_id>")
def change_product(program_code: str, product_name_id: int) -> Response | tuple[str, int]:
    return _change(PRODUCTS, product_name_id)


@bp.post("/programs/<code:program_code>/imports/names/distributors/<id:distributor_name_id>")
def change_distributor(program_code: str, distributor_name_id: int) -> Response | tuple[str, int]:
    return _change(DISTRIBUTORS, distributor_name_id)


@bp.post("/programs/<code:program_code>/imports/names/<id:product_name_id>/forget")
def forget_product(program_code: str, product_name_id: int) -> Response:
    return _forget(PRODUCTS, product_name_id)


@bp.post("/programs/<code:program_code>/imports/names/distributors/<id:distributor_name_id>/forget")
def forget_distributor(program_code: str, distributor_name_id: int) -> Response:
    return _forget(DISTRIBUTORS, distributor_name_id)


@bp.post("/programs/<code:program_code>/imports/names/forget")
def forget_products(program_code: str) -> together.Answer:
    return _forget_many(PRODUCTS)


@bp.post("/programs/<code:program_code>/imports/names/distributors/forget")
def forget_distributors(program_code: str) -> together.Answer:
    return _forget_many(DISTRIBUTORS)


def _new(sort: Sort) -> str | Response | tuple[str, int]:
    """Write a name down before a file brings it."""
    form = NewName() if request.method == "POST" else NewName(formdata=None, data={"unit": SAME_UNIT})
    profiles = sorted(scope().program.import_profiles)
    form.source.choices = [choice("", EVERY_SOURCE), *(choice(one, one) for one in profiles)]
    if sort is not PRODUCTS:
        del form.unit
    if request.method == "GET":
        return render_template("admin/imports/known_name_new.html", sort=sort, form=form)
    if form.validate() and (meaning := _meaning(sort, form)) is not None:
        try:
            with transaction(db.session) as writing:
                _put(writing, sort, str(form["name"].data), meaning, profile_name=form.source.data or None)
        except AliasRefused as problem:
            form.refuse("name", formats.told(problem.said))
        else:
            flash(gettext("What %(name)s means is written down.", name=form["name"].data), "success")
            return redirect(url_for(sort.index, program_code=scope().program.code), 303)
    return render_template("admin/imports/known_name_new.html", sort=sort, form=form), 400


def _show(sort: Sort, name_id: int) -> str:
    one = _kept(sort, name_id)
    meaning = sort.meaning(one)
    data: dict[str, Any] = {
        "takes_part": "no" if meaning is None else "yes",
        "code": _code(sort, meaning),
        "reason": one.reason,
    }
    if isinstance(one, ProductAlias):
        data["unit"] = one.unit_milli
    return _page(sort, one, _form(sort, formdata=None, data=data))


def _kept(sort: Sort, name_id: int) -> Name:
    """Give the name that the address names; the guard has found it."""
    found: Name = session().scalars(select(sort.kept).where(sort.kept.id == name_id)).one()  # type: ignore[assignment]
    return found


def _code(sort: Sort, id_: int | None) -> str | None:
    return None if id_ is None else session().scalars(select(sort.things.code).where(sort.things.id == id_)).one()


def _form(sort: Sort, **given: Any) -> NameForm:
    """Ask what a name means; only products are counted in units."""
    form = NameForm(**given)
    if sort is not PRODUCTS:
        del form.unit
    return form


def _page(sort: Sort, one: Name, form: NameForm) -> str:
    of = _owner(one)
    source = one.profile_name if of is None else _code(DISTRIBUTORS, of)
    return render_template(
        "admin/imports/known_name.html",
        sort=sort,
        one=one,
        form=form,
        source=source or EVERY_SOURCE,
        this={sort.parameter: one.id},
    )


def _change(sort: Sort, name_id: int) -> Response | tuple[str, int]:
    one, form = _kept(sort, name_id), _form(sort)
    meaning = _meant(sort, one, form) if form.validate() else None
    if meaning is None:
        return _page(sort, one, form), 400
    try:
        with transaction(db.session) as writing:
            of = {} if sort is not PRODUCTS else {"source_distributor_id": _owner(one)}
            _put(writing, sort, one.alias, meaning, profile_name=one.profile_name, **of)
    except AliasRefused as problem:
        form.refuse(None, formats.told(problem.said))
        return _page(sort, one, form), 400
    flash(gettext("What %(name)s means is changed, for what comes from now on.", name=one.alias), "success")
    return redirect(url_for(sort.index, program_code=scope().program.code), 303)


def _meant(sort: Sort, one: Name, form: NameForm) -> Meaning | None:
    """Read what a name is said to mean; none: the form says what is wrong."""
    if form.takes_part.data == "no":
        if not (form.reason.data or "").strip():
            form.refuse("reason", gettext("Say why."))
            return None
        return Meaning(None, reason=form.reason.data)
    if form.reason.data and form.reason.data != one.reason:  # that of before is no longer true, and goes
        form.refuse("reason", gettext("Leave it empty: what counts needs no reason."))
    if "unit" in form and form.unit.data is None:
        form.refuse("unit", gettext("Say how many."))
    return _meaning(sort, form)


def _meaning(sort: Sort, form: NameForm | NewName) -> Meaning | None:
    """Read which thing a name is said to mean; none: the form says what is wrong."""
    target = _target(sort, form.code.data or "")
    if target is None:
        form.refuse("code", gettext("Nothing here has this code."))
    if form.errors or target is None:
        return None
    return Meaning(target, int(form.unit.data) if "unit" in form else SAME_UNIT)


def _target(sort: Sort, code: str) -> int | None:
    if sort is PRODUCTS:
        return catalogue.product_ids(session(), scope().program.id).get(code_key(code))
    return distributors.id_of_code(session(), scope().program.id, code)


def _put(writing: Session, sort: Sort, name: str, meaning: Meaning, **source: Any) -> None:
    put = aliases.put_product_alias if sort is PRODUCTS else aliases.put_distributor_alias
    put(writing, scope().program, name, meaning, **source, actor=person().login, now=now())


def _owner(one: Name) -> int | None:
    """Give the distributor in whose rows alone a name means something."""
    return one.source_distributor_id if isinstance(one, ProductAlias) else None


def _forget(sort: Sort, name_id: int) -> Response:
    with transaction(db.session) as writing:
        called = aliases.forget(writing, scope().program, sort.what, name_id, actor=person().login, now=now())
    flash(gettext("%(name)s is forgotten; what was imported by it stays.", name=called), "success")
    return redirect(url_for(sort.index, program_code=scope().program.code), 303)


def _forget_many(sort: Sort) -> together.Answer:
    """Look at names once more, then forget them."""
    return together.decide(
        Deed(
            sort.listing,
            url_for(sort.index, program_code=scope().program.code),
            "unmatched",
            heading=lambda count: ngettext("Forget %(num)s name", "Forget %(num)s names", count),
            means=_(
                "What was imported by them stays. In files that come from now on nobody knows them, and they wait."
            ),
            now=_("Means"),
            button=_("Forget"),
            done=lambda count: ngettext("%(num)s name is forgotten.", "%(num)s names are forgotten.", count),
            form=Sure(),
            look=lambda ids: _seen(sort, ids),
            do=lambda writing, name_id: _remove(writing, sort, name_id),
            danger=True,
        )
    )


def _seen(sort: Sort, ids: Sequence[int]) -> Iterable[Row]:
    meaning = ProductAlias.product_id if sort is PRODUCTS else DistributorAlias.distributor_id
    rows = session().execute(
        select(sort.kept.id, sort.kept.alias, sort.kept.profile_name, sort.things.name)
        .outerjoin(sort.things, sort.things.id == meaning)
        .where(sort.kept.id.in_(ids))
    )
    for id_, alias, profile, name in rows:
        yield Row(id_, alias, profile or "", name or NOTHING)


def _remove(writing: Session, sort: Sort, name_id: int) -> None:
    try:
        aliases.forget(writing, scope().program, sort.what, name_id, actor=person().login, now=now())
    except NoSuchName:
        raise Stays(_("Somebody forgot it before.")) from None

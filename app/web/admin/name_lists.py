"""The lists of names that sources have for products and for distributors, as somebody said what they mean."""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.models.aliases import DistributorAlias, ProductAlias
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.web.context import scope
from app.web.lists.describing import HERE, Action, Choice, Column, Filter, Kind, Listing, OneOf, Search, To

_OF_PROFILE = "profile:"
EVERY_SOURCE = _("every source")
NOTHING = _("does not take part")


def _or_none(text: Any) -> Any:
    """Let a column that may be empty say what that means."""
    return func.coalesce(text, "")


def _said(name: str) -> Any:
    return name or NOTHING


def _source(name: str) -> Any:
    return name or EVERY_SOURCE


def _what(row: Any) -> str:
    """Give the code of what a name means, or why it means nothing."""
    return str(row.code or row.reason or "")


def _sources(name: type[Any], others: Sequence[Choice], of_others: Callable[[str], Any]) -> Filter:
    """Ask for the names of one source; ``others`` are those that are no profile."""

    def choices() -> list[Choice]:
        profiles = [Choice(f"{_OF_PROFILE}{one}", one) for one in sorted(scope().program.import_profiles)]
        return [*others, *profiles]

    def condition(value: str) -> Any:
        if value.startswith(_OF_PROFILE):
            return name.profile_name == value.removeprefix(_OF_PROFILE)
        return of_others(value)

    return OneOf("source", _("Source"), choices, condition)


_MEANS = (Choice("something", _("Means something here")), Choice("nothing", _("Does not take part")))
_FORGET = _("Forget…")
_SOURCE = aliased(Distributor)

PRODUCT_NAMES = Listing(
    name="product_names",
    title=_("Names of products"),
    columns=(
        Column(
            "alias",
            _("Name"),
            ProductAlias.alias,
            sort=ProductAlias.alias_key,
            link=To("known_names.product", product_name_id="row_id"),
        ),
        Column("means", _("Means"), _or_none(Product.name), words=_said, small=_what),
        Column("unit", _("One unit of theirs"), ProductAlias.unit_milli, Kind.QUANTITY, phone=False, summed=False),
        Column(
            "source",
            _("Source"),
            func.coalesce(ProductAlias.profile_name, _SOURCE.name, ""),
            words=_source,
        ),
        Column("by", _("Said by"), ProductAlias.created_by, Kind.PERSON, phone=False),
        Column("at", _("Changed"), ProductAlias.created_at, Kind.INSTANT, ProductAlias.created_at, phone=False),
        Column("code", _("Code"), Product.code, Kind.CODE, shown=False),
        Column("reason", _("Reason"), ProductAlias.reason, shown=False),
    ),
    query=select()
    .select_from(ProductAlias)
    .outerjoin(Product, Product.id == ProductAlias.product_id)
    .outerjoin(_SOURCE, _SOURCE.id == ProductAlias.source_distributor_id)
    .where(ProductAlias.program_id == HERE),
    id=ProductAlias.id,
    default="alias",
    filters=(
        Search(ProductAlias.alias, Product.name, Product.code, title=_("Name or code")),
        _sources(
            ProductAlias,
            [Choice("all", EVERY_SOURCE), Choice("distributors", _("a distributor’s rows"))],
            lambda value: (
                ProductAlias.source_distributor_id.is_not(None)
                if value == "distributors"
                else ProductAlias.profile_name.is_(None) & ProductAlias.source_distributor_id.is_(None)
            ),
        ),
        OneOf(
            "means",
            _("Means"),
            _MEANS,
            lambda value: ProductAlias.product_id.is_(None) == (value == "nothing"),
        ),
    ),
    actions=(Action(_FORGET, "known_names.forget_products", "decide", danger=True),),
)

DISTRIBUTOR_NAMES = Listing(
    name="distributor_names",
    title=_("Names of distributors"),
    columns=(
        Column(
            "alias",
            _("Name"),
            DistributorAlias.alias,
            sort=DistributorAlias.alias_key,
            link=To("known_names.distributor", distributor_name_id="row_id"),
        ),
        Column("means", _("Means"), _or_none(Distributor.name), words=_said, small=_what),
        Column("source", _("Source"), _or_none(DistributorAlias.profile_name), words=_source),
        Column("by", _("Said by"), DistributorAlias.created_by, Kind.PERSON, phone=False),
        Column("at", _("Changed"), DistributorAlias.created_at, Kind.INSTANT, DistributorAlias.created_at, phone=False),
        Column("code", _("Code"), Distributor.code, Kind.CODE, shown=False),
        Column("reason", _("Reason"), DistributorAlias.reason, shown=False),
    ),
    query=select()
    .select_from(DistributorAlias)
    .outerjoin(Distributor, Distributor.id == DistributorAlias.distributor_id)
    .where(DistributorAlias.program_id == HERE),
    id=DistributorAlias.id,
    default="alias",
    filters=(
        Search(DistributorAlias.alias, Distributor.name, Distributor.code, title=_("Name or code")),
        _sources(
            DistributorAlias, [Choice("all", EVERY_SOURCE)], lambda _value: DistributorAlias.profile_name.is_(None)
        ),
        OneOf(
            "means",
            _("Means"),
            _MEANS,
            lambda value: DistributorAlias.distributor_id.is_(None) == (value == "nothing"),
        ),
    ),
    actions=(Action(_FORGET, "known_names.forget_distributors", "decide", danger=True),),
)

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


def _columns(name: type[Any], meant: type[Any], link: To, source: Any, *more: Column) -> tuple[Column, ...]:
    """Give the columns of names and of what they mean; ``source`` says whose name it is, ``more`` what else is told."""
    return (
        Column("alias", _("Name"), name.alias, sort=name.alias_key, link=link),
        Column("means", _("Means"), _or_none(meant.name), words=_said, small=_what),
        *more,
        Column("source", _("Source"), source, words=_source),
        Column("by", _("Said by"), name.created_by, Kind.PERSON, phone=False),
        Column("at", _("Changed"), name.created_at, Kind.INSTANT, name.created_at, phone=False),
        Column("code", _("Code"), meant.code, Kind.CODE, shown=False),
        Column("reason", _("Reason"), name.reason, shown=False),
    )


def _filters(name: type[Any], meant: type[Any], sources: Filter) -> tuple[Filter, ...]:
    """Ask for names by what is written, by whose they are, and by whether they mean something."""
    return (
        Search(name.alias, meant.name, meant.code, title=_("Name or code")),
        sources,
        OneOf("means", _("Means"), _MEANS, lambda value: meant.id.is_(None) == (value == "nothing")),
    )


PRODUCT_NAMES = Listing(
    name="product_names",
    title=_("Names of products"),
    columns=_columns(
        ProductAlias,
        Product,
        To("known_names.product", product_name_id="row_id"),
        func.coalesce(ProductAlias.profile_name, _SOURCE.name, ""),
        Column("unit", _("One unit of theirs"), ProductAlias.unit_milli, Kind.QUANTITY, phone=False, summed=False),
    ),
    query=select()
    .select_from(ProductAlias)
    .outerjoin(Product, Product.id == ProductAlias.product_id)
    .outerjoin(_SOURCE, _SOURCE.id == ProductAlias.source_distributor_id)
    .where(ProductAlias.program_id == HERE),
    id=ProductAlias.id,
    default="alias",
    filters=_filters(
        ProductAlias,
        Product,
        _sources(
            ProductAlias,
            [Choice("all", EVERY_SOURCE), Choice("distributors", _("a distributor’s rows"))],
            lambda value: (
                ProductAlias.source_distributor_id.is_not(None)
                if value == "distributors"
                else ProductAlias.profile_name.is_(None) & ProductAlias.source_distributor_id.is_(None)
            ),
        ),
    ),
    actions=(Action(_FORGET, "known_names.forget_products", "decide", danger=True),),
)

DISTRIBUTOR_NAMES = Listing(
    name="distributor_names",
    title=_("Names of distributors"),
    columns=_columns(
        DistributorAlias,
        Distributor,
        To("known_names.distributor", distributor_name_id="row_id"),
        _or_none(DistributorAlias.profile_name),
    ),
    query=select()
    .select_from(DistributorAlias)
    .outerjoin(Distributor, Distributor.id == DistributorAlias.distributor_id)
    .where(DistributorAlias.program_id == HERE),
    id=DistributorAlias.id,
    default="alias",
    filters=_filters(
        DistributorAlias,
        Distributor,
        _sources(
            DistributorAlias, [Choice("all", EVERY_SOURCE)], lambda _value: DistributorAlias.profile_name.is_(None)
        ),
    ),
    actions=(Action(_FORGET, "known_names.forget_distributors", "decide", danger=True),),
)

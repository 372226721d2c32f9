"""The fields that a file may carry, by kind of import: what a profile's columns map onto."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.saying.wording import Said, marked

_ = marked


@dataclass(frozen=True)
class Kind:
    """A kind of import: what its rows must and may say. Of the sets of ``either`` one must be there as a whole."""

    required: frozenset[str]
    optional: frozenset[str]
    either: tuple[frozenset[str], ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Give every field."""
        return self.required.union(self.optional, *self.either)

    def needed(self, fields: Iterable[str]) -> frozenset[str]:
        """Give the fields that a file must have which has these: of several sets the one that lacks least."""
        there = frozenset(fields)
        return self.required | min(self.either, key=lambda one: len(one - there), default=frozenset())


KINDS: Mapping[str, Kind] = {
    "sales": Kind(
        required=frozenset({"document_number", "issued_on", "distributor", "product", "quantity"}),
        optional=frozenset(
            {
                "unit_price",
                "net_amount",
                "gross_amount",
                "document_total",
                "corrects",
                "seller_tax_id",
                "person",
                "outlet",
                "channel",
                "discounted",
                "distributor_name",
                "product_name",
                "country",
            }
        ),
    ),
    "distributors": Kind(
        required=frozenset({"code", "name"}),
        optional=frozenset(
            {
                *("head_office", "group", "group_from", "tier", "tax_id", "tax_status"),
                *("city", "region", "country", "birthday", "enrolled_on"),
            }
        ),
    ),
    "products": Kind(
        required=frozenset({"code", "name"}), optional=frozenset({"group", "group_from", "parent_group", "ean"})
    ),
    "people": Kind(required=frozenset({"distributor", "email"}), optional=frozenset({"name", "role"})),
    "cards": Kind(required=frozenset({"distributor", "token", "last4"}), optional=frozenset()),
    "statements": Kind(
        required=frozenset({"reference", "booked_on", "amount"}),
        optional=frozenset({"currency", "token", "last4", "kind", "booking"}),
    ),
    "deliveries": Kind(
        required=frozenset({"document_number", "issued_on", "distributor", "product", "quantity"}),
        optional=frozenset(),
    ),
    "targets": Kind(required=frozenset({"distributor", "target"}), optional=frozenset({"promotion"})),
    "events": Kind(required=frozenset({"distributor", "event", "on"}), optional=frozenset({"about", "reference"})),
    "rates": Kind(required=frozenset({"product_group", "distributor_group", "points"}), optional=frozenset({"matrix"})),
    "rewards": Kind(
        required=frozenset({"code", "name", "points"}),
        optional=frozenset(
            {
                *(
                    "kind",
                    "category",
                    "description",
                    "family",
                    "variant",
                    "cost",
                    "cash_points",
                    "cash",
                    "stock",
                    "per_person",
                    "from",
                    "until",
                ),
                *("season_points", "season_from", "season_until", "seasons"),
                *("price", "offered", "supplier", "groups", "tiers", "discount", "product_group"),
            }
        ),
    ),
    "vouchers": Kind(required=frozenset({"reward", "code"}), optional=frozenset({"until"})),
    "shipments": Kind(
        required=frozenset({"order", "reward"}),
        optional=frozenset({"carrier", "tracking", "shipped_on", "delivered_on"}),
    ),
    "aliases": Kind(required=frozenset({"alias", "product"}), optional=frozenset({"source", "distributor", "unit"})),
    "adjustments": Kind(
        required=frozenset({"distributor", "note"}),
        optional=frozenset({"reason", "reference"}),
        either=(frozenset({"credit", "debit"}), frozenset({"money_credit", "money_debit"})),
    ),
}


FIGURES = frozenset(
    {
        *("quantity", "unit_price", "net_amount", "gross_amount", "document_total", "amount", "line_number"),
        *("points", "season_points", "cash_points", "credit", "debit", "target", "unit"),
        *("cost", "cash", "stock", "per_person", "discount", "money_credit", "money_debit"),
    }
)
"""Fields that hold figures. What any other holds is a text, also where a workbook keeps it as a number."""

MONEY = frozenset(
    {
        *("unit_price", "net_amount", "gross_amount", "document_total", "amount", "cost", "cash", "target"),
        *("money_credit", "money_debit"),
    }
)
"""Those of them that are amounts of the programme's currency, or may be."""

SHARES = frozenset({"discount"})
"""Those of them that are so many of hundred."""


def problems_of_columns(kind: str, fields: Iterable[str]) -> list[Said]:
    """Say what keeps a profile that maps these fields from serving a kind of import."""
    mapped, known = set(fields), KINDS[kind]
    if kind == "adjustments" and "points" in mapped:
        return [
            Said(
                _(
                    "has one column for points that are given and taken, whose signs are easily wrong; give the file "
                    "two, and map credit to what is given and debit to what is taken"
                )
            )
        ]
    unknown, lacking = sorted(mapped - known.known), sorted(known.needed(mapped) - mapped)
    found = []
    if unknown:
        words = _("maps %(fields)s, which %(kind)s do not have; they have %(known)s")
        found.append(Said(words, {"fields": _named(unknown), "kind": Said(kind), "known": _named(known.known)}))
    if lacking:
        found.append(Said(_("does not say which columns hold %(fields)s"), {"fields": _named(lacking)}))
    if kind == "sales" and not mapped & {"unit_price", "net_amount"}:
        words = _("needs a column for %(one)s or for %(other)s")
        found.append(Said(words, {"one": Said("unit_price"), "other": Said("net_amount")}))
    return found


def _named(fields: Iterable[str]) -> list[Said]:
    return [Said(one) for one in sorted(fields)]

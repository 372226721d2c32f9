"""The fields that a file may carry, by kind of import: what a profile's columns map onto."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of import: what its rows must and may say."""

    required: frozenset[str]
    optional: frozenset[str]

    @property
    def known(self) -> frozenset[str]:
        """Give every field."""
        return self.required | self.optional


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
        optional=frozenset({"head_office", "group", "tier", "tax_id", "tax_status", "city", "region", "country"}),
    ),
    "products": Kind(required=frozenset({"code", "name"}), optional=frozenset({"group", "parent_group", "ean"})),
    "people": Kind(required=frozenset({"distributor", "email"}), optional=frozenset({"name", "role"})),
    "cards": Kind(required=frozenset({"distributor", "token", "last4"}), optional=frozenset()),
    "deliveries": Kind(
        required=frozenset({"document_number", "issued_on", "distributor", "product", "quantity"}),
        optional=frozenset(),
    ),
    "rates": Kind(required=frozenset({"product_group", "distributor_group", "points"}), optional=frozenset({"matrix"})),
    "rewards": Kind(
        required=frozenset({"code", "name", "points"}),
        optional=frozenset(
            {
                *("kind", "category", "description", "cost", "stock", "per_person", "from", "until"),
                *("season_points", "season_from", "season_until"),
            }
        ),
    ),
    "aliases": Kind(required=frozenset({"alias", "product"}), optional=frozenset({"source", "distributor", "unit"})),
    "adjustments": Kind(
        required=frozenset({"distributor", "points", "note"}), optional=frozenset({"reason", "reference"})
    ),
}


def problems_of_columns(kind: str, fields: Iterable[str]) -> list[str]:
    """Say what keeps a profile that maps these fields from serving a kind of import."""
    mapped, known = set(fields), KINDS[kind]
    unknown, lacking = sorted(mapped - known.known), sorted(known.required - mapped)
    found = []
    if unknown:
        found.append(f"maps {', '.join(unknown)}, which {kind} do not have; they have {', '.join(sorted(known.known))}")
    if lacking:
        found.append(f"does not say which columns hold {', '.join(lacking)}")
    if kind == "sales" and not mapped & {"unit_price", "net_amount"}:
        found.append("needs a column for unit_price or for net_amount")
    return found

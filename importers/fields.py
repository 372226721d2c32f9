"""The fields that a file may carry, by kind of import: what a profile's columns map onto."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.definition import ImportProfile
from importers.errors import ColumnsMissing, NoProfile
from importers.reading import TextTable


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
        optional=frozenset({"group", "tier", "tax_id", "tax_status", "city", "region", "country"}),
    ),
    "products": Kind(required=frozenset({"code", "name"}), optional=frozenset({"group", "parent_group", "ean"})),
}


def check_profile(name: str, kind: str, profile: ImportProfile) -> None:
    """Check that a profile can serve a kind of import.

    Raises:
        NoProfile: It maps fields that this kind does not have, or leaves out what it needs.
    """
    fields = set(profile.columns)
    unknown = sorted(fields - KINDS[kind].known)
    if unknown:
        raise NoProfile(
            f"The import profile {name!r} maps {', '.join(unknown)}, which {kind} do not have; "
            f"they have {', '.join(sorted(KINDS[kind].known))}."
        )
    lacking = sorted(KINDS[kind].required - fields)
    if lacking:
        raise NoProfile(f"The import profile {name!r} does not say which columns hold {', '.join(lacking)}.")
    if kind == "sales" and not fields & {"unit_price", "net_amount"}:
        raise NoProfile(f"The import profile {name!r} needs a column for unit_price or for net_amount.")


def mapped(table: TextTable, profile: ImportProfile) -> dict[str, str]:
    """Find the file's column of each field that the profile maps. Headers compare trimmed and without case.

    Raises:
        ColumnsMissing: The header lacks some.
    """
    by_key = {header.strip().casefold(): header for header in table.header}
    wanted = dict(profile.columns)
    if profile.line_number != "position":
        wanted["line_number"] = profile.line_number
    if profile.credit_note is not None and profile.credit_note.column is not None:
        wanted["document_kind"] = profile.credit_note.column
    found = {field: by_key.get(header.strip().casefold()) for field, header in wanted.items()}
    missing = {field: wanted[field] for field, header in found.items() if header is None}
    if missing:
        raise ColumnsMissing(missing, table.header)
    return {field: header for field, header in found.items() if header is not None}

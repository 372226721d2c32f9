"""What a profile leaves to be found is settled by the file: the order of its dates, the signs of its numbers."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.import_profile import DATE_ORDERS, ImportProfile
from importers.errors import QuestionOpen
from importers.layout import dates, numbers
from importers.layout.table import TextTable

DATES = ("issued_on", "booked_on")
"""Fields that hold days, which countries write in their orders."""

NUMBERS = ("quantity", "unit_price", "net_amount", "gross_amount", "document_total", "amount")
"""Fields that hold numbers, which countries write in their ways."""


def settle(table: TextTable, columns: Mapping[str, str], profile: ImportProfile) -> ImportProfile:
    """Give the profile with what was to be found, and write the table's number cells by it.

    Raises:
        QuestionOpen: The file can be read in more ways than one. Nobody guesses: the profile must say.
    """
    found: dict[str, object] = {}
    held = {field: columns[field] for field in NUMBERS if field in columns}
    if profile.decimal == "found":
        proofs = {
            name: numbers.proof(_distinct(table, name), typed=table.typed, as_text=_as_text(table, name))
            for name in held.values()
        }
        agreed = numbers.agreed(proofs.values())
        if agreed.decimal is None:
            open_ = next((name for name, one in proofs.items() if one.decimal is None), next(iter(proofs)))
            raise QuestionOpen(
                open_,
                "a comma or a point may part the decimals",
                proofs[open_].examples,
                'say decimal: "," or "." in the profile',
            )
        found |= {"decimal": agreed.decimal, "thousands": agreed.thousands}
    if profile.dates == "found":
        found["dates"] = _order(table, [columns[field] for field in DATES if field in columns])
    settled = profile.model_copy(update=found)
    if settled.decimal == ",":
        table.write_numbers(held.values())
    else:
        table.grouped = {}
    return settled


def _as_text(table: TextTable, name: str) -> list[str]:
    """Give some texts such as 1.234 of a column that stand in text cells, beside number cells that look so."""
    if name not in table.grouped:
        return []
    texts: list[str] = table.column(name).filter(pa.array(table.grouped[name])).slice(0, numbers.EXAMPLES).to_pylist()
    return texts


def _order(table: TextTable, names: list[str]) -> str:
    order = DATE_ORDERS[0]
    for name in names:
        proof = dates.proof(_distinct(table, name).to_pylist())
        if proof.order is None:
            ways = " or ".join(proof.orders or DATE_ORDERS)
            raise QuestionOpen(
                name, f"day, month and year may be in the order {ways}", proof.examples, "say dates: in the profile"
            )
        order = proof.order
    return order


def _distinct(table: TextTable, name: str) -> pa.Array:
    texts = table.column(name)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    trimmed = pc.unique(pc.utf8_trim_whitespace(texts)).drop_null()
    return trimmed.filter(pc.not_equal(trimmed, ""))

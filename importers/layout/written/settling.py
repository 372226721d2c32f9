"""What a profile leaves to be found is settled by the file: the order of its dates, the signs of its numbers."""

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.program_file.import_profile import DATE_ORDERS, ImportProfile, NumberForm
from app.domain.saying.wording import Said, either, marked
from importers.errors import QuestionOpen
from importers.layout.tables.table import TextTable
from importers.layout.written import dates, numbers
from importers.layout.written.signs import Signs, agree

_ = marked
HAPPENED = ("issued_on", "booked_on", "on")
"""Fields that say when it was: a column of days may be one of these whatever it is called."""

DATES = (
    *HAPPENED,
    *("group_from", "birthday", "enrolled_on", "shipped_on", "delivered_on"),
    *("from", "until", "season_from", "season_until"),
)
"""Fields that hold days, which countries write in their orders."""

_SIGNS = _('say decimal: "," or "." in the profile, and numbers: of columns that differ')
_LOOKED_AT = 10_000
"""Distinct dates of which their order is asked."""
_TIME = r"(\d)[ T,]\s*\d{1,2}:\d{2}.*$"
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[ T]|$)"

OF_LINES = ("quantity", "unit_price", "net_amount", "gross_amount", "document_total", "amount")
"""Fields of lines of sales and of bookings that hold numbers."""

NUMBERS = (
    *OF_LINES,
    *("points", "credit", "debit", "target", "unit", "season_points", "cash_points"),
    *("cost", "cash", "stock", "per_person", "money_credit", "money_debit"),
)
"""Fields that hold numbers, which countries write in their ways."""


def settle(table: TextTable, columns: Mapping[str, str], profile: ImportProfile) -> ImportProfile:
    """Give the profile with what was to be found, and write the table's number cells by it.

    Rows that were handed back are read as the file was that they are from; the table is told what it proves.

    Raises:
        QuestionOpen: The file can be read in more ways than one. Nobody guesses: the profile must say.
    """
    found: dict[str, object] = {}
    profile = table.proved.settles(profile)
    days = [columns[field] for field in DATES if field in columns]
    if table.from_1904 and profile.dates is not None:
        table.write_days(days, dates.since_1904)
    held = {field: columns[field] for field in NUMBERS if field in columns}
    _ask_of_other_order(table, {field: columns[field] for field in DATES if field in columns}, profile.dates)
    _ask_of_other_signs(table, held, profile)
    if profile.decimal == "found":
        proofs = {
            field: numbers.proof(_distinct(table, name), typed=table.typed, as_text=_as_text(table, name))
            for field, name in held.items()
        }
        agreed = agree(proofs, lambda field: table.column(held[field]))
        if agreed.open is not None or agreed.most is None:
            asked = agreed.open or next(iter(held))
            raise QuestionOpen(
                held[asked],
                Said(_("a comma or a point may part the decimals")),
                proofs[asked].examples,
                Said(_SIGNS),
            )
        found |= {"decimal": agreed.most.decimal, "thousands": agreed.most.thousands}
        others = {field: _form(one) for field, one in agreed.others.items()}
        found["numbers"] = others
        if any(one.needed for one in proofs.values()):
            table.proved = replace(table.proved, numbers=_form(agreed.most), others=others)
    if profile.dates == "found":
        found["dates"] = _order(table, days)
    settled = profile.model_copy(update=found)
    comma = [name for field, name in held.items() if settled.signs_of(field)[0] == ","]
    table.write_numbers(comma)
    table.grouped = {name: marked for name, marked in table.grouped.items() if name in comma}
    _warn_of_swapped(table, days, settled.dates or "")
    return settled


def _ask_of_other_order(table: TextTable, days: Mapping[str, str], order: str | None) -> None:
    """Stop where a column proves another order than the profile says, by which some of its dates would be other days.

    Days on which something begins may be the first of each year; those of documents are not.

    Raises:
        QuestionOpen: It does.
    """
    if order not in DATE_ORDERS or table.proved.dates is not None:
        return
    for field, name in days.items():
        texts = _distinct(table, name)
        written = texts.filter(pc.invert(pc.match_substring_regex(texts, _ISO)))
        # with times all would differ, and ten thousand of them be of the first few days
        written = pc.unique(pc.replace_substring_regex(written, _TIME, r"\1")).slice(0, _LOOKED_AT).to_pylist()
        other = dates.written_otherwise(written, order)
        if other is None and field in HAPPENED and (in_front := dates.years_in_front(written, order)):
            other = "ymd", in_front
        if other is not None:
            found, examples = other
            asked = Said(
                _("its dates are in the order %(found)s, and the profile says %(said)s"),
                {"found": found, "said": order},
            )
            raise QuestionOpen(name, asked, examples, Said(_("say dates: in the profile")))


def _ask_of_other_signs(table: TextTable, held: Mapping[str, str], profile: ImportProfile) -> None:
    """Stop where a column proves another decimal sign than the profile says, and some of its numbers allow both.

    Raises:
        QuestionOpen: It does.
    """
    for field, name in held.items():
        decimal = profile.signs_of(field)[0]
        texts = _distinct(table, name)
        both = numbers.readable_both_ways(texts, typed=table.typed) if decimal != "found" else ()
        proved = numbers.proof(texts, typed=table.typed).decimal if both else None
        if proved is not None and proved != decimal:
            asked = Said(
                _("%(found)s parts its decimals, and the profile says %(said)s"),
                {"found": repr(proved), "said": repr(decimal)},
            )
            raise QuestionOpen(name, asked, both, Said(_SIGNS))


def _warn_of_swapped(table: TextTable, names: list[str], order: str) -> None:
    for name in names:
        texts = _distinct(table, name)
        iso = pc.match_substring_regex(texts, _ISO)
        cells, written = texts.filter(iso), texts.filter(pc.invert(iso))
        if len(cells) and len(written) and dates.perhaps_swapped(cells.to_pylist(), written.to_pylist(), order):
            shown = ", ".join(cells.slice(0, numbers.EXAMPLES).to_pylist())
            table.warnings.append({"code": "dates_perhaps_swapped", "field": name, "found": shown})


def _as_text(table: TextTable, name: str) -> list[str]:
    """Give some texts such as 1.234 of a column that stand in text cells, beside number cells that look so."""
    if name not in table.grouped:
        return []
    texts: list[str] = table.column(name).filter(pa.array(table.grouped[name])).slice(0, numbers.EXAMPLES).to_pylist()
    return texts


def _order(table: TextTable, names: list[str]) -> str:
    proofs = {name: dates.proof(_distinct(table, name).to_pylist()) for name in names}
    agreed = dates.agreed(proofs)
    if agreed.proof.order is None:
        ways = either(*(agreed.proof.orders or DATE_ORDERS))
        raise QuestionOpen(
            agreed.asked,
            Said(_("day, month and year may be in the order %(ways)s"), {"ways": ways}),
            agreed.proof.examples,
            Said(_("say dates: in the profile")),
        )
    if agreed.proof.needed:
        table.proved = replace(table.proved, dates=agreed.proof.order)
    return agreed.proof.order


def _form(signs: Signs) -> NumberForm:
    return NumberForm(decimal=signs.decimal, thousands=signs.thousands)


def _distinct(table: TextTable, name: str) -> pa.Array:
    texts = table.column(name)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    trimmed = pc.unique(pc.utf8_trim_whitespace(texts)).drop_null()
    return trimmed.filter(pc.not_equal(trimmed, ""))

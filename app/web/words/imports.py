"""What files that come in are called on pages: their kinds, their fields, how they are read, and what repairs them."""

from collections.abc import Mapping
from typing import Any

from babel.dates import get_month_names
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.domain.saying.wording import Said
from app.domain.states import Outcome
from app.web import formats
from app.web.languages import language
from importers.layout.columns.naming import Because, Candidate
from importers.layout.looks.questions import Question
from importers.layout.rows.named_beside import GROUP, SHEET

KINDS: Mapping[str, Any] = {
    "sales": _("Sales"),
    "distributors": _("Distributors"),
    "products": _("Products"),
    "people": _("People of distributors"),
    "cards": _("Cards"),
    "statements": _("Statements of a card provider"),
    "rewards": _("Rewards"),
    "vouchers": _("Codes of vouchers"),
    "shipments": _("Parcels of orders"),
    "deliveries": _("Deliveries to distributors"),
    "rates": _("Rates of a matrix"),
    "targets": _("Targets of a promotion"),
    "events": _("Events"),
    "aliases": _("Names of products"),
    "adjustments": _("Adjustments"),
}

FIELDS: Mapping[str, Any] = {
    "event": _("Event"),
    "on": _("Day"),
    "about": _("What it is about"),
    "document_number": _("Document number"),
    "issued_on": _("Date of issue"),
    "distributor": _("Distributor"),
    "distributor_name": _("Name of the distributor"),
    "product": _("Product"),
    "product_name": _("Name of the product"),
    "quantity": _("Quantity"),
    "unit_price": _("Unit price"),
    "net_amount": _("Net amount"),
    "gross_amount": _("Gross amount"),
    "document_total": _("Total of the document"),
    "corrects": _("Corrects document"),
    "seller_tax_id": _("Tax id of the seller"),
    "person": _("Sold by"),
    "outlet": _("Outlet"),
    "channel": _("Channel"),
    "discounted": _("Discounted"),
    "country": _("Country"),
    "code": _("Code"),
    "name": _("Name"),
    "head_office": _("Head office"),
    "group": _("Group"),
    "group_from": _("In this group from"),
    "parent_group": _("Group above it"),
    "tier": _("Tier"),
    "tax_id": _("Tax id"),
    "tax_status": _("Tax status"),
    "city": _("City"),
    "birthday": _("Birthday"),
    "enrolled_on": _("In the programme since"),
    "region": _("Region"),
    "ean": _("EAN"),
    "email": _("E-mail"),
    "role": _("Role"),
    "token": _("Token of the card"),
    "last4": _("Last four digits"),
    "booked_on": _("Day of the booking"),
    "booking": _("Number of the booking"),
    "amount": _("Amount"),
    "currency": _("Currency"),
    "product_group": _("Product group"),
    "distributor_group": _("Distributor group"),
    "matrix": _("Matrix"),
    "target": _("Target"),
    "promotion": _("Promotion"),
    "points": _("Points"),
    "kind": _("Kind"),
    "category": _("Category"),
    "description": _("Description"),
    "family": _("Family"),
    "variant": _("Size, colour or amount"),
    "cost": _("Cost"),
    "stock": _("Stock"),
    "cash_points": _("Points beside money"),
    "cash": _("Money beside points"),
    "per_person": _("Most for one person"),
    "from": _("First day"),
    "until": _("Last day"),
    "seasons": _("All seasons"),
    "price": _("By hand or computed"),
    "offered": _("Offered"),
    "supplier": _("Supplier"),
    "groups": _("For the groups"),
    "tiers": _("For the tiers"),
    "discount": _("Discount in per cent"),
    "reward": _("Reward"),
    "order": _("Order"),
    "carrier": _("Carrier"),
    "tracking": _("Number of the parcel"),
    "shipped_on": _("Sent on"),
    "delivered_on": _("Delivered on"),
    "season_points": _("Points in season"),
    "season_from": _("Season from"),
    "season_until": _("Season until"),
    "alias": _("Name at the source"),
    "source": _("Source"),
    "unit": _("Our pieces in one of theirs"),
    "note": _("Note"),
    "credit": _("Points given"),
    "debit": _("Points taken"),
    "money_credit": _("Money given"),
    "money_debit": _("Money taken"),
    "reason": _("Reason"),
    "reference": _("Reference"),
}

ORDERS: Mapping[str, Any] = {
    "dmy": _("day, month, year: 31.12.2025"),
    "mdy": _("month, day, year: 12/31/2025"),
    "ymd": _("year, month, day: 2025-12-31"),
    "found": _("as the file proves, each time"),
}

RETURNED: Mapping[str, Any] = {
    "returned": _("yes: they take back what was sold"),
    "sold": _("no: they are sales like the others"),
}

CANCELLED: Mapping[str, Any] = {
    "cancelled": _("yes: they do not count"),
    "sold": _("no: they are sales like the others"),
}

OTHERS: Mapping[str, Any] = {
    "no_sales": _("yes: they do not count"),
    "sold": _("no: they are sales like the others"),
    "deliveries_sold": _("only what was delivered is a sale; the others do not count"),
}

CORRECTED: Mapping[str, Any] = {
    "difference": _("yes: what was before is taken back, what is after it is sold"),
    "sold": _("no: they are sales like the others"),
}

DOCUMENT_KINDS: Mapping[str, Any] = {
    "sold": _("sales"),
    "returned": _("returns or corrections: they take back what was sold"),
    "no_sales": _("neither: they do not count"),
}

LINES: Mapping[str, Any] = {
    "lines": _("yes: they are read as well"),
    "left_out": _("no: they are left out"),
}

SIGNS: Mapping[str, Any] = {
    ",": _("a comma: 1 234,50"),
    ".": _("a point: 1,234.50"),
    "found": _("as the file proves, each time"),
}

THOUSANDS: Mapping[str, Any] = {
    "": _("a space, an apostrophe, or nothing: 1 234"),
    ".": _("a point: 1.234"),
    ",": _("a comma: 1,234"),
}

WAYS: Mapping[str, Any] = {
    "": _("as the others of the file"),
    ",": "1 234,50",
    ",.": "1.234,50",
    ".": "1 234.50",
    ".,": "1,234.50",
}
"""How a column writes numbers: its decimal sign, and what parts its thousands besides a space and an apostrophe."""

UNKNOWN: Mapping[str, Any] = {
    "hold": _("hold its rows"),
    "create": _("make it known"),
    "reject": _("refuse its rows"),
}

CHANGED: Mapping[str, Any] = {
    "hold": _("hold it for a person"),
    "correct": _("let this source correct itself"),
}

WHAT_ROWS: Mapping[str, Any] = {
    "new": _("New"),
    "same": _("Here already"),
    "changed": _("Changed"),
    "held": _("Held"),
    "refused": _("Refused"),
}

_NAMES = ("unknown_distributor", "unknown_product")

REPAIRS: Mapping[str, Any] = {
    "unknown_distributor": _("Say what the name means, once: every row that waits for it is taken in."),
    "unknown_product": _("Say what the name means, once: every row that waits for it is taken in."),
    "missing": _("Fill the cells in, in the workbook with these rows."),
    "not_a_number": _("Correct the cells, or how numbers are written in the profile."),
    "too_many_decimals": _("Correct the cells."),
    "number_too_large": _("Correct the cells."),
    "not_a_date": _("Correct the cells, or the order of dates in the profile."),
    "no_such_value": _("Correct the cells."),
    "wrong_number_of_cells": _("Look for a stray separator or quote in these rows."),
    "cells_missing": _("Look for a lost separator in these rows, or write what is missing."),
    "no_result": _("Write into these cells what is meant."),
    "digits_lost": _("Export the file again with this column as text; the digits are not in it."),
    "day_for_code": _("Export the file again with this column as text; the codes are not in it."),
    "other_currency": _("Convert these rows, or import them where that currency counts."),
    "unknown_group": _("Correct the group; or make it first, and bring the file again."),
    "unknown_reward": _("Correct the code, or add the reward."),
    "unknown_order": _("Correct the number of the order or the code of the reward."),
    "unknown_head_office": _("Import the head office as well, in the same file or before, or correct its code."),
    "document_incomplete": _("Nothing to do: these rows follow once the others of their document are right."),
    "document_in_part": _("Correct the rows with a problem, and import the workbook: it holds their documents whole."),
    "changed_document": _("Decide which one is right; the profile can let this source correct itself."),
    "review_by_policy": _("Nothing to do: somebody reviews these documents once they are imported."),
    "return_without_sale": _("Bring in the sale first, or let somebody review the return."),
    "outside_program": _("Leave them out: they are outside the programme."),
    "distributor_blocked": _("Unblock the distributor, or leave the rows out."),
}
"""What to do about the rows of a reason; a reason that is not here is repaired in the file."""

HOW_SPENT_COMES_BACK = _(
    "What is only reserved is free again once its order or redemption is called off. What is spent is taken back by a "
    "credit note, or by an adjustment."
)
"""What to do where an import cannot be undone because of what was spent."""

NO_AMOUNTS = _(
    "Lines count by their net amounts, or by quantities and prices without tax; amounts with tax, or pieces alone, are "
    "not enough."
)
"""Why a file of sales needs a column of amounts."""


def told(said: Said) -> str:
    """Say what stops an import, with fields and kinds of files as they are called on pages."""
    return said.words(_say, formats.figure)


def told_of(kept: Mapping[str, Any] | None, otherwise: str | None, file: str) -> str | None:
    """Say it again where it was kept so; ``otherwise`` stands where it was not yet.

    It stands below the name of the file, and does not begin with that once more.
    """
    said = told(Said.again(kept)) if kept else otherwise
    named = f"{file}: "
    if said is None or not said.startswith(named):
        return said
    said = said.removeprefix(named)
    return said[:1].upper() + said[1:]


def _say(text: str) -> str:
    said = gettext(text)
    return str(FIELDS.get(text) or KINDS.get(text) or said) if said == text else said


def kind(name: str | None) -> str:
    """Give the name of a kind of file."""
    return str(KINDS.get(name or "", name or ""))


def field(name: str) -> str:
    """Give the name of a field."""
    return str(FIELDS.get(name, name))


def cell(text: str, most: int = 60) -> str:
    """Write what stands in a cell, as far as there is room for it; a day that is a date tells no midnight."""
    return text.replace(" 00:00:00", "")[:most]


def waits(code: str, outcome: Outcome) -> bool:
    """Say whether the rows of a reason wait to be told what a name means: those that are refused do not."""
    return code in _NAMES and outcome is Outcome.HELD


def repair(code: str, outcome: Outcome) -> str:
    """Say what to do about the rows of a reason."""
    if code in _NAMES and not waits(code, outcome):
        return gettext("These rows do not wait for the name. Make it known, correct the rows, and bring them in again.")
    return str(REPAIRS.get(code, gettext("Correct the rows in the workbook with the reasons.")))


def made_at(code: str) -> tuple[str, str] | None:
    """Say on which page what a reason misses is made, and what that page is called; nothing, where it is no page."""
    if code == "unknown_group":
        return "groups.index", gettext("Groups")
    return None


def why(candidate: Candidate) -> str:
    """Say why a column may hold a field."""
    return {
        Because.NAMED: gettext("it is called so"),
        Because.NEARLY: gettext("it is called nearly “%(name)s”", name=candidate.called),
        Because.EANS: gettext("it holds EAN codes"),
        Because.DATES: gettext("it holds dates"),
        Because.PROVED: gettext("it is quantity times unit price"),
        Because.TAXED: gettext("the tax beside it tells"),
    }[candidate.because]


_OF_ROWS = ("returned", "headed_returns", "cancelled", "other_documents", "corrections", "kind")


def question(one: Question) -> str:
    """Put into words what a file does not say."""
    if one.topic == "dates":
        return gettext("In which order are day, month and year in “%(column)s”?", column=one.about)
    if one.topic == "decimal":
        return gettext("What parts the decimals in “%(column)s”?", column=one.about)
    if one.topic == "encoding":
        return gettext("In which encoding is the file written?")
    if one.topic == "year":
        names = get_month_names(context="stand-alone", locale=language())
        months = ", ".join(names[int(month[-2:])] for month in one.about.split(", "))
        return gettext("Of which year are the months %(months)s?", months=months)
    if one.topic in _OF_ROWS:
        return _of_rows(one)
    if one.topic == "other_sheets":
        return gettext("Are there lines as well in %(sheets)s, whose columns are called otherwise?", sheets=one.about)
    if one.topic == "sheet":
        sheets = ", ".join(one.examples)
        return gettext("Which column of the sheets %(sheets)s holds: %(field)s?", sheets=sheets, field=field(one.about))
    if one.topic == "month_quantity":
        return gettext("Under which name do the quantities of each month stand?")
    if one.topic == "month_net_amount":
        return gettext("Under which name do the net amounts of each month stand?")
    if one.topic == "fixed":
        return _of_every_row(one)
    return gettext("Which column holds: %(field)s?", field=field(one.about))


def _of_rows(one: Question) -> str:
    """Ask what rows are that may be no sales."""
    if one.topic == "returned":
        return gettext(
            "Did goods come back by documents such as %(documents)s, whose quantities are above zero?",
            documents=one.about,
        )
    if one.topic == "headed_returns":
        return gettext(
            "Did goods come back that stand below “%(heading)s”, whose quantities are above zero?", heading=one.about
        )
    if one.topic == "cancelled":
        return gettext("Are rows cancelled by what stands in “%(column)s”?", column=one.about)
    if one.topic == "other_documents":
        return gettext(
            "Was nothing sold by documents as “%(column)s” names them, such as offers, orders, transfers or plans?",
            column=one.about,
        )
    if one.topic == "kind":
        return gettext(
            "What are the documents for which “%(column)s” holds %(kind)s?", column=one.about, kind=one.examples[0]
        )
    return gettext(
        "Does “%(column)s” say which rows are as before a correction, and which as after it?", column=one.about
    )


def _of_every_row(one: Question) -> str:
    """Ask what holds for every row, or where it stands beside the table."""
    if not one.examples:
        return gettext("No column holds: %(field)s. What holds for every row?", field=field(one.about))
    return gettext("No column holds: %(field)s. Where does it stand?", field=field(one.about))


def place(example: str) -> tuple[str, str]:
    """Give a place beside a table, as a profile names it, and what it is with what stands there."""
    name, _colon, said = example.partition(": ")
    if name == SHEET:
        return name, gettext("in the names of the sheets: %(names)s", names=said)
    if name == GROUP:
        return name, gettext("in rows between the lines, above those that they are for: %(names)s", names=said)
    return name, gettext("above the table: %(text)s", text=said)

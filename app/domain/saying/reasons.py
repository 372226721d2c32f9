"""Why a row or a document did not simply count: a code, what fills it, and the sentence that people read.

Codes are stored and counted; sentences are made when somebody reads them. Each says what was found, what was expected,
and what to do.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from app.domain.saying.wording import Said, Say, marked, plain, stopped_once

WAITS = "waits_for_claim"
"""A sale that counts once somebody claims it."""

_ = marked
SENTENCES: Mapping[str, str] = {
    # the row itself
    "missing": _("{field}: the cell is empty; fill it in."),
    "not_a_number": _("{field}: found {found}, expected a number such as {example}; correct it."),
    "too_many_decimals": _("{field}: found {found}, expected at most {decimals} decimals; correct it."),
    "number_too_large": _("{field}: found {found}, which is larger than any amount that is taken in; correct it."),
    "not_a_date": _("{field}: found {found}, expected a date such as {example}; correct it or the profile's format."),
    "no_such_value": _("{field}: found {found}, expected one of {expected}; correct it."),
    "wrong_number_of_cells": _(
        "The row has {found} cells, the header {expected}; look for a stray separator or quote."
    ),
    "cells_missing": _(
        "The row has {found} cells, the header {expected}: nothing stands under {columns}, or a separator before them "
        "was lost; write what is missing."
    ),
    "not_a_line_number": _("{field}: found {found}, expected a whole number from 1; correct it."),
    "other_currency": _(
        "{field}: found {found}, expected an amount in {expected}; convert it, or import it where that currency counts."
    ),
    "formula": _("{field}: found the formula {found}, expected what it comes to; correct it."),
    "no_result": _("{field}: found {found}, a formula without a result, expected what is meant; correct it."),
    "digits_lost": _(
        "{field}: found {found}, a number whose last digits a spreadsheet program dropped, expected the whole code; "
        "export it again with this column as text."
    ),
    "day_for_code": _(
        "{field}: found {found}, a day that a spreadsheet program made of a code, expected the code; export it again "
        "with this column as text."
    ),
    "issued_later": _("{field}: found {found}, expected a date up to {latest}; correct it."),
    "cancelled": _(
        "{field}: found {found}, so the row is of what was cancelled, and does not count; where it was sold after all, "
        "correct it."
    ),
    "other_document": _(
        "{field}: found {found}, so the row is of a document by which nothing was sold, and does not count; where it "
        "was sold after all, correct it, or name it under sold: in the profile."
    ),
    "amount_contradicts": _(
        "{field}: found {found}, which quantity and unit price do not come to; correct one of the three."
    ),
    "sign_contradicts": _(
        "{field}: found {found} beside a quantity with the other sign, and its goods cost as much in other rows; write "
        "both with the sign that is meant."
    ),
    # what the row names
    "unknown_distributor": _("No distributor has the code {found}; import the distributor or correct the code."),
    "unknown_product": _("No product has the code {found}; import the product or correct the code."),
    "ignored_distributor": _("The distributor {found} does not take part: {because}"),
    "ignored_product": _("The product {found} does not take part: {because}"),
    "unit_not_exact": _(
        "{field}: {found} is no whole number of thousandths of our unit; correct the unit of the alias."
    ),
    "unknown_group": _("No group is called {found}; correct it, or make the group first and bring the file again."),
    "unknown_head_office": _(
        "No distributor has the code {found} of the head office; import it, in this file or before, or correct it."
    ),
    "head_office_itself": _("{found} is named as its own head office; leave the cell empty, or correct it."),
    "head_office_is_a_branch": _("The head office {found} is a branch itself; name the head office above it."),
    "head_office_of_others": _(
        "The distributor has branches, so it cannot be a branch of {found}; leave the cell empty, or move them first."
    ),
    "nothing_to_adjust": _("{field}: 0 changes nothing; correct it, or leave the row out."),
    "no_money_here": _("This programme has no money on accounts, for no rule gives any; give or take points."),
    "credit_or_debit": _("Fill in what is given or what is taken, one of the two."),
    "sign_in_a_column": _("{field}: {found} has a sign; what is taken stands in the column for it, without one."),
    "reference_asked_before": _(
        "{field}: under {found} {points} were asked for before, for the distributor {distributor} ({note}); "
        "give the row another reference, or leave it out."
    ),
    "row_asked_before": _(
        "This row of the same file asked for {points} before, for the distributor {distributor} ({note}); "
        "give it a reference to ask for something else, or leave it out."
    ),
    "reference_told_before": _(
        "{field}: under {found} this was told of the distributor before, of {told_on} (what it was about: {about}); "
        "give the row another reference, or leave it out."
    ),
    "reward_seasons_overlap": _("Two seasons of the reward share a day; correct their days."),
    "reward_no_price": _("The reward has no price; fill in its points."),
    "reward_no_cost": _("A price is computed of a cost, and there is none; fill it in, or set the price by hand."),
    "reward_half_a_family": _(
        "A reward of a family says what tells it apart there, such as its size, and the other way round; fill in both."
    ),
    "reward_half_in_cash": _("A price in points and money has both; fill in the other, or leave both empty."),
    "reward_no_discount": _("A discount says how much it is; fill in the share."),
    "reward_not_a_discount": _("Only a discount has a share; leave the cell empty, or correct the kind."),
    "unknown_reward": _("No reward has the code {found}; correct it, or add the reward."),
    "not_a_voucher": _("The reward {found} has no codes: it is no voucher; correct it."),
    "code_over": _(
        "{field}: found {found}, a day that is over: nobody could use the code; correct it, or leave the row out."
    ),
    "unknown_order": _("No order has the number {found} with that reward; correct it."),
    "not_to_ship": _("The order {found} is not as far as that, or further already; leave the row out."),
    "delivered_before": _(
        "{field}: found {found}, but order {number} was delivered on {delivered_on}, and its points were spent on that "
        "day; correct the cell, or leave the row out."
    ),
    "season_not_whole": _("A season has a price, a first and a last day; fill in all three, or none."),
    "ends_before_it_begins": _("{field}: {found} lies before the day on which it begins; correct one of them."),
    "no_card": _("{why} Correct the row."),
    "no_alias": _("{why} Correct the row."),
    "two_sources": _("An alias is of a source or of a distributor's rows; leave one of the two empty."),
    "repeated_code": _("The code {found} stands in more than one row with other content; keep one of them."),
    "said_otherwise": _(
        "{field}: found {found}, but row {because} says {expected} of the same under another name; keep one of them."
    ),
    # what was noticed of a file and stops nothing
    "total_differs_from_lines": _(
        "Row {row}, {field}: the total says {found}, the lines above it come to {expected}; look for a missing line."
    ),
    "sheet_without_table": _("Sheet {sheet} has none of the profile's columns; rows not read: {rows}."),
    "sheet_not_read": _("Sheet {sheet} was not read: the profile reads the first sheet. Rows in it: {rows}."),
    "dates_perhaps_swapped": _(
        "{field}: none of the dates in date cells, such as {found}, is beyond the 12th, and all that stand as text "
        "are; a spreadsheet program may have swapped day and month: compare some, and bring the file as it was "
        "exported."
    ),
    "days_of_another_month": _(
        "{field}: all days that are far from the month of the report, such as {found} (rows: {count}), would be of it "
        "with day and month swapped; compare them with their documents."
    ),
    "all_days_perhaps_swapped": _(
        "{field}: the days, such as {found}, are of many months as the profile reads them, and would be of few with "
        "day and month swapped; compare some with their documents."
    ),
    "amounts_perhaps_taxed": _(
        "{field}: the amounts seem to be with tax by what stands beside them in the column {found}, expected net "
        "amounts; compare some with their documents."
    ),
    "column_beside_months": _(
        "The column {field} stands among the months, holds numbers such as {found}, and is not read; name it as a "
        "month, or say in the profile what it holds."
    ),
    "returns_beside": _(
        "The column {field} seems to hold what came back, such as {found}, and is not read; bring what came back in "
        "lines of its own, with quantities below zero."
    ),
    "units_differ": _(
        "Goods that stand with several units in the column {field} ({expected}): {count}, such as {found}. The column "
        "is not read, and each unit counts as one piece. Where a unit is a pack, bring its lines in pieces."
    ),
    "hidden_rows": _("Rows that the workbook hides were read like the others: {rows}."),
    "struck_rows": _(
        "Rows that are struck through were read like the others: {rows} (row {found}). Where they were cancelled, take "
        "them out of the file and upload it again."
    ),
    "several_people": _(
        "Documents whose rows name different people: {count} ({found}). Each counts for the one that it names first."
    ),
    "title_says_otherwise": _(
        "Above the table stands {found}, and every row is read as of {expected}, as the profile says; see whether "
        "these rows are theirs, or say <title> in the profile."
    ),
    "tax_ids_cannot_be": _(
        "Tax ids that cannot be, by their length, form or check digits: {count} (row {found}). They are taken in as "
        "they stand; compare them with invoices of these distributors."
    ),
    "countries_unknown": _(
        "Countries that are not known: {count} (row {found}). They are taken in as they stand, and the tax ids of "
        "these rows are checked by no rules; write the name of the country, or its two letters, such as Poland or PL."
    ),
    "tax_ids_shared": _(
        "Tax ids that another distributor has as well, and neither is a branch of the other: {count} (row {found}). "
        "They are taken in; where one company stands here twice, merge the two, or say its head office."
    ),
    "eans_cannot_be": _(
        "EANs that cannot be, by their length or check digit: {count} (row {found}). They are taken in as they stand, "
        "and no report will name goods by them; compare them with the goods, and bring these rows again."
    ),
    "codes_but_for_zeros": _(
        "New codes that others have but for zeros in front: {count} (row {found}). A spreadsheet program takes such "
        "zeros away. These rows come in as new ones; where the same is meant, write the zeros and bring the file again."
    ),
    "asked_once_more": _(
        "Rows without a reference that ask for what was asked before, of the same account, amount, reason and note: "
        "{count} (row {found}). They ask for it once more; where it was meant once, withdraw them."
    ),
    "enrolled_since_the_start": _(
        "New distributors whose rows do not say since when they take part do so since {from_on}, the first day of the "
        "programme, for nothing was sold in it yet."
    ),
    "lines_in_utf8": _(
        "Lines that are in UTF-8, where the file is in {expected}: {rows} (the first is row {found}). Each was read as "
        "it is written; compare the names in them."
    ),
    "encoding_unsure": _("The file reads in {found}, and in {expected} as well; say encoding in the profile."),
    # an e-invoice
    "not_an_e_invoice": _(
        "{found} is no e-invoice that is read here; attach KSeF, UBL, CII, Factur-X, FatturaPA or Facturae."
    ),
    "neither_xml_nor_pdf": _("Neither XML nor a PDF, so no e-invoice; attach it as a proof and type what it says."),
    "xml_broken": _("The XML is broken: {found}. Export the e-invoice again."),
    "xml_doctype": _("The XML declares a document type, as no e-invoice does; export it again."),
    "xml_too_large": _("The XML has {found} MiB, at most {most} are read; export it without what is attached to it."),
    "xml_too_deep": _("The XML has elements within more than {most} others, as no e-invoice does; export it again."),
    "xml_too_many_elements": _("The XML has more than {most} elements; an e-invoice has fewer, export it again."),
    "e_invoice_lacks": _("The e-invoice says no {field}, which every invoice has; export it again."),
    "several_invoices": _("The file holds {found} invoices; register each by itself."),
    "envelope_broken": _("The signed file (.p7m) is broken; take it anew from where it came, or the XML inside."),
    "envelope_empty": _("The signed file (.p7m) holds a signature alone; attach the e-invoice itself."),
    "signature_not_verified": _("The file is signed; the signature was not verified."),
    "pdf_broken": _("The PDF is broken; make it again."),
    "pdf_locked": _("The PDF asks for a password; save it without one."),
    "pdf_too_large": _("The PDF has {found} MiB, at most {most} are read; make it smaller."),
    "pdf_too_costly": _("Opening the PDF takes more time or memory than any invoice does; make it again."),
    "pdf_without_invoice": _("No e-invoice lies in the PDF; attach it as a proof and type what it says."),
    "figure_rounded": _("{field}: found {found}, taken as {taken}."),
    "advance_invoice": _("An advance invoice: nothing was delivered yet; register the final one."),
    "not_as_schema_demands": _("Line {line} of the XML is not as its format demands: {found}"),
    "refers_to_another": _("It corrects or completes {found}; what that one sold must not count twice."),
    "no_lines": _("The e-invoice names no lines; type what was sold."),
    "line_differs": _("Line {line}: quantity, price and discounts come to {expected}, it says {found}."),
    "lines_total_differs": _("The lines come to {expected}, the e-invoice says {found} for their sum."),
    "net_total_differs": _("Lines, discounts and charges come to {expected}, the e-invoice says {found} without VAT."),
    "vat_total_differs": _("The VAT of all rates comes to {expected}, the e-invoice says {found}."),
    "vat_bases_differ": _("What bears VAT at all rates comes to {expected}, the e-invoice says {found} without VAT."),
    "vat_of_rate_differs": _("VAT at {rate}: it comes to {expected}, the e-invoice says {found}."),
    "vat_base_of_rate_differs": _("What bears VAT at {rate}: lines come to {expected}, the e-invoice says {found}."),
    "adjustments_differ": _("Discounts or charges on the whole come to {expected}, the e-invoice says {found}."),
    "amount_in_another_currency": _("An amount is in {found}, the e-invoice is in {expected}."),
    "gross_total_differs": _("Net and VAT come to {expected}, the e-invoice says {found} with VAT."),
    "payable_differs": _("What is to be paid comes to {expected}, the e-invoice says {found}."),
    "tax_id_length": _("The tax id {found} has too few or too many figures; correct it."),
    "tax_id_form": _("The tax id {found} is not written as its country does; correct it."),
    "tax_id_check_digits": _("The tax id {found} cannot be: its check digits are wrong; correct it."),
    "sold_to_oneself": _("Seller and buyer have the same tax id, {found}: nobody sells to themselves."),
    "self_billed": _("The buyer wrote this invoice in the seller's name (self-billing)."),
    # KSeF
    "ksef_number_malformed": _("{found} is no KSeF number; expected one such as 5265877635-20250826-0100001AF629-AF."),
    "ksef_number_checksum": _("The KSeF number {found} cannot be: it would end with {expected}; copy it again."),
    "ksef_number_of_other_seller": _("The KSeF number is of the seller {found}, the invoice of {seller}."),
    "ksef_number_before_issue": _("KSeF received it on {found}, before it was issued on {issued}."),
    "ksef_number_long_after_issue": _("KSeF received it on {found}, long after it was issued on {issued}."),
    "ksef_link_malformed": _("{found} does not lead to an invoice in KSeF; scan the QR code again."),
    "ksef_link_of_tests": _("The QR code leads to KSeF's environment for tests, where nothing was sold."),
    "ksef_link_of_other_file": _("The QR code is of another file: this one was changed, or is another invoice."),
    "ksef_link_of_other_seller": _("The QR code is of the seller {found}, the invoice of {seller}."),
    "ksef_link_of_other_day": _("The QR code is of an invoice of {found}, this one was issued on {issued}."),
    # its document
    "document_incomplete": _("Row {because} of document {number} has a problem; it waits until all is right."),
    "document_in_part": _(
        "Row {because} of document {number} has a problem, and a document comes in whole: correct that row, and import "
        "this one with it."
    ),
    "document_ignored": _(
        "Row {because} of document {number} names what does not take part; the document does not count."
    ),
    "line_number_repeated": _("Document {number} numbers two lines {found}; correct the line numbers."),
    # the gate
    "outside_program": _("Issued on {found}, outside the programme ({from_on} to {until_on}); nothing is earned."),
    "distributor_blocked": _("The distributor is blocked; nothing is earned until it is not."),
    "changed_document": _("Document {number} is here already with other content; decide which one is right."),
    "changed_with_returns": _(
        "Document {number} was corrected, but goods of it came back meanwhile; correct it by hand."
    ),
    "total_differs": _("The lines add up to {found}, the document says {expected}; find the missing or wrong line."),
    "seller_not_allowed": _("{found} is none of this programme's sellers; see who issued the invoice."),
    "issued_in_future": _("Issued on {found}, a day that has not come; correct the date."),
    "claimed_late": _("Issued on {found}; it had to come within {days} days, by {latest}."),
    "before_enrolment": _("Issued on {found}, before the distributor took part, from {from_on} on."),
    "own_purchase": _("Seller and buyer are one company, or of one head office, by the tax id {found}."),
    "line_amount_differs": _("Line {line}: quantity times price is {expected}, it says {found}; see which is right."),
    "vat_differs": _("{found} with VAT does not go with {expected} without; see the rates."),
    "number_alike": _("The number is one edit from {number} of {issued_on}; see whether it is the same invoice."),
    "twin_own": _("The same goods for the same sum are here as {number} of {issued_on}; see whether it is one sale."),
    "twin_other": _("Another distributor has the same goods for the same sum, as {number} of {issued_on}."),
    "same_number": _(
        "The number is here already, as {number} of {issued_on}, with another seller or none; see whether it is the "
        "same invoice."
    ),
    "number_of_two_sellers": _("Another seller's invoice has this number, {number} of {issued_on}."),
    "claimed_elsewhere": _("Another programme of this installation has the invoice {number} as well."),
    "e_invoice_contradicts": _("The e-invoice contradicts itself, or cannot be what it says; findings: {count}."),
    "same_file": _("The same file is the proof of another document."),
    "same_picture": _("The picture is the one of another document: of 64 features, {bits} differ."),
    "picture_alike": _("The picture looks like the one of another document: of 64 features, {bits} differ."),
    "just_below": _("{documents} invoices of one day, each just below {most}; see whether they are one sale."),
    "round_total": _("The total is round: {found}. Totals here seldom are."),
    "price_unusual": _("Line {line}: {found} for one, where others take {expected}."),
    "quantity_unusual": _("Line {line}: {found} at once, where others sell {expected}."),
    "quantity_unlike_own": _("Line {line}: {found} at once, where this distributor sells {expected}."),
    "more_than_delivered": _("Line {line}: with it {found} are sold on, of {expected} that were delivered."),
    "burst": _("{documents} invoices in the last {days} days of the month, many more than before."),
    "number_backwards": _("The number runs against time, beside {number} of {issued_on}."),
    "number_gap": _("The number stands {count} from the nearest, {number} of {issued_on}; usually it is {usual}."),
    "pdf_changed": _("The PDF was made on {made} and changed on {changed} (UTC), by {found}; see whether it is whole."),
    "pdf_before_issue": _("The PDF was made on {made} (UTC) by {found}, before it was issued on {issued_on}."),
    "altered_reading": _("The text of the PDF says {found}, {expected} was sent; see which is right."),
    "altered_scan": _("{found} was read from the picture, {expected} was sent; see whether it was misread."),
    "shared_device": _("It came from a device from which {count} other distributors sent invoices."),
    "velocity": _("{documents} invoices came within an hour."),
    "drawn": _("Drawn by chance: some of what nothing speaks against is looked at as well."),
    WAITS: _("It counts once somebody claims it."),
    "review_by_policy": _("This programme reviews every document from this source before it counts."),
    "refused_before": _("It was refused before: somebody looks at it once more."),
    "return_without_sale": _("Line {line}: no earlier sale explains {found} returned; nothing was taken back for it."),
    "return_forgiven": _("{found} could not be taken back: the account had no more, and was not allowed to owe."),
}


_DAYS = frozenset(
    {"issued_on", "issued", "latest", "from_on", "until_on", "made", "changed", "told_on", "delivered_on"}
)
"""What is a day, in whatever sentence it stands."""

_RECKONED = frozenset(
    {
        *("line_differs", "lines_total_differs", "net_total_differs", "vat_total_differs", "vat_bases_differ"),
        *("vat_of_rate_differs", "vat_base_of_rate_differs", "adjustments_differ", "gross_total_differs"),
        *("payable_differs", "total_differs", "line_amount_differs", "vat_differs", "round_total", "just_below"),
        *("price_unusual", "quantity_unusual", "quantity_unlike_own", "more_than_delivered", "return_forgiven"),
        *("return_without_sale", "outside_program", "issued_in_future", "claimed_late", "before_enrolment"),
        *("ksef_number_before_issue", "ksef_number_long_after_issue", "ksef_link_of_other_day"),
    }
)
"""Sentences whose figures are days or amounts. In all others they may quote a file, or be a code: 1.20 stays 1.20."""

Show: TypeAlias = Callable[[Any], Any]
"""Writes a day or an amount as whoever reads a sentence does: they are stored as files have them."""


def as_stored(value: Any) -> Any:
    """Write a day or an amount as it is stored."""
    return value


def sentence(reason: Mapping[str, Any], say: Say = plain, show: Show = as_stored) -> str:
    """Make the sentence of a stored reason, its ``code`` and what fills it, in the language of ``say``."""
    template = SENTENCES.get(reason["code"])
    if template is None:
        return str(reason["code"])
    return stopped_once(say(template).format_map(_Shown(_written(reason, say, show))))


def _written(reason: Mapping[str, Any], say: Say, show: Show) -> dict[str, Any]:
    figures = _DAYS | {"found", "expected", "most"} if reason["code"] in _RECKONED else _DAYS
    words = {name: Said.again(value).words(say) if isinstance(value, dict) else value for name, value in reason.items()}
    return {name: show(value) if name in figures else value for name, value in words.items()}


def sentences(reasons: list[dict[str, Any]] | None, say: Say = plain, show: Show = as_stored) -> str:
    """Join the sentences of several reasons."""
    return " ".join(sentence(reason, say, show) for reason in reasons or ())


class _Shown(dict[str, Any]):
    """Fills a template; what a reason of an older version does not carry shows as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"

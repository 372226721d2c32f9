"""All checks, and what they come to together."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from app.domain.program_file.verification_settings import Check, Tuned
from verification.checks import amounts, dates, habits, numbers, parties, proofs, readings, twins
from verification.checks.facts import Facts, Run

CHECKS: Mapping[Check, Run] = {
    Check.OUTSIDE_PROGRAM: dates.outside_program,
    Check.DISTRIBUTOR_BLOCKED: parties.distributor_blocked,
    Check.SELLER_NOT_ALLOWED: parties.seller_not_allowed,
    Check.ISSUED_IN_FUTURE: dates.issued_in_future,
    Check.CLAIMED_LATE: dates.claimed_late,
    Check.BEFORE_ENROLMENT: dates.before_enrolment,
    Check.OWN_PURCHASE: parties.own_purchase,
    Check.TOTAL_DIFFERS: amounts.total_differs,
    Check.LINE_AMOUNT_DIFFERS: amounts.line_amount_differs,
    Check.VAT_DIFFERS: amounts.vat_differs,
    Check.NUMBER_ALIKE: numbers.number_alike,
    Check.TWIN_OWN: twins.twin_own,
    Check.TWIN_OTHER: twins.twin_other,
    Check.SAME_NUMBER: twins.same_number,
    Check.NUMBER_OF_TWO_SELLERS: twins.number_of_two_sellers,
    Check.CLAIMED_ELSEWHERE: parties.claimed_elsewhere,
    Check.E_INVOICE_CONTRADICTS: proofs.e_invoice_contradicts,
    Check.SAME_FILE: proofs.same_file,
    Check.SAME_PICTURE: proofs.same_picture,
    Check.PICTURE_ALIKE: proofs.picture_alike,
    Check.PDF_CHANGED: proofs.pdf_changed,
    Check.PDF_BEFORE_ISSUE: proofs.pdf_before_issue,
    Check.ALTERED_READING: readings.altered_reading,
    Check.ALTERED_SCAN: readings.altered_scan,
    Check.JUST_BELOW: amounts.just_below,
    Check.ROUND_TOTAL: amounts.round_total,
    Check.PRICE_UNUSUAL: habits.price_unusual,
    Check.QUANTITY_UNUSUAL: habits.quantity_unusual,
    Check.QUANTITY_UNLIKE_OWN: habits.quantity_unlike_own,
    Check.MORE_THAN_DELIVERED: habits.more_than_delivered,
    Check.BURST: habits.burst,
    Check.NUMBER_BACKWARDS: numbers.number_backwards,
    Check.NUMBER_GAP: numbers.number_gap,
    Check.SHARED_DEVICE: parties.shared_device,
    Check.VELOCITY: habits.velocity,
}


def look_at(facts: Facts, checks: Mapping[Check, Tuned]) -> defaultdict[int, list[dict[str, Any]]]:
    """Run the checks that are on, and give the reasons by document, in the order of the table.

    A check says of a document what it has to say once: of several lines the first that it finds.
    """
    reasons: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for check, run in CHECKS.items():
        tuned = checks.get(check)
        if tuned is None:
            continue
        said: set[int] = set()
        for found in run(facts, tuned):
            if found.document not in said:
                said.add(found.document)
                reason = {"code": str(check), "severity": str(tuned.severity), **found.evidence}
                reasons[found.document].append(reason)
    return reasons

"""Checks of who sold, and to whom."""

from collections.abc import Iterator

import numpy as np

from app.domain.registration import tax_id_key
from app.domain.verification_settings import Tuned
from verification.checks.facts import Facts, Finding

TAX = "tax:"
"""Before the tax id of a seller who is not the distributor itself."""


def distributor_blocked(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find what blocked distributors sold. What comes back still counts."""
    for at in np.flatnonzero(facts.blocked & ~facts.sales.gives_back_only()).tolist():
        yield Finding(at)


def seller_not_allowed(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find invoices of somebody who is neither the distributor nor among the programme's sellers."""
    if not facts.allowed.sellers:
        return
    for at, key in enumerate(facts.seller_key.tolist()):
        if not key.startswith(TAX):
            continue
        seller = tax_id_key(key.removeprefix(TAX))
        if seller not in facts.allowed.sellers and seller != facts.tax_id[at]:
            yield Finding(at, {"found": seller})


def own_purchase(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find invoices that somebody wrote to themselves."""
    for at in np.flatnonzero(facts.buyer != None).tolist():  # noqa: E711  # each of the texts is looked at
        buyer, seller = facts.buyer[at], facts.seller_key[at]
        sold_by = tax_id_key(seller.removeprefix(TAX)) if seller.startswith(TAX) else facts.tax_id[at]
        if buyer == sold_by:
            yield Finding(at, {"found": buyer})


def claimed_elsewhere(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find documents that another programme of the installation has as well, by their seller's tax id and number."""
    if not facts.history.elsewhere:
        return
    for at, key in enumerate(facts.key.tolist()):
        if key in facts.history.elsewhere:
            yield Finding(at, {"number": facts.sales.documents.number[at]})

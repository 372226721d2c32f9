"""Checks of who sold, and to whom."""

from collections.abc import Iterator

import numpy as np

from app.domain.documents.seller_keys import TAX
from app.domain.program_file.registration import tax_id_key
from app.domain.program_file.verification_settings import Tuned
from verification.checks.facts import Facts, Finding


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
    """Find invoices that somebody wrote to themselves, or to a company of their own head office."""
    for at in np.flatnonzero(facts.buyer != None).tolist():  # noqa: E711  # each of the texts is looked at
        buyer, seller = facts.buyer[at], facts.seller_key[at]
        sold_by = tax_id_key(seller.removeprefix(TAX)) if seller.startswith(TAX) else facts.tax_id[at]
        if buyer == sold_by or buyer in facts.family.get(int(facts.sales.documents.distributor_id[at]), ()):
            yield Finding(at, {"found": buyer})


def claimed_elsewhere(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find documents that another programme of the installation has as well, by their seller's tax id and number."""
    if not facts.history.elsewhere:
        return
    for at, key in enumerate(facts.key.tolist()):
        if key in facts.history.elsewhere:
            yield Finding(at, {"number": facts.sales.documents.number[at]})


def shared_device(facts: Facts, tuned: Tuned) -> Iterator[Finding]:
    """Find claims from a device from which ``limit`` other distributors or more sent claims within ``days``."""
    if facts.device is None:
        return
    who = facts.sales.documents.distributor_id.tolist()
    senders: dict[bytes, set[int]] = {}
    for device, one in zip(facts.device.tolist(), who, strict=True):
        if device is not None:
            senders.setdefault(device, set(facts.senders.get(device, ()))).add(one)
    for at, (device, one) in enumerate(zip(facts.device.tolist(), who, strict=True)):
        others = senders.get(device, set()) - {one}
        if len(others) >= tuned.limit:
            yield Finding(at, {"count": len(others)})

"""Whether seller and buyer of an e-invoice can be who they are said to be."""

from collections.abc import Iterator

from app.domain.program_file.registration import tax_id_key
from app.domain.taxes.tax_ids import fault_of
from verification.einvoices.invoice import EInvoice, Party, Reason, reason


def findings(invoice: EInvoice) -> Iterator[Reason]:
    """Say which tax id cannot be, whether somebody sold to themselves, and whether the buyer wrote the invoice."""
    yield from _tax_id("seller", invoice.seller)
    yield from _tax_id("buyer", invoice.buyer)
    seller, buyer = invoice.seller.tax_id, invoice.buyer.tax_id
    if seller and buyer and tax_id_key(seller) == tax_id_key(buyer):
        yield reason("sold_to_oneself", "review", found=seller)
    if invoice.self_billed:
        yield reason("self_billed", "review")


def _tax_id(who: str, party: Party) -> Iterator[Reason]:
    if party.tax_id is not None and (fault := fault_of(party.tax_id, party.country)) is not None:
        yield reason(f"tax_id_{fault}", "review" if who == "seller" else "note", party=who, found=party.tax_id)

"""The serial numbers that a claim gives for the units that it sold: what is wrong with them, and keeping them."""

from collections.abc import Iterator, Sequence

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from app.db.many import any_of
from app.domain.documents.serials import LONGEST, serial_key
from app.domain.states import COUNTING
from app.models.catalogue import Product
from app.models.claims import SoldSerial
from app.models.sales import SalesDocument
from verification import sold_units
from verification.claiming.claimed import ClaimedInvoice, Problem

_PIECE = 1_000


def asked(session: Session, program_id: int) -> bool:
    """Tell whether the programme has products whose units are told apart."""
    found = select(Product.id).where(Product.program_id == program_id, Product.has_serials)
    return bool(session.scalar(select(found.exists())))


def problems(session: Session, program_id: int, invoice: ClaimedInvoice) -> Iterator[Problem]:
    """Say what is wrong with the serial numbers of an invoice whose products are known."""
    numbered = _numbered(session, [line.product_id for line in invoice.lines if line.product_id is not None])
    here = _here(session, program_id, numbered, invoice)
    seen: set[tuple[int, str]] = set()
    for at, line in enumerate(invoice.lines):
        if line.product_id not in numbered or line.quantity_milli is None:
            continue
        sells = line.quantity_milli > 0 and (line.amount_minor or 0) >= 0
        units = -(-line.quantity_milli // _PIECE) if sells else 0
        if len(line.serials) != units:
            yield Problem("serials", "serials_missing", at, {"expected": units, "found": len(line.serials)})
        for serial in line.serials:
            unit = (line.product_id, serial_key(serial))
            if unit in seen:
                yield Problem("serials", "serial_twice", at, {"found": serial[:LONGEST]})
            elif unit in here:
                yield Problem("serials", "serial_here", at, {"found": serial[:LONGEST]})
            seen.add(unit)


def lock(session: Session, invoice: ClaimedInvoice) -> None:
    """Let whoever sends the same units at the same moment wait until they are here."""
    sold_units.lock(session, {(line.product_id, serial_key(one)) for line in invoice.lines for one in line.serials})


def store(session: Session, document_id: int, invoice: ClaimedInvoice) -> None:
    """Keep the serial numbers of a document that was sent; its lines are numbered in their order."""
    numbered = _numbered(session, [line.product_id for line in invoice.lines if line.product_id is not None])
    session.add_all(
        SoldSerial(
            document_id=document_id,
            line_number=number,
            product_id=line.product_id,
            serial=serial,
            serial_key=serial_key(serial),
        )
        for number, line in enumerate(invoice.lines, start=1)
        if line.product_id in numbered
        for serial in line.serials
    )


def _numbered(session: Session, product_ids: Sequence[int]) -> set[int]:
    """Give those of some products whose units are told apart."""
    found = select(Product.id).where(Product.id == any_of(product_ids))
    return set(session.scalars(found.where(Product.has_serials)))


def _here(session: Session, program_id: int, numbered: set[int], invoice: ClaimedInvoice) -> set[tuple[int, str]]:
    """Find the units of an invoice that count already."""
    keys = [serial_key(one) for line in invoice.lines if line.product_id in numbered for one in line.serials]
    if not keys:
        return set()
    rows = session.execute(
        select(SoldSerial.product_id, SoldSerial.serial_key)
        .join(SalesDocument, SalesDocument.id == SoldSerial.document_id)
        .where(
            SoldSerial.product_id == any_of(sorted(numbered)),
            SoldSerial.serial_key == any_(literal(keys, ARRAY(Text))),
            SalesDocument.program_id == program_id,
            SalesDocument.status.in_(COUNTING),
        )
    )
    return {(product_id, key) for product_id, key in rows}

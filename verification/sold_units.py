"""Units of what was sold that have serial numbers, whichever documents hold them: each counts once."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.db.locks import lock_name
from app.db.many import any_of
from app.domain.states import COUNTING
from app.models.claims import SoldSerial
from app.models.sales import SalesDocument, SalesLine

_PIECE = 1_000


def lock(session: Session, units: Collection[tuple[int | None, str]]) -> None:
    """Let whoever has the same units, each a product and the key of its number, wait until this transaction ends."""
    for name in sorted(f"serial {product_id}:{key}" for product_id, key in units):
        lock_name(session, name)


def lock_again(session: Session, document_id: int) -> None:
    """Lock the units of a document that is to count again; before its wallets, as whoever sends one does."""
    units = select(SoldSerial.product_id, SoldSerial.serial_key).where(SoldSerial.document_id == document_id)
    lock(session, {(product_id, key) for product_id, key in session.execute(units)})


def counting_elsewhere(session: Session, document: SalesDocument) -> str | None:
    """Give a serial number of a document whose unit counts by another one; None where none does."""
    other = aliased(SoldSerial)
    found = (
        select(SoldSerial.serial)
        .join(other, (other.product_id == SoldSerial.product_id) & (other.serial_key == SoldSerial.serial_key))
        .join(SalesDocument, SalesDocument.id == other.document_id)
        .where(
            SoldSerial.document_id == document.id,
            SalesDocument.id != document.id,
            SalesDocument.program_id == document.program_id,
            SalesDocument.status.in_(COUNTING),
        )
        .order_by(SoldSerial.serial_key)
        .limit(1)
    )
    return session.scalars(found).one_or_none()


def of_document(session: Session, document_id: int) -> dict[int, list[str]]:
    """Give the serial numbers of a document's lines, by line number."""
    rows = session.execute(
        select(SoldSerial.line_number, SoldSerial.serial)
        .where(SoldSerial.document_id == document_id)
        .order_by(SoldSerial.line_number, SoldSerial.serial_key)
    )
    found: dict[int, list[str]] = {}
    for line, serial in rows:
        found.setdefault(line, []).append(serial)
    return found


def carry_over(session: Session, new_of: Mapping[int, int]) -> None:
    """Let units be those of what corrects their documents, by id in ``new_of``, so that each counts once still.

    A file says nothing of them, and its lines need not be those of the claim: of a product as many units stay as it
    sells now.
    """
    had = session.scalars(
        select(SoldSerial)
        .where(SoldSerial.document_id == any_of(list(new_of)))
        .order_by(SoldSerial.document_id, SoldSerial.line_number, SoldSerial.serial_key)
    ).all()
    if not had:
        return
    lines = session.execute(
        select(SalesLine.document_id, SalesLine.product_id, SalesLine.line_number, SalesLine.quantity_milli)
        .where(SalesLine.document_id == any_of([new_of[one.document_id] for one in had]), SalesLine.quantity_milli > 0)
        .order_by(SalesLine.document_id, SalesLine.line_number.desc())
    )
    room: dict[tuple[int, int], list[list[int]]] = {}
    for document_id, product_id, line_number, quantity_milli in lines:
        room.setdefault((document_id, product_id), []).append([line_number, -(-quantity_milli // _PIECE)])
    for one in had:
        left = room.get((new_of[one.document_id], one.product_id))
        if left:
            left[-1][1] -= 1
            session.add(
                SoldSerial(
                    document_id=new_of[one.document_id],
                    line_number=left[-1][0],
                    product_id=one.product_id,
                    serial=one.serial,
                    serial_key=one.serial_key,
                )
            )
            if not left[-1][1]:
                left.pop()
    session.flush()

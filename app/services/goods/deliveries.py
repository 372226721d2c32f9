"""What the sponsor delivered to distributors (sell-in): taken from its own reports, compared with what they sell on."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Boolean, literal_column, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models.deliveries import Delivery

_PIECE = 2_000


@dataclass(frozen=True)
class DeliveryRow:
    """What one document of the sponsor's delivered of one product, in thousandths; below zero it came back."""

    distributor_id: int
    product_id: int
    number: str
    number_key: str
    delivered_on: dt.date
    quantity_milli: int


def put(
    session: Session, program_id: int, rows: Sequence[DeliveryRow], *, file_sha256: bytes, now: dt.datetime
) -> tuple[int, int]:
    """Take deliveries in. Returns how many are new, and how many say something else than before.

    A document and product come once in ``rows``. What is here already with the same content stays as it is; the caller
    commits.
    """
    created = changed = 0
    for start in range(0, len(rows), _PIECE):
        fresh = insert(Delivery).values(
            [
                {
                    "program_id": program_id,
                    "distributor_id": one.distributor_id,
                    "product_id": one.product_id,
                    "number": one.number,
                    "number_key": one.number_key,
                    "delivered_on": one.delivered_on,
                    "quantity_milli": one.quantity_milli,
                    "file_sha256": file_sha256,
                    "changed_at": now,
                }
                for one in rows[start : start + _PIECE]
            ]
        )
        said = fresh.excluded
        written: Sequence[bool] = session.scalars(
            fresh.on_conflict_do_update(
                constraint="uq_delivery_distributor_id_product_id_number_key",
                set_={
                    "number": said.number,
                    "delivered_on": said.delivered_on,
                    "quantity_milli": said.quantity_milli,
                    "file_sha256": said.file_sha256,
                    "changed_at": said.changed_at,
                },
                where=or_(Delivery.quantity_milli != said.quantity_milli, Delivery.delivered_on != said.delivered_on),
            ).returning(literal_column("(xmax = 0)", type_=Boolean))  # a row that no transaction replaced is a new one
        ).all()
        new = sum(written)
        created, changed = created + new, changed + len(written) - new
    return created, changed

"""What a supplier is asked to send: approved lines, written once into a workbook, and ordered by that."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.domain.program_file.rewards_settings import AddressField
from app.domain.rewards.reward_orders import AT_ONCE, SENT
from app.domain.states import OrderState, OrderWord, SupplierFileState
from app.exports.tables import Column, Kind, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.distributors import Distributor
from app.models.orders import OrderLine, RewardOrder, SupplierFile
from app.models.programs import Program
from app.models.rewards import Reward
from app.services import audit
from app.services.orders.holding import Held, hold

MOST_ORDERS = 2_000
"""Orders of one file: what is left comes with the next."""


class NothingToOrder(Exception):
    """No approved line waits for this supplier."""


def waiting(session: Session, program_id: int) -> list[tuple[str | None, int]]:
    """Tell how many approved lines wait for each supplier."""
    rows = session.execute(
        _approved(program_id).with_only_columns(OrderLine.supplier, func.count()).group_by(OrderLine.supplier)
    )
    return sorted(((supplier, count) for supplier, count in rows), key=lambda row: row[0] or "")


def write(session: Session, program: Program, supplier: str | None, *, actor: str, now: dt.datetime) -> SupplierFile:
    """Write the file of a supplier: each approved line stands in one file, once. The caller commits.

    Raises:
        NothingToOrder: No line waits for it.
    """
    of_supplier = OrderLine.supplier.is_(None) if supplier is None else OrderLine.supplier == supplier
    ids = session.scalars(
        _approved(program.id)
        .where(of_supplier)
        .with_only_columns(OrderLine.order_id)
        .distinct()
        .order_by(OrderLine.order_id)
        .limit(MOST_ORDERS)
    ).all()
    orders = [hold(session, program.id, one, actor=actor, now=now) for one in ids]
    chosen = [
        (held, line)
        for held in orders
        for line in held.lines
        if line.state is OrderState.APPROVED
        and line.supplier == supplier
        and line.kind not in AT_ONCE
        and (line.kind not in SENT or held.order.address is not None)
    ]
    if not chosen:
        raise NothingToOrder("no approved line waits for this supplier")
    content, sha256 = _workbook(session, chosen)
    made = SupplierFile(
        program_id=program.id,
        supplier=supplier,
        state=SupplierFileState.WRITTEN,
        lines=len(chosen),
        content=content,
        sha256=sha256,
        made_by=actor,
        made_at=now,
    )
    session.add(made)
    session.flush()
    for held, line in chosen:
        held.move(line, OrderState.ORDERED)
        line.supplier_file_id = made.id
        held.note(OrderWord.ORDERED, line, quantity=line.quantity - line.cancelled)
    after = {"file": made.id, "lines": len(chosen), "sha256": sha256.hex()}
    audit.note(session, actor, "supplier.write", supplier or "", now=now, program_id=program.id, after=after)
    return made


def mark_sent(session: Session, program: Program, file_id: int, *, actor: str, now: dt.datetime) -> bool:
    """Note that a file went to its supplier; False where it had gone before. The caller commits."""
    found = session.scalars(
        select(SupplierFile)
        .where(SupplierFile.id == file_id, SupplierFile.program_id == program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if found.state is not SupplierFileState.WRITTEN:
        return False
    still = select(func.count()).where(OrderLine.supplier_file_id == file_id, OrderLine.state == OrderState.ORDERED)
    found.state = SupplierFileState.SENT if session.execute(still).scalar_one() else SupplierFileState.CLOSED
    found.sent_at = now
    session.flush()
    audit.note(session, actor, "supplier.send", str(file_id), now=now, program_id=program.id)
    return True


def _approved(program_id: int) -> Any:
    return (
        select(OrderLine)
        .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
        .where(
            RewardOrder.program_id == program_id,
            OrderLine.state == OrderState.APPROVED,
            OrderLine.kind.not_in(AT_ONCE),
            # goods that a sale brought wait for whoever gets them to say where they go
            or_(OrderLine.kind.not_in(SENT), func.jsonb_typeof(RewardOrder.address) == "object"),
        )
    )


_ADDRESS: dict[AddressField, str] = {
    "name": "Recipient",
    "company": "Company",
    "street": "Street",
    "postal_code": "Postal code",
    "city": "City",
    "country": "Country",
    "phone": "Phone",
}
"""What stands above the parts of an address. A supplier's file is in one language, so that one program reads it."""


def _workbook(session: Session, chosen: list[tuple[Held, OrderLine]]) -> tuple[bytes, bytes]:
    """Write lines as a workbook, with the columns that come back with the numbers of parcels."""
    codes = dict(
        session.execute(
            select(Reward.id, Reward.code).where(Reward.id.in_({line.reward_id for _, line in chosen}))
        ).all()
    )
    owners = dict(
        session.execute(
            select(Distributor.id, Distributor.name).where(
                Distributor.id.in_({held.order.distributor_id for held, _ in chosen})
            )
        ).all()
    )
    columns: dict[str, list[Any]] = {
        "order": [str(held.order.id) for held, _ in chosen],
        "reward": [codes[line.reward_id] for _, line in chosen],
        "title": [line.name for _, line in chosen],
        "pieces": [line.quantity - line.cancelled for _, line in chosen],
        "distributor": [owners[held.order.distributor_id] for held, _ in chosen],
        **{part: [(held.order.address or {}).get(part) for held, _ in chosen] for part in _ADDRESS},
        "note": [held.order.note for held, _ in chosen],
        **{part: [None] * len(chosen) for part in ("carrier", "tracking", "shipped", "delivered")},
    }
    layout = Layout(
        (
            Column("order", "Order"),
            Column("reward", "Reward"),
            Column("title", "Title"),
            Column("pieces", "Pieces", Kind.INTEGER),
            Column("distributor", "Distributor"),
            *(Column(part, header) for part, header in _ADDRESS.items()),
            Column("note", "Note"),
            Column("carrier", "Carrier"),
            Column("tracking", "Tracking"),
            Column("shipped", "Shipped"),
            Column("delivered", "Delivered"),
        )
    )
    with tempfile.TemporaryDirectory(prefix="kontor-supplier-") as folder:
        path = Path(folder, "order.xlsx")
        written = write_workbook(path, [Sheet("Orders", layout, columns)])
        return path.read_bytes(), written.sha256

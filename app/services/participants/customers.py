"""Customers as somebody at a counter finds them: by code, name or tax id, with how they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from app.domain.program_file.registration import tax_id_key
from app.domain.states import Unit
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor, DistributorGroup
from app.models.ledger import Account

MOST = 20
"""Customers that are shown; whoever finds more types more."""

SHORTEST = 2
"""Letters that are typed at least."""


@dataclass(frozen=True)
class Customer:
    """A distributor with its state and its points."""

    id: int
    name: str
    code: str
    tax_id: str | None
    city: str | None
    group: str | None
    blocked: bool
    available: int
    pending: int


def find(session: Session, program_id: int, typed: str) -> Sequence[Customer]:
    """Find customers by what was typed, what fits as a whole before what fits in part. One query.

    A tax id is found with and without its country and whatever people write between its figures.
    """
    text = typed.strip()
    if len(text) < SHORTEST:
        return []
    pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    plain = func.regexp_replace(func.upper(Distributor.tax_id), "[^0-9A-Z]", "", "g")
    bare = func.regexp_replace(plain, "^[A-Z]{2}(?=[0-9]+$)", "")
    tax_id = tax_id_key(text)
    same_code = Distributor.code_key == code_key(text)
    same_tax_id = bare == tax_id
    rows = session.execute(
        select(
            Distributor.id,
            Distributor.name,
            Distributor.code,
            Distributor.tax_id,
            Distributor.city,
            DistributorGroup.name,
            Distributor.blocked,
            Account.available,
            Account.pending,
        )
        .join(Account, Account.distributor_id == Distributor.id)
        .outerjoin(DistributorGroup, DistributorGroup.id == Distributor.group_id)
        .where(
            Distributor.program_id == program_id,
            Distributor.person_of_id.is_(None),
            Account.unit == Unit.POINTS,
            or_(
                same_code,
                *((same_tax_id,) if tax_id else ()),
                Distributor.name.ilike(f"%{pattern}%"),
                Distributor.code.ilike(f"{pattern}%"),
            ),
        )
        .order_by(
            case((same_code, 0), (same_tax_id, 1), (Distributor.name.ilike(f"{pattern}%"), 2), else_=3),
            Distributor.sort_key,
            Distributor.id,
        )
        .limit(MOST)
    )
    return [Customer(*row) for row in rows]

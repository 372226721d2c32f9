"""What people's accounts are to whoever looks: whose is one's own, and with whom a document was shared."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, func, select
from sqlalchemy.orm import Session

from app.domain.program_file.point_shares import WHOLE
from app.domain.states import Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.people import Membership
from app.models.sales import PersonShare
from app.services.placing.companies import company_of
from app.services.reporting.tier_metrics import BY_SALES

_OWN = (
    select(Membership.distributor_id)
    .join(Distributor, Distributor.id == Membership.distributor_id)
    .where(
        company_of(Distributor) == bindparam("company_id", type_=BigInteger),
        Membership.user_id == bindparam("user_id", type_=BigInteger),
    )
    .order_by(Membership.id)
    .limit(1)
)


def own_account(session: Session, company_id: int, user_id: int) -> int | None:
    """Give the account that somebody has beside a company's; None where they have none."""
    return session.scalars(_OWN, {"company_id": company_id, "user_id": user_id}).one_or_none()


@dataclass(frozen=True)
class Shared:
    """What a document gave a person, and the share that it was by."""

    distributor_id: int
    name: str
    share_bp: int
    points: int


_SHARE_BP = (PersonShare.weight * WHOLE * 2 + PersonShare.of_weight) // (PersonShare.of_weight * 2)
_SHARED = (
    select(
        Distributor.id,
        Distributor.name,
        _SHARE_BP,
        cast(func.coalesce(func.sum(LedgerEntry.amount), 0), BigInteger),
    )
    .join(Distributor, Distributor.id == PersonShare.person_id)
    .outerjoin(Account, (Account.distributor_id == Distributor.id) & (Account.unit == Unit.POINTS))
    .outerjoin(
        LedgerTransaction,
        (LedgerTransaction.document_id == PersonShare.document_id) & LedgerTransaction.kind.in_(BY_SALES),
    )
    .outerjoin(
        LedgerEntry,
        (LedgerEntry.transaction_id == LedgerTransaction.id)
        & (LedgerEntry.account_id == func.coalesce(Account.leads_to_id, Account.id)),
    )
    .where(PersonShare.document_id == bindparam("document_id", type_=BigInteger))
    .group_by(Distributor.id, PersonShare.place, PersonShare.weight, PersonShare.of_weight)
    .order_by(PersonShare.place)
)


def shared_with(session: Session, document_id: int) -> Sequence[Shared]:
    """Tell with whom a document was shared, and what it gave them; what returns of it took stands with the returns."""
    return [Shared(*row) for row in session.execute(_SHARED, {"document_id": document_id})]

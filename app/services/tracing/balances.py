"""What stands on accounts: balances for lists, and one distributor's statement."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from app.db.questions import Question
from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.pools import OnBehalf
from app.models.sales import SalesDocument
from app.services.ledger import lot_terms
from app.services.ledger.counters import COUNTERS, MERGED, counted
from app.services.participants.head_offices import Office


class NoSuchDistributor(LookupError):
    """The programme has no distributor of this code."""

    def __init__(self, code: str) -> None:
        """Say which code."""
        super().__init__(f"No distributor has the code {code!r}.")


@dataclass(frozen=True)
class Balance:
    """What one distributor has in one unit, in the smallest unit of it; ``head_office`` is a code.

    What was earned, spent, expired and given by hand is also that of whoever was merged into it (`counters`).
    ``moved`` tells whether anything ever moved on the account itself.
    """

    distributor_id: int
    code: str
    name: str
    pending: int
    available: int
    reserved: int
    earned: int
    spent: int
    expired: int
    adjusted: int
    head_office: str | None
    moved: bool


_COLUMNS = (
    Distributor.id,
    Distributor.code,
    Distributor.name,
    Account.pending,
    Account.available,
    Account.reserved,
    *(counted(name) for name in COUNTERS),
    Office.code,
    Account.version > 0,
)


def _balance(row: Any) -> Balance:
    return Balance(*row)


def balances(
    session: Session,
    program_id: int,
    unit: Unit,
    *,
    after: tuple[str, int] | None = None,
    limit: int | None = None,
    search: str | None = None,
) -> list[Balance]:
    """Give the balances of a programme's distributors, sorted by name.

    ``after`` is (sort key, id) of the last one seen, for the next page; ``search`` a part of a name or code.
    """
    query = (
        select(*_COLUMNS)
        .join(Account, Account.distributor_id == Distributor.id)
        .outerjoin(*MERGED)
        .outerjoin(Office, Office.id == Distributor.head_office_id)
        .where(Distributor.program_id == program_id, Account.unit == unit)
        .order_by(Distributor.sort_key, Distributor.id)
    )
    if after is not None:
        query = query.where(func.row(Distributor.sort_key, Distributor.id) > func.row(*after))
    if search:
        pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(Distributor.name.ilike(pattern) | Distributor.code.ilike(pattern))
    return [_balance(row) for row in session.execute(query.limit(limit))]


def balance_of(session: Session, program_id: int, code: str, unit: Unit) -> Balance:
    """Give one distributor's balance.

    Raises:
        NoSuchDistributor: The programme has none of this code.
    """
    row = _BALANCE_OF.first(session, program_id=program_id, code_key=code_key(code), unit=unit)
    if row is None:
        raise NoSuchDistributor(code)
    return _balance(row)


_OWN = aliased(Account, name="own")
_SHOWN = case((Distributor.merged_into_id.is_(None), func.coalesce(_OWN.leads_to_id, _OWN.id)), else_=_OWN.id)
"""Which account a distributor sees: its own or its pool's; one that was merged keeps the statement that it had."""

_BALANCE_OF = Question(
    select(*_COLUMNS)
    .join(_OWN, _OWN.distributor_id == Distributor.id)
    .join(Account, Account.id == _SHOWN)
    .outerjoin(*MERGED)
    .outerjoin(Office, Office.id == Distributor.head_office_id)
    .where(
        Distributor.program_id == bindparam("program_id"),
        Distributor.code_key == bindparam("code_key"),
        _OWN.unit == bindparam("unit"),
    )
)
_ACCOUNT_SHOWN = (
    select(_SHOWN)
    .join(Distributor, Distributor.id == _OWN.distributor_id)
    .where(_OWN.distributor_id == bindparam("distributor_id"), _OWN.unit == bindparam("unit"))
    .scalar_subquery()
)


@dataclass(frozen=True)
class StatementLine:
    """One movement of a distributor's account: what it changed of each balance, and why.

    On an account that several share, ``whose`` names who earned or spent; None: the one whose account it is.
    """

    transaction_id: int
    effective_on: dt.date
    recorded_at: dt.datetime
    kind: TransactionKind
    document_id: int | None
    document_number: str | None
    pending: int
    available: int
    reserved: int
    reason: str | None
    actor: str | None
    whose: str | None = None


def statement(
    session: Session,
    distributor_id: int,
    unit: Unit,
    *,
    from_on: dt.date | None = None,
    to_on: dt.date | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[StatementLine]:
    """Give the movements of a distributor's account, newest first.

    ``before`` is the id of the last movement seen, for the next page.
    """
    query = _STATEMENT
    if from_on is not None:
        query = query.where(LedgerTransaction.effective_on >= from_on)
    if to_on is not None:
        query = query.where(LedgerTransaction.effective_on <= to_on)
    if before is not None:
        query = query.where(LedgerEntry.transaction_id < before)
    asked = {"distributor_id": distributor_id, "unit": unit, "most": limit}
    return [StatementLine(*row) for row in session.execute(query, asked)]


def _moved(bucket: Bucket) -> Any:
    return cast(func.sum(case((LedgerEntry.bucket == bucket, LedgerEntry.amount), else_=0)), BigInteger)


_WHOSE = aliased(Distributor, name="whose")
_RESERVATION = aliased(LedgerTransaction, name="reservation")
_RESOLVES = func.coalesce(
    LedgerTransaction.reverses_id, cast(func.substring(LedgerTransaction.key, r"^resolve:(\d+)$"), BigInteger)
)
"""The reservation that a movement settles or calls off: a settling has it in its key alone."""
_RESERVED_FOR = select(_RESERVATION.reason).where(_RESERVATION.id == _RESOLVES).scalar_subquery()
WHY = case(
    (
        LedgerTransaction.kind.in_([TransactionKind.SETTLE, TransactionKind.CANCEL, TransactionKind.REFUND]),
        func.coalesce(LedgerTransaction.reason, _RESERVED_FOR),
    ),
    else_=LedgerTransaction.reason,
)
"""Why points moved: where nothing was said of the end of a reservation, what it was made for."""
_STATEMENT = (
    select(
        LedgerTransaction.id,
        LedgerTransaction.effective_on,
        LedgerTransaction.recorded_at,
        LedgerTransaction.kind,
        LedgerTransaction.document_id,
        SalesDocument.number,
        _moved(Bucket.PENDING),
        _moved(Bucket.AVAILABLE),
        _moved(Bucket.RESERVED),
        WHY,
        LedgerTransaction.actor,
        case((_WHOSE.id != Account.distributor_id, _WHOSE.name)),
    )
    .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
    .join(Account, Account.id == LedgerEntry.account_id)
    .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
    .outerjoin(
        OnBehalf,
        (OnBehalf.transaction_id == LedgerTransaction.id) & (OnBehalf.account_id == LedgerEntry.account_id),
    )
    .outerjoin(_WHOSE, _WHOSE.id == func.coalesce(SalesDocument.distributor_id, OnBehalf.distributor_id))
    .where(LedgerEntry.account_id == _ACCOUNT_SHOWN)
    .group_by(LedgerTransaction.id, SalesDocument.number, _WHOSE.id, Account.id)
    .order_by(LedgerTransaction.id.desc())
    .limit(bindparam("most", type_=Integer))
)


@dataclass(frozen=True)
class Expiring:
    """Points that can be spent until a day."""

    expires_on: dt.date
    amount: int


def expiring(session: Session, distributor_id: int, unit: Unit, limit: int = 3) -> Sequence[Expiring]:
    """Give what expires next."""
    rows = _EXPIRING.ask(session, distributor_id=distributor_id, unit=unit, most=limit)
    return [Expiring(day, amount) for day, amount in rows if day is not None]


_LAST_DAY = lot_terms.last_day()
_EXPIRING = Question(
    select(_LAST_DAY, cast(func.sum(Lot.remaining), BigInteger))
    .select_from(Lot)
    .join(Account, Account.id == Lot.account_id)
    .where(
        Lot.account_id == _ACCOUNT_SHOWN,
        Lot.state == LotState.OPEN,
        _LAST_DAY.is_not(None),
    )
    .group_by(_LAST_DAY)
    .order_by(_LAST_DAY)
    .limit(bindparam("most", type_=Integer))
)

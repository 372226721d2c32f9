"""The ledger as a history: every leg of every transaction, in the month in whose books it stands."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Date, Select, SQLColumnExpression, Text, case, cast, func, literal, select, type_coerce

from app.domain.saying.wording import marked as _
from app.domain.states import Bucket, ExportSubject, TransactionKind, Unit
from app.domain.typed.codes import code_key
from app.exports.histories.describing import Field, History
from app.exports.histories.loads import source_name
from app.exports.tables import Kind
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.lot_terms import LotTerms
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.telling.movement_notes import of_decisions, of_machines

MOVES: Mapping[str, str] = {
    TransactionKind.AWARD.name.lower(): _("Award"),
    TransactionKind.REVERSAL.name.lower(): _("Return"),
    TransactionKind.VOID.name.lower(): _("Withdrawn"),
    TransactionKind.RELEASE.name.lower(): _("Released"),
    TransactionKind.RESERVE.name.lower(): _("Reserved"),
    TransactionKind.SETTLE.name.lower(): _("Spent"),
    TransactionKind.CANCEL.name.lower(): _("Given back"),
    TransactionKind.EXPIRE.name.lower(): _("Expired"),
    TransactionKind.REINSTATE.name.lower(): _("Reinstated"),
    TransactionKind.ADJUST.name.lower(): _("Adjusted by hand"),
    TransactionKind.PROMOTION.name.lower(): _("Promotion"),
    TransactionKind.EVENT.name.lower(): _("Event"),
    TransactionKind.TRANSFER.name.lower(): _("Transferred"),
    TransactionKind.INSTANT.name.lower(): _("Reward for a sale"),
    TransactionKind.REFUND.name.lower(): _("Reward came back"),
}
BUCKETS: Mapping[str, str] = {
    Bucket.PENDING.name.lower(): _("Pending"),
    Bucket.AVAILABLE.name.lower(): _("Available"),
    Bucket.RESERVED.name.lower(): _("Reserved"),
    Bucket.ISSUED.name.lower(): _("Issued by the programme"),
    Bucket.REDEEMED.name.lower(): _("Redeemed"),
    Bucket.EXPIRED.name.lower(): _("Expired"),
    Bucket.ADJUSTED.name.lower(): _("Adjusted by the programme"),
}


def _named(column: Any, members: Any) -> Any:
    """Give the name of a stored number: what an export keeps is to be read without our code."""
    return case({one: one.name.lower() for one in members}, value=column, else_=cast(column, Text))


_DAY = type_coerce(func.coalesce(LedgerTransaction.booked_on, LedgerTransaction.effective_on), Date)
_OF_POINTS = case((Account.unit == Unit.POINTS, LedgerEntry.amount), else_=0)
_OF_MONEY = case((Account.unit == Unit.MONEY, LedgerEntry.amount), else_=0)
_KIND, _BUCKET = _named(LedgerTransaction.kind, TransactionKind), _named(LedgerEntry.bucket, Bucket)


def _reason(language: str) -> SQLColumnExpression[Any]:
    """Give why a transaction was, what a machine noted in a language; what a person typed stays as it is."""
    said: Any = LedgerTransaction.reason
    for pattern, words in of_machines(language):
        said = func.regexp_replace(said, pattern, words)
    decided: Any = LedgerTransaction.reason
    for pattern, words in of_decisions(language):
        decided = func.regexp_replace(decided, pattern, words)
    # what a decision takes back is undone; of the rest, which is nearly all, it need not be asked
    undone = LedgerTransaction.kind == TransactionKind.VOID
    return type_coerce(case((undone & (decided != LedgerTransaction.reason), decided), else_=said), Text)


def _entries() -> Select[Any]:
    return (
        select()
        .select_from(LedgerEntry)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .join(Program, Program.id == LedgerTransaction.program_id)
        .outerjoin(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(Lot, Lot.id == LedgerEntry.lot_id)
        .outerjoin(LotTerms, LotTerms.id == Lot.terms_id)
        .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
    )


LEDGER = History(
    subject=ExportSubject.LEDGER,
    title=_("Ledger"),
    fields=(
        Field("day", _("Booked on"), _DAY, Kind.DATE),
        Field("program", _("Programme"), Program.code),
        Field("sponsor", _("Sponsor"), Program.sponsor, usual=False),
        Field("transaction", _("Transaction"), LedgerEntry.transaction_id, Kind.INTEGER),
        Field("position", _("Leg"), LedgerEntry.position, Kind.INTEGER),
        Field("kind", _("Movement"), _KIND, words=MOVES),
        Field("code", _("Distributor code"), Distributor.code),
        Field("name", _("Account"), func.coalesce(Distributor.name, Program.name)),
        Field("bucket", _("Where"), _BUCKET, words=BUCKETS),
        Field("points", _("Points"), _OF_POINTS, Kind.POINTS, summed=True),
        Field("money", _("Money"), _OF_MONEY, Kind.MONEY, summed=True),
        Field("lot", _("Lot"), LedgerEntry.lot_id, Kind.INTEGER),
        Field(
            "funded_by",
            _("Funded by"),
            case((Lot.id.is_not(None), source_name(LotTerms.funded_by)), else_=None),
        ),
        Field("document", _("Document"), SalesDocument.number),
        Field("effective_on", _("Belongs to"), LedgerTransaction.effective_on, Kind.DATE, usual=False),
        Field("recorded_at", _("Recorded"), LedgerTransaction.recorded_at, Kind.INSTANT),
        Field("actor", _("By"), LedgerTransaction.actor),
        Field("reason", _("Reason"), LedgerTransaction.reason, said=_reason),
        Field("key", _("Key"), LedgerTransaction.key, usual=False),
    ),
    query=_entries,
    moment=_DAY,
    order=(LedgerEntry.transaction_id, LedgerEntry.position),
    program=LedgerTransaction.program_id,
    filters={
        "distributors": lambda codes: Distributor.code_key.in_([code_key(one) for one in codes]),
        "kinds": lambda kinds: LedgerTransaction.kind.in_([TransactionKind[one.upper()] for one in kinds]),
        "states": lambda buckets: LedgerEntry.bucket.in_([Bucket[one.upper()] for one in buckets]),
        "sources": lambda codes: (
            LedgerEntry.lot_id.is_not(None)
            & func.coalesce(LotTerms.funded_by, literal("")).in_([("" if one == "-" else one) for one in codes])
        ),
    },
    choices={"kinds": MOVES, "states": BUCKETS},
    by=("kind", "bucket"),
    measure="points",
)
"""All legs sum to zero: so does the last row, as long as nothing is filtered."""

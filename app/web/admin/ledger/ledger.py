"""The ledger: every transaction of a programme, to be searched and opened."""

from typing import Any

from flask import Blueprint, abort, render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select
from werkzeug.wrappers import Response

from app.db.first import first
from app.domain.states import Bucket, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.sales import SalesDocument
from app.services.tracing.balances import WHY
from app.services.tracing.event_explanations import explain_events
from app.web import formats
from app.web.context import scope, session
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.words.movements import movement_reason
from app.web.words.wording import MOVEMENT

bp = Blueprint("ledger", __name__)

_WALLETS = (Bucket.PENDING, Bucket.AVAILABLE, Bucket.RESERVED)


_QUERY: Select[Any] = (
    select()
    .select_from(LedgerTransaction)
    .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
    .where(LedgerTransaction.program_id == HERE)
)


def _of_wallets(unit: Unit) -> Any:
    """Sum what a transaction changed in wallets, in one unit."""
    return (
        select(cast(func.sum(LedgerEntry.amount), BigInteger))
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(
            LedgerEntry.transaction_id == LedgerTransaction.id,
            LedgerEntry.bucket.in_(_WALLETS),
            Account.unit == unit,
        )
        .correlate(LedgerTransaction)
        .scalar_subquery()
    )


def _owner() -> Any:
    """Name whose wallet a transaction is about."""
    return (
        select(Distributor.name)
        .join(Account, Account.distributor_id == Distributor.id)
        .join(LedgerEntry, LedgerEntry.account_id == Account.id)
        .where(LedgerEntry.transaction_id == LedgerTransaction.id)
        .limit(1)
        .correlate(LedgerTransaction)
        .scalar_subquery()
    )


LEDGER = Listing(
    name="ledger",
    title=_("Ledger"),
    columns=(
        Column(
            "number",
            _("Transaction"),
            LedgerTransaction.id,
            Kind.CODE,
            LedgerTransaction.id,
            link=To("ledger.show", transaction_id="row_id"),
        ),
        Column("kind", _("Movement"), LedgerTransaction.kind, words=lambda kind: MOVEMENT[kind]),
        Column("effective_on", _("Effective"), LedgerTransaction.effective_on, Kind.DAY),
        Column("recorded_at", _("Recorded"), LedgerTransaction.recorded_at, Kind.INSTANT, phone=False),
        Column("owner", _("Distributor"), _owner()),
        Column("document", _("Document"), SalesDocument.number, link=To("documents.show", document_id="document_id")),
        Column("points", _("Points"), _of_wallets(Unit.POINTS), Kind.POINTS),
        Column("money", _("Money"), _of_wallets(Unit.MONEY), Kind.MONEY, phone=False),
        Column("actor", _("By"), LedgerTransaction.actor, Kind.PERSON, phone=False),
        Column("reason", _("Reason"), WHY, words=movement_reason, phone=False),
        Column("document_id", "", LedgerTransaction.document_id, shown=False, exported=False),
    ),
    query=_QUERY,
    id=LedgerTransaction.id,
    default="-number",
    filters=(
        Search(
            LedgerTransaction.key,
            LedgerTransaction.reason,
            people=[LedgerTransaction.actor],
            title=_("Key, reason, person"),
        ),
        OneOf.named("kind", _("Movement"), LedgerTransaction.kind, MOVEMENT),
        Days("effective", _("Effective"), LedgerTransaction.effective_on),
    ),
)


MOST_LINKED = 20
MOST_ENTRIES = 500
"""Entries that are shown on the page of a transaction or of a lot; the others are so many more."""


def more_entries(*conditions: ColumnElement[bool]) -> int:
    """Count the entries that a page does not show: what a year's points were spent on at once has thousands."""
    counted = session().execute(select(func.count()).select_from(LedgerEntry).where(*conditions)).scalar_one()
    return max(counted - MOST_ENTRIES, 0)


@bp.get("/programs/<code:program_code>/ledger")
def index(program_code: str) -> str | Response:
    return answer(LEDGER, "admin/ledger/ledger.html")


@bp.get("/programs/<code:program_code>/ledger/<id:transaction_id>")
def show(program_code: str, transaction_id: int) -> str:
    program = scope().program
    found = (
        session()
        .execute(
            select(LedgerTransaction, SalesDocument.number)
            .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
            .where(LedgerTransaction.id == transaction_id, LedgerTransaction.program_id == program.id)
        )
        .one_or_none()
    )
    if found is None:
        abort(404)
    entries = (
        session()
        .execute(
            select(
                LedgerEntry.position,
                Distributor.id,
                Distributor.name,
                Account.unit,
                LedgerEntry.bucket,
                LedgerEntry.amount,
                LedgerEntry.lot_id,
            )
            .join(Account, Account.id == LedgerEntry.account_id)
            .outerjoin(Distributor, Distributor.id == Account.distributor_id)
            .where(LedgerEntry.transaction_id == transaction_id)
            .order_by(LedgerEntry.position)
            .limit(MOST_ENTRIES)
        )
        .all()
    )
    undone_by = first(
        session(),
        select(LedgerTransaction.id)
        .where(LedgerTransaction.reverses_id == transaction_id, LedgerTransaction.document_id == found[0].document_id)
        .order_by(LedgerTransaction.id),
        MOST_LINKED,
        int,
    )
    return render_template(
        "admin/ledger/transaction.html",
        transaction=found[0],
        number=found[1],
        entries=entries,
        more=more_entries(LedgerEntry.transaction_id == transaction_id),
        undone_by=undone_by,
        happened=explain_events(session(), program, [transaction_id], gettext, formats.worded).get(transaction_id),
    )

"""What became of points that were exchanged for money: top-ups, the redemptions they came from, their compensations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, case, cast, func, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.domain.saying.load_failures import SENTENCES
from app.domain.saying.wording import marked as _
from app.domain.states import Bucket, Correction, ExportSubject, TaxStatus, TopUpKind, TopUpStatus, Unit
from app.domain.typed.codes import code_key
from app.exports.histories.describing import Field, History
from app.exports.tables import Kind
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, Lot
from app.models.lot_terms import LotTerms
from app.models.prepaid import Card, Redemption, TopUp
from app.models.programs import Program
from app.services.loads.arrivals import arrived_minor, corrected_loads

KINDS: Mapping[str, str] = {
    TopUpKind.REWARD.value: _("Reward"),
    TopUpKind.COMPENSATION.value: _("Tax compensation"),
}
STATES: Mapping[str, str] = {
    TopUpStatus.RESERVED.value: _("Reserved"),
    TopUpStatus.ORDERED.value: _("Ordered"),
    TopUpStatus.SENDING.value: _("Waits for an answer"),
    TopUpStatus.LOADED.value: _("Loaded"),
    TopUpStatus.FAILED.value: _("Failed"),
    TopUpStatus.UNKNOWN.value: _("Unknown"),
    TopUpStatus.CANCELLED.value: _("Cancelled"),
}

GOODS = "goods"
"""The state of a redemption that is a line of an order, and no load."""

TAX_STATUS: Mapping[str, str] = {
    TaxStatus.PRIVATE_PERSON.value: _("Private person"),
    TaxStatus.SOLE_TRADER.value: _("Sole trader"),
    TaxStatus.COMPANY.value: _("Company"),
    TaxStatus.DISTRIBUTOR_EMPLOYEE.value: _("Employee of a distributor"),
    TaxStatus.OWN_EMPLOYEE.value: _("Employee of the sponsor"),
    TaxStatus.BUSINESS_FRIEND.value: _("Business friend"),
}

CORRECTED: Mapping[str, str] = {
    Correction.NOT_THERE.value: _("Not on the card"),
    Correction.THERE.value: _("On the card after all"),
    Correction.OTHER_AMOUNT.value: _("Another amount"),
}
"""What people corrected of a load, against its provider's answer: decision 38."""

_CORRECTED = corrected_loads()
_DONE = arrived_minor(TopUp, _CORRECTED)
# money that rules gave is redeemed as well, and is no points
_REDEEMED = case((Account.unit == Unit.POINTS, Redemption.points))
_POINTS = case((TopUp.kind == TopUpKind.REWARD, _REDEEMED))
_SETTLED = func.coalesce(TopUp.settled_at, TopUp.created_at)


def source_name(funded_by: Any) -> ColumnElement[str]:
    """Name who pays: a source of funding as the programme calls it, or else the sponsor."""
    called = cast(Program.settings["funding"]["sources"], JSONB)[funded_by].astext
    return func.coalesce(called, funded_by, Program.sponsor)


def _sources() -> ColumnElement[str]:
    """Name who pays for the points of a redemption, by the lots that they came from."""
    name = source_name(LotTerms.funded_by)
    return (
        select(func.string_agg(name.distinct(), aggregate_order_by(literal(", "), name)))
        .select_from(LedgerEntry)
        .join(Lot, Lot.id == LedgerEntry.lot_id)
        .outerjoin(LotTerms, LotTerms.id == Lot.terms_id)
        .where(
            LedgerEntry.transaction_id == Redemption.reserve_transaction_id,
            LedgerEntry.bucket == Bucket.RESERVED,
        )
        .correlate(Redemption, Program)
        .scalar_subquery()
    )


def _funded_by(codes: Sequence[str]) -> ColumnElement[bool]:
    """Keep what one of these sources pays for, the sponsor under an empty code or a dash."""
    wanted = [("" if one == "-" else one) for one in codes]
    return (
        select(literal(1))
        .select_from(LedgerEntry)
        .join(Lot, Lot.id == LedgerEntry.lot_id)
        .outerjoin(LotTerms, LotTerms.id == Lot.terms_id)
        .where(
            LedgerEntry.transaction_id == Redemption.reserve_transaction_id,
            func.coalesce(LotTerms.funded_by, "").in_(wanted),
        )
        .correlate(Redemption)
        .exists()
    )


_WHO = (
    Field("program", _("Programme"), Program.code),
    Field("sponsor", _("Sponsor"), Program.sponsor, usual=False),
    Field("code", _("Distributor code"), Distributor.code),
    Field("name", _("Distributor"), Distributor.name),
)
_TAX = (
    Field("currency", _("Currency"), Redemption.currency),
    Field("tax_rule", _("Tax rule"), Redemption.tax_rule),
)
_FUNDED = Field("funded_by", _("Funded by"), _sources(), usual=False)

_OF_REDEMPTIONS: Mapping[str, Callable[[Sequence[Any]], ColumnElement[bool]]] = {
    "distributors": lambda codes: Distributor.code_key.in_([code_key(one) for one in codes]),
    "sources": _funded_by,
}
_OF_TOP_UPS: Mapping[str, Callable[[Sequence[Any]], ColumnElement[bool]]] = {
    **_OF_REDEMPTIONS,
    "cards": lambda last4: Card.last4.in_(last4),
    "states": lambda states: TopUp.status.in_([TopUpStatus(one) for one in states]),
    "kinds": lambda kinds: TopUp.kind.in_([TopUpKind(one) for one in kinds]),
    "runs": lambda runs: TopUp.run_id.in_(runs),
    "batches": lambda batches: TopUp.load_batch_id.in_(batches),
}


def _top_ups() -> Select[Any]:
    return (
        select()
        .select_from(TopUp)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Program, Program.id == Redemption.program_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(Card, Card.id == TopUp.card_id)
        .outerjoin(_CORRECTED, _CORRECTED.c.top_up_id == TopUp.id)
    )


_ORDER = (Program.code, Redemption.id, TopUp.kind.desc(), TopUp.attempt)
_LOAD = (
    Field("status", _("Status"), type_coerce(TopUp.status, String), words=STATES),
    Field("correction", _("Correction"), _CORRECTED.c.what, words=CORRECTED),
    Field("reference", _("Reference"), TopUp.reference),
    Field("run", _("Run"), TopUp.run_id, Kind.INTEGER),
    Field("batch", _("Batch"), TopUp.load_batch_id, Kind.INTEGER),
)
_FAILURES = {kept: words for code, words in SENTENCES.items() for kept in (code, f"{code}: {words}")}
"""What is kept of a load that failed, with its words; what a provider says stands as it says it."""
_WHEN = (
    Field("failure", _("Failure"), TopUp.failure, words=_FAILURES),
    Field("created_at", _("Written down"), TopUp.created_at, Kind.INSTANT, usual=False),
    Field("settled_at", _("Settled"), TopUp.settled_at, Kind.INSTANT, usual=False),
    Field("corrected_at", _("Corrected"), _CORRECTED.c.decided_at, Kind.INSTANT, usual=False),
    Field("attempt", _("Attempt"), TopUp.attempt, Kind.INTEGER, usual=False),
    Field("id", _("Number"), TopUp.id, Kind.INTEGER, usual=False),
)

TOP_UPS = History(
    subject=ExportSubject.TOP_UPS,
    title=_("Top-ups"),
    fields=(
        Field("day", _("Date"), _SETTLED, Kind.DATE, of_instant=True),
        *_WHO,
        Field("last4", _("Card (last 4)"), Card.last4),
        Field("kind", _("Kind"), type_coerce(TopUp.kind, String), words=KINDS),
        Field("points", _("Points"), _POINTS, Kind.POINTS, summed=True),
        Field("amount", _("Amount"), TopUp.amount_minor, Kind.MONEY, summed=True),
        Field("loaded", _("Loaded"), _DONE, Kind.MONEY, summed=True),
        _TAX[0],
        *_LOAD,
        _TAX[1],
        _FUNDED,
        *_WHEN,
    ),
    query=_top_ups,
    moment=_SETTLED,
    order=_ORDER,
    program=Redemption.program_id,
    filters=_OF_TOP_UPS,
    choices={"states": STATES, "kinds": KINDS},
    by=("currency", "kind", "status"),
    measure="amount",
)
"""A top-up belongs to the day on which it was settled; one that is still open to the day on which it was written down.

A compensation has no points, so that no point counts twice.
"""

COMPENSATIONS = History(
    subject=ExportSubject.COMPENSATIONS,
    title=_("Compensations"),
    fields=(
        Field("day", _("Date"), _SETTLED, Kind.DATE, of_instant=True),
        *_WHO,
        Field("last4", _("Card (last 4)"), Card.last4),
        Field("redeemed_on", _("Redeemed on"), Redemption.redeemed_on, Kind.DATE),
        Field("rewarded", _("Reward"), Redemption.amount_minor, Kind.MONEY),
        Field("withheld", _("Withheld"), Redemption.withheld_minor, Kind.MONEY, usual=False),
        Field("amount", _("Compensation"), TopUp.amount_minor, Kind.MONEY, summed=True),
        Field("loaded", _("Loaded"), _DONE, Kind.MONEY, summed=True),
        *_TAX,
        Field(
            "tax_status",
            _("Tax status"),
            Redemption.taxed_as,
            words=TAX_STATUS,
            usual=False,
        ),
        *_LOAD,
        _FUNDED,
        *_WHEN,
    ),
    query=lambda: _top_ups().where(TopUp.kind == TopUpKind.COMPENSATION),
    moment=_SETTLED,
    order=_ORDER,
    program=Redemption.program_id,
    filters={name: made for name, made in _OF_TOP_UPS.items() if name != "kinds"},
    choices={"states": STATES},
    by=("currency", "tax_rule", "status"),
    measure="amount",
)


def _of_redemption(value: Any) -> ColumnElement[Any]:
    """Ask the top-ups of a redemption."""
    return (
        select(value)
        .select_from(TopUp)
        .outerjoin(_CORRECTED, _CORRECTED.c.top_up_id == TopUp.id)
        .where(TopUp.redemption_id == Redemption.id)
        .correlate(Redemption)
        .scalar_subquery()
    )


_LOADED_OF = _of_redemption(func.coalesce(cast(func.sum(_DONE), BigInteger), 0))
_CORRECTION_OF = _of_redemption(
    func.array_agg(aggregate_order_by(_CORRECTED.c.what, _CORRECTED.c.decided_at.desc().nulls_last()))[1]
)
_NEWEST = (
    select(type_coerce(TopUp.status, String))
    .where(TopUp.redemption_id == Redemption.id)
    .order_by(TopUp.kind.desc(), TopUp.attempt.desc())
    .limit(1)
    .correlate(Redemption)
    .scalar_subquery()
)
_WITHOUT_LOAD = case((Redemption.ended_at.is_not(None), TopUpStatus.CANCELLED.value), else_=TopUpStatus.RESERVED.value)
# what an order delivered was never on its way to a card; its compensation may be, and is told beside
_STATE = case(
    (and_(Redemption.order_line_id.is_not(None), Redemption.ended_at.is_(None)), GOODS),
    else_=func.coalesce(_NEWEST, _WITHOUT_LOAD),
)
_STATES = {**STATES, GOODS: _("Goods")}

REDEMPTIONS = History(
    subject=ExportSubject.REDEMPTIONS,
    title=_("Redemptions"),
    fields=(
        Field("day", _("Date"), Redemption.redeemed_on, Kind.DATE),
        *_WHO,
        Field("points", _("Points"), _REDEEMED, Kind.POINTS, summed=True),
        Field("amount", _("Reward"), Redemption.amount_minor, Kind.MONEY, summed=True),
        Field("compensation", _("Compensation"), Redemption.compensation_minor, Kind.MONEY, summed=True),
        Field("withheld", _("Withheld"), Redemption.withheld_minor, Kind.MONEY, summed=True),
        Field("counted", _("Counts towards the year"), Redemption.counted_minor, Kind.MONEY, summed=True, usual=False),
        Field("loaded", _("Loaded"), _LOADED_OF, Kind.MONEY, summed=True),
        *_TAX,
        Field("status", _("Status"), _STATE, words=_STATES),
        Field("correction", _("Correction"), _CORRECTION_OF, words=CORRECTED),
        Field("run", _("Run"), Redemption.run_id, Kind.INTEGER),
        Field("asked_by", _("Asked by"), Redemption.asked_by, usual=False),
        Field("approved_by", _("Approved by"), Redemption.approved_by, usual=False),
        _FUNDED,
        Field("goods", _("Order line"), Redemption.order_line_id, Kind.INTEGER, usual=False),
        Field("created_at", _("Written down"), Redemption.created_at, Kind.INSTANT, usual=False),
        Field("id", _("Number"), Redemption.id, Kind.INTEGER, usual=False),
    ),
    query=lambda: (
        select()
        .select_from(Redemption)
        .join(Program, Program.id == Redemption.program_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
    ),
    moment=Redemption.redeemed_on,
    order=(Program.code, Redemption.id),
    program=Redemption.program_id,
    filters={
        **_OF_REDEMPTIONS,
        "states": lambda states: _STATE.in_(states),
        "runs": lambda runs: Redemption.run_id.in_(runs),
    },
    choices={"states": _STATES},
    by=("currency", "status"),
    measure="amount",
)

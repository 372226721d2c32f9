"""Top-ups: every load of every card, what it was made from, and what became of it."""

from dataclasses import replace
from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.domain.states import RunKind, TopUpStatus
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, Redemption, TopUp
from app.web.formats import load_failure
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Kind, Listing, Moments, OneOf, Search, To
from app.web.lists.participants import WHOSE
from app.web.words import runs as wording
from prepaid.conversions.failed import failed_and_not_tried_again
from prepaid.loads.topups import points_of_top_up

bp = Blueprint("top_ups", __name__)


_QUERY: Select[Any] = (
    select()
    .select_from(TopUp)
    .join(Redemption, Redemption.id == TopUp.redemption_id)
    .join(Account, Account.id == Redemption.account_id)
    .join(Distributor, Distributor.id == Account.distributor_id)
    .outerjoin(Card, Card.id == TopUp.card_id)
    .where(Redemption.program_id == HERE)
)

_COLUMNS = (
    Column(
        "reference",
        _("Reference"),
        TopUp.reference,
        Kind.CODE,
        link=To("chain.top_up", top_up_id="row_id"),
        small=lambda row: load_failure(row.failure) if row.failure else "",
    ),
    *WHOSE,
    Column("kind", _("Kind"), TopUp.kind, words=lambda kind: wording.KIND[kind], small="tax_rule"),
    Column("points", _("Points"), points_of_top_up(), Kind.POINTS, link=To("chain.top_up", top_up_id="row_id")),
    Column("amount", _("Amount"), TopUp.amount_minor, Kind.MONEY, TopUp.amount_minor),
    Column(
        "last4",
        _("Card"),
        Card.last4,
        words=lambda last4: f"••••\N{NO-BREAK SPACE}{last4}",
        link=To("cards_life.show", card_id="card"),
    ),
    Column("card", "", TopUp.card_id, shown=False, exported=False),
    Column("status", _("State"), TopUp.status, badge=lambda status: wording.TOP_UP[status]),
    Column("tax_rule", _("Tax rule"), Redemption.tax_rule, shown=False),
    Column("run", _("Run"), TopUp.run_id, Kind.TEXT, link=To("runs.show", run_id="run"), phone=False),
    Column("batch", _("Order file"), TopUp.load_batch_id, Kind.NUMBER, shown=False),
    Column("created_at", _("Written down"), TopUp.created_at, Kind.INSTANT, TopUp.created_at, phone=False),
    Column("settled_at", _("Settled"), TopUp.settled_at, Kind.INSTANT),
    Column("failure", _("Why it failed"), TopUp.failure, words=load_failure, shown=False),
)

_BESIDE = frozenset({"run", "created_at", "code", "name"})
_NAMED = replace(WHOSE[0], small="reference")
"""The first column where a list is of one run: whose top-up, its reference below."""
_OF_RUN = {
    one.key: replace(one, shown=False) if one.key == "reference" else replace(one, small=_COLUMNS[0].small)
    for one in _COLUMNS
    if one.key in ("reference", "status")
}
"""Columns that are others where a list is of one run: why a load failed stands below its state."""

_FILTERS = (
    Search(TopUp.reference, Distributor.name, Distributor.code, Card.last4, title=_("Reference, distributor or card")),
    OneOf.named("state", _("State"), TopUp.status, wording.TOP_UP, waits=(TopUpStatus.UNKNOWN,)),
    OneOf.named("kind", _("Kind"), TopUp.kind, wording.KIND),
    Moments("settled", _("Settled"), TopUp.settled_at),
)

_UNTRIED = OneOf(
    "loads",
    _("Failed loads"),
    [Choice("failed", _("Not tried again"), waits=True)],
    lambda _value: failed_and_not_tried_again(HERE),
)

TOP_UPS = Listing(
    name="top_ups",
    title=_("Top-ups"),
    columns=_COLUMNS,
    query=_QUERY,
    id=TopUp.id,
    default="-created_at",
    filters=(*_FILTERS, _UNTRIED),
)


def of_run(run_id: int, kind: RunKind) -> Listing:
    """Describe the top-ups of one run, in the order of its preview. Compensations are made from no points."""
    beside = _BESIDE | {"points"} if kind is RunKind.COMPENSATIONS else _BESIDE
    return Listing(
        name="top_ups_of_run",
        title=_("Top-ups of this run"),
        columns=[
            _NAMED,
            *(_OF_RUN.get(one.key, one) for one in _COLUMNS if one.key not in beside),
        ],
        query=lambda: _QUERY.where(TopUp.run_id == run_id),
        id=TopUp.id,
        default="name",
        filters=_FILTERS,
    )


@bp.get("/programs/<code:program_code>/top-ups")
def index(program_code: str) -> str | Response:
    return answer(TOP_UPS, "finance/conversions/top_ups.html", counted=True)

"""A distributor's card: what was loaded, and turning points into a top-up."""

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, or_, select
from werkzeug.wrappers import Response

from app.domain.roles import Permission, may
from app.domain.states import RunStatus, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, ConversionRun, Redemption, TopUp
from app.services.ledger import liability
from app.services.tracing import balances
from app.web.context import distributor_here, person, scope, session
from app.web.lists.answering import answer
from app.web.lists.describing import Column, Days, Kind, Listing, OneOf, To
from app.web.portal.home import own
from app.web.words import runs as wording
from prepaid import gathering
from prepaid.cards import cards
from prepaid.loads.topups import points_of_top_up
from prepaid.redeeming.quoting import may_ask, settings_of
from prepaid.terms import terms_of

bp = Blueprint("portal_card", __name__)


def _query() -> Select[Any]:
    here, of = scope(), distributor_here()
    return (
        select()
        .select_from(TopUp)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .outerjoin(Card, Card.id == TopUp.card_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(
            Redemption.program_id == here.program.id,
            # what was topped up of one that was merged into this one is its history as well
            or_(Distributor.id == of.id, Distributor.merged_into_id == of.id),
        )
    )


TOP_UPS = Listing(
    name="own_top_ups",
    title=_("My top-ups"),
    columns=(
        Column(
            "created_at",
            _("Asked for"),
            TopUp.created_at,
            Kind.INSTANT,
            TopUp.created_at,
            link=To("portal_redemptions.show", redemption_id="redemption_id"),
        ),
        Column("kind", _("Kind"), TopUp.kind, words=lambda kind: wording.KIND[kind]),
        Column("points", _("Points"), points_of_top_up(), Kind.POINTS, link=To("chain.top_up", top_up_id="row_id")),
        Column("amount", _("Amount"), TopUp.amount_minor, Kind.MONEY, TopUp.amount_minor),
        Column("last4", _("Card"), Card.last4, words=lambda last4: f"••••\N{NO-BREAK SPACE}{last4}"),
        Column("settled_at", _("Settled"), TopUp.settled_at, Kind.INSTANT),
        Column("status", _("State"), TopUp.status, badge=lambda status: wording.TOP_UP[status]),
        Column("redemption_id", "", Redemption.id, shown=False, exported=False),
    ),
    query=_query,
    id=TopUp.id,
    default="-created_at",
    filters=(
        OneOf.named("state", _("State"), TopUp.status, wording.TOP_UP),
        Days("issued", _("Asked for"), Redemption.redeemed_on),
    ),
    export_permission="convert_points",
)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/card")
def show(program_code: str, distributor_id: int) -> str | Response:
    here, of = scope(), distributor_here()
    balance = balances.balance_of(session(), here.program.id, of.code, Unit.POINTS)
    least = terms_of(here.program, Unit.POINTS).minimum_points
    return answer(
        TOP_UPS,
        "portal/points/card.html",
        card=cards.card_of(session(), of.id),
        balance=balance,
        worth=liability.worth_minor(max(balance.available, 0), here.program.point_value_micro),
        least=least,
        waiting=_waiting(of.id),
        may_convert=may(person(), Permission.CONVERT_POINTS, here.program.id, of.id),
        offered=settings_of(here.program).offered,
        enough=may_ask(here.program, balance.available),
        own=own(),
    )


def _waiting(distributor_id: int) -> int:
    """Sum the points that nobody has approved yet: in runs, and asked for by themselves."""
    waits = or_(
        ConversionRun.status.in_((RunStatus.PREPARING, RunStatus.PREVIEW)),
        gathering.WAITING & Redemption.approved_at.is_(None),
    )
    rows = session().scalars(
        select(Redemption.points)
        .join(Account, Account.id == Redemption.account_id)
        .outerjoin(ConversionRun, ConversionRun.id == Redemption.run_id)
        .where(Account.distributor_id == distributor_id, Account.unit == Unit.POINTS, waits)
    )
    return sum(rows)

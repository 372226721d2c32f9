"""A distributor's card: what was loaded, and turning points into a top-up."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.states import RunStatus, TopUpStatus, Unit
from app.extensions import db
from app.models.ledger import Account
from app.models.prepaid import Card, ConversionRun, Redemption, TopUp
from app.services import balances, liability, notices
from app.services.people import Permission, may
from app.web.context import now, person, scope, session
from app.web.finance import wording
from app.web.lists.answering import answer
from app.web.lists.describing import Choice, Column, Days, Kind, Listing, OneOf
from app.web.portal.home import own
from prepaid import cards, runs
from prepaid.errors import PrepaidError
from prepaid.terms import terms_of
from prepaid.topups import points_of_top_up

bp = Blueprint("portal_card", __name__)


def _query() -> Select[Any]:
    here = scope()
    assert here.distributor is not None, "the guard found one"
    return (
        select()
        .select_from(TopUp)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .outerjoin(Card, Card.id == TopUp.card_id)
        .where(Redemption.program_id == here.program.id, Account.distributor_id == here.distributor.id)
    )


TOP_UPS = Listing(
    name="own_top_ups",
    title=_("My top-ups"),
    columns=(
        Column("created_at", _("Asked for"), TopUp.created_at, Kind.INSTANT, TopUp.created_at),
        Column("kind", _("Kind"), TopUp.kind, words=lambda kind: wording.KIND[kind]),
        Column("points", _("Points"), points_of_top_up(), Kind.POINTS),
        Column("amount", _("Amount"), TopUp.amount_minor, Kind.MONEY, TopUp.amount_minor),
        Column("last4", _("Card"), Card.last4, words=lambda last4: f"••••\N{NO-BREAK SPACE}{last4}"),
        Column("settled_at", _("Settled"), TopUp.settled_at, Kind.INSTANT),
        Column("status", _("State"), TopUp.status, badge=lambda status: wording.TOP_UP[status]),
    ),
    query=_query,
    id=TopUp.id,
    default="-created_at",
    filters=(
        OneOf(
            "state",
            _("State"),
            [Choice(status.value, badge.text) for status, badge in wording.TOP_UP.items()],
            lambda value: TopUp.status == TopUpStatus(value),
        ),
        Days("issued", _("Asked for"), Redemption.redeemed_on),
    ),
    export_permission="convert_points",
)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/card")
def show(program_code: str, distributor_id: int) -> str | Response:
    here = scope()
    assert here.distributor is not None, "the guard found one"
    balance = balances.balance_of(session(), here.program.id, here.distributor.code, Unit.POINTS)
    least = terms_of(here.program, Unit.POINTS).minimum_points
    return answer(
        TOP_UPS,
        "portal/card.html",
        card=cards.card_of(session(), here.distributor.id),
        balance=balance,
        worth=liability.worth_minor(max(balance.available, 0), here.program.point_value_micro),
        least=least,
        waiting=_waiting(here.distributor.id),
        may_convert=may(person(), Permission.CONVERT_POINTS, here.program.id, here.distributor.id),
        own=own(),
    )


def _waiting(distributor_id: int) -> int:
    """Sum the points that wait in runs nobody has approved yet."""
    rows = session().scalars(
        select(Redemption.points)
        .join(Account, Account.id == Redemption.account_id)
        .join(ConversionRun, ConversionRun.id == Redemption.run_id)
        .where(Account.distributor_id == distributor_id, ConversionRun.status == RunStatus.PREVIEW)
    )
    return sum(rows)


@bp.post("/portal/<code:program_code>/<id:distributor_id>/card/convert")
def convert(program_code: str, distributor_id: int) -> Response:
    """Ask for all that is available to become a top-up; somebody of the programme approves it."""
    program, who = scope().program, person()
    try:
        with transaction(db.session) as writing:
            made = runs.preview(
                writing,
                program,
                from_on=wording.EVER[0],
                to_on=wording.EVER[1],
                distributor_id=distributor_id,
                actor=who.login,
                now=now(),
            )
            amount, points = made.amount_minor, made.points
            why = [wording.EXCEPTION.get(one["code"], one["message"]) for one in made.exceptions]
            if points:
                notices.tell(
                    writing,
                    program.id,
                    "conversion_asked",
                    {"points": points, "amount_minor": amount},
                    distributor_id=distributor_id,
                    address=url_for("portal_card.show", **own()),
                    now=now(),
                )
    except PrepaidError as error:
        flash(wording.refusal(error), "danger")
    else:
        if points:
            flash(
                gettext("Your points are reserved. As soon as the programme approves it, your card is loaded."),
                "success",
            )
        else:
            reasons = "; ".join(str(one) for one in why)
            flash(gettext("Nothing can be converted now. %(why)s", why=reasons), "warning")
    return redirect(url_for("portal_card.show", **own()), 303)

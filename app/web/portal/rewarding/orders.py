"""A distributor's orders: how far each is, what is in it, and its codes, for its owner's eyes alone."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.models.orders import OrderLine, RewardOrder
from app.services.instants.giving import of_order
from app.services.orders import addressing, cancelling, reading
from app.services.orders.holding import NotNow
from app.services.orders.owing import money_of
from app.services.rewarding import draws, rewards, vouchers
from app.web.context import distributor_here, keys, now, person, scope, session
from app.web.forms.asked import PerhapsWhy
from app.web.forms.refused import again, fresh
from app.web.lists.answering import answer
from app.web.lists.describing import Column, Kind, Listing, To
from app.web.portal.home import own
from app.web.portal.rewarding.basket import Where, address_before
from app.web.words.orders import BY_STATE, STATE
from app.web.words.wording import ADDRESS, ORDER_STATE, ORDER_WORD

bp = Blueprint("portal_orders", __name__)


_PIECES = (
    select(func.sum(OrderLine.quantity - OrderLine.cancelled))
    .where(OrderLine.order_id == RewardOrder.id)
    .correlate(RewardOrder)
    .scalar_subquery()
)
_WHAT = (
    select(func.string_agg(OrderLine.name, ", "))
    .where(OrderLine.order_id == RewardOrder.id)
    .correlate(RewardOrder)
    .scalar_subquery()
)


def _query() -> Select[Any]:
    return select().select_from(RewardOrder).where(RewardOrder.distributor_id == distributor_here().id)


ORDERS = Listing(
    name="own_orders",
    title=_("My orders"),
    columns=(
        Column(
            "number", _("Order"), RewardOrder.id, Kind.CODE, link=To("portal_orders.show", reward_order_id="row_id")
        ),
        Column("what", _("Rewards"), _WHAT),
        Column("placed_at", _("Placed"), RewardOrder.placed_at, Kind.INSTANT, RewardOrder.placed_at),
        Column("pieces", _("Pieces"), _PIECES, Kind.NUMBER, phone=False),
        Column("points", _("Points"), RewardOrder.points, Kind.POINTS, RewardOrder.points),
        STATE,
    ),
    query=_query,
    id=RewardOrder.id,
    default="-placed_at",
    filters=(BY_STATE,),
    export_permission="order_rewards",
)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/orders")
def index(program_code: str, distributor_id: int) -> str | Response:
    return answer(ORDERS, "portal/rewarding/orders.html", own=own())


@bp.get("/portal/<code:program_code>/<id:distributor_id>/orders/<id:reward_order_id>")
def show(program_code: str, distributor_id: int, reward_order_id: int) -> str:
    return _page(reward_order_id)


def _page(reward_order_id: int, address_form: Where | None = None) -> str:
    found = reading.read(session(), reward_order_id)
    return render_template(
        "portal/rewarding/order.html",
        found=found,
        codes=vouchers.of_order(session(), keys(), reward_order_id),
        tickets=draws.of_order(session(), reward_order_id),
        form=fresh(PerhapsWhy),
        money=money_of(found.order, [one.line for one in found.lines]),
        payment=rewards.settings_of(scope().program).payment,
        proofs=draws.proofs_of_order(session(), reward_order_id),
        brought=of_order(session(), reward_order_id),
        # what was refused stays to be mended, whoever said meanwhile where it goes
        lacks=address_form is not None or addressing.lacks_address(found.order, [one.line for one in found.lines]),
        address_form=address_form or _address_form(),
        needed=rewards.settings_of(scope().program).address,
        may_cancel=cancelling.owner_may(one.line for one in found.lines),
        states=ORDER_STATE,
        words=ORDER_WORD,
        parts=ADDRESS,
        own=own(),
    )


@bp.post("/portal/<code:program_code>/<id:distributor_id>/orders/<id:reward_order_id>/cancel")
def cancel(program_code: str, distributor_id: int, reward_order_id: int) -> Response:
    """Call the whole order off, which can be done until it is ordered at the supplier."""
    form = PerhapsWhy()
    if not form.validate():
        return again(form, "portal_orders.show", **own(), reward_order_id=reward_order_id)
    reason = form.reason.data or gettext("Changed their mind")
    try:
        with transaction(db.session) as writing:
            cancelling.cancel(
                writing,
                scope().program,
                reward_order_id,
                None,
                reason=reason,
                actor=person().login,
                now=now(),
                by_owner=True,
            )
    except NotNow:
        flash(gettext("It is on its way already: ask the programme."), "warning")
    else:
        brought = of_order(session(), reward_order_id) is not None
        done = (
            gettext("The order is cancelled.") if brought else gettext("Your order is cancelled. Its points are back.")
        )
        flash(done, "success")
    return redirect(url_for("portal_orders.show", **own(), reward_order_id=reward_order_id), 303)


@bp.post("/portal/<code:program_code>/<id:distributor_id>/orders/<id:reward_order_id>/address")
def address(program_code: str, distributor_id: int, reward_order_id: int) -> Response | tuple[str, int]:
    """Say where goods go that a sale brought."""
    needed = rewards.settings_of(scope().program).address
    form = Where()
    if not form.whole(needed):
        return _page(reward_order_id, form), 400
    try:
        with transaction(db.session) as writing:
            said = form.address(needed)
            addressing.put(writing, scope().program, reward_order_id, said, actor=person().login, now=now())
    except NotNow:
        flash(gettext("It needs no address any more."), "warning")
    else:
        flash(gettext("Thank you. It goes there."), "success")
    return redirect(url_for("portal_orders.show", **own(), reward_order_id=reward_order_id), 303)


def _address_form() -> Where:
    return Where(formdata=None, data={**address_before(rewards.settings_of(scope().program).address)})

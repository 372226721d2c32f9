"""The basket, and the way from it to an order: what it costs, where it goes, one more look, and once."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from app.db.many import any_of
from app.db.transaction import transaction
from app.domain.rewards.reward_orders import SENT
from app.extensions import db
from app.models.orders import RewardOrder
from app.models.rewards import Reward
from app.services.orders import baskets, placing
from app.services.orders.placing import OrderRefused, Problem
from app.services.rewarding import rewards
from app.services.rewarding.offers import Offer
from app.web import formats
from app.web.addresses import whole_number
from app.web.context import distributor_here, keys, now, person, scope, session
from app.web.forms.form import Form
from app.web.portal.home import own
from app.web.portal.rewarding.rewards import offer_or_404, offers_of, purse
from app.web.reward_pictures import picture_address
from app.web.words.wording import ADDRESS

bp = Blueprint("portal_basket", __name__)


class Pieces(Form):
    """How many of a reward."""

    quantity = IntegerField(
        _("How many"), [InputRequired(_("Say how many.")), NumberRange(0, baskets.MOST_OF_ONE)], default=1
    )


class Where(Form):
    """Where goods go."""

    name = StringField(ADDRESS["name"], [Length(max=120)], render_kw={"autocomplete": "name"})
    company = StringField(ADDRESS["company"], [Length(max=120)], render_kw={"autocomplete": "organization"})
    street = StringField(ADDRESS["street"], [Length(max=120)], render_kw={"autocomplete": "street-address"})
    postal_code = StringField(ADDRESS["postal_code"], [Length(max=16)], render_kw={"autocomplete": "postal-code"})
    city = StringField(ADDRESS["city"], [Length(max=120)], render_kw={"autocomplete": "address-level2"})
    country = StringField(ADDRESS["country"], [Length(max=64)], render_kw={"autocomplete": "country-name"})
    phone = StringField(ADDRESS["phone"], [Length(max=32)], render_kw={"autocomplete": "tel", "inputmode": "tel"})

    def whole(self, needed: Sequence[str]) -> bool:
        """Tell whether all is filled in that goods need."""
        fine = bool(self.validate())
        for part in needed:
            if not (self[part].data or "").strip():
                self.refuse(part, gettext("Fill this in: it is where the goods go."))
                fine = False
        return fine

    def address(self, needed: Sequence[str]) -> dict[str, str]:
        """Give what was typed."""
        return {part: self[part].data or "" for part in needed}


class Checkout(Where):
    """Where an order goes. What it is about, and that it is sent once, stands in its hidden fields."""

    key = HiddenField(validators=[InputRequired(), Length(max=64)])
    points = HiddenField(validators=[InputRequired(), Length(max=20)])
    cash = HiddenField(validators=[Length(max=20)])
    note = TextAreaField(_("Anything we should know"), [Length(max=500)])


@dataclass(frozen=True)
class Aside:
    """So many of a reward in the basket, at which of its prices."""

    offer: Offer
    quantity: int
    of_family: int
    """So many of its whole family are in the basket."""
    with_cash: bool
    picture: str | None

    @property
    def unit(self) -> tuple[int, int]:
        """Give what one costs in points and in money."""
        return self.offer.unit(with_cash=self.with_cash)

    @property
    def lacking(self) -> str | None:
        """Say why so many cannot be had; None: they can."""
        problem = placing.lacking_of(self.offer, self.quantity, self.of_family)
        return None if problem is None else sentence(problem)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/basket")
def show(program_code: str, distributor_id: int) -> str:
    return _basket()


def _basket() -> str:
    lines = _lines()
    total, cash = sums(lines)
    return render_template(
        "portal/rewarding/basket.html",
        lines=lines,
        gone=_gone(lines),
        total=total,
        cash=cash,
        sends=bool(_needed(lines)),
        purse=purse(),
        form=Pieces(formdata=None),
        most=baskets.MOST_OF_ONE,
        own=own(),
    )


@bp.post("/portal/<code:program_code>/<id:distributor_id>/basket/<id:reward_id>")
def put(program_code: str, distributor_id: int, reward_id: int) -> Response:
    """Let the basket have so many of a reward; none takes it out. From the catalogue, one more is put in."""
    form, more = Pieces(), request.form.get("more") == "yes"
    quantity = (form.quantity.data or 0) if form.validate() else None
    if quantity is None or (more and not quantity):
        flash(gettext("Write how many, as a whole number."), "warning")
        back = url_for("portal_rewards.show", reward_id=reward_id, **own()) if more else None
        return redirect(back or url_for("portal_basket.show", **own()), 303)
    name: str | None
    if quantity:
        name = offer_or_404(reward_id).reward.name
    else:
        lines = _lines()
        inside = [*(one.offer.reward for one in lines), *_gone(lines)]
        name = next((one.name for one in inside if one.id == reward_id), None)
    cash = request.form.get("cash") == "yes"
    with transaction(db.session) as writing:
        if more:
            fits = baskets.add(writing, person().id, distributor_id, reward_id, quantity, with_cash=cash)
        else:
            baskets.put(writing, person().id, distributor_id, reward_id, quantity, with_cash=cash)
            fits = True
    if not fits:
        flash(gettext("Your basket is full. Order what is in it first."), "warning")
    elif name is not None:
        flash(_told(name, quantity, more=more), "success")
    return redirect(url_for("portal_basket.show", **own()), 303)


def _told(name: str, quantity: int, *, more: bool) -> str:
    """Say what became of a basket: its figures stand elsewhere on the page, where nobody hears them change."""
    if more:
        return gettext("%(name)s is in your basket.", name=name)
    if not quantity:
        return gettext("%(name)s is no longer in your basket.", name=name)
    return gettext("%(name)s in your basket: %(count)s.", name=name, count=formats.figure(quantity))


@bp.route("/portal/<code:program_code>/<id:distributor_id>/basket/confirm", methods=["GET", "POST"])
def confirm(program_code: str, distributor_id: int) -> str | Response | tuple[str, int]:
    """Ask where the goods go and show once more what is used and what is left; then order, once."""
    lines = _lines()
    total, cash = sums(lines)
    needed = _needed(lines)
    if request.method == "GET":
        if not lines or any(one.lacking for one in lines):
            return redirect(url_for("portal_basket.show", **own()), 303)
        form = Checkout(formdata=None, data={**address_before(needed), "points": total, "cash": cash})
        form.key.data = secrets.token_urlsafe(16)
        return _confirm(form, lines, needed)
    form = Checkout()
    fine = form.whole(needed)
    before = _ordered_before(distributor_id, form.key.data or "") if fine else None
    if before is not None:
        return _ordered(before)
    if not lines:
        return redirect(url_for("portal_basket.show", **own()), 303)
    if not fine:
        return _confirm(form, lines, needed), 400
    return _place(distributor_id, form, lines, needed)


def _place(
    distributor_id: int, form: Checkout, lines: Sequence[Aside], needed: Sequence[str]
) -> str | Response | tuple[str, int]:
    wanted = placing.Wanted(
        key=form.key.data or "",
        quantities={one.offer.reward.id: one.quantity for one in lines},
        points=whole_number(form.points.data) or 0,
        address=form.address(needed) if needed else None,
        note=form.note.data or None,
        with_cash=frozenset(one.offer.reward.id for one in lines if one.with_cash),
        cash_minor=whole_number(form.cash.data) or 0,
    )
    who = person()
    try:
        with transaction(db.session) as writing:
            placed = placing.place(
                writing,
                keys(),
                scope().program,
                distributor_id,
                wanted,
                user_id=who.id,
                actor=who.login,
                now=now(),
            )
    except OrderRefused as refused:
        for problem in refused.problems:
            form.refuse(None, sentence(problem))
        lines = _lines()
        total, cash = sums(lines)
        form.points.data, form.cash.data = str(total), str(cash)
        return _confirm(form, lines, needed), 409
    return _ordered(placed)


def _ordered(order_id: int) -> Response:
    flash(gettext("Thank you. Your order is number %(number)s.", number=order_id), "success")
    return redirect(url_for("portal_orders.show", **own(), reward_order_id=order_id), 303)


def _confirm(form: Checkout, lines: Sequence[Aside], needed: Sequence[str]) -> str:
    total, cash = sums(lines)
    limit = rewards.settings_of(scope().program).approve_above
    return render_template(
        "portal/rewarding/confirm.html",
        form=form,
        lines=lines,
        total=total,
        cash=cash,
        needed=needed,
        purse=purse(),
        limited=limit is not None,
        own=own(),
    )


def sentence(problem: Problem) -> str:
    """Say why an order cannot be placed."""
    name, left = problem.reward or "", problem.left or 0
    if problem.code == "gone":
        return gettext("%(name)s cannot be had any more. Take it out of the basket.", name=name or gettext("A reward"))
    if problem.code in ("stock", "limit") and not left:
        return (
            gettext("%(name)s is not to be had now. Take it out of the basket.", name=name)
            if problem.code == "stock"
            else gettext("%(name)s: you have as many as you may. Take it out of the basket.", name=name)
        )
    if problem.code == "stock":
        return gettext("%(name)s: only %(left)s are left.", name=name, left=formats.figure(left))
    if problem.code == "limit":
        return gettext("%(name)s: you can have %(left)s more at most.", name=name, left=formats.figure(left))
    if problem.code == "points":
        return gettext("You need %(points)s more points.", points=formats.points(left))
    if problem.code == "price":
        return gettext(
            "A price has changed since you looked: it costs %(points)s points now. Look once more, then order.",
            points=formats.points(left),
        )
    if problem.code == "address":
        return gettext("Fill in where the goods go.")
    if problem.code == "pool":
        return gettext("The points of your pool are spent by its holder alone.")
    if problem.code == "card_number":
        return gettext("This looks like the number of a payment card. Card numbers are never kept here.")
    return gettext("Your company takes part no more at present: nothing can be ordered.")


def _lines() -> list[Aside]:
    """Give what is in the basket and still offered."""
    of = distributor_here()
    quantities = baskets.of(session(), person().id, of.id)
    cash = baskets.with_cash(session(), person().id, of.id) if quantities else frozenset()
    found = offers_of(list(quantities))
    families = placing.wanted_together(quantities, found)
    return [
        Aside(
            one,
            quantities[one.reward.id],
            families[one.reward.id],
            one.reward.id in cash and one.mixed is not None,
            picture_address(one.picture),
        )
        for one in found
    ]


def _gone(lines: Sequence[Aside]) -> Sequence[Reward]:
    """Give what is in the basket and not offered any more: it counts as its pieces until somebody takes it out."""
    inside = baskets.of(session(), person().id, distributor_here().id)
    gone = inside.keys() - {one.offer.reward.id for one in lines}
    named = select(Reward).where(Reward.id == any_of(sorted(gone))).order_by(Reward.name)
    return session().scalars(named).all() if gone else []


def _needed(lines: Sequence[Aside]) -> list[str]:
    """Name the parts of an address that an order needs: none where nothing of it is sent."""
    sends = any(one.offer.reward.kind in SENT for one in lines)
    return [*rewards.settings_of(scope().program).address] if sends else []


def sums(lines: Sequence[Aside]) -> tuple[int, int]:
    """Give what lines cost together in points, and in money."""
    return sum(one.unit[0] * one.quantity for one in lines), sum(one.unit[1] * one.quantity for one in lines)


def address_before(needed: Sequence[str]) -> Mapping[str, Any]:
    """Give where the last order of whoever orders went."""
    of = distributor_here()
    last = (
        session()
        .scalars(
            select(RewardOrder.address)
            .where(
                RewardOrder.distributor_id == of.id,
                RewardOrder.placed_by == person().login,
                func.jsonb_typeof(RewardOrder.address) == "object",
            )
            .order_by(RewardOrder.id.desc())
            .limit(1)
        )
        .one_or_none()
    )
    known = {"name": person().name, "company": of.name} | (last or {})
    return {part: known.get(part, "") for part in needed}


def _ordered_before(distributor_id: int, key: str) -> int | None:
    same = select(RewardOrder.id).where(RewardOrder.distributor_id == distributor_id, RewardOrder.key == key)
    return session().scalars(same).one_or_none()

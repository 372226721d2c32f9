"""Paying for purchases: so much of a balance becomes a code, which whoever sells takes; and what became of each."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.purchases import PurchaseCredit
from app.services.orders import purchase_credits
from app.services.orders.purchase_credits import CreditError
from app.services.owners import pools
from app.web.addresses import id_sent
from app.web.context import distributor_here, keys, now, person, scope, session
from app.web.forms.fields import Between, MoneyField, PointsField
from app.web.forms.form import Form, choice
from app.web.lists.answering import answer
from app.web.lists.describing import Column, Kind, Listing
from app.web.portal.home import own
from app.web.words.credits import ASKED_AT, IN_STATE, STATE, WORTH, why_not

bp = Blueprint("portal_purchases", __name__)


class Paying(Form):
    """With what, and how much."""

    what = RadioField(
        _("Pay with"), choices=[choice("points", _("Points")), choice("money", _("Money"))], default="points"
    )
    points = PointsField(_("Points"), [Between(1, purchase_credits.MOST)])
    money = MoneyField(_("Amount"), [Between(1, purchase_credits.MOST)])
    key = HiddenField(validators=[InputRequired(), Length(max=36)])

    def amount(self) -> tuple[Unit, int] | None:
        """Give what was typed; None where nothing was, which the form then says."""
        unit, field = (Unit.MONEY, "money") if self.what.data == "money" else (Unit.POINTS, "points")
        if not self[field].data:
            self.refuse(field, gettext("Say how much."))
            return None
        return unit, int(self[field].data)


def _query() -> Select[Any]:
    return select().select_from(PurchaseCredit).where(PurchaseCredit.distributor_id == distributor_here().id)


CREDITS = Listing(
    name="own_purchase_credits",
    title=_("Paid for purchases"),
    columns=(
        ASKED_AT,
        *WORTH,
        Column("until", _("Usable until"), PurchaseCredit.last_on, Kind.DAY, phone=False),
        STATE,
    ),
    query=_query,
    id=PurchaseCredit.id,
    default="-asked_at",
    filters=(IN_STATE,),
    export_permission="convert_points",
)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/purchases")
def index(program_code: str, distributor_id: int) -> str | Response:
    form = Paying(formdata=None)
    form.key.data = str(uuid.uuid4())
    return _page(form, asked=False)


def _page(form: Paying, *, asked: bool) -> str | Response:
    program, mine = scope().program, distributor_here().id
    rules = purchase_credits.settings_of(program)
    return answer(
        CREDITS,
        "portal/rewarding/purchases.html",
        form=form,
        asked=asked,
        rules=rules,
        allowed=rules.offered,
        may_spend=pools.may_spend(session(), mine),
        means=purchase_credits.means(session(), program, mine, now=now()),
        open_ones=purchase_credits.codes_of(session(), keys(), mine),
        units=Unit,
        own=own(),
    )


@bp.post("/portal/<code:program_code>/<id:distributor_id>/purchases")
def ask(program_code: str, distributor_id: int) -> str | Response | tuple[str | Response, int]:
    form = Paying()
    wanted = form.amount() if form.validate() else None
    if wanted is not None:
        try:
            with transaction(db.session) as writing:
                purchase_credits.ask(
                    *(writing, keys(), scope().program, distributor_id, *wanted),
                    key=form.key.data or "",
                    actor=person().login,
                    now=now(),
                )
        except CreditError as error:
            form.refuse("money" if wanted[0] is Unit.MONEY else "points", why_not(error))
        else:
            flash(gettext("Set aside. Show the code where you buy."), "success")
            return redirect(url_for("portal_purchases.index", **own()), 303)
    return _page(form, asked=True), 400


@bp.post("/portal/<code:program_code>/<id:distributor_id>/purchases/withdraw")
def withdraw(program_code: str, distributor_id: int) -> Response:
    """Take back what nobody has taken yet."""
    chosen = session().get(PurchaseCredit, id_sent("id") or 0)
    if chosen is None or chosen.distributor_id != distributor_id:
        abort(404)
    try:
        with transaction(db.session) as writing:
            purchase_credits.give_back(writing, scope().program, chosen.id, actor=person().login, now=now(), reason="")
    except CreditError as error:
        flash(why_not(error), "warning")
    else:
        flash(gettext("It is withdrawn. What it set aside is back."), "success")
    return redirect(url_for("portal_purchases.index", **own()), 303)

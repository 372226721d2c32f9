"""Purchases that participants pay for with their balances: codes are taken at the counter, all credits are listed."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as pgettext
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.db.transaction import transaction
from app.domain.measures.money import decimal_text, smallest_units
from app.domain.program_file.purchase_settings import Purchases
from app.domain.states import CreditState, Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.purchases import PurchaseCredit
from app.services.orders import purchase_credits
from app.services.orders.purchase_credits import CreditError
from app.services.participants import distributors
from app.services.rewarding import vouchers
from app.services.rewarding.vouchers import Discount, NoSuchDiscount
from app.services.setup.program_files import ProgramFileInvalid
from app.web import formats
from app.web.context import keys, now, person, scope, session
from app.web.forms.asked import Why
from app.web.forms.fields import Between, ExactField, MoneyField, ShareField
from app.web.forms.form import Form
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Column, Kind, Listing, Moments, Search
from app.web.lists.together import Deed, Row, Stays
from app.web.words.credits import ASKED_AT, CREDIT_STATE, IN_STATE, STATE, WORTH, why_not

bp = Blueprint("purchases", __name__)

_QUERY: Select[Any] = (
    select()
    .select_from(PurchaseCredit)
    .join(Distributor, Distributor.id == PurchaseCredit.distributor_id)
    .where(PurchaseCredit.program_id == HERE)
)

CREDITS = Listing(
    name="purchase_credits",
    title=_("Purchase credits"),
    columns=(
        ASKED_AT,
        Column("name", _("Distributor"), Distributor.name, sort=Distributor.sort_key),
        *WORTH,
        Column("purchase", _("Its amount"), PurchaseCredit.purchase_minor, Kind.MONEY, phone=False),
        Column("asked_by", _("By"), PurchaseCredit.asked_by, Kind.PERSON, shown=False),
        Column("ended_by", _("Taken or given back by"), PurchaseCredit.ended_by, Kind.PERSON, shown=False),
        Column("until", _("Usable until"), PurchaseCredit.last_on, Kind.DAY, phone=False),
        STATE,
    ),
    query=_QUERY,
    id=PurchaseCredit.id,
    default="-asked_at",
    actions=(Action(_("Give back…"), "purchases.give_back_many", "fulfil_orders"),),
    filters=(
        Search(Distributor.name, Distributor.code, PurchaseCredit.document, title=_("Distributor, code or purchase")),
        IN_STATE,
        Moments("asked", pgettext("state", "Set aside"), PurchaseCredit.asked_at),
    ),
)


class CodeForm(Form):
    """A code that a customer shows."""

    code = StringField(_("Code"), [InputRequired(_("Type the code.")), Length(max=40)])


class UseForm(CodeForm):
    """What it was used for."""

    document = StringField(
        _("Number of the purchase"),
        [InputRequired(_("Write the number of the purchase.")), Length(max=purchase_credits.LONGEST_DOCUMENT)],
    )


class TakeForm(UseForm):
    """What was bought for it."""

    purchase = MoneyField(
        _("What the whole purchase costs"),
        [InputRequired(_("Say what it costs.")), Between(1, purchase_credits.MOST)],
    )


class SettingsForm(Form):
    """How purchases are paid for."""

    offered = BooleanField(_("Participants may pay for purchases with their balances"))
    point_value = ExactField(
        _("What a point takes off a purchase"),
        [Between(1, purchase_credits.MOST)],
        description=_("Leave it empty where that is what a point is worth as money."),
    )
    least = MoneyField(_("Least amount of one credit"), [Between(1, purchase_credits.MOST)])
    share = ShareField(
        _("Most of a purchase that may be paid like this, in per cent"), [InputRequired(), Between(1, 10_000)]
    )
    usable_days = IntegerField(
        _("Days until a code is over"),
        [Optional(), NumberRange(1, 366)],
        description=_("What it set aside comes back by itself then."),
    )


@bp.get("/programs/<code:program_code>/purchases")
def index(program_code: str) -> str | Response:
    return answer(CREDITS, "admin/orders/purchases/index.html", rules=purchase_credits.settings_of(scope().program))


@bp.route("/programs/<code:program_code>/purchases/take", methods=["GET", "POST"])
def take(program_code: str) -> str | Response | tuple[str, int]:
    """Look a code up and say what it is worth; once the purchase is named as well, take it."""
    if request.method == "GET":
        return _ask(CodeForm(formdata=None))
    whole = "document" in request.form
    discount = vouchers.discount_of(session(), keys(), scope().program.id, request.form.get("code", "")[:40])
    if discount is not None:
        return _discount(discount, whole=whole)
    form = TakeForm() if whole else CodeForm()
    try:
        credit = purchase_credits.found(
            session(), keys(), scope().program, request.form.get("code", "")[:40], now=now()
        )
    except CreditError as error:
        wrong = CodeForm()
        if wrong.validate():
            wrong.refuse("code", why_not(error))
        return _ask(wrong), 400
    if not whole:
        return _look(TakeForm(formdata=None, data={"code": request.form["code"]}), credit)
    assert isinstance(form, TakeForm), "the whole form was sent"
    if form.validate():
        try:
            with transaction(db.session) as writing:
                purchase_credits.take(
                    *(writing, keys(), scope().program, form.code.data or ""),
                    document=form.document.data or "",
                    purchase_minor=form.purchase.data,
                    actor=person().login,
                    now=now(),
                )
        except CreditError as error:
            form.refuse(
                {"small": "purchase", "amount": "purchase", "document": "document"}.get(error.code), why_not(error)
            )
        else:
            amount = formats.cash(credit.worth_minor)
            flash(gettext("Taken: %(amount)s off this purchase.", amount=amount), "success")
            return redirect(url_for("purchases.take", program_code=program_code), 303)
    return _look(form, credit), 400


def _discount(discount: Discount, *, whole: bool) -> str | Response | tuple[str, int]:
    """Say what a code of a discount is for; once the purchase is named as well, use it."""
    form = UseForm() if whole else UseForm(formdata=None, data={"code": request.form["code"]})
    if whole and form.validate():
        try:
            with transaction(db.session) as writing:
                said: dict[str, Any] = {"document": form.document.data or "", "actor": person().login, "now": now()}
                vouchers.use(writing, keys(), scope().program.id, form.code.data or "", **said)
        except NoSuchDiscount:
            form.refuse(None, gettext("This code was used, given back, or is over."))
        else:
            share = formats.share(discount.share_bp)
            flash(gettext("Taken: %(amount)s off this purchase.", amount=share), "success")
            return redirect(url_for("purchases.take", program_code=scope().program.code), 303)
    page = render_template(
        "admin/orders/purchases/take.html",
        form=form,
        credit=None,
        discount=discount,
        whose=distributors.data_of(session(), discount.order.distributor_id),
    )
    return (page, 400) if whole else page


def _ask(form: CodeForm) -> str:
    return render_template("admin/orders/purchases/take.html", form=form, credit=None, discount=None)


def _look(form: TakeForm, credit: PurchaseCredit) -> str:
    return render_template(
        "admin/orders/purchases/take.html",
        form=form,
        credit=credit,
        discount=None,
        whose=distributors.data_of(session(), credit.distributor_id),
        points=credit.unit is Unit.POINTS,
    )


@bp.post("/programs/<code:program_code>/purchases/give-back")
def give_back_many(program_code: str) -> together.Answer:
    form = Why()

    def give_back(writing: Session, credit_id: int) -> None:
        said: dict[str, Any] = {"actor": person().login, "now": now(), "reason": form.reason.data or ""}
        try:
            purchase_credits.give_back(writing, scope().program, credit_id, **said)
        except CreditError as error:
            raise Stays(why_not(error)) from None

    return together.decide(
        Deed(
            CREDITS,
            url_for("purchases.index", program_code=program_code),
            "purchases",
            heading=lambda count: ngettext("Give %(num)s credit back", "Give %(num)s credits back", count),
            means=_("Their codes can be taken no more, and what they set aside goes back."),
            now=_("State now"),
            button=_("Give back"),
            done=lambda count: ngettext("%(num)s credit is given back.", "%(num)s credits are given back.", count),
            form=form,
            look=_rows,
            do=give_back,
            danger=True,
        )
    )


def _rows(ids: Sequence[int]) -> Iterator[Row]:
    """Give credits with what they are worth."""
    found = session().execute(
        select(PurchaseCredit.id, Distributor.name, PurchaseCredit.worth_minor, PurchaseCredit.state)
        .join(Distributor, Distributor.id == PurchaseCredit.distributor_id)
        .where(PurchaseCredit.id.in_(ids))
    )
    for id_, name, worth, state in found:
        stays = None if state is CreditState.OPEN else gettext("This code was used, given back, or is over.")
        yield Row(id_, name, formats.cash(worth), CREDIT_STATE[state].text, stays)


@bp.route("/programs/<code:program_code>/purchases/settings", methods=["GET", "POST"])
def settings(program_code: str) -> str | Response | tuple[str, int]:
    program = scope().program
    decimals = program.currency_decimals
    if request.method == "GET":
        said = purchase_credits.settings_of(program)
        form = SettingsForm(
            formdata=None,
            data={
                "offered": said.offered,
                "point_value": None if said.point_value is None else smallest_units(said.point_value, 6),
                "least": None if said.least is None else smallest_units(said.least, decimals),
                "share": said.share,
                "usable_days": said.usable_days,
            },
        )
        return render_template("admin/orders/purchases/settings.html", form=form)
    form = SettingsForm()
    if form.validate():
        wanted = Purchases(
            offered=bool(form.offered.data),
            point_value=_decimal(form.point_value.data, 6),
            least=_decimal(form.least.data, decimals),
            share=form.share.data,
            usable_days=form.usable_days.data or 30,
        )
        try:
            with transaction(db.session) as writing:
                purchase_credits.put_settings(writing, program, wanted, actor=person().login, now=now())
        except ProgramFileInvalid as invalid:
            form.refuse(None, "; ".join(invalid.problems))
        else:
            flash(gettext("Saved. It holds for what is set aside from now on."), "success")
            return redirect(url_for("purchases.index", program_code=program_code), 303)
    return render_template("admin/orders/purchases/settings.html", form=form), 400


def _decimal(typed: int | None, decimals: int) -> Decimal | None:
    return None if typed is None else Decimal(decimal_text(typed, decimals))

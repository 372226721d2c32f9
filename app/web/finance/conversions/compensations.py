"""Compensations: the runs that pay the tax on rewards back, and what became of each one's."""

import datetime as dt
import functools
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, case, func, or_, select
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField
from wtforms.validators import InputRequired

from app.db.transaction import transaction
from app.domain.program_file.compensation_settings import Compensation
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.states import RunKind, TopUpStatus
from app.extensions import db
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.orders import OrderLine
from app.models.prepaid import ConversionRun, Redemption
from app.services.loads.arrivals import is_there
from app.web.context import now, person, scope, session, today
from app.web.finance.conversions import runs
from app.web.forms.fields import DayField, NotBefore
from app.web.forms.form import Form, choice
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Badge, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.lists.participants import WHOSE
from app.web.words import runs as wording
from prepaid.conversions import compensating
from prepaid.conversions import runs as prepaid_runs
from prepaid.errors import PrepaidError
from prepaid.issuers import provider_settings
from prepaid.taxing import owed

bp = Blueprint("compensations", __name__)

WAITS, UNDER_WAY, PAID = "waits", "under_way", "paid"

STATE = {
    WAITS: Badge(_("Waits for a run"), "wait"),
    UNDER_WAY: Badge(_("Under way"), "busy"),
    PAID: Badge(_("Paid back"), "good"),
}
"""How far the compensation of one reward is."""


class NewCompensation(Form):
    """The period whose rewards are to be compensated."""

    from_on = DayField(_("Rewards that arrived from"), [InputRequired(_("Say from which day."))])
    to_on = DayField(_("Rewards that arrived until"), [InputRequired(_("Say to which day.")), NotBefore("from_on")])


_OF_CONVERSIONS = frozenset({"points", "amount", "compensation", "status"})


class Settings(Form):
    """When taxes are paid back, and of what."""

    paid = SelectField(
        _("The tax on a load is paid back"),
        choices=[
            choice("at_once", _("at once, together with the load")),
            choice("by_run", _("by runs, over all loads of a period")),
        ],
    )
    goods = BooleanField(_("A run takes goods and vouchers that were delivered as well"))


_NUMBER = replace(
    runs.RUNS.columns[0],
    title=_("Compensation run"),
    words=lambda number: gettext("Compensation run %(number)s", number=number),
)

RUNS = Listing(
    name="compensation_runs",
    title=_("Compensation runs"),
    columns=(
        _NUMBER,
        *(one for one in runs.RUNS.columns[1:] if one.key not in _OF_CONVERSIONS),
        Column("compensation", _("Compensation"), ConversionRun.compensation_minor, Kind.MONEY),
        Column(
            "status",
            _("State"),
            ConversionRun.status,
            badge=lambda status: wording.run_badge(RunKind.COMPENSATIONS, status),
        ),
    ),
    query=select()
    .select_from(ConversionRun)
    .where(ConversionRun.program_id == HERE, ConversionRun.kind == RunKind.COMPENSATIONS),
    id=ConversionRun.id,
    default="-number",
    filters=(
        OneOf.named(
            "state",
            _("State"),
            ConversionRun.status,
            {status: wording.run_badge(RunKind.COMPENSATIONS, status) for status in wording.RUN},
        ),
        Days("period", _("Period ends"), ConversionRun.to_on),
    ),
)

_how_far: ColumnElement[str] = case(
    (or_(owed.PAYING.status == TopUpStatus.LOADED, is_there(owed.PAYING)), PAID),
    (owed.PAYING.id.is_not(None), UNDER_WAY),
    else_=WAITS,
)

_GIVEN: Select[Any] = (
    owed.given(select().select_from(Redemption))
    .join(Account, Account.id == Redemption.account_id)
    .join(Distributor, Distributor.id == Account.distributor_id)
    .outerjoin(OrderLine, OrderLine.id == Redemption.order_line_id)
    .outerjoin(owed.PAYING, owed.IS_PAYING)
    .where(Redemption.program_id == HERE)
)


@functools.cache
def _given(time_zone: str) -> Listing:
    """List the rewards of programmes in a time zone: by its days they arrived."""
    arrived = owed.given_on(time_zone)
    return Listing(
        name="compensations",
        title=_("Compensations"),
        columns=(
            *WHOSE,
            Column("what", _("For"), func.coalesce(OrderLine.name, owed.REWARD.reference), small="tax_rule"),
            Column("given_on", _("Arrived"), arrived, Kind.DAY),
            Column("worth", _("Reward"), Redemption.amount_minor, Kind.MONEY, Redemption.amount_minor),
            Column("compensation", _("Compensation"), Redemption.compensation_minor, Kind.MONEY),
            Column("state", _("State"), _how_far, badge=lambda state: STATE[state]),
            Column(
                "run",
                _("Compensation run"),
                owed.PAYING.run_id,
                Kind.TEXT,
                link=To("runs.show", run_id="run"),
                phone=False,
            ),
            Column("paid_at", _("Paid back"), owed.PAYING.settled_at, Kind.INSTANT, phone=False),
            Column("tax_rule", _("Tax rule"), Redemption.tax_rule, shown=False),
            Column(
                "written", _("Written down"), Redemption.created_at, Kind.INSTANT, Redemption.created_at, shown=False
            ),
        ),
        query=_GIVEN,
        id=Redemption.id,
        default="-written",
        filters=(
            Search(
                Distributor.name, Distributor.code, owed.REWARD.reference, OrderLine.name, title=_("Whose, or for what")
            ),
            OneOf.named("state", _("State"), _how_far, STATE),
            Days("arrived", _("Arrived"), arrived),
        ),
    )


@bp.get("/programs/<code:program_code>/compensations")
def index(program_code: str) -> str | Response:
    waiting = owed.waiting(session(), scope().program)
    return answer(RUNS, "finance/conversions/compensations.html", waiting=waiting, settings=_said())


@bp.get("/programs/<code:program_code>/compensations/rewards")
def given(program_code: str) -> str | Response:
    """List every reward whose tax is paid back, and whether it was."""
    return answer(_given(scope().program.time_zone), "finance/conversions/compensations_given.html")


@bp.route("/programs/<code:program_code>/compensations/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = NewCompensation()
    if request.method == "GET":
        form.from_on.data, form.to_on.data = _proposed()
        return _form(form)
    if form.validate():
        try:
            with transaction(db.session) as writing:
                made = compensating.preview(
                    writing,
                    scope().program,
                    from_on=form.from_on.data,
                    to_on=form.to_on.data,
                    actor=person().login,
                    now=now(),
                )
                if prepaid_runs.says_nothing(writing, made):
                    raise runs.Nothing
                run_id = made.id
        except PrepaidError as error:
            form.refuse(None, wording.refusal(error))
        except runs.Nothing:
            form.refuse("from_on", gettext("Nothing that is to be compensated falls within these days."))
        else:
            return redirect(url_for("runs.show", program_code=program_code, run_id=run_id), 303)
    return _form(form), 400


def _proposed() -> tuple[dt.date, dt.date]:
    """Give the days that a run takes at first: all that waits is in them; where nothing does, the month before."""
    oldest = owed.waiting(session(), scope().program).first_on
    return runs.last_month() if oldest is None else (oldest, today())


@bp.route("/programs/<code:program_code>/compensations/settings", methods=["GET", "POST"])
def settings(program_code: str) -> str | Response | tuple[str, int]:
    form, program = Settings(), scope().program
    if request.method == "GET":
        said = _said()
        form.paid.data, form.goods.data = said.paid, said.goods
        return render_template("finance/conversions/compensation_settings.html", form=form)
    if not form.validate():
        return render_template("finance/conversions/compensation_settings.html", form=form), 400
    wanted = Compensation(paid=form.paid.data, goods=bool(form.goods.data))
    with transaction(db.session) as writing:
        provider_settings.put_compensation(writing, program, wanted, actor=person().login, now=now())
    flash(gettext("Saved. What waits for a run goes on waiting for one."), "success")
    return redirect(url_for("compensations.index", program_code=program_code), 303)


def _said() -> Compensation:
    return PrepaidPart.model_validate(scope().program.prepaid).compensation


def _form(form: NewCompensation) -> str:
    waiting = owed.waiting(session(), scope().program)
    return render_template("finance/conversions/compensation_new.html", form=form, waiting=waiting, settings=_said())

"""How points become money without anybody's doing: who lets redemptions go, and which run prepares itself when."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import Optional, StopValidation

from app.db.transaction import transaction
from app.domain.measures.money import decimal_text, smallest_units
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.program_file.redemption_settings import Redemptions, ScheduledRun
from app.domain.typed.codes import code_key
from app.extensions import db
from app.models.distributors import DistributorGroup
from app.services.placing import tiers
from app.services.setup.program_files import ProgramFileInvalid
from app.web.context import now, person, scope, session
from app.web.finance.conversions.segments import MOST_POINTS
from app.web.forms.fields import Between, MoneyField, PointsField
from app.web.forms.form import Form, choice
from prepaid.issuers import provider_settings

bp = Blueprint("prepaid_settings", __name__)

_MOST_MONEY = 10**12

TAKES = {
    "last_month": _("points that were earned in the month before"),
    "until_last_month": _("all points that are open still and were earned up to the end of the month before"),
    "everything": _("all points that can be spent on that day"),
}
"""Which points a scheduled run takes."""


def _where_it_decides(form: Any, field: Any) -> None:
    """Ask for the amount where it decides something.

    Raises:
        StopValidation: It is missing.
    """
    if form.approval.data == "above" and field.data is None and not field.errors:
        raise StopValidation(gettext("Say above which amount."))


class RedemptionSettings(Form):
    """How distributors turn points into money by themselves."""

    offered = BooleanField(_("Distributors can ask for it on the page of their card"))
    approval = RadioField(
        _("Who lets it go"),
        choices=[
            choice("always", _("somebody of the programme, each time")),
            choice("above", _("somebody of the programme, where it is worth more than an amount")),
            choice("never", _("nobody: it goes at once")),
        ],
    )
    approve_above = MoneyField(
        _("The amount"),
        [_where_it_decides, Optional(), Between(1, _MOST_MONEY)],
        description=_("Of what one account redeems in a day. It is asked where the choice above speaks of an amount."),
    )


class ScheduleSettings(Form):
    """Which run prepares itself every month."""

    on = BooleanField(_("Prepare a conversion run every month"))
    day = SelectField(_("On day"), choices=[choice(str(day), str(day)) for day in range(1, 29)])
    takes = RadioField(_("It takes"), choices=[choice(name, text) for name, text in TAKES.items()])
    groups = SelectMultipleField(_("Groups of distributors"), description=_("Nothing ticked: all."))
    tiers = SelectMultipleField(_("Tiers"), description=_("Nothing ticked: all."))
    minimum = PointsField(_("Only accounts with at least"), [Optional(), Between(0, MOST_POINTS)])


@bp.route("/programs/<code:program_code>/redemptions/settings", methods=["GET", "POST"])
def redemptions(program_code: str) -> str | Response | tuple[str, int]:
    form, said = RedemptionSettings(), PrepaidPart.model_validate(scope().program.prepaid).redemptions
    decimals = scope().program.currency_decimals
    if request.method == "GET":
        form.offered.data, form.approval.data = said.offered, said.approval
        form.approve_above.data = None if said.approve_above is None else smallest_units(said.approve_above, decimals)
        return render_template("finance/conversions/redemption_settings.html", form=form)

    def save(writing: Any) -> None:
        above = form.approve_above.data if form.approval.data == "above" else None
        wanted = Redemptions(
            offered=bool(form.offered.data),
            approval=form.approval.data,
            approve_above=None if above is None else Decimal(decimal_text(above, decimals)),
        )
        provider_settings.put_redemptions(writing, scope().program, wanted, actor=person().login, now=now())

    if _saved(form, save):
        flash(gettext("Saved. It holds for what is asked for from now on."), "success")
        return redirect(url_for("redemptions.index", program_code=program_code), 303)
    return render_template("finance/conversions/redemption_settings.html", form=form), 400


@bp.route("/programs/<code:program_code>/runs/schedule", methods=["GET", "POST"])
def schedule(program_code: str) -> str | Response | tuple[str, int]:
    form, said = _schedule_form(), PrepaidPart.model_validate(scope().program.prepaid).scheduled_run
    decimals = scope().program.point_decimals
    if request.method == "GET":
        _begin(form, said, decimals)
        return render_template("finance/conversions/run_schedule.html", form=form)

    def save(writing: Any) -> None:
        least = form.minimum.data
        wanted = ScheduledRun(
            day=int(form.day.data),
            takes=form.takes.data,
            groups=_chosen(form, "groups", said),
            tiers=_chosen(form, "tiers", said),
            minimum_points=None if least is None else Decimal(decimal_text(least, decimals)),
        )
        provider_settings.put_schedule(
            writing, scope().program, wanted if form.on.data else None, actor=person().login, now=now()
        )

    if _saved(form, save):
        flash(gettext("Saved. Nothing is ordered before somebody approves a run."), "success")
        return redirect(url_for("runs.index", program_code=program_code), 303)
    return render_template("finance/conversions/run_schedule.html", form=form), 400


def _saved(form: Form, save: Callable[[Any], None]) -> bool:
    """Save what a form says, if it can stand in the programme's document."""
    if not form.validate():
        return False
    try:
        with transaction(db.session) as writing:
            save(writing)
    except ProgramFileInvalid as error:
        form.refuse(None, str(error))
        return False
    return True


def _schedule_form() -> ScheduleSettings:
    """Make the form with what the programme has to choose among; what it has nothing of is not asked."""
    form, program = ScheduleSettings(), scope().program
    groups = session().execute(
        select(DistributorGroup.code, DistributorGroup.name)
        .where(DistributorGroup.program_id == program.id)
        .order_by(DistributorGroup.name, DistributorGroup.id)
    )
    form.groups.choices = [choice(code, name) for code, name in groups]
    form.tiers.choices = [choice(one.code, one.name) for one in tiers.settings_of(program).levels]
    for name in ("groups", "tiers"):
        if not form[name].choices:
            del form[name]
    return form


def _begin(form: ScheduleSettings, said: ScheduledRun | None, decimals: int) -> None:
    form.on.data = said is not None
    usual = said or ScheduledRun(day=5)
    form.day.data, form.takes.data = str(usual.day), usual.takes
    least = usual.minimum_points
    form.minimum.data = None if least is None else smallest_units(least, decimals)
    for name in ("groups", "tiers"):
        if name in form:
            codes = {code_key(code) for code in getattr(usual, name)}
            form[name].data = [code for code in _shown(form, name) if code_key(code) in codes]


def _shown(form: ScheduleSettings, name: str) -> list[str]:
    return [one.value for one in form[name].choices] if name in form else []


def _chosen(form: ScheduleSettings, name: str, said: ScheduledRun | None) -> list[str]:
    """Give what is ticked, and what was said before of which the form has no box: without it a run takes everybody."""
    shown = {code_key(code) for code in _shown(form, name)}
    before: list[str] = [] if said is None else getattr(said, name)
    ticked = (form[name].data or []) if name in form else []
    return [*ticked, *(code for code in before if code_key(code) not in shown)]

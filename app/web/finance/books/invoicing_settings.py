"""What is charged for loads, from which day, and what sources of funding pay."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import FieldList, FormField, SelectMultipleField

from app.db.transaction import transaction
from app.domain.measures.money import decimal_text, smallest_units
from app.domain.program_file.invoicing_settings import Charge, DatedCharge, Invoicing
from app.extensions import db
from app.services.setup.invoicing_terms import invoicing_of, put_invoicing
from app.services.setup.program_files import ProgramFileInvalid
from app.web.context import now, person, scope
from app.web.forms.fields import Between, DayField, MoneyField, NotBefore, ShareField
from app.web.forms.form import Form, RowForm, choice

bp = Blueprint("invoicing_settings", __name__)

_MOST_MONEY, _WHOLE = 10**9, 10_000
_MOST_FEES = 60
_FIGURES = ("fee_per_load", "fee", "vat")


class ChargeForm(Form):
    """What is charged for a load: what is left empty is nothing."""

    fee_per_load = MoneyField(_("For each load"), [Between(0, _MOST_MONEY)])
    fee = ShareField(_("Of what is loaded"), [Between(0, _WHOLE)])
    vat = ShareField(_("Tax on fees"), [Between(0, _WHOLE)])

    def figures(self) -> dict[str, Any]:
        """Give the charge as a programme file says it."""
        fixed = decimal_text(self.fee_per_load.data or 0, scope().program.currency_decimals)
        return {"fee_per_load": Decimal(fixed), "fee": self.fee.data or 0, "vat": self.vat.data or 0}


class DatedChargeForm(ChargeForm, RowForm):
    """What is charged from a day on. Nothing filled in: none."""

    valid_from = DayField(_("First day"))
    valid_until = DayField(_("Last day"), [NotBefore("valid_from")])

    def dated(self) -> DatedCharge | None:
        """Give what was typed; None where nothing was, or where it has no first day: then it says so."""
        if self.valid_from.data is not None:
            return DatedCharge(valid_from=self.valid_from.data, valid_until=self.valid_until.data, **self.figures())
        if self.valid_until.data is not None or any(self[name].data is not None for name in _FIGURES):
            self.valid_from.errors = [*self.valid_from.errors, gettext("Say from which day it is charged.")]
        return None


class InvoicingForm(ChargeForm):
    """All that a programme says about its invoices."""

    fees = FieldList(FormField(DatedChargeForm), max_entries=_MOST_FEES)
    sources_pay = SelectMultipleField(
        _("What sources of funding pay for their points"),
        choices=[
            choice("reward", _("Rewards")),
            choice("compensation", _("Compensations")),
            choice("withheld", _("Withheld tax")),
            choice("fee", _("Fees")),
        ],
        description=_("The sponsor pays what is not ticked."),
    )

    def wanted(self) -> Invoicing | None:
        """Give what was typed; None where something is wrong: then it says so."""
        sound = self.validate()
        dated = [(entry.form, entry.form.dated()) for entry in self.fees.entries]
        days = set()
        for form, one in dated:
            if one is not None and one.valid_from in days:
                form.valid_from.errors = [*form.valid_from.errors, gettext("Two fees begin on this day.")]
            if one is not None:
                days.add(one.valid_from)
        if not sound or any(form.valid_from.errors for form, _one in dated):
            return None
        fees = sorted((one for _form, one in dated if one is not None), key=lambda one: one.valid_from)
        return Invoicing(**self.figures(), fees=fees, sources_pay=self.sources_pay.data or [])


@bp.route("/programs/<code:program_code>/invoicing/settings", methods=["GET", "POST"])
def edit(program_code: str) -> str | Response | tuple[str, int]:
    form = InvoicingForm() if request.method == "POST" else _begun(invoicing_of(scope().program))
    if request.method == "GET":
        return _page(form)
    wanted = form.wanted()
    if wanted is not None:
        try:
            with transaction(db.session) as writing:
                put_invoicing(writing, scope().program, wanted, actor=person().login, now=now())
        except ProgramFileInvalid as error:
            form.refuse(None, str(error))
        else:
            flash(gettext("Saved. What is to be invoiced is reckoned by it, for the days before as well."), "success")
            return redirect(url_for("invoicing.index", program_code=program_code), 303)
    return _page(form), 400


def _page(form: InvoicingForm) -> str:
    return render_template("finance/books/invoicing_settings.html", form=form)


def _begun(said: Invoicing) -> InvoicingForm:
    """Show what stands, and a row for one more."""
    fees = [_said(one) | {"valid_from": one.valid_from, "valid_until": one.valid_until} for one in said.fees]
    form = InvoicingForm(formdata=None, data=_said(said) | {"fees": fees, "sources_pay": said.sources_pay})
    if len(fees) < _MOST_FEES:
        form.fees.append_entry({})
    return form


def _said(charge: Charge) -> dict[str, int]:
    fixed = smallest_units(charge.fee_per_load, scope().program.currency_decimals)
    return {"fee_per_load": fixed, "fee": charge.fee, "vat": charge.vat}

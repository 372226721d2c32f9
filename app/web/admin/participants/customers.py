"""The counter: a customer is found, their state and points are seen, and somebody new is registered for them."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.program_file.registration import COMPANY, REP
from app.domain.states import Unit
from app.extensions import db
from app.services.joining import applications, registration
from app.services.participants import customers, distributors
from app.services.tracing import balances
from app.web.addresses import id_asked, text_asked
from app.web.context import distributor_here, now, person, scope, session
from app.web.forms.form import Form
from app.web.joining import answers_of, applicant_of, consent_page, form_for, phone_if_sound

bp = Blueprint("customers", __name__)

Answer = str | Response | tuple[str, int]

AGREED = _("The customer agrees that what is written here is kept and looked at, to decide on the application.")

LABELS: Mapping[str, Mapping[str, Any]] = {
    COMPANY: {"name": _("Name of the owner")},
    REP: {
        "name": _("Name of the sales rep"),
        "company": _("Employer"),
        "tax_id": _("Tax id of the employer"),
    },
}
"""What the form calls its fields where it speaks of somebody else."""


@bp.get("/programs/<code:program_code>/customers")
def index(program_code: str) -> str:
    typed = text_asked("q")
    return render_template(
        "admin/participants/customers.html",
        typed=typed,
        found=customers.find(session(), scope().program.id, typed),
        shortest=customers.SHORTEST,
        most=customers.MOST,
    )


@bp.get("/programs/<code:program_code>/customers/<id:distributor_id>")
def show(program_code: str, distributor_id: int) -> str:
    here = scope()
    return render_template(
        "admin/participants/customer.html",
        data=distributors.data_of(session(), distributor_id),
        balance=balances.balance_of(session(), here.program.id, distributor_here().code, Unit.POINTS),
        expiring=balances.expiring(session(), distributor_id, Unit.POINTS),
    )


@bp.route("/programs/<code:program_code>/customers/new", methods=["GET", "POST"])
def register(program_code: str) -> Answer:
    """Apply for a customer with the programme's own form; the answer goes to the customer."""
    kind = REP if request.args.get("as") == REP else COMPANY
    kept = registration.form_of(session(), scope().program.id)
    form = form_for(kind, kept.questions, agreement=AGREED)
    if request.method == "GET":
        _fill_in(form)
        return _page(form, kind)
    phone = phone_if_sound(form)
    if phone is None:
        return _page(form, kind), 400
    with transaction(db.session) as changing:
        applications.apply(
            changing,
            scope().program,
            applicant_of(form, kind, phone),
            kept.questions,
            answers_of(form, kept.questions),
            employer_consent=kept.employer_consent,
            consent_page=consent_page,
            address="",
            actor=person().login,
            now=now(),
        )
    flash(gettext("The application is sent. The customer gets a mail, and another when it is decided."), "success")
    return redirect(url_for("customers.index", program_code=program_code), 303)


def _fill_in(form: Form) -> None:
    """Write the employer into the form of a sales rep, where somebody comes from the page of a customer."""
    known = distributors.named(session(), scope().program.id, id_asked("of") or 0)
    if known is not None:
        form["company"].data, form["tax_id"].data = known


def _page(form: Form, kind: str) -> str:
    for name, text in LABELS[kind].items():
        form[name].label.text = str(text)
    return render_template("admin/participants/customer_new.html", form=form, kind=kind)

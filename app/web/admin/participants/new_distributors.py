"""A distributor taken in by hand: somebody has a new dealer on the phone, and no file of it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.states import TaxStatus
from app.domain.typed.countries import country_kept
from app.extensions import db
from app.services.joining.applicant_twins import distributors_with
from app.services.participants import distributors, new_distributors
from app.services.participants.distributor_rows import DistributorRow, new_since
from app.services.participants.head_offices import CannotStandBelow
from app.services.participants.new_distributors import CodeTaken
from app.web import formats
from app.web.admin.participants.data_form import NO_BRANCH, DataForm
from app.web.context import now, person, scope, session
from app.web.words.tax import unlikely_tax_id

bp = Blueprint("new_distributors", __name__)


@bp.route("/programs/<code:program_code>/distributors/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = _form()
    if request.method == "GET":
        return _page(form, doubtful=False)
    if not form.validate():
        return _page(form, doubtful=bool(form.stands.data)), 400
    doubt = None if form.stands.data else _doubt(form)
    if doubt is not None:
        form.refuse("tax_id", doubt)
        return _page(form, doubtful=True), 400
    row = DistributorRow(code=form.code.data or "", **form.said())
    try:
        with transaction(db.session) as writing:
            made = new_distributors.create(writing, scope().program, row, actor=person().login, now=now())
    except CodeTaken:
        form.refuse("code", gettext("Another distributor has this code."))
    except CannotStandBelow as wrong:
        form.refuse("head_office", str(NO_BRANCH[wrong.why]))
    else:
        flash(gettext("%(name)s takes part in the programme now.", name=row.name), "success")
        return redirect(url_for("records.show", program_code=program_code, distributor_id=made), 303)
    return _page(form, doubtful=bool(form.stands.data)), 400


def _form() -> DataForm:
    program = scope().program
    return DataForm.offering(
        distributors.groups_of(session(), program.id),
        without=("group_from", "reason"),
        tax_status=TaxStatus.COMPANY.value,
        country=formats.country(program.country),
        enrolled_on=new_since(session(), program, now()),
    )


def _doubt(form: DataForm) -> str | None:
    """Say what speaks against a tax id: it cannot be, or another has it that is not its head office."""
    tax_id = form.tax_id.data or ""
    if unlikely := unlikely_tax_id(tax_id, country_kept(form.country.data) or scope().program.country):
        return unlikely
    office = form.head_office.data
    twins = [] if office else distributors_with(session(), scope().program.id, tax_id)
    if not twins:
        return None
    return gettext("%(name)s (%(code)s) has this tax id already.", name=twins[0].name, code=twins[0].code)


def _page(form: DataForm, *, doubtful: bool) -> str:
    """Show the form; that a doubtful tax id is meant can be said once it was doubted."""
    return render_template("admin/participants/distributor_new.html", form=form, doubtful=doubtful)

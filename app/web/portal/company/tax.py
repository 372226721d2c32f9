"""A participant's own tax: what it is to the tax office, what each year came to, and the year's statement as PDF."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.services.participants import distributors, tax_statuses
from app.web.context import scope, session
from app.web.languages import language
from app.web.portal.home import own
from app.web.tax_statements import send_statement
from app.web.words.wording import TAX_STATUS
from prepaid.taxing import statements

bp = Blueprint("portal_tax", __name__)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/tax")
def index(program_code: str, distributor_id: int) -> str:
    return render_template(
        "portal/company/tax.html",
        data=distributors.data_of(session(), distributor_id),
        told=[one for one in tax_statuses.history(session(), distributor_id) if not one.overruled],
        years=statements.years_of(session(), scope().program.id, distributor_id),
        words=TAX_STATUS,
        own=own(),
    )


@bp.get("/portal/<code:program_code>/<id:distributor_id>/tax/statement")
def statement(program_code: str, distributor_id: int) -> Response:
    """Give the statement of a year, in the reader's language."""
    sent = send_statement(distributor_id, language())
    if sent is not None:
        return sent
    flash(gettext("You had no rewards in that year."), "warning")
    return redirect(url_for("portal_tax.index", **own()), 303)

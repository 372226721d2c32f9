"""What to invoice for a month's loads, with the fees: to the sponsor, and to other sources of funding."""

import datetime as dt

from flask import Blueprint, render_template, request

from app.domain.measures.calendar import months_after
from app.domain.measures.money import smallest_units
from app.services.loads import invoicing
from app.services.setup.invoicing_terms import invoicing_of
from app.web.context import scope, session, today
from app.web.forms.asked import Stretch

bp = Blueprint("invoicing", __name__)


@bp.get("/programs/<code:program_code>/invoicing")
def index(program_code: str) -> str | tuple[str, int]:
    """Show what is to be invoiced; the month before where no days are said."""
    program = scope().program
    form = Stretch(formdata=request.args if request.args else None, meta={"csrf": False})
    sound = bool(request.args) and form.validate()
    month = today().replace(day=1)
    days = (form.from_on.data, form.to_on.data) if sound else (months_after(month, -1), month - dt.timedelta(days=1))
    if not request.args:
        form.from_on.data, form.to_on.data = days
    payers = invoicing.to_invoice(session(), program, *days)
    page = render_template(
        "finance/books/invoicing.html",
        form=form,
        days=days,
        payers=payers,
        whole=invoicing.together(payers, invoicing.loads_of(session(), program, *days)),
        minor=lambda amount: smallest_units(amount, program.currency_decimals),
        charged=[one for one in invoicing_of(program).within(*days) if one.charge.fee_per_load or one.charge.fee],
    )
    return (page, 400) if form.errors else page

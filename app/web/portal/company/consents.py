"""Sales reps who apply in a distributor's name: its owner agrees, or declines."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.joining import applications
from app.web.addresses import id_sent
from app.web.context import now, person, scope, session

bp = Blueprint("consents", __name__)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/applications")
def index(program_code: str, distributor_id: int) -> str:
    waiting = applications.waiting_for(session(), distributor_id)
    return render_template("portal/company/consents.html", waiting=waiting)


@bp.post("/portal/<code:program_code>/<id:distributor_id>/applications")
def decide(program_code: str, distributor_id: int) -> Response:
    agrees = request.form.get("answer") == "agree"
    try:
        with transaction(db.session) as changing:
            applications.consent(
                changing,
                scope().program,
                distributor_id,
                id_sent("application") or 0,
                agrees=agrees,
                by=person(),
                now=now(),
            )
    except applications.ApplicationClosed:
        flash(_("This application does not wait for you any more."), "warning")
    else:
        flash(_("You have agreed.") if agrees else _("You have declined; the applicant is told."), "success")
    return redirect(url_for("consents.index", program_code=program_code, distributor_id=distributor_id), 303)

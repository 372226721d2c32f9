"""What one distributor is to the tax office, by day: its history, what shows it, and what was computed otherwise."""

import re

from flask import Blueprint, abort, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.roles import Permission
from app.domain.states import TaxStatus
from app.extensions import db
from app.services import audit
from app.services.participants import distributors, tax_proofs, tax_statuses
from app.services.participants.tax_statuses import Proof
from app.web import formats
from app.web.access.guarding import permitted
from app.web.addresses import id_asked
from app.web.context import now, person, scope, session, settings, today
from app.web.forms.fields import DayField
from app.web.forms.form import Form, choice
from app.web.words.wording import TAX_STATUS
from prepaid.taxing import register, statements
from verification.claiming.proofs import PDF, PICTURES, told_by

bp = Blueprint("tax_statuses", __name__)

Answer = str | Response | tuple[str, int]

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_KEEPERS = {Permission.EDIT_DISTRIBUTOR, Permission.PREPARE_RUN}
"""Who takes a participant's declaration away: whoever notes statuses, and finance."""


class StatusForm(Form):
    """What a distributor is from a day on, why, and what shows it."""

    status = SelectField(_("Tax status"), choices=[choice(one.value, text) for one, text in TAX_STATUS.items()])
    from_on = DayField(
        _("From"),
        [InputRequired(_("Say from which day on."))],
        description=_("Rewards of this day and later are taxed by it. A day to come waits until it is there."),
    )
    reason = TextAreaField(
        _("Reason"),
        [InputRequired(_("Say why.")), Length(max=500)],
        description=_("What the participant declared, and where that is kept."),
    )
    proof = FileField(_("Proof"), description=_("A PDF or a picture of the declaration. It is kept with the change."))


@bp.route("/programs/<code:program_code>/distributors/<id:distributor_id>/tax-status", methods=["GET"])
def show(program_code: str, distributor_id: int) -> Answer:
    asked = id_asked("proof")
    if asked is not None:
        return _proof(distributor_id, asked)
    return _page(StatusForm(formdata=None, data={"from_on": today()}), distributor_id)


def _page(form: StatusForm, distributor_id: int) -> str:
    data = distributors.data_of(session(), distributor_id)
    if form.status.data is None:
        form.status.data = data.tax_status.value
    return render_template(
        "admin/tax/statuses.html",
        data=data,
        form=form,
        told=tax_statuses.history(session(), distributor_id),
        otherwise=register.computed_otherwise(session(), distributor_id),
        years=statements.years_of(session(), scope().program.id, distributor_id),
        proofs=bool(_KEEPERS & permitted()),
        words=TAX_STATUS,
    )


def _proof(distributor_id: int, change_id: int) -> Response:
    """Send the file of a change, to be kept and not to be shown: nobody vouches for what it holds."""
    if not _KEEPERS & permitted():
        abort(404)
    found = tax_statuses.proof_of(session(), distributor_id, change_id)
    path = None if found is None else tax_proofs.path_of(settings().files, found.sha256)
    if found is None or path is None or not path.is_file():
        abort(404)
    with transaction(db.session) as writing:
        subject, program_id = f"tax status {change_id}", scope().program.id
        audit.note(writing, person().login, "tax_status.proof", subject, now=now(), program_id=program_id)
    return send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=found.name)


@bp.post("/programs/<code:program_code>/distributors/<id:distributor_id>/tax-status")
def put(program_code: str, distributor_id: int) -> Answer:
    form = StatusForm()
    proof = _taken(form) if form.validate() else None
    if form.problems():
        return _page(form, distributor_id), 400
    with transaction(db.session) as writing:
        changed = tax_statuses.put(
            writing,
            scope().program,
            distributor_id,
            TaxStatus(form.status.data),
            form.from_on.data,
            reason=form.reason.data or "",
            proof=proof,
            actor=person().login,
            now=now(),
        )
    if changed:
        flash(gettext("The tax status is noted. What was computed before keeps its tax."), "success")
    else:
        flash(gettext("It is so already."), "warning")
    return redirect(url_for("tax_statuses.show", program_code=program_code, distributor_id=distributor_id), 303)


def _taken(form: StatusForm) -> Proof | None:
    """Keep the file that was sent, if any; what cannot be a proof is said beside the field."""
    sent = form.proof.data
    if not sent:
        return None
    content, most = sent.read(), settings().max_proof_mb
    if len(content) > most << 20:
        form.refuse("proof", gettext("The file is too large: at most %(most)s MB.", most=most))
    elif told_by(content) not in {PDF, *PICTURES}:
        form.refuse("proof", gettext("This is neither a PDF nor a picture."))
    else:
        return Proof(tax_proofs.keep(settings().files, content), _file_name(sent.filename or ""))
    return None


def _file_name(sent: str) -> str:
    """Name a proof as whoever sent it did, in whatever letters, without what no file's name may have."""
    ending = _ENDING.search(sent)
    return formats.file_stem(sent, "proof") + (ending[0] if ending else "")

"""The distributor's own data: what the programme knows of the company, and where it is, which its owner keeps right."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Length

from app.db.transaction import transaction
from app.extensions import db
from app.services import distributors
from app.web.context import now, person, scope, session
from app.web.forms import Form
from app.web.portal.home import own

bp = Blueprint("portal_company", __name__)


class PlaceForm(Form):
    """Where the company is."""

    city = StringField(_("City"), [Length(max=200)])
    region = StringField(_("Region"), [Length(max=200)])
    country = StringField(_("Country"), [Length(max=64)])


@bp.route("/portal/<code:program_code>/<id:distributor_id>/company", methods=["GET", "POST"])
def index(program_code: str, distributor_id: int) -> str | Response | tuple[str, int]:
    data = distributors.data_of(session(), distributor_id)
    form = PlaceForm(city=data.city, region=data.region, country=data.country)
    if request.method == "GET":
        return render_template("portal/company.html", data=data, form=form)
    if not form.validate():
        return render_template("portal/company.html", data=data, form=form), 400
    with transaction(db.session) as writing:
        distributors.change(
            writing,
            scope().program,
            distributor_id,
            {name: form[name].data or None for name in ("city", "region", "country")},
            actor=person().login,
            now=now(),
        )
    flash(gettext("The data of your company are saved."), "success")
    return redirect(url_for("portal_company.index", **own()), 303)

"""The distributor's own data: what the programme knows of the company, and where it is, which its owner keeps right."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.extensions import db
from app.services.occasions import referrals
from app.services.participants import distributor_changes, distributors
from app.web import formats
from app.web.context import now, person, scope, session
from app.web.forms.form import Form
from app.web.portal.home import own

bp = Blueprint("portal_company", __name__)


class PlaceForm(Form):
    """Where the company is."""

    city = StringField(_("City"), [Length(max=200)])
    region = StringField(_("Region"), [Length(max=200)])
    country = StringField(_("Country"), [Length(max=64)])


class BroughtForm(Form):
    """Who brought the company into the programme."""

    referrer = StringField(_("Code of whoever brought you"), [InputRequired(_("Write their code.")), Length(max=64)])


@bp.route("/portal/<code:program_code>/<id:distributor_id>/company", methods=["GET", "POST"])
def index(program_code: str, distributor_id: int) -> str | Response | tuple[str, int]:
    data = distributors.data_of(session(), distributor_id)
    form = PlaceForm(city=data.city, region=data.region, country=formats.country(data.country or ""))
    if request.method == "GET":
        return _page(distributor_id, form, BroughtForm(formdata=None))
    if not form.validate():
        return _page(distributor_id, form, BroughtForm(formdata=None)), 400
    with transaction(db.session) as writing:
        distributor_changes.change(
            writing,
            scope().program,
            distributor_id,
            {name: form[name].data or None for name in ("city", "region", "country")},
            actor=person().login,
            now=now(),
        )
    flash(gettext("The data of your company are saved."), "success")
    return redirect(url_for("portal_company.index", **own()), 303)


def _page(distributor_id: int, form: PlaceForm, brought: BroughtForm) -> str:
    named = referrals.named_by(session(), distributor_id)
    asked = referrals.rewarded(session(), scope().program.id) and not referrals.has_sold(session(), distributor_id)
    return render_template(
        "portal/company/company.html",
        data=distributors.data_of(session(), distributor_id),
        form=form,
        brought=brought if asked or brought.problems() else None,
        named=named,
    )


@bp.post("/portal/<code:program_code>/<id:distributor_id>/company/brought-by")
def brought_by(program_code: str, distributor_id: int) -> Response | tuple[str, int]:
    """Name who brought the company, as long as it has not sold anything."""
    brought = BroughtForm()
    data = distributors.data_of(session(), distributor_id)
    place = PlaceForm(formdata=None, city=data.city, region=data.region, country=formats.country(data.country or ""))
    if brought.validate():
        referrer = distributors.id_of_code(session(), scope().program.id, brought.referrer.data or "")
        try:
            with transaction(db.session) as writing:
                referrals.name(
                    writing,
                    scope().program,
                    distributor_id,
                    referrer,
                    by_distributor=True,
                    actor=person().login,
                    now=now(),
                )
        except referrals.NoSuchReferrer:
            brought.refuse("referrer", gettext("Nobody else in this programme has this code."))
        except (referrals.SoldBefore, referrals.RewardedAlready):
            flash(gettext("Your company has sold already: nobody can be named any more."), "warning")
            return redirect(url_for("portal_company.index", **own()), 303)
        else:
            flash(gettext("Thank you. They are rewarded with your first accepted sale."), "success")
            return redirect(url_for("portal_company.index", **own()), 303)
    return _page(distributor_id, place, brought), 400

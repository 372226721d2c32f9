"""Promotions of a distributor: how far they have come, what is missing, what comes next, how long there is left."""

from flask import Blueprint, render_template

from app.services.promotions import showing
from app.services.rulebooks import rules_of
from app.web.access.own import own_names
from app.web.context import distributor_here, person, scope, session, today
from app.web.words.promotions import given, measured

bp = Blueprint("portal_promotions", __name__)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/promotions")
def index(program_code: str, distributor_id: int) -> str:
    here, of = scope(), distributor_here()
    names = own_names(person(), here.program.id, of.id, of.head_office_id)
    rules = rules_of(session(), here.program.id)
    found = showing.progress_of(session(), rules, distributor_id, names, today())
    return render_template(
        "portal/points/promotions.html",
        promotions=found,
        given=given,
        measured=measured,
        alone=names is not None,
    )

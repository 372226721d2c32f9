"""A distributor's tier: which it is, what it gives, how far the next one is, and what would be lost when."""

from flask import Blueprint, render_template

from app.domain.typed.codes import code_key
from app.services.placing.tiers import decimals_of
from app.services.tiering import tier_reading
from app.services.tiering.tier_reading import Gives
from app.web.context import scope, session
from app.web.words import tiers as tier_words
from app.web.words.tiers import tiers_here

bp = Blueprint("portal_tier", __name__)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/tier")
def show(program_code: str, distributor_id: int) -> str:
    tiers, program = tiers_here(), scope().program
    gives = tier_reading.gives(session(), program.id) if tiers.levels else {}
    return render_template(
        "portal/points/tier.html",
        progress=tier_reading.progress(session(), program, distributor_id),
        levels=[
            (one, amount, gives.get(code_key(one.code), Gives()))
            for one, amount in zip(tiers.levels, tiers.thresholds(decimals_of(program, tiers.metric)), strict=True)
        ],
        told=tier_reading.history(session(), distributor_id, moves=True, most=10),
        words=tier_words,
    )

"""Notices: what happened to points, documents and top-ups, in a sentence each."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _

from app.db.transaction import transaction
from app.domain.saying.decision_codes import said
from app.extensions import db
from app.models.messages import Notice
from app.services.telling import expiry_letters, notices
from app.web import formats
from app.web.access.own import own_names
from app.web.addresses import id_asked
from app.web.context import person, scope, session
from app.web.lists import paging
from app.web.portal.notices import disputes as dispute_notices
from app.web.portal.notices import orders as order_notices
from app.web.portal.notices.leading import leads_to

bp = Blueprint("portal_notices", __name__)

SHOWN = 50


def _transferred(parts: Mapping[str, Any]) -> str:
    points = int(parts["points"])
    amount = formats.points(abs(points))
    if points < 0:
        return str(_("You gave %(amount)s points: %(why)s", amount=amount, why=parts["reason"]))
    return str(_("You were given %(amount)s points: %(why)s", amount=amount, why=parts["reason"]))


def _tier_reached(parts: Mapping[str, Any]) -> str:
    return str(_("You have reached %(tier)s.", tier=parts["tier"]))


def _tier_lost(parts: Mapping[str, Any]) -> str:
    if parts["tier"] is None:
        return str(_("You are no longer in %(tier)s.", tier=parts["was"]))
    return str(_("You are in %(tier)s now, no longer in %(was)s.", tier=parts["tier"], was=parts["was"]))


def _redemption_refused(parts: Mapping[str, Any]) -> str:
    points = formats.points(int(parts["points"]))
    if not parts["why"]:
        return str(_("Your top-up from %(points)s points was called off; the points are back.", points=points))
    why = parts["why"]
    return str(
        _("Your top-up from %(points)s points was called off, and they are back: %(why)s", points=points, why=why)
    )


def _tier_at_risk(parts: Mapping[str, Any]) -> str:
    last = formats.day(dt.date.fromisoformat(parts["last"]))
    lacking = int(parts["lacking"])
    more = formats.cash(lacking) if parts["metric"] == "amount" else formats.points(lacking)
    said = {"tier": parts["tier"], "more": more, "day": last}
    if parts["metric"] == "amount":
        return str(_("Sell for %(more)s more to stay in %(tier)s after %(day)s.", **said))
    return str(_("Earn %(more)s points more to stay in %(tier)s after %(day)s.", **said))


def _document_corrected(parts: Mapping[str, Any]) -> str:
    return str(_("Document %(number)s was corrected by the sponsor's report.", number=parts["number"]))


def _rep_left(parts: Mapping[str, Any]) -> str:
    return str(_("%(name)s has left your team.", name=parts["name"]))


def _compensation_loaded(parts: Mapping[str, Any]) -> str:
    amount = formats.cash(int(parts["amount_minor"]))
    return str(_("The tax on a reward was paid back: %(amount)s on your card.", amount=amount))


_SENTENCES = {
    "compensation_loaded": _compensation_loaded,
    "document_corrected": _document_corrected,
    "redemption_refused": _redemption_refused,
    "rep_left": _rep_left,
    **order_notices.SENTENCES,
    **dispute_notices.SENTENCES,
    "transferred": _transferred,
    "tier_reached": _tier_reached,
    "tier_lost": _tier_lost,
    "tier_at_risk": _tier_at_risk,
}


def sentence(one: Notice) -> str:
    """Make the sentence of a notice in the language of whoever reads it."""
    return sentence_of(one.kind, one.parts)


def sentence_of(kind: str, parts: Mapping[str, Any]) -> str:
    """Make the sentence of a notice of some kind of its parts."""
    if kind in _SENTENCES:
        return _SENTENCES[kind](parts)
    if kind == "document_accepted":
        return str(_("Document %(number)s was accepted.", number=parts["number"]))
    if kind == "document_partly":
        return str(_("Document %(number)s was accepted in part: %(why)s", number=parts["number"], why=_why(parts)))
    if kind == "document_asked":
        return str(
            _("Please answer about document %(number)s: %(words)s", number=parts["number"], words=parts["words"])
        )
    if kind == "document_refused":
        return str(_("Document %(number)s was refused: %(why)s", number=parts["number"], why=_why(parts)))
    if kind == "adjusted" and "amount_minor" in parts:
        amount = formats.cash(int(parts["amount_minor"]), signed=True)
        return str(_("%(amount)s by hand: %(why)s", amount=amount, why=parts["reason"]))
    if kind == "adjusted":
        amount = formats.points(int(parts["points"]), signed=True)
        return str(_("%(amount)s points by hand: %(why)s", amount=amount, why=parts["reason"]))
    if kind == "top_up_loaded":
        return str(_("%(amount)s was loaded onto your card.", amount=formats.cash(int(parts["amount_minor"]))))
    if kind == "top_up_failed":
        return str(
            _("A top-up of %(amount)s failed; its points are back.", amount=formats.cash(int(parts["amount_minor"])))
        )
    if kind == "application_consent":
        return str(_("%(name)s wants to join as your sales rep. Agree or decline.", name=parts["name"]))
    if kind == "points_expire":
        return _expiring(parts)
    return str(_("%(points)s points wait to be turned into a top-up.", points=formats.points(int(parts["points"]))))


def _why(parts: Mapping[str, Any]) -> str:
    return said(parts.get("code"), parts["reason"], _)


def _expiring(parts: Mapping[str, Any]) -> str:
    points = formats.points(int(parts["points"]))
    first, last = (formats.day(dt.date.fromisoformat(parts[name])) for name in ("first", "last"))
    if first == last:
        return str(_(expiry_letters.ON_A_DAY, points=points, day=last))
    return str(_(expiry_letters.OVER_DAYS, points=points, first=first, last=last))


@bp.get("/portal/<code:program_code>/<id:distributor_id>/notices")
def index(program_code: str, distributor_id: int) -> str:
    program, who = scope().program, person()
    named = own_names(who, program.id, distributor_id)
    before = id_asked("before")
    found = notices.newest(session(), program.id, distributor_id, who.id, named=named, before=before, limit=SHOWN + 1)
    page = paging.page(found, first=before is None, size=SHOWN)
    own: dict[str, Any] = {"program_code": program_code, "distributor_id": distributor_id}
    start = url_for("portal_notices.index", **own)
    shown = render_template(
        "portal/notices/notices.html",
        page=page,
        news=[(sentence(one), leads_to(one, own), one.created_at) for one in page.rows],
        start=start,
        next=f"{start}?before={page.rows[-1].id}" if page.more else None,
    )
    if page.first and page.rows:
        with transaction(db.session) as writing:
            notices.seen(writing, program.id, who.id, page.rows[0].id)
    return shown

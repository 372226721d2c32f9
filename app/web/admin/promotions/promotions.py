"""Promotions for those who run a programme: the list, where everybody stands, publishing and closing."""

from itertools import pairwise
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Select, cast, func, select
from werkzeug.wrappers import Response

from app.db.first import First, first
from app.db.transaction import transaction
from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.states import PromotionState, Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.promotions import Promotion, PromotionGift, PromotionStanding, PromotionVersion
from app.services import two_people
from app.services.promotions import closing, foreseeing, gifts, lift, ranking, reading, showing
from app.services.promotions.publishing import PromotionInvalid
from app.services.rulebooks import rules_of
from app.services.setup import promotion_editing as editing
from app.web import formats
from app.web.addresses import whole_number
from app.web.admin.promotions.telling import Changed, differences, told
from app.web.context import now, person, scope, session, today
from app.web.forms.asked import SendBack
from app.web.forms.refused import again, fresh
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.words.promotions import KIND, STATE, given, measured, problem

bp = Blueprint("promotions", __name__)

MOST_GIFTS = 100


_PAID = (
    select(cast(func.coalesce(func.sum(PromotionStanding.paid), 0), BigInteger))
    .where(PromotionStanding.promotion_id == Promotion.id)
    .scalar_subquery()
)
_PLACE = func.nullif(PromotionStanding.place, 0)
"""Who sold too little, or did not pass a gate, has none."""
_MANY = select(func.count()).where(PromotionStanding.promotion_id == Promotion.id).scalar_subquery()
_NAME = reading.called()

PROMOTIONS = Listing(
    name="promotions",
    title=_("Promotions"),
    columns=(
        Column("name", _("Promotion"), _NAME, sort=_NAME, link=To("promotions.show", promotion_id="row_id")),
        Column("code", _("Code"), Promotion.code, Kind.CODE, Promotion.code_key, phone=False),
        Column("state", _("State"), Promotion.state, badge=lambda state: STATE[state]),
        Column("first_on", _("From"), Promotion.first_on, Kind.DAY, Promotion.first_on),
        Column("last_on", _("Until"), Promotion.last_on, Kind.DAY, Promotion.last_on),
        Column("participants", _("Take part"), _MANY, Kind.NUMBER, phone=False),
        Column("paid", _("Points paid"), _PAID, Kind.POINTS),
        Column("version", _("Version"), Promotion.version, Kind.NUMBER, phone=False),
    ),
    query=select().select_from(Promotion).where(Promotion.program_id == HERE, reading.says_something()),
    id=Promotion.id,
    default="-last_on",
    filters=(
        Search(_NAME, Promotion.code, title=_("Name or code")),
        OneOf.named("state", _("State"), Promotion.state, STATE),
        OneOf(
            "draft",
            _("Draft"),
            (Choice("waits", _("Waits for a second person")), Choice("open", _("Not published yet"))),
            lambda value: (
                Promotion.asked_at.is_not(None) if value == "waits" else func.jsonb_typeof(Promotion.draft) == "object"
            ),
        ),
    ),
)


def _standings() -> Select[Any]:
    return (
        select()
        .select_from(PromotionStanding)
        .join(Distributor, Distributor.id == PromotionStanding.distributor_id)
        .where(PromotionStanding.promotion_id == scope().thing_id)
    )


def _measured(value: int) -> str:
    return measured(g.promotion_metric, value)


def _kind() -> Kind:
    return KIND.get(g.promotion_metric, Kind.NUMBER)


STANDINGS = Listing(
    name="promotion_standings",
    title=_("Where everybody stands"),
    columns=(
        Column(
            "name",
            _("Distributor"),
            Distributor.name,
            sort=Distributor.sort_key,
            link=To("records.show", distributor_id="distributor_id"),
            small="person",
        ),
        Column("distributor_id", _("Number"), Distributor.id, Kind.NUMBER, shown=False),
        Column("code", _("Code"), Distributor.code, Kind.CODE, phone=False),
        Column("person", _("Sales rep"), PromotionStanding.person, shown=False),
        Column(
            "value",
            _("Sold"),
            PromotionStanding.value,
            Kind.NUMBER,
            PromotionStanding.value,
            words=_measured,
            filed=_kind,
        ),
        Column(
            "target",
            _("Target"),
            PromotionStanding.target,
            Kind.NUMBER,
            words=_measured,
            filed=_kind,
            summed=False,
            phone=False,
        ),
        Column("share", _("Reached"), PromotionStanding.share_bp, Kind.SHARE, PromotionStanding.share_bp),
        Column("step", _("Steps"), PromotionStanding.step, Kind.NUMBER, phone=False),
        Column("place", _("Place"), _PLACE, Kind.NUMBER, PromotionStanding.place, phone=False),
        Column("earned", _("Earned"), PromotionStanding.earned, Kind.POINTS, phone=False),
        Column("paid", _("Paid"), PromotionStanding.paid, Kind.POINTS, PromotionStanding.paid),
    ),
    query=_standings,
    id=PromotionStanding.id,
    default="-share",
    filters=(
        Search(Distributor.name, Distributor.code, PromotionStanding.person, title=_("Name, code or sales rep")),
        OneOf(
            "reached",
            _("Target"),
            (
                Choice("yes", _("Reached")),
                Choice("near", _("Within a tenth of it")),
                Choice("no", _("Further away")),
            ),
            lambda value: {
                "yes": PromotionStanding.share_bp >= 10_000,
                "near": PromotionStanding.share_bp.between(9_000, 9_999),
            }.get(value, PromotionStanding.share_bp < 9_000),
        ),
    ),
)


@bp.get("/programs/<code:program_code>/promotions")
def index(program_code: str) -> str | Response:
    return answer(PROMOTIONS, "admin/promotions/index.html", counted=True)


@bp.get("/programs/<code:program_code>/promotions/<id:promotion_id>")
def show(program_code: str, promotion_id: int) -> str | Response:
    promotion = session().get_one(Promotion, promotion_id)
    if not promotion.version and promotion.draft is None:
        abort(404)  # it was dropped
    definition = reading.definition_of(session(), promotion)
    g.promotion_metric = definition.metric
    rules = rules_of(session(), promotion.program_id)
    scale = reading.scale_of(rules)
    draft = Definition.model_validate(promotion.draft) if promotion.draft is not None else None
    summary = showing.summary_of(session(), promotion, definition, scale)
    last = definition.until
    may_close = promotion.state is PromotionState.PUBLISHED and today() > last
    return answer(
        STANDINGS,
        "admin/promotions/show.html",
        promotion=promotion,
        definition=definition,
        draft=draft,
        told=told(definition),
        changes=differences(definition, draft) if draft is not None and promotion.version else [],
        seen=editing.fingerprint(promotion.draft) if promotion.draft is not None else None,
        sheet=reading.targets_of_a_sheet(session(), promotion.id),
        two_people=two_people.second_person(scope().program),
        first=editing.wrote(session(), promotion, person().login),
        send_back=fresh(SendBack),
        summary=summary,
        state=STATE[promotion.state],
        given=given,
        measured=measured,
        versions=_versions(promotion) if promotion.version > 1 else (),
        days_left=max((last - today()).days + 1, 0),
        may_close=may_close,
        foreseen=foreseeing.foresee(session(), rules, promotion, now()) if may_close else None,
        ranking=ranking.of_all(session(), promotion.id) if definition.ranking is not None else (),
        gifts=_gifts(promotion_id),
        lift=lift.lift_of(session(), promotion, today()) if promotion.version else None,
        lift_known=promotion.measured and today() > last,
    )


def _versions(promotion: Promotion) -> list[tuple[PromotionVersion, list[Changed] | None]]:
    """Give every version, the newest first, with what it changed of the one before it; None: it is the first."""
    found = reading.versions_of(session(), promotion.id)
    said = [Definition.model_validate(one.definition) for one in found]
    changes = [differences(before, then) for then, before in pairwise(said)]
    return list(zip(found, [*changes, None], strict=True))


def _gifts(promotion_id: int) -> First[Any]:
    waiting = (
        select(PromotionGift.standing_id, PromotionGift.reward_code, Distributor.name, PromotionStanding.person)
        .join(PromotionStanding, PromotionStanding.id == PromotionGift.standing_id)
        .join(Distributor, Distributor.id == PromotionStanding.distributor_id)
        .where(PromotionStanding.promotion_id == promotion_id, PromotionGift.handed_at.is_(None))
        .order_by(PromotionGift.earned_at, PromotionGift.standing_id)
    )
    return first(session(), waiting, MOST_GIFTS)


@bp.post("/programs/<code:program_code>/promotions/<id:promotion_id>/publish")
def publish(program_code: str, promotion_id: int) -> Response | tuple[str, int]:
    try:
        with transaction(db.session) as writing:
            promotion = writing.get_one(Promotion, promotion_id)
            seen = request.form.get("seen")
            editing.publish_draft(writing, scope().program, promotion, seen=seen, actor=person().login, now=now())
    except PromotionInvalid as invalid:
        told = list(map(problem, invalid.problems))
        return render_template("admin/promotions/refused.html", problems=told, promotion_id=promotion_id), 400
    except editing.NoDraft:
        flash(gettext("There is no draft any more."), "warning")
        return _back(promotion_id)
    except editing.SamePerson:
        flash(gettext("A second person publishes it: whoever wrote it asks for that first."), "warning")
        return _back(promotion_id)
    except editing.DraftChanged:
        flash(
            gettext("Somebody changed the draft meanwhile: nothing is published. Look at what it says now."), "warning"
        )
        return _back(promotion_id)
    flash(gettext("Published. Where everybody stands is reckoned within a minute."), "success")
    return redirect(url_for("promotions.show", program_code=program_code, promotion_id=promotion_id), 303)


def _back(promotion_id: int) -> Response:
    return redirect(url_for("promotions.show", program_code=scope().program.code, promotion_id=promotion_id), 303)


@bp.post("/programs/<code:program_code>/promotions/<id:promotion_id>/ask")
def ask(program_code: str, promotion_id: int) -> Response:
    """Ask for the draft to be published by a second person."""
    try:
        with transaction(db.session) as writing:
            editing.ask(writing, promotion_id, actor=person().login, now=now())
    except editing.NoDraft:
        flash(gettext("There is no draft any more."), "warning")
    else:
        flash(gettext("It waits for a second person now."), "success")
    return _back(promotion_id)


@bp.post("/programs/<code:program_code>/promotions/<id:promotion_id>/send-back")
def send_back(program_code: str, promotion_id: int) -> Response:
    """Give a draft that waits back to whoever wrote it."""
    form = SendBack()
    if not form.validate():
        return again(form, "promotions.show", program_code=program_code, promotion_id=promotion_id)
    try:
        with transaction(db.session) as writing:
            editing.send_back(writing, promotion_id, note=form.note.data or "", actor=person().login, now=now())
    except editing.NoDraft:
        flash(gettext("It does not wait any more."), "warning")
    else:
        flash(gettext("It is back with whoever wrote it."), "success")
    return _back(promotion_id)


@bp.post("/programs/<code:program_code>/promotions/<id:promotion_id>/drop")
def drop(program_code: str, promotion_id: int) -> Response:
    """Drop the draft: what is published stays, and what never was is gone."""
    try:
        with transaction(db.session) as writing:
            editing.drop(writing, promotion_id, actor=person().login, now=now())
            published = writing.get_one(Promotion, promotion_id).version > 0
    except editing.NoDraft:
        flash(gettext("There is no draft any more."), "warning")
        return redirect(url_for("promotions.index", program_code=program_code), 303)
    flash(gettext("The draft is dropped."), "success")
    return _back(promotion_id) if published else redirect(url_for("promotions.index", program_code=program_code), 303)


@bp.post("/programs/<code:program_code>/promotions/<id:promotion_id>/close")
def close(program_code: str, promotion_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            done = closing.close(writing, promotion_id, actor=person().login, now=now())
    except closing.CannotClose:
        flash(gettext("It cannot be closed: it is not running, or its last day is not over."), "danger")
    else:
        paid = formats.worded(done.given, Unit.POINTS)
        flash(gettext("Closed. What was due at the end is paid: %(points)s.", points=paid), "success")
    return redirect(url_for("promotions.show", program_code=program_code, promotion_id=promotion_id), 303)


@bp.post("/programs/<code:program_code>/promotions/<id:promotion_id>/hand-over")
def hand_over(program_code: str, promotion_id: int) -> Response:
    code, standing = request.form.get("gift", "")[:64], whole_number(request.form.get("standing"))
    if standing is None:
        abort(400)
    try:
        with transaction(db.session) as writing:
            promotion = writing.get_one(Promotion, promotion_id)
            gifts.hand_over(writing, promotion, standing, code, actor=person().login, now=now())
    except gifts.NoSuchGift:
        flash(gettext("It was handed over already, or is earned no more."), "warning")
    else:
        flash(gettext("Noted: it was handed over."), "success")
    return redirect(url_for("promotions.show", program_code=program_code, promotion_id=promotion_id), 303)

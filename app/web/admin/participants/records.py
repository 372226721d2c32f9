"""A distributor's record: its data, people, points and cards, and the story of everything that happened to it."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.first import First, first
from app.db.transaction import transaction
from app.domain.roles import Permission
from app.domain.states import Unit
from app.extensions import db
from app.models.prepaid import Card
from app.services.access import memberships
from app.services.by_hand import merging
from app.services.owners import pools
from app.services.participants import distributor_changes, distributors, head_offices
from app.services.participants.distributors import Data
from app.services.participants.head_offices import CannotStandBelow
from app.services.tracing import balances, happenings
from app.services.tracing.happenings import Kind
from app.web import formats
from app.web.access.guarding import can
from app.web.admin.participants.data_form import NO_BRANCH, DataForm
from app.web.admin.participants.story import KINDS, entry
from app.web.context import distributor_here, now, person, scope, session, today
from app.web.forms.form import Form
from app.web.lists import paging
from app.web.people_named import learn
from app.web.words import tiers as tier_words

bp = Blueprint("records", __name__)

MOST_CARDS = 10

Answer = str | Response | tuple[str, int]

ROWS = 25
"""Happenings of a page."""


class BlockForm(Form):
    """Why a distributor is blocked, or takes part again."""

    reason = TextAreaField(_("Reason"), [InputRequired(_("Say why.")), Length(max=500)])


@bp.get("/programs/<code:program_code>/distributors/<id:distributor_id>/record")
def show(program_code: str, distributor_id: int) -> str:
    return _page(BlockForm(formdata=None), asked=False)


def _page(form: BlockForm, *, asked: bool) -> str:
    here = scope()
    one = distributor_here()
    kinds = {kind: text for kind, (text, permission) in KINDS.items() if can(permission.value)}
    chosen = next((kind for kind in kinds if kind.value == request.args.get("kind")), None)
    before = happenings.place_named(request.args.get("before", ""))
    told = happenings.happenings(
        session(),
        here.program.id,
        one.id,
        one.code,
        [chosen] if chosen is not None else list(kinds),
        before=before,
        limit=ROWS + 1,
    )
    page = paging.page(told, first=before is None, size=ROWS)
    learn(login for one in page.rows for login in (one.parts.get("who"), one.parts.get("subject")))
    leads_to, merged_here = merging.kin_of(session(), one.id)
    return render_template(
        "admin/participants/record.html",
        data=distributors.data_of(session(), one.id),
        balance=balances.balance_of(session(), here.program.id, one.code, Unit.POINTS),
        expiring=balances.expiring(session(), one.id, Unit.POINTS),
        team=memberships.team(session(), one.id),
        tier_name=tier_words.name,
        seat=pools.seat_of(session(), one.id),
        leads_to=leads_to,
        merged_here=merged_here,
        branches=head_offices.first_branches(session(), one.id) if one.branched else (),
        together=head_offices.points_together(session(), one.id) if one.branched else None,
        cards=_cards_of(session(), one.id) if can(Permission.SEE_MONEY.value) else (),
        page=page,
        story=[entry(happening) for happening in page.rows],
        kinds=[(text, _record(kind=kind.value), kind is chosen) for kind, text in kinds.items()],
        everything=_record(),
        chosen=chosen,
        start=_record(kind=chosen),
        next=_record(kind=chosen, before=page.rows[-1].place) if page.more else None,
        form=form,
        asked=asked,
        own={"program_code": here.program.code, "distributor_id": one.id},
    )


def _record(kind: Kind | str | None = None, **more: Any) -> str:
    return url_for(
        "records.show", program_code=scope().program.code, distributor_id=distributor_here().id, kind=kind, **more
    )


@bp.route(
    "/programs/<code:program_code>/distributors/<id:distributor_id>/record/edit",
    methods=["GET", "POST"],
)
def edit(program_code: str, distributor_id: int) -> Answer:
    data = distributors.data_of(session(), distributor_id)
    groups = distributors.groups_of(session(), scope().program.id)
    form = _data_form(data, groups)
    if request.method == "GET":
        return render_template("admin/participants/record_edit.html", form=form, data=data, back=_record())
    if not form.validate():
        return render_template("admin/participants/record_edit.html", form=form, data=data, back=_record()), 400
    try:
        with transaction(db.session) as writing:
            changed = distributor_changes.change(
                writing,
                scope().program,
                distributor_id,
                form.said(),
                from_on=form.group_from.data,
                actor=person().login,
                now=now(),
                reason=form.reason.data or None,
            )
    except CannotStandBelow as wrong:
        form.refuse("head_office", str(NO_BRANCH[wrong.why]))
        return render_template("admin/participants/record_edit.html", form=form, data=data, back=_record()), 400
    flash(gettext("The data are changed.") if changed else gettext("Nothing was changed."), "success")
    return redirect(_record(), 303)


def _data_form(data: Data, groups: list[tuple[int, str]]) -> DataForm:
    # a person's account stands beside its company's, below nobody
    below = () if data.company_id is None else ("head_office",)
    return DataForm.offering(
        groups,
        without=("code", "stands", *below),
        name=data.name,
        head_office=data.head_office_code,
        group=str(data.group_id or ""),
        group_from=today(),
        tier=data.tier,
        tax_id=data.tax_id,
        tax_status=data.tax_status.value,
        city=data.city,
        region=data.region,
        country=formats.country(data.country or ""),
        birthday=data.birthday_on,
        enrolled_on=data.enrolled_on,
    )


@bp.post("/programs/<code:program_code>/distributors/<id:distributor_id>/record/block")
def block(program_code: str, distributor_id: int) -> Answer:
    """Block the distributor, or let it take part again."""
    form, blocked = BlockForm(), request.form.get("blocked") == "yes"
    if not form.validate():
        return _page(form, asked=True), 400
    with transaction(db.session) as writing:
        done = distributor_changes.set_blocked(
            writing,
            scope().program,
            distributor_id,
            blocked=blocked,
            reason=form.reason.data or "",
            actor=person().login,
            now=now(),
        )
    if not done:
        flash(gettext("It is so already."), "warning")
    elif blocked:
        flash(gettext("The distributor is blocked: it neither earns nor redeems."), "success")
    else:
        flash(gettext("The distributor takes part again."), "success")
    return redirect(_record(), 303)


def _cards_of(session: Session, distributor_id: int) -> First[Any]:
    """Give the cards that a distributor has and had, the one in use first: last digits, whether in use, since when."""
    cards = (
        select(Card.last4, Card.active, Card.provider, Card.issued_at)
        .where(Card.distributor_id == distributor_id)
        .order_by(Card.active.desc(), Card.id.desc())
    )
    return first(session, cards, MOST_CARDS)

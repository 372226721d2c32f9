"""The form in which a promotion is written: a draft, until somebody publishes it."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from pydantic import ValidationError
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.program_file.promotion_definition import Promotion as Definition
from app.extensions import db
from app.models.promotions import Promotion
from app.services.promotions import publishing, reading
from app.services.promotions.publishing import PromotionInvalid
from app.services.rulebooks import rules_of
from app.services.setup import program_files
from app.web.admin.promotions.form import MICRO, PromotionForm, group_names
from app.web.admin.promotions.judging import judge
from app.web.context import now, person, scope, session
from app.web.formats import decimal, some_of
from app.web.words.promotions import REWARD, problem

bp = Blueprint("promotion_editor", __name__)

_GROUPS = 40
"""So many groups are named beside the field of their targets."""


@bp.route("/programs/<code:program_code>/promotions/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = PromotionForm()
    if request.method == "POST" and (kept := _keep(form, {}, None)) is not None:
        return redirect(url_for("promotions.show", program_code=program_code, promotion_id=kept), 303)
    return _page(form, None)


@bp.route("/programs/<code:program_code>/promotions/<id:promotion_id>/edit", methods=["GET", "POST"])
def edit(program_code: str, promotion_id: int) -> str | Response | tuple[str, int]:
    promotion = session().get_one(Promotion, promotion_id)
    if not promotion.version and promotion.draft is None:
        abort(404)  # it was dropped
    stands = promotion.draft or publishing.stored_form(reading.definition_of(session(), promotion))
    if request.method == "GET":
        form = PromotionForm(data=_told(Definition.model_validate(stands)))
        for rows in (form.steps, form.gates, form.prizes):
            if len(rows) < (rows.max_entries or 0) and rows[-1].form.data_given():
                rows.append_entry()  # one to spare: more may come
        return _page(form, promotion)
    form = PromotionForm()
    if _keep(form, stands, promotion) is not None:
        return redirect(url_for("promotions.show", program_code=program_code, promotion_id=promotion_id), 303)
    return _page(form, promotion)


def _page(form: PromotionForm, promotion: Promotion | None) -> str | tuple[str, int]:
    groups = some_of([name for _code, name in group_names()], _GROUPS)
    html = render_template("admin/promotions/edit.html", form=form, promotion=promotion, groups=groups)
    return html if request.method == "GET" else (html, 400)


def _keep(form: PromotionForm, stands: dict[str, Any], promotion: Promotion | None) -> int | None:
    """Keep the draft. Gives its promotion; None where something is wrong, which the form says then."""
    program = scope().program
    if promotion is not None:
        form.code.process_data(promotion.code)  # what others know it by stays
    said = form.document(stands)
    judge(form, said, promotion)
    if form.problems():
        return None
    try:
        definition = Definition.model_validate(said)
    except ValidationError as wrong:
        for text in program_files.invalid(wrong).problems:
            form.refuse(None, problem(publishing.Problem(text.removeprefix("document: "))))
        return None
    problems = publishing.problems_of(
        session(), program.id, definition, reading.scale_of(rules_of(session(), program.id)), known=promotion
    )
    for one in problems:
        form.refuse(None, problem(one))
    if problems:
        return None
    try:
        with transaction(db.session) as writing:
            kept = publishing.draft(writing, program.id, definition, actor=person().login, now=now()).id
    except PromotionInvalid as invalid:
        for one in invalid.problems:
            form.refuse(None, problem(one))
        return None
    flash(gettext("Kept as a draft. It counts once it is published."), "success")
    return kept


def _told(definition: Definition) -> dict[str, Any]:
    """Tell the form what a promotion says."""
    target, growth = definition.target, definition.target.growth if definition.target is not None else None
    groups = target.groups if target is not None else {}
    points, named = scope().program.point_decimals, dict(group_names()) if groups else {}
    return {
        "code": definition.code,
        "name": definition.name,
        "description": definition.description,
        "from_": definition.from_,
        "until": definition.until,
        "closes_on": definition.closes_on,
        "participants": definition.participants,
        "metric": definition.metric,
        "product_groups": "\n".join(definition.scope.product_groups),
        "products": "\n".join(definition.scope.products),
        "distributor_groups": "\n".join(definition.scope.distributor_groups),
        "default_target": _counted(target.default, MICRO) if target is not None else None,
        "group_targets": "\n".join(f"{named.get(code, code)}: {decimal(value)}" for code, value in groups.items()),
        "growth_from": growth.from_ if growth is not None else None,
        "growth_until": growth.until if growth is not None else None,
        "growth": growth.growth_bp if growth is not None else None,
        "steps": [_step_told(step) for step in definition.steps],
        "pays": definition.pays,
        "when": definition.when,
        "gates": [
            {
                "was": gate.name,
                "name": gate.name,
                "metric": gate.metric,
                "least": _counted(gate.least, MICRO),
                "product_groups": "\n".join(gate.scope.product_groups),
            }
            for gate in definition.gates
        ],
        "prizes": [
            {"first": prize.from_, "last": prize.to, "points": _counted(prize.points, points)}
            for prize in (definition.ranking.prizes if definition.ranking is not None else ())
        ],
        "names": definition.ranking.names if definition.ranking is not None else "hidden",
        "budget": _counted(definition.budget, points),
    }


def _step_told(step: Any) -> dict[str, Any]:
    reward = step.reward
    kind = next(name for name in REWARD if getattr(reward, name) is not None)
    value = getattr(reward, kind)
    told = {"gift": value} if kind == "reward" else {"amount": decimal(_whole(kind, value))}
    return {"reach": step.reach, "kind": kind, **told}


def _whole(kind: str, value: Any) -> Decimal:
    return Decimal(value) / 100 if kind == "percent_bp" else value


def _counted(value: Decimal | None, decimals: int) -> int | None:
    return None if value is None else int(value.scaleb(decimals))

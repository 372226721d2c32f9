"""The form in which a promotion is written: a draft, until somebody publishes it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response
from wtforms import FieldList, FormField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.db.transaction import transaction
from app.domain.promotion_definition import Promotion as Definition
from app.extensions import db
from app.models.promotions import Promotion
from app.services import program_files
from app.services.promotions import publishing, reading
from app.services.promotions.publishing import PromotionInvalid
from app.services.rulebooks import rules_of
from app.web.context import now, person, scope, session
from app.web.fields import DayField, ExactField, PointsField
from app.web.forms import Form, choice
from app.web.promotion_words import METRIC, NAMES, PARTICIPANTS, PAYS, REWARD, WHEN

bp = Blueprint("promotion_editor", __name__)

MICRO = 6
_LARGEST = 10**17
_MOST_PERCENT = 10**6


def _of(words: Mapping[str, Any]) -> Callable[[], list[Any]]:
    return lambda: [choice(name, text) for name, text in words.items()]


class _Part(Form):
    """A part of the form: the token stands in the form around it."""

    class Meta(Form.Meta):
        """Without a token of its own."""

        csrf = False


class StepForm(_Part):
    """A step; without a share it is left out."""

    reach = ExactField(_("From, per cent of the target"))
    kind = SelectField(_("Gives"), choices=_of(REWARD), default="points")
    amount = StringField(_("How much, or the code"), [Length(max=64)])


class GateForm(_Part):
    """What must be sold as well; without a name it is left out."""

    name = StringField(_("Only if"), [Length(max=200)])
    metric = SelectField(_("Counts"), choices=_of(METRIC), default="net_amount")
    least = ExactField(_("At least"))
    product_groups = StringField(_("Of the product groups"), [Length(max=500)])


class PrizeForm(_Part):
    """Points for places; without a first place it is left out."""

    first = IntegerField(_("From place"), [Optional(), NumberRange(1, 100_000)])
    last = IntegerField(_("To place"), [Optional(), NumberRange(1, 100_000)])
    points = PointsField(_("Points"))


class PromotionForm(Form):
    """A promotion, as those write it who run the programme."""

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset()

    code = StringField(_("Code"), [InputRequired(_("Give it a code.")), Length(max=64)])
    name = StringField(_("Name"), [InputRequired(_("Give it a name.")), Length(max=200)])
    description = TextAreaField(_("What its participants read"), [Length(max=500)])
    from_ = DayField(_("First day of the sales"), [InputRequired(_("Say when it begins."))])
    until = DayField(_("Last day of the sales"), [InputRequired(_("Say when it ends."))])
    closes_on = DayField(_("Closes by itself on"), description=_("Returns take steps away until then."))
    participants = SelectField(_("For"), choices=_of(PARTICIPANTS), default="distributors")
    metric = SelectField(_("Counts"), choices=_of(METRIC), default="net_amount")
    product_groups = StringField(_("Product groups"), [Length(max=500)], description=_("Codes, with commas between."))
    products = StringField(_("Products"), [Length(max=1000)], description=_("Codes, with commas between."))
    distributor_groups = StringField(
        _("Distributor groups"), [Length(max=500)], description=_("Codes, with commas between.")
    )
    default_target = ExactField(_("Target"), description=_("For whoever has none of their own, nor a group’s."))
    group_targets = TextAreaField(
        _("Targets of groups"), [Length(max=2000)], description=_("One a line: the group’s code, a colon, the target.")
    )
    growth_from = DayField(_("Base period from"))
    growth_until = DayField(_("Base period until"))
    growth = ExactField(_("Growth wanted, %"))
    steps = FieldList(FormField(StepForm), label=_("Steps"), min_entries=4, max_entries=50)
    pays = SelectField(_("Pays"), choices=_of(PAYS), default="highest")
    when = SelectField(_("When"), choices=_of(WHEN), default="on_reach")
    gates = FieldList(FormField(GateForm), label=_("Gates"), min_entries=2, max_entries=20)
    prizes = FieldList(FormField(PrizeForm), label=_("Prizes"), min_entries=3, max_entries=100)
    names = SelectField(_("Participants see of the others"), choices=_of(NAMES), default="hidden")
    budget = PointsField(_("Budget in points"), description=_("When it is spent, nothing more is paid."))


@bp.route("/programs/<code:program_code>/promotions/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = PromotionForm()
    if request.method == "POST" and form.validate():
        kept = _keep(form, {}, None)
        if kept is not None:
            return redirect(url_for("promotions.show", program_code=program_code, promotion_id=kept), 303)
    return _page(form, None)


@bp.route("/programs/<code:program_code>/promotions/<id:promotion_id>/edit", methods=["GET", "POST"])
def edit(program_code: str, promotion_id: int) -> str | Response | tuple[str, int]:
    promotion = session().get_one(Promotion, promotion_id)
    if not promotion.version and promotion.draft is None:
        abort(404)  # it was dropped
    stands = promotion.draft or publishing.stored_form(reading.definition_of(session(), promotion))
    if request.method == "GET":
        return _page(PromotionForm(data=_told(Definition.model_validate(stands))), promotion)
    form = PromotionForm()
    if form.validate() and _keep(form, stands, promotion) is not None:
        return redirect(url_for("promotions.show", program_code=program_code, promotion_id=promotion_id), 303)
    return _page(form, promotion)


def _page(form: PromotionForm, promotion: Promotion | None) -> str | tuple[str, int]:
    html = render_template("admin/promotions/edit.html", form=form, promotion=promotion)
    return html if request.method == "GET" else (html, 400)


def _keep(form: PromotionForm, stands: dict[str, Any], promotion: Promotion | None) -> int | None:
    """Keep the draft. Gives its promotion; None where something is wrong, which the form says then."""
    program = scope().program
    if promotion is not None:
        form.code.data = promotion.code  # what others know it by stays
    try:
        definition = Definition.model_validate(_document(form, stands))
    except ValidationError as wrong:
        for problem in program_files.invalid(wrong).problems:
            form.refuse(None, problem.removeprefix("document: "))
        return None
    known = next((one for one in reading.promotions_of(session(), program.id) if one.code == definition.code), None)
    if promotion is None and known is not None:
        form.refuse("code", gettext("A promotion has this code already."))
        return None
    problems = publishing.problems_of(
        session(), program.id, definition, reading.scale_of(rules_of(session(), program.id)), known=promotion
    )
    for problem in problems:
        form.refuse(None, problem)
    if problems:
        return None
    try:
        with transaction(db.session) as writing:
            kept = publishing.draft(writing, program.id, definition, actor=person().login, now=now()).id
    except PromotionInvalid as invalid:
        for problem in invalid.problems:
            form.refuse(None, problem)
        return None
    flash(gettext("Kept as a draft. It counts once it is published."), "success")
    return kept


def _document(form: PromotionForm, stands: dict[str, Any]) -> dict[str, Any]:
    """Write the form as a part of a programme file; what the form does not show stays as it stands."""
    said = {
        "code": form.code.data,
        "name": form.name.data,
        "description": form.description.data or None,
        "from": str(form.from_.data),
        "until": str(form.until.data),
        "closes_on": str(form.closes_on.data) if form.closes_on.data else None,
        "participants": form.participants.data,
        "metric": form.metric.data,
        "scope": {
            **stands.get("scope", {}),
            "product_groups": _codes(form.product_groups.data),
            "products": _codes(form.products.data),
            "distributor_groups": _codes(form.distributor_groups.data),
        },
        "target": _target(form, stands.get("target") or {}),
        "steps": list(_steps(form)),
        "pays": form.pays.data,
        "when": form.when.data,
        "gates": list(_gates(form, stands.get("gates", []))),
        "budget": _written(form.budget.data, scope().program.point_decimals),
    }
    prizes = list(_prizes(form))
    ranking = {**(stands.get("ranking") or {}), "names": form.names.data, "prizes": prizes}
    said["ranking"] = ranking if prizes else None
    return {**stands, **said}


def _written(value: int | None, decimals: int) -> str | None:
    return None if value is None else f"{Decimal(value).scaleb(-decimals).normalize():f}"


def _codes(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def _target(form: PromotionForm, stands: dict[str, Any]) -> dict[str, Any] | None:
    """Write the targets. Steps make one: distributors may have theirs from a sheet alone."""
    groups = {}
    for line in (form.group_targets.data or "").splitlines():
        code, _colon, value = line.rpartition(":")
        if code.strip():
            groups[code.strip()] = value.strip().replace(" ", "")
    growth = None
    if form.growth_from.data and form.growth_until.data:
        growth = {
            **(stands.get("growth") or {}),
            "from": str(form.growth_from.data),
            "until": str(form.growth_until.data),
            "growth_bp": (form.growth.data or 0) // 10 ** (MICRO - 2),
        }
    default = _written(form.default_target.data, MICRO)
    made = {**stands, "default": default, "groups": groups, "growth": growth}
    needed = any(entry.form.reach.data for entry in form.steps)
    return made if needed or default or groups or growth else None


def _steps(form: PromotionForm) -> Iterator[dict[str, Any]]:
    for step in (entry.form for entry in form.steps):
        if step.reach.data:
            kind, amount = step.kind.data, (step.amount.data or "").replace(" ", "").replace("\u00a0", "")
            reward: Any = amount.replace(",", ".") if kind != "reward" else step.amount.data
            if kind == "percent_bp":
                reward = _basis_points(reward)
            yield {"reach": step.reach.data // 10 ** (MICRO - 2), "reward": {kind: reward or 0}}


def _basis_points(percent: str) -> int:
    """Read per cents; what is none is 0, which no step gives."""
    try:
        number = Decimal(percent)
    except ArithmeticError:
        return 0
    return int(number * 100) if number.is_finite() and abs(number) < _MOST_PERCENT else 0


def _gates(form: PromotionForm, stands: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    known = {one["name"]: one for one in stands}
    for gate in (entry.form for entry in form.gates):
        if gate.name.data:
            was = known.get(gate.name.data, {})
            yield {
                "name": gate.name.data,
                "metric": gate.metric.data,
                "least": _written(gate.least.data, MICRO) or "0",
                "scope": {**was.get("scope", {}), "product_groups": _codes(gate.product_groups.data)},
            }


def _prizes(form: PromotionForm) -> Iterator[dict[str, Any]]:
    for prize in (entry.form for entry in form.prizes):
        if prize.first.data:
            points = _written(prize.points.data, scope().program.point_decimals) or "0"
            yield {"from": prize.first.data, "to": prize.last.data or prize.first.data, "points": points}


def _told(definition: Definition) -> dict[str, Any]:
    """Tell the form what a promotion says."""
    target, growth = definition.target, definition.target.growth if definition.target is not None else None
    points = scope().program.point_decimals
    return {
        "code": definition.code,
        "name": definition.name,
        "description": definition.description,
        "from_": definition.from_,
        "until": definition.until,
        "closes_on": definition.closes_on,
        "participants": definition.participants,
        "metric": definition.metric,
        "product_groups": ", ".join(definition.scope.product_groups),
        "products": ", ".join(definition.scope.products),
        "distributor_groups": ", ".join(definition.scope.distributor_groups),
        "default_target": _counted(target.default, MICRO) if target is not None else None,
        "group_targets": "\n".join(f"{code}: {value:f}" for code, value in target.groups.items()) if target else "",
        "growth_from": growth.from_ if growth is not None else None,
        "growth_until": growth.until if growth is not None else None,
        "growth": growth.growth_bp * 10 ** (MICRO - 2) if growth is not None else None,
        "steps": [_step_told(step) for step in definition.steps],
        "pays": definition.pays,
        "when": definition.when,
        "gates": [
            {
                "name": gate.name,
                "metric": gate.metric,
                "least": _counted(gate.least, MICRO),
                "product_groups": ", ".join(gate.scope.product_groups),
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
    amount = f"{Decimal(value) / 100:f}" if kind == "percent_bp" else (value if kind == "reward" else f"{value:f}")
    return {"reach": step.reach * 10 ** (MICRO - 2), "kind": kind, "amount": amount}


def _counted(value: Decimal | None, decimals: int) -> int | None:
    return None if value is None else min(int(value.scaleb(decimals)), _LARGEST)

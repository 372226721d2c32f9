"""What sales bring a reward at once, on the reward's page: written, and stopped."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.db.transaction import transaction
from app.extensions import db
from app.models.rewards import Reward
from app.services.instants import promising
from app.services.instants.promising import InstantWrong, Said
from app.services.orders import baskets
from app.web.context import now, person, scope, session
from app.web.forms.fields import Between, DayField, PointsField
from app.web.forms.form import Form, choice
from app.web.forms.refused import again, fresh

bp = Blueprint("instants", __name__)

PREFIX = "sale"
"""Of the fields: the reward's own form stands on the same page."""
_MOST = 10**12
_LARGEST_COUNT = 2**31 - 1
_WRONG = {
    "rule": _("No rule of this programme has this code."),
    "unit": _("Only a rule that gives points for sales brings rewards."),
    "days": _("It ends before it begins."),
    "kind": _("This kind of reward cannot be ordered."),
    "draw": _("Prepare the draw first: without its promise no ticket can be given."),
}


class InstantForm(Form):
    """What a document must earn to bring the reward, when, and how often."""

    name = StringField(
        _("What distributors read"),
        [InputRequired(_("Say what brings it, in words.")), Length(max=200)],
        description=_("For example: a mug with every invoice for tools of 1,000 and more."),
    )
    rule = SelectField(_("By this rule"), [InputRequired(_("Choose a rule."))])
    least = PointsField(_("A document earns at least"), [InputRequired(_("Say how many points.")), Between(1, _MOST)])
    pieces = IntegerField(
        _("Pieces"), [InputRequired(_("Say how many.")), NumberRange(1, baskets.MOST_OF_ONE)], default=1
    )
    first_on = DayField(_("First issue date"), [InputRequired(_("Say from which day on."))])
    last_on = DayField(_("Last issue date"))
    per_distributor = IntegerField(
        _("Documents of one distributor, at most"), [Optional(), NumberRange(1, _LARGEST_COUNT)]
    )
    budget = IntegerField(_("Documents of all together, at most"), [Optional(), NumberRange(1, _LARGEST_COUNT)])

    def offer_rules(self) -> None:
        """Offer the rules that give points for sales."""
        codes = promising.rules_to_choose(session(), scope().program.id)
        self.rule.choices = [choice("", gettext("Choose a rule")), *(choice(code, code) for code in codes)]


def blank() -> InstantForm:
    """Give the form of the page of a reward."""
    form = fresh(InstantForm, prefix=PREFIX)
    form.offer_rules()
    return form


@bp.post("/programs/<code:program_code>/rewards/<id:reward_id>/instants")
def put(program_code: str, reward_id: int) -> Response:
    form = InstantForm(prefix=PREFIX)
    form.offer_rules()
    if not form.validate():
        return _again(form, reward_id)
    said = Said(
        name=form.name.data or "",
        rule=form.rule.data or "",
        least=form.least.data,
        pieces=form.pieces.data or 1,
        first_on=form.first_on.data,
        last_on=form.last_on.data,
        per_distributor=form.per_distributor.data,
        budget=form.budget.data,
    )
    try:
        with transaction(db.session) as writing:
            reward = writing.get_one(Reward, reward_id)
            promising.put(writing, scope().program, reward, said, actor=person().login, now=now())
    except InstantWrong as wrong:
        form.refuse(None, str(_WRONG[wrong.code]))
        return _again(form, reward_id)
    flash(gettext("Kept. Sales of its days bring the reward within minutes."), "success")
    return _back(reward_id)


def _again(form: InstantForm, reward_id: int) -> Response:
    return again(form, "reward_editor.edit", program_code=scope().program.code, reward_id=reward_id)


@bp.post("/programs/<code:program_code>/rewards/<id:reward_id>/instants/stop")
def stop(program_code: str, reward_id: int) -> Response:
    """Let sales bring the reward no more; what they brought stays."""
    chosen = request.form.get("id", "")
    mine = {str(one.instant.id): one.instant.id for one in promising.of_reward(session(), reward_id)}
    if chosen not in mine:
        abort(404)
    with transaction(db.session) as writing:
        reward = writing.get_one(Reward, reward_id)
        stopped = promising.stop(writing, reward, mine[chosen], actor=person().login, now=now())
    flash(gettext("Stopped.") if stopped else gettext("It was stopped before."), "success" if stopped else "warning")
    return _back(reward_id)


def _back(reward_id: int) -> Response:
    return redirect(url_for("reward_editor.edit", program_code=scope().program.code, reward_id=reward_id), 303)

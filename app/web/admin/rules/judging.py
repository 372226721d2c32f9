"""What only the programme can tell of a rule: groups, tiers, stacks, days that it does not have, a budget overspent."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from app.domain.states import Unit
from app.domain.typed.codes import code_key
from app.services.counting import cap_usage
from app.services.placing import tiers
from app.services.rules import rule_drafts
from app.web import formats
from app.web.admin.rules.forms import RuleForm
from app.web.context import scope, session
from app.web.words.named import no_groups, unknown


def judge(form: RuleForm, made: Mapping[str, Any], *, own: bool) -> None:
    """Say beside its field what of a rule the programme could not have. ``own``: it is published under its code."""
    program, code, named = scope().program, str(made["code"]), made.get("scope", {})
    told_by = form.code if form.code.data else form.name
    if code and not own and not told_by.errors and rule_drafts.standing(session(), program.id, code) is not None:
        form.refuse(told_by.short_name, _("Another rule has this code."))
    _lay(form, "distributor_groups", no_groups(named.get("distributor_groups", ())))
    levels = {code_key(one.code) for one in tiers.settings_of(program).levels}
    if levels:
        wrong = unknown(named.get("tiers", ()), levels, lambda one: _("No tier has the code %(code)s.", code=one))
        _lay(form, "tiers", wrong)
    if (stack := form.stack.data or "base") not in {"base", *program.stacks["policies"]}:
        form.refuse("stack", _("There is no stack %(stack)s.", stack=stack))
    days = program.stacks["named_days"]
    gone = [one for one in named.get("days", ()) if one not in days]
    _lay(form, "days", [_("No days are named %(name)s.", name=one) for one in gone])
    _judge_budget(form, code)


def _lay(form: RuleForm, name: str, problems: Sequence[str]) -> None:
    for problem in problems:
        form.refuse(name, problem)


def _judge_budget(form: RuleForm, code: str) -> None:
    """Refuse a budget of which more is given already."""
    field, unit = form.cap_budget, Unit.MONEY if form.unit.data == "money" else Unit.POINTS
    if field.data is None or field.errors:
        return
    program = scope().program
    decimals = program.currency_decimals if unit is Unit.MONEY else program.point_decimals
    spent = cap_usage.spent_of_budgets(session(), program.id).get(code, 0)
    if field.data < spent * 10 ** (field.decimals() - decimals):
        form.refuse(
            "cap_budget", _("Already given of it: %(amount)s. It cannot be less.", amount=formats.amount(spent, unit))
        )

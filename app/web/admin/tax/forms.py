"""The form of a tax rule, and back: what most rules say has fields, the rest is written as the file has it."""

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.domain.program_file.definition import TaxChoice
from app.domain.saying.wording import Said
from app.domain.states import TaxStatus
from app.domain.taxes.tax_rules import BP, Basis, BorneBy, Mode, RewardKind, RoundingMode, TaxRule, ValueOf
from app.models.programs import Program
from app.services.setup import program_yaml, tax_changes
from app.services.setup.tax_changes import ChangeInvalid
from app.web.formats import told
from app.web.forms.fields import Between, DayField, MoneyField, ShareField
from app.web.forms.form import Form, choice
from app.web.words import tax as tax_words
from app.web.words.wording import TAX_STATUS

MOST_MINOR = 10**15
_FEW = ("surcharges", "ceiling", "references", "blocks", "report", "rate_choices_bp")
"""What few rules say: it is written in the words of the programme file."""


def _choices(words: Mapping[Any, Any]) -> list[Any]:
    return [choice(one.value, text) for one, text in words.items()]


class TaxRuleForm(Form):
    """A version of a tax rule."""

    title = StringField(_("What it is about"), [InputRequired(_("Say what the rule is about.")), Length(max=200)])
    code = StringField(
        _("Code"),
        [
            InputRequired(_("Give the rule a code.")),
            Length(max=64),
            Regexp(r"^[A-Z0-9]+(-[A-Z0-9]+)*$", message=_("Capital letters and figures, with hyphens between.")),
        ],
        description=_("Rewards keep it with the version. The same code again is the rule’s next version."),
    )
    applies_to = SelectMultipleField(_("For"), [InputRequired(_("Choose at least one."))], choices=_choices(TAX_STATUS))
    reward_kinds = SelectMultipleField(
        _("Rewards"), [InputRequired(_("Choose at least one."))], choices=_choices(tax_words.REWARD_KIND)
    )
    rate = ShareField(_("Rate in per cent"), [Optional(), Between(0, BP)])
    exempt = MoneyField(_("Exempt up to"), [Optional(), Between(0, MOST_MINOR)])
    exempt_basis = SelectField(_("That limit is"), choices=_choices(tax_words.BASIS))
    exempt_mode = SelectField(_("Once it is passed"), choices=_choices(tax_words.MODE))
    base_of = SelectField(_("Computed on"), choices=_choices(tax_words.VALUE_OF))
    factor = ShareField(
        _("Times, in per cent"), [Optional(), Between(1, 100 * BP)], description=_("120 adds a fifth. Empty: 100.")
    )
    base_step = MoneyField(_("Round the base to"), [Optional(), Between(1, MOST_MINOR)])
    base_mode = SelectField(_("A part of that step"), choices=_choices(tax_words.ROUNDING))
    tax_step = MoneyField(_("Round the tax to"), [Optional(), Between(1, MOST_MINOR)])
    tax_mode = SelectField(_("A part of that step"), choices=_choices(tax_words.ROUNDING))
    borne_by = SelectField(_("Borne by"), choices=_choices(tax_words.BORNE_BY))
    gross_up = BooleanField(_("Grossed up: the tax is part of what is taxed"))
    withholding = BooleanField(_("The sponsor withholds it and pays the tax office"))
    form = StringField(_("Form on which it is reported"), [Length(max=100)])
    pay_by = StringField(_("Due"), [Length(max=100)], description=_("In words: 20th of the next month."))
    cap = MoneyField(_("At most a year and participant"), [Optional(), Between(0, MOST_MINOR)])
    valid_from = DayField(_("Holds from"))
    valid_to = DayField(_("Holds until"))
    legal = StringField(_("Law"), [InputRequired(_("Say which law or ruling it follows.")), Length(max=500)])
    more = TextAreaField(
        _("Further parts"),
        [Length(max=4_000)],
        description=_(
            "Surcharges, a ceiling, reference amounts, a threshold of reporting, choices of rates, and what it must "
            "not be used for, as the programme file has them."
        ),
    )


def filled(rule: TaxRule, choice: TaxChoice | None = None) -> dict[str, Any]:
    """Give what stands in the form for a rule; what the sponsor chose of what it leaves open is no choice any more."""
    rate = choice.rate_bp if choice else None
    bearer = choice.borne_by if choice else None
    written = tax_changes.as_written(rule)
    exemption = rule.exemption
    few = {name: written[name] for name in _FEW if name in written}
    if rate is not None:
        del few["rate_choices_bp"]
    if exemption is not None and exemption.limit_minor is None:
        few["exemption"] = written["exemption"]
        exemption = None
    return {
        "title": rule.title,
        "code": rule.code,
        "applies_to": [one.value for one in rule.applies_to],
        "reward_kinds": [one.value for one in rule.reward_kinds],
        "rate": rule.rate_bp if rate is None else rate,
        "exempt": None if exemption is None else exemption.limit_minor,
        "exempt_basis": (Basis.SINGLE_REWARD if exemption is None else exemption.basis).value,
        "exempt_mode": (Mode.CLIFF if exemption is None else exemption.mode).value,
        "base_of": rule.base.of.value,
        "factor": None if rule.base.multiplier_bp == BP else rule.base.multiplier_bp,
        "base_step": rule.base_round.step_minor,
        "base_mode": rule.base_round.mode.value,
        "tax_step": rule.tax_round.step_minor,
        "tax_mode": rule.tax_round.mode.value,
        "borne_by": (bearer or rule.borne_by[0]).value,
        "gross_up": rule.gross_up,
        "withholding": rule.withholding,
        "form": rule.form,
        "pay_by": rule.pay_by,
        "cap": rule.annual_cap_minor,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
        "legal": rule.legal,
        "more": program_yaml.write(few) if few else "",
    }


EMPTY: Mapping[str, Any] = {
    "applies_to": [TaxStatus.PRIVATE_PERSON.value],
    "reward_kinds": [RewardKind.PREPAID.value],
    "exempt_basis": Basis.SINGLE_REWARD.value,
    "exempt_mode": Mode.CLIFF.value,
    "base_of": ValueOf.FACE.value,
    "base_mode": RoundingMode.HALF_UP.value,
    "tax_mode": RoundingMode.HALF_UP.value,
    "borne_by": BorneBy.SPONSOR_COMPENSATES.value,
}


def document_of(form: TaxRuleForm, program: Program) -> dict[str, Any] | None:
    """Give the rule that a form says, as the programme file has it; None where the further parts cannot be read."""
    more = _further(form)
    if more is None:
        return None
    said: dict[str, Any] = {
        "code": form.code.data,
        "title": form.title.data,
        "currency": program.currency,
        "decimals": program.currency_decimals,
        "applies_to": form.applies_to.data,
        "reward_kinds": form.reward_kinds.data,
        "rate_bp": form.rate.data,
        "base": {"of": form.base_of.data, "multiplier_bp": form.factor.data or BP},
        "base_round": {"step_minor": form.base_step.data or 1, "mode": form.base_mode.data},
        "tax_round": {"step_minor": form.tax_step.data or 1, "mode": form.tax_mode.data},
        "borne_by": [form.borne_by.data],
        "gross_up": form.gross_up.data,
        "withholding": form.withholding.data,
        "form": form.form.data or None,
        "pay_by": form.pay_by.data or None,
        "annual_cap_minor": form.cap.data,
        "legal": form.legal.data,
        "valid_from": form.valid_from.data and form.valid_from.data.isoformat(),
        "valid_to": form.valid_to.data and form.valid_to.data.isoformat(),
    }
    if form.exempt.data is not None:
        said["exemption"] = {
            "limit_minor": form.exempt.data,
            "basis": form.exempt_basis.data,
            "mode": form.exempt_mode.data,
        }
    return {name: value for name, value in {**said, **more}.items() if value is not None}


def _further(form: TaxRuleForm) -> dict[str, Any] | None:
    text = form.more.data or ""
    if not text.strip():
        return {}
    try:
        read = program_yaml.read(text)
    except program_yaml.NotYaml as wrong:
        form.refuse("more", str(wrong))
        return None
    known = {*_FEW, "exemption"}
    if not isinstance(read, dict) or not read.keys() <= known:
        form.refuse("more", gettext("Write only these parts: %(parts)s.", parts=", ".join(sorted(known))))
        return None
    plain: dict[str, Any] = json.loads(json.dumps(read, default=str))  # an amount that nobody quoted is one, too
    return plain


_FIELDS: Mapping[str, str] = {
    "rate_bp": "rate",
    "exemption": "exempt",
    "base": "factor",
    "base_round": "base_step",
    "tax_round": "tax_step",
    "annual_cap_minor": "cap",
    **dict.fromkeys(_FEW, "more"),
}


def lay_problems(form: TaxRuleForm, wrong: ChangeInvalid) -> None:
    """Say what a rule has wrong beside the field that says it; what is of no field stands on top."""
    for place, said in wrong.problems:
        name = place.partition(".")[0].partition("[")[0]
        field = _FIELDS.get(name, name)
        if field in form:
            form.refuse(field, told(said))
        else:
            form.refuse(None, _placed(place, said))


def problems_told(wrong: ChangeInvalid) -> str:
    """Say all that is wrong with a change."""
    return "; ".join(_placed(place, said) for place, said in wrong.problems)


def _placed(place: str, said: Said) -> str:
    return f"{place}: {told(said)}" if place else told(said)

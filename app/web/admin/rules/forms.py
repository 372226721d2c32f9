"""The form of a rule: the fields of its kind, its scope, its limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.domain.rules.rule_sentences import EVENT_WORDS
from app.domain.states import Event
from app.web.context import scope
from app.web.forms.fields import Between, CountField, DayField, ExactField
from app.web.forms.form import Form, RowForm, choice

KINDS: Mapping[str, tuple[Any, Any]] = {
    "per_unit": (_("For every piece"), _("2 points for every piece of a product")),
    "per_amount": (_("For an amount"), _("1 point for every full 100.00 of a document or of a line")),
    "per_line": (_("For every line"), _("5 points for every line of an invoice")),
    "per_document": (_("For a document"), _("50 points once for an invoice, from an amount on")),
    "amount_bands": (_("Bands by amount"), _("from 1,000.00 10 points, from 5,000.00 80 points")),
    "line_count_bands": (_("Bands by lines"), _("from 5 lines 10 points, from 10 lines 30 points")),
    "multiplier": (_("Multiplier"), _("what a line earns otherwise, times two")),
    "event": (_("Event"), _("100 points for a registration, a training, a birthday")),
    "matrix": (_("Matrix by piece"), _("a rate for each product group and distributor group, as a grid")),
    "matrix_per_amount": (_("Matrix by amount"), _("the same, for every full 100.00")),
}
"""Every kind of rule, in a word and by an example."""

PICKED = (
    "products",
    "product_groups",
    "exclude_products",
    "exclude_product_groups",
    "distributors",
    "distributor_groups",
    "tiers",
    "outlets",
    "channels",
)
"""What a scope names by codes."""

WEEKDAYS: Mapping[str, Any] = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
POLICIES: Mapping[str, Any] = {
    "sum": _("All of them give"),
    "best": _("The one that gives most"),
    "first": _("The one that goes first"),
}
"""What a stack makes of its rules where they meet."""
SPANS = ("day", "month", "quarter", "year", "program")
MOST = 10**17
"""A million times what the programme file takes at most: the fields are in millionths."""

_LONGEST_LIST = 20_000
_CLOCK = Regexp(r"^([01]?\d|2[0-3]):[0-5]\d$|^24:00$", message=_("Write a time of day such as 08:30."))


class _BandForm(RowForm):
    """From here on, so many points."""

    from_ = ExactField(_("From"), [Between(0, MOST)])
    points = ExactField(_("Gives"), [Between(0, MOST)])


def _codes(label: Any) -> TextAreaField:
    return TextAreaField(label, [Length(max=_LONGEST_LIST)], description=_("One code on each line."))


def _limit(label: Any) -> ExactField:
    return ExactField(label, [Optional(), Between(0, MOST)])


class RuleForm(Form):
    """A rule of any kind; a page shows the fields of the one it is of."""

    may_look_like_cards = frozenset({"products", "exclude_products"})

    name = StringField(_("Name"), [InputRequired(_("Say how the rule is called.")), Length(max=200)])
    code = StringField(_("Code"), [Length(max=64)], description=_("Left empty, it is made of the name."))
    unit = RadioField(
        _("What it gives"), choices=[choice("points", _("Points")), choice("money", _("Money"))], default="points"
    )
    points = ExactField(_("How much"), [Between(1, MOST)])
    step = ExactField(_("For every full"), [Between(1, MOST)])
    of = RadioField(
        _("Counted on"),
        choices=[choice("document", _("the sum of the document")), choice("line", _("each line by itself"))],
        default="document",
    )
    least_amount = _limit(_("Least amount of the document"))
    factor = ExactField(_("Times"), [Between(1_000_001, 1_000_000_000)], description=_("2 doubles what a line earns."))
    default = _limit(_("Rate where no cell holds"))
    event = SelectField(_("Event"), choices=[choice(one.value, _(EVENT_WORDS[one])) for one in Event])
    about = TextAreaField(
        _("Only these"),
        [Length(max=_LONGEST_LIST)],
        description=_("Codes of trainings, surveys, tiers or your own events, one on each line; empty: every one."),
    )
    bands = FieldList(FormField(_BandForm), label=_("Bands"), min_entries=4, max_entries=100)
    stack = SelectField(_("Stack"), validate_choice=False)
    priority = CountField(
        _("Priority"), [Optional(), Between(0, 1_000_000)], description=_("The lower number goes first.")
    )
    valid_from = DayField(
        _("This version holds from"), description=_("Sales issued before stay with the version before it.")
    )
    products = _codes(_("Products"))
    product_groups = _codes(_("Product groups"))
    exclude_products = _codes(_("Not these products"))
    exclude_product_groups = _codes(_("Not these product groups"))
    distributors = _codes(_("Distributors"))
    distributor_groups = _codes(_("Distributor groups"))
    tiers = _codes(_("Tiers"))
    outlets = _codes(_("Outlets"))
    channels = _codes(_("Channels"))
    from_ = DayField(_("First day"))
    until = DayField(_("Last day"))
    weekdays = SelectMultipleField(_("Weekdays"), choices=[choice(key, text) for key, text in WEEKDAYS.items()])
    days = SelectMultipleField(_("Named days"), validate_choice=False)
    hours_from = StringField(_("From the hour"), [Optional(), _CLOCK])
    hours_until = StringField(_("Before the hour"), [Optional(), _CLOCK])
    line_amount_least = _limit(_("Line of at least"))
    line_amount_most = _limit(_("Line of at most"))
    quantity_least = _limit(_("At least so many pieces"))
    quantity_most = _limit(_("At most so many pieces"))
    unit_price_least = _limit(_("Unit price of at least"))
    unit_price_most = _limit(_("Unit price of at most"))
    first_purchase = BooleanField(_("On a distributor’s first purchase only"))
    without_discounted = BooleanField(_("Not on discounted lines"))
    cap_document = _limit(_("For a document"))
    cap_day = _limit(_("A day, for each distributor"))
    cap_month = _limit(_("A month, for each distributor"))
    cap_quarter = _limit(_("A quarter, for each distributor"))
    cap_year = _limit(_("A year, for each distributor"))
    cap_program = _limit(_("In the whole programme, for each distributor"))
    cap_budget = _limit(_("For all together (budget)"))


OF_KIND: Mapping[str, Sequence[str]] = {
    "per_unit": ("points",),
    "per_amount": ("points", "step", "of"),
    "per_line": ("points",),
    "per_document": ("points", "least_amount"),
    "amount_bands": ("bands",),
    "line_count_bands": ("bands",),
    "multiplier": ("factor",),
    "event": ("event", "about", "points"),
    "matrix": ("default",),
    "matrix_per_amount": ("step", "of", "default"),
}
"""The fields that a kind has of its own."""

_NEEDED = frozenset({"points", "step", "factor"})
_MICRO, _FACTOR_DECIMALS = 6, 4
_RATES: Mapping[str, str] = {"per_unit": "points", "matrix": "default"}
"""Kinds that give for each piece, and what says how much: finer than a point."""
_MOST_RATE = 10**18
"""Most that a piece gives, in millionths of the smallest part of a point."""

_OF_SALES = (
    "products",
    "product_groups",
    "exclude_products",
    "exclude_product_groups",
    "outlets",
    "channels",
    "hours_from",
    "hours_until",
    "line_amount_least",
    "line_amount_most",
    "quantity_least",
    "quantity_most",
    "unit_price_least",
    "unit_price_most",
    "first_purchase",
    "without_discounted",
    "cap_document",
)


def form_for(kind: str, stacks: Sequence[str], days: Sequence[str], values: Mapping[str, Any]) -> RuleForm:
    """Give the form of a kind: fields that the kind does not have are gone from it."""
    form = RuleForm(**values)
    own = {name for names in OF_KIND.values() for name in names}
    gone = own - set(OF_KIND[kind])
    if kind == "event":
        gone |= set(_OF_SALES)
    for name in gone:
        del form[name]
    _fit(form, kind)
    form.stack.choices = [choice(one, one) for one in stacks]
    form.days.choices = [choice(one, one) for one in days]
    for name in _NEEDED & set(form._fields):
        form[name].flags.required = True
    return form


def rate_limits(kind: str, unit: str) -> tuple[int, int]:
    """Tell how many decimals a rate of a kind of rule may have, and the most that it may be, in millionths.

    What is given for each piece may be finer than a point, and is kept in millionths of its smallest part.
    """
    program = scope().program
    decimals = program.point_decimals if unit == "points" else program.currency_decimals
    return (_MICRO, min(MOST, _MOST_RATE // 10**decimals)) if kind == "per_unit" else (decimals, MOST)


def _fit(form: RuleForm, kind: str) -> None:
    """Tell fields how many decimals there are of what they mean: of the rule's unit, of money, of lines."""
    program, fields = scope().program, form._fields

    def of_unit() -> int:
        return program.point_decimals if form.unit.data == "points" else program.currency_decimals

    def of_money() -> int:
        return program.currency_decimals

    for name in ("points", "default", *(name for name in fields if name.startswith("cap_"))):
        if name in fields:
            fields[name].fits = of_unit
    for name in ("step", "least_amount"):
        if name in fields:
            fields[name].fits = of_money
    if "factor" in form:
        form.factor.fits = lambda: _FACTOR_DECIMALS
    for entry in form.bands.entries if "bands" in form else ():
        of: _BandForm = entry.form
        of.from_.fits = of_money if kind == "amount_bands" else lambda: 0
        of.points.fits = of_unit
    if kind in _RATES:
        least, rate = int(kind == "per_unit"), fields[_RATES[kind]]
        rate.fits = None
        rate.validators = [Between(least, lambda: rate_limits("per_unit", form.unit.data)[1])]

"""What is typed into the form of a promotion; what is wrong is said beside its field, in the reader's words."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from wtforms import FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.domain.program_file.parts import TOO_LARGE
from app.domain.typed.codes import code_key
from app.models.distributors import DistributorGroup
from app.models.rewards import Reward
from app.services.participants import distributors
from app.web.admin.rules.forms import rate_limits
from app.web.context import scope, session
from app.web.forms.fields import (
    Between,
    CountField,
    DayField,
    ExactField,
    NotBefore,
    PointsField,
    ShareField,
    read_between,
)
from app.web.forms.form import Form, RowForm, choice
from app.web.words.named import typed
from app.web.words.promotions import METRIC, NAMES, PARTICIPANTS, PAYS, REWARD, WHEN, metric_decimals

MICRO = 6
_BP_DECIMALS = 2
_MOST_BP = 1_000_000
_MOST_PLACES = 100_000


def _most(decimals: int) -> int:
    """Give the largest amount that a programme file takes, in smallest units."""
    return TOO_LARGE * 10**decimals - 1


def _most_points() -> int:
    return _most(scope().program.point_decimals)


def _of(words: Mapping[str, Any]) -> Callable[[], list[Any]]:
    return lambda: [choice(name, text) for name, text in words.items()]


def _rewards() -> list[Any]:
    known = select(Reward.code, Reward.name).where(Reward.program_id == scope().program.id).order_by(Reward.sort_key)
    return [choice("", "–"), *(choice(code, name) for code, name in session().execute(known))]


def _codes(label: Any, most: int) -> TextAreaField:
    return TextAreaField(label, [Length(max=most)], description=_("One code on each line."))


_CHOSEN = ("kind", "metric", "was")


class _Part(RowForm):
    """A step, a gate or a prize."""

    def lacks(self, name: str, text: str) -> None:
        """Say that a field lacks something, where nothing else is wrong with it."""
        if not self[name].errors:
            self.refuse(name, text)

    def data_given(self) -> bool:
        """Tell whether it shows something that is kept."""
        return any(one.object_data for one in self if one.short_name not in _CHOSEN)

    def begun(self) -> bool:
        """Tell whether anything is filled in: what is chosen is chosen from the beginning."""
        return any(str(sent).strip() for one in self if one.short_name not in _CHOSEN for sent in one.raw_data or ())


class StepForm(_Part):
    """A step. Nothing filled in: none."""

    reach = ShareField(_("From, per cent of the target"), [Between(1, _MOST_BP)])
    kind = SelectField(_("Gives"), choices=_of(REWARD), default="points")
    amount = StringField(_("How much"), [Length(max=64)])
    gift = SelectField(_("Which reward"), validate_choice=False, choices=_rewards)

    def given(self) -> dict[str, Any] | None:
        """Give the step as a programme file has it; None where there is none, or where it is wrong: then it says so."""
        gift = self.kind.data == "reward"
        said = (self.gift.data if gift else self.amount.data) or ""
        if gift:
            self._judge_gift(said)
        number = self._number(said) if said and not gift else None
        if self.reach.data is None:
            if said:
                self.lacks("reach", gettext("Say from which share of the target on."))
            return None
        if not said:
            self.lacks("gift" if gift and self.offers() else "amount", gettext("Say what it gives."))
            return None
        return {"reach": self.reach.data, "reward": {self.kind.data: said if gift else number}}

    def offers(self) -> bool:
        """Tell whether there is a reward to choose."""
        return len(self.gift.choices or ()) > 1

    def _judge_gift(self, code: str) -> None:
        offered: list[Any] = list(self.gift.choices or ())
        if not self.offers():
            self.lacks("kind", gettext("There is no reward in the catalogue."))
        elif code and code not in {one.value for one in offered}:
            self.lacks("gift", gettext("Choose one of the rewards."))

    def _number(self, typed: str) -> Any:
        """Read how much it gives: a share in basis points, points as a programme file has them."""
        points = scope().program.point_decimals
        decimals, most = {
            "percent_bp": (_BP_DECIMALS, _MOST_BP),
            "per_unit": rate_limits("per_unit", "points"),
        }.get(self.kind.data, (points, _most(points)))
        try:
            number = read_between(typed, decimals, 1, most)
        except ValueError as problem:
            self.lacks("amount", str(problem))
            return None
        return number if self.kind.data == "percent_bp" else written(number, decimals)


class GateForm(_Part):
    """What must be sold as well. Nothing filled in: nothing. ``was`` is the name that it had, if it is kept already."""

    was = HiddenField()
    name = StringField(_("Only if"), [Length(max=200)])
    metric = SelectField(_("Counts"), choices=_of(METRIC), default="net_amount")
    least = ExactField(_("At least"), [Between(1, _most(MICRO))])
    product_groups = _codes(_("Of the product groups"), 500)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Let what is to be sold have the decimals of what it counts."""
        super().__init__(*args, **options)
        self.least.fits = lambda: metric_decimals(self.metric.data)

    def given(self, stands: Mapping[str, Any]) -> dict[str, Any] | None:
        """Give the gate; ``stands`` has what the form does not show, by name. None as for a step."""
        if not self.begun():
            return None
        if not self.name.data:
            self.lacks("name", gettext("Say it in words: participants read it."))
        if self.least.data is None:
            self.lacks("least", gettext("Say how much."))
            return None
        was = stands.get(self.was.data or "", {})
        return {
            "name": self.name.data,
            "metric": self.metric.data,
            "least": written(self.least.data, MICRO),
            "scope": {**was.get("scope", {}), "product_groups": typed(self.product_groups.data)},
        }


class PrizeForm(_Part):
    """Points for places. Nothing filled in: none."""

    first = CountField(_("From place"), [Between(1, _MOST_PLACES)])
    last = CountField(_("To place"), [Between(1, _MOST_PLACES)])
    points = PointsField(_("Points"), [Between(1, _most_points)])

    def given(self) -> dict[str, Any] | None:
        """Give the prize; None as for a step."""
        if not self.begun():
            return None
        if self.points.data is None:
            self.lacks("points", gettext("Say how many points."))
        if self.first.data is None:
            self.lacks("first", gettext("Say for which place."))
            return None
        last = self.first.data if self.last.data is None else self.last.data
        if last < self.first.data:
            self.lacks("last", gettext("The places end before they begin."))
        points = written(self.points.data, scope().program.point_decimals)
        return {"from": self.first.data, "to": last, "points": points}


class PromotionForm(Form):
    """A promotion, as those write it who run the programme."""

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset()

    code = StringField(_("Code"), [InputRequired(_("Give it a code.")), Length(max=64)])
    name = StringField(_("Name"), [InputRequired(_("Give it a name.")), Length(max=200)])
    description = TextAreaField(_("What its participants read"), [Length(max=500)])
    from_ = DayField(_("First day of the sales"), [InputRequired(_("Say when it begins."))])
    until = DayField(_("Last day of the sales"), [InputRequired(_("Say when it ends.")), NotBefore("from_")])
    closes_on = DayField(_("Closes by itself on"), description=_("Returns take steps away until then."))
    participants = SelectField(_("For"), choices=_of(PARTICIPANTS), default="distributors")
    metric = SelectField(_("Counts"), choices=_of(METRIC), default="net_amount")
    product_groups = _codes(_("Product groups"), 500)
    products = _codes(_("Products"), 1000)
    distributor_groups = _codes(_("Distributor groups"), 500)
    default_target = ExactField(
        _("Target"), [Between(1, _most(MICRO))], description=_("For whoever has none of their own, nor a group’s.")
    )
    group_targets = TextAreaField(
        _("Targets of groups"), [Length(max=2000)], description=_("One a line: the group, a colon, the target.")
    )
    growth_from = DayField(_("Base period from"))
    growth_until = DayField(_("Base period until"), [NotBefore("growth_from")])
    growth = ShareField(_("Growth wanted, %"), [Between(-9_999, _MOST_BP)])
    steps = FieldList(FormField(StepForm), label=_("Steps"), min_entries=4, max_entries=50)
    pays = SelectField(_("Pays"), choices=_of(PAYS), default="highest")
    when = SelectField(_("When"), choices=_of(WHEN), default="on_reach")
    gates = FieldList(FormField(GateForm), label=_("Gates"), min_entries=2, max_entries=20)
    prizes = FieldList(FormField(PrizeForm), label=_("Prizes"), min_entries=3, max_entries=100)
    names = SelectField(_("Participants see of the others"), choices=_of(NAMES), default="hidden")
    budget = PointsField(
        _("Budget in points"), [Between(1, _most_points)], description=_("When it is spent, nothing more is paid.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        """Let targets have the decimals of what is counted."""
        super().__init__(*args, **options)
        self.default_target.fits = lambda: metric_decimals(self.metric.data)

    def document(self, stands: Mapping[str, Any]) -> dict[str, Any]:
        """Write the form as a part of a programme file; what it does not show stays as it stands.

        What is wrong with a field is said beside it; then it is none that could be kept.
        """
        self.validate()
        return {
            **stands,
            "code": self.code.data,
            "name": self.name.data,
            "description": self.description.data or None,
            "from": str(self.from_.data),
            "until": str(self.until.data),
            "closes_on": str(self.closes_on.data) if self.closes_on.data else None,
            "participants": self.participants.data,
            "metric": self.metric.data,
            "scope": {
                **stands.get("scope", {}),
                "product_groups": typed(self.product_groups.data),
                "products": typed(self.products.data),
                "distributor_groups": typed(self.distributor_groups.data),
            },
            "target": self._target(stands.get("target") or {}),
            "steps": [one for entry in self.steps if (one := entry.form.given()) is not None],
            "pays": self.pays.data,
            "when": self.when.data,
            "gates": list(self._gates(stands)),
            "budget": written(self.budget.data, scope().program.point_decimals),
            "ranking": self._ranking(stands.get("ranking") or {}),
        }

    def _target(self, stands: Mapping[str, Any]) -> dict[str, Any] | None:
        """Write the targets. Steps make one: distributors may have theirs from a sheet alone."""
        groups, growth = dict(self._groups()), self._growth(stands.get("growth") or {})
        default = written(self.default_target.data, MICRO)
        needed = any(entry.form.reach.data for entry in self.steps)
        made = {**stands, "default": default, "groups": groups, "growth": growth}
        return made if needed or default or groups or growth else None

    def _groups(self) -> Iterator[tuple[str, str | None]]:
        lines = [line.strip() for line in (self.group_targets.data or "").splitlines() if line.strip()]
        called = {name.casefold(): code for code, name in group_names()} if lines else {}
        known = distributors.group_ids(session(), scope().program.id) if lines else {}
        decimals, seen = metric_decimals(self.metric.data), set()
        for line in lines:
            name, _colon, value = (part.strip() for part in line.rpartition(":"))
            code = called.get(name.casefold(), name)
            wrong, number = None, 0
            try:
                number = read_between(value, decimals, 1, _most(decimals))
            except ValueError as problem:
                wrong = str(problem)
            if not name:
                self.refuse(
                    "group_targets",
                    gettext("“%(line)s”: write a group, a colon, and a number above zero.", line=line),
                )
                continue
            if code_key(code) not in known:
                wrong = gettext("No distributor group is called so.")
            elif code_key(code) in seen:
                wrong = gettext("This group stands here twice.")
            if wrong is not None:
                self.refuse("group_targets", gettext("“%(line)s”: %(problem)s", line=line, problem=wrong))
            seen.add(code_key(code))
            yield code, written(number, decimals)

    def _growth(self, stands: Mapping[str, Any]) -> dict[str, Any] | None:
        if not any(self[name].data or self[name].errors for name in ("growth_from", "growth_until", "growth")):
            return None
        for name in ("growth_from", "growth_until"):
            if not self[name].data and not self[name].errors:
                self.refuse(name, gettext("Growth is over a base period: say from when until when."))
        return {
            **stands,
            "from": str(self.growth_from.data),
            "until": str(self.growth_until.data),
            "growth_bp": self.growth.data or 0,
        }

    def _gates(self, stands: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        known = {one["name"]: one for one in stands.get("gates", [])}
        for entry in self.gates:
            if (one := entry.form.given(known)) is not None:
                yield one

    def _ranking(self, stands: Mapping[str, Any]) -> dict[str, Any] | None:
        prizes = [one for entry in self.prizes if (one := entry.form.given()) is not None]
        return {**stands, "names": self.names.data, "prizes": prizes} if prizes else None


def written(value: int | None, decimals: int) -> str | None:
    """Write smallest units as a programme file does."""
    return None if value is None else f"{Decimal(value).scaleb(-decimals).normalize():f}"


def group_names() -> list[tuple[str, str]]:
    """Give the distributor groups, code and name; a name that several have stands for none of them."""
    ours = DistributorGroup.program_id == scope().program.id
    several = select(DistributorGroup.name).where(ours).group_by(DistributorGroup.name).having(func.count() > 1)
    once = select(DistributorGroup.code, DistributorGroup.name).where(ours, DistributorGroup.name.not_in(several))
    return [(code, name) for code, name in session().execute(once.order_by(DistributorGroup.name))]

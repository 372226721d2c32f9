"""What promotions are called on pages: their states, metrics and rewards, and amounts written in a metric."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from app.domain.program_file.promotion_definition import Metric, StepReward
from app.domain.states import PromotionState
from app.services.promotions.publishing import Problem
from app.web import formats
from app.web.context import scope
from app.web.lists.describing import Badge, Kind
from app.web.words.named import called

STATE: Mapping[PromotionState, Badge] = {
    PromotionState.DRAFT: Badge(_("Draft"), "plain"),
    PromotionState.PUBLISHED: Badge(_("Running"), "good"),
    PromotionState.CLOSED: Badge(_("Closed"), "plain"),
}

METRIC: Mapping[str, Any] = {
    "net_amount": _("Net amount"),
    "quantity": _("Quantity"),
    "points": _("Points"),
    "documents": _("Invoices"),
    "products": _("Different products"),
}

KIND: Mapping[str, Kind] = {"net_amount": Kind.MONEY, "quantity": Kind.QUANTITY, "points": Kind.POINTS}
"""What amounts of a metric are in files; those that are not here are whole numbers."""

PARTICIPANTS: Mapping[str, Any] = {"distributors": _("Distributors"), "persons": _("Sales reps, each by themselves")}

PAYS: Mapping[str, Any] = {"highest": _("The highest step that is reached"), "each": _("Each step that is reached")}

WHEN: Mapping[str, Any] = {"on_reach": _("As soon as it is reached"), "at_end": _("When the promotion is closed")}

NAMES: Mapping[str, Any] = {
    "hidden": _("Places and prizes alone, and their own row"),
    "shown": _("Everybody’s name and what they sold"),
}

RANKED_BY: Mapping[str, Any] = {"metric": _("What was sold"), "share": _("The share of the target that is reached")}

REWARD: Mapping[str, Any] = {
    "points": _("Points"),
    "percent_bp": _("Per cent of the points earned"),
    "per_unit": _("Points for each piece"),
    "reward": _("A reward of the catalogue"),
}


def problem(one: Problem) -> str:
    """Say what stands against a promotion; what only a programme file says is told as the file's."""
    if one.kind == "closed":
        return gettext("The promotion is closed: what it paid stays as it is.")
    if one.kind == "spent":
        return gettext("Budget: already given of it: %(amount)s. It cannot be less.", amount=formats.points(one.found))
    if one.kind == "other_metric":
        return ngettext(
            "%(num)s distributor has a target from a sheet, in what the promotion counted before. Import it as 0 "
            "first.",
            "%(num)s distributors have targets from a sheet, in what the promotion counted before. Import them as 0 "
            "first.",
            one.found,
        )
    if one.kind == "unknown":
        return gettext("“%(name)s” is not in this programme any more.", name=one.found)
    return gettext("A programme file would be refused with this: %(problem)s", problem=str(one))


def measured(metric: Metric, value: int) -> str:
    """Write an amount in a metric, with what it is of."""
    if metric == "net_amount":
        return formats.cash(value)
    if metric == "quantity":
        return gettext("%(quantity)s pieces", quantity=formats.quantity(value))
    if metric == "points":
        many = value // 10 ** scope().program.point_decimals
        return ngettext("%(points)s point", "%(points)s points", many, points=formats.points(value))
    if metric == "documents":
        return ngettext("%(num)s invoice", "%(num)s invoices", value)
    return ngettext("%(num)s product", "%(num)s products", value)


def metric_decimals(metric: str) -> int:
    """Tell how many decimals amounts of a metric have."""
    program = scope().program
    return {"net_amount": program.currency_decimals, "quantity": 3, "points": program.point_decimals}.get(metric, 0)


def aimed(metric: Metric, target: Decimal) -> str:
    """Write a target of the programme file as what it counts is written."""
    return measured(metric, int(target.scaleb(metric_decimals(metric))))


def given(reward: StepReward) -> str:
    """Say what a step gives."""
    if reward.points is not None:
        decimals = scope().program.point_decimals
        many = int(reward.points) if reward.points == int(reward.points) else 2
        points = formats.points(int(reward.points.scaleb(decimals)))
        return ngettext("%(points)s point", "%(points)s points", many, points=points)
    if reward.percent_bp is not None:
        return gettext("%(share)s of the points earned", share=formats.share(reward.percent_bp))
    if reward.per_unit is not None:
        return gettext("%(points)s points for each piece", points=formats.decimal(reward.per_unit))
    assert reward.reward is not None, "a step gives one of these"
    return gettext("the reward %(code)s", code=called("rewards", [reward.reward]))

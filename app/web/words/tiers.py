"""Tiers in words: what is counted, within which span, how a tier is lost, why somebody is in one."""

from collections.abc import Mapping
from typing import Any

from flask import g
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from app.domain.program_file.tier_settings import Fall, Metric, TierLevel, Tiers, Window
from app.domain.states import TierReason, Unit
from app.services.placing.tiers import settings_of
from app.services.tiering.tier_reading import Gives
from app.web import formats
from app.web.context import scope

WHY: Mapping[TierReason, Any] = {
    TierReason.REACHED: _("Reached"),
    TierReason.FELL: _("Not earned again"),
    TierReason.GIVEN: _("Given by hand"),
    TierReason.ENDED: _("What was given by hand is over"),
    TierReason.FILE: _("A file says so"),
    TierReason.GONE: _("The programme’s tiers changed"),
    TierReason.BEFORE: _("From the beginning"),
}


def tiers_here() -> Tiers:
    """Give what the page's programme says of its tiers: read once a request."""
    kept: dict[int, Tiers] = g.setdefault("tiers", {})
    program = scope().program
    if program.id not in kept:
        kept[program.id] = settings_of(program)
    return kept[program.id]


def name(code: str | None) -> str:
    """Give the name of a tier; its code, where the programme does not name it."""
    if code is None:
        return gettext("No tier")
    level = tiers_here().level(code)
    return code if level is None else level.name


def counted(amount: int) -> str:
    """Write what tiers count: points, or money."""
    return formats.worded(amount, Unit.MONEY if tiers_here().metric is Metric.AMOUNT else Unit.POINTS)


def counts() -> str:
    """Say what is counted, and within which span."""
    tiers = tiers_here()
    if tiers.metric is Metric.AMOUNT:
        what = gettext("What was sold, net, less returns")
    else:
        what = gettext("Points earned, whatever was spent of them")
    return f"{what}, {_within(tiers)}."


def _within(tiers: Tiers) -> str:
    if tiers.window is Window.LIFETIME:
        return gettext("from the beginning on")
    if tiers.window is Window.ROLLING:
        return ngettext("within the last %(num)s month", "within the last %(num)s months", tiers.months or 0)
    return gettext("within a calendar year")


def falls() -> str:
    """Say how a tier is lost."""
    tiers = tiers_here()
    if tiers.window is Window.LIFETIME:
        return gettext("A tier that was reached is kept for good.")
    if tiers.fall is Fall.BY_ONE:
        how = gettext("Whoever has not earned their tier again when the span ends falls by one.")
    else:
        how = gettext("Whoever has not earned their tier again when the span ends falls to the one that they earned.")
    if tiers.grace_days:
        days = ngettext(
            "That is looked at %(num)s day after the span’s end.",
            "That is looked at %(num)s days after the span’s end.",
            tiers.grace_days,
        )
        return f"{how} {days}"
    return how


def times(factor: int) -> str:
    """Write a factor of a rule, in basis points: 20000 is ×2."""
    here = formats.here()
    text = formats.figure(factor, 4).rstrip("0").rstrip(here.decimal)
    return f"×{text}"


def shortly(level: TierLevel, more: Gives) -> str:
    """Say in a line what a tier gives besides its share."""
    said = [f"{rule} {times(factor)}" for rule, factor in more.factors]
    said += level.benefits
    if more.rewards:
        said.append(gettext("Rewards of its own: %(names)s", names=", ".join(more.rewards)))
    return " · ".join(said) or "–"

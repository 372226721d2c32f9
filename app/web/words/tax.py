"""Tax rules and their computations in words: what a rule says, and each step of what was computed."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.domain.program_file.definition import TaxChoice
from app.domain.saying.reasons import sentence
from app.domain.states import RuleDraftState, TaxChangeKind
from app.domain.taxes.tax import NoTaxRule
from app.domain.taxes.tax_errors import (
    CapExceededError,
    ChoiceError,
    ForbiddenByRuleError,
    MissingFigureError,
    TaxError,
    TaxExceedsRewardError,
    WrongCurrencyError,
)
from app.domain.taxes.tax_ids import fault_of
from app.domain.taxes.tax_packs import pack_text
from app.domain.taxes.tax_rules import (
    BP,
    Basis,
    BorneBy,
    Exemption,
    Mode,
    Purpose,
    RewardKind,
    RoundingMode,
    TaxRule,
    ThresholdMode,
    ValueOf,
)
from app.models.tax import TaxChange
from app.web import formats
from app.web.lists.describing import Badge
from app.web.words.wording import TAX_STATUS

REWARD_KIND: Mapping[RewardKind, Any] = {
    RewardKind.GOODS: _("Goods"),
    RewardKind.CASH: _("Cash"),
    RewardKind.PREPAID: _("Money on a prepaid card"),
    RewardKind.VOUCHER: _("Voucher"),
}
BORNE_BY: Mapping[BorneBy, Any] = {
    BorneBy.PARTICIPANT: _("the participant"),
    BorneBy.SPONSOR: _("the sponsor, on top"),
    BorneBy.SPONSOR_COMPENSATES: _("the sponsor, who pays it back by an extra top-up"),
}
BASIS: Mapping[Basis, Any] = {
    Basis.SINGLE_REWARD: _("of each reward"),
    Basis.CALENDAR_YEAR: _("of a calendar year"),
}
MODE: Mapping[Mode, Any] = {
    Mode.CLIFF: _("above it all is taxed"),
    Mode.SLICE: _("above it only what exceeds it"),
}
VALUE_OF: Mapping[ValueOf, Any] = {
    ValueOf.FACE: _("what the reward is worth"),
    ValueOf.COST_INCL_VAT: _("what it cost, VAT included"),
    ValueOf.COST: _("what it cost"),
}
ROUNDING: Mapping[RoundingMode, Any] = {
    RoundingMode.HALF_UP: _("halves up"),
    RoundingMode.HALF_EVEN: _("halves to even"),
    RoundingMode.DOWN: _("down"),
    RoundingMode.UP: _("up"),
}
PURPOSE: Mapping[Purpose, Any] = {
    Purpose.OWN_SALES_POINTS: _("points for one's own sales"),
    Purpose.OTHER: _("something else"),
}
THRESHOLD: Mapping[ThresholdMode, Any] = {
    ThresholdMode.AT_OR_ABOVE: _("from this total on"),
    ThresholdMode.ABOVE: _("above this total"),
}
STATE: Mapping[RuleDraftState, Badge] = {
    RuleDraftState.DRAFT: Badge(_("Draft"), "plain"),
    RuleDraftState.WAITING: Badge(_("Waits for a second person"), "wait"),
    RuleDraftState.PUBLISHED: Badge(_("Published"), "good"),
    RuleDraftState.DROPPED: Badge(_("Dropped"), "plain"),
}
STEP: Mapping[str, Any] = {
    "value": _("Reward"),
    "exemption": _("Exemption"),
    "compensation": _("Compensation"),
    "base": _("Base"),
    "tax": _("Tax"),
    "surcharge": _("Surcharge"),
    "earlier": _("Levied before"),
    "beyond": _("Above the ceiling"),
    "report": _("Report"),
}
REWARD_STATE: Mapping[str, Badge] = {
    "goods": Badge(_("Goods"), "plain"),
    "loaded": Badge(_("Loaded"), "good"),
    "open": Badge(_("On its way"), "busy"),
}
ON_LIST: Mapping[str, Badge] = {
    "due": Badge(_("To be reported"), "busy"),
    "reached": Badge(_("Threshold reached"), "busy"),
    "near": Badge(_("Near the threshold"), "wait"),
    "below": Badge(_("Below the threshold"), "plain"),
}


def of_a_pack(text: str) -> str:
    """Say what a pack says of a rule in the reader's language; a rule of the programme's own says what it says."""
    return pack_text(text, gettext)


def change_name(change: TaxChange) -> str:
    """Say in a line what a change does."""
    if change.kind is TaxChangeKind.RULE:
        return gettext("Rule %(code)s: %(title)s", code=change.code, title=change.document.get("title", ""))
    if change.kind is TaxChangeKind.ENDS:
        return gettext("Rule %(code)s ends on %(day)s", code=change.code, day=change.document["last"])
    if change.kind is TaxChangeKind.CONFIRMED:
        return gettext(
            "Rule %(code)s version %(version)s is confirmed by %(who)s",
            code=change.code,
            version=change.document["version"],
            who=change.document["by"],
        )
    country = change.document["pack"]
    return gettext("The pack of %(country)s holds", country=country) if country else gettext("No pack is named")


def rates(rule: TaxRule) -> str:
    """Write the rates of a rule."""
    return " / ".join(formats.share(rate) for rate in rule.rates_bp)


def chosen(choice: TaxChoice) -> str:
    """Say what the sponsor chose for a rule; nothing, where nobody chose."""
    rate = None if choice.rate_bp is None else formats.share(choice.rate_bp)
    bearer = None if choice.borne_by is None else str(BORNE_BY[choice.borne_by])
    return "; ".join(one for one in (rate, bearer) if one is not None)


def who(rule: TaxRule) -> str:
    """Name the participants that a rule is for."""
    return ", ".join(str(TAX_STATUS[one]) for one in rule.applies_to)


def facts(rule: TaxRule) -> list[tuple[str, str]]:
    """Say what a rule says, as names and values."""
    found = [
        (gettext("For"), who(rule)),
        (gettext("Rewards"), ", ".join(str(REWARD_KIND[one]) for one in rule.reward_kinds)),
        (gettext("Rate"), rates(rule)),
    ]
    if rule.exemption is not None:
        found.append((gettext("Exempt"), _exempt(rule.exemption)))
    base = str(VALUE_OF[rule.base.of])
    if rule.base.multiplier_bp != BP:
        base = gettext("%(what)s × %(factor)s", what=base, factor=formats.share(rule.base.multiplier_bp))
    found.append((gettext("Computed on"), base))
    if rule.gross_up:
        found.append((gettext("Grossed up"), gettext("the tax is part of what is taxed")))
    found += [(one.name, formats.share(one.rate_bp)) for one in rule.surcharges]
    if rule.tied_to_currency:
        steps = (formats.money(rule.base_round.step_minor), formats.money(rule.tax_round.step_minor))
        found.append((gettext("Rounded"), gettext("base to %(base)s, tax to %(tax)s", base=steps[0], tax=steps[1])))
    found.append((gettext("Borne by"), ", ".join(str(BORNE_BY[one]) for one in rule.borne_by)))
    if rule.withholding:
        found.append((gettext("Withheld"), gettext("the sponsor pays the tax office")))
    if rule.form is not None:
        found.append((gettext("Form"), rule.form))
    if rule.report is not None:
        listed = ", ".join(f"{year}: {formats.money(one)}" for year, one in sorted(rule.report.by_year_minor.items()))
        found.append((gettext("Reported"), f"{THRESHOLD[rule.report.mode]} ({listed})"))
    if rule.pay_by is not None:
        found.append((gettext("Due"), of_a_pack(rule.pay_by)))
    if rule.annual_cap_minor is not None:
        found.append((gettext("At most a year"), formats.money(rule.annual_cap_minor)))
    found += [(gettext("Must not be used"), of_a_pack(one.reason)) for one in rule.blocks]
    return [*found, (gettext("In force"), holds(rule)), (gettext("Law"), of_a_pack(rule.legal))]


def _exempt(limit: Exemption) -> str:
    amount = (
        gettext("%(share)s of %(what)s", share=formats.share(limit.share_bp or 0), what=limit.of)
        if limit.limit_minor is None
        else formats.money(limit.limit_minor)
    )
    return gettext(
        "up to %(amount)s %(basis)s; %(mode)s", amount=amount, basis=BASIS[limit.basis], mode=MODE[limit.mode]
    )


def holds(rule: TaxRule) -> str:
    """Say on which days a rule holds."""
    first, last = rule.valid_from, rule.valid_to
    if first is not None and last is not None:
        return f"{formats.day(first)} – {formats.day(last)}"
    if first is not None:
        return gettext("from %(day)s", day=formats.day(first))
    return gettext("on every day") if last is None else gettext("until %(day)s", day=formats.day(last))


def blocked(by: NoTaxRule | TaxError) -> str:
    """Say why a reward is blocked, for the person who must solve it."""
    if isinstance(by, NoTaxRule):
        said = gettext(
            "There is no tax rule for this. A reward of this kind for “%(status)s” on %(day)s waits until a rule is "
            "set up and confirmed by your adviser.",
            status=TAX_STATUS[by.status],
            day=formats.day(by.on),
        )
        near = gettext("Rules that fit but for one thing: %(codes)s.", codes=", ".join(by.near)) if by.near else ""
        return f"{said} {near}".strip()
    if isinstance(by, ForbiddenByRuleError):
        return gettext("Rule %(code)s may not be used here: %(why)s.", code=by.rule.code, why=of_a_pack(by.reason))
    if isinstance(by, CapExceededError):
        return gettext(
            "Rule %(code)s covers %(cap)s a year and participant; %(before)s are used, %(value)s more would pass it.",
            code=by.rule.code,
            cap=formats.money(by.cap_minor),
            before=formats.money(by.year_before_minor),
            value=formats.money(by.value_minor),
        )
    if isinstance(by, TaxExceedsRewardError):
        return gettext(
            "Rule %(code)s levies %(tax)s on a reward of %(value)s.",
            code=by.rule.code,
            tax=formats.money(by.levied_minor),
            value=formats.money(by.value_minor),
        )
    if isinstance(by, ChoiceError):
        return gettext(
            "Rule %(code)s asks for a choice that was not made: a rate, or who bears the tax.", code=by.rule.code
        )
    if isinstance(by, MissingFigureError):
        return gettext("Rule %(code)s lacks a figure: %(what)s.", code=by.rule.code, what=by.figure)
    if isinstance(by, WrongCurrencyError):
        return gettext("Rule %(code)s counts in another currency: %(what)s.", code=by.rule.code, what=by.rule.currency)
    return str(by)


def _exact(text: Any) -> str:
    """Write an exact decimal of a computation as people here write it."""
    exact = Decimal(str(text))
    decimals = max(0, -int(exact.as_tuple().exponent))
    return formats.figure(int(exact.scaleb(decimals)), decimals)


def _money(minor: Any) -> str:
    return formats.money(int(minor))


def step(one: Mapping[str, Any]) -> str:
    """Say one step of a computation; one of a kind that is not known here says itself in English."""
    said = _STEPS.get(str(one["code"]))
    return str(one["text"]) if said is None else said(one["figures"], one["result_minor"])


def _value(_figures: Mapping[str, Any], result: Any) -> str:
    return gettext("The computation starts from %(amount)s.", amount=_money(result))


def _exemption(figures: Mapping[str, Any], _result: Any) -> str:
    parts = {
        "counted": _exact(figures["counted"]),
        "limit": _exact(figures["limit"]),
        "basis": BASIS[Basis(figures["basis"])],
    }
    if figures["exempt"]:
        return gettext("%(counted)s does not exceed the exempt %(limit)s %(basis)s: nothing is taxed.", **parts)
    if figures["mode"] == Mode.SLICE:
        return gettext("%(counted)s exceeds the exempt %(limit)s %(basis)s: what exceeds it is taxed.", **parts)
    return gettext("%(counted)s exceeds the exempt %(limit)s %(basis)s: all of it is taxed.", **parts)


def _compensation(figures: Mapping[str, Any], _result: Any) -> str:
    tried = ", ".join(_money(one) for one in figures["tried_minor"])
    return gettext("Tried from zero upwards: %(row)s. The last one pays the whole tax on itself as well.", row=tried)


def _base(figures: Mapping[str, Any], result: Any) -> str:
    return gettext("%(taxed)s, rounded: %(base)s.", taxed=_exact(figures["taxed"]), base=_money(result))


def _tax(figures: Mapping[str, Any], result: Any) -> str:
    return gettext(
        "%(base)s × %(rate)s = %(exact)s, rounded: %(tax)s.",
        base=_money(figures["base_minor"]),
        rate=formats.share(figures["rate_bp"]),
        exact=_exact(figures["before_rounding"]),
        tax=_money(result),
    )


def _surcharge(figures: Mapping[str, Any], result: Any) -> str:
    return gettext(
        "%(name)s: %(base)s × %(rate)s = %(exact)s, rounded: %(tax)s.",
        name=figures["name"],
        base=_money(figures[f"{figures['of']}_minor"]),
        rate=formats.share(figures["rate_bp"]),
        exact=_exact(figures["before_rounding"]),
        tax=_money(result),
    )


def _earlier(figures: Mapping[str, Any], result: Any) -> str:
    return gettext(
        "Of the year’s %(year)s, %(before)s were levied on earlier rewards: %(rest)s on this one.",
        year=_money(figures["levied_year_minor"]),
        before=_money(figures["levied_before_minor"]),
        rest=_money(result),
    )


def _beyond(figures: Mapping[str, Any], _result: Any) -> str:
    return gettext("%(amount)s is above the rule’s ceiling, and is not levied by it.", amount=_exact(figures["beyond"]))


def _report(figures: Mapping[str, Any], result: Any) -> str:
    parts = {"year": figures["year"], "total": _money(result), "limit": _money(figures["threshold_minor"])}
    if figures["reached"]:
        return gettext("The total of %(year)s, %(total)s, reaches the threshold of %(limit)s: it is reported.", **parts)
    return gettext("The total of %(year)s, %(total)s, is below the threshold of %(limit)s: not reported.", **parts)


_STEPS: Mapping[str, Callable[[Mapping[str, Any], Any], str]] = {
    "value": _value,
    "exemption": _exemption,
    "compensation": _compensation,
    "base": _base,
    "tax": _tax,
    "surcharge": _surcharge,
    "earlier": _earlier,
    "beyond": _beyond,
    "report": _report,
}
assert set(_STEPS) == set(STEP), "each step has its words"


def unlikely_tax_id(tax_id: str | None, country: str | None) -> str | None:
    """Say why a tax id cannot be, by the rules of its country, else of ``country``; None where it may be."""
    fault = fault_of(tax_id, country) if tax_id else None
    return None if fault is None else sentence({"code": f"tax_id_{fault}", "found": tax_id}, gettext, formats.shown)

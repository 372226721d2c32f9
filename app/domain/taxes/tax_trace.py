"""What a tax computation leaves behind: its result, and each step with its figures, to be frozen and shown."""

import datetime as dt
import functools
from dataclasses import dataclass, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from app.domain.taxes.tax_rules import (
    BP,
    BorneBy,
    Exemption,
    Mode,
    ReportThreshold,
    Rounding,
    RoundingMode,
    Surcharge,
    TaxRule,
    ThresholdMode,
    ValueOf,
    amount_text,
)

_MORE = 4
"""Decimals of an amount before rounding, beyond those of its currency: rates are ten-thousandths."""

Figure: TypeAlias = int | str | bool | list[int]


class TaxStep(NamedTuple):
    """One step: a code for translation, its formula in letters, the figures put in, and the same in English words."""

    code: str
    formula: str
    figures: dict[str, Figure]
    result_minor: int | None
    text: str


@dataclass(frozen=True, slots=True)
class SurchargeAmount:
    """What a surcharge came to."""

    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class TaxResult:
    """Every amount of one computation, in minor units, to be frozen on the redemption.

    The amounts add up: ``gross = net + tax that the participant bears``, ``gross = paid out + withheld`` unless the
    sponsor bears the tax, and ``sponsor's cost = paid out + remitted``.

    Attributes:
        value_minor: what the computation started from; the net where the sponsor compensates.
        base_minor: what the rate was applied to.
        compensation_minor: the extra reward that pays the tax back (rules.md 10).
        counted_minor: what counts towards the recipient's total of the year.
        gross_minor: the taxed reward as a whole, with the tax where it is part of the reward.
        net_minor: what the participant keeps after the tax.
        withheld_minor: what the sponsor keeps back or pays on account for the participant.
        declared_minor: what the participant pays the tax office itself.
        paid_out_minor: what reaches the participant.
        remitted_minor: what the sponsor pays the tax office.
        beyond_ceiling_minor: what exceeds the rule's ceiling and is not levied here.
        year_total_minor: the recipient's total of the year with this reward, where the rule looks at it.
        reported: whether the recipient is to be reported for it; ``forms`` says on what.
    """

    rule_code: str
    rule_version: int
    rule_sha256: str
    country: str
    currency: str
    decimals: int
    on: dt.date
    value_of: ValueOf
    borne_by: BorneBy
    rate_bp: int
    value_minor: int
    exempt: bool
    base_minor: int
    tax_minor: int
    surcharges: tuple[SurchargeAmount, ...]
    compensation_minor: int
    counted_minor: int
    gross_minor: int
    net_minor: int
    withheld_minor: int
    declared_minor: int
    paid_out_minor: int
    remitted_minor: int
    beyond_ceiling_minor: int
    year_total_minor: int | None
    reported: bool
    forms: tuple[str, ...]
    legal: str
    note: str
    steps: tuple[TaxStep, ...]

    @property
    def levied_minor(self) -> int:
        """Sum the tax and all surcharges."""
        return self.tax_minor + sum(one.amount_minor for one in self.surcharges)

    @property
    def sponsor_cost_minor(self) -> int:
        """Sum all that the sponsor pays, to the participant and to the tax office."""
        return self.paid_out_minor + self.remitted_minor

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON can hold it: the ``tax_trace`` of a redemption."""
        plain = dict(zip(_NAMES, _figures(self), strict=True))
        plain |= {
            "on": self.on.isoformat(),
            "value_of": self.value_of.value,
            "borne_by": self.borne_by.value,
            "surcharges": [{"name": one.name, "amount_minor": one.amount_minor} for one in self.surcharges],
            "forms": list(self.forms),
            "levied_minor": self.levied_minor,
            "sponsor_cost_minor": self.sponsor_cost_minor,
            "steps": [step._asdict() for step in self.steps],
        }
        return plain


_NAMES = tuple(one.name for one in fields(TaxResult))
_figures = attrgetter(*_NAMES)


@functools.cache
def _rounded(step_minor: int, mode: RoundingMode, decimals: int) -> tuple[dict[str, Figure], str]:
    """Give the figures and the words of a rounding: a rule has few, and each stands in every trace."""
    figures: dict[str, Figure] = {"round_to_minor": step_minor, "round_mode": mode.value}
    return figures, f"rounded {mode.value.replace('_', ' ')} to {amount_text(step_minor, decimals)}"


@functools.cache
def _share(rate_bp: int) -> str:
    return f"{Decimal(rate_bp).scaleb(-2).normalize():f} %"


class Trace:
    """Writes the steps of one computation down in the order in which they are made."""

    def __init__(self, currency: str, decimals: int) -> None:
        """Begin without steps; amounts are shown in this currency."""
        self._currency, self._decimals = currency, decimals
        self._steps: list[TaxStep] = []

    @property
    def steps(self) -> tuple[TaxStep, ...]:
        """Give the steps so far."""
        return tuple(self._steps)

    def _amount(self, minor: int) -> str:
        return amount_text(minor, self._decimals)

    def _exact(self, minor_x: int) -> str:
        """Show an amount before rounding, from ten-thousandths of a minor unit, with no more decimals than it has."""
        least = self._decimals
        whole, _, part = amount_text(minor_x, _MORE + least).partition(".")
        part = part[:least] + part[least:].rstrip("0")
        return f"{whole}.{part}" if part else whole

    def _add(self, code: str, formula: str, figures: dict[str, Figure], result_minor: int | None, text: str) -> None:
        self._steps.append(TaxStep(code, formula, figures, result_minor, text))

    def _rounded(self, rounding: Rounding) -> tuple[dict[str, Figure], str]:
        return _rounded(rounding.step_minor, rounding.mode, self._decimals)

    def value(self, rule: TaxRule, value_minor: int) -> None:
        """Write down what it started from."""
        words = rule.base.of.value.replace("_", " ")
        text = f"Reward, {words}: {self._amount(value_minor)} {self._currency}"
        self._add("value", "value", {"value_of": rule.base.of.value}, value_minor, text)

    def exemption(self, limit: Exemption, limit_x: int, counted_x: int, *, exempt: bool) -> None:
        """Write down whether the limit was passed, and what is taxed then."""
        outcome = "nothing is taxed" if exempt else "all of it is taxed"
        if not exempt and limit.mode is Mode.SLICE:
            outcome = "what exceeds it is taxed"
        figures: dict[str, Figure] = {
            "limit": self._exact(limit_x),
            "counted": self._exact(counted_x),
            "basis": limit.basis.value,
            "mode": limit.mode.value,
            "exempt": exempt,
        }
        if limit.of is not None:
            figures |= {"share_bp": limit.share_bp or 0, "of": limit.of}
        relation = "does not exceed" if exempt else "exceeds"
        scope = limit.basis.value.replace("_", " ")
        text = f"{self._exact(counted_x)} {relation} the exempt {self._exact(limit_x)} ({scope}): {outcome}"
        self._add("exemption", "value <= limit", figures, None, text)

    def compensation(self, net_minor: int, tried: list[int]) -> None:
        """Write down how the smallest T was found."""
        row = ", ".join(self._amount(one) for one in tried)
        text = (
            f"Compensation T: the smallest T that equals the levy on {self._amount(net_minor)} + T. "
            f"Tried from 0 upwards: {row}; the last repeats itself"
        )
        figures: dict[str, Figure] = {"net_minor": net_minor, "tried_minor": list(tried)}
        self._add("compensation", "T = round(rate x round(net + T))", figures, tried[-1], text)

    def base(self, rule: TaxRule, value_minor: int, taxed_x: int, base_minor: int, rate_bp: int) -> None:
        """Write down what the rate is applied to, before and after rounding."""
        rounding, words = self._rounded(rule.base_round)
        factor, shown, inner = rule.base.multiplier_bp, self._exact(taxed_x), "value"
        figures: dict[str, Figure] = {"value_minor": value_minor, "taxed": shown}
        if factor != BP:
            figures["multiplier_bp"] = factor
            inner, shown = "value x factor", f"{self._amount(value_minor)} x {_share(factor)} = {shown}"
        if rule.ceiling is not None:
            inner = f"min({inner}, ceiling)"
        if rule.exemption is not None and rule.exemption.mode is Mode.SLICE:
            inner = f"{inner} - exempt"
        if rule.gross_up:
            figures["rate_bp"] = rate_bp
            inner, shown = f"({inner}) / (1 - rate)", f"{shown} / (100 % - {_share(rate_bp)})"
        text = f"Base: {shown}, {words}: {self._amount(base_minor)}"
        self._add("base", f"round({inner})", figures | rounding, base_minor, text)

    def tax(self, rule: TaxRule, base_minor: int, rate_bp: int, tax_minor: int) -> None:
        """Write down the tax before and after rounding."""
        rounding, words = self._rounded(rule.tax_round)
        exact = self._exact(base_minor * rate_bp)
        text = f"Tax: {self._amount(base_minor)} x {_share(rate_bp)} = {exact}, {words}: {self._amount(tax_minor)}"
        figures: dict[str, Figure] = {"base_minor": base_minor, "rate_bp": rate_bp, "before_rounding": exact}
        self._add("tax", "round(base x rate)", figures | rounding, tax_minor, text)

    def surcharge(self, one: Surcharge, share_minor: int, amount_minor: int) -> None:
        """Write down a surcharge before and after rounding."""
        rounding, words = self._rounded(one.rounding)
        exact = self._exact(share_minor * one.rate_bp)
        text = (
            f"{one.name}: {self._amount(share_minor)} ({one.of.value}) x {_share(one.rate_bp)} = {exact}, "
            f"{words}: {self._amount(amount_minor)}"
        )
        figures: dict[str, Figure] = {
            "name": one.name,
            "of": one.of.value,
            f"{one.of.value}_minor": share_minor,
            "rate_bp": one.rate_bp,
            "before_rounding": exact,
            "paid_by": one.paid_by.value,
        }
        self._add("surcharge", f"round({one.of.value} x rate)", figures | rounding, amount_minor, text)

    def earlier(self, before_minor: int, levied_before_minor: int, levied_minor: int, rest: int) -> None:
        """Write down what of a year's levy was levied on earlier rewards, and what is left for this one."""
        text = (
            f"Levied on the year so far: {self._amount(levied_minor)}, of which {self._amount(levied_before_minor)} on "
            f"the earlier {self._amount(before_minor)}: this reward {self._amount(rest)}"
        )
        figures: dict[str, Figure] = {
            "year_before_minor": before_minor,
            "levied_before_minor": levied_before_minor,
            "levied_year_minor": levied_minor,
        }
        self._add("earlier", "levy(year so far) - levy(before)", figures, rest, text)

    def beyond(self, beyond_x: int, words: str) -> None:
        """Write down what the rule does not levy."""
        text = f"{self._exact(beyond_x)} exceeds the rule's ceiling: {words}"
        self._add("beyond", "value - ceiling", {"beyond": self._exact(beyond_x), "words": words}, None, text)

    def report(self, threshold: ReportThreshold, year: int, year_total_minor: int, *, reached: bool) -> None:
        """Write down whether the recipient is reported."""
        entry, limit = threshold.of(year)
        word = "at or above" if threshold.mode is ThresholdMode.AT_OR_ABOVE else "above"
        text = (
            f"Total of {year}: {self._amount(year_total_minor)}, {'' if reached else 'not '}{word} the threshold of "
            f"{self._amount(limit)} (set for {entry}): {'reported' if reached else 'not reported'}"
        )
        figures: dict[str, Figure] = {
            "year": year,
            "threshold_of_year": entry,
            "threshold_minor": limit,
            "mode": threshold.mode.value,
            "reached": reached,
        }
        sign = ">=" if threshold.mode is ThresholdMode.AT_OR_ABOVE else ">"
        self._add("report", f"year total {sign} threshold", figures, year_total_minor, text)

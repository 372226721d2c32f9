"""Choose the tax rule for a reward and compute what it levies, with every figure that led there.

Integers alone: amounts in minor units, rates in basis points, and each rounding is made once, by the step and mode that
the rule names. What a rule is stands in `tax_rules`; the rules that come with the product in `tax_packs`.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.domain.states import TaxStatus
from app.domain.taxes.tax_errors import (
    CapExceededError,
    ChoiceError,
    ForbiddenByRuleError,
    MissingFigureError,
    TaxExceedsRewardError,
    WrongCurrencyError,
)
from app.domain.taxes.tax_rules import (
    BP,
    Basis,
    BorneBy,
    Limit,
    Mode,
    PaidBy,
    Purpose,
    RewardKind,
    SurchargeOf,
    TaxRule,
)
from app.domain.taxes.tax_trace import SurchargeAmount, TaxResult, TaxStep, Trace


@dataclass(frozen=True, slots=True)
class NoTaxRule:
    """What was looked for when no rule was found: the redemption is blocked (rules.md 10)."""

    country: str
    status: TaxStatus
    reward_kind: RewardKind
    on: dt.date
    near: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """Say what is missing, for a person to act on."""
        hint = f" Rules that fit but for one of these: {', '.join(self.near)}." if self.near else ""
        return (
            f"No tax rule for country {self.country}, participant {self.status.value}, reward {self.reward_kind.value} "
            f"on {self.on.isoformat()}: the redemption is blocked until a rule is set up and confirmed by your adviser."
            f"{hint}"
        )


def choose(
    rules: Sequence[TaxRule], *, country: str, status: TaxStatus, reward_kind: RewardKind, on: dt.date
) -> TaxRule | NoTaxRule:
    """Find the rule for a participant and a reward on a day.

    Of several codes that fit, the one named first is taken: a programme's own rules stand before a pack's. Of several
    versions of that code, the one with the latest ``valid_from`` is taken, then the highest version.
    """
    fitting: list[TaxRule] = []
    near: list[str] = []
    for rule in rules:
        fits = (rule.country == country, status in rule.applies_to, reward_kind in rule.reward_kinds, rule.holds_on(on))
        if all(fits):
            fitting.append(rule)
        elif sum(fits) == len(fits) - 1 and rule.country == country and rule.code not in near:
            near.append(rule.code)
    if not fitting:
        return NoTaxRule(country, status, reward_kind, on, tuple(near))
    versions = (rule for rule in fitting if rule.code == fitting[0].code)
    return max(versions, key=lambda rule: (rule.valid_from or dt.date.min, rule.version))


class _Levy(NamedTuple):
    """What a rule levies on a total; ``*_x`` are ten-thousandths of a minor unit, before any rounding."""

    exempt: bool
    taxed_x: int
    base: int
    tax: int
    gross: int
    surcharges: tuple[int, ...]
    beyond_x: int

    def less(self, other: "_Levy") -> "_Levy":
        """Give by how much this levy is larger. Where more was levied than is due by now, nothing is added to it."""
        return _Levy(
            self.exempt,
            max(0, self.taxed_x - other.taxed_x),
            max(0, self.base - other.base),
            max(0, self.tax - other.tax),
            self.gross - other.gross,
            tuple(max(0, new - old) for new, old in zip(self.surcharges, other.surcharges, strict=True)),
            self.beyond_x - other.beyond_x,
        )


class LeviedBefore(NamedTuple):
    """What was levied on a recipient's earlier rewards of a year, all of it by one wording of a rule."""

    rule_version: int
    rate_bp: int
    base_minor: int
    tax_minor: int
    surcharges_minor: tuple[int, ...]


class YearSoFar(NamedTuple):
    """What a recipient had in a calendar year before a reward.

    Attributes:
        counted_minor: the sum of ``counted_minor`` over the earlier rewards that stand.
        levied: what was levied on them when they were given. It may be more or less than the rule levies on their sum:
            a reward in between was called off, or what two recipients had is one recipient's now. None where several
            wordings levied it, each of which keeps to its own time: then it is what the rule levies on the sum.
    """

    counted_minor: int = 0
    levied: LeviedBefore | None = None

    def with_(self, reward: "Assessment") -> "YearSoFar":
        """Add a reward, which the same recipient had after that."""
        rule, levy = reward.applied.rule, reward.levy
        counted = self.counted_minor + reward.counted_minor
        wording = rule.version, reward.applied.rate_bp
        before = self.levied
        if before is None and not self.counted_minor:
            before = LeviedBefore(*wording, 0, 0, tuple(0 for _ in rule.surcharges))
        if before is None or before[:2] != wording:
            return YearSoFar(counted)
        surcharges = tuple(old + new for old, new in zip(before.surcharges_minor, levy.surcharges, strict=True))
        return YearSoFar(
            counted, LeviedBefore(*wording, before.base_minor + levy.base, before.tax_minor + levy.tax, surcharges)
        )


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A rule with every choice made and every limit known: what is the same for all rewards of a day."""

    rule: TaxRule
    currency: str
    decimals: int
    on: dt.date
    rate_bp: int
    borne_by: BorneBy
    limit_x: int | None
    ceiling_x: int | None

    @property
    def by_year(self) -> bool:
        """Say whether the levy is that of a recipient's whole year."""
        return self.rule.basis is Basis.CALENDAR_YEAR

    def assess(self, value_minor: int, year: YearSoFar | None = None) -> "Assessment":
        """Find what is levied on a reward; see ``compute`` for the figures.

        Raises:
            TaxError: One of its kinds, each with its reason; the redemption is blocked.
            ValueError: An amount is negative.
        """
        rule, before = self.rule, year.counted_minor if year is not None else 0
        if value_minor < 0 or before < 0:
            raise ValueError(f"a reward cannot be negative: {value_minor}, {before}")
        if rule.needs_year_total and year is None:
            raise MissingFigureError(rule, "what the recipient had earlier in the calendar year")
        earlier = self._levied_before(year) if year is not None and self.by_year else None
        tried = [0]
        levied = self._levied(value_minor, before, earlier)
        if self.borne_by is BorneBy.SPONSOR_COMPENSATES:
            # The smallest T with T = levy(value + T): trying starts at zero and goes on with the levy on the value
            # reached. The levy never falls when the value rises, so no step can pass the smallest solution, and the
            # first T that repeats itself is that solution. (A formula such as net / (1 - rate) is short or long by a
            # rounding step, and some nets have two solutions.)
            while (reached := self.following(levied[0])) != tried[-1]:
                tried.append(reached)
                levied = self._levied(value_minor + reached, before, earlier)
        counted = value_minor + tried[-1]
        if rule.annual_cap_minor is not None and before + counted > rule.annual_cap_minor:
            raise CapExceededError(rule, rule.annual_cap_minor, before, counted, self.decimals)
        if self.borne_by is BorneBy.PARTICIPANT and self.following(levied[0]) > value_minor:
            raise TaxExceedsRewardError(rule, value_minor, self.following(levied[0]), self.decimals)
        return Assessment(self, value_minor, before, tried, *levied, earlier)

    def _levied_before(self, year: YearSoFar) -> _Levy:
        """Give what was levied in a year before a reward: what the books say, where this wording levied all of it."""
        by_rule, levied = self.on_total(year.counted_minor), year.levied
        if levied is None or levied[:2] != (self.rule.version, self.rate_bp):
            return by_rule
        return by_rule._replace(base=levied.base_minor, tax=levied.tax_minor, surcharges=levied.surcharges_minor)

    def _levied(self, value_minor: int, before_minor: int, earlier: _Levy | None) -> tuple[_Levy, _Levy]:
        """Compute the levy on a reward and on the whole that it is part of: a year's levy grows by the reward's."""
        if earlier is None:
            alone = self.on_total(value_minor)
            return alone, alone
        whole = self.on_total(before_minor + value_minor)
        return whole.less(earlier), whole

    def on_total(self, total_minor: int) -> _Levy:
        """Compute the levy on a total, as if it were the recipient's only reward."""
        rule = self.rule
        counted_x = total_minor * rule.base.multiplier_bp
        if self.limit_x is not None and counted_x <= self.limit_x:
            nothing = tuple(0 for _ in rule.surcharges)
            return _Levy(exempt=True, taxed_x=0, base=0, tax=0, gross=total_minor, surcharges=nothing, beyond_x=0)
        taxed_x = counted_x if self.ceiling_x is None else min(counted_x, self.ceiling_x)
        beyond_x = counted_x - taxed_x
        if self.limit_x is not None and rule.exemption is not None and rule.exemption.mode is Mode.SLICE:
            taxed_x = max(0, taxed_x - self.limit_x)
        base = rule.base_round.apply(taxed_x, BP - self.rate_bp if rule.gross_up else BP)
        tax = rule.tax_round.apply(base * self.rate_bp, BP)
        gross = total_minor + tax if rule.gross_up else total_minor
        surcharges: tuple[int, ...] = ()
        if rule.surcharges:
            shares = {SurchargeOf.TAX: tax, SurchargeOf.BASE: base, SurchargeOf.GROSS: gross}
            surcharges = tuple(one.rounding.apply(shares[one.of] * one.rate_bp, BP) for one in rule.surcharges)
        return _Levy(
            exempt=False, taxed_x=taxed_x, base=base, tax=tax, gross=gross, surcharges=surcharges, beyond_x=beyond_x
        )

    def following(self, levy: _Levy) -> int:
        """Sum the tax and the surcharges that are borne by whoever bears the tax."""
        if not levy.surcharges:
            return levy.tax
        follow = zip(self.rule.surcharges, levy.surcharges, strict=True)
        return levy.tax + sum(amount for one, amount in follow if one.paid_by is PaidBy.AS_TAX)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a rule levies on one reward. How it came about is written down by ``result``, which takes far longer.

    Attributes:
        applied: the rule, with its choices.
        value_minor: the reward.
        before_minor: what the recipient had earlier in the year.
        tried: the compensations that were tried, the last of which repeats itself.
        levy: what is levied on the reward, its compensation included.
        whole: the same on the year so far, where a year counts.
        earlier: of that what was levied before; none: each reward counts by itself.
    """

    applied: AppliedRule
    value_minor: int
    before_minor: int
    tried: list[int]
    levy: _Levy
    whole: _Levy
    earlier: _Levy | None

    @property
    def compensation_minor(self) -> int:
        """Give the extra reward that pays the tax back."""
        return self.tried[-1]

    @property
    def counted_minor(self) -> int:
        """Give what counts towards the recipient's total of the year."""
        return self.value_minor + self.tried[-1]

    @property
    def gross_minor(self) -> int:
        """Give the taxed reward as a whole, with the tax where it is part of the reward."""
        return self.value_minor + (self.levy.tax if self.applied.rule.gross_up else self.tried[-1])

    @property
    def withheld_minor(self) -> int:
        """Give what the sponsor keeps back or pays on account for the participant."""
        return self.applied.following(self.levy) if self.applied.rule.withholding else 0

    @property
    def paid_out_minor(self) -> int:
        """Give what reaches the participant."""
        if self.applied.borne_by is BorneBy.SPONSOR:
            return self.value_minor
        return self.gross_minor - self.withheld_minor

    def result(self) -> TaxResult:
        """Settle who pays what, and write down how it came about."""
        return _result(self)


def compute(
    rule: TaxRule,
    *,
    value_minor: int,
    currency: str,
    decimals: int,
    on: dt.date,
    rate_bp: int | None = None,
    borne_by: BorneBy | None = None,
    year_before_minor: int | None = None,
    purpose: Purpose = Purpose.OWN_SALES_POINTS,
    references_minor: Mapping[str, int] | None = None,
) -> TaxResult:
    """Compute the tax on one reward, and the compensation where the sponsor compensates.

    Args:
        rule: what `choose` found.
        value_minor: the reward in minor units, as the figure that ``rule.base.of`` names. Where the sponsor compensates
            it is the net: what the participant keeps.
        currency: the reward's currency.
        decimals: how many decimals that currency has.
        on: the day of the reward: it picks reference amounts and the year of a threshold.
        rate_bp: the sponsor's choice among the rule's rates; none: the rule's own rate.
        borne_by: the sponsor's choice of who bears the tax; none: the first the rule offers.
        year_before_minor: the sum of ``counted_minor`` over the recipient's earlier rewards under the rule in the
            calendar year; needed where the rule looks at a year. A year's levy is spread over its rewards so that the
            parts add up to the levy on the year's total. What was levied on them is taken to be what the rule levies
            on that sum; `AppliedRule.assess` can be told what it was.
        purpose: what the programme rewards.
        references_minor: reference amounts by name, in place of those that the rule carries.

    Raises:
        TaxError: One of its kinds, each with its reason; the redemption is blocked.
        ValueError: An amount is negative.
    """
    applied = apply(
        rule,
        currency=currency,
        decimals=decimals,
        on=on,
        rate_bp=rate_bp,
        borne_by=borne_by,
        purpose=purpose,
        references_minor=references_minor,
    )
    year = None if year_before_minor is None else YearSoFar(year_before_minor)
    return applied.assess(value_minor, year).result()


def apply(
    rule: TaxRule,
    *,
    currency: str,
    decimals: int,
    on: dt.date,
    rate_bp: int | None = None,
    borne_by: BorneBy | None = None,
    purpose: Purpose = Purpose.OWN_SALES_POINTS,
    references_minor: Mapping[str, int] | None = None,
) -> AppliedRule:
    """Make every choice that a rule leaves and find its limits, once for all rewards of a day; see ``compute``.

    Raises:
        TaxError: The rule must not be used so, or something that it needs is not known.
    """
    for block in rule.blocks:
        if not block.purposes or purpose in block.purposes:
            raise ForbiddenByRuleError(rule, block.reason)
    if rule.tied_to_currency and (currency, decimals) != (rule.currency, rule.decimals):
        raise WrongCurrencyError(rule, currency, decimals)
    rate = rule.rate_bp if rate_bp is None else rate_bp
    if rate is None or rate not in rule.rates_bp:
        raise ChoiceError(rule, "the rate in basis points", "not chosen" if rate is None else rate, rule.rates_bp)
    bearer = borne_by or rule.borne_by[0]
    if bearer not in rule.borne_by:
        raise ChoiceError(rule, "who bears the tax", bearer, rule.borne_by)
    given = references_minor or {}
    limits = [None if one is None else _limit_x(rule, one, on, given) for one in (rule.exemption, rule.ceiling)]
    return AppliedRule(rule, currency, decimals, on, rate, bearer, limits[0], limits[1])


def _limit_x(rule: TaxRule, limit: Limit, on: dt.date, given: Mapping[str, int]) -> int:
    """Give a limit in ten-thousandths of a minor unit: a share of a reference amount is not rounded."""
    if limit.limit_minor is not None:
        return limit.limit_minor * BP
    name, share = str(limit.of), limit.share_bp or 0
    if name in given:
        return given[name] * share
    known = [one.amount_minor for one in rule.references.get(name, ()) if one.since <= on]
    if not known:
        raise MissingFigureError(rule, f"{name} on {on.isoformat()}")
    return known[-1] * share


def _result(of: Assessment) -> TaxResult:
    applied, levy, value_minor, compensation = of.applied, of.levy, of.value_minor, of.compensation_minor
    rule, on = applied.rule, applied.on
    following, every = applied.following(levy), levy.tax + sum(levy.surcharges)
    sponsor_bears = applied.borne_by is BorneBy.SPONSOR
    withheld = of.withheld_minor
    year_total = of.before_minor + of.counted_minor
    reported = rule.form is not None and not levy.exempt
    if rule.report is not None:
        reported = rule.report.reached(on.year, year_total)
    return TaxResult(
        rule_code=rule.code,
        rule_version=rule.version,
        rule_sha256=rule.sha256,
        country=rule.country,
        currency=applied.currency,
        decimals=applied.decimals,
        on=on,
        value_of=rule.base.of,
        borne_by=applied.borne_by,
        rate_bp=applied.rate_bp,
        value_minor=value_minor,
        exempt=levy.exempt,
        base_minor=levy.base,
        tax_minor=levy.tax,
        surcharges=tuple(
            SurchargeAmount(one.name, amount) for one, amount in zip(rule.surcharges, levy.surcharges, strict=True)
        ),
        compensation_minor=compensation,
        counted_minor=of.counted_minor,
        gross_minor=of.gross_minor,
        net_minor=value_minor - following if applied.borne_by is BorneBy.PARTICIPANT else value_minor,
        withheld_minor=withheld,
        declared_minor=0 if sponsor_bears or rule.withholding else following,
        paid_out_minor=of.paid_out_minor,
        remitted_minor=every if sponsor_bears else withheld + every - following,
        beyond_ceiling_minor=levy.beyond_x // BP,
        year_total_minor=year_total if rule.needs_year_total else None,
        reported=reported,
        forms=(rule.form,) if reported and rule.form is not None else (),
        legal=rule.legal,
        note=rule.note,
        steps=_steps(of, reported=reported),
    )


def _steps(of: Assessment, *, reported: bool) -> tuple[TaxStep, ...]:
    """Write the computation down: over a year, that of the year's total and what of it was levied before."""
    applied, levy, rule = of.applied, of.whole, of.applied.rule
    trace = Trace(applied.currency, applied.decimals)
    total = of.counted_minor if of.earlier is None else of.before_minor + of.counted_minor
    trace.value(rule, of.value_minor)
    if rule.exemption is not None and applied.limit_x is not None:
        trace.exemption(rule.exemption, applied.limit_x, total * rule.base.multiplier_bp, exempt=levy.exempt)
    if of.compensation_minor:
        trace.compensation(of.value_minor, of.tried)
    if not levy.exempt:
        trace.base(rule, total, levy.taxed_x, levy.base, applied.rate_bp)
        trace.tax(rule, levy.base, applied.rate_bp, levy.tax)
        shares = {SurchargeOf.TAX: levy.tax, SurchargeOf.BASE: levy.base, SurchargeOf.GROSS: levy.gross}
        for one, amount in zip(rule.surcharges, levy.surcharges, strict=True):
            trace.surcharge(one, shares[one.of], amount)
        if of.earlier is not None and of.before_minor:
            levied_before = of.earlier.tax + sum(of.earlier.surcharges)
            here = of.levy.tax + sum(of.levy.surcharges)
            trace.earlier(of.before_minor, levied_before, levy.tax + sum(levy.surcharges), here)
    if rule.ceiling is not None and levy.beyond_x:
        trace.beyond(levy.beyond_x, rule.ceiling.beyond)
    if rule.report is not None:
        trace.report(rule.report, applied.on.year, of.before_minor + of.counted_minor, reached=reported)
    return trace.steps

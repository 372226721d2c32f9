"""What a tax rule is: data with a version, written by people as text and held as integers. Nothing is computed here.

A rule says what a sponsor configured; the product gives no tax advice, and every rule carries that note.
"""

import datetime as dt
import enum
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.domain.states import TaxStatus

BP = 10_000
"""Basis points of a whole: 10000 is 100 %, or a factor of one."""

MOST_COMPENSATED_BP = 9_000
"""A compensated levy stays at or below this share of the reward, so that the search for it is short."""

NOTE = "To be confirmed by your adviser: this computes what the sponsor configured and is not tax advice."


class RewardKind(enum.StrEnum):
    """What the participant receives."""

    GOODS = "goods"
    CASH = "cash"
    PREPAID = "prepaid"
    VOUCHER = "voucher"


class BorneBy(enum.StrEnum):
    """Whose money the tax is in the end."""

    PARTICIPANT = "participant"
    SPONSOR = "sponsor"  # on top, and itself no reward
    SPONSOR_COMPENSATES = "sponsor_compensates"  # by an extra reward that is taxed in its turn


class Basis(enum.StrEnum):
    """What a limit is compared with: one reward, or all of a recipient's rewards in a calendar year."""

    SINGLE_REWARD = "single_reward"
    CALENDAR_YEAR = "calendar_year"


class Mode(enum.StrEnum):
    """What is taxed above an exemption: the whole value, or what exceeds the limit."""

    CLIFF = "cliff"
    SLICE = "slice"


class ValueOf(enum.StrEnum):
    """Which figure of the reward the computation starts from."""

    FACE = "face"
    COST_INCL_VAT = "cost_incl_vat"
    COST = "cost"


class RoundingMode(enum.StrEnum):
    """Where a fraction of a step goes."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


class SurchargeOf(enum.StrEnum):
    """What a surcharge is a share of."""

    TAX = "tax"
    BASE = "base"
    GROSS = "gross"


class PaidBy(enum.StrEnum):
    """Who bears a surcharge: whoever bears the tax, or the sponsor in any case."""

    AS_TAX = "as_tax"
    SPONSOR = "sponsor"


class Purpose(enum.StrEnum):
    """What a programme rewards, where a rule may not be used for it."""

    OWN_SALES_POINTS = "own_sales_points"
    OTHER = "other"


class ThresholdMode(enum.StrEnum):
    """Whether the threshold itself is already reported."""

    AT_OR_ABOVE = "at_or_above"
    ABOVE = "above"


def minor_from_text(text: str, decimals: int) -> int:
    """Read an amount such as ``"2000.00"`` as minor units of a currency with so many decimals.

    Raises:
        ValueError: It is no plain decimal number, or has more decimals than the currency.
    """
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise ValueError(f'expected an amount such as "2000.00", found {text!r}')
    whole, part = match[1], (match[2] or "").rstrip("0")
    if len(part) > decimals:
        raise ValueError(f"{text!r} has more decimals than the {decimals} of the currency")
    return int(whole + part.ljust(decimals, "0"))


def amount_text(minor: int, decimals: int) -> str:
    """Write minor units as an amount, such as ``2000.00``. Exact."""
    if not decimals:
        return str(minor)
    digits = str(minor)
    if minor < 0 or len(digits) <= decimals:  # few amounts are
        digits = f"{'-' if minor < 0 else ''}{str(abs(minor)).rjust(decimals + 1, '0')}"
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _iso(value: object) -> object:
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date | str):
        raise ValueError(f"expected a date such as 2025-12-31, found {value!r}")
    return value


Whole: TypeAlias = Annotated[int, Field(strict=True, ge=0)]
RateBp: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=BP)]
Day: TypeAlias = Annotated[dt.date, BeforeValidator(_iso)]
Country: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Part(BaseModel):
    """A part of a rule: unknown keys are errors, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rounding(Part):
    """Round to a multiple of a step, which is a number of minor units."""

    step_minor: Annotated[int, Field(strict=True, ge=1)] = 1
    mode: RoundingMode = RoundingMode.HALF_UP

    def apply(self, numerator: int, denominator: int) -> int:
        """Round a fraction that is not negative. Exact: integers alone."""
        unit = denominator * self.step_minor
        steps, rest = divmod(numerator, unit)
        if self.mode is RoundingMode.HALF_UP:
            steps += 2 * rest >= unit
        elif self.mode is RoundingMode.UP:
            steps += rest > 0
        elif self.mode is RoundingMode.HALF_EVEN:
            steps += 2 * rest > unit or (2 * rest == unit and steps % 2 == 1)
        return steps * self.step_minor


class Limit(Part):
    """An amount, or a share of a reference amount such as a minimum wage."""

    limit_minor: Whole | None = None
    share_bp: Whole | None = None
    of: str | None = None
    basis: Basis = Basis.SINGLE_REWARD

    @model_validator(mode="after")
    def _one_of_two(self) -> "Limit":
        if (self.limit_minor is None) == (self.share_bp is None) or (self.share_bp is None) != (self.of is None):
            raise ValueError("a limit is either `limit`, or `share_bp` with the reference it is a share `of`")
        return self


class Exemption(Limit):
    """Up to and including the limit nothing is taxed."""

    mode: Mode


class Ceiling(Limit):
    """What exceeds it is not levied by this rule; ``beyond`` says what happens to it."""

    beyond: str


class TaxBase(Part):
    """From which figure the base is made, and by what factor."""

    of: ValueOf = ValueOf.FACE
    multiplier_bp: Annotated[int, Field(strict=True, ge=1)] = BP


class Surcharge(Part):
    """A levy beside the tax."""

    name: str
    rate_bp: RateBp
    of: SurchargeOf
    rounding: Rounding = Rounding()
    paid_by: PaidBy = PaidBy.AS_TAX


class ReportThreshold(Part):
    """From which total of a calendar year a recipient is reported. A year without an entry takes the one before it."""

    by_year_minor: Annotated[dict[int, Whole], Field(min_length=1)]
    mode: ThresholdMode

    def of(self, year: int) -> tuple[int, int]:
        """Give the year whose entry holds and the amount. A year before all entries takes the first."""
        found = max((entry for entry in self.by_year_minor if entry <= year), default=min(self.by_year_minor))
        return found, self.by_year_minor[found]

    def reached(self, year: int, year_total_minor: int) -> bool:
        """Say whether the total of a year is to be reported."""
        threshold = self.of(year)[1]
        return year_total_minor > threshold or (
            self.mode is ThresholdMode.AT_OR_ABOVE and year_total_minor == threshold
        )


class Block(Part):
    """The rule must not be used: for these purposes, or, where none is named, at all."""

    purposes: tuple[Purpose, ...] = ()
    reason: str


class ReferenceAmount(Part):
    """A reference amount from a day on."""

    since: Day
    amount_minor: Whole


def _in_order(amounts: tuple[ReferenceAmount, ...]) -> tuple[ReferenceAmount, ...]:
    return tuple(sorted(amounts, key=lambda one: one.since))


References: TypeAlias = dict[str, Annotated[tuple[ReferenceAmount, ...], AfterValidator(_in_order)]]

_TEXTS = {"limit": "limit_minor", "to": "step_minor", "amount": "amount_minor", "annual_cap": "annual_cap_minor"}
_ROUNDINGS = ("base_round", "tax_round", "rounding")


def _with_minor(data: object, decimals: int) -> object:
    """Turn the amounts that people write into minor units, wherever they stand in a rule."""
    if isinstance(data, list | tuple):
        return [_with_minor(item, decimals) for item in data]
    if not isinstance(data, Mapping):
        return data
    out: dict[object, object] = {}
    for key, value in data.items():
        if key in _TEXTS and value is not None:
            out[_TEXTS[key]] = _minor(str(key), value, decimals)
        elif key in _ROUNDINGS and isinstance(value, str):
            out[key] = {"step_minor": minor_from_text(value, decimals)}
        elif key == "by_year" and isinstance(value, Mapping):
            out["by_year_minor"] = {year: _minor(f"by_year {year}", text, decimals) for year, text in value.items()}
        else:
            out[key] = _with_minor(value, decimals)
    return out


def _minor(key: str, value: object, decimals: int) -> int:
    if not isinstance(value, str):
        raise ValueError(f'{key}: write amounts as text such as "2000.00", found {value!r}')
    return minor_from_text(value, decimals)


class TaxRule(Part):
    """One version of one rule (rules.md 10).

    People write amounts as text (``limit: "2000.00"``, ``base_round: "1.00"``); they are held, dumped and read back as
    minor units of ``currency``. ``rate_bp`` is the rate, or the one taken where nobody chose among ``rate_choices_bp``;
    the first of ``borne_by`` is taken where nobody chose among them.
    """

    code: Annotated[str, Field(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=64)]
    version: Annotated[int, Field(strict=True, ge=1)]
    country: Country
    title: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    decimals: Annotated[int, Field(strict=True, ge=0, le=4)] | None = None
    applies_to: Annotated[tuple[TaxStatus, ...], Field(min_length=1)]
    reward_kinds: Annotated[tuple[RewardKind, ...], Field(min_length=1)]
    rate_bp: RateBp | None = None
    rate_choices_bp: tuple[RateBp, ...] = ()
    exemption: Exemption | None = None
    ceiling: Ceiling | None = None
    base: TaxBase = TaxBase()
    gross_up: bool = False
    surcharges: tuple[Surcharge, ...] = ()
    base_round: Rounding = Rounding()
    tax_round: Rounding = Rounding()
    borne_by: Annotated[tuple[BorneBy, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
    withholding: bool = False
    form: str | None = None
    pay_by: str | None = None
    report: ReportThreshold | None = None
    annual_cap_minor: Whole | None = None
    blocks: tuple[Block, ...] = ()
    references: References = {}
    legal: str
    note: str = NOTE
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_amounts(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        decimals = data.get("decimals")
        return _with_minor(data, decimals if isinstance(decimals, int) else 2)

    @model_validator(mode="after")
    def _sound(self) -> "TaxRule":
        found = [text for wrong, text in self._contradictions() if wrong]
        if found:
            raise ValueError(f"{self.code} version {self.version}: {'; '.join(found)}")
        return self

    def _contradictions(self) -> list[tuple[bool, str]]:
        bases = {limit.basis for limit in (self.exemption, self.ceiling) if limit is not None}
        first, last = self.valid_from, self.valid_to
        return [
            (self.rate_bp is None and not self.rate_choices_bp, "needs rate_bp or rate_choices_bp"),
            (
                self.rate_bp is not None and bool(self.rate_choices_bp) and self.rate_bp not in self.rate_choices_bp,
                "rate_bp is not among rate_choices_bp",
            ),
            ((self.currency is None) != (self.decimals is None), "currency and decimals go together"),
            (self.currency is None and self._has_amounts(), "amounts and rounding steps need a currency"),
            (len(bases) > 1, "exemption and ceiling need the same basis"),
            (
                self.gross_up and (self.borne_by != (BorneBy.SPONSOR,) or max(self.rates_bp) >= BP),
                "a gross-up is for a tax below 100 % that the sponsor alone bears",
            ),
            (
                BorneBy.SPONSOR_COMPENSATES in self.borne_by and self._levy_bp2() > MOST_COMPENSATED_BP * BP,
                f"a levy above {MOST_COMPENSATED_BP // 100} % of the reward cannot be compensated",
            ),
            (first is not None and last is not None and last < first, "valid_to lies before valid_from"),
        ]

    def _has_amounts(self) -> bool:
        steps = [self.base_round, self.tax_round, *(one.rounding for one in self.surcharges)]
        amounts = (self.exemption, self.ceiling, self.report, self.annual_cap_minor, self.references or None)
        return any(step.step_minor != 1 for step in steps) or any(one is not None for one in amounts)

    def _levy_bp2(self) -> int:
        """Give the highest levy that follows the tax, as a share of the reward in basis points of basis points."""
        factor, rate = self.base.multiplier_bp, max(self.rates_bp)
        share = {SurchargeOf.TAX: factor * rate // BP + 1, SurchargeOf.BASE: factor, SurchargeOf.GROSS: BP}
        following = (one for one in self.surcharges if one.paid_by is PaidBy.AS_TAX)
        return factor * rate + sum(share[one.of] * one.rate_bp for one in following)

    @cached_property
    def rates_bp(self) -> tuple[int, ...]:
        """Give every rate that may be used."""
        return self.rate_choices_bp or (self.rate_bp or 0,)

    @cached_property
    def left_open(self) -> Mapping[str, Sequence[int | BorneBy]]:
        """Give what the sponsor may choose among, by its name in a choice; nothing where the rule says it by itself."""
        return {"rate_bp": self.rate_choices_bp, "borne_by": self.borne_by if len(self.borne_by) > 1 else ()}

    @cached_property
    def basis(self) -> Basis:
        """Give what its limits are compared with."""
        limit = self.exemption or self.ceiling
        return Basis.SINGLE_REWARD if limit is None else limit.basis

    @cached_property
    def needs_year_total(self) -> bool:
        """Say whether a computation must know what the recipient had earlier in the year."""
        return self.basis is Basis.CALENDAR_YEAR or self.annual_cap_minor is not None or self.report is not None

    @cached_property
    def tied_to_currency(self) -> bool:
        """Say whether its figures mean something in its own currency alone."""
        return self.currency is not None and (max(self.rates_bp) > 0 or self._has_amounts())

    def holds_on(self, on: dt.date) -> bool:
        """Say whether the rule is valid on a day; both ends belong to it."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    @cached_property
    def sha256(self) -> str:
        """Give the fingerprint of its content: what a frozen computation can be held against later.

        Its last day is no part of it: nothing that was computed is another sum because the rule ended since.
        """
        content = json.dumps(self.model_dump(mode="json") | {"valid_to": None}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

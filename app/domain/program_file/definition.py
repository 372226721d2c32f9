"""The programme as a document: what a programme file may say, and the errors it gives where it says it wrongly.

The models below are the schema (``kontor program schema`` prints them as JSON Schema). Amounts, points and rates stand
in the document as people write them (``"1.00"``); `app.domain.measures.scale` turns them into integers.
"""

import functools
import itertools
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from app.domain.colours import read_colour
from app.domain.program_file.account_settings import AccountSettings
from app.domain.program_file.import_profile import ImportProfile
from app.domain.program_file.invoicing_settings import Invoicing
from app.domain.program_file.parts import Code, Date, NotNegative, Part, Positive, Words
from app.domain.program_file.point_terms import Expiry, Funding, PointTerms
from app.domain.program_file.prepaid_settings import PrepaidPart, problems_of_prepaid
from app.domain.program_file.promotion_definition import Promotion, problems_of_promotions
from app.domain.program_file.purchase_settings import Purchases
from app.domain.program_file.redemption_settings import problems_of_schedule
from app.domain.program_file.rewards_settings import RewardsPart
from app.domain.program_file.rules_settings import RulesSettings
from app.domain.program_file.scope import Scope
from app.domain.program_file.tier_settings import Tiers
from app.domain.program_file.verification_settings import Verification
from app.domain.states import Event
from app.domain.taxes.tax_rules import BorneBy, TaxRule
from app.domain.typed.codes import code_key
from app.domain.typed.fields import KINDS, problems_of_columns


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError(f"expected an ISO 4217 code such as PLN, found {value!r}")
    return value


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError(f"expected an ISO 3166 code such as PL, found {value!r}")
    return value


Policy: TypeAlias = Literal["sum", "best", "first"]


class Point(Part):
    """What the points are called, and what one is worth."""

    name: Words = "point"
    plural: Words = "points"
    decimals: int = Field(0, ge=0, le=6, description="a point has this many digits after the point")
    value: Positive = Field(description="worth of one point in the programme's currency when it becomes money")


class Branding(Part):
    """How the programme's pages look."""

    accent: Annotated[str, AfterValidator(read_colour)] | None = Field(
        None, description="#rrggbb, of buttons and links; shades that cannot be read are darkened or lightened"
    )


class ProgramSettings(Part):
    """The programme itself."""

    code: Code
    name: Words
    sponsor: Words
    currency: Annotated[str, AfterValidator(_currency)]
    country: Annotated[str, AfterValidator(_country)]
    time_zone: Words
    locale: Words = "en"
    starts_on: Date
    ends_on: Date | None = None
    earns_on: Literal["net", "gross"] = "net"
    point: Point
    expiry: Expiry = Expiry()
    funding: Funding = Funding()
    returns: Literal["negative", "clamp"] = "negative"
    verification: Verification = Verification()
    tiers: Tiers = Tiers()
    rules: RulesSettings = RulesSettings()
    branding: Branding = Branding()
    accounts: AccountSettings = AccountSettings()
    invoicing: Invoicing = Invoicing()
    purchases: Purchases = Purchases()
    training: bool = Field(
        default=False, description="true: to learn and try in; every page says so, and runs go to the sandbox alone"
    )

    @model_validator(mode="after")
    def _dates_in_order(self) -> "ProgramSettings":
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError(f"the programme ends on {self.ends_on}, before it starts on {self.starts_on}")
        return self


class Group(Part):
    """A group of distributors or of products."""

    code: Code
    name: Words
    aliases: list[Words] = []
    parent: Code | None = Field(None, description="code of the group above it")


class ProductItem(Part):
    """A product known before any import."""

    code: Code
    name: Words
    group: Code | None = None
    ean: Code | None = None


class PerDistributor(Part):
    """Most that one distributor gets from a rule within a span of issue dates."""

    day: NotNegative | None = None
    month: NotNegative | None = None
    quarter: NotNegative | None = None
    year: NotNegative | None = None
    program: NotNegative | None = None


class Caps(Part):
    """Limits of a rule, applied after stacking (rules.md 4)."""

    per_document: NotNegative | None = None
    per_distributor: PerDistributor | None = None
    budget: Positive | None = Field(None, description="most that the rule gives to all together")


class RuleBase(Part):
    """What every rule has."""

    code: Code
    name: Words
    unit: Literal["points", "money"] = "points"
    stack: Code = "base"
    priority: int = Field(100, ge=0, le=1_000_000)
    valid_from: Date | None = Field(
        None, description="this version judges documents issued from this day on; earlier ones keep the version before"
    )
    scope: Scope = Scope()
    caps: Caps | None = None
    terms: PointTerms | None = Field(None, description="of its points, where they are not the programme's")


class PerUnit(RuleBase):
    """Points for every piece: floor(points x quantity), per line."""

    kind: Literal["per_unit"]
    points: Positive


class PerAmount(RuleBase):
    """Points for every full step of money, on the document's sum or line by line."""

    kind: Literal["per_amount"]
    points: Positive
    step: Positive
    of: Literal["document", "line"] = "document"


class PerLine(RuleBase):
    """Points for every matching line."""

    kind: Literal["per_line"]
    points: Positive


class PerDocument(RuleBase):
    """Points once for a document, if its matching lines reach an amount."""

    kind: Literal["per_document"]
    points: Positive
    least_amount: NotNegative | None = None


class Band(Part):
    """From here on, these points."""

    from_: NotNegative = Field(alias="from")
    points: NotNegative


def _rising(bands: list[Band]) -> list[Band]:
    for lower, upper in itertools.pairwise(bands):
        if upper.from_ <= lower.from_:
            raise ValueError(f"bands must rise: {upper.from_} follows {lower.from_}")
    return bands


Bands: TypeAlias = Annotated[list[Band], Field(min_length=1, max_length=100), AfterValidator(_rising)]


class AmountBands(RuleBase):
    """The points of the highest band that the sum of the matching lines reaches."""

    kind: Literal["amount_bands"]
    bands: Bands


class LineCountBands(RuleBase):
    """The points of the highest band that the number of matching lines reaches."""

    kind: Literal["line_count_bands"]
    bands: Bands


class Multiplier(RuleBase):
    """More of what the line has: factor 20000 doubles its points."""

    kind: Literal["multiplier"]
    factor: int = Field(gt=10_000, le=10_000_000, description="basis points: 20000 is twice")


_OF_SALES = (
    "products",
    "product_groups",
    "exclude_products",
    "exclude_product_groups",
    "outlets",
    "channels",
    "document_kinds",
    "hours",
    "line_amount",
    "quantity",
    "unit_price",
    "first_purchase",
    "without_discounted",
)
"""Conditions of a scope that ask about a sale: an event is none."""


class EventRule(RuleBase):
    """Points once for something that happens and is no sale."""

    kind: Literal["event"]
    points: Positive
    event: Event
    about: list[Code] = Field(
        [], description="which ones: codes of trainings, surveys, tiers, events of one's own; none: every one"
    )

    @model_validator(mode="after")
    def _asks_nothing_of_sales(self) -> "EventRule":
        for name in _OF_SALES:
            if getattr(self.scope, name):
                raise ValueError(f"scope.{name}: an event is no sale, and has nothing of the kind")
        if self.caps is not None and self.caps.per_document is not None:
            raise ValueError("caps.per_document: an event has no document")
        return self


EarningRule: TypeAlias = Annotated[
    PerUnit | PerAmount | PerLine | PerDocument | AmountBands | LineCountBands | Multiplier | EventRule,
    Field(discriminator="kind"),
]

Rates: TypeAlias = dict[Code, dict[Code, NotNegative]]


class Matrix(RuleBase):
    """Product group x distributor group: the rate of every pair, as a grid (rules.md 2).

    A missing cell falls back to the parent product group, then to the default, then to 0.
    """

    kind: Literal["per_unit", "per_amount"]
    step: Positive | None = None
    of: Literal["document", "line"] = "document"
    default: NotNegative | None = None
    rates: Rates = Field(description="product group -> distributor group -> points")

    @functools.cached_property
    def cells(self) -> Sequence[Decimal]:
        """Give the rates as the engine counts them: by row, then by column, the default last."""
        rates = [rate for by_group in self.rates.values() for rate in by_group.values()]
        return rates if self.default is None else [*rates, self.default]

    @model_validator(mode="after")
    def _step_where_needed(self) -> "Matrix":
        if (self.step is None) == (self.kind == "per_amount"):
            raise ValueError("a step is needed for per_amount, and has no place in per_unit")
        return self


class TaxConfirmation(Part):
    """An adviser agreed with a version of a tax rule, of one's own or of the pack."""

    rule: Code
    version: Annotated[int, Field(strict=True, ge=1)]
    by: Annotated[str, Field(min_length=1, max_length=200)]
    on: Date


class TaxChoice(Part):
    """What the sponsor chose where a tax rule leaves it to him: one of its rates, or who bears the tax."""

    rule: Code
    rate_bp: Annotated[int, Field(strict=True, ge=0)] | None = None
    borne_by: BorneBy | None = None


class TaxPart(Part):
    """Which tax rules hold: a country's pack, rules of one's own, or both (own rules first)."""

    pack: Annotated[str, AfterValidator(_country)] | None = None
    rules: list[dict[str, Any]] = []
    choices: list[TaxChoice] = []
    confirmed: list[TaxConfirmation] = []

    def choice_of(self, rule: TaxRule) -> TaxChoice:
        """Give what was chosen of what a version of a rule leaves open: what it says by itself nobody chooses."""
        none = TaxChoice(rule=rule.code)
        made = next((one for one in self.choices if one.rule == rule.code), none)
        left = [name for name, offered in rule.left_open.items() if offered]
        return none.model_copy(update={name: getattr(made, name) for name in left})


class ProgramFile(Part):
    """A whole programme file."""

    schema_: Literal["kontor/1"] = Field(alias="schema")
    program: ProgramSettings
    distributor_groups: list[Group] = []
    product_groups: list[Group] = []
    products: list[ProductItem] = []
    stacks: dict[Code, Policy] = {"base": "sum"}
    named_days: dict[Code, list[Date]] = {}
    earning_rules: list[EarningRule] = []
    matrices: list[Matrix] = []
    import_profiles: dict[Code, ImportProfile] = {}
    tax: TaxPart = TaxPart()
    prepaid: PrepaidPart = PrepaidPart()
    promotions: list[Promotion] = []
    rewards: RewardsPart = RewardsPart()


def problems_of(file: ProgramFile) -> list[str]:
    """Find what no single part can see: codes used twice, circles among groups, names that nothing bears."""
    found: list[str] = []
    shared: tuple[Mapping[str, Sequence[Group | ProductItem | RuleBase]], ...] = (
        {"distributor_groups": file.distributor_groups},
        {"product_groups": file.product_groups},
        {"products": file.products},
        {"earning_rules": file.earning_rules, "matrices": file.matrices},
    )
    for parts in shared:
        found += _used_twice(parts)
    for title, groups in (("distributor_groups", file.distributor_groups), ("product_groups", file.product_groups)):
        found += [f"{title}{problem}" for problem in _tree_problems(groups)]
    stacks = {"base", *file.stacks}
    for place, rules in (("earning_rules", file.earning_rules), ("matrices", file.matrices)):
        for at, rule in enumerate(rules):
            if rule.stack not in stacks:
                found.append(
                    f"{place}[{at}].stack: {rule.stack!r} is not among the stacks ({', '.join(sorted(stacks))})"
                )
            found += [
                f"{place}[{at}].scope.tiers: no tier has the code {tier!r}"
                for tier in rule.scope.tiers
                if file.program.tiers.levels and file.program.tiers.level(tier) is None
            ]
            found += [
                f"{place}[{at}].scope.days: {name!r} is not among named_days"
                for name in rule.scope.days
                if name not in file.named_days
            ]
            found += _unfunded(file, f"{place}[{at}]", rule)
    found += problems_of_promotions(file.promotions, file.named_days)
    found += problems_of_prepaid(file.prepaid, file.program.currency, file.program.country)
    found += problems_of_schedule(
        file.prepaid.scheduled_run,
        [one.code for one in file.distributor_groups],
        [one.code for one in file.program.tiers.levels],
    )
    for name, profile in file.import_profiles.items():
        kind = profile.kind or name
        if kind not in KINDS:
            found.append(f"import_profiles.{name}.kind: expected sales, distributors or products")
            continue
        found += [f"import_profiles.{name}.columns: {problem}" for problem in problems_of_columns(kind, profile.fields)]
    return found


def _unfunded(file: ProgramFile, place: str, rule: RuleBase) -> list[str]:
    """Find a funding source that the programme does not have."""
    sources = {code_key(code) for code in file.program.funding.sources}
    if rule.terms is None or rule.terms.funded_by is None or code_key(rule.terms.funded_by) in sources:
        return []
    listed = ", ".join(sorted(file.program.funding.sources)) or "none yet"
    return [f"{place}.terms.funded_by: {rule.terms.funded_by!r} is not among program.funding.sources ({listed})"]


def _used_twice(parts: Mapping[str, Sequence[Group | ProductItem | RuleBase]]) -> list[str]:
    """Find codes that stand twice among parts that share their codes."""
    found: list[str] = []
    first: dict[str, str] = {}
    for title, items in parts.items():
        for at, item in enumerate(items):
            place = first.setdefault(code_key(item.code), f"{title}[{at}]")
            if place != f"{title}[{at}]":
                found.append(f"{title}[{at}].code: {item.code!r} is the code of {place} already")
    return found


def _tree_problems(groups: list[Group]) -> list[str]:
    parents = {code_key(group.code): code_key(group.parent) if group.parent else None for group in groups}
    found: list[str] = []
    for at, group in enumerate(groups):
        parent = parents[code_key(group.code)]
        if parent is not None and parent not in parents:
            found.append(f"[{at}].parent: no group has the code {group.parent!r}")
        path = [code_key(group.code)]
        while parent is not None and parent in parents:
            if parent in path:
                found.append(f"[{at}].parent: the group {group.code!r} is below itself")
                break
            path.append(parent)
            parent = parents[parent]
    return found

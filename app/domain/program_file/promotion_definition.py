"""What a programme file says about a promotion with targets (rules.md 7), and what it may not say."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from app.domain.program_file.parts import Code, Date, Part, Positive, Words
from app.domain.program_file.scope import Scope
from app.domain.typed.codes import code_key

Metric: TypeAlias = Literal["net_amount", "quantity", "points", "documents", "products"]


class Growth(Part):
    """A target that is what the same participant sold before, and so much more."""

    from_: Date = Field(alias="from", description="first day of the base period")
    until: Date = Field(description="last day of the base period")
    growth_bp: int = Field(gt=-10_000, le=1_000_000, description="1000: a tenth more than in the base period")
    least: Positive | None = Field(None, description="the target is never below this")

    @model_validator(mode="after")
    def _in_order(self) -> "Growth":
        if self.until < self.from_:
            raise ValueError(f"the base period ends on {self.until}, before it starts on {self.from_}")
        return self


class Target(Part):
    """What is to be reached: one's own target, else growth, else that of one's group or one above it, else the default.

    Targets of single distributors may also come from a sheet; those stand before what is said here.
    """

    default: Positive | None = None
    groups: dict[Code, Positive] = Field({}, description="distributor group -> target")
    distributors: dict[Code, Positive] = Field({}, description="distributor -> target")
    growth: Growth | None = None


class StepReward(Part):
    """What a step gives: one of these. All but a reward of the catalogue are points, for the whole promotion."""

    points: Positive | None = Field(None, description="so many points")
    percent_bp: int | None = Field(None, gt=0, le=1_000_000, description="of the points earned in scope; 500 is 5 %")
    per_unit: Positive | None = Field(None, description="points for each piece sold in scope")
    reward: Code | None = Field(None, description="a reward of the catalogue")

    @model_validator(mode="after")
    def _one(self) -> "StepReward":
        said = [name for name in ("points", "percent_bp", "per_unit", "reward") if getattr(self, name) is not None]
        if len(said) != 1:
            expected = "points, percent_bp, per_unit or reward"
            raise ValueError(f"expected one of {expected}, found {' and '.join(said) or 'none'}")
        return self


class Step(Part):
    """A share of the target, and what reaching it gives."""

    reach: int = Field(gt=0, le=1_000_000, description="basis points of the target: 8000 is 80 %")
    reward: StepReward


class Gate(Part):
    """What must have been sold as well, before any step pays."""

    name: Words
    metric: Metric = "net_amount"
    least: Positive
    scope: Scope = Scope()


class Prize(Part):
    """Points for places of the ranking, first and last included."""

    from_: int = Field(alias="from", ge=1, le=100_000)
    to: int = Field(ge=1, le=100_000)
    points: Positive

    @model_validator(mode="after")
    def _in_order(self) -> "Prize":
        if self.to < self.from_:
            raise ValueError(f"the places end with {self.to}, before they begin with {self.from_}")
        return self


class Ranking(Part):
    """Who did best gets most, at the end; those who did as well share the better place."""

    by: Literal["metric", "share"] = Field("metric", description="what was sold, or its share of the target")
    least: Positive | None = Field(None, description="who sold less has no place")
    names: Literal["shown", "hidden"] = Field(
        "hidden",
        description="whether participants see who the others are and what they sold; hidden: places and prizes",
    )
    prizes: list[Prize] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _apart(self) -> "Ranking":
        for one, other in itertools.pairwise(sorted(self.prizes, key=lambda prize: prize.from_)):
            if other.from_ <= one.to:
                raise ValueError(f"prizes overlap: place {other.from_} is in two of them")
        return self


class Promotion(Part):
    """Sales of some days count towards a target; steps and places pay."""

    code: Code
    name: Words
    description: Words | None = Field(None, description="what its participants read")
    from_: Date = Field(alias="from", description="first issue date that counts")
    until: Date = Field(description="last issue date that counts")
    closes_on: Date | None = Field(None, description="day on which it is closed by itself; none: a person closes it")
    participants: Literal["distributors", "persons"] = Field(
        "distributors", description="persons: the sales reps that documents name, each by themselves"
    )
    metric: Metric = "net_amount"
    scope: Scope = Scope()
    target: Target | None = None
    steps: list[Step] = Field([], max_length=50)
    pays: Literal["highest", "each"] = Field("highest", description="the highest step that is reached, or each")
    when: Literal["on_reach", "at_end"] = "on_reach"
    gates: list[Gate] = Field([], max_length=20)
    ranking: Ranking | None = None
    budget: Positive | None = Field(None, description="most points that the promotion gives to all together")

    @model_validator(mode="after")
    def _makes_sense(self) -> "Promotion":
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterable[str]:
        if self.until < self.from_:
            yield f"the promotion ends on {self.until}, before it starts on {self.from_}"
        if self.closes_on is not None and self.closes_on <= self.until:
            yield f"the promotion closes on {self.closes_on}, but its last day is {self.until}"
        if not self.steps and self.ranking is None:
            yield "the promotion gives nothing: expected steps or a ranking"
        if self.steps and self.target is None:
            yield "steps are shares of a target, and there is none"
        if self.ranking is not None and self.ranking.by == "share" and self.target is None:
            yield "a ranking by share needs a target"
        yield from self._step_problems()
        if self.target is not None and self.target.growth is not None and self.target.growth.until >= self.from_:
            yield f"the base period ends on {self.target.growth.until}, not before the promotion starts on {self.from_}"
        for what, scope in (("", self.scope), *((f"gate {gate.name}: ", gate.scope) for gate in self.gates)):
            if scope.first_purchase:
                yield f"{what}scope.first_purchase: a promotion counts sales, not beginnings"
            if scope.document_kinds and "invoice" not in scope.document_kinds:
                yield f"{what}scope.document_kinds: only invoices sell"

    def _step_problems(self) -> Iterable[str]:
        reaches = [step.reach for step in self.steps]
        for lower, upper in itertools.pairwise(reaches):
            if upper <= lower:
                yield f"steps must rise: {upper} follows {lower}"


def problems_of_promotions(promotions: Sequence[Promotion], named_days: Iterable[str]) -> list[str]:
    """Find what one promotion alone cannot see: codes used twice, and days that nothing names."""
    found: list[str] = []
    days = set(named_days)
    first: dict[str, int] = {}
    for at, promotion in enumerate(promotions):
        place = first.setdefault(code_key(promotion.code), at)
        if place != at:
            found.append(f"promotions[{at}].code: {promotion.code!r} is the code of promotions[{place}] already")
        scopes = [("scope", promotion.scope)]
        scopes += [(f"gates[{number}].scope", gate.scope) for number, gate in enumerate(promotion.gates)]
        found += [
            f"promotions[{at}].{place_of}.days: {name!r} is not among named_days"
            for place_of, scope in scopes
            for name in scope.days
            if name not in days
        ]
    return found

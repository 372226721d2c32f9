"""What a programme and a rule say of the points they give: how long they last, who pays for them, what they may buy."""

import functools
import hashlib
import json
from typing import Any

from pydantic import Field, model_validator

from app.domain.points.expiry import Lasting
from app.domain.program_file.parts import Code, Part, Words
from app.domain.states import RewardKind
from app.domain.typed.codes import code_key

_MOST_MONTHS = 600
_MOST_YEARS = 50


class Expiry(Part):
    """When points expire; nothing said: never (rules.md 8)."""

    months_after_award: int | None = Field(None, ge=1, le=_MOST_MONTHS)
    calendar_years_after_award: int | None = Field(
        None, ge=1, le=_MOST_YEARS, description="2 of an award in 2026: until 31 December 2028"
    )
    months_without_activity: int | None = Field(
        None, ge=1, le=_MOST_MONTHS, description="so long after the account last earned or spent, all of it ends"
    )
    grace_days: int | None = Field(
        None, ge=0, le=366, description="what comes back after its last day may be spent for so many days more"
    )
    remind_days: int = Field(30, ge=0, le=366, description="so long before their last day points are told of; 0: never")

    @model_validator(mode="after")
    def _one_policy(self) -> "Expiry":
        given = [
            name
            for name in ("months_after_award", "calendar_years_after_award", "months_without_activity")
            if getattr(self, name) is not None
        ]
        if len(given) > 1:
            raise ValueError(f"points end in one way: expected one of {', '.join(given)}, found {len(given)}")
        return self

    @property
    def lasting(self) -> Lasting:
        """Say it as the arithmetic wants it."""
        return Lasting(self.months_after_award, self.calendar_years_after_award, self.months_without_activity)


class OwnExpiry(Part):
    """When the points of one rule expire, instead of the programme's."""

    never: bool = False
    months_after_award: int | None = Field(None, ge=1, le=_MOST_MONTHS)
    calendar_years_after_award: int | None = Field(None, ge=1, le=_MOST_YEARS)

    @model_validator(mode="after")
    def _one_policy(self) -> "OwnExpiry":
        given = [self.never or None, self.months_after_award, self.calendar_years_after_award]
        if sum(one is not None for one in given) != 1:
            raise ValueError("expected one of never, months_after_award and calendar_years_after_award")
        return self

    @property
    def lasting(self) -> Lasting:
        """Say it as the arithmetic wants it."""
        return Lasting(self.months_after_award, self.calendar_years_after_award)


class Buys(Part):
    """What points may buy. Nothing said of kinds or categories: all of them, but those that are taken out."""

    kinds: list[RewardKind] = Field([], description="none: of every kind")
    categories: list[Code] = Field([], description="none: of every category")
    not_kinds: list[RewardKind] = Field([], description="never of these, whatever else is said")
    not_categories: list[Code] = Field([], description="never of these, whatever else is said")

    @model_validator(mode="after")
    def _leaves_something(self) -> "Buys":
        if not (self.kinds or self.categories or self.not_kinds or self.not_categories):
            raise ValueError("expected kinds, categories, not_kinds or not_categories")
        left = set(self.kinds or RewardKind) - set(self.not_kinds)
        if not left:
            raise ValueError("the points may buy no kind of reward at all")
        if self.categories and not set(map(code_key, self.categories)) - set(map(code_key, self.not_categories)):
            raise ValueError("the points may buy nothing of any category")
        return self

    def allow(self, kind: RewardKind, category: str | None) -> bool:
        """Tell whether they may buy a reward of a kind and a category."""
        of = "" if category is None else code_key(category)
        if kind in self.not_kinds or of in map(code_key, self.not_categories):
            return False
        return (not self.kinds or kind in self.kinds) and (not self.categories or of in map(code_key, self.categories))


class PointTerms(Part):
    """What is said of a rule's points where they are not the programme's like all others."""

    expiry: OwnExpiry | None = None
    funded_by: Code | None = Field(None, description="one of the programme's funding sources; none: the sponsor")
    buys: Buys | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "PointTerms":
        if self.expiry is None and self.funded_by is None and self.buys is None:
            raise ValueError("expected expiry, funded_by or buys")
        return self

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        """Give them as they are kept."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @functools.cached_property
    def digest(self) -> bytes:
        """Tell them from others: rules that say the same share their terms."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True, ensure_ascii=False).encode()).digest()


class Funding(Part):
    """Who pays for points besides the sponsor: brands, suppliers, budgets of departments."""

    sources: dict[Code, Words] = Field({}, description="code -> name, named by the terms of rules")

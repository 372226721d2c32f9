"""What a programme says about tiers: what one has to earn, within which span, and what a tier gives (rules.md 8)."""

import enum
import itertools
from decimal import Decimal

from pydantic import Field, model_validator

from app.domain.program_file.parts import Code, NotNegative, Part, Words
from app.domain.typed.codes import code_key


class Metric(enum.StrEnum):
    """What is counted: points earned (never the balance), or what was sold, net, less returns."""

    POINTS = "points"
    AMOUNT = "amount"


class Window(enum.StrEnum):
    """The span within which it is counted."""

    CALENDAR_YEAR = "calendar_year"
    ROLLING = "rolling"
    LIFETIME = "lifetime"


class Fall(enum.StrEnum):
    """How far somebody falls who has not earned their tier again when its span ends."""

    BY_ONE = "by_one"
    TO_EARNED = "to_earned"


class TierLevel(Part):
    """One tier: from how much on, and what it gives. Rules and rewards name it by its code."""

    code: Code
    name: Words
    from_: NotNegative = Field(alias="from", description="points, or money in the programme's currency, to be in it")
    redeemable_bp: int = Field(
        10_000, ge=0, le=10_000, description="share of their points that may be redeemed; 10000 is all"
    )
    benefits: list[Words] = Field([], max_length=20, description="what else it gives, in words")


class Tiers(Part):
    """The tiers of a programme, lowest first; none said: it has none, or files bring them."""

    metric: Metric = Metric.POINTS
    window: Window = Window.CALENDAR_YEAR
    months: int | None = Field(None, ge=1, le=120, description="how long the span is, where it is rolling")
    fall: Fall = Fall.TO_EARNED
    grace_days: int = Field(
        0, ge=0, le=180, description="so long after the span's end a tier is kept; what is earned meanwhile counts too"
    )
    remind_days: int = Field(
        30, ge=0, le=366, description="so long before a tier is lost its holder is told of it; 0: never"
    )
    levels: list[TierLevel] = Field([], max_length=20)

    @model_validator(mode="after")
    def _whole(self) -> "Tiers":
        if (self.window is Window.ROLLING) != (self.months is not None):
            raise ValueError("months: expected for a rolling window, and for no other")
        seen: set[str] = set()
        for level in self.levels:
            if code_key(level.code) in seen:
                raise ValueError(f"levels: two tiers have the code {level.code!r}")
            seen.add(code_key(level.code))
        for lower, upper in itertools.pairwise(self.levels):
            if upper.from_ <= lower.from_:
                raise ValueError(
                    f"levels: each tier takes more than the one below it: {upper.code} from {upper.from_:f} follows "
                    f"{lower.code} from {lower.from_:f}"
                )
        return self

    def place(self, code: str | None) -> int:
        """Give the place of a tier among the levels, the lowest 0; -1 for none and for one that is not among them."""
        if code is None:
            return -1
        key = code_key(code)
        return next((at for at, level in enumerate(self.levels) if code_key(level.code) == key), -1)

    def level(self, code: str | None) -> TierLevel | None:
        """Give the tier of this code, if it is among the levels."""
        at = self.place(code)
        return None if at < 0 else self.levels[at]

    def thresholds(self, decimals: int) -> list[int]:
        """Give what each tier takes, in the smallest unit.

        Raises:
            ValueError: One has more decimals than the unit; the message names its place.
        """
        return [_whole(level, at, decimals) for at, level in enumerate(self.levels)]


def _whole(level: TierLevel, at: int, decimals: int) -> int:
    scaled: Decimal = level.from_.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"levels[{at}].from: {level.from_:f} has more decimals than the {decimals} of its unit")
    return int(scaled)

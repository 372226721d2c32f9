"""How many points will never be claimed: told from the months whose points have run off already.

The points of one month are a cohort. Of a cohort of which nearly all was redeemed or expired, the share that expired is
known. The estimate is that share of all such cohorts together; the range goes from the lowest of them to the highest.
With fewer than `LEAST_COHORTS` there is no estimate: two months tell nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_COHORTS = 3
RUN_OFF_BP = 9_500
"""A cohort has run off when so much of what it was left with (in basis points) was redeemed or has expired."""

_WHOLE_BP = 10_000


@dataclass(frozen=True)
class Cohort:
    """What became of the points of one month: issued less what returns and voids took back, redeemed, expired."""

    issued: int
    redeemed: int
    expired: int

    @property
    def has_run_off(self) -> bool:
        """Tell whether nearly nothing of it is left."""
        done = self.redeemed + self.expired
        return done > 0 and done * _WHOLE_BP >= self.issued * RUN_OFF_BP


@dataclass(frozen=True)
class Breakage:
    """The share of points that expire, in basis points, with its range and the number of cohorts that tell it."""

    rate_bp: int
    low_bp: int
    high_bp: int
    cohorts: int


def breakage_of(cohorts: Sequence[Cohort]) -> Breakage | None:
    """Estimate the share of points that will expire; none where history is too short."""
    over = [one for one in cohorts if one.has_run_off]
    if len(over) < LEAST_COHORTS:
        return None
    shares = [one.expired * _WHOLE_BP // (one.redeemed + one.expired) for one in over]
    expired, redeemed = sum(one.expired for one in over), sum(one.redeemed for one in over)
    return Breakage(expired * _WHOLE_BP // (expired + redeemed), min(shares), max(shares), len(over))


def expected(points: int, share_bp: int) -> int:
    """Give how many of some points expire at a share; of what is owed by accounts none."""
    return max(0, points) * share_bp // _WHOLE_BP

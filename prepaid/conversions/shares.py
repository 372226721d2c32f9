"""How many of its points each account may still redeem: the share that its tier leaves it (rules.md 8)."""

from collections.abc import Sequence

import numpy as np

from app.domain.measures.exact import Ints
from app.domain.rewards.reward_orders import ALL_BP, redeemable_of
from app.models.programs import Program
from app.services.placing import tiers


def redeemable_now(program: Program, tier: Sequence[str | None], available: Ints, gone: Ints) -> Ints | None:
    """Give what each account may still redeem, in columns; None: no tier holds anybody back.

    ``gone`` is what was spent of its points, or is reserved (`app.services.placing.tiers.GONE`).
    """
    levels = tiers.settings_of(program).levels
    if all(level.redeemable_bp == ALL_BP for level in levels):
        return None
    share: dict[str | None, int] = {one: tiers.share_of(program, one) for one in set(tier)}
    return redeemable_of(available, gone, np.asarray([share[one] for one in tier], dtype=np.int64))

"""How many of its points each account may still redeem: the share that its tier leaves it (rules.md 8)."""

from collections.abc import Sequence

import numpy as np

from app.domain.exact import Ints
from app.domain.reward_orders import redeemable_of
from app.models.programs import Program
from app.services import tiers
from app.services.tiers import ALL_BP


def redeemable_now(
    program: Program, tier: Sequence[str | None], available: Ints, reserved: Ints, spent: Ints
) -> Ints | None:
    """Give what each account may still redeem, in columns; None: its tier holds nobody back."""
    levels = tiers.settings_of(program).levels
    if all(level.redeemable_bp == ALL_BP for level in levels):
        return None
    share: dict[str | None, int] = {one: tiers.share_of(program, one) for one in set(tier)}
    return redeemable_of(available, reserved, spent, np.asarray([share[one] for one in tier], dtype=np.int64))

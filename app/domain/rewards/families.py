"""Families of rewards: the same thing in several sizes, colours or amounts, each with a code and a stock of its own.

A catalogue shows a family once, with the variants that it has, in the order in which people look for theirs.
"""

import re
from decimal import Decimal

from app.domain.typed.codes import code_key

_SIZES = re.compile(r"(\d*)(x*)(s|m|l)\b")
_AROUND_M = {"s": -1, "m": 0, "l": 1}
_NUMBER = re.compile(r"(\d+)(?:[.,](\d+))?")


def counted_with(reward_id: int, family: str | None) -> int | str:
    """Give what a reward is shown and limited together with: its family; itself, where it is of none."""
    return reward_id if family is None else code_key(family)


def variant_order(variant: str) -> tuple[int, Decimal, str]:
    """Give what variants are sorted by: sizes of clothes by how large they are, then what begins with a number by it.

    ``XS, S, M, L, XL, 3XL``; ``38, 39.5, 40``; ``50 zł, 100 zł``. Anything else by its letters.
    """
    text = variant.strip().casefold()
    size = _SIZES.match(text)
    if size is not None and (size[2] or not size[1]):  # "2 m" is a length
        return 0, Decimal(_AROUND_M[size[3]] * (1 + int(size[1] or 1) * len(size[2]))), text
    number = _NUMBER.match(text)
    if number is not None:
        return 1, Decimal(f"{number[1]}.{number[2] or 0}"), text
    return 2, Decimal(0), text

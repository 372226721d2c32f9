"""Exact arithmetic shared by the reference: rounding half up and sharing by largest remainder."""

from __future__ import annotations

from fractions import Fraction


def round_half_up(value: Fraction) -> int:
    """Round to a whole number, halves away from zero (rules.md sections 1, 2 and 6: "rounded half up").

    For a value below zero the mirror image is taken, so that a discount of -0.5 rounds as a sale of 0.5 does.
    """
    if value < 0:
        return -round_half_up(-value)
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def share(points: int, amounts: list[tuple[int, int]]) -> dict[int, int]:
    """Share points over lines in proportion to their amounts, largest remainder, ties to the lower line number.

    rules.md section 2, "Points that a rule gives per document are shared over M's lines".
    `amounts` holds (line number, amount above zero); the answer gives each line number its points.
    """
    whole = sum(amount for _, amount in amounts)
    parts: dict[int, int] = {}
    remainders: list[tuple[int, int]] = []
    for number, amount in amounts:
        parts[number] = points * amount // whole
        remainders.append((points * amount % whole, number))
    left = points - sum(parts.values())
    # The greatest remainder first; among equal remainders the lower line number first.
    remainders.sort(key=lambda pair: (-pair[0], pair[1]))
    for _, number in remainders[:left]:
        parts[number] += 1
    return parts

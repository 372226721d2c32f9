"""Whole numbers of smallest units, written as people write amounts."""

from decimal import Decimal

from app.domain.states import Unit


def decimal_text(value: int, decimals: int) -> str:
    """Write smallest units as a decimal number: 123456 with two decimals is 1234.56."""
    digits = str(abs(value)).zfill(decimals + 1)
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def smallest_units(written: Decimal, decimals: int) -> int:
    """Turn an amount into smallest units.

    Raises:
        ValueError: It has more decimals than the unit.
    """
    scaled = written.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{written} has more than {decimals} decimals")
    return int(scaled)


def amount_name(unit: Unit, what: str = "") -> str:
    """Name an amount by its unit: `points`, `money_minor`; with ``what`` became of it: `money_spent_minor`."""
    of = f"_{what}" if what else ""
    return f"points{of}" if unit is Unit.POINTS else f"money{of}_minor"


def part_of(amount: int, part: int, whole: int) -> int:
    """Give what ``part`` of ``whole`` is of an amount, rounded half away from zero; both are above zero."""
    size = (2 * abs(amount) * part + whole) // (2 * whole)
    return size if amount >= 0 else -size

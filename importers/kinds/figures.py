"""Figures in the cells of things: points, whole in the programme's smallest unit."""

from decimal import Decimal, InvalidOperation

from app.domain.states import Outcome
from importers.kinds.rows import ThingRows
from importers.problems import Problems

_SPACES = str.maketrans("", "", "   '")


def points_of(
    rows: ThingRows, field: str, decimals: int, signs: str, problems: Problems, *, most: int
) -> dict[int, int]:
    """Read a field of points in every row. Gives them by row number; what is no number of points is a problem.

    ``decimals`` are those of the programme's point, ``signs`` the decimal signs of the file, ``most`` the largest
    number that makes sense.
    """
    found: dict[int, int] = {}
    for row, cells in rows:
        text = cells.get(field)
        if text is None:
            continue
        why = {"field": rows.columns[field], "found": repr(text)}
        try:
            number = Decimal(_plain(text, signs)).scaleb(decimals)
            whole = int(number)
        except (InvalidOperation, OverflowError, ValueError):
            problems.add(row, Outcome.REFUSED, "not_a_number", example="1234", **why)
            continue
        if number != whole:
            problems.add(row, Outcome.REFUSED, "too_many_decimals", decimals=decimals, **why)
        elif abs(whole) > most:
            problems.add(row, Outcome.REFUSED, "number_too_large", **why)
        else:
            found[row] = whole
    return found


def _plain(text: str, signs: str) -> str:
    """Write a number with a point, and without what parts its thousands; scientific notation is no number here."""
    plain = text.strip().translate(_SPACES)
    if signs.startswith(","):
        plain = plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain
    if plain.lstrip("+-").replace(".", "", 1).isdecimal():
        return plain
    raise ValueError(text)

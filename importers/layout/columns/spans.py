"""Days, weeks or quarters side by side, which no line is read of: a matrix has months."""

import itertools
import re
from collections.abc import Sequence

from importers.layout.words.around import ROMAN

_WEEK = re.compile(
    r"(?:\d{4}\W?)?(?:w|wk|week|kw|kalenderwoche|woche|tydz|tydzień|tyg|semana|sem|semaine|нед|неделя|týden|settimana)"
    r"\W*(?P<number>\d{1,2})(?:\W+\d{4})?",
    re.IGNORECASE,
)
_DAY = re.compile(r"(?P<number>\d{1,2})")
_QUARTER = re.compile(
    r"(?:(?:\d{4}\W*)?{called}\W*(?P<number>{number})(?:\W+\d{4}(?:\W?r)?)?"
    r"|(?:\d{4}\W+)?(?P<before>{number})\W*(?:er|e|º|°|-?й|-?ий)?\W*{called}(?:\W+\d{4}(?:\W?r)?)?)\W*".replace(
        "{called}", "(?:q|qtr|quarter|kw|kwart|kwartał|quartal|t|trim|trimestre|trimestr|кв|квартал|čtvrtletí)"
    ).replace("{number}", "[1-4]|i{1,3}|iv"),
    re.IGNORECASE,
)
_NUMERAL = re.compile(rf"(?P<number>{'|'.join(ROMAN)})", re.IGNORECASE)
_QUARTERS = ((_QUARTER, 2, range(1, 5)), (_NUMERAL, 4, range(1, 5)))
_FORMS = ((_WEEK, 3, range(1, 54)), (_DAY, 7, range(1, 32)), *_QUARTERS)
"""How they are called, how many in a row are no chance, and which there are."""
_SHOWN = 3


def side_by_side(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Give the first of the days, weeks or quarters that a row has side by side; nothing where none has any."""
    return next(filter(None, (_following(row, *form) for row, form in itertools.product(rows, _FORMS))), ())


def has_quarters(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether quarters stand side by side in a header: they are names as any other, and hold no lines."""
    return any(_following(row, *form) for row, form in itertools.product(rows, _QUARTERS))


def _following(row: Sequence[str], form: re.Pattern[str], least: int, there: range) -> tuple[str, ...]:
    said = [(_number(one), cell.strip()) for cell in row if (one := form.fullmatch(cell.strip()))]
    follow = sum(second == first + 1 for (first, _), (second, _) in itertools.pairwise(said))
    if follow < least - 1 or not all(number in there for number, _ in said):
        return ()
    return tuple(cell for _, cell in said[:_SHOWN])


def _number(found: re.Match[str]) -> int:
    said = next(filter(None, found.groupdict().values())).casefold()
    return ROMAN.get(said) or int(said)

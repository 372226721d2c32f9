"""Days or weeks side by side, which no line is read of: a matrix has months."""

import itertools
import re
from collections.abc import Sequence

_WEEK = re.compile(
    r"(?:\d{4}\W?)?(?:w|wk|week|kw|kalenderwoche|woche|tydz|tydzień|tyg|semana|sem|semaine|нед|неделя|týden|settimana)"
    r"\W*(?P<number>\d{1,2})(?:\W+\d{4})?",
    re.IGNORECASE,
)
_DAY = re.compile(r"(?P<number>\d{1,2})")
_FORMS = ((_WEEK, 3, range(1, 54)), (_DAY, 7, range(1, 32)))
"""How they are called, how many in a row are no chance, and which there are."""
_SHOWN = 3


def side_by_side(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Give the first of the days or weeks that a row has side by side; nothing where none has any."""
    for row, (form, least, there) in itertools.product(rows, _FORMS):
        said = [(int(one["number"]), cell.strip()) for cell in row if (one := form.fullmatch(cell.strip()))]
        follow = sum(second == first + 1 for (first, _), (second, _) in itertools.pairwise(said))
        if follow >= least - 1 and all(number in there for number, _ in said):
            return tuple(cell for _, cell in said[:_SHOWN])
    return ()

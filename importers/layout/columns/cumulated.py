"""Months whose figures are those of all months up to each: what was sold in January would count in every one.

A title says so, as ``Sprzedaż narastająco`` does; but ``Sales YTD`` stands above months as they are as well. So the
figures tell: where those of any row fall from one month to the next, they are no sums so far.
"""

import itertools
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.layout.columns.months import MonthColumn
from importers.layout.columns.proving import floats

_ = marked
_SAYS_SO = re.compile(
    r"(?i)(?<!\w)(?:narastając\w*|ytd|year[ -]to[ -]date|cumulat\w+|(?:s?kumul|akkumul|aufgelaufen)\w*"
    r"|acumulad[oa]s?|cumul[ée]\w*|нарастающ\w+|накопит\w+)(?!\w)"
)


def refuse_cumulated(cells: pa.Table, months: Sequence[MonthColumn], said: Sequence[str], place: object) -> None:
    """Refuse months above which it is said that they hold what was sold so far, where no figure falls.

    Args:
        cells: the rows below the header.
        months: which columns of theirs are of months.
        said: titles, and the name of the sheet.
        place: the file and its sheet.

    Raises:
        FileRefused: They are such.
    """
    title = next(filter(_SAYS_SO.search, said), None)
    if title is None:
        return
    months = sorted(months, key=lambda one: (one.year or 0, one.month))
    for label in dict.fromkeys(one.label for one in months):
        figures = [floats(cells, one.name) for one in months if one.label == label]
        if any((later < earlier).any() for earlier, later in itertools.pairwise(figures)):
            return
    if any(np.isfinite(floats(cells, one.name)).any() for one in months):
        words = _(
            "%(place)s: %(title)s says that each month holds all that was sold up to it, and so do its figures, "
            "expected what was sold in each month alone; export the months so, or correct the title."
        )
        raise FileRefused(words, place=place, title=repr(title))

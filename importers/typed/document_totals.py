"""Amounts that are what whole documents come to, beside each of their lines: each document would count so often.

A look at a new file tells it (`paid.py`). A profile that was made of a file whose documents had a line each may meet it
in any later month.
"""

import numpy as np

from app.domain.documents.sales import NO_AMOUNT
from app.domain.measures.exact import Ints
from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.typed.parsing import Column

_ = marked
_LEAST_ALIKE = 2
"""Amounts that are alike in all lines of a document; of one alone it may be chance."""


def refuse_document_totals(column: Column, number: Column, quantity: Ints, net: Ints) -> None:
    """Refuse amounts that all lines of each document have alike, though their quantities differ.

    Args:
        column: of the amounts.
        number: of the documents.
        quantity: of each row.
        net: the amount of each row.

    Raises:
        FileRefused: They are such.
    """
    told = (number.code >= 0) & (net != NO_AMOUNT) & (net != 0) & (quantity != 0)
    codes, pieces, amounts = (values[told] for values in (number.code, quantity, net))
    if (_other(codes, pieces) & _other(codes, amounts)).any():
        return  # as nearly all files do, whose lines of a document follow each other
    order = np.argsort(codes, kind="stable")
    codes, pieces, amounts = codes[order], pieces[order], amounts[order]
    several = np.unique(codes[1:][_other(codes, pieces)])
    if np.isin(several, codes[1:][_other(codes, amounts)]).any():
        return
    of_each = amounts[np.searchsorted(codes, several)]
    if len(np.unique(of_each)) >= _LEAST_ALIKE:
        words = _(
            "Column %(column)s: all lines of a document have the same amount there, whatever their quantities, in "
            "%(found)s documents, expected the amount of each line; what a document comes to is perhaps written so: "
            "export the amounts of the lines, and name their column in the profile."
        )
        raise FileRefused(words, column=repr(column.name), found=len(several))


def _other(codes: Ints, values: Ints) -> np.ndarray:
    """Mark the rows, but for the first, that are of the same document as the row before, and have another value."""
    return np.asarray((codes[1:] == codes[:-1]) & (values[1:] != values[:-1]), dtype=bool)

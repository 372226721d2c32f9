"""Whether two sheets hold the same lines: one of all months beside those of each, which would count them twice."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.layout.tables.table import TextTable

_ = marked
_LEAST = 2
"""Lines that are the same: one alone may be chance."""


def refuse_twice(sheets: Sequence[tuple[str, TextTable]], columns: Collection[str], file: str) -> None:
    """Refuse a workbook of which half the lines of a sheet, or more, stand in another one as well.

    Args:
        sheets: the tables of its sheets, by name.
        columns: those that are read. Lines that say the same in all of them are the same.
        file: what the person calls it; for messages.

    Raises:
        FileRefused: It is such a one.
    """
    hashes = [_hashed(table.frame, columns) for _, table in sheets]
    said, of_sheets = np.unique(np.concatenate([np.unique(one) for one in hashes]), return_counts=True)
    several = said[of_sheets > 1]
    for at, (name, _table) in enumerate(sheets):
        if 2 * int(np.isin(hashes[at], several).sum()) < len(hashes[at]):
            continue  # most of its lines stand in it alone, so there is no need to look at each of the others
        for other in range(len(sheets)):
            same = int(np.isin(hashes[at], hashes[other]).sum()) if other != at else 0
            if same >= _LEAST and 2 * same >= len(hashes[at]):
                words = _(
                    "%(file)s: %(same)s of the %(rows)s lines of sheet %(sheet)s stand in sheet %(other)s as well and "
                    "would count twice; hide one of the two sheets, or say in the profile which are read."
                )
                raise FileRefused(
                    words, file=file, same=same, rows=len(hashes[at]), sheet=repr(name), other=repr(sheets[other][0])
                )


def _hashed(frame: pd.DataFrame, columns: Collection[str]) -> np.ndarray:
    cells = frame[sorted(name for name in frame.columns if name in columns)]
    return np.asarray(pd.util.hash_pandas_object(cells.fillna(""), index=False), dtype=np.uint64)

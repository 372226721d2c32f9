"""The match stage: codes become ids of distributors and products; what is unknown is held, created or refused."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from app.domain.exact import Ints, by_value
from app.domain.sales import UNKNOWN, Texts
from app.domain.states import Outcome
from importers.problems import Problems
from importers.sales_rows import Codes

Create = Callable[[list[str], dict[str, str]], Mapping[str, int]]
"""Makes what is unknown: takes codes as written and names by code, gives ids by code key."""


def match(
    codes: Codes,
    known: Mapping[str, int],
    unknown: Literal["hold", "create", "reject"],
    what: Literal["distributor", "product"],
    rows: np.ndarray,
    bad: np.ndarray,
    names: Texts | None,
    create: Create,
    problems: Problems,
) -> Ints:
    """Give the id of each row's code, ``UNKNOWN`` where there is none.

    Args:
        codes: the column.
        known: ids by code key.
        unknown: what the profile says about unknown codes.
        what: for the message.
        rows: the rows' numbers.
        bad: marks rows that have a problem already: nothing is created for them alone.
        names: what the file calls each row's thing, where it does.
        create: makes what is unknown.
        problems: takes the rows whose code is unknown.
    """
    ids = np.asarray([known.get(key, UNKNOWN) for key in codes.keys] + [UNKNOWN], dtype=np.int64)
    strange = (ids[codes.code] == UNKNOWN) & (codes.code >= 0)
    if unknown == "create":
        wanted = strange & ~bad
        fresh = np.unique(codes.code[wanted]).tolist()
        made = create([codes.written[at] for at in fresh], _first_names(codes, wanted, names)) if fresh else {}
        for at in fresh:
            ids[at] = made[codes.keys[at]]
        # what is left unknown stands in bad rows alone, and is created when these have been corrected
        return ids[codes.code]
    outcome = Outcome.REFUSED if unknown == "reject" else Outcome.HELD
    unknown_rows = np.flatnonzero(strange)
    for code, places in by_value(codes.code[unknown_rows]):
        problems.add_all(
            rows[unknown_rows[places]].tolist(), outcome, f"unknown_{what}", found=repr(codes.written[code])
        )
    return ids[codes.code]


def _first_names(codes: Codes, wanted: np.ndarray, names: Texts | None) -> dict[str, str]:
    """Take the first name that the file gives each code."""
    if names is None:
        return {}
    named = np.flatnonzero(wanted & np.asarray([name is not None for name in names], dtype=bool))
    first, at = np.unique(codes.code[named], return_index=True)
    return {codes.written[code]: names[row] for code, row in zip(first.tolist(), named[at].tolist(), strict=True)}

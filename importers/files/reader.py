"""The process that reads what others wrote: it may end, whatever a file makes of it, and ours goes on.

It has limits to its memory and time, none of our environment, and where the system allows it no network.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from app.local.walls import shut_in
from importers.files.biff import marks_of_xls, marks_of_xlsb
from importers.files.cells import Unreadable
from importers.files.grid import Grid
from importers.files.handing import hand_over
from importers.files.limits import Limits
from importers.files.parts import Parts
from importers.files.scan import Marks, TooWild

REFUSED = 3
"""How the process ends where it says why a file cannot be read."""

_MARKED = 1 << 26
"""Bytes of a sheet of an .xlsb that are gone through record by record; of a larger one only the cells are read."""


def main(arguments: Sequence[str]) -> int:
    """Read a file into an open one: ``python -m importers.files.reader DESCRIPTOR PID TASK``."""
    descriptor, wanted_by, task = int(arguments[0]), int(arguments[1]), json.loads(arguments[2])
    limits = Limits(**task["limits"])
    shut_in(wanted_by, memory_mb=limits.reader_memory_mb, cpu_seconds=limits.reader_cpu_seconds)
    try:
        with os.fdopen(descriptor, "wb") as file:
            hand_over(islice(_grids(task, limits), task["most"]), file)
    except Unreadable as problem:
        sys.stdout.write(str(problem))
        return REFUSED
    return 0


def _grids(task: dict[str, Any], limits: Limits) -> Iterable[Grid]:
    """Read what is wanted. Only what reads this kind of file is loaded."""
    path, sheets = Path(task["path"]), task["sheets"]
    if task["form"] == "html":
        from importers.files.hypertext import read_hypertext

        yield from read_hypertext(path, task["encoding"], limits)
    elif task["form"] == "spreadsheetml":
        from importers.files.spreadsheetml import read_spreadsheetml

        yield from read_spreadsheetml(path, sheets, limits, hidden=task["hidden"])
    else:
        from importers.files.calamine import read_workbook
        from importers.files.looks import with_shown
        from importers.files.sparse import read_sparse

        how = {"tell_texts": task["tell_texts"]}
        if task["sparse"]:
            for sheet in sheets:
                part = task["sparse"].get(sheet)
                yield from (
                    read_sparse(path, sheet, part, limits, **how)
                    if part
                    else with_shown(read_workbook(path, "xlsx", [sheet], **how), path, task["parts"], limits)
                )
        elif task["form"] in ("xls", "xlsb"):
            yield from _marked(read_workbook(path, task["form"], sheets, hidden=task["hidden"], **how), task, limits)
        else:
            grids = read_workbook(path, task["form"], sheets, hidden=task["hidden"], **how)
            yield from with_shown(grids, path, task["parts"], limits) if task["parts"] else grids


def _marked(grids: Iterable[Grid], task: dict[str, Any], limits: Limits) -> Iterator[Grid]:
    """Add to the sheets of a binary workbook what it says of hidden rows and merged cells."""
    path, most = Path(task["path"]), limits.max_merges
    try:
        marks = marks_of_xls(path, most) if task["form"] == "xls" else {}
        parts = Parts(path, path.name, limits) if task["parts"] else None
        for grid in grids:
            if parts is not None and grid.name in task["parts"]:
                content = parts.read(task["parts"][grid.name], _MARKED)
                marks[grid.name] = marks_of_xlsb(content, most) if len(content) < _MARKED else Marks()
            yield marks[grid.name].on(grid) if grid.name in marks else grid
    except TooWild as wild:
        raise Unreadable(f"the workbook is not what a spreadsheet program writes: {wild}; save it as .xlsx.") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

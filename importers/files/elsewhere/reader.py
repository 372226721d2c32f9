"""The process that reads what others wrote: it may end, whatever a file makes of it, and ours goes on.

It has limits to its memory and time, none of our environment, and where the system allows it no network.
"""

import contextlib
import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from app.domain.saying.wording import marked
from app.local.walls import shut_in
from importers.files.cells import Unreadable
from importers.files.containers.biff import marks_of_xls, xls_counts_from_1904
from importers.files.containers.contents import counts_from_1904, counts_from_1904_binary
from importers.files.containers.parts import Parts
from importers.files.containers.scan import TooWild
from importers.files.elsewhere.handing import REFUSED, hand_over
from importers.files.grid import Grid
from importers.files.limits import Limits
from importers.files.readers.calamine import read_workbook
from importers.files.readers.hypertext import read_hypertext
from importers.files.readers.sparse import read_sparse
from importers.files.readers.spreadsheetml import read_spreadsheetml
from importers.files.shown.biff_looks import shown_of_xls
from importers.files.shown.looks import with_shown
from importers.files.shown.opendocument_looks import with_shown_of_document
from importers.files.shown.struck_binary import struck_looks_of_xlsb, struck_rows_of_xls, struck_rows_of_xlsb
from importers.files.shown.xlsb_sheets import looks_of_xlsb, noted_of_xlsb

_ = marked
_MOST_STYLES = 1 << 26
"""Bytes of the table of styles of an .xlsb that are read; no workbook that people can open has as many."""


def main(arguments: Sequence[str]) -> int:
    """Read a file into an open one, as a fork of `app.local.fork_server`: ``[DESCRIPTOR, PARENT, TASK]``."""
    descriptor, parent, task = int(arguments[0]), int(arguments[1]), json.loads(arguments[2])
    limits = Limits(**task["limits"])
    os.chdir(Path(task["path"]).parent)  # so that whoever looks at the processes sees whose file is being read
    shut_in(parent, memory_mb=limits.reader_memory_mb, cpu_seconds=limits.reader_cpu_seconds)
    try:
        with os.fdopen(descriptor, "wb") as file:
            hand_over(islice(_dated(_grids(task, limits), task, limits), task["most"]), file)
    except Unreadable as problem:
        json.dump(problem.said.kept(), sys.stdout)
        return REFUSED
    return 0


def _grids(task: dict[str, Any], limits: Limits) -> Iterable[Grid]:
    """Read what is wanted."""
    path, sheets, signs = Path(task["path"]), task["sheets"], frozenset(task["signs"])
    if task["form"] == "html":
        yield from read_hypertext(path, task["encoding"], limits, signs)
    elif task["form"] == "spreadsheetml":
        yield from read_spreadsheetml(path, sheets, limits, signs, hidden=task["hidden"])
    else:
        how = {"tell_texts": task["tell_texts"]}
        if task["sparse"]:
            for sheet in sheets:
                part = task["sparse"].get(sheet)
                yield from (
                    read_sparse(path, sheet, part, limits, signs, **how)
                    if part
                    else with_shown(read_workbook(path, "xlsx", [sheet], **how), path, task["parts"], limits, signs)
                )
        elif task["form"] in ("xls", "xlsb"):
            yield from _marked(read_workbook(path, task["form"], sheets, hidden=task["hidden"], **how), task, limits)
        elif task["form"] == "ods":
            grids = read_workbook(path, "ods", sheets, hidden=task["hidden"], **how)
            yield from with_shown_of_document(grids, Parts(path, path.name, limits), signs)
        else:
            grids = read_workbook(path, task["form"], sheets, hidden=task["hidden"], **how)
            yield from with_shown(grids, path, task["parts"], limits, signs)


def _dated(grids: Iterable[Grid], task: dict[str, Any], limits: Limits) -> Iterator[Grid]:
    """Add to the grids of a workbook what its days count from."""
    path, form = Path(task["path"]), task["form"]
    from_1904 = False
    if form == "xls":
        from_1904 = xls_counts_from_1904(path)
    elif form in ("xlsx", "xlsb"):
        parts = Parts(path, path.name, limits)
        with contextlib.suppress(TooWild):  # whoever reads it says so
            from_1904 = counts_from_1904(parts) if form == "xlsx" else counts_from_1904_binary(parts)
    for grid in grids:
        yield replace(grid, from_1904=from_1904) if from_1904 else grid


def _marked(grids: Iterable[Grid], task: dict[str, Any], limits: Limits) -> Iterator[Grid]:
    """Add to the sheets of a binary workbook what it says of hidden rows, merged cells, and numbers that are codes."""
    path, signs = Path(task["path"]), frozenset(task["signs"])
    try:
        if task["form"] == "xls":
            yield from _of_xls(grids, path, limits, signs)
        else:
            yield from _of_xlsb(grids, Parts(path, path.name, limits), task["parts"], limits, signs)
    except TooWild as wild:
        words = _("the workbook is not what a spreadsheet program writes: %(why)s; save it as .xlsx.")
        raise Unreadable(words, why=wild.said) from None


def _of_xls(grids: Iterable[Grid], path: Path, limits: Limits, signs: Collection[str]) -> Iterator[Grid]:
    marks, shown = marks_of_xls(path, limits.max_merges), shown_of_xls(path, signs)
    struck = struck_rows_of_xls(path)
    for grid in grids:
        marked = marks[grid.name].on(grid) if grid.name in marks else grid
        marked = replace(marked, struck_rows=struck[grid.name]) if struck.get(grid.name) else marked
        yield shown[grid.name].on(marked) if grid.name in shown else marked


def _of_xlsb(
    grids: Iterable[Grid], parts: Parts, sheets: Mapping[str, str], limits: Limits, signs: Collection[str]
) -> Iterator[Grid]:
    part = parts.find("xl/styles.bin")
    styles = parts.read(part, _MOST_STYLES) if part is not None else b""
    looks, struck = looks_of_xlsb(styles, signs), struck_looks_of_xlsb(styles)
    for grid in grids:
        if grid.name in sheets:
            marks, shown = noted_of_xlsb(parts.stream(sheets[grid.name]), looks, limits.max_merges)
            marked = shown.on(marks.on(grid))
            rows = struck_rows_of_xlsb(parts.stream(sheets[grid.name]), struck) if struck else frozenset()
            yield replace(marked, struck_rows=rows) if rows else marked
        else:
            yield grid

"""Printed reports: tables that old systems drew for a printer, in frames, or with columns that stand below each other.

``│FV/1│ 2│``, ``! FV/1 ! 2 !`` and ``FV/1      2`` have no sign between their cells that other texts have. What is read
is a copy, row by row the same, in which their cells are parted.
"""

import csv
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np

SIGN = "\t"
"""What parts the cells of the copy."""
_SAMPLE = 1 << 18
_FORM_FEED = "\f"
_UPRIGHT, _LEVEL = "│┃║┆┇┊┋╎╏▌▐", "─━═┄┅┈┉╌╍▬"
_FRAMES = {
    **dict.fromkeys(map(chr, range(0x2500, 0x2580)), "+"),
    **dict.fromkeys(_LEVEL, "-"),
    **dict.fromkeys(_UPRIGHT, "|"),
}
_FRAMED = str.maketrans(_FRAMES)
_MARKED = str.maketrans({"!": "|"})
_DRAWN = re.compile(r"[-=_*.+~#|!:\s]*")
_RULED = re.compile(r" *(?:[-=_]{2,} +){2,}[-=_]{2,} *")
"""A line that is drawn below the names of columns, as wide as each."""
_GAPS = re.compile(r"\s{2,}")
_LEAST_CELLS = 3
"""Cells of a row at least, of a table that has no sign between them."""
_LEAST_ROWS = 3
_MOSTLY, _OFTEN = 0.8, 0.3
"""Shares of the rows that tell how all are written: rows of other shapes stand among them."""
_OTHERS = 0.02
"""So many of the rows may be others: titles and totals, whose words stand where columns part."""
_WITHIN_NUMBERS = re.compile(r"(?<=\d)[,.](?=\d)")


@contextmanager
def parted(path: Path) -> Iterator[tuple[Path, str | None]]:
    """Give a text in UTF-8 and None, or a copy of a printed report and the sign that parts its cells there."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        sample = file.read(_SAMPLE)
    lines = [line.rstrip() for line in sample.replace(_FORM_FEED, "").splitlines()]
    lines = lines[:-1] if len(sample) == _SAMPLE else lines
    said = [line for line in lines if not _DRAWN.fullmatch(line.translate(_FRAMED))]
    framed = _framed(said)
    cuts = [] if framed else _cuts(lines, said)
    if not framed and not cuts:
        yield path, None
        return
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="", prefix="kontor-text-") as copy,
        path.open(encoding="utf-8-sig", errors="replace", newline="") as file,
    ):
        written = csv.writer(copy, delimiter=SIGN, lineterminator="\n")
        for line in file:
            row = line.replace(_FORM_FEED, "").rstrip("\r\n")
            written.writerow(map(str.strip, row.translate(framed).split("|")) if framed else _cells(row, cuts))
        copy.flush()
        copy.seek(0)
        yield Path(f"/dev/fd/{copy.fileno()}"), SIGN


def _framed(said: Sequence[str]) -> dict[int, str] | None:
    """Give how the frames of most rows are rewritten; None where there are none."""
    upright = sum(sum(one in _UPRIGHT for one in line) >= _LEAST_CELLS - 1 for line in said)
    if upright >= _LEAST_ROWS and upright > _OFTEN * len(said):
        return _FRAMED
    marks = [line.count("!") for line in said if (bare := line.strip()).startswith("!") and bare.endswith("!")]
    usual, times = Counter(marks).most_common(1)[0] if marks else (0, 0)
    return _MARKED if usual > _LEAST_CELLS and times >= max(_LEAST_ROWS, _OFTEN * len(said)) else None


def _cuts(lines: Sequence[str], said: Sequence[str]) -> list[int]:
    """Find where columns begin that stand below each other.

    They begin as what is drawn below each of the names does. Where nothing is, they do behind two blanks that all rows
    of many cells have: one may stand in the same place of all texts by chance, as in ``FV 1/2026``.
    """
    ruled = next((line for line in lines if _RULED.fullmatch(line)), "")
    cuts = [one.start() for one in re.finditer(r"\S+", ruled)][1:]
    if cuts and sum(not _crosses(row, cuts) for row in said) > _MOSTLY * len(said):
        return cuts
    rows = _widest(said)
    if len(rows) < _LEAST_ROWS or any(sign in line for line in rows for sign in "\t;|~^"):
        return []
    if any("," in _WITHIN_NUMBERS.sub("", line) for line in rows) and _parts_alike(rows):
        return []
    width = max(map(len, rows))
    filled = np.zeros(width, dtype=np.int32)
    for row in rows:
        filled[: len(row)] += np.frombuffer(row.encode("utf-32-le"), dtype=np.uint32) != ord(" ")
    blank = filled <= int(_OTHERS * len(rows))
    first = int(np.flatnonzero(~blank)[0])
    cuts = [at for at in range(first + 2, width) if not blank[at] and blank[at - 1] and blank[at - 2]]
    return cuts if len(cuts) >= _LEAST_CELLS - 1 else []


def _widest(said: Sequence[str]) -> list[str]:
    """Give the rows of many cells: as many as a good part of them has, and not of the fewer that stand among them."""
    cells = [len(_GAPS.split(line.strip())) for line in said]
    times = Counter(count for count in cells if count >= _LEAST_CELLS)
    often = [count for count, rows in times.items() if rows >= _OFTEN * times.total()]
    return [line for line, count in zip(said, cells, strict=True) if often and count >= max(often)]


def _parts_alike(rows: Sequence[str]) -> bool:
    """Say whether commas part most rows into as many cells."""
    counts = Counter(row.count(",") for row in rows)
    return counts.most_common(1)[0][1] > _MOSTLY * len(rows)


def _crosses(row: str, cuts: Sequence[int]) -> bool:
    """Say whether a row has words across the beginning of a column."""
    return any(at < len(row) and row[at - 1] != " " for at in cuts)


def _cells(row: str, cuts: Sequence[int]) -> list[str]:
    """Part a row; one that has words across the beginning of a column stays whole."""
    if _crosses(row, cuts):
        return [row.strip()]
    return [row[begin:end].strip() for begin, end in pairwise([0, *cuts, len(row) + 1])]

"""Texts whose rows are one quoted cell each, which holds the row: programs write so that saved a text as a table twice.

``"FV/1;2026-01-05;""Kabel; 3 m"";2"`` is ``FV/1;2026-01-05;"Kabel; 3 m";2``. A row without a quote in it may stand as
it is.
"""

import csv
import mmap
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

_SAMPLE = 1 << 16
_WHOLE = r'^"(?:[^"]|"")*"[;,\t]*\r?$'
_ROW = re.compile(_WHOLE)
_NAME = re.compile(r"(?=.*[^\W\d_]{2})\D+")
_LEAST_CELLS = 3
"""Cells that a row has at least of a table whose rows are quoted; of fewer it is a list, whose texts have commas."""
_MOSTLY = 0.5
_BLOCK = 1 << 24
_PARTS_NOTHING = [chr(one) for one in (*range(1, 9), *range(14, 32), 127)]
"""Signs of which a text may have one by mistake, and no file that passes for text has all."""
_LINE_END = pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string())


@contextmanager
def rows_bare(path: Path, delimiters: str) -> Iterator[Path]:
    """Give a text in UTF-8 as it is, or, where its rows are quoted as a whole, a copy in which they are not."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        sample = file.read(_SAMPLE)
    lines = sample.split("\n")
    if not _are_quoted(lines[:-1] if len(sample) == _SAMPLE else lines, delimiters):
        yield path
        return
    whole = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(column_names=["row"], block_size=_BLOCK),
        parse_options=pa_csv.ParseOptions(delimiter=_not_in(path), quote_char=False, ignore_empty_lines=False),
        convert_options=pa_csv.ConvertOptions(column_types={"row": pa.large_string()}),
    ).column(0)
    with tempfile.TemporaryFile(prefix="kontor-text-") as copy:
        for rows in whole.chunks:
            quoted = pc.match_substring_regex(rows, _WHOLE)
            inner = pc.replace_substring_regex(rows, r'^"|"[;,\t]*\r?$', "")
            bare = pc.if_else(quoted, pc.replace_substring(inner, '""', '"'), rows)
            copy.write(pc.binary_join_element_wise(bare, *_LINE_END).buffers()[2] or b"")
        copy.seek(0)
        yield Path(f"/dev/fd/{copy.fileno()}")


def _not_in(path: Path) -> str:
    """Give a sign that stands nowhere in a text, so that nothing parts its rows."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return next(one for one in _PARTS_NOTHING if content.find(one.encode()) < 0)


def _are_quoted(lines: Sequence[str], delimiters: str) -> bool:
    """Say whether most rows are quoted as a whole, none has a quote otherwise, and one names columns."""
    said = [line for line in lines if line.strip()]
    quoted = [line for line in said if _ROW.match(line)]
    if len(quoted) <= _MOSTLY * len(said) or any('"' in line for line in said if not _ROW.match(line)):
        return False
    rows = [line.rpartition('"')[0][1:].replace('""', '"') if _ROW.match(line) else line for line in said]
    return any(
        any(_names(next(csv.reader([row], delimiter=one), [])) for row in rows)
        and all(row.count(one) >= _LEAST_CELLS - 1 for row, line in zip(rows, said, strict=True) if _ROW.match(line))
        for one in delimiters
    )


def _names(cells: Sequence[str]) -> bool:
    """Say whether a row may be a header: a text in each cell, and no figures."""
    return len(cells) >= _LEAST_CELLS and all(_NAME.fullmatch(cell.strip()) for cell in cells)

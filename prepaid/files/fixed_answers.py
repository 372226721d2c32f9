"""Response files of fixed width become tables: the fields of the records that a template names, as columns.

A line that begins as neither record does is no answer: headers, trailers and counts of other operators' making.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from app.domain.program_file.fixed_answers import AnswerRecord, FixedAnswers
from app.domain.saying.wording import either, marked
from importers.errors import FileRefused
from importers.files.limits import Limits
from importers.layout.tables.table import TextTable, as_frame

_ = marked
_REST = "(rest of the line)"


def read_fixed(path: Path, name: str, said: FixedAnswers, limits: Limits) -> TextTable:
    """Read the answers of a file; rows are its lines, counted from 1.

    Where a file has answers to loads they are read, else what it says of the file as a whole. What a short line does
    not reach is empty: many programs cut the spaces at the end off. What no field holds is a column as well, so that
    whoever looks for numbers of cards sees it.

    Raises:
        FileRefused: It is too large, is not of this encoding, or has no line of either record.
    """
    if path.stat().st_size > limits.max_upload_mb << 20:
        raise FileRefused(_("%(file)s: the file is larger than %(most)s MB."), file=name, most=limits.max_upload_mb)
    try:
        text = path.read_bytes().decode(said.encoding)
    except UnicodeDecodeError as wrong:
        words = _("%(file)s: is not written in %(encoding)s (at byte %(byte)s); change the template.")
        raise FileRefused(words, file=name, encoding=said.encoding, byte=wrong.start) from None
    lines = [(at, line) for at, line in enumerate(text.splitlines(), start=1) if line.strip(" \x1a\ufeff")]
    for record in (said.lines, said.file):
        of_record = [one for one in lines if record is not None and one[1].startswith(record.mark)]
        if record is not None and of_record:
            return _table(record, of_record)
    marks = either(*(repr(one.mark) for one in (said.lines, said.file) if one is not None))
    raise FileRefused(
        _("%(file)s: no line begins with %(marks)s; look at the template of its answers."), file=name, marks=marks
    )


def _table(record: AnswerRecord, lines: list[tuple[int, str]]) -> TextTable:
    columns = {
        one.title: pa.array([line[one.begins - 1 : one.ends].strip() or None for _, line in lines], type=pa.string())
        for one in record.fields
    }
    columns[_REST] = pa.array([_rest(record, line) for _, line in lines], type=pa.string())
    return TextTable(as_frame(pa.table(columns)), np.asarray([at for at, _ in lines], dtype=np.int64))


def _rest(record: AnswerRecord, line: str) -> str | None:
    """Give what no field of a line holds; what stood apart stays apart."""
    kept = list(line)
    for one in record.fields:
        kept[one.begins - 1 : one.ends] = "|" * len(kept[one.begins - 1 : one.ends])
    return "".join(kept).strip(" |") or None

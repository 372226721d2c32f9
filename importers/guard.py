"""The guard: judges a file's bytes before anything reads them as a table."""

import codecs
import mmap
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from importers.errors import FileRefused

MAX_MEMBERS = 2_000
MAX_UNPACKED = 2 << 30
MAX_RATIO = 200

_HEAD = 1 << 16
_CHUNK = 1 << 20
_QUOTED = re.compile(rb'(?<![^,;\t|\r\n])"[^"]*(?:""[^"]*)*(?:"|\Z)')
_LINE_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True)
class Judged:
    """A file that may be read, and as what."""

    path: Path
    form: Literal["csv", "xlsx"]


def judge(path: Path, name: str, max_bytes: int) -> Judged:
    """Tell what a file is by its bytes, not by its name, and refuse what is not safe or not a table.

    Args:
        path: where the bytes lie.
        name: what the person calls the file; for messages.
        max_bytes: the largest file that is taken in.

    Raises:
        FileRefused: with the reason and what to do.
    """
    size = path.stat().st_size
    if size == 0:
        raise FileRefused(f"{name}: the file is empty; export it again.")
    if size > max_bytes:
        raise FileRefused(
            f"{name}: {size / 1_048_576:,.1f} MiB is more than the {max_bytes / 1_048_576:,.0f} MiB that are taken in "
            "(setting KONTOR_MAX_UPLOAD_MB); split the file or raise the limit."
        )
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK\x03\x04"):
        _judge_workbook(path, name)
        return Judged(path, "xlsx")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused(f"{name}: an old .xls or a password-protected workbook; save it as .xlsx without a password.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused(f"{name}: UTF-16 text, expected UTF-8; save it as CSV UTF-8.")
    _judge_text(path, name)
    return Judged(path, "csv")


def _judge_workbook(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as container:
            members = container.infolist()
    except zipfile.BadZipFile as broken:
        raise FileRefused(f"{name}: the workbook's container is broken ({broken}); export it again.") from None
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise FileRefused(f"{name}: a zip archive, but no .xlsx workbook; save the table as .xlsx or CSV.")
    if len(members) > MAX_MEMBERS:
        raise FileRefused(f"{name}: {len(members):,} parts inside, at most {MAX_MEMBERS:,} are taken in.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED:
        raise FileRefused(f"{name}: unpacks to {unpacked >> 20:,} MiB, at most {MAX_UNPACKED >> 20:,} are taken in.")
    for member in members:
        if member.flag_bits & 1:
            raise FileRefused(f"{name}: the workbook is encrypted; save it without a password.")
        if member.file_size > 1 << 20 and member.file_size > MAX_RATIO * max(1, member.compress_size):
            raise FileRefused(
                f"{name}: the part {member.filename} unpacks {MAX_RATIO} times its size; not a real table."
            )


def _judge_text(path: Path, name: str) -> None:
    """Look at every byte: a report that breaks off in the middle should be refused before it begins to count."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        nul = content.find(b"\0")
        if 0 <= nul < _HEAD:
            raise FileRefused(f"{name}: neither a workbook nor text; expected .xlsx or CSV in UTF-8.")
        if nul >= 0:
            raise FileRefused(f"{name}: row {row_at(content, nul)} holds a NUL, which no text does; export it again.")
        if not _is_utf8(content):
            _refuse_encoding(content, name)


def _is_utf8(content: mmap.mmap) -> bool:
    """Check the whole file at once, as one value of a column: ten times as fast as decoding it."""
    whole = [None, pa.py_buffer(np.array([0, len(content)], dtype=np.int64)), pa.py_buffer(content)]
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, whole).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _refuse_encoding(content: mmap.mmap, name: str) -> None:
    """Say where a file stops being UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(0, len(content), _CHUNK):
        chunk = content[at : at + _CHUNK]
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=at + _CHUNK >= len(content))
        except UnicodeDecodeError as wrong:
            place = at - waiting + wrong.start
            raise FileRefused(
                f"{name}: row {row_at(content, place)} is not UTF-8 (byte {content[place]:#04x}); "
                "save the file as CSV UTF-8."
            ) from None


def row_at(content: mmap.mmap, place: int) -> int:
    """Tell in which row a byte stands, as a spreadsheet counts: line breaks within quotes begin no row."""
    before = content[:place].removeprefix(codecs.BOM_UTF8)
    return 1 + len(_LINE_END.findall(_QUOTED.sub(b"", before)))

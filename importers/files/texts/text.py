"""Text: its encoding, and its bytes in UTF-8, for that is what is read as rows."""

import codecs
import mmap
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.files.texts.encodings import Encoding, Pasted, encoding_marked, guessed

_ = marked
_HEAD = 1 << 16
_CHUNK = 1 << 20
_LOOKED_AT = 1 << 22
_PIECES = 16
_QUOTED = re.compile(rb'(?<![^,;\t|\r\n])"[^"]*(?:""[^"]*)*(?:"|\Z)')
_LINE_END = re.compile(rb"\r\n?|\n")
_LINE_ENDS = frozenset("\r\n")
_OTHER_ENDS = "\u2028\u2029\x85\x0b\x1e"
"""Line and paragraph separators, next line, vertical tab, record separator: what some programs write instead."""
_MARKED_ROW = re.compile(r"(?<=[\r\n])\ufeff")
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_UTF8 = ("utf-8", "utf-8-sig", "ascii")
_CONTROLS = tuple(bytes([one]) for one in range(32) if one not in b"\t\n\x0b\x0c\r\x1a\x1b")
_NO_TEXT = _("%(file)s: neither a workbook nor text; save the table as .xlsx or CSV.")
_OURS = re.compile("[\u00c0-\u017f\u0400-\u045f\u2013-\u201e\u2116\u00a0\u00ab\u00bb]")
"""Letters of our languages, and signs beside them."""
_OURS_IN_UTF8 = re.compile(rb"[\xc2-\xc5\xd0\xd1][\x80-\xbf]|\xe2[\x80\x84][\x80-\xbf]")
"""The same as they are written in UTF-8."""
_MOSTLY = 0.8
"""So much of what is not ASCII is UTF-8, and the file is meant to be: the rest is damage."""


def judge_text(path: Path, name: str, languages: Sequence[str]) -> Encoding:
    """Tell the encoding, looking at every byte: a report that breaks off in the middle is refused before it counts.

    Raises:
        FileRefused: It is no text, or one that breaks off.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        wide = encoding_marked(content[:_HEAD])
        if wide is not None and wide != "utf-8-sig":
            for text in _decoded(content, wide, name):
                if "\0" in text:
                    raise FileRefused(_NO_TEXT, file=name)
            return Encoding(wide)
        nul = content.find(b"\0")
        if 0 <= nul < _HEAD and not _is_mostly_text(content[:_HEAD]):
            raise FileRefused(_NO_TEXT, file=name)
        if nul >= 0:
            words = _("%(file)s: row %(row)s holds a NUL, which no text does; export it again.")
            raise FileRefused(words, file=name, row=str(row_at(content, nul)))
        if _is_utf8(content):
            return Encoding(wide or "utf-8")
        if wide is not None or _is_damaged_utf8(content) or _is_utf8_in_part(content):
            _refuse_encoding(content, name)
        spans = list(_lines_in_utf8(content))
        rest: mmap.mmap | bytes = _without(content, spans) if spans else content
        found = guessed(_sampled(rest), languages, _bytes_in(rest))
        return replace(found, pasted=Pasted(len(spans), row_at(content, spans[0][0])) if spans else None)


def _is_mostly_text(head: bytes) -> bool:
    """Tell a text with a stray NUL in it from what is no text at all, which has many, and other control characters."""
    controls = sum(head.count(one) for one in _CONTROLS)
    return controls * 1_000 < len(head) + 1_000


def stated(path: Path, encoding: str, name: str, found: Encoding) -> Encoding:
    """Take the encoding that somebody says a text is in; one that was found and proves itself stands before it.

    Letters that happen to be UTF-8 are none of any language: a source whose files were in another encoding writes in
    this one by now, and each name of it would be another.

    Raises:
        FileRefused: Nobody knows that encoding, or the text is not in it.
    """
    try:
        known = codecs.lookup(encoding).name
    except LookupError:
        words = _("%(file)s: there is no encoding called %(encoding)s; correct the profile.")
        raise FileRefused(words, file=name, encoding=repr(encoding)) from None
    if found.name.startswith("utf"):
        return found
    if known in _UTF8:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if not _is_utf8(content):
                _refuse_encoding(content, name)
    return Encoding(known, pasted=None if known in _UTF8 else found.pasted)


def _other_end(text: str) -> str | None:
    """Give what parts the rows of a text that has no line break but perhaps a last one; None where none does."""
    if not _LINE_ENDS.isdisjoint(text.rstrip("\r\n")):
        return None
    return next((one for one in _OTHER_ENDS if one in text), None)


@contextmanager
def in_utf8(path: Path, written: Encoding, name: str) -> Iterator[Path]:
    """Give the file in UTF-8: itself, or a copy that has no name and goes with whoever reads it.

    Lines that are in UTF-8 where all others are not, as whoever pastes them leaves them, are read as they are. Marks
    at the beginning of a row are left out: where files were put together one stands before the first cell, and a quote
    behind it would be a letter. Rows that end as no other program has it end as all do.

    Raises:
        FileRefused: It is not written in that encoding.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        encoding = written.name
        end = None if written.pasted else _other_end(next(_decoded(content, encoding, name)))
        marked = content.find(codecs.BOM_UTF8, len(codecs.BOM_UTF8)) >= 0
    if encoding in _UTF8 and end is None and not marked:
        yield path
        return
    with tempfile.TemporaryFile(prefix="kontor-text-") as copy:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            before = ""  # a mark may begin a piece whose row begins with it
            pieces = _decoded_apart(content, encoding, name) if written.pasted else _decoded(content, encoding, name)
            for text in pieces:
                rows = text if end is None else text.replace(end, "\n")
                copy.write(_MARKED_ROW.sub("", before + rows)[len(before) :].encode())
                before = (before + rows)[-1:]
        copy.seek(0)
        yield Path(f"/dev/fd/{copy.fileno()}")


def row_at(content: mmap.mmap | bytes, place: int) -> int:
    """Tell in which row a byte stands, as a spreadsheet counts: line breaks within quotes begin no row."""
    before = content[:place].removeprefix(codecs.BOM_UTF8)
    return 1 + len(_LINE_END.findall(_QUOTED.sub(b"", before)))


def _lines_in_utf8(content: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Find the lines of a text in another encoding that are in UTF-8 nonetheless: where they begin and end."""
    at = 0
    while letter := _OURS_IN_UTF8.search(content, at):
        begins = content.rfind(b"\n", 0, letter.start()) + 1
        at = content.find(b"\n", letter.start()) + 1 or len(content)
        if _proves_utf8(content[begins:at]):
            yield begins, at


def _without(content: mmap.mmap, spans: Sequence[tuple[int, int]]) -> bytes:
    begins, ends = zip(*spans, strict=True)
    return b"".join(content[at:until] for at, until in zip((0, *ends), (*begins, len(content)), strict=True))


def _decoded_apart(content: mmap.mmap, encoding: str, name: str) -> Iterator[str]:
    """Decode a text some of whose lines are in UTF-8, each as it is written."""
    at, row = 0, 1
    for begins, ends in [*_lines_in_utf8(content), (len(content), len(content))]:
        for text in (*_decoded(content[at:begins], encoding, name, row), content[begins:ends].decode("utf-8")):
            row += _breaks(text)
            yield text
        at = ends


def _sampled(content: mmap.mmap | bytes) -> bytes:
    """Take the beginning and pieces of all the rest."""
    if len(content) <= _LOOKED_AT:
        return content[:]
    rest = range(_LOOKED_AT // 2, len(content), (len(content) - _LOOKED_AT // 2) // _PIECES)
    return content[: _LOOKED_AT // 2] + b"".join(content[at : at + _LOOKED_AT // 2 // _PIECES] for at in rest)


def _bytes_in(content: mmap.mmap | bytes) -> bytes:
    """Give every byte that occurs: an encoding that lacks one of them is not that of the file."""
    occurs = np.zeros(256, dtype=bool)
    for at in range(0, len(content), _CHUNK):
        occurs |= np.bincount(np.frombuffer(content[at : at + _CHUNK], dtype=np.uint8), minlength=256) > 0
    return bytes(np.flatnonzero(occurs).tolist())


def _is_utf8(content: mmap.mmap) -> bool:
    """Check the whole file at once, as one value of a column: ten times as fast as decoding it."""
    whole = [None, pa.py_buffer(np.array([0, len(content)], dtype=np.int64)), pa.py_buffer(content)]
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, whole).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _is_damaged_utf8(content: mmap.mmap) -> bool:
    """Tell a file in UTF-8 with a few wrong bytes from one that is written in another way."""
    letters, right = 0, 0
    for found in _NOT_ASCII.finditer(content[:_LOOKED_AT]):
        letters += len(found[0])
        right += sum(map(len, _SEQUENCE.findall(found[0])))
    return right > _MOSTLY * letters


def _is_utf8_in_part(content: mmap.mmap) -> bool:
    """Tell a file that was put together of rows in UTF-8 and of fewer in another encoding: no reading is that of both.

    A name that some system keeps in the wrong encoding is in few of its rows.
    """
    rows = [row for row in content[:_LOOKED_AT].splitlines() if not row.isascii()]
    return 2 * sum(map(_proves_utf8, rows)) > len(rows)


def _proves_utf8(row: bytes) -> bool:
    """Say whether a row has several letters in UTF-8, of our languages, and none that is otherwise."""
    try:
        letters = {letter for letter in row.decode("utf-8") if not letter.isascii()}
    except UnicodeDecodeError:
        return False
    return len(letters) > 1 and all(map(_OURS.match, letters))


def _decoded(content: mmap.mmap | bytes, encoding: str, name: str, rows: int = 1) -> Iterator[str]:
    """Decode piece by piece from a row on; where that fails, say in which row."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for at in range(0, len(content), _CHUNK):
        try:
            text = decoder.decode(content[at : at + _CHUNK], final=at + _CHUNK >= len(content))
        except UnicodeDecodeError as wrong:
            before = wrong.object[: wrong.start].decode(encoding, "ignore")
            words = _("%(file)s: row %(row)s is not %(encoding)s, in which the file is written; save it as CSV UTF-8.")
            row = str(rows + _breaks(before))
            raise FileRefused(words, file=name, row=row, encoding=_called(encoding)) from None
        rows += _breaks(text)
        yield text


def _breaks(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _called(encoding: str) -> str:
    return encoding.upper().replace("-SIG", "").replace("CP", "Windows-" if encoding.startswith("cp125") else "CP")


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
            words = _(
                "%(file)s: row %(row)s is not UTF-8 (byte %(byte)s), in which the file is written; export it again as "
                "CSV UTF-8."
            )
            row = str(row_at(content, place))
            raise FileRefused(words, file=name, row=row, byte=f"{content[place]:#04x}") from None

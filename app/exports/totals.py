"""What is settled in a finished workbook: its rows of totals as values, and the moment it says it was made.

The writer can only put formulas there, without results: whoever reads the file without computing sees nothing. So the
formulas of that one row are replaced in the finished file by the values, in bold with each column's number format. The
sheets are copied piece by piece; only their ends are looked at.
"""

import datetime as dt
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PIECE = 1 << 20
_TAIL = 1 << 18  # the last row and what follows the rows fit into this
_STYLES = "xl/styles.xml"
_PROPERTIES = "docProps/core.xml"
_MOMENT = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")
_CELL = re.compile(rb'<c r="([A-Z]+)[0-9]+"(?: s="([0-9]+)")?(?: t="[a-zA-Z]+")?(?:/>|>(.*?)</c>)', re.DOTALL)


class TotalsError(RuntimeError):
    """The writer made the row of totals in another way than this module knows: no file is better than a wrong one."""


@dataclass(frozen=True, slots=True)
class TotalRow:
    """The totals of one sheet by column: exact decimals or nothing, and which columns hold text."""

    totals: tuple[str | None, ...]
    as_text: tuple[bool, ...]


def settle(path: Path, rows: Mapping[int, TotalRow], made_at: dt.datetime | None = None) -> None:
    """Replace the formulas in the last rows of sheets, given by position, by values; and say when the file was made.

    A file that says a given moment is the same, byte for byte, whenever it is made of the same rows.

    Raises:
        TotalsError: The file does not look as expected; it must not be used.
    """
    if not rows and made_at is None:
        return
    wanted = {f"xl/worksheets/sheet{at + 1}.xml": row for at, row in rows.items()}
    part = path.with_name(f"{path.name}.totals")
    try:
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
            styles = _Styles(old.read(_STYLES)) if wanted else None
            for member in old.infolist():
                if styles is not None and member.filename == _STYLES:
                    continue
                with old.open(member) as source, _opened(new, member) as target:
                    tail = _copy_but_tail(source, target)
                    row = wanted.get(member.filename)
                    if row is not None and styles is not None:
                        tail = _settled(tail, row, styles)
                    elif made_at is not None and member.filename == _PROPERTIES:
                        tail = _MOMENT.sub(made_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode(), tail)
                    target.write(tail)
            if styles is not None:
                with new.open(_STYLES, "w") as target:
                    target.write(styles.content())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _opened(new: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    return new.open(member.filename, "w", force_zip64=member.file_size > 1 << 30)


def _copy_but_tail(source: IO[bytes], target: IO[bytes]) -> bytes:
    held = b""
    while piece := source.read(_PIECE):
        held += piece
        target.write(held[:-_TAIL])
        held = held[-_TAIL:]
    return held


def _settled(tail: bytes, row: TotalRow, styles: "_Styles") -> bytes:
    start, end = tail.rfind(b"<row "), tail.rfind(b"</sheetData>")
    if not 0 <= start < end:
        raise TotalsError("no last row found")
    formulas = tail.count(b"<f>", start, end)
    if formulas != sum(total is not None for total in row.totals) or b"<f>" in tail[:start]:
        raise TotalsError(f"{formulas} formulas found")
    number = re.match(rb'<row r="([0-9]+)"', tail[start:end])
    if number is None:
        raise TotalsError("the last row has no number")
    found = {_position(match[1]): match for match in _CELL.finditer(tail, start, end)}
    label = found[0][3] if row.totals[0] is None and 0 in found else None
    cells = []
    for at, total in enumerate(row.totals):
        head = b'<c r="%s%s" s="%d"' % (
            _letters(at),
            number[1],
            styles.bold(int(found[at][2] or 0) if at in found else 0),
        )
        if total is not None and row.as_text[at]:
            cells.append(b'%s t="inlineStr"><is><t>%s</t></is></c>' % (head, total.encode()))
        elif total is not None:
            cells.append(b"%s><v>%s</v></c>" % (head, total.encode()))
        elif at == 0 and label is not None:
            cells.append(b'%s t="inlineStr">%s</c>' % (head, label))
        else:
            cells.append(b"%s/>" % head)
    return tail[:start] + b'<row r="%s">%s</row>' % (number[1], b"".join(cells)) + tail[end:]


def _position(letters: bytes) -> int:
    at = 0
    for letter in letters:
        at = at * 26 + letter - 64
    return at - 1


def _letters(at: int) -> bytes:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters.encode()


class _Styles:
    """The style sheet of a workbook, to which bold twins of its cell styles can be added."""

    def __init__(self, content: bytes) -> None:
        found = re.search(rb'<cellXfs count="[0-9]+">(.*?)</cellXfs>', content, re.DOTALL)
        fonts = re.search(rb'<fonts count="[0-9]+">(.*?)</fonts>', content, re.DOTALL)
        if found is None or fonts is None:
            raise TotalsError("no cell styles found")
        self._before, self._after = content[: found.start()], content[found.end() :]
        self._styles = re.findall(rb"<xf [^>]*?/>|<xf .*?</xf>", found[1], re.DOTALL)
        bold = [at for at, font in enumerate(re.findall(rb"<font>.*?</font>", fonts[1], re.DOTALL)) if b"<b/>" in font]
        if not bold:
            raise TotalsError("no bold font found")
        self._font = bold[0]
        self._twins: dict[int, int] = {}

    def bold(self, style: int) -> int:
        """Give the number of the bold twin of a style."""
        if style not in self._twins:
            twin = re.sub(rb'fontId="[0-9]+"', b'fontId="%d"' % self._font, self._styles[style])
            if b"applyFont" not in twin:
                twin = twin.replace(b"<xf ", b'<xf applyFont="1" ', 1)
            self._twins[style] = len(self._styles)
            self._styles.append(twin)
        return self._twins[style]

    def content(self) -> bytes:
        """Give the style sheet with the twins."""
        return b'%s<cellXfs count="%d">%s</cellXfs>%s' % (
            self._before,
            len(self._styles),
            b"".join(self._styles),
            self._after,
        )

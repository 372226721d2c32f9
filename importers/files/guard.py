"""The guard: judges a file's bytes before anything reads them as a table."""

import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.domain.saying.wording import Said, marked
from importers.errors import FileRefused
from importers.files.containers.parts import Parts
from importers.files.containers.workbooks import ScannedSheet, judge_workbook
from importers.files.limits import Limits
from importers.files.texts.encodings import Encoding, encoding_marked
from importers.files.texts.text import judge_text

Form = Literal["text", "html", "spreadsheetml", "xlsx", "xlsb", "xls", "ods"]

_ = marked
_HEAD = 1 << 16
_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_NOT_TABLES = (
    (b"%PDF-", _("a PDF")),
    (b"\x89PNG", _("a picture")),
    (b"\xff\xd8\xff", _("a picture")),
    (b"GIF8", _("a picture")),
    (b"II*\0", _("a picture")),
    (b"MM\0*", _("a picture")),
    (b"\x1f\x8b", _("a gzip archive, or Gnumeric's")),
    (b"BZh", _("a bzip2 archive")),
    (b"\xfd7zXZ", _("an xz archive")),
    (b"7z\xbc\xaf\x27\x1c", _("a 7-Zip archive")),
    (b"Rar!", _("a RAR archive")),
    (b"PK\x05\x06", _("an empty zip archive")),
    (b"{\\rtf", _("a text document (RTF)")),
    (b"ID;P", _("a SYLK file")),
    (b"SQLite format 3", _("a database")),
    (b"PAR1", _("a Parquet file")),
    (b"MIME-Version:", _("a web archive or a mail")),
    (b"From: ", _("a mail")),
)
_TAG = re.compile(
    r"\s*(?:<!--.*?-->\s*|<\?.*?\?>\s*|<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>\s*)*<([a-z][\w:.-]*)", re.DOTALL | re.I
)
_HTML = re.compile(r"\s*<!doctype\s+html", re.IGNORECASE)
_HTML_TAGS = frozenset(
    (
        "html",
        "head",
        "body",
        "meta",
        "title",
        "style",
        "table",
        "div",
        "font",
        "center",
        "p",
        "br",
        "span",
        "h1",
        "h2",
        "h3",
    )
)
_JSON = re.compile(r"""\s*(?:\[\s*)?\{\s*"[^"\n]*"\s*:""")
_SAID = re.compile(r"""<meta[^>]+?charset\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE)
_SPREADSHEETML = "urn:schemas-microsoft-com:office:spreadsheet"


@dataclass(frozen=True)
class Judged:
    """A file that may be read, and as what.

    Attributes:
        path: where the bytes lie.
        form: what they are.
        limits: what reading them may take.
        encoding: of text and of a page: in which it is written.
        sheets: of a workbook in a container, what the scan saw of its sheets.
        scanned: whether it was looked through; what was not is not read.
    """

    path: Path
    form: Form
    limits: Limits
    encoding: Encoding | None = None
    sheets: tuple[ScannedSheet, ...] = ()
    scanned: bool = True


def judge(path: Path, name: str, limits: Limits, languages: Sequence[str] = (), *, scan: bool = True) -> Judged:
    """Tell what a file is by its bytes, not by its name, and refuse what is not safe or not a table.

    Args:
        path: where the bytes lie.
        name: what the person calls the file; for messages.
        limits: how large it may be, and all that is in it.
        languages: what its texts may be written in, where that is known: "pl", or a locale.
        scan: whether the parts of a workbook are unpacked and looked through, as they must be before it is read.

    Raises:
        FileRefused: with the reason and what to do.
    """
    size = path.stat().st_size
    if size == 0:
        raise FileRefused(_("%(file)s: the file is empty; export it again."), file=name)
    if size > limits.max_upload_mb << 20:
        words = _(
            "%(file)s: %(size)s MiB is more than the %(most)s MiB that are taken in (setting KONTOR_MAX_UPLOAD_MB); "
            "split the file or raise the limit."
        )
        raise FileRefused(words, file=name, size=f"{size / 1_048_576:,.1f}", most=limits.max_upload_mb)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_ZIP):
        form, sheets = judge_workbook(Parts(path, name, limits), name, limits, scan=scan)
        return Judged(path, form, limits, sheets=sheets, scanned=scan)
    if head.startswith(_COMPOUND):
        return _judge_compound(path, name, limits)
    if head.startswith(_OLD_EXCEL):
        raise FileRefused(_("%(file)s: a workbook of Excel 4 or older; open it and save it as .xlsx."), file=name)
    for magic, what in _NOT_TABLES:
        if head.startswith(magic):
            words = _("%(file)s: %(what)s, expected a workbook or a text table; save the table as .xlsx or CSV.")
            raise FileRefused(words, file=name, what=Said(what))
    return _judge_marked_up(path, head, name, limits) or Judged(
        path, "text", limits, encoding=judge_text(path, name, [language[:2] for language in languages])
    )


def _judge_compound(path: Path, name: str, limits: Limits) -> Judged:
    """Tell what lies in the container that old Office files have: its directory names what it holds."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        inside = {one for one in _STREAMS if content.find(one.encode("utf-16-le") + b"\0\0") >= 0}
    if "EncryptedPackage" in inside:
        raise FileRefused(_("%(file)s: the workbook is protected by a password; save it without one."), file=name)
    if inside & {"Workbook", "Book"}:
        return Judged(path, "xls", limits)
    found = next(
        (_STREAMS[one] for one in _STREAMS if one in inside and _STREAMS[one]), _("a container without a workbook")
    )
    words = _("%(file)s: %(what)s, expected a workbook; save the table as .xlsx or CSV.")
    raise FileRefused(words, file=name, what=Said(found))


_STREAMS = {
    "EncryptedPackage": "",
    "Workbook": "",
    "Book": "",
    "WordDocument": _("a Word document"),
    "PowerPoint Document": _("a presentation"),
    "__substg1.0_1000001F": _("a mail"),
}


def _judge_marked_up(path: Path, head: bytes, name: str, limits: Limits) -> Judged | None:
    """Tell a page and a workbook in XML from a text, by the first tag."""
    wide = encoding_marked(head)
    text = head.decode(wide or "latin-1", "replace").lstrip("\ufeff")
    if _JSON.match(text):
        words = _("%(file)s: %(what)s, expected a workbook or a text table; save the table as .xlsx or CSV.")
        raise FileRefused(words, file=name, what="JSON")
    tag = _TAG.match(text)
    if tag is None:
        return None
    root = tag[1].lower()
    if _HTML.match(text) or root in _HTML_TAGS:
        said = _SAID.search(text)
        return Judged(path, "html", limits, encoding=_of_page(path, wide, said[1] if said else None, name))
    if not text.lstrip().startswith("<?xml") and ":" not in root and _SPREADSHEETML not in text:
        return None
    if _SPREADSHEETML in text and root.rpartition(":")[2] == "workbook":
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            words = _("%(file)s: its XML declares a document type, as no workbook does; save it as .xlsx.")
            raise FileRefused(words, file=name)
        return Judged(path, "spreadsheetml", limits)
    words = _("%(file)s: XML whose first element is %(element)s, and no workbook; save the table as .xlsx or CSV.")
    raise FileRefused(words, file=name, element=repr(tag[1]))


def _of_page(path: Path, wide: str | None, said: str | None, name: str) -> Encoding:
    """Tell the encoding of a page: its mark, what it says of itself where Python knows that, or what its text shows."""
    if wide is not None:
        return Encoding(wide)
    if said is not None:
        try:
            "".encode(said)
        except LookupError:
            pass
        else:
            return Encoding("cp1252" if said.lower() in ("iso-8859-1", "latin1", "latin-1") else said)
    return judge_text(path, name, ())

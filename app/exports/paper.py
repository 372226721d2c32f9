"""Documents for people, as PDF: a title, facts, tables and notes on A4. The same content gives the same bytes."""

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pymupdf_fonts
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from app.exports.files import Written
from app.files import replacing

_FONTS = {"Kontor": "figo", "Kontor-Bold": "figbo"}
"""FiraGO, as on pages: it has the letters of every language that Kontor speaks."""
_INK, _QUIET, _LINE, _SHADE = (HexColor(one) for one in ("#1c2733", "#5a6878", "#c9d1da", "#f1f4f7"))
_MARGIN = 18 * mm
_GAP = 4 * mm
_PADDING = 6
"""What the library leaves free within the margins."""


@dataclass(frozen=True)
class Grid:
    """A table of texts that were written already; ``right`` are the columns that stand to the right, as figures do.

    Attributes:
        widths: shares of the width, one for each column.
        total: a last row, in bold.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]
    right: frozenset[int] = frozenset()
    total: Sequence[str] | None = None


@dataclass(frozen=True)
class Section:
    """A part of a paper: its heading, what is said, facts by their names, and a table."""

    heading: str
    texts: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    grid: Grid | None = None


@dataclass(frozen=True)
class Paper:
    """A whole document. ``page`` says which page it is, such as ``Page {page} of {pages}``."""

    title: str
    subtitle: str
    sections: Sequence[Section]
    foot: str
    page: str = "{page} / {pages}"
    wide: bool = False


def drawn(paper: Paper) -> bytes:
    """Draw a paper, and give its bytes."""
    _register()
    written = io.BytesIO()
    size = landscape(A4) if paper.wide else A4
    document = SimpleDocTemplate(
        written,
        pagesize=size,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 6 * mm,
        title=paper.title,
        author="",
        creator="Kontor",
        invariant=1,
    )
    document.build(_flow(paper, document.width - 2 * _PADDING), canvasmaker=functools.partial(_Numbered, paper))
    return written.getvalue()


def write_paper(path: Path, paper: Paper) -> Written:
    """Draw a paper into a file, which is in its place at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = sum(len(one.grid.rows) for one in paper.sections if one.grid is not None)
    with replacing(path) as part:
        part.write_bytes(drawn(paper))
        return Written.measured(part, path, rows=rows)


@functools.cache
def _register() -> None:
    for name, package in _FONTS.items():
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(pymupdf_fonts.fontbuffers[package]())))


def _style(size: int, *, bold: bool = False, right: bool = False, quiet: bool = False, after: float = 0) -> Any:
    return ParagraphStyle(
        "",
        fontName="Kontor-Bold" if bold else "Kontor",
        fontSize=size,
        leading=size * 1.35,
        textColor=_QUIET if quiet else _INK,
        alignment=TA_RIGHT if right else 0,
        spaceAfter=after,
    )


def _said(text: str, style: Any) -> Paragraph:
    """Write a text as it is: what looks like markup is none."""
    return Paragraph(escape(text).replace("\n", "<br/>"), style)


def _flow(paper: Paper, width: float) -> list[Flowable]:
    flow: list[Flowable] = [
        _said(paper.title, _style(17, bold=True, after=2 * mm)),
        _said(paper.subtitle, _style(10, quiet=True, after=_GAP)),
    ]
    for section in paper.sections:
        if section.heading:
            flow.append(_said(section.heading, _style(12, bold=True, after=2 * mm)))
        if section.facts:
            flow += [_facts(section.facts, width), Spacer(1, _GAP)]
        flow += [_said(text, _style(9, after=2 * mm)) for text in section.texts]
        if section.grid is not None:
            flow.append(_table(section.grid, width))
        flow.append(Spacer(1, _GAP))
    return flow


def _facts(facts: Sequence[tuple[str, str]], width: float) -> LongTable:
    rows = [[_said(name, _style(9, quiet=True)), _said(value, _style(9))] for name, value in facts]
    table = LongTable(rows, colWidths=[width * 0.34, width * 0.66])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_close(1)]))
    return table


def _table(grid: Grid, width: float) -> LongTable:
    columns = range(len(grid.heads))
    plain, bold = ([_style(8, bold=heavy, right=at in grid.right) for at in columns] for heavy in (False, True))
    rows = [[_said(text, bold[at]) for at, text in enumerate(grid.heads)]]
    rows += [[_said(text, plain[at]) for at, text in enumerate(row)] for row in grid.rows]
    look: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        *_close(2),
    ]
    if grid.total is not None:
        rows.append([_said(text, bold[at]) for at, text in enumerate(grid.total)])
        look.append(("LINEABOVE", (0, -1), (-1, -1), 0.9, _INK))
    whole = sum(grid.widths)
    table = LongTable(rows, colWidths=[width * one / whole for one in grid.widths], repeatRows=1)
    table.setStyle(TableStyle(look))
    return table


def _close(points: int) -> list[Any]:
    return [(f"{side}PADDING", (0, 0), (-1, -1), points) for side in ("TOP", "BOTTOM")] + [
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]


class _Numbered(Canvas):  # type: ignore[misc]  # the library carries no types
    """Writes at the foot of every page which of how many it is: that is known when all are drawn."""

    def __init__(self, paper: Paper, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._paper, self._drawn = paper, list[dict[str, Any]]()

    def showPage(self) -> None:
        self._drawn.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._drawn, start=1):
            self.__dict__.update(page)
            self.setFont("Kontor", 7)
            self.setFillColor(_QUIET)
            self.drawString(_MARGIN, _MARGIN, self._paper.foot[:150])
            where = self._paper.page.format(page=number, pages=len(self._drawn))
            self.drawRightString(self._pagesize[0] - _MARGIN, _MARGIN, where)
            super().showPage()
        super().save()

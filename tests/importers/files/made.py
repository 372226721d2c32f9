"""Files of our own making for the tests of reading, and what the tests share."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.config import Settings
from importers.errors import FileRefused
from importers.files.grid import Grid
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.files.opening import grids

LIMITS = Limits.of(Settings())

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(path: Path, sheets: Mapping[str, str] | str, **parts: bytes) -> Path:
    """Write an .xlsx by hand, of the rows of its sheets and whatever other parts: what no writer would write."""
    named = {"Sales": sheets} if isinstance(sheets, str) else sheets
    listed = "".join(f'<sheet name="{name}" sheetId="{at}" r:id="r{at}"/>' for at, name in enumerate(named, 1))
    ways = "".join(
        f'<Relationship Id="r{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(named) + 1)
    )
    content = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        '"application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Target="xl/workbook.xml" Type="{_OFFICE}/officeDocument"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{ways}</Relationships>',
    }
    for at, rows in enumerate(named.values(), 1):
        whole = (
            rows if "<worksheet" in rows else f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        )
        content[f"xl/worksheets/sheet{at}.xml"] = whole
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, text in {**content, **parts}.items():
            container.writestr(name, text)
    return path


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def read(path: Path, limits: Limits = LIMITS, **how: object) -> list[Grid]:
    return list(grids(judge(path, "Report", limits), "Report", **how))  # type: ignore[arg-type]


def cells(grid: Grid) -> list[list[str | None]]:
    columns = [column.to_pylist() for column in grid.cells.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def refusal(path: Path, limits: Limits = LIMITS) -> str:
    """Read a file that nobody reads, and give what is said of it."""
    with pytest.raises(FileRefused) as refused:
        read(path, limits)
    message = str(refused.value)
    assert message.startswith("Report: "), "the name a person knows, never a path of ours"
    assert path.parent.name not in message
    return message

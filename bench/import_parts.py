"""Parts of the import benchmark beside its times: workers, growth, a page meanwhile, and rarer forms of files."""

import csv
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from bench import installation, peer
from bench.data import BenchFiles
from bench.serving import served
from bench.watching import cpu_seconds
from bench.web import Visit, visitor
from bench.writing import NUMERIC

MORE_WORKERS = 4
GROWN = 10
"""How much larger the large file is than the small one."""
MOST_RARER = 50_000
"""Lines of the rarer forms: a sheet of Excel 97 has 65,536 rows."""
PAGES = ("documents.index", "distributors.index", "imports.index", "reports.show", "ledger.index")
_PAUSE = 0.05


@dataclass(frozen=True)
class Spent:
    """Seconds until an import had ended, and the processor time of workers and servers."""

    seconds: float
    cpu_seconds: float


def measure(folder: Path, files: BenchFiles, parts: Sequence[str]) -> dict[str, Any]:
    """Measure some of these parts."""
    return {part: _MEASURED[part](folder, files) for part in parts}


def imported(
    files: BenchFiles, workers: int = installation.WORKERS, *, form: str = "csv", dry_run: bool = False
) -> Spent:
    """Import sales, or try them, in an installation of its own; nothing is proved."""
    with installation.fresh(files) as run, installation.workers(run, workers) as started:
        roots = [*started, *installation.servers(run)]
        spent, began = cpu_seconds(roots), time.perf_counter()
        installation.wait_for(run, installation.put_up(run, "sales", files.folder / f"sales.{form}", dry_run=dry_run))
        return Spent(time.perf_counter() - began, cpu_seconds(roots) - spent)


def _workers(_folder: Path, files: BenchFiles) -> dict[str, Any]:
    """Import with as many workers as usual, and with more; each in an installation of its own."""
    few, many = imported(files), imported(files, MORE_WORKERS)
    return {
        f"seconds_with_{installation.WORKERS}": round(few.seconds, 2),
        f"seconds_with_{MORE_WORKERS}": round(many.seconds, 2),
        "ratio": round(many.seconds / few.seconds, 2),
        "ratio_of_cpu": round(many.cpu_seconds / few.cpu_seconds, 2),
    }


def _growth(folder: Path, files: BenchFiles) -> dict[str, Any]:
    """Import a tenth of the lines as well, of a programme of the same size, and compare what a line costs."""
    part = _tenth(folder / "tenth", files)
    large, small = imported(files), imported(part)
    times = files.lines / part.lines
    return {
        "lines": part.lines,
        "seconds": round(small.seconds, 2),
        "cost_of_a_line": round(large.seconds / small.seconds / times, 2),
        "cost_of_a_line_in_cpu": round(large.cpu_seconds / small.cpu_seconds / times, 2),
    }


def _tenth(folder: Path, files: BenchFiles) -> BenchFiles:
    """Write the first tenth of the lines, beside the same distributors, products and rules."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("programme.yaml", "distributors.csv", "products.csv"):
        (folder / name).write_bytes((files.folder / name).read_bytes())
    lines = files.lines // GROWN
    with (files.folder / "sales.csv").open("rb") as whole, (folder / "sales.csv").open("wb") as part:
        part.writelines(line for _, line in zip(range(lines + 1), whole, strict=False))
    return replace(files, folder=folder, lines=lines)


def _pages(_folder: Path, files: BenchFiles) -> dict[str, Any]:
    """Ask for pages of the application in turn, one after the other, while an import counts."""
    took: list[tuple[float, str]] = []
    with installation.fresh(files) as run, installation.workers(run), served(run, "web") as port:
        batch_id = installation.put_up(run, "sales", files.folder / "sales.csv")
        while not (progress := installation.progress_of(run, batch_id)).counts["documents"] and not progress.ended:
            time.sleep(0.1)  # pages of an installation without a document show nothing
        visit = Visit.of(run)
        names = visit.pages(PAGES)
        pages = [(visit.cookie_of(name), visit.addresses[name]) for name in names]
        with visitor(port, pages) as once:
            for _ in pages:
                once()  # each is opened for the first time
            while not installation.progress_of(run, batch_id).ended or len(took) < len(pages):
                for name in names:
                    began = time.perf_counter()
                    once()
                    took.append(((time.perf_counter() - began) * 1e3, name))
                    time.sleep(_PAUSE)
    took.sort()
    return {
        "asked": len(took),
        "p50_ms": round(took[len(took) // 2][0], 1),
        "p95_ms": round(took[len(took) * 95 // 100][0], 1),
        "target_p95_ms": 150,
        "slowest": ", ".join(f"{name} {ms:.0f} ms" for ms, name in reversed(took[-5:])),
    }


_MEASURED: Mapping[str, Callable[[Path, BenchFiles], dict[str, Any]]] = {
    "workers": _workers,
    "growth": _growth,
    "pages": _pages,
}
PARTS = tuple(_MEASURED)


def rarer_files(folder: Path, lines: int) -> dict[str, BenchFiles]:
    """Make the same sales in rarer forms, no more than fit into all: by form what an import makes of them."""
    files = installation.made_files(folder / "rarer", min(lines, MOST_RARER), ["xlsb"])
    sales = files.folder / "sales.csv"
    if not (files.folder / "sales.ods").exists():
        _write_ods(files.folder / "sales.ods", _rows(sales))
    if not (files.folder / "sales.xls").exists():
        peer.run(folder, "write_xls", str(sales), str(files.folder / "sales.xls"), ",".join(NUMERIC[1:]))
    return {"xlsb": files, "ods": files, "xls": files}


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


_ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    '<office:body><office:spreadsheet><table:table table:name="Sales">'
)
_ODS_END = "</table:table></office:spreadsheet></office:body></office:document-content>"
_MIME = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_MIME}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def _write_ods(path: Path, rows: Iterator[list[str]]) -> None:
    header = next(rows)
    numbers = {header.index(name) for name in NUMERIC[1:]}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", _MIME, zipfile.ZIP_STORED)
        package.writestr("META-INF/manifest.xml", _MANIFEST)
        with package.open("content.xml", "w") as content:
            content.write(_ODS.encode())
            content.write(_ods_row(header, set()).encode())
            for row in rows:
                content.write(_ods_row(row, numbers).encode())
            content.write(_ODS_END.encode())


def _ods_row(cells: Sequence[str], numbers: set[int]) -> str:
    return (
        "<table:table-row>"
        + "".join(_ods_cell(cell, number=at in numbers) for at, cell in enumerate(cells))
        + "</table:table-row>"
    )


def _ods_cell(cell: str, *, number: bool) -> str:
    typed = f'office:value-type="float" office:value="{cell}"' if number and peer.is_number(cell) else None
    return f"<table:table-cell {typed or OF_TEXT}><text:p>{escape(cell)}</text:p></table:table-cell>"


OF_TEXT = 'office:value-type="string"'

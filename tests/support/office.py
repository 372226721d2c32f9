"""LibreOffice, where it is installed: what it shows of a workbook."""

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

_AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
"""With commas, in UTF-8, and each cell as it is seen: a number in its format."""


def shown(workbook: Path, folder: Path) -> list[list[str]]:
    """Open a workbook, and give the rows of its first sheet as they are seen. Skipped where there is no LibreOffice."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("NOT RUN: no LibreOffice on this machine (Debian: apt-get install libreoffice-calc-nogui)")
    own = f"-env:UserInstallation=file://{folder}/office"
    words = [office, "--headless", own, "--convert-to", _AS_SHOWN, "--outdir", str(folder), str(workbook)]
    subprocess.run(words, check=True, timeout=120, capture_output=True)
    with (folder / f"{workbook.stem}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))

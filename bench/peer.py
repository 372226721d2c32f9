"""A peer beside the import: django-import-export takes 5,000 of the same rows in, in bulk and with validation.

It lives in an environment of its own, which is made here from PyPI and is no part of the product. The script that runs
there is `peer_script.py`.
"""

import json
import re
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROWS = 5_000
PACKAGES = ("django-import-export>=4.3,<5", "xlwt>=1.3,<2")
_SCRIPT = Path(__file__).with_name("peer_script.py")
_MOST_SECONDS = 600


def is_number(text: str) -> bool:
    """Say whether a spreadsheet would keep this as a number."""
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def run(folder: Path, *words: str) -> str:
    """Run the script in its environment, and give what it says."""
    python = _environment(folder / "peer")
    done = subprocess.run([python, _SCRIPT, *words], capture_output=True, text=True, check=False, timeout=_MOST_SECONDS)
    if done.returncode:
        raise SystemExit(f"the peer fails: {done.stderr[-2_000:]}")
    return done.stdout


def _environment(folder: Path) -> Path:
    python, whole = folder / "bin" / "python", folder / "made"
    if not whole.exists():
        print("making the environment of the peer ...", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(pip, check=True, timeout=_MOST_SECONDS, stdout=subprocess.DEVNULL)
        whole.touch()
    return python


def measure(folder: Path, sales: Path, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Measure the peer, and compare its rows a second with those of the import from csv, if it was measured."""
    found: dict[str, Any] = json.loads(run(folder, "import", str(sales), str(ROWS)))
    ours = next((one["rows_per_second"] for one in runs if one["form"] == "csv"), None)
    return {**found, "times_as_fast": round(ours / found["rows_per_second"], 1) if ours else None, "target": 100}

"""Where the real data and the programme files lie: no path is written down here, it is given or from the environment.

KONTOR_TEST_DATA is the folder of the data. KONTOR_TEST_PROGRAMMES is the folder of the programme files; without it,
the folder `programmes` beside the data.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml


def data_folder(given: str | Path | None = None) -> Path | None:
    """Give the folder of the data: the argument, else KONTOR_TEST_DATA; None where there is no such folder."""
    place = given if given is not None else os.environ.get("KONTOR_TEST_DATA")
    if not place:
        return None
    folder = Path(place)
    return folder if folder.is_dir() else None


def programme_path(name: str, folder: Path) -> Path:
    """Tell where a programme file such as "wheel-club" lies, if it is there."""
    place = os.environ.get("KONTOR_TEST_PROGRAMMES")
    return (Path(place) if place else folder.parent / "programmes") / f"{name}.yaml"


def programme_dict(name: str, folder: Path) -> dict[str, Any] | None:
    """Read a programme file such as "wheel-club"; None where it is not there."""
    path = programme_path(name, folder)
    if not path.is_file():
        return None
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read

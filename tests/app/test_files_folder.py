"""The folder of files that came in and went out is its owner's alone."""

import stat
from pathlib import Path

from flask import Flask


def test_nobody_else_can_look_into_the_folder_of_files(app: Flask, environment: Path) -> None:
    files = app.extensions["kontor"]["settings"].files
    assert files == environment / "files"
    assert stat.S_IMODE(files.stat().st_mode) == 0o700

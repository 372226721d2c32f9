"""What a command says whose work is no longer followed: it is true of who does the work."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask

from app.cli.running.helping import hands, no_longer_followed
from app.cli.running.runtime import Runtime, WorkersPresent
from app.config import Settings
from app.local.servers import Addresses


def test_ctrl_c_says_that_workers_go_on_where_there_are_some(tmp_path: Path) -> None:
    run = cast(Runtime, SimpleNamespace(settings=SimpleNamespace(home=tmp_path)))
    asked: Any = (run, "Import 7", "kontor imports resume 7")
    assert no_longer_followed(*asked) == "Stopped. Import 7 goes on with `kontor imports resume 7`."
    workers = WorkersPresent(tmp_path)
    workers.join()
    try:
        assert no_longer_followed(*asked) == (
            "No longer followed. Import 7 goes on, workers are at it; `kontor imports resume 7` follows it again."
        )
    finally:
        os.close(cast(int, workers._held))


def test_a_command_does_not_wait_for_a_helper_that_cannot_help(
    app: Flask, addresses: Addresses, tmp_path: Path
) -> None:
    """Something lies where the lock files of processors are to be: without an end, it would be waited for for ever."""
    (tmp_path / "processors").write_text("no folder")
    with hands(Runtime(Settings(home=tmp_path), addresses, app)) as working:
        working.see_to_it()
        assert working._helper is not None
        working._helper.join(60)
        with pytest.raises(FileExistsError):
            working.see_to_it()

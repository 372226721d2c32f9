"""What a command says whose work is no longer followed: it is true of who does the work."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from app.cli.running.helping import no_longer_followed
from app.cli.running.runtime import Runtime, WorkersPresent


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

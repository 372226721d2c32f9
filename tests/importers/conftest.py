"""One desk a test: an installation's servers, and a programme of its own; and reports that distributors sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import importers.jobs
from app.db.transaction import Sessions
from tests.conftest import Clock
from tests.importers.driver import Desk


@pytest.fixture
def desk(app: Flask, registry: Sessions, clock: Clock, tmp_path: Path, code: str) -> Desk:
    """A programme without anybody in it: 1 point for each full 10 of a document."""
    return Desk(app, registry, clock, tmp_path, code).load()


@pytest.fixture
def reports(test_data: Path) -> Path:
    folder = test_data / "derived_reports"
    if not folder.is_dir():
        pytest.skip(f"NOT RUN: there are no derived reports in {test_data}")
    return folder


@pytest.fixture
def cut(desk: Desk) -> Iterator[Any]:
    """Cut imports into shards of so many lines."""
    chosen = desk.app.extensions["kontor"]["settings"]
    addresses = desk.app.extensions["kontor"]["addresses"]

    def into(lines: int) -> None:
        settings = chosen.model_copy(update={"shard_lines": lines})
        importers.jobs.register(settings, addresses.redis_url, desk.clock)

    yield into
    importers.jobs.register(chosen, addresses.redis_url, desk.clock)

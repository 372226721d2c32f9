"""One desk a test: an installation's servers, and a programme of its own."""

from pathlib import Path

import pytest
from flask import Flask

from app.db.transaction import Sessions
from tests.conftest import Clock
from tests.importers.driver import Desk


@pytest.fixture
def desk(app: Flask, registry: Sessions, clock: Clock, tmp_path: Path, code: str) -> Desk:
    """A programme without anybody in it: 1 point for each full 10 of a document."""
    return Desk(app, registry, clock, tmp_path, code).load()

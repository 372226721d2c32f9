"""Files on their way in: what lies there is a draft's, whoever failed in between."""

import os
from pathlib import Path

import pytest

from app.config import Settings
from app.db.transaction import transaction
from app.models.programs import Program
from importers import drafts
from tests.importers.driver import Desk


def take(desk: Desk, settings: Settings, path: Path) -> int:
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        by = {"file_name": path.name, "kind": None, "profile_name": None, "actor": "ann", "now": desk.clock()}
        return drafts.take(session, settings, program, path, **by).id


def test_the_file_of_a_draft_that_came_to_nothing_is_let_go_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Settings = desk.app.extensions["kontor"]["settings"]
    path = desk.csv(("1", "2026-03-01", "D1", "P1", 1, "1.00"))
    kept = take(desk, settings, path)
    there = set((settings.files / "drafts").iterdir())
    with monkeypatch.context() as patched:
        patched.setattr(drafts, "_ask_to_look", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            take(desk, settings, path)
    (lost,) = set((settings.files / "drafts").iterdir()) - there
    fresh = take(desk, settings, path)
    assert lost.exists(), "somebody may be taking it in this very moment"
    for one in (lost, drafts.file_of(settings.files, kept).parent):
        os.utime(one, (0, 0))
    take(desk, settings, path)
    assert not lost.exists()
    assert all(drafts.file_of(settings.files, one).exists() for one in (kept, fresh))

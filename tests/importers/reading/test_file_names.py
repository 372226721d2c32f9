"""Files have the names that people and systems give them; whatever it is, it can be kept and shown."""

import os
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.config import settings
from app.models.imports import ImportBatch
from importers.batches import batches
from importers.errors import FileRefused
from tests.support import programs
from tests.support.programs import NOW


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (b"sprzeda\xbf maj.csv", "sprzeda\ufffd maj.csv"),
        (b"a\x1b[31m\nb.csv", "a\ufffd[31m\ufffdb.csv"),
        ("Sprzedaż „maj” — ok.csv".encode(), "Sprzedaż „maj” — ok.csv"),
    ],
)
def test_a_name_of_any_bytes_is_kept_as_it_can_be_shown(
    session: Session, code: str, tmp_path: Path, written: bytes, kept: str
) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), written)))
    program = programs.load(session, programs.document(code))

    def start() -> int:
        return batches.start(
            session,
            settings(),
            program,
            "sales",
            path,
            file_name=path.name,
            profile_name=None,
            dry_run=False,
            actor="ann",
            now=NOW,
        )

    path.write_text("")
    with pytest.raises(FileRefused, match="the file is empty") as refused:
        start()
    assert str(refused.value).startswith(kept)
    path.write_text("number,date,distributor,product,quantity,net\n")
    assert session.get_one(ImportBatch, start()).file_name == kept

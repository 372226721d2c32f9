"""Files that are kept: whole or not at all."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from app.files import fingerprint, keep_content, keep_copy, replacing
from tests.support.full_disk import files_end_at

CONTENT = b"a row of a report\n" * 1_000


def _by_copy(path: Path, content: bytes) -> None:
    source = path.with_name("came")
    if not source.exists():
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(content)
    keep_copy(path, source)


WAYS = pytest.mark.parametrize("keep", [keep_content, _by_copy])


@WAYS
def test_what_is_kept_is_there_in_a_folder_that_was_not(tmp_path: Path, keep: Callable[[Path, bytes], None]) -> None:
    path = tmp_path / "files" / "imports" / "7" / "original"
    keep(path, CONTENT)
    assert path.read_bytes() == CONTENT


@WAYS
def test_where_there_is_no_room_nothing_is_left(tmp_path: Path, keep: Callable[[Path, bytes], None]) -> None:
    path, source = tmp_path / "original", tmp_path / "came"
    source.write_bytes(CONTENT)
    with files_end_at(2_000), pytest.raises(OSError, match="File too large"):
        keep(path, CONTENT)
    assert list(tmp_path.iterdir()) == [source]
    keep(path, CONTENT)
    assert fingerprint(path) == fingerprint(source)


def test_what_was_there_stays_where_what_comes_has_no_room(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(b"of yesterday")
    with files_end_at(2_000), pytest.raises(OSError, match="File too large"):
        keep_content(path, CONTENT)
    assert path.read_bytes() == b"of yesterday"


def test_where_a_link_leads_is_what_is_replaced_and_what_is_no_file_stays(tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(tmp_path / "there")
    keep_content(tmp_path / "here", b"1")
    assert (tmp_path / "here").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"1"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no file"), replacing(tmp_path / "pipe"):
        pass
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)

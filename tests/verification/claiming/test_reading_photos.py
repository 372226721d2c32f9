"""Photos are read by a program that may be installed; where it is not, or fails, they are pictures and no more."""

import shutil
import stat
from pathlib import Path

import pytest

from app.config import Settings
from tests.support.photos import photo
from verification.claiming import pages
from verification.claiming.proposing import proposed


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo("FS/311/11"))
    return path


def reader(folder: Path, does: str) -> Settings:
    """Install a program that is asked as tesseract is: it knows two languages."""
    program = folder / "reader"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = --list-langs ]; then echo "List:"; echo eng; echo pol; exit; fi\n{does}\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Settings(home=folder, tesseract=str(program))


def read(path: Path, settings: Settings) -> str:
    return pages.read(path, "image/jpeg", settings)


def test_what_the_program_reads_is_proposed(picture: Path, tmp_path: Path) -> None:
    says = 'head -c 8 | grep -q PNG && echo "Faktura nr FS/311/11" && echo "asked: $*" && ulimit -t'
    text = read(picture, reader(tmp_path, says))
    assert proposed(text).number == "FS/311/11"
    assert "asked: stdin stdout -l pol+eng" in text, "of the languages that are known, those that are installed"
    assert "unlimited" not in text


def test_without_the_program_or_where_it_fails_nothing_is_read(picture: Path, tmp_path: Path) -> None:
    nowhere = Settings(home=tmp_path, tesseract="no-such-program")
    assert pages.reader_of(nowhere) is None
    assert read(picture, nowhere) == ""
    assert read(picture, reader(tmp_path, "exit 1")) == ""


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_tesseract_reads_a_photo(picture: Path, tmp_path: Path) -> None:
    assert proposed(read(picture, Settings(home=tmp_path))).number == "FS/311/11"

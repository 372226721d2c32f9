"""A watched folder by itself: what is whole, what was changed meanwhile, and where what was imported goes."""

import errno
import os
import unicodedata
from pathlib import Path
from typing import Any, Literal

import pytest

from importers.watching import DONE, FAILED, CannotWatch, Folder, Reading, reading_of


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path, rest_seconds=0.0)
    with made.watched():
        pass
    return made


def put(folder: Folder, name: str, text: str = "a") -> Path:
    """Put a file into a folder, and let it be seen."""
    (folder.path / name).write_text(text)
    folder.whole()
    return folder.path / name


def test_a_file_that_took_the_place_of_the_one_that_was_read_stays(folder: Folder, tmp_path: Path) -> None:
    file = put(folder, "sales.csv", "as it was read")
    (tmp_path / "fresh.part").write_text("delivered while it was read")
    (tmp_path / "fresh.part").rename(file)
    assert not folder.is_as_seen(file)
    assert folder.put_away(file, DONE, 7, None, "why") is None
    assert file.read_text() == "delivered while it was read"
    assert list((tmp_path / DONE).iterdir()) == []
    assert folder.whole() == [file]
    file.unlink()
    assert folder.put_away(file, DONE, 7, None, None) is None


def test_what_comes_beside_a_file_takes_no_other_files_place(folder: Folder, tmp_path: Path) -> None:
    workbook = tmp_path / "workbook.part"
    for number, name in enumerate(("sales.csv", "sales.txt", "sales.csv"), start=1):
        workbook.write_text(f"problems of {number}")
        place = folder.put_away(put(folder, name, str(number)), FAILED, number, workbook, None)
        assert place is not None
        assert place.read_text() == str(number)
        assert place.with_name(f"{place.stem}-problems.xlsx").read_text() == f"problems of {number}"
    for number in range(4, 7):
        place = folder.put_away(put(folder, "again.csv", str(number)), DONE, 4, None, None)
        assert place is not None
        assert place.read_text() == str(number)
    assert len(list((tmp_path / DONE).iterdir())) == 3


def test_a_name_may_be_as_long_as_any(folder: Folder, tmp_path: Path) -> None:
    name = f"sales-{'ą' * 122}x.csv"
    assert len(os.fsencode(name)) == 255
    for number in (1, 2):
        place = folder.put_away(put(folder, name, str(number)), FAILED, number, None, "It cannot be read.")
        assert place is not None
        assert place.read_text() == str(number)
    assert len([one for one in (tmp_path / FAILED).iterdir() if one.name.endswith("-why.txt")]) == 2


def test_a_file_goes_to_another_file_system_as_well(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def across(self: Path, target: Any) -> Path:
        if self.parent == tmp_path:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    file = put(folder, "sales.csv")
    monkeypatch.setattr(Path, "rename", across)
    assert folder.put_away(file, DONE, 1, None, None) == tmp_path / DONE / "sales.csv"
    assert not file.exists()
    assert (tmp_path / DONE / "sales.csv").read_text() == "a"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_fits_however_its_letters_are_written(form: Literal["NFC", "NFD"]) -> None:
    sales = Reading("sales", "sales")
    name = unicodedata.normalize(form, "Sprzedaż-łódź-1.csv")
    assert reading_of(name, {"sprzedaż-*.csv": sales, "*.products.csv": Reading("products", "products")}) is sales


def test_what_was_left_is_tried_again(folder: Folder) -> None:
    file = put(folder, "sales.csv")
    folder.leave(file)
    assert folder.whole() == []
    file.chmod(0o640)
    folder.whole()
    assert folder.whole() == [file], "somebody lets it be read"
    folder.again_seconds = 0.0
    folder.leave(file)
    assert folder.whole() == [file]


def test_that_nobody_wants_a_file_is_told_once_until_it_is_another(folder: Folder) -> None:
    file = put(folder, "report.csv")
    assert [folder.is_newly_unwanted(file) for _ in range(2)] == [True, False]
    put(folder, "report.csv", "another one")
    assert folder.is_newly_unwanted(file)


def test_a_folder_that_cannot_be_watched_says_why(tmp_path: Path) -> None:
    (tmp_path / DONE).write_text("a file")
    with pytest.raises(CannotWatch, match="has to be a folder"), Folder(tmp_path, 0.0).watched():
        pass
    with pytest.raises(CannotWatch, match="cannot be read any more"):
        Folder(tmp_path / "gone", 0.0).whole()

"""What may be read is told by bytes; what may not is refused with what was found and what to do."""

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.guard import MAX_MEMBERS, Judged, judge
from tests.importers.driver import xlsx_file

MANY = 1 << 30


def refusal(path: Path, limit: int = MANY) -> str:
    with pytest.raises(FileRefused) as refused:
        judge(path, "Report of March.csv", limit)
    message = str(refused.value)
    assert message.startswith("Report of March.csv: "), "the name a person knows, never a path of ours"
    assert path.parent.name not in message
    assert "kept-as-it-came" not in message
    return message


def text(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "kept-as-it-came"
    path.write_bytes(content)
    return path


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return xlsx_file(tmp_path / "book", [["FV/1", "2026-03-01", "D1", "P1", 1, 10]])


def repacked(path: Path, **changed: bytes | None) -> Path:
    """Pack a workbook anew; members whose name contains a key get other bytes, or go."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    for part, content in changed.items():
        for name in [name for name in members if part in name]:
            if content is None:
                del members[name]
            else:
                members[name] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in members.items():
            new.writestr(name, content)
    return path


def test_csv_and_xlsx_are_told_by_their_bytes_not_their_names(tmp_path: Path, workbook: Path) -> None:
    named_wrong = workbook.rename(tmp_path / "sales.csv")
    assert judge(named_wrong, "sales.csv", MANY) == Judged(named_wrong, "xlsx")
    table = text(tmp_path, b"a,b\n1,2\n").rename(tmp_path / "sales.xlsx")
    assert judge(table, "sales.xlsx", MANY) == Judged(table, "csv")


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2\n",
        b"\xef\xbb\xbfa;b\r\n1;2\r\n",
        "nazwa\nŁódź\n".encode(),
        b"a",
        "ż".encode() * 40_000,
        b"a,b\r" + "1,żółw\r".encode() * 20_000,
        b"x" * ((1 << 20) - 1) + "ł".encode(),
    ],
    ids=["plain", "bom", "polish", "one letter", "one long line", "old line ends", "letter across two chunks"],
)
def test_text_in_utf_8_is_taken_whatever_its_shape(tmp_path: Path, content: bytes) -> None:
    assert judge(text(tmp_path, content), "x", MANY).form == "csv"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "the file is empty" in refusal(text(tmp_path, b""))


def test_a_file_beyond_the_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = text(tmp_path, b"a\n" * (1 << 20))
    assert judge(path, "x", 2 << 20).form == "csv"
    message = refusal(path, (2 << 20) - 1)
    assert "2.0 MiB is more than the 2 MiB" in message
    assert "KONTOR_MAX_UPLOAD_MB" in message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_is_refused(tmp_path: Path, encoding: str) -> None:
    message = refusal(text(tmp_path, "numer;data\n1;2\n".encode(encoding)))
    assert "expected" in message
    assert "UTF-8" in message
    if encoding == "utf-16":
        assert "UTF-16" in message


@pytest.mark.parametrize(
    ("before", "row"),
    [
        (b"a,b\n1,2\n", 3),
        (b"a,b\r\n1,2\r\n", 3),
        (b"a,b\r1,2\r", 3),
        (b"a,b\n\n\n", 4),
        (b'a,b\n"1\n1\r\n1",2\n', 3),
        (b'a,b\n"say ""hi""\n",2\n', 3),
        (b'"a\na",b\n1,2\n', 3),
        (b'\xef\xbb\xbf"a\na",b\n1,2\n', 3),
        (b'a,b\n5" pipe,2\n', 3),
        (b"a,b\n" + b"1,2\n" * 500_000, 500_002),
        (b"a,b\n" + b'"1\n",2\n' * 200_000, 200_002),
    ],
    ids=[
        "lf",
        "crlf",
        "cr",
        "empty lines",
        "quoted line breaks",
        "quotes within quotes",
        "header of two lines",
        "such a header after a bom",
        "an inch is no quote",
        "late",
        "late after quotes",
    ],
)
@pytest.mark.parametrize("cell", [b"\xb3\xf3d\xbc", b'"x\n\xe6"', b"\xc5"], ids=["word", "quoted", "half a letter"])
def test_a_byte_that_is_no_utf_8_is_named_with_its_row(tmp_path: Path, before: bytes, row: int, cell: bytes) -> None:
    wrong = next(byte for byte in cell if byte > 127)
    message = refusal(text(tmp_path, before + b"1," + cell + b"\n4,5\n"))
    assert f"row {row} is not UTF-8 (byte {wrong:#04x}); save the file as CSV UTF-8" in message


def test_half_a_letter_at_the_very_end_is_refused(tmp_path: Path) -> None:
    assert "row 2 is not UTF-8 (byte 0xc5)" in refusal(text(tmp_path, b"a\nx\xc5"))


def test_a_nul_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    assert "neither a workbook nor text" in refusal(text(tmp_path, b"\x7fELF\0\0"))
    late = b"a,b\n" + b"1,2\n" * 50_000
    message = refusal(text(tmp_path, late + b"1,\0\n"))
    assert "row 50002 holds a NUL" in message
    assert "export it again" in message


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("report.csv", "a,b\n1,2\n")
    assert "a zip archive, but no .xlsx workbook" in refusal(path)


def test_a_broken_container_is_refused(workbook: Path) -> None:
    content = workbook.read_bytes()
    workbook.write_bytes(content[: len(content) // 2])
    assert "container is broken" in refusal(workbook)


def test_an_old_or_protected_workbook_is_refused(tmp_path: Path) -> None:
    message = refusal(text(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600))
    assert "save it as .xlsx without a password" in message


def test_an_encrypted_part_is_refused(workbook: Path) -> None:
    content = bytearray(workbook.read_bytes())
    with zipfile.ZipFile(workbook) as book:
        directory = book.start_dir
    assert content[directory : directory + 4] == b"PK\x01\x02"
    (flags,) = struct.unpack_from("<H", content, directory + 8)
    struct.pack_into("<H", content, directory + 8, flags | 1)
    workbook.write_bytes(bytes(content))
    assert "the workbook is encrypted" in refusal(workbook)


def test_a_part_that_unpacks_beyond_all_measure_is_refused(workbook: Path) -> None:
    bomb = b"<x>" + b" " * (3 << 20) + b"</x>"
    assert len(zlib.compress(bomb)) * 200 < len(bomb)
    message = refusal(repacked(workbook, theme=bomb))
    assert "theme1.xml unpacks 200 times its size" in message


def test_a_real_large_part_is_taken(workbook: Path) -> None:
    cells = b"".join(b"<c><v>%d</v></c>" % (at * 7919 % 1_000_003) for at in range(200_000))
    assert judge(repacked(workbook, theme=b"<x>" + cells + b"</x>"), "x", MANY).form == "xlsx"


def test_more_parts_than_any_workbook_has_are_refused(workbook: Path) -> None:
    with zipfile.ZipFile(workbook, "a") as book:
        for at in range(MAX_MEMBERS):
            book.writestr(f"xl/media/{at}.txt", b"")
    assert f"at most {MAX_MEMBERS:,}" in refusal(workbook)


def test_a_declared_size_beyond_the_limit_is_refused(workbook: Path) -> None:
    content = bytearray(workbook.read_bytes())
    with zipfile.ZipFile(workbook) as book:
        directory = book.start_dir
    struct.pack_into("<L", content, directory + 24, (2 << 30) + 1)
    workbook.write_bytes(bytes(content))
    assert "unpacks to 2,048 MiB" in refusal(workbook)

"""An .xls tells which rows are hidden and which cells are merged."""

import struct

from importers.files.containers.biff import marks_of_xls
from importers.files.grid import Merge


def compound(book: bytes) -> bytes:
    """Put a stream into a container of sectors: header, table, directory, then the stream."""
    sectors = -(-len(book) // 512)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    name = "Workbook".encode("utf-16-le")
    root = "Root Entry".encode("utf-16-le")
    entries = (
        root.ljust(64, b"\0") + struct.pack("<HB", len(root) + 2, 5) + bytes(49) + struct.pack("<II", 0xFFFFFFFE, 0)
    )
    entries = entries.ljust(128, b"\0")
    entries += (
        name.ljust(64, b"\0") + struct.pack("<HB", len(name) + 2, 2) + bytes(49) + struct.pack("<II", 2, len(book))
    )
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    return header.ljust(512, b"\xff") + table + entries.ljust(512, b"\0") + book.ljust(sectors * 512, b"\0")


def biff(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def test_an_xls_names_its_sheets_and_tells_the_same_of_each(tmp_path) -> None:  # type: ignore[no-untyped-def]
    begin, end = biff(0x809, struct.pack("<HH", 0x600, 5) + bytes(12)), biff(0x0A, b"")
    names = [("Maj", False), ("Łódź", True)]
    wanted = [
        struct.pack("<HBB", 0, 0, 0)[:2] + bytes([len(name), wide]) + name.encode("utf-16-le" if wide else "latin-1")
        for name, wide in names
    ]
    first = len(begin) + sum(4 + 4 + len(one) for one in wanted) + len(end)
    sheet = begin + biff(0x208, struct.pack("<HHHHHHHH", 4, 0, 3, 255, 0, 0, 0x20, 0))
    sheet += biff(0xE5, struct.pack("<HHHHH", 1, 0, 2, 1, 1)) + end
    places = [first, first + len(sheet)]
    bound = b"".join(biff(0x85, struct.pack("<I", at) + one) for at, one in zip(places, wanted, strict=True))
    book = begin + bound + end + sheet + begin + end
    (tmp_path / "book").write_bytes(compound(book.ljust(5_000, b"\0")))
    marks = marks_of_xls(tmp_path / "book", 9)
    assert list(marks) == ["Maj", "Łódź"]
    assert (marks["Maj"].hidden_rows, marks["Maj"].merged) == ({5}, [Merge(1, 1, 3, 1)])
    assert (marks["Łódź"].hidden_rows, marks["Łódź"].merged) == (set(), [])
    (tmp_path / "book").write_bytes(compound(book)[:700])
    assert marks_of_xls(tmp_path / "book", 9) == {}

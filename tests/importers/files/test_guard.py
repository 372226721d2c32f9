"""What may be read is told by bytes; what may not is refused with what was found and what to do."""

import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.files.guard import Judged, judge
from importers.files.limits import Limits
from importers.files.texts.encodings import Encoding
from tests.importers.driver import xlsx_file
from tests.importers.files.made import LIMITS


def refusal(path: Path, limits: Limits = LIMITS) -> str:
    with pytest.raises(FileRefused) as refused:
        judge(path, "Report of March.csv", limits)
    message = str(refused.value)
    assert message.startswith("Report of March.csv: "), "the name a person knows, never a path of ours"
    assert path.parent.name not in message
    assert "kept-as-it-came" not in message
    return message


def judged(path: Path, limits: Limits = LIMITS) -> Judged:
    return judge(path, "Report", limits)


def encoding_of(path: Path) -> str:
    found = judged(path).encoding
    assert found is not None
    return found.name


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
    assert judged(named_wrong).form == "xlsx"
    table = text(tmp_path, b"a,b\n1,2\n").rename(tmp_path / "sales.xlsx")
    assert judged(table) == Judged(table, "text", LIMITS, Encoding("utf-8"))


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
    found = judged(text(tmp_path, content))
    assert found.form == "text"
    assert found.encoding == Encoding("utf-8-sig" if content.startswith(b"\xef") else "utf-8")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "the file is empty" in refusal(text(tmp_path, b""))


def test_a_file_beyond_the_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = text(tmp_path, b"a\n" * (1 << 20))
    assert judged(path, replace(LIMITS, max_upload_mb=2)).form == "text"
    message = refusal(path, replace(LIMITS, max_upload_mb=1))
    assert "2.0 MiB is more than the 1 MiB" in message
    assert "KONTOR_MAX_UPLOAD_MB" in message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_other_unicode_is_told_with_and_without_its_mark(tmp_path: Path, encoding: str) -> None:
    assert encoding_of(text(tmp_path, "numer;data;opis\n1;2;Łódź\n3;4;Żółw\n".encode(encoding))) == encoding


def test_unicode_that_breaks_off_is_refused_with_its_row(tmp_path: Path) -> None:
    whole = "numer;data\n1;2\n3;Łódź".encode("utf-16")
    assert "row 3 is not UTF-16" in refusal(text(tmp_path, whole[:-1]))


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
    right = before.replace(b"a", "zażółć".encode() * 9, 1)
    message = refusal(text(tmp_path, right + b"1," + cell + b"\n4,5\n"))
    assert (
        f"row {row} is not UTF-8 (byte {wrong:#04x}), in which the file is written; export it again as CSV UTF-8"
        in message
    )


def test_half_a_letter_at_the_very_end_is_refused(tmp_path: Path) -> None:
    assert "row 2 is not UTF-8 (byte 0xc5)" in refusal(text(tmp_path, "żółć\nx".encode() + b"\xc5"))


def test_rows_of_two_encodings_are_refused_with_the_first_that_is_of_the_other(tmp_path: Path) -> None:
    head, one, other = (
        "Nr;Odbiorca;Ilość;Wartość\n",
        "F1;Łódź;2;20\n".encode(),
        "F2;Spółka Żółw;2;20\n".encode("cp1250"),
    )
    assert "row 3 is not UTF-8 (byte 0xf3)" in refusal(text(tmp_path, head.encode() + one + other))
    kept_wrong = encoding_of(text(tmp_path, head.encode("cp1250") + one + other * 2))
    assert kept_wrong in ("cp1250", "iso8859-2"), "fewer lines in UTF-8 do not make the file one"


def test_text_in_another_encoding_is_taken_with_what_was_found(tmp_path: Path) -> None:
    polish = "Nr;Nazwa\n1;Gwoździe żelazne\n2;Śruba ocynkowana długa\n3;Wiertło\n"
    assert encoding_of(text(tmp_path, polish.encode("cp1250"))) == "cp1250"
    assert encoding_of(text(tmp_path, polish.encode("iso8859-2"))) == "iso8859-2"
    late = b"a;b\n" + b"1;2\n" * 2_000_000 + "3;Gwoździe żelazne dłuższe\n".encode("cp1250")
    assert encoding_of(text(tmp_path, late)) == "cp1250"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\x1f\x8b\x08\0", "a gzip archive"),
        (b"{\\rtf1\\ansi", "RTF"),
        (b"ID;PWXL;N;E\nP;PGeneral\n", "SYLK"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n", "a web archive"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00", "Excel 4 or older"),
        (b'<?xml version="1.0"?>\n<Faktura xmlns="http://crd.gov.pl"><a/></Faktura>', "first element is 'Faktura'"),
        (b'<?xml version="1.0"?><office:document xmlns:office="urn:x"/>', "first element is 'office:document'"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(tmp_path: Path, content: bytes, what: str) -> None:
    message = refusal(text(tmp_path, content))
    assert what in message
    assert "save" in message


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"<html><body><table><tr><td>1</td></tr></table></body></html>", "html"),
        (b"\xef\xbb\xbf \r\n<!-- x --><TABLE border=1><tr><td>1</table>", "html"),
        (b'<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://x"><HTML>', "html"),
        ("<html><table><tr><td>ż</td></tr></table></html>".encode("utf-16"), "html"),
        (
            b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "spreadsheetml",
        ),
        (
            b'<?xml version="1.0"?><ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "spreadsheetml",
        ),
        (b"<5 pcs;a\n1;2\n", "text"),
        (b"<name>;<b>\n1;2\n", "text"),
    ],
)
def test_pages_and_excels_xml_are_told_from_text(tmp_path: Path, content: bytes, form: str) -> None:
    assert judged(text(tmp_path, content)).form == form


def test_excels_xml_declares_no_document_type(tmp_path: Path) -> None:
    root = '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    xml = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>{root}'
    assert "declares a document type" in refusal(text(tmp_path, xml.encode()))


@pytest.mark.parametrize(
    ("page", "encoding"),
    [
        (
            b'<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1250"></head>',
            "windows-1250",
        ),
        (b"<meta charset='utf-8'><table>", "utf-8"),
        (b"<meta charset=iso-8859-1><table>", "cp1252"),
        (b"<meta charset=no-such-thing><table>", "utf-8"),
        ("<table><td>Gwoździe żelazne</td><td>dłuższe</td>".encode("cp1250"), "cp1250"),
    ],
)
def test_the_encoding_of_a_page_is_what_it_says_or_what_is_found(tmp_path: Path, page: bytes, encoding: str) -> None:
    assert encoding_of(text(tmp_path, page)) == encoding


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
    assert "a zip archive of report.csv, but no workbook" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "a Word document, but no workbook" in refusal(path)


def test_a_broken_container_is_refused(workbook: Path) -> None:
    content = workbook.read_bytes()
    workbook.write_bytes(content[: len(content) // 2])
    assert "container is broken" in refusal(workbook)


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("EncryptedPackage", "protected by a password; save it without one"),
        ("WordDocument", "a Word document, expected a workbook"),
        ("Contents", "a container without a workbook"),
    ],
)
def test_a_container_of_old_office_files_is_told_by_what_it_names(tmp_path: Path, inside: str, said: str) -> None:
    assert said in refusal(text(tmp_path, COMPOUND + inside.encode("utf-16-le") + b"\0" * 40))
    book = text(tmp_path, COMPOUND + "Workbook".encode("utf-16-le") + b"\0" * 40)
    assert judged(book).form == "xls"


def test_a_protected_ods_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "protected"
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        container.writestr("content.xml", b"\x8f\x11\x42")
        container.writestr(
            "META-INF/manifest.xml", "<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
        )
    assert "protected by a password" in refusal(path)


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
    assert "theme1.xml unpacks to more than 200 times its size" in message
    assert "setting KONTOR_MAX_RATIO, now 200" in message


def test_a_real_large_part_is_taken(workbook: Path) -> None:
    cells = b"".join(b"<c><v>%d</v></c>" % (at * 7919 % 1_000_003) for at in range(200_000))
    repacked(workbook, theme=b"<x>" + cells + b"</x>")
    assert judged(workbook).form == "xlsx"
    message = refusal(workbook, replace(LIMITS, max_unpacked_mb=2))
    assert "setting KONTOR_MAX_UNPACKED_MB, now 2" in message


def test_what_the_directory_says_of_sizes_is_not_believed(workbook: Path) -> None:
    bomb = b"<x>" + bytes(range(32, 60)) * (1 << 16) + b"</x>"
    content = bytearray(repacked(workbook, theme=bomb).read_bytes())
    at = content.rfind(b"xl/theme/theme1.xml") - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<L", content, at + 24, 100)
    workbook.write_bytes(bytes(content))
    assert "theme1.xml unpacks to more than" in refusal(workbook)


def test_texts_beyond_the_limit_are_refused(workbook: Path) -> None:
    texts = b"<sst>" + b"".join(b"<si><t>%d</t></si>" % (at * 7919 % 1_000_003) for at in range(80_000)) + b"</sst>"
    with zipfile.ZipFile(workbook, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", texts)
    assert "setting KONTOR_MAX_TEXTS_MB, now 1" in refusal(workbook, replace(LIMITS, max_texts_mb=1))


def test_more_parts_than_any_workbook_has_are_refused(workbook: Path) -> None:
    with zipfile.ZipFile(workbook, "a") as book:
        for at in range(LIMITS.max_parts):
            book.writestr(f"xl/media/{at}.txt", b"")
    assert "setting KONTOR_MAX_PARTS, now 2,000" in refusal(workbook)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "xl\\..\\..\\a", "C:/windows/a"])
def test_a_part_that_leads_out_of_the_container_is_refused(workbook: Path, name: str) -> None:
    with zipfile.ZipFile(workbook, "a") as book:
        book.writestr(name, b"x")
    assert "leads out of the container" in refusal(workbook)


def test_a_part_that_is_there_twice_is_refused(workbook: Path) -> None:
    with zipfile.ZipFile(workbook, "a") as book:
        book.writestr("XL/Workbook.xml", b"<workbook/>")
    assert "is there twice" in refusal(workbook)


@pytest.mark.parametrize("part", ["sheet1.xml", "workbook.xml", "styles.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_in_any_part_is_refused(workbook: Path, part: str, encoding: str) -> None:
    xml = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'
    message = refusal(repacked(workbook, **{part: xml.encode(encoding)}))
    assert "document type" in message or "UTF-8" in message


def test_a_part_whose_bytes_are_spoilt_is_refused(workbook: Path) -> None:
    with zipfile.ZipFile(workbook) as book:
        member = book.getinfo("xl/worksheets/sheet1.xml")
    content = bytearray(workbook.read_bytes())
    start = member.header_offset + 30 + len(member.filename)
    content[start : start + 20] = b"\xff" * 20
    workbook.write_bytes(bytes(content))
    assert "the part xl/worksheets/sheet1.xml of the workbook's container is broken" in refusal(workbook)

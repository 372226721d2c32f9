"""Sponsors' logos: judged by their bytes, whatever they are called."""

import struct
import zlib

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.people import AuditEvent
from app.models.programs import ProgramLogo
from app.services.setup import logos
from app.services.setup.logos import LARGEST_BYTES, Fault, LogoRefused, judge
from tests.conftest import Clock
from tests.support.programs import document, load


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 64, height: int = 32, padding: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes(width) for _ in range(height)))
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"tEXt", b"x" * padding) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def jpeg(width: int = 64, height: int = 32) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8"
        + b"\xff\xe0"
        + struct.pack(">H", 16)
        + b"JFIF\0\1\1\0\0\1\0\1\0\0"
        + b"\xff\xc0"
        + struct.pack(">H", len(frame) + 2)
        + frame
        + b"\xff\xda\x00\x02\x00\xff\xd9"
    )


def webp(kind: bytes, body: bytes) -> bytes:
    content = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(content)) + content


EXTENDED = webp(b"VP8X", bytes(4) + (63).to_bytes(3, "little") + (31).to_bytes(3, "little"))
LOSSLESS = webp(b"VP8L", b"\x2f" + (63 | 31 << 14).to_bytes(4, "little"))
LOSSY = webp(b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", 64, 32))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png(), "image/png"),
        (jpeg(), "image/jpeg"),
        (EXTENDED, "image/webp"),
        (LOSSLESS, "image/webp"),
        (LOSSY, "image/webp"),
    ],
)
def test_pictures_are_known_by_what_they_hold(content: bytes, media_type: str) -> None:
    assert judge(content) == logos.Picture(media_type, 64, 32)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(40),
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html><script>alert(1)</script></html>",
        png()[:-4],
        png() + b"<script>alert(1)</script>",
        png()[:16],
        b"\x89PNG\r\n\x1a\n",
        jpeg()[:-2],
        jpeg() + b"<script>",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\xff\xff" + b"\xff\xd9",
        LOSSY + b"more",
        LOSSY[:20],
        webp(b"ALPH", bytes(20)),
    ],
)
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(LogoRefused) as refused:
        judge(content)
    assert refused.value.fault is Fault.NO_PICTURE


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (png(padding=LARGEST_BYTES), Fault.TOO_HEAVY),
        (png(logos.LARGEST_SIDE + 1, 20), Fault.TOO_LARGE),
        (jpeg(65_000, 65_000), Fault.TOO_LARGE),
        (png(64, logos.SMALLEST_SIDE - 1), Fault.TOO_SMALL),
    ],
)
def test_what_has_no_size_of_a_logo_is_refused(content: bytes, fault: Fault) -> None:
    with pytest.raises(LogoRefused) as refused:
        judge(content)
    assert refused.value.fault is fault


def test_a_logo_takes_the_place_of_the_one_before_and_each_change_is_noted(
    session: Session, code: str, clock: Clock
) -> None:
    program = load(session, document(code))
    logos.put_logo(session, program, png(), actor="ada", now=clock())
    logos.put_logo(session, program, jpeg(), actor="bob", now=clock())
    kept = session.scalars(select(ProgramLogo).where(ProgramLogo.program_id == program.id)).one()
    assert (kept.media_type, kept.changed_by) == ("image/jpeg", "bob")
    found = logos.logo(session, kept.sha256)
    assert found == logos.Kept("image/jpeg", jpeg())
    logos.remove_logo(session, program, actor="cid", now=clock())
    logos.remove_logo(session, program, actor="cid", now=clock())
    assert logos.logo(session, kept.sha256) is None
    noted = session.scalars(
        select(AuditEvent.actor).where(AuditEvent.program_id == program.id, AuditEvent.action == "program.logo")
    )
    assert list(noted) == ["ada", "bob", "cid"]


def test_what_is_refused_leaves_the_logo_before(session: Session, code: str, clock: Clock) -> None:
    program = load(session, document(code))
    logos.put_logo(session, program, png(), actor="ada", now=clock())
    with pytest.raises(LogoRefused):
        logos.put_logo(session, program, b"<svg/>", actor="ada", now=clock())
    assert session.scalars(select(ProgramLogo.media_type).where(ProgramLogo.program_id == program.id)).one()

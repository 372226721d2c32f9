"""A sponsor's logo: judged by its bytes, kept small, given out under its hash."""

import datetime as dt
import enum
import hashlib
import struct
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models.programs import Program, ProgramLogo
from app.services import audit

LARGEST_BYTES = 256 * 1024
LARGEST_SIDE = 2_000
SMALLEST_SIDE = 16

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"


class Fault(enum.StrEnum):
    """Why a file cannot be a logo."""

    NO_PICTURE = "no_picture"
    TOO_HEAVY = "too_heavy"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"


class LogoRefused(ValueError):
    """A file that cannot be a logo."""

    def __init__(self, fault: Fault) -> None:
        """Say why."""
        super().__init__(f"this file cannot be a logo: {fault.value}")
        self.fault = fault


@dataclass(frozen=True)
class Picture:
    """What a picture's own bytes say it is. ``width`` and ``height`` are in pixels."""

    media_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Kept:
    """A logo as it is given out."""

    media_type: str
    content: bytes


def put_logo(session: Session, program: Program, content: bytes, *, actor: str, now: dt.datetime) -> Picture:
    """Make a picture the programme's logo. The caller commits.

    Raises:
        LogoRefused: It is no PNG, JPEG or WebP, or not of a size to stand at the top of a page.
    """
    picture = judge(content)
    digest = hashlib.sha256(content).digest()
    values = {
        "media_type": picture.media_type,
        "content": content,
        "sha256": digest,
        "changed_at": now,
        "changed_by": actor,
    }
    session.execute(
        insert(ProgramLogo)
        .values(program_id=program.id, **values)
        .on_conflict_do_update(index_elements=[ProgramLogo.program_id], set_=values)
    )
    after = {"media_type": picture.media_type, "bytes": len(content), "sha256": digest.hex()}
    audit.note(session, actor, "program.logo", program.code, now=now, program_id=program.id, after=after)
    return picture


def remove_logo(session: Session, program: Program, *, actor: str, now: dt.datetime) -> None:
    """Let a programme have no logo any more. The caller commits."""
    removed = session.scalars(
        delete(ProgramLogo).where(ProgramLogo.program_id == program.id).returning(ProgramLogo.sha256)
    ).one_or_none()
    if removed is not None:
        before = {"sha256": removed.hex()}
        audit.note(session, actor, "program.logo", program.code, now=now, program_id=program.id, before=before)


def logo(session: Session, sha256: bytes) -> Kept | None:
    """Find a logo by its hash: whoever knows that has seen a page with it."""
    row = session.execute(
        select(ProgramLogo.media_type, ProgramLogo.content).where(ProgramLogo.sha256 == sha256).limit(1)
    ).one_or_none()
    return None if row is None else Kept(*row)


def judge(content: bytes) -> Picture:
    """Tell from its bytes what a picture is; its name and what a browser says of it count for nothing.

    Raises:
        LogoRefused: It cannot be a logo.
    """
    if len(content) > LARGEST_BYTES:
        raise LogoRefused(Fault.TOO_HEAVY)
    try:
        picture = _png(content) or _jpeg(content) or _webp(content)
    except (struct.error, IndexError):
        picture = None
    if picture is None:
        raise LogoRefused(Fault.NO_PICTURE)
    if max(picture.width, picture.height) > LARGEST_SIDE:
        raise LogoRefused(Fault.TOO_LARGE)
    if min(picture.width, picture.height) < SMALLEST_SIDE:
        raise LogoRefused(Fault.TOO_SMALL)
    return picture


def _png(content: bytes) -> Picture | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR" or content[-8:-4] != b"IEND":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return Picture(PNG, width, height)


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG that say the size of the picture."""


def _jpeg(content: bytes) -> Picture | None:
    if not content.startswith(b"\xff\xd8\xff") or not content.endswith(b"\xff\xd9"):
        return None
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return Picture(JPEG, width, height)
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        at += 2 + length
    return None


def _webp(content: bytes) -> Picture | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    (length,) = struct.unpack("<I", content[4:8])
    if length + 8 != len(content):
        return None
    kind, body = content[12:16], content[20:]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(body[4:7], "little")
        height = 1 + int.from_bytes(body[7:10], "little")
    elif kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", body[6:10]))
    else:
        return None
    return Picture(WEBP, width, height)

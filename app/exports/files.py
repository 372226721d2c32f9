"""Write a file so that nobody ever sees half of it, and know exactly what was written."""

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Written:
    """What left the house.

    Attributes:
        path: where it lies.
        sha256: its fingerprint.
        size: its bytes.
        rows: its rows without headers and totals.
        cut_texts: how many texts were too long for a cell and were cut.
    """

    path: Path
    sha256: bytes
    size: int
    rows: int
    cut_texts: int = 0

    @classmethod
    def measured(cls, part: Path, path: Path, *, rows: int, cut_texts: int = 0) -> "Written":
        """Measure a finished file that is about to take the place of ``path``."""
        return cls(path, fingerprint(part), part.stat().st_size, rows, cut_texts)


def fingerprint(path: Path) -> bytes:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name beside ``path`` to write to; afterwards it takes the place of ``path`` at once, or nothing does.

    Where ``path`` leads to another file, that one is replaced.

    Raises:
        OSError: What is there is no file, such as a device or a pipe.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file", str(path))
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

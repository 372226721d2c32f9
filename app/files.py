"""Files that are kept: each whole or not at all, whoever is killed and however full the disk is; and their hashes."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says where a file cannot grow: the disk is full, or what this user or this file may take of it."""


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


def keep_content(path: Path, content: bytes) -> None:
    """Put what came into its place, in a folder that may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_bytes(content)


def keep_copy(path: Path, source: Path) -> None:
    """Put a copy of a file into its place, in a folder that may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        shutil.copyfile(source, part)

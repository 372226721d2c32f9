"""Files that show what a participant is to the tax office, kept by their hash below the folder of files."""

import hashlib
from pathlib import Path

from app.files import keep_content

_FOLDER = "tax-proofs"


def keep(files: Path, content: bytes) -> bytes:
    """Keep a file, whole or not at all. Gives its hash; the same content twice is one file."""
    digest = hashlib.sha256(content).digest()
    path = path_of(files, digest)
    if not path.exists():
        keep_content(path, content)
    return digest


def path_of(files: Path, sha256: bytes) -> Path:
    """Say where the file with a hash lies."""
    return files.joinpath(_FOLDER, sha256.hex())

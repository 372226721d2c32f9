"""What left the house: a file, and exactly what was written."""

from dataclasses import dataclass
from pathlib import Path

from app.files import fingerprint


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

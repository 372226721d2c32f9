"""How large a file may be, and what reading it may take. Each limit is a setting, and what exceeds one names it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the process that reads a file is told its limits, and starts in half the time without settings
    from app.config import Settings


@dataclass(frozen=True)
class Limits:
    """The limits of one installation, each named as its setting is."""

    max_upload_mb: int
    max_parts: int
    max_unpacked_mb: int
    max_ratio: int
    max_texts_mb: int
    max_cells: int
    max_merges: int
    reader_memory_mb: int
    reader_cpu_seconds: int
    reader_seconds: int

    @classmethod
    def of(cls, settings: "Settings") -> "Limits":
        """Give the limits that an installation has set."""
        return cls(**{name: getattr(settings, name) for name in cls.__dataclass_fields__})

    def said(self, name: str) -> str:
        """Say which setting raises a limit, and what it is now; for the end of a message."""
        return f"setting KONTOR_{name.upper()}, now {getattr(self, name):,}"

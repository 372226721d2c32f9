"""How large a file may be, and what reading it may take. Each limit is a setting, and what exceeds one names it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.saying.wording import Said, marked

if TYPE_CHECKING:  # the process that reads a file is told its limits, and starts in half the time without settings
    from app.config import Settings

_ = marked


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

    def said(self, name: str) -> Said:
        """Say which setting raises a limit, and what it is now; for the end of a message."""
        return Said(
            _("setting %(setting)s, now %(now)s"), {"setting": f"KONTOR_{name.upper()}", "now": getattr(self, name)}
        )


def too_many_cells(sheet: str, rows: int, columns: int, limits: Limits) -> Said:
    """Say that a sheet has more cells than are taken in."""
    words = _(
        "the sheet %(sheet)s has %(rows)s rows of %(columns)s columns, more cells than are taken in (%(limit)s); "
        "delete the rows and columns around the table, or split it."
    )
    return Said(words, {"sheet": repr(sheet), "rows": rows, "columns": columns, "limit": limits.said("max_cells")})

"""How large a file may be, and what reading it may take. Each limit is a setting, and what exceeds one names it."""

from dataclasses import dataclass

from app.config import Settings

_DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}


@dataclass(frozen=True)
class Limits:
    """The limits of one installation, named as its settings are."""

    max_upload_mb: int = _DEFAULTS["max_upload_mb"]
    max_parts: int = _DEFAULTS["max_parts"]
    max_unpacked_mb: int = _DEFAULTS["max_unpacked_mb"]
    max_ratio: int = _DEFAULTS["max_ratio"]
    max_texts_mb: int = _DEFAULTS["max_texts_mb"]
    max_cells: int = _DEFAULTS["max_cells"]
    max_merges: int = _DEFAULTS["max_merges"]
    reader_memory_mb: int = _DEFAULTS["reader_memory_mb"]
    reader_cpu_seconds: int = _DEFAULTS["reader_cpu_seconds"]
    reader_seconds: int = _DEFAULTS["reader_seconds"]

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Give the limits that an installation has set."""
        return cls(**{name: getattr(settings, name) for name in cls.__dataclass_fields__})

    def said(self, name: str) -> str:
        """Say which setting raises a limit, and what it is now; for the end of a message."""
        return f"setting {Settings.model_config['env_prefix']}{name.upper()}, now {getattr(self, name):,}"

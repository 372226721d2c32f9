"""What a conversion run notes in the ledger beside what it moves, and how that is said."""

from collections.abc import Mapping

from app.domain.wording import marked

_ = marked

RUN_NOTES: Mapping[str, str] = {
    r"^conversion ([0-9]{1,18})$": _("Conversion run %(number)s"),
    r"^conversion ([0-9]{1,18}) cancelled$": _("Conversion run %(number)s was called off"),
    r"^conversion ([0-9]{1,18}): the load failed$": _("Conversion run %(number)s: the load failed"),
}
"""Patterns, as Python and PostgreSQL read them, of what is noted, each with its sentence; the number is the run's."""

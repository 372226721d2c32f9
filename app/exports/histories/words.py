"""Words of the files themselves, beside those of their histories; and what was asked, as pairs of words."""

import datetime as dt
from collections.abc import Mapping, Sequence

from app.domain.export_wish import Wish
from app.domain.saying.wording import marked as _
from app.exports.histories.describing import History
from app.models.programs import Program
from app.services.telling.languages import writing
from app.services.telling.texts import filled, translated

LABELS: Mapping[str, str] = {
    "total": _("Total"),
    "totals": _("Totals"),
    "about": _("About this file"),
    "rows": _("Rows"),
    "what": _("What was asked"),
    "said": _("Answer"),
    "page": _("Page %(page)s of %(pages)s"),
}
FILTERS: Mapping[str, str] = {
    "distributors": _("Distributors"),
    "cards": _("Cards (last 4)"),
    "states": _("Status"),
    "kinds": _("Kind"),
    "sources": _("Funded by"),
    "runs": _("Runs"),
    "batches": _("Batches"),
}
FAILURES: Mapping[str, str] = {
    "too_long": _("%(found)s rows are too many for a PDF. Take a workbook."),
    "may_not": _("%(found)s may no longer take this away."),
    "unknown": _("What was asked is not known here: %(found)s."),
}
"""Why an export was not made, by the code that it keeps before a colon and what was found."""
_NUMBER, _PROGRAMS, _PERIOD = _("Export"), _("Programme"), _("Period")
_ASKED_BY, _AS_OF = _("Asked by"), _("As of")
_CHOICE_SPONSOR = _("the sponsor")


def labels(language: str) -> dict[str, str]:
    """Give the words of a file in a language."""
    return {name: translated(text, language) for name, text in LABELS.items()}


def failure(kept: str, language: str) -> str:
    """Say why an export was not made."""
    code, _colon, found = kept.partition(":")
    return filled(translated(FAILURES[code], language), {"found": found})


def filters(history: History, wish: Wish, language: str) -> list[tuple[str, str]]:
    """Say by what an export is narrowed."""
    said = []
    for name, values in wish.narrowing.used.items():
        words = history.choices.get(name, {})
        shown = [translated(words[str(one)], language) if str(one) in words else str(one) for one in values]
        if name == "sources":
            shown = [translated(_CHOICE_SPONSOR, language) if one == "-" else one for one in shown]
        said.append((translated(FILTERS[name], language), ", ".join(shown)))
    return said


def about(
    history: History, wish: Wish, programs: Sequence[Program], *, number: int, asked_by: str, at: dt.datetime
) -> list[tuple[str, str]]:
    """Say what was asked, by whom, and of which moment the answer is."""
    language = wish.language
    write = writing(language)
    pairs = [
        (_PROGRAMS, ", ".join(f"{one.name} ({one.code})" for one in programs)),
        (_PERIOD, f"{write.day(wish.from_on)} – {write.day(wish.to_on)}"),
    ]
    zone = programs[0].time_zone
    said = [(translated(name, language), text) for name, text in pairs]
    said += filters(history, wish, language)
    said += [
        (translated(_ASKED_BY, language), asked_by),
        (translated(_AS_OF, language), f"{write.instant(at, zone)} ({zone})"),
        (translated(_NUMBER, language), str(number)),
    ]
    return said

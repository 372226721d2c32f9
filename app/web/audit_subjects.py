"""What a note of the audit log is about: in the reader's words, and on which page it stands."""

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.web.audit_names import THING

_PAGES: Mapping[str, tuple[str, str]] = {
    "adjustment": ("adjustments.show", "adjustment_id"),
    "card": ("cards_life.show", "card_id"),
    "conversion run": ("runs.show", "run_id"),
    "difference": ("differences.show", "finding_id"),
    "dispute": ("disputes.show", "dispute_id"),
    "export": ("exports.show", "export_id"),
    "import": ("imports.show", "batch_id"),
    "merge": ("merges.show", "merge_id"),
    "order": ("orders.show", "reward_order_id"),
    "pool": ("pools.show", "pool_id"),
    "provider statement": ("reconciliation.show", "provider_statement_id"),
    "redemption": ("redemptions.show", "redemption_id"),
    "scenario": ("scenarios.show", "scenario_id"),
    "transfer": ("transfers.show", "transfer_id"),
}
"""The page of a thing of a kind, and what its address calls its number."""

_CALLED: Mapping[str, Any] = {
    "conversion run": _("Conversion run"),
    "difference": _("Difference"),
    "provider statement": _("Provider's statement"),
}
"""Kinds of things that no action begins with."""

_OTHERWISE: Mapping[str, str] = {"export.scenario": "scenario", "referral.name": "referral"}
"""Actions whose number is that of another thing than they begin with."""

_NUMBERED = re.compile(r"(?:([a-z ]+) )?(\d{1,18})")
_IN_BRACKETS = re.compile(r".* \((\d{1,18})\)")


def _thing(noted: str) -> tuple[str, int] | None:
    """Read from an action and its subject, as the log has both, what kind of a thing that is, and its number."""
    action, _space, subject = noted.partition(" ")
    found = _NUMBERED.fullmatch(subject)
    if found is not None:
        return found[1] or _OTHERWISE.get(action) or action.partition(".")[0], int(found[2])
    file = _IN_BRACKETS.fullmatch(subject) if action.startswith("import.") else None
    return None if file is None else ("import", int(file[1]))


def subject_words(noted: str) -> str:
    """Say of what something was done: what has a number with the name of its kind, other things as they are written.

    ``noted`` is the action and, behind a space, its subject.
    """
    subject, thing = noted.partition(" ")[2], _thing(noted)
    if thing is None or not subject[-1].isdigit():
        return subject
    kind, number = thing
    called = _CALLED.get(kind) or THING.get(kind)
    return subject if called is None else gettext("%(thing)s %(number)s", thing=called, number=number)


def page_of(noted: str) -> tuple[str, str, int] | None:
    """Give the page of what something was done to: its endpoint, what its address calls the number, and the number."""
    thing = _thing(noted)
    if thing is None or thing[0] not in _PAGES:
        return None
    return (*_PAGES[thing[0]], thing[1])

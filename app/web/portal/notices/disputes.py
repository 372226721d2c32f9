"""Notices of answered disputes, in a sentence each."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _


def _granted(parts: Mapping[str, Any]) -> str:
    return str(_("You were right about %(number)s: %(why)s", number=parts["number"], why=parts["answer"]))


def _declined(parts: Mapping[str, Any]) -> str:
    return str(_("About %(number)s you were answered: %(why)s", number=parts["number"], why=parts["answer"]))


def _reopened(parts: Mapping[str, Any]) -> str:
    return str(_("About %(number)s: the points were not approved; it is looked at again.", number=parts["number"]))


SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "dispute_granted": _granted,
    "dispute_declined": _declined,
    "dispute_reopened": _reopened,
}
"""What makes the sentence of each kind, of the notice's parts."""

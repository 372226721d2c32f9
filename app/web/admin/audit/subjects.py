"""What a note of the audit log is about: in the reader's words, and on which page it stands."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.promotions import Promotion
from app.models.rewards import Reward
from app.services.promotions.reading import says_something
from app.web.admin.audit.lists import LIST
from app.web.admin.audit.names import THING
from app.web.context import scope, session

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

_DISTRIBUTOR = (Distributor, "records.show", "distributor_id")
_REWARD = (Reward, "rewards.preview", "reward_id")
_BY_CODE: Mapping[str, tuple[Any, str, str]] = {
    "card": _DISTRIBUTOR,
    "distributor": _DISTRIBUTOR,
    "draw": _REWARD,
    "instant": _REWARD,
    "person": _DISTRIBUTOR,
    "promotion": (Promotion, "promotions.show", "promotion_id"),
    "reward": _REWARD,
    "tier": _DISTRIBUTOR,
    "vouchers": _REWARD,
}
"""Where a note names a code: of what it is one, whose page that is, and what its address calls the number."""

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
    """Say of what something was done: what has a number with the name of its kind, a list by its title.

    Other things are named as they are written.

    ``noted`` is the action and, behind a space, its subject.
    """
    action, _space, subject = noted.partition(" ")
    if action == "export.list":
        return str(LIST.get(subject, subject))
    thing = _thing(noted)
    if thing is None or not subject[-1].isdigit():
        return subject
    kind, number = thing
    called = _CALLED.get(kind) or THING.get(kind)
    return subject if called is None else gettext("%(thing)s %(number)s", thing=called, number=number)


def page_of(noted: str) -> tuple[str, str, int] | None:
    """Give the page of what something was done to: its endpoint, what its address calls the number, and the number.

    What notes name by its code has one where `learn_codes` found it.
    """
    thing = _thing(noted)
    if thing is not None and thing[0] in _PAGES:
        return (*_PAGES[thing[0]], thing[1])
    named = _named(noted)
    if named is None or (number := _known().get(named)) is None:
        return None
    return (*_BY_CODE[noted.partition(".")[0]][1:], number)


def learn_codes(noted: Iterable[str]) -> None:
    """Look up what the codes are of that some notes name, in one query for each kind of a thing."""
    asked: dict[Any, set[str]] = {}
    for one in map(_named, noted):
        if one is not None and one not in _known():
            asked.setdefault(one[0], set()).add(one[1])
    for model, keys in asked.items():
        wanted = select(model.code_key, model.id).where(
            model.program_id == scope().program.id, model.code_key.in_(sorted(keys))
        )
        if model is Promotion:  # a draft that was dropped has no page
            wanted = wanted.where(says_something())
        _known().update(((model, key), number) for key, number in session().execute(wanted))


def _named(noted: str) -> tuple[Any, str] | None:
    """Read of what a note names the code, and that code as it is compared."""
    action, _space, subject = noted.partition(" ")
    kind = _BY_CODE.get(action.partition(".")[0])
    return None if kind is None or not subject else (kind[0], code_key(subject))


def _known() -> dict[tuple[Any, str], int]:
    known: dict[tuple[Any, str], int] = g.setdefault("codes_noted", {})
    return known

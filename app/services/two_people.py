"""Drafts that one person writes and, where the programme asks for it, another publishes.

Written, asked for, sent back, decided: what is drafted, and how it is published, is the business of each kind
(`rule_drafts`, `tax_changes`, `promotion_editing`). Callers hold the row, and write down what happened.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain.states import RuleDraftState
from app.models.drafted import Drafted
from app.models.programs import Program
from app.services.same_person import is_same

OPEN = (RuleDraftState.DRAFT, RuleDraftState.WAITING)
"""Neither published nor dropped."""


def second_person(program: Program) -> bool:
    """Tell whether a programme has a second person publish what somebody wrote."""
    return bool((program.settings.get("rules") or {}).get("second_person"))


def wrote(session: Session, held: Drafted, actor: str) -> bool:
    """Tell whether somebody wrote a draft, or asked for it to be published."""
    return is_same(session, actor, held.changed_by, held.asked_by)


def may_publish(session: Session, program: Program, held: Drafted, actor: str) -> bool:
    """Tell whether somebody may publish a draft: anybody, or who neither wrote it nor asked for it, once it waits."""
    waits = held.state is RuleDraftState.WAITING
    return not second_person(program) or (waits and not wrote(session, held, actor))


def write(held: Drafted, document: Mapping[str, Any], actor: str, now: dt.datetime) -> None:
    """Write a draft, or write it anew: what somebody was asked to publish is a draft again."""
    held.document, held.state = dict(document), RuleDraftState.DRAFT
    held.changed_by, held.changed_at = actor, now
    held.asked_by = held.asked_at = held.note = None


def ask(held: Drafted, actor: str, now: dt.datetime) -> None:
    """Ask for a draft to be published by somebody else."""
    held.state, held.asked_by, held.asked_at, held.note = RuleDraftState.WAITING, actor, now, None


def send_back(held: Drafted, note: str) -> None:
    """Give a draft that waits back to whoever wrote it, with a word why."""
    held.state, held.note = RuleDraftState.DRAFT, note.strip() or None
    held.asked_by = held.asked_at = None


def decide(held: Drafted, state: RuleDraftState, actor: str, now: dt.datetime) -> None:
    """Publish or drop a draft."""
    held.state, held.note, held.decided_by, held.decided_at = state, None, actor, now

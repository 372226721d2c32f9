"""Promotions and the file of their programme: published from it, and held to what they promised where it changes."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.program_file.definition import ProgramFile
from app.domain.states import PromotionState
from app.domain.typed.codes import code_key
from app.models.programs import Program
from app.models.promotions import Promotion, PromotionVersion
from app.services.promotions.publishing import PromotionInvalid, publish
from app.services.setup.program_files import ProgramFileInvalid, canonical, scale_of

_BOUNDS = ("starts_on", "ends_on", "earns_on")
"""What a programme says of all sales: on which days they count, and by which of their amounts."""


def publish_all(session: Session, program_id: int, file: ProgramFile, *, actor: str, now: dt.datetime) -> list[str]:
    """Publish the promotions that read otherwise than before, and say which. One that is gone goes on: it was promised.

    Raises:
        ProgramFileInvalid: One of them cannot be published.
    """
    changes: list[str] = []
    problems: list[str] = []
    for at, promotion in enumerate(file.promotions):
        try:
            if publish(session, program_id, promotion, scale_of(file), actor=actor, now=now):
                changes.append(f"promotion {promotion.code} published")
        except PromotionInvalid as wrong:
            problems += [f"promotions[{at}].{problem}" for problem in wrong.problems]
    if problems:
        raise ProgramFileInvalid(problems)
    return changes


def expect_days(session: Session, program: Program, file: ProgramFile) -> None:
    """Check that a file takes away no days by which promotions count that go on without being in it.

    Asked before the programme says what the file says.

    Raises:
        ProgramFileInvalid: A list of days is gone.
    """
    said = {code_key(promotion.code) for promotion in file.promotions}
    gone = set(program.stacks.get("named_days", ())) - set(file.named_days)
    if not gone:
        return
    problems = [
        f"named_days: {name!r} is gone, and the promotion {promotion.code} goes on by it; name it again, or close the "
        "promotion first"
        for promotion, definition in _going_on(session, program.id)
        if promotion.code_key not in said
        for name in _days_of(definition)
        if name in gone
    ]
    if problems:
        raise ProgramFileInvalid(problems)


def measured_otherwise(session: Session, program: Program, file: ProgramFile) -> list[int]:
    """Give the promotions that go on and would measure sales otherwise by a file, though they read as before.

    Asked before the programme says what the file says.
    """
    settings, was = file.program.model_dump(mode="json"), program.stacks.get("named_days", {})
    if any(settings[name] != program.settings.get(name) for name in _BOUNDS):
        return [promotion.id for promotion, _ in _going_on(session, program.id)]
    becomes = canonical(file).get("named_days", {})
    changed = {name for name in {*was, *becomes} if set(was.get(name, ())) != set(becomes.get(name, ()))}
    return [one.id for one, definition in _going_on(session, program.id) if changed.intersection(_days_of(definition))]


def measure_anew(session: Session, promotion_ids: Collection[int]) -> None:
    """Have all that was sold measured anew, for everybody alike: what was measured before was by other days."""
    if promotion_ids:
        session.execute(update(Promotion).where(Promotion.id.in_(promotion_ids)).values(measured=False))


def _going_on(session: Session, program_id: int) -> Sequence[tuple[Promotion, dict[str, Any]]]:
    """Give the promotions whose results may change still, as they were published last."""
    newest = (PromotionVersion.promotion_id == Promotion.id) & (PromotionVersion.version == Promotion.version)
    rows = session.execute(
        select(Promotion, PromotionVersion.definition)
        .join(PromotionVersion, newest)
        .where(Promotion.program_id == program_id, Promotion.state == PromotionState.PUBLISHED)
        .order_by(Promotion.id)
    )
    return [(promotion, definition) for promotion, definition in rows]


def _days_of(definition: dict[str, Any]) -> list[str]:
    return list(definition.get("scope", {}).get("days", ()))

"""Promotions that people write on pages: kept in the programme's document, so that each version is a revision of it.

Where the programme asks for a second person, whoever wrote a draft asks for it to be published, and somebody else does.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.typed.codes import code_key
from app.models.programs import Program
from app.models.promotions import Promotion
from app.services import audit
from app.services.goods.catalogue import begin_change
from app.services.promotions.publishing import PromotionInvalid, problems_of, stored_form
from app.services.promotions.reading import locked, scale_of
from app.services.rulebooks import rules_of
from app.services.same_person import is_same
from app.services.setup import program_files, programs
from app.services.two_people import second_person


class NoDraft(Exception):
    """There is no draft, or it was published or dropped meanwhile."""


class SamePerson(Exception):
    """Whoever wrote a draft, or asked for it to be published, does not publish it in this programme."""


class DraftChanged(Exception):
    """The draft says something else than whoever publishes it has read."""


def fingerprint(draft: Mapping[str, Any]) -> str:
    """Give a short mark of what a draft says: who publishes it sends along which one they read."""
    return hashlib.sha256(json.dumps(draft, sort_keys=True).encode()).hexdigest()[:16]


def publish_draft(
    session: Session, program: Program, promotion: Promotion, *, seen: str | None = None, actor: str, now: dt.datetime
) -> None:
    """Publish the draft of a promotion: it goes into the programme's document, and is published from there.

    ``seen`` is the `fingerprint` of the draft that was read; None: nobody read one on a page. The caller commits.

    Raises:
        NoDraft: There is none any more.
        PromotionInvalid: It cannot be published as it is; nothing may be committed then.
        SamePerson: The programme asks for a second person, and nobody asked yet, or this is the first.
        DraftChanged: It was changed after it was read.
    """
    begin_change(session, program.id)
    promotion = locked(session, promotion.id)
    if promotion.draft is None:
        raise NoDraft
    if second_person(program) and (promotion.asked_at is None or wrote(session, promotion, actor)):
        raise SamePerson
    if seen is not None and seen != fingerprint(promotion.draft):
        raise DraftChanged
    definition = Definition.model_validate(promotion.draft)
    scale = scale_of(rules_of(session, program.id))
    if problems := problems_of(session, program.id, definition, scale, known=promotion):
        raise PromotionInvalid(problems)  # as a file they lose what they are
    document = programs.export(session, program.code)
    others = [one for one in document.get("promotions", []) if code_key(str(one["code"])) != promotion.code_key]
    places = [*others, stored_form(definition)]
    try:
        file = program_files.read(document | {"promotions": places})
        programs.load(session, file, actor=actor, now=now, deed=None)
    except program_files.ProgramFileInvalid as invalid:
        mine = f"promotions[{len(others)}]."
        raise PromotionInvalid([problem.removeprefix(mine) for problem in invalid.problems]) from None


def wrote(session: Session, promotion: Promotion, actor: str) -> bool:
    """Tell whether somebody wrote the draft, or asked for it to be published."""
    return is_same(session, actor, promotion.drafted_by, promotion.asked_by)


def ask(session: Session, promotion_id: int, *, actor: str, now: dt.datetime) -> None:
    """Ask for a draft to be published by somebody else. The caller commits.

    Raises:
        NoDraft: There is none any more.
    """
    held = _held(session, promotion_id)
    held.asked_by, held.asked_at, held.note = actor, now, None
    _note(session, held, "ask", actor, now)


def send_back(session: Session, promotion_id: int, *, note: str, actor: str, now: dt.datetime) -> None:
    """Give a draft that waits back to whoever wrote it, with a word why. The caller commits.

    Raises:
        NoDraft: There is none any more, or it does not wait.
    """
    held = _held(session, promotion_id)
    if held.asked_at is None:
        raise NoDraft
    held.asked_by = held.asked_at = None
    held.note = note.strip() or None
    _note(session, held, "send_back", actor, now)


def drop(session: Session, promotion_id: int, *, actor: str, now: dt.datetime) -> None:
    """Drop a draft: what is published stays as it is, and what never was is no promotion any more.

    Its code is free again. The caller commits.

    Raises:
        NoDraft: There is none any more.
    """
    held = _held(session, promotion_id)
    held.draft = held.drafted_by = held.asked_by = held.asked_at = held.note = None
    held.changed_at = now
    _note(session, held, "drop", actor, now)


def _held(session: Session, promotion_id: int) -> Promotion:
    held = locked(session, promotion_id)
    if held.draft is None:
        raise NoDraft
    return held


def _note(session: Session, held: Promotion, what: str, actor: str, now: dt.datetime) -> None:
    session.flush()
    after = {"draft": held.draft, "note": held.note}
    audit.note(session, actor, f"promotion.{what}", held.code, now=now, program_id=held.program_id, after=after)
